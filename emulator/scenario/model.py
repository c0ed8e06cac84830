"""The schema of a scenario file. Every docstring in it is shown to whoever writes one in an editor."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from emulator.scenario.closed import Closed, Fault, Given, OneOrMore, said
from emulator.scenario.editors import dressed
from emulator.scenario.model_content import UsageForm
from emulator.scenario.model_error import ErrorValue
from emulator.scenario.model_reply import ReplyForm, error_faults
from emulator.scenario.model_stream import StreamForm
from emulator.scenario.model_when import Names, When
from emulator.scenario.scalars import Anything, Count, Duration, Label, Named, Percent, ReplyHeaders, Words
from emulator.scenario.wording import show
from emulator.types import Json, RequestMode

__all__ = ["Chaos", "Defaults", "File", "Limits", "StepForm", "json_schema"]


def _version(value: Json) -> Json:
    if value == 1 and type(value) is int:
        return value
    raise said(f"{show(value)} is not a version of the language that is read here; write version: 1.")


_CONTENT = (
    *("text", "json", "from_schema", "echo", "reasoning", "refusal", "tool_calls", "content", "choices", "finish"),
    *("embeddings", "images", "audio", "blocked", "raw", "error"),
)


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


_NEITHER: dict[str, Json] = {"not": {"anyOf": [{"required": ["times"]}, {"required": ["chance"]}]}}


class StepForm(Closed):
    """What a request must look like, and what it is answered with."""

    name: Given[Label] = None
    """The step's name, unique in the file (default: step-1, step-2, …)."""
    when: Given[When] = None
    """What a request must look like. Default: anything."""
    reply: Given[ReplyForm] = Field(default=None, json_schema_extra=_NEITHER)
    """What it is answered with, every time."""
    replies: Given[Annotated[list[ReplyForm], Field(min_length=1)]] = None
    """What it is answered with, one after the other, one a request; the last goes on without end."""

    times: Given[Count] = None
    """How many calls it answers. Default: without end; in a sequence, 1."""

    ONE_OF: ClassVar = ("reply", "replies")
    LACKING: ClassVar = "this step answers nothing; give it 'reply' or 'replies'."

    @classmethod
    def faults(cls, value: Mapping[str, Json]) -> Iterable[Fault]:
        """Give what only a reply of several can have, and a last one that may not answer."""
        one, several = value.get("reply"), value.get("replies")
        if isinstance(one, dict):
            strays = (key for key in ("times", "chance") if key in one)
            yield from (Fault(("reply", key), "this belongs to a reply in 'replies'.") for key in strays)
        match several:
            case [*others, {"chance": _}]:
                message = "the last reply is what is left when no other answers, so it can't be left to chance."
                yield Fault(("replies", len(others), "chance"), message)


class Chaos(Closed):
    """An error now and then, in place of whatever a step would say."""

    error: ErrorValue
    """The error: its name, its name with fields replaced, or a literal status and body."""
    chance: Percent
    """How likely it is, drawn for each request."""
    seed: Given[int] = None
    """Where the draws come from. Default: the session's seed."""
    message: Given[Words] = None
    """The sentence for people, beside the name of an error. Default: the provider's own."""
    retry_after: Given[Duration] = None
    """How long the client is told to wait, such as `2s`."""

    @classmethod
    def faults(cls, value: Mapping[str, Json]) -> Iterable[Fault]:
        """Give what the form of the error leaves no room for."""
        return error_faults(value)


class Limits(Closed):
    """How much a session may ask. What is over it gets the provider's own error, and no step answers."""

    requests_per_minute: Given[Count] = None
    """Requests in a minute, which begins with the first one."""
    tokens_per_minute: Given[Count] = None
    """Tokens of requests and replies in a minute."""
    concurrent: Given[Count] = None
    """Answers that are under way at the same time."""

    SOME_OF: ClassVar = ("requests_per_minute", "tokens_per_minute", "concurrent")
    LACKING: ClassVar = "these limit nothing; give requests_per_minute, tokens_per_minute or concurrent."


class File(Closed):
    """A scenario: steps, of which the first that fits a request answers it."""

    version: Annotated[Json, BeforeValidator(_version), WithJsonSchema({"const": 1})]
    """The version of the language: 1."""
    name: Given[Label] = None
    """The scenario's name, unique among those that are loaded (default: the file's name without its ending)."""
    description: str = ""
    """What the scenario is for."""
    order: Literal["any", "sequence"] = "any"
    """any: the first step that fits a request answers it. sequence: the steps answer one after the other."""
    on_end: Given[Literal["repeat", "last"]] = None
    """After the last step of a sequence: start over, or let the last step go on. Default: no step answers."""
    vars: Given[dict[str, Anything]] = None
    """Constants for templates."""
    models: Given[Annotated[list[Named], Field(min_length=1)]] = None
    """What the models route lists while this scenario is loaded. Default: the provider's own list."""
    limits: Given[Limits] = None
    """How much a session may ask in a minute and at once."""
    requests: Given[RequestMode] = None
    """What becomes of a request that the service would refuse: its error (strict), a note (warn), or nothing (off)."""
    chaos: Given[Annotated[list[Chaos], Field(min_length=1), OneOrMore(dict)]] = None
    """An error now and then; or several."""
    defaults: Given[Defaults] = None
    """How and when replies go out unless they say otherwise: stream, delay, model, usage and headers."""
    steps: Annotated[list[StepForm], Field(min_length=1)]
    """What is answered, and to what."""

    BESIDE: ClassVar = {
        "dependentSchemas": {"on_end": {"properties": {"order": {"const": "sequence"}}, "required": ["order"]}}
    }

    @classmethod
    def faults(cls, value: Mapping[str, Json]) -> Iterable[Fault]:
        """Give steps that have a name again, and an end of what has none."""
        if "on_end" in value and value.get("order") != "sequence":
            yield Fault(("on_end",), "this goes with order: sequence; steps in any order have no end.")
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

    It accepts what the loader accepts, except for what JSON Schema can't say: unique names, regexes, templates, exact
    pieces, what comes last in a list, files beside the scenario.
    """
    schema = File.model_json_schema(schema_generator=_Schema)
    if names is not None:
        conditions = schema["$defs"]["When"]["properties"]
        conditions["provider"]["enum"] = sorted(names.providers)
        conditions["protocol"]["enum"] = sorted(names.protocols)
    return {"$schema": _Schema.schema_dialect, **dressed(schema)}
