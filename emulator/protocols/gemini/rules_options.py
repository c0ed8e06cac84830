"""Rules for how an answer is to be made: generationConfig."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from emulator.protocols.gemini.names import get, known, options_named, snake, struct
from emulator.protocols.gemini.walking import options
from emulator.protocols.gemini.wording import checked
from emulator.refusals.checks import about
from emulator.types import Breach, Json, Request

__all__ = [
    "cached",
    "candidates",
    "json_with_tools",
    "logprobs",
    "mime_type",
    "most",
    "penalties",
    "schema",
    "stops",
    "temperature",
    "thinking",
    "top_k",
    "top_p",
]

_MIME_TYPES: Final = ("text/plain", "application/json", "application/xml", "application/yaml", "text/x.enum")
_MOST_STOPS: Final = 5
_SEPARATE: Final = re.compile(r"(models/)?gemini-(1|2)")
"""Models that give JSON or call functions, and not both."""


def _within(request: Request, name: str, least: float, most: float) -> tuple[Breach, ...]:
    value = get(options(request), name)
    number = None if value is None else _number(value)
    if number is None or least <= number <= most:
        return ()
    field = snake(name)
    upper = f"must be in the range [{least}, {most}]." if most < 2**31 - 1 else f"must be at least {least}."
    return checked([(f"generation_config.{field}", f"{field} {upper}")])


def _number(value: Json) -> float | None:
    """The number, which may be written as a text. None: none, or something else."""
    if isinstance(value, int | float):
        return value
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


@about(*options_named("temperature"))
def temperature(request: Request) -> Iterable[Breach]:
    """No number from 0 to 2."""
    return _within(request, "temperature", 0.0, 2.0)


@about(*options_named("topP"))
def top_p(request: Request) -> Iterable[Breach]:
    """No number from 0 to 1."""
    return _within(request, "topP", 0.0, 1.0)


@about(*options_named("topK"))
def top_k(request: Request) -> Iterable[Breach]:
    """Less than one token."""
    return _within(request, "topK", 1, 2**31 - 1)


@about(*options_named("candidateCount"))
def candidates(request: Request) -> Iterable[Breach]:
    """No number from 1 to 8."""
    return _within(request, "candidateCount", 1, 8)


@about(*options_named("maxOutputTokens"))
def most(request: Request) -> Iterable[Breach]:
    """Less than one token."""
    return _within(request, "maxOutputTokens", 1, 2**31 - 1)


@about(*options_named("presencePenalty", "frequencyPenalty"))
def penalties(request: Request) -> Iterable[Breach]:
    """No number from -2 to 2."""
    return _within(request, "presencePenalty", -2.0, 2.0) or _within(request, "frequencyPenalty", -2.0, 2.0)


@about(*options_named("logprobs"))
def logprobs(request: Request) -> Iterable[Breach]:
    """More than 20, or any where responseLogprobs is not true."""
    asked = options(request)
    if get(asked, "logprobs") is None:
        return ()
    if get(asked, "responseLogprobs") is not True:
        sentence = "logprobs can only be set if response_logprobs is true."
        return checked([("generation_config.logprobs", sentence)])
    return _within(request, "logprobs", 0, 20)


@about(*options_named("stopSequences"))
def stops(request: Request) -> Iterable[Breach]:
    """More than five."""
    found = get(options(request), "stopSequences")
    if not isinstance(found, list) or len(found) <= _MOST_STOPS:
        return ()
    sentence = f"at most {_MOST_STOPS} stop sequences are allowed."
    return checked([("generation_config.stop_sequences", sentence)])


@about(*options_named("responseMimeType"))
def mime_type(request: Request) -> Iterable[Breach]:
    """A type of answer that there is not."""
    kind = get(options(request), "responseMimeType")
    if not kind or kind in _MIME_TYPES:
        return ()
    *before, last = (f"`{one}`" for one in _MIME_TYPES)
    sentence = f"allowed mimetypes are {', '.join(before)} and {last}."
    return checked([("generation_config.response_mime_type", sentence)])


@about(*options_named("responseSchema", "responseJsonSchema"))
def schema(request: Request) -> Iterable[Breach]:
    """A schema without a JSON answer, and two schemas."""
    asked = options(request)
    own, other = get(asked, "responseSchema"), get(asked, "responseJsonSchema")
    if own is None and other is None:
        return ()
    name = "response_schema" if own is not None else "response_json_schema"
    if get(asked, "responseMimeType") not in ("application/json", "text/x.enum"):
        sentence = f"{name} is only allowed with the response_mime_type application/json or text/x.enum."
        return checked([(f"generation_config.{name}", sentence)])
    if own is not None and other is not None:
        sentence = "response_schema and response_json_schema are mutually exclusive."
        return checked([(f"generation_config.{name}", sentence)])
    return ()


@about(*options_named("thinkingConfig"))
def thinking(request: Request) -> Iterable[Breach]:
    """A budget and a level of thinking together."""
    config = struct(get(options(request), "thinkingConfig"))
    if get(config, "thinkingBudget") is None or get(config, "thinkingLevel") is None:
        return ()
    return (Breach("You can only set only one of thinking budget and thinking level."),)


@about("tools")
def json_with_tools(request: Request) -> Iterable[Breach]:
    """JSON and functions together, of models up to Gemini 2.5."""
    if not request.tools or not _SEPARATE.match(request.model):
        return ()
    if get(options(request), "responseMimeType") != "application/json":
        return ()
    return (Breach("Function calling with a response mime type: 'application/json' is unsupported"),)


@about(*known("cachedContent"))
def cached(request: Request) -> Iterable[Breach]:
    """Cached content together with a system instruction, tools or their configuration."""
    body = request.body
    if not get(body, "cachedContent"):
        return ()
    if all(get(body, name) is None for name in ("systemInstruction", "tools", "toolConfig")):
        return ()
    sentence = (
        "CachedContent can not be used with GenerateContent request setting system_instruction, tools or tool_config."
        "\n\nProposed fix: move those values to CachedContent from GenerateContent request."
    )
    return (Breach(sentence),)
