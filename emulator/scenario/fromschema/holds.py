"""Whether a value holds under a schema: as much of JSON Schema as is made here, formats included.

https://json-schema.org/draft/2020-12/json-schema-validation
"""

from __future__ import annotations

import json
from typing import Final

from emulator.scenario.fromschema.formats import FORMATS
from emulator.scenario.fromschema.numbers import fits
from emulator.scenario.fromschema.parts import Patterns, item, properties
from emulator.scenario.fromschema.schema import Document, Node, Unsatisfiable
from emulator.types import Json

__all__ = ["Checker", "canonical"]


_COMBINING: Final = ("$ref", "ref", "$dynamicRef", "$recursiveRef", "allOf", "anyOf", "oneOf", "not", "if")


def _types_of(value: Json) -> tuple[str, ...]:
    """Give the types that a value is of. 2.0 is an integer."""
    match value:
        case None:
            return ("null",)
        case bool():
            return ("boolean",)
        case int() | float():
            return ("integer", "number") if isinstance(value, int) or value.is_integer() else ("number",)
        case str():
            return ("string",)
        case list():
            return ("array",)
        case _:
            return ("object",)


def canonical(value: Json) -> str:
    """Give a text that is the same for equal values: 1 is 1.0, and the order of names says nothing."""
    return json.dumps(_plain(value), sort_keys=True)


def _plain(value: Json) -> Json:
    match value:
        case float() if value.is_integer():
            return int(value)
        case list():
            return [_plain(each) for each in value]
        case dict():
            return {name: _plain(each) for name, each in value.items()}
        case _:
            return value


class Checker:
    """Checks values against the schemas of one document."""

    __slots__ = ("_choices", "_document", "_kept", "_known", "_patterns")

    def __init__(self, document: Document, patterns: Patterns) -> None:
        self._document = document
        self._patterns = patterns
        self._choices: dict[int, frozenset[str]] = {}
        # What is found is known by identity, so every value that was asked about is kept, and its parts with it.
        self._known: dict[tuple[int, int], bool] = {}
        self._kept: list[Json] = []

    def holds(self, node: Node, value: Json) -> bool:
        """Whether the value holds. Raises Unsatisfiable where the schema isn't understood."""
        self._kept.append(value)
        return self._holds(node, value)

    def _holds(self, node: Node, value: Json) -> bool:
        self._document.budget.spend()
        node.checked()
        if isinstance(node.schema, bool):
            return node.schema
        key = (id(node.schema), id(value))
        if key not in self._known:
            self._known[key] = False  # a schema that refers to itself, with nothing between, holds by nothing
            try:
                self._known[key] = self._is_valid(node, value)
            except Unsatisfiable:
                del self._known[key]
                raise
        return self._known[key]

    def _is_valid(self, node: Node, value: Json) -> bool:
        if value is None and node.get("nullable") is True and node.has("type"):
            return True
        return (
            self._is_of_type(node, value)
            and (not node.has(*_COMBINING) or self._is_combined(node, value))
            and self._is_inside(node, value)
        )

    def _is_chosen(self, node: Node, value: Json) -> bool:
        """Whether the value is one of const or enum, where they are there."""
        choices = node.choices
        if choices is None:
            return True
        if id(node.schema) not in self._choices:
            self._document.budget.spend(len(choices))
            self._choices[id(node.schema)] = frozenset(map(canonical, choices))
        return canonical(value) in self._choices[id(node.schema)]

    def _is_of_type(self, node: Node, value: Json) -> bool:
        types = _types_of(value)
        return any(name in types for name in node.types) and self._is_chosen(node, value)

    def _is_combined(self, node: Node, value: Json) -> bool:
        """$ref, allOf, anyOf, oneOf, not, if."""
        holds = self._holds
        target, unwanted = self._document.target(node), node.one("not")
        return (
            (target is None or holds(target, value))
            and all(holds(part, value) for part in node.several("allOf"))
            and (not node.has("anyOf") or any(holds(part, value) for part in node.several("anyOf")))
            and (not node.has("oneOf") or sum(holds(part, value) for part in node.several("oneOf")) == 1)
            and (unwanted is None or not holds(unwanted, value))
            and self._follows(node, value)
        )

    def _follows(self, node: Node, value: Json) -> bool:
        condition = node.one("if")
        if condition is None:
            return True
        then = node.one("then" if self._holds(condition, value) else "else")
        return then is None or self._holds(then, value)

    def _is_inside(self, node: Node, value: Json) -> bool:
        match value:
            case dict():
                return self._is_object(node, value)
            case list():
                return self._is_list(node, value)
            case str():
                return self.is_text(node, value)
            case bool() | None:
                return True
            case _:
                return fits(node, value)

    def _is_object(self, node: Node, value: dict[str, Json]) -> bool:
        least, most = node.count("minProperties") or 0, node.count("maxProperties")
        if len(value) < least or (most is not None and len(value) > most):
            return False
        if any(name not in value for name in node.texts("required")):
            return False
        if any(
            not self._depends(node, key, value) for key in ("dependentRequired", "dependentSchemas", "dependencies")
        ):
            return False
        names = node.one("propertyNames")
        return all(
            (names is None or self._holds(names, name))
            and all(self._holds(part, each) for part in properties(node, name, self._patterns))
            for name, each in value.items()
        )

    def _depends(self, node: Node, key: str, value: dict[str, Json]) -> bool:
        """What must hold where a property is there: other properties, or a schema."""
        for name, wanted in node.names(key).items():
            if name in value:
                met = (
                    all(other in value for other in node.child(key).texts(name))
                    if isinstance(wanted, list)
                    else self._holds(node.child(key, name), value)
                )
                if not met:
                    return False
        return True

    def _is_list(self, node: Node, value: list[Json]) -> bool:
        least, most = node.count("minItems") or 0, node.count("maxItems")
        if len(value) < least or (most is not None and len(value) > most):
            return False
        if node.get("uniqueItems") is True and len(set(map(canonical, value))) < len(value):
            return False
        for index, each in enumerate(value):
            part = item(node, index)
            if part is not None and not self._holds(part, each):
                return False
        contains = node.one("contains")
        if contains is None:
            return True
        found = sum(self._holds(contains, each) for each in value)
        fewest, maximum = node.count("minContains"), node.count("maxContains")
        return found >= (1 if fewest is None else fewest) and (maximum is None or found <= maximum)

    def is_text(self, node: Node, text: str) -> bool:
        """Whether a text is as long as it must be, and of the pattern and the format."""
        least, most = node.count("minLength") or 0, node.count("maxLength")
        if len(text) < least or (most is not None and len(text) > most):
            return False
        if isinstance(pattern := node.get("pattern"), str) and not self._patterns.match(node, pattern, text):
            return False
        form = FORMATS.get(str(node.get("format")))
        return form is None or form.holds(text)
