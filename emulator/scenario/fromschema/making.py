"""The making: a value for the schemas of one place, from choices that are tried until one holds."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from typing import Final

from emulator.scenario.fromschema.choices import Choices, allowed
from emulator.scenario.fromschema.containers import list_of, object_of
from emulator.scenario.fromschema.heights import Heights
from emulator.scenario.fromschema.holds import Checker
from emulator.scenario.fromschema.numbers import fits, numbers
from emulator.scenario.fromschema.parts import Patterns
from emulator.scenario.fromschema.place import Place
from emulator.scenario.fromschema.schema import Budget, Document, Node, Unsatisfiable
from emulator.scenario.fromschema.texts import texts, words
from emulator.types import Json

__all__ = ["Maker"]

_MAX_DEPTH: Final = 32
_TERSE_DEPTH: Final = 8
_TERSE_VALUES: Final = 1_000
"""From this depth or number of values on, only what is required is made."""
_WAYS: Final = 64
_TRIES: Final = ((0, False), (1, False), (2, False), (3, False), (4, True), (5, True))
"""How often one way is tried: with which draws, and whether with only what is required."""
_SAYS_NOTHING: Final = frozenset(
    {
        "$schema",
        "$id",
        "$comment",
        "$defs",
        "definitions",
        "title",
        "description",
        "examples",
        "default",
        "name",
        "strict",
    }
)
_ANY: Final = Node(True)  # noqa: FBT003 - the schema that everything holds under
_HINTS: Final = {
    "object": (
        "properties required additionalProperties patternProperties minProperties maxProperties propertyNames "
        "dependentRequired dependentSchemas dependencies unevaluatedProperties"
    ),
    "array": "items prefixItems minItems maxItems uniqueItems contains additionalItems unevaluatedItems",
    "string": "pattern minLength maxLength format contentMediaType contentEncoding",
    "number": "minimum maximum exclusiveMinimum exclusiveMaximum multipleOf",
}
_SCALARS_FIRST: Final = ("string", "number", "integer", "boolean", "null", "array", "object")


class Maker:
    """Makes values for the schemas of one document."""

    __slots__ = ("_active", "_budget", "_checker", "_choices", "_dead", "_document", "_heights", "_patterns")

    def __init__(self, schema: Json) -> None:
        self._budget = Budget()
        self._document = Document(Node(schema).checked(), self._budget)
        self._patterns = Patterns(self._budget)
        self._checker = Checker(self._document, self._patterns)
        self._heights = Heights(self._document)
        self._choices = Choices(self._document, self._heights)
        self._active: Counter[int] = Counter()
        self._dead: dict[tuple[bool, tuple[int, ...]], Unsatisfiable] = {}

    def root(self, seed: str) -> Json:
        """Give the whole value. Raises Unsatisfiable, or Exhausted."""
        root, place = self._document.root, Place.of(seed)
        if root.schema is True or (root.schema and not root.schema.keys() - _SAYS_NOTHING) or root.schema == {}:
            return {"value": words(place)}
        return self.make([root], place)

    def make(self, nodes: Sequence[Node], place: Place) -> Json:
        """Give a value that holds under all of the schemas."""
        nodes = nodes or [_ANY]
        self._budget.value()
        if place.depth > _MAX_DEPTH:
            raise nodes[0].fails(f"its values would be nested more than {_MAX_DEPTH} levels deep.")
        for node in nodes:
            if node.schema is not False and math.isinf(self._heights.of(node)):
                raise node.fails("it has no value: what it requires is ruled out, or requires itself without end.")
        terse = place.terse or place.depth >= _TERSE_DEPTH or self._budget.values > _TERSE_VALUES
        place = place.turned(0, terse=terse)
        key = (terse, tuple(id(node.schema) for node in nodes))
        if key not in self._dead:
            problem = None
            for way in islice(self._choices.ways(nodes, place), _WAYS):
                found, why = self._try(nodes, way, place)
                if found:
                    return found[0]
                problem = problem or why
            self._dead[key] = problem or nodes[0].fails(_without_value(nodes))
        raise self._dead[key].with_traceback(None)

    def _try(self, nodes: Sequence[Node], way: list[Node], place: Place) -> tuple[list[Json], Unsatisfiable | None]:
        """Try one way: the value in a list, or the first problem that there was."""
        problem = None
        ids = [id(node.schema) for node in way]
        recursive = any(self._active[each] for each in ids)
        self._active.update(ids)
        try:
            for turns, terse in _TRIES:
                if problem and turns and not terse:
                    continue
                try:
                    value = self._made(way, place.turned(turns, terse=terse or recursive))
                except Unsatisfiable as error:
                    problem = problem or error
                    if place.terse or recursive:
                        break
                    continue
                if all(self._checker.holds(node, value) for node in nodes):
                    return [value], None
        finally:
            self._active.subtract(ids)
        return [], problem

    def _made(self, way: list[Node], place: Place) -> Json:
        """Give a value by the keywords of a way, of the first type that has one."""
        listed = [node for node in way if node.choices is not None]
        if listed:
            return self._chosen(listed, way, place)
        problem = None
        for kind in _kinds(way, place):
            try:
                return self._of_kind(kind, way, place)
            except Unsatisfiable as error:
                problem = problem or error
        raise problem or _ANY.fails("no type is left.")

    def _chosen(self, listed: list[Node], way: list[Node], place: Place) -> Json:
        """Give one of const or enum; null where there is nothing else."""
        fewest = min(listed, key=lambda node: len(node.choices or ()))
        choices = fewest.choices or []
        if choices:
            start = place.pick(len(choices))
            turned = [*choices[start:], *choices[:start]]
            for choice in sorted(turned, key=lambda choice: choice is None):
                if all(self._checker.holds(node, choice) for node in way):
                    return choice
        raise fewest.fails("none of its values is allowed.")

    def _of_kind(self, kind: str, way: list[Node], place: Place) -> Json:
        match kind:
            case "object":
                return object_of(way, place, self.make, self._patterns)
            case "array":
                return list_of(way, place, self.make)
            case "string":
                return self._text(way, place)
            case "boolean":
                return place.pick(2) == 1
            case "null":
                return None
            case _:
                found = (each for each in numbers(way, place, whole=kind == "integer") if _is_number(way, each))
                if (number := next(found, None)) is not None:
                    return number
                raise _first(way, "number").fails("no number is within its limits.")

    def _text(self, way: list[Node], place: Place) -> str:
        for node in way:
            if node.get("contentMediaType") == "application/json" and not node.has("contentEncoding", "pattern"):
                inner = node.one("contentSchema")
                return json.dumps(self.make([inner] if inner else [], place.under("content")), ensure_ascii=False)
        for text in texts(way, place, self._patterns):
            if all(self._checker.is_text(node, text) for node in way):
                return text
        raise _first(way, "string").fails("no text was found that is as long and of the pattern and format it must be.")


def _is_number(way: list[Node], number: Json) -> bool:
    return all(fits(node, number) for node in way)


def _kinds(way: list[Node], place: Place) -> list[str]:
    """Give the types to try, in order."""
    kinds = allowed(way)
    if "number" in kinds:
        kinds.remove("integer")
    if place.terse:
        kinds.sort(key=_SCALARS_FIRST.index)
    elif any(node.has("type") for node in way):
        place.draw().shuffle(kinds)
    else:
        kinds.sort(key=("string", "object", "number", "boolean", "array", "null", "integer").index)
    if not any(node.has("type") for node in way):
        hinted = [kind for kind, keys in _HINTS.items() if any(node.has(*keys.split()) for node in way)]
        kinds.sort(key=lambda kind: kind not in hinted)
    # Null is the last resort, or a quick way out of a recursion.
    return sorted(kinds, key=lambda kind: kind == "null" and not place.terse)


def _first(way: list[Node], kind: str) -> Node:
    """The schema that says most likely why."""
    return next((node for node in way if node.has(*_HINTS[kind].split())), way[0] if way else _ANY)


def _without_value(nodes: Sequence[Node]) -> str:
    if any(node.schema is False for node in nodes):
        return "nothing is allowed here."
    return "no value was found that holds under all that is said here."
