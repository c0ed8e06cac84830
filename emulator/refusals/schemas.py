"""The JSON Schemas of tools and of structured output: what they have to be, and what strictness asks beside that.

Recorded: error reports of the API, such as openai/openai-agents-python issue 992; "In context=(…)" is the way into the
schema. Documented: "All fields must be required", "additionalProperties: false must always be set in objects" –
https://platform.openai.com/docs/guides/structured-outputs (2026-11-20).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from emulator.types import Json

__all__ = ["flaw"]

_LISTS: Final = ("anyOf", "oneOf", "allOf")
_TABLES: Final = ("properties", "$defs", "definitions")
_NESTING: Final = frozenset({*_TABLES, "items", *_LISTS})
_DEEPEST: Final = 200

_ADDITIONAL: Final = "'additionalProperties' is required to be supplied and to be false."
_REQUIRED: Final = "'required' is required to be supplied and to be an array including every key in properties."
_Way = tuple[str, ...]


def flaw(schema: Json, *, strict: bool) -> str:
    """The first thing that is wrong with a schema whose values have to be objects; empty: nothing."""
    kind = schema.get("type") if isinstance(schema, dict) else None
    if kind != "object" and not (isinstance(schema, dict) and "$ref" in schema):
        shown = f'"{kind if kind is not None else "None"}"'
        return f"schema must be a JSON Schema of 'type: \"object\"', got 'type: {shown}'."
    found = _flaw(schema, (), strict)
    return f"In context=({_written(found[0])}), {found[1]}" if found else ""


def _written(way: _Way) -> str:
    """The way as Python writes a tuple: ('properties',) with one step."""
    steps = ", ".join(f"'{step}'" for step in way)
    return f"{steps}," if len(way) == 1 else steps


def _flaw(schema: Json, way: _Way, strict: bool) -> tuple[_Way, str] | None:  # noqa: FBT001 - an inner matter
    """The first thing that is wrong, from the outside in, and the way to it."""
    if not isinstance(schema, dict) or len(way) > _DEEPEST:
        return None
    if schema.get("type") == "array" and "items" not in schema and "prefixItems" not in schema:
        return way, "array schema missing items."
    if strict and (sentence := next(_looseness(schema), "")):
        return way, sentence
    if _NESTING.isdisjoint(schema):  # as nearly every property
        return None
    for step, inner in _within(schema):
        if found := _flaw(inner, (*way, *step), strict):
            return found
    return None


def _within(schema: dict[str, Json]) -> Iterator[tuple[_Way, Json]]:
    """What may be a schema within one, and the way to it."""
    for name in _TABLES:
        table = schema.get(name)
        if isinstance(table, dict):
            for key, inner in table.items():
                yield (name, key), inner
    yield ("items",), schema.get("items")
    for name in _LISTS:
        options = schema.get(name)
        if isinstance(options, list):
            for number, inner in enumerate(options):
                yield (name, str(number)), inner


def _looseness(schema: dict[str, Json]) -> Iterator[str]:
    """What strictness does not allow in one schema."""
    if "oneOf" in schema:
        yield "'oneOf' is not permitted."
    kind = schema.get("type")
    if kind != "object" and not (isinstance(kind, list) and "object" in kind):
        return
    if schema.get("additionalProperties") is not False:
        yield _ADDITIONAL
    properties, required = schema.get("properties"), schema.get("required")
    names = properties if isinstance(properties, dict) else {}
    there = required if isinstance(required, list) else []
    for name in names:
        if name not in there:
            yield f"{_REQUIRED} Missing '{name}'."
    for name in there:
        if isinstance(name, str) and name not in names:
            yield f"{_REQUIRED} Extra required key '{name}' supplied."
