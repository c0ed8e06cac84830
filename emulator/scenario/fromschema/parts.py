"""What a schema says of the parts of a value: which schemas a property, an item or a name must hold under."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct, field

from emulator.scenario.fromschema.regex import Tree, read
from emulator.scenario.fromschema.regextext import search
from emulator.scenario.fromschema.schema import Budget, Node, Unsatisfiable
from emulator.scenario.patterns import searcher
from emulator.types import kind_of

__all__ = ["Patterns", "additional", "first_items", "item", "properties", "rest_items"]


class Patterns(Struct):
    """The patterns of one schema, each read once."""

    budget: Budget
    _matches: dict[str, Callable[[str], bool] | Unsatisfiable] = field(default_factory=dict)
    _trees: dict[str, Tree] = field(default_factory=dict)

    def match(self, node: Node, pattern: str, text: str) -> bool:
        """Whether a pattern is somewhere in a text. Raises Unsatisfiable where the pattern isn't understood."""
        self.budget.spend(1 + len(text) // 100)
        if pattern not in self._matches:
            self._matches[pattern] = self._matcher(node, pattern)
        found = self._matches[pattern]
        if isinstance(found, Unsatisfiable):
            raise found
        return found(text)

    def tree(self, node: Node, pattern: str) -> Tree:
        """Give the pattern as a tree."""
        if pattern not in self._trees:
            self.budget.spend(1 + len(pattern) // 10)
            try:
                self._trees[pattern] = read(pattern)
            except ValueError as error:
                raise node.fails(f"the pattern {kind_of(pattern)} {error}.") from None
        return self._trees[pattern]

    def _matcher(self, node: Node, pattern: str) -> Callable[[str], bool] | Unsatisfiable:
        """RE2 decides, which takes linear time. It has no look-around, which our own matcher has."""
        self.budget.spend(100 + len(pattern))
        try:
            return searcher(pattern)
        except ValueError:
            pass
        try:
            tree = self.tree(node, pattern)
        except Unsatisfiable as error:
            return error
        return lambda text: search(tree, text, self.budget)


def properties(node: Node, name: str, patterns: Patterns) -> list[Node]:
    """Give the schemas that a property must hold under, by one schema of its object."""
    declared = node.names("properties")
    found = [node.child("properties", name).checked()] if name in declared else []
    found += [
        node.child("patternProperties", pattern).checked()
        for pattern in node.names("patternProperties")
        if patterns.match(node, pattern, name)
    ]
    if not found and (rest := additional(node)) is not None:
        found.append(rest)
    return found


def additional(node: Node) -> Node | None:
    """Give the schema of the properties that are not declared."""
    return node.one("additionalProperties")


def first_items(node: Node) -> list[Node]:
    """Give the schemas of the first items, each its own. Draft 7 wrote them as `items`."""
    return node.several("prefixItems") or (node.several("items") if isinstance(node.get("items"), list) else [])


def rest_items(node: Node) -> Node | None:
    """Give the schema of the items after those."""
    return node.one("additionalItems" if isinstance(node.get("items"), list) else "items")


def item(node: Node, index: int) -> Node | None:
    """Give the schema that an item must hold under."""
    first = first_items(node)
    return first[index] if index < len(first) else rest_items(node)
