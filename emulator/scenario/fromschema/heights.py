"""How deep the shallowest value of each schema is: what tells a recursion that ends from one that never does."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

from emulator.scenario.fromschema.parts import additional, first_items, rest_items
from emulator.scenario.fromschema.schema import Document, Node, Unsatisfiable

__all__ = ["Heights"]

_ROUNDS: Final = 100


class Heights:
    """The heights of all the schemas that a document's root leads to. An upper bound for what is finite."""

    __slots__ = ("_document", "_found")

    def __init__(self, document: Document) -> None:
        self._document = document
        self._found: dict[int, float] = {}
        nodes = self._reachable(document.root)
        for _ in range(_ROUNDS):
            changed = False
            for node in nodes:
                document.budget.spend()
                height = self._height(node)
                changed |= height < self._found[id(node.schema)]
                self._found[id(node.schema)] = height
            if not changed:
                break

    def of(self, node: Node) -> float:
        """Give the height; infinite where no value ends, 0 where the schema is not of the document."""
        if isinstance(node.schema, bool):
            return 0 if node.schema else math.inf
        return self._found.get(id(node.schema), 0)

    def _reachable(self, root: Node) -> list[Node]:
        """Every schema, those that are led to before those that lead there."""
        nodes = []
        todo = [root]
        while todo:
            node = todo.pop()
            self._document.budget.spend()
            if isinstance(node.schema, dict) and id(node.schema) not in self._found:
                self._found[id(node.schema)] = math.inf
                nodes.append(node)
                todo += _inner(node)
                todo += self._target(node)
        return nodes[::-1]

    def _target(self, node: Node) -> list[Node]:
        """The schema that is referred to. A reference that leads nowhere is for the making to complain of."""
        try:
            target = self._document.target(node)
        except Unsatisfiable:
            return []
        return [] if target is None else [target]

    def _height(self, node: Node) -> float:
        if node.has("const", "enum") or (node.get("nullable") is True and node.has("type")):
            return 0
        parts = [self.of(part) for part in [*self._target(node), *node.several("allOf")]]
        parts += [
            min((self.of(part) for part in node.several(key)), default=math.inf)
            for key in ("anyOf", "oneOf")
            if node.has(key)
        ]
        return max([self._own(node), *(part + 1 for part in parts)])

    def _own(self, node: Node) -> float:
        """By the types alone."""
        types = {*node.types} if node.has("type") else {"object"} if node.has("properties", "required") else {""}
        heights: list[float] = []
        if "object" in types:
            heights.append(1 + self._highest(_needed(node)))
        if "array" in types:
            heights.append(1 + self._highest(_needed_items(node)))
        return 0 if types - {"object", "array"} else min(heights, default=math.inf)

    def _highest(self, nodes: Iterable[Node]) -> float:
        return max((self.of(node) for node in nodes), default=0)


def _needed(node: Node) -> list[Node]:
    """The schemas of the properties that must be there."""
    declared, rest = node.names("properties"), additional(node)
    inner = [node.child("properties", name) for name in node.texts("required") if name in declared]
    open_ones = any(name not in declared for name in node.texts("required")) and not node.has("patternProperties")
    return [*inner, rest] if open_ones and rest is not None else inner


def _needed_items(node: Node) -> list[Node]:
    """The schemas of the items that must be there."""
    least, first = node.count("minItems") or 0, first_items(node)
    rest = rest_items(node)
    return [*first[:least], rest] if least > len(first) and rest is not None else first[:least]


def _inner(node: Node) -> list[Node]:
    """The schemas within a schema."""
    found = [part for key in ("allOf", "anyOf", "oneOf") for part in node.several(key)]
    found += [node.child(key, name) for key in ("properties", "patternProperties") for name in node.names(key)]
    found += first_items(node)
    singles = ("if", "then", "else", "contains", "propertyNames", "unevaluatedProperties", "contentSchema")
    ones = [node.one(key) for key in singles] + [additional(node), rest_items(node)]
    return found + [one for one in ones if one is not None]
