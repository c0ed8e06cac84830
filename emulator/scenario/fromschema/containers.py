"""Objects and lists: which properties and how many items there are, each made for the schemas it must hold under."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count, islice
from typing import Final, TypeAlias

from msgspec import Struct

from emulator.scenario.fromschema.holds import canonical
from emulator.scenario.fromschema.parts import Patterns, additional, first_items, item, properties, rest_items
from emulator.scenario.fromschema.place import Place
from emulator.scenario.fromschema.schema import MAX_ITEMS, Node, Unsatisfiable
from emulator.scenario.fromschema.texts import written
from emulator.types import Json

__all__ = ["list_of", "object_of"]

Make: TypeAlias = Callable[[Sequence[Node], Place], Json]
_SOME: Final = 2
"""How many entries a map gets, and items a list."""
_TRIES: Final = 20
_TEXT: Final = Node({"type": "string"})


def object_of(nodes: list[Node], place: Place, make: Make, patterns: Patterns) -> dict[str, Json]:
    """Give an object. Raises Unsatisfiable where a required property or a number of them can't be had."""
    least, most = _limits(nodes, "Properties")
    declared = dict.fromkeys(name for node in nodes for name in node.names("properties"))
    required = _with_dependents(nodes, (name for node in nodes for name in node.texts("required")))
    optional = [name for name in declared if name not in required]
    room = len(optional) if most is None else max(0, most - len(required))
    optional = optional[: max(0, least - len(required)) if place.terse else room]
    wanted = _with_dependents(nodes, [*required, *optional])
    asked = _Object(nodes, place, make, patterns)
    made: dict[str, Json] = {}
    for name in _ordered(nodes, [*declared, *wanted]):
        if name not in wanted:
            continue
        try:
            made[name] = asked.property(name)
        except Unsatisfiable:
            if name in required:
                raise
    is_map = not declared and not place.terse and any(_is_map(node) for node in nodes)
    number = max(least, _SOME if is_map else 0)
    asked.fill(made, least, number if most is None else min(number, most))
    return made


class _Object(Struct, frozen=True):
    """An object that is asked for: makes its properties."""

    nodes: list[Node]
    place: Place
    make: Make
    patterns: Patterns

    def property(self, name: str) -> Json:
        """Give a property that holds under what all the schemas of the object say of it."""
        parts = [part for node in self.nodes for part in properties(node, name, self.patterns)]
        if not parts:
            parts = [rest for node in self.nodes if (rest := node.one("unevaluatedProperties")) is not None]
        return self.make(parts, self.place.under(f"/{name}", name))

    def fill(self, made: dict[str, Json], least: int, most: int) -> None:
        """Add properties that are not declared, so many in all."""
        tries = _TRIES + 3 * most if most > len(made) else 0
        try:
            for name in islice(self.names(), tries):
                if len(made) >= most:
                    break
                if name not in made and not any(name in node.names("properties") for node in self.nodes):
                    made[name] = self.property(name)
        except Unsatisfiable:
            if len(made) < least:
                raise
        if len(made) < least:
            raise _saying(self.nodes, "minProperties").fails(f"no {least:,} different properties were found.")

    def names(self) -> Iterator[str]:
        """Names for properties that are not declared: by their patterns, then any that are allowed."""
        place = self.place.under("names", "")
        patterned = [(node, pattern) for node in self.nodes for pattern in node.names("patternProperties")]
        for turn in range(_TRIES if patterned else 0):
            for node, pattern in patterned:
                yield from islice(written(node, pattern, place.turned(turn), self.patterns), 1)
        wanted = [names for node in self.nodes if (names := node.one("propertyNames")) is not None]
        for turn in count():
            yield self.make([*wanted, _TEXT], self.place.under("names", "key").turned(turn))


def _limits(nodes: Iterable[Node], of: str) -> tuple[int, int | None]:
    """Merge minItems and maxItems, or minProperties and maxProperties."""
    nodes = list(nodes)
    least = max((node.count(f"min{of}") or 0 for node in nodes), default=0)
    most = min((limit for node in nodes if (limit := node.count(f"max{of}")) is not None), default=None)
    if least > MAX_ITEMS:
        raise _saying(nodes, f"min{of}").fails(f"min{of} is {least:,}; at most {MAX_ITEMS:,} are made.")
    if most is not None and most < least:
        raise _saying(nodes, f"max{of}").fails(f"min{of} is {least:,} and max{of} is {most:,}.")
    return least, most


def _ordered(nodes: Iterable[Node], names: Iterable[str]) -> Iterable[str]:
    """Order names as Gemini's propertyOrdering has them; the others follow."""
    names = dict.fromkeys(names)
    first = dict.fromkeys(name for node in nodes for name in node.texts("propertyOrdering") if name in names)
    return dict.fromkeys([*first, *names])


def _with_dependents(nodes: list[Node], names: Iterable[str]) -> dict[str, None]:
    """Add the names that others require beside them."""
    found = dict.fromkeys(names)
    todo = list(found)
    while todo:
        name = todo.pop()
        for node in nodes:
            for key in ("dependentRequired", "dependencies"):
                if isinstance(node.names(key).get(name), list):
                    more = [other for other in node.child(key).texts(name) if other not in found]
                    found.update(dict.fromkeys(more))
                    todo += more
    return found


def _is_map(node: Node) -> bool:
    rest = additional(node)
    return bool(node.names("patternProperties")) or (rest is not None and isinstance(rest.schema, dict))


def list_of(nodes: list[Node], place: Place, make: Make) -> list[Json]:
    """Give a list. Raises Unsatisfiable where an item that must be there can't be had."""
    least, most = _limits(nodes, "Items")
    first = max((len(first_items(node)) for node in nodes), default=0)
    closed = any(rest is not None and rest.schema is False for rest in map(rest_items, nodes))
    start = 0 if closed else first
    contained = [part for node in nodes for part in _contained(node)]
    least = max(least, start + len(contained)) if contained else least
    if least > MAX_ITEMS:
        raise _saying(nodes, "minContains").fails(f"{least:,} items are needed; at most {MAX_ITEMS:,} are made.")
    number = least if place.terse else max(least, first + (0 if closed else 1 + place.pick(_SOME)))
    number = number if most is None else min(number, most)
    unique = any(node.get("uniqueItems") is True for node in nodes)
    made: list[Json] = []
    seen: set[str] = set()
    for index in range(number):
        parts = _of_item(nodes, index)
        if start <= index < start + len(contained):
            parts.append(contained[index - start])
        at = place.under("/items").turned(index) if unique else place.under(f"/{index}")
        try:
            made.append(_another(parts, at, make, seen if unique else None))
        except Unsatisfiable:
            if index < least:
                raise
            break
    return made


def _contained(node: Node) -> list[Node]:
    """Give the schemas that some of the items must hold under, each as often as it must be."""
    contains = node.one("contains")
    if contains is None:
        return []
    fewest = node.count("minContains")
    return [contains] * min(MAX_ITEMS + 1, 1 if fewest is None else fewest)


def _of_item(nodes: list[Node], index: int) -> list[Node]:
    found = [part for node in nodes if (part := item(node, index)) is not None]
    if not found:
        found = [rest for node in nodes if (rest := node.one("unevaluatedItems")) is not None]
    return found


def _another(parts: list[Node], place: Place, make: Make, seen: set[str] | None) -> Json:
    """Give an item, where items must differ one that is not there yet."""
    for turn in range(_TRIES):
        value = make(parts, place.turned(turn))
        if seen is None:
            return value
        if (text := canonical(value)) not in seen:
            seen.add(text)
            return value
    raise (parts[0] if parts else _TEXT).fails("not enough different items were found.")


def _saying(nodes: Sequence[Node], key: str) -> Node:
    return next((node for node in nodes if node.has(key)), nodes[0])
