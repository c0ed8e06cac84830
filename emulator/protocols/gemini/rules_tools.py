"""Rules for tools: the functions that are declared, their schemas, and which of them may be called."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from emulator.protocols.gemini.names import get, known, listed, options_named, snake, struct
from emulator.protocols.gemini.walking import declarations, schemas
from emulator.protocols.gemini.wording import checked, invalid, kind, parsed, unknown
from emulator.refusals.checks import about
from emulator.types import Breach, Json, Request

__all__ = [
    "allowed",
    "arrays",
    "config",
    "duplicates",
    "kinds",
    "misplaced",
    "names",
    "objects",
    "required",
    "schema_names",
]

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,127}")
_BAD_NAME: Final = (
    "Invalid function name. Must start with a letter or an underscore. Must be alphameric (a-z, A-Z, 0-9), "
    "underscores (_), dots (.), colons (:), or dashes (-), with a maximum length of 128."
)
_TYPES: Final = frozenset({"TYPE_UNSPECIFIED", "STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL"})
# types.Schema of google-genai 3.4.
_SCHEMA: Final = known(
    "$defs",
    "$ref",
    "additionalProperties",
    "anyOf",
    "default",
    "defs",
    "description",
    "enum",
    "example",
    "format",
    "items",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "nullable",
    "pattern",
    "properties",
    "propertyOrdering",
    "ref",
    "required",
    "title",
    "type",
)


@about("tools")
def kinds(request: Request) -> Iterable[Breach]:
    """A tool that is nothing."""
    tools = request.body.get("tools")
    if tools is None:
        return ()
    sentence = "required one_of 'tool_type' must have one initialized field"
    return checked(
        (f"tools[{number}].tool_type", sentence)
        for number, tool in enumerate(listed(tools))
        if all(value in (None, []) for value in tool.values())
    )


@about("tools")
def names(request: Request) -> Iterable[Breach]:
    """A function without a name of at most 128 letters, digits and a few signs."""
    if not declarations(request):
        return ()
    return checked(
        (f"{where}.name", _BAD_NAME)
        for where, declaration in declarations(request)
        if not _NAME.fullmatch(declaration.get("name") or "")
    )


@about("tools")
def duplicates(request: Request) -> Iterable[Breach]:
    """Two functions of one name."""
    seen: set[str] = set()
    for _, declaration in declarations(request):
        name = declaration.get("name")
        if name in seen:
            return (Breach(f"Duplicate function declaration found: {name}"),)
        seen.add(name)
    return ()


@about(*known("toolConfig"))
def config(request: Request) -> Iterable[Breach]:
    """How functions are called, where there are none."""
    if request.tools or get(struct(get(request.body, "toolConfig")), "functionCallingConfig") is None:
        return ()
    return (Breach("Function calling config is set without function_declarations."),)


@about(*known("toolConfig"))
def allowed(request: Request) -> Iterable[Breach]:
    """Allowed functions that are not declared, or with a mode that does not call them."""
    config = get(request.body, "toolConfig")
    if config is None:
        return ()
    calling = struct(get(struct(config), "functionCallingConfig"))
    wanted = get(calling, "allowedFunctionNames")
    if not isinstance(wanted, list) or not wanted:
        return ()
    where = "tool_config.function_calling_config.allowed_function_names"
    mode = calling.get("mode")
    if isinstance(mode, str) and mode.upper() in ("AUTO", "NONE"):
        return checked([(where, "only allowed with the mode ANY or VALIDATED.")])
    offered = {tool.name for tool in request.tools}
    return checked(
        (f"{where}[{number}]", "the function is not declared.")
        for number, name in enumerate(wanted)
        if not isinstance(name, str) or name not in offered
    )


# ---------------------------------------------------------------- schemas


def _type(schema: Json) -> str:
    word = schema.get("type")
    return word.upper() if isinstance(word, str) else ""


@about("tools", *options_named("responseSchema"))
def schema_names(request: Request) -> Iterable[Breach]:
    """Words and types of JSON Schema that the API's own Schema does not have."""
    return parsed(_foreign(request)) if schemas(request) else ()


def _foreign(request: Request) -> Iterator[str]:
    for where, _, schema, _ in schemas(request):
        if not schema.keys() <= _SCHEMA:
            yield from (unknown(name, where) for name in schema if name not in _SCHEMA)
        word = schema.get("type")
        if isinstance(word, list):
            yield invalid(f"{where}.type", "", word)
        elif isinstance(word, str) and word.upper() not in _TYPES:
            yield invalid(f"{where}.type", kind("Type", request.call), word)


@about("tools", *options_named("responseSchema"))
def objects(request: Request) -> Iterable[Breach]:
    """An object within another without properties; a function may be without parameters."""
    if not schemas(request):
        return ()
    return checked(
        (f"{where}.properties", "should be non-empty for OBJECT type")
        for _, where, schema, top in schemas(request)
        if not top and _type(schema) == "OBJECT" and schema.get("properties") == {}
    )


@about("tools", *options_named("responseSchema"))
def arrays(request: Request) -> Iterable[Breach]:
    """A list that does not say of what."""
    if not schemas(request):
        return ()
    return checked(
        (f"{where}.items", "missing field.")
        for _, where, schema, _ in schemas(request)
        if _type(schema) == "ARRAY" and not schema.get("items")
    )


@about("tools", *options_named("responseSchema"))
def required(request: Request) -> Iterable[Breach]:
    """A required property that is not there."""
    if not schemas(request):
        return ()
    return checked(
        (f"{where}.required[{number}]", "property is not defined")
        for _, where, schema, _ in schemas(request)
        if isinstance(schema.get("required"), list)
        for number, name in enumerate(schema["required"])
        if not isinstance(name, str) or name not in struct(schema.get("properties"))
    )


@about("tools", *options_named("responseSchema"))
def misplaced(request: Request) -> Iterable[Breach]:
    """Properties of anything but an object, a choice of anything but texts."""
    return checked(_misplaced(request)) if schemas(request) else ()


def _misplaced(request: Request) -> Iterator[tuple[str, str]]:
    for _, where, schema, _ in schemas(request):
        word = _type(schema)
        for name in ("properties", "required"):
            if schema.get(name) and word not in ("", "OBJECT"):
                yield f"{where}.{snake(name)}", "only allowed for OBJECT type"
        if schema.get("enum") and word not in ("", "STRING"):
            yield f"{where}.enum", "only allowed for STRING type"
