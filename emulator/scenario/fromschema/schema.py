"""A JSON Schema as a tree of nodes: typed reading of keywords, local references, and the budget of one making.

JSON Schema draft 2020-12 and draft-07 (https://json-schema.org/draft/2020-12), and what the OpenAPI dialect of Gemini
adds: nullable, types in capitals, counts as texts, ref and defs (types.Schema, google-genai 3.4).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Final
from urllib.parse import unquote

from msgspec import Struct, field

from emulator.types import Json, kind_of

__all__ = ["MAX_ITEMS", "MAX_TEXT", "Budget", "Document", "Exhausted", "Node", "Unsatisfiable"]

MAX_ITEMS: Final = 1_000
"""How many items a list may need, and properties an object."""
MAX_TEXT: Final = 100_000
"""How many characters a text may need."""
_MAX_STEPS: Final = 100_000
_MAX_VALUES: Final = 10_000
_SHOWN: Final = 40
_NUMBER: Final = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?")
TYPES: Final = ("object", "array", "string", "integer", "number", "boolean", "null")


class Unsatisfiable(ValueError):  # noqa: N818 - the schema is no error, it is as it is
    """What in a schema can't be satisfied or isn't understood: a sentence that begins with the JSON Pointer to it."""


class Exhausted(Exception):  # noqa: N818 - the making ends with it; it is no error of a part that another choice avoids
    """The budget is spent. No other choice is tried then."""


class Budget(Struct):
    """What one making may spend, so that a hostile schema ends like any other."""

    steps: int = 0
    values: int = 0

    def spend(self, steps: int = 1) -> None:
        """Take steps. Raises Exhausted."""
        self.steps += steps
        if self.steps > _MAX_STEPS:
            raise Exhausted("#: the schema is too intricate; no value was found in reasonable time.")

    def value(self) -> None:
        """Count a value that is made. Raises Exhausted."""
        self.values += 1
        if self.values > _MAX_VALUES:
            raise Exhausted(f"#: the schema needs more than {_MAX_VALUES:,} values, or leads into too many dead ends.")
        self.spend()


class Node(Struct, frozen=True, eq=False):
    """A schema with its place in the document. Keywords are read through it, or refused with a sentence."""

    schema: Json
    parent: Node | None = None
    token: str = ""

    @property
    def pointer(self) -> str:
        """The JSON Pointer, with long names cut."""
        tokens = []
        node = self
        while node.parent is not None:
            token = node.token if len(node.token) <= _SHOWN else node.token[:_SHOWN] + "…"
            tokens.append(token.replace("~", "~0").replace("/", "~1"))
            node = node.parent
        return "/".join(["#", *reversed(tokens)])

    def fails(self, why: str) -> Unsatisfiable:
        """Give the error that says it of this place."""
        return Unsatisfiable(f"{self.pointer}: {why}")

    def has(self, *keys: str) -> bool:
        """Whether one of the keywords is there."""
        return isinstance(self.schema, dict) and not self.schema.keys().isdisjoint(keys)

    def get(self, key: str) -> Json:
        """What stands under a keyword; None where nothing does."""
        return self.schema.get(key) if isinstance(self.schema, dict) else None

    def child(self, *tokens: str) -> Node:
        """Go down by keys and indices."""
        node = self
        for token in tokens:
            inner = node.schema[int(token)] if isinstance(node.schema, list) else node.schema[token]
            node = Node(inner, node, token)
        return node

    def checked(self) -> Node:
        """Give the node itself, where it is a schema at all."""
        if not isinstance(self.schema, dict | bool):
            raise self.fails(f"{kind_of(self.schema)} is no schema.")
        return self

    def one(self, key: str) -> Node | None:
        """Give the schema under a keyword."""
        return self.child(key).checked() if self.get(key) is not None else None

    def several(self, key: str) -> list[Node]:
        """Give the schemas of a list."""
        listed = self.get(key)
        if listed is None:
            return []
        if not isinstance(listed, list):
            raise self.fails(f"{key} is {kind_of(listed)}, not a list.")
        return [self.child(key, str(index)).checked() for index in range(len(listed))]

    def names(self, key: str) -> dict[str, Json]:
        """Give what stands under a keyword by name, as it is."""
        named = self.get(key)
        if named is None:
            return {}
        if not isinstance(named, dict):
            raise self.fails(f"{key} is {kind_of(named)}, not an object.")
        return named

    def texts(self, key: str) -> list[str]:
        """Give a list of texts."""
        listed = self.get(key)
        if listed is None or isinstance(listed, bool):  # a boolean `required` is draft 3's, and says nothing here
            return []
        if not isinstance(listed, list) or not all(isinstance(text, str) for text in listed):
            raise self.fails(f"{key} is {kind_of(listed)}, not a list of texts.")
        return listed

    def number(self, key: str) -> Fraction | None:
        """Give a number. Numbers as texts count: int64 is spelled so in the JSON of Google's APIs."""
        found = self.get(key)
        if found is None or isinstance(found, bool):  # draft 4's boolean exclusiveMinimum is read where it matters
            return None
        if not isinstance(found, int | float) and not (isinstance(found, str) and _NUMBER.fullmatch(found)):
            raise self.fails(f"{key} is {kind_of(found)}, not a number.")
        return Fraction(str(found))

    def count(self, key: str) -> int | None:
        """Give a whole number."""
        found = self.number(key)
        if found is not None and found.denominator != 1:
            raise self.fails(f"{key} is {float(found)}, not a whole number.")
        return None if found is None else int(found)

    @property
    def types(self) -> tuple[str, ...]:
        """The types that are allowed."""
        written = self.get("type")
        if written is None or written == "TYPE_UNSPECIFIED":
            return TYPES
        listed = written if isinstance(written, list) else [written]
        types = [name.lower() if isinstance(name, str) and name.isupper() else name for name in listed]
        if strange := next((name for name in types if name not in TYPES), None):
            raise self.fails(f"type is {kind_of(strange)}; the types are {', '.join(TYPES)}.")
        if self.get("nullable") is True and "null" not in types:
            types.append("null")
        return tuple(types)

    @property
    def choices(self) -> list[Json] | None:
        """The values that are allowed: const or enum; None where it is not said."""
        if self.has("const"):
            return [self.get("const")]
        listed = self.get("enum")
        if listed is None:
            return None
        if not isinstance(listed, list):
            raise self.fails(f"enum is {kind_of(listed)}, not a list.")
        if {*self.types} <= {"integer", "number", "null"}:
            # `{type:INTEGER, format:enum, enum:["101", "201", "301"]}` - types.Schema, google-genai 3.4
            listed = [int(item) if isinstance(item, str) and item.isdecimal() else item for item in listed]
        return [*listed, None] if self.get("nullable") is True and self.has("type") else listed


class Document(Struct):
    """The whole schema: finds what references mean."""

    root: Node
    budget: Budget
    _anchors: dict[str, Node] | None = None
    _found: dict[str, Node] = field(default_factory=dict)

    def target(self, node: Node) -> Node | None:
        """Give the schema that a node refers to. Raises Unsatisfiable where it is not in the document."""
        if node.has("$dynamicRef", "$recursiveRef"):
            raise node.fails("dynamic references are not understood.")
        # Gemini's own Schema spells it without the sign: `ref: #/defs/Pet` - types.Schema, google-genai 3.4
        reference = node.get("$ref") if node.has("$ref") else node.get("ref")
        if reference is None or (not node.has("$ref") and not str(reference).startswith("#/")):
            return None
        if not isinstance(reference, str):
            raise node.fails(f"$ref is {kind_of(reference)}, not a text.")
        if reference not in self._found:
            self._found[reference] = self._find(node, reference)
        return self._found[reference].checked()

    def _find(self, node: Node, reference: str) -> Node:
        home = self.root.get("$id")
        if isinstance(home, str) and home and reference.startswith(home.rstrip("#") + "#"):
            reference = reference[len(home.rstrip("#")) :]
        if reference in {"#", ""}:
            return self.root
        if reference.startswith("#/"):
            return self._at(node, reference)
        if self._anchors is None:
            self._anchors = dict(reversed(list(self._named())))
        if reference not in self._anchors:
            raise node.fails(f"$ref {kind_of(reference)} leads out of the document.")
        return self._anchors[reference]

    def _at(self, node: Node, reference: str) -> Node:
        found = self.root
        for written in reference[2:].split("/"):
            self.budget.spend()
            token = unquote(written).replace("~1", "/").replace("~0", "~")
            try:
                found = found.child(token)
            except (KeyError, IndexError, ValueError, TypeError):
                raise node.fails(f"$ref {kind_of(reference)} leads nowhere.") from None
        return found

    def _named(self) -> Iterator[tuple[str, Node]]:
        """Every $id and $anchor in the document."""
        todo = [self.root]
        while todo:
            node = todo.pop()
            self.budget.spend()
            if isinstance(node.schema, dict):
                for key, prefix in (("$id", ""), ("$anchor", "#")):
                    if isinstance(name := node.get(key), str):
                        yield prefix + name, node
            keys = node.schema if isinstance(node.schema, dict) else range(len(node.schema))
            inner = (node.child(str(key)) for key in keys)
            todo += [each for each in inner if isinstance(each.schema, dict | list)]
