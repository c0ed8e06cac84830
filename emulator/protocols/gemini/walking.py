"""What a request is made of: found once for each request, for many rules look through it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from emulator.protocols.gemini.names import get, listed, struct
from emulator.types import Json, Request

__all__ = ["Part", "Said", "Schema", "contents", "declarations", "names", "options", "parts", "schemas", "turns"]

_Found = TypeVar("_Found")


class Part(NamedTuple):
    """A part, and where it stands."""

    number: int
    """Its content's."""
    place: int
    part: Json


class Said(NamedTuple):
    """A turn: what contents of one role say, one after the other."""

    number: int
    """The first content's."""
    model: bool
    parts: list[Json]


class Schema(NamedTuple):
    """A schema of the API's own kind, and where it stands as the parser and as the checks say it."""

    parsed: str
    checked: str
    schema: Json
    top: bool
    """It is within no other."""


def _once(name: str, find: Callable[[Request], _Found]) -> Callable[[Request], _Found]:
    def found(request: Request) -> _Found:
        kept = vars(request)
        if name not in kept:
            kept[name] = find(request)
        value: _Found = kept[name]
        return value

    return found


def names(request: Request) -> tuple[str, ...]:
    """The fields of a request, and with a dot before them those of generationConfig."""
    return (*request.body, *[f".{name}" for name in options(request)])


def _options(request: Request) -> Json:
    return struct(get(request.body, "generationConfig"))


def _contents(request: Request) -> list[Json]:
    return listed(request.body.get("contents"))


def _parts(request: Request) -> list[Part]:
    return [
        Part(number, place, part)
        for number, content in enumerate(contents(request))
        for place, part in enumerate(listed(content.get("parts")))
    ]


def _turns(request: Request) -> list[Said]:
    """None, where no call and no response is in any.

    inferred: neighbours of one role are one turn, for clients that read a stream send it back piece by piece.
    """
    if all(get(one.part, "functionCall") is get(one.part, "functionResponse") is None for one in parts(request)):
        return []
    found: list[Said] = []
    for number, content in enumerate(contents(request)):
        model = str(content.get("role", "")).lower() == "model"
        if not found or found[-1].model != model:
            found.append(Said(number, model, []))
        found[-1].parts.extend(listed(content.get("parts")))
    return found


def _declarations(request: Request) -> list[tuple[str, Json]]:
    tools = request.body.get("tools")
    if tools is None:
        return []
    return [
        (f"tools[{number}].function_declarations[{place}]", declaration)
        for number, tool in enumerate(listed(tools))
        for place, declaration in enumerate(listed(get(tool, "functionDeclarations")))
    ]


def _schemas(request: Request) -> list[Schema]:
    """From the outside in."""
    found: list[Schema] = []
    for where, declaration in declarations(request):
        for name in ("parameters", "response"):
            if isinstance(schema := declaration.get(name), dict):
                _gather(Schema(f"{where}.{name}", f"{where}.{name}", schema, top=True), found)
    if isinstance(schema := get(options(request), "responseSchema"), dict):
        where = "generation_config.response_schema"
        _gather(Schema(where, where, schema, top=True), found)
    return found


def _gather(one: Schema, found: list[Schema]) -> None:
    found.append(one)
    properties = one.schema.get("properties")
    for number, (name, inner) in enumerate(properties.items() if isinstance(properties, dict) else ()):
        if isinstance(inner, dict):
            parsed, checked = f"{one.parsed}.properties[{number}].value", f"{one.checked}.properties[{name}]"
            _gather(Schema(parsed, checked, inner, top=False), found)
    if isinstance(inner := one.schema.get("items"), dict):
        _gather(Schema(f"{one.parsed}.items", f"{one.checked}.items", inner, top=False), found)
    choices = get(one.schema, "anyOf")
    for number, inner in enumerate(listed(choices) if choices is not None else ()):
        place = f".any_of[{number}]"
        _gather(Schema(f"{one.parsed}{place}", f"{one.checked}{place}", inner, top=False), found)


options = _once("_gemini_options", _options)
contents = _once("_gemini_contents", _contents)
parts = _once("_gemini_parts", _parts)
turns = _once("_gemini_turns", _turns)
declarations = _once("_gemini_declarations", _declarations)
schemas = _once("_gemini_schemas", _schemas)
