"""The ways to satisfy a schema: references followed, allOf merged, one branch chosen of anyOf, oneOf and if."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from emulator.scenario.fromschema.heights import Heights
from emulator.scenario.fromschema.place import Place
from emulator.scenario.fromschema.schema import TYPES, Document, Node
from emulator.types import Json

__all__ = ["Choices", "allowed"]

_Option: TypeAlias = tuple[Node, ...]


def allowed(nodes: Sequence[Node]) -> list[str]:
    """Give the types that all of the schemas allow. An integer is a number."""
    return [
        name
        for name in TYPES
        if all(name in types or (name == "integer" and "number" in types) for types in (node.types for node in nodes))
    ]


class Choices:
    """Finds the ways through the schemas of one document."""

    __slots__ = ("_document", "_heights", "_made")

    def __init__(self, document: Document, heights: Heights) -> None:
        self._document = document
        self._heights = heights
        self._made: dict[tuple[int, str], Node] = {}

    def ways(self, nodes: Sequence[Node], place: Place) -> Iterator[list[Node]]:
        """Each way is a list of schemas whose own keywords a value must satisfy all; the likeliest way first.

        What only a value can tell is not looked after: that no other branch of oneOf holds, and most of not.
        """
        return self._ways(list(nodes), [], [], place)

    def _ways(
        self, todo: list[Node], way: list[Node], open_choices: list[list[_Option]], place: Place
    ) -> Iterator[list[Node]]:
        seen = {id(node.schema) for node in way}
        self._document.budget.spend(1 + len(way) // 10)
        while todo:
            node = todo.pop(0).checked()
            if node.schema is False:
                return
            if node.schema is True or id(node.schema) in seen:
                continue
            self._document.budget.spend()
            seen.add(id(node.schema))
            way.append(node)
            target = self._document.target(node)
            todo += ([] if target is None else [target]) + node.several("allOf")
            open_choices = [*open_choices, *self._choices(node, place)]
        if not allowed(way):
            return
        if not open_choices:
            yield way
            return
        for option in open_choices[0]:
            yield from self._ways(list(option), [*way], open_choices[1:], place)

    def _choices(self, node: Node, place: Place) -> Iterator[list[_Option]]:
        """The choices that one schema leaves."""
        for key in ("anyOf", "oneOf"):
            if node.has(key):
                yield [(branch,) for branch in self._ordered(node.several(key), place)]
        if (condition := node.one("if")) is not None:
            then, otherwise = node.one("then"), node.one("else")
            yield [(condition, then) if then else (condition,), (otherwise,) if otherwise else ()]
        for key in ("dependentSchemas", "dependencies"):
            for name, wanted in node.names(key).items():
                if not isinstance(wanted, list):
                    met = (self._own(node, f"{key} {name}", {"required": [name]}), node.child(key, name))
                    yield [met, (self._without(node, name),)]
        if (unwanted := node.one("not")) is not None and (options := self._otherwise(unwanted)):
            yield options

    def _otherwise(self, unwanted: Node) -> list[_Option]:
        """Give the ways not to satisfy a schema, where it is as simple as they usually are."""
        match unwanted.schema:
            case {"required": list(), **rest} if not rest.keys() - {"type"}:
                return [(self._without(unwanted, name),) for name in unwanted.texts("required")]
            case {"type": _, **rest} if not rest:
                left = [name for name in TYPES if name not in unwanted.types]
                left = [name for name in left if name != "integer" or "number" not in unwanted.types]
                return [(self._own(unwanted, "type", {"type": left}),)]
            case _:
                return []

    def _ordered(self, branches: list[Node], place: Place) -> list[Node]:
        """Give the branches in the order to try them: those that end, null last; in a recursion the shortest first."""
        self._document.budget.spend(len(branches))
        draw = place.draw()
        numeric = any(node.has("type") and {*node.types} & {"integer", "number"} for node in branches)
        ranks = [
            (self._heights.of(branch) if place.terse else 0, _rank(branch, numeric=numeric), draw.random(), index)
            for index, branch in enumerate(branches)
            if self._heights.of(branch) < math.inf
        ]
        return [branches[index] for *_, index in sorted(ranks)]

    def _without(self, node: Node, name: str) -> Node:
        return self._own(node, f"without {name}", {"properties": {name: False}})

    def _own(self, node: Node, label: str, schema: Json) -> Node:
        """Give a schema of ours in the place of a node: the same one each time."""
        return self._made.setdefault((id(node.schema), label), Node(schema, node.parent, node.token))


def _rank(node: Node, *, numeric: bool) -> int:
    """Later for null; later for any text beside a number: pydantic says so of a Decimal, which not every text is."""
    if node.has("type", "const", "enum") and (node.types == ("null",) or node.choices == [None]):
        return 2
    free = isinstance(node.schema, dict) and not node.schema.keys() - {"type", "title", "description"}
    return 1 if numeric and free and node.types == ("string",) else 0
