"""The schema of a scenario file. Every docstring in it is shown to whoever writes one in an editor."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from emulator.scenario.closed import Closed, Fault, Given, said
from emulator.scenario.model_reply import (
    ReplyForm,
    StreamForm,
    TurnedForm,
    UsageForm,
)
from emulator.scenario.model_when import Names, When
from emulator.scenario.scalars import Duration, Label, Named, ReplyHeaders
from emulator.scenario.wording import later, show
from emulator.types import Json

__all__ = ["Defaults", "File", "StepForm", "json_schema"]


def _version(value: Json) -> Json:
    if value == 1 and type(value) is int:
        return value
    raise said(f"{show(value)} is not a version of the language that is read here; write version: 1.")


def _order(value: Json) -> Json:
    if value == "sequence":
        raise said(later("sequence"))
    return value


_CONTENT = ("text", "reasoning", "tool_calls", "content", "error", "finish")


class Defaults(Closed):
    """What every reply of the file has where it does not say otherwise."""

    stream: Given[StreamForm] = None
    """How replies go out piece by piece; merged key by key."""
    delay: Given[Duration] = None
    """From a request's arrival to the first byte of the response, such as `250ms`."""
    model: Given[Named] = None
    """The model that says it is answering."""
    usage: Given[UsageForm] = None
    """Token counts; merged key by key."""
    headers: Given[ReplyHeaders] = None
    """Headers of every response; merged header by header."""

    ELSEWHERE: ClassVar = dict.fromkeys(_CONTENT, "this belongs to a reply; defaults say how and when, not what.")

    @classmethod
    def faults(cls, value: Mapping[str, Json]) -> Iterable[Fault]:
        """Give exact pieces, which fit one reply only."""
        stream = value.get("stream")
        if isinstance(stream, dict) and isinstance(stream.get("chunk"), list):
            yield Fault(("stream", "chunk"), "exact pieces belong to the reply whose text they are.", "value")


class StepForm(Closed):
    """What a request must look like, and what it is answered with."""

    name: Given[Label] = None
    """The step's name, unique in the file (default: step-1, step-2, …)."""
    when: Given[When] = None
    """What a request must look like. Default: anything."""
    reply: Given[ReplyForm] = None
    """What it is answered with, every time."""
    replies: Given[Annotated[list[TurnedForm], Field(min_length=1)]] = None
    """What it is answered with, one after the other; the last goes on without end."""

    LATER: ClassVar = frozenset({"times"})
    ONE_OF: ClassVar = ("reply", "replies")
    LACKING: ClassVar = "this step answers nothing; give it 'reply' or 'replies'."


class File(Closed):
    """A scenario: steps, of which the first that fits a request answers it."""

    version: Annotated[Json, BeforeValidator(_version), WithJsonSchema({"const": 1})]
    """The version of the language: 1."""
    name: Given[Label] = None
    """The scenario's name, unique among those that are loaded (default: the file's name without its ending)."""
    description: str = ""
    """What the scenario is for."""
    order: Annotated[Literal["any"], BeforeValidator(_order)] = "any"
    """any: the first step that fits a request answers it."""
    defaults: Given[Defaults] = None
    """How and when replies go out unless they say otherwise: stream, delay, model, usage and headers."""
    steps: Annotated[list[StepForm], Field(min_length=1)]
    """What is answered, and to what."""

    LATER: ClassVar = frozenset({"on_end", "vars", "models", "limits", "chaos"})

    @classmethod
    def faults(cls, value: Mapping[str, Json]) -> Iterable[Fault]:
        """Give steps that have a name again."""
        steps = value.get("steps")
        first: dict[str, int] = {}
        for index, step in enumerate(steps if isinstance(steps, list) else ()):
            given = step.get("name") if isinstance(step, dict) else None
            name = given if isinstance(given, str) else f"step-{index + 1}"
            if first.setdefault(name, index) != index:
                loc = ("steps", index, "name") if given else ("steps", index)
                yield Fault(loc, f"steps[{first[name]}] is called '{name}' already.", "value")


class _Schema(GenerateJsonSchema):
    """JSON Schema without titles made from field names and without defaults that say nothing."""

    def field_title_should_be_set(self, schema: object) -> bool:
        del schema
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])


def json_schema(names: Names | None = None) -> Json:
    """Write the schema as JSON Schema (draft 2020-12), for editors. Given names, `provider` and `protocol` list them.

    It accepts what the loader accepts, except for what JSON Schema can't say: unique names, regexes, exact pieces,
    templates deep within a value.
    """
    schema = File.model_json_schema(schema_generator=_Schema)
    if names is not None:
        conditions = schema["$defs"]["When"]["properties"]
        conditions["provider"]["enum"] = sorted(names.providers)
        conditions["protocol"]["enum"] = sorted(names.protocols)
    return {"$schema": _Schema.schema_dialect, **schema}
