"""Rules for the fields of a request beside its conversation, its tools and its thinking."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from emulator.protocols.messages.walking import blocks
from emulator.protocols.messages.wording import (
    A_DICT,
    A_LIST,
    A_NUMBER,
    A_STRING,
    AN_INTEGER,
    NUMBERS,
    breach,
    missing,
    one_of,
    tagged,
)
from emulator.refusals.checks import about, always, beside
from emulator.types import Breach, Json, Request

__all__ = [
    "cache_blocks",
    "effort",
    "max_tokens",
    "metadata",
    "output_format",
    "output_schema",
    "sampling_removed",
    "service_tier",
    "stop_sequences",
    "stream",
    "temperature",
    "top_k",
    "top_p",
    "unknown",
]

_FIELDS: Final = frozenset(
    {
        "cache_control",
        "container",
        "diagnostics",
        "inference_geo",
        "max_tokens",
        "messages",
        "metadata",
        "model",
        "output_config",
        "service_tier",
        "speed",
        "stop_sequences",
        "stream",
        "system",
        "temperature",
        "thinking",
        "tool_choice",
        "tools",
        "top_k",
        "top_p",
        "user_profile_id",
        "workspace_id",
    }
)
_BETA_FIELDS: Final = frozenset(
    {
        "billing_policy",
        "compaction",
        "context_management",
        "fallback_credit_token",
        "fallbacks",
        "mcp_servers",
        "output_format",
        "thread",
    }
)
"""Known with a header anthropic-beta alone; which beta goes with which field is not checked."""

_SAMPLING: Final = ("temperature", "top_p", "top_k")
_WITHOUT_SAMPLING: Final = "2026-10-21"
_EXTRA: Final = "Extra inputs are not permitted"
_MOST_CACHED: Final = 4
_EFFORTS: Final = ("low", "medium", "high", "xhigh", "max")


@always
def max_tokens(request: Request) -> Iterable[Breach]:
    """No whole number of tokens; 0 passes, for it fills the cache (types of the SDKs, anthropic 2.11)."""
    body = request.body
    if "max_tokens" not in body:
        return missing("max_tokens")
    value = body["max_tokens"]
    if type(value) not in NUMBERS:
        return breach("max_tokens", AN_INTEGER)
    if value % 1:
        return breach("max_tokens", f"{AN_INTEGER}, got a number with a fractional part")
    return breach("max_tokens", "Input should be greater than or equal to 0") if value < 0 else ()


@about("stream")
def stream(request: Request) -> Iterable[Breach]:
    """Anything but a boolean."""
    value = request.body.get("stream")
    return () if value is None or isinstance(value, bool) else breach("stream", "Input should be a valid boolean")


@about(*_SAMPLING)
def sampling_removed(request: Request) -> Iterable[Breach]:
    """A temperature, top_p or top_k at all, in the version of 2026-10-21."""
    if request.call.headers.get("anthropic-version", "") < _WITHOUT_SAMPLING:
        return ()
    return [Breach(f"{name}: {_EXTRA}", name) for name in _SAMPLING if name in request.body]


@about("temperature")
def temperature(request: Request) -> Iterable[Breach]:
    """No number from 0 to 1."""
    return _fraction(request.body, "temperature")


@about("top_p")
def top_p(request: Request) -> Iterable[Breach]:
    """No number from 0 to 1."""
    return _fraction(request.body, "top_p")


@about("top_k")
def top_k(request: Request) -> Iterable[Breach]:
    """No whole number from 0 on."""
    value = request.body.get("top_k")
    if value is None:
        return ()
    if type(value) not in NUMBERS or value % 1:
        return breach("top_k", AN_INTEGER)
    return breach("top_k", "Input should be greater than or equal to 0") if value < 0 else ()


def _fraction(body: Json, name: str) -> Iterable[Breach]:
    value = body.get(name)
    if value is None:
        return ()
    if type(value) not in NUMBERS:
        return breach(name, A_NUMBER)
    return () if 0 <= value <= 1 else breach(name, "range: 0..1")


@about("stop_sequences")
def stop_sequences(request: Request) -> Iterable[Breach]:
    """Anything but a list of texts, and texts of white space alone."""
    sequences = request.body.get("stop_sequences")
    if sequences is None:
        return ()
    if not isinstance(sequences, list):
        return breach("stop_sequences", A_LIST)
    for number, sequence in enumerate(sequences):
        if not isinstance(sequence, str):
            return breach(f"stop_sequences.{number}", A_STRING)
    if not all(sequence.strip() for sequence in sequences):
        return breach("stop_sequences", "each stop sequence must contain non-whitespace")
    return ()


@about("metadata")
def metadata(request: Request) -> Iterable[Breach]:
    """Anything beside a user_id, which is a text."""
    value = request.body.get("metadata")
    if value is None:
        return ()
    if not isinstance(value, dict):
        return breach("metadata", A_DICT)
    extra = [Breach(f"metadata.{name}: {_EXTRA}", f"metadata.{name}") for name in value if name != "user_id"]
    if not isinstance(value.get("user_id", ""), str | None):
        return (*breach("metadata.user_id", A_STRING), *extra)
    return extra


@about("service_tier")
def service_tier(request: Request) -> Iterable[Breach]:
    """Anything but auto and standard_only."""
    value = request.body.get("service_tier")
    if value is None or value in ("auto", "standard_only"):
        return ()
    return breach("service_tier", one_of(("auto", "standard_only")))


@about("output_config")
def effort(request: Request) -> Iterable[Breach]:
    """Another effort than the five that there are."""
    config = request.body.get("output_config")
    if config is None:
        return ()
    if not isinstance(config, dict):
        return breach("output_config", A_DICT)
    value = config.get("effort")
    return () if value is None or value in _EFFORTS else breach("output_config.effort", one_of(_EFFORTS))


@about("output_config")
def output_format(request: Request) -> Iterable[Breach]:
    """Another format than a JSON Schema."""
    config = request.body.get("output_config")
    form = config.get("format") if isinstance(config, dict) else None
    if form is None:
        return ()
    match form:
        case {"type": "json_schema", "schema": dict()}:
            return ()
        case {"type": "json_schema", "schema": _}:
            return breach("output_config.format.schema", A_DICT)
        case {"type": "json_schema"}:
            return missing("output_config.format.schema")
        case dict():
            return breach("output_config.format", tagged(form.get("type"), ("json_schema",)))
        case _:
            return breach("output_config.format", A_DICT)


@about("output_config", "output_format")
def output_schema(request: Request) -> Iterable[Breach]:
    """A schema for the output with an object that does not exclude further properties."""
    if not isinstance(request.schema, dict) or not _open(request.schema):
        return ()
    where = "output_format.schema" if "output_format" in request.body else "output_config.format.schema"
    return breach(where, "For 'object' type, 'additionalProperties' must be explicitly set to false")


def _open(schema: Json) -> bool:
    """Whether an object within does not exclude further properties. Deep, but no deeper than a body can be."""
    if isinstance(schema, list):
        return any(map(_open, schema))
    if not isinstance(schema, dict):
        return False
    if schema.get("type") == "object" and schema.get("additionalProperties") is not False:
        return True
    named = [schema.get(name) for name in ("properties", "$defs", "definitions")]
    within = [inner for group in named if isinstance(group, dict) for inner in group.values()]
    return _open(within) or any(_open(schema.get(name)) for name in ("items", "anyOf", "allOf", "oneOf"))


@beside(_FIELDS)
def unknown(request: Request) -> Iterable[Breach]:
    """Fields that the API does not have; those of a beta, where none is asked for."""
    extra = request.body.keys() - _FIELDS
    if extra and "anthropic-beta" in request.call.headers:
        extra -= _BETA_FIELDS
    return [Breach(f"{name}: {_EXTRA}", name) for name in request.body if name in extra] if extra else ()


@about("tools", said=True)
def cache_blocks(request: Request) -> Iterable[Breach]:
    """More than four blocks with cache_control."""
    body = request.body
    found = int("cache_control" in body)
    for group in (body.get("tools"), body.get("system")):
        found += _marked(group)
    for one in blocks(request):
        found += one.block.get("cache_control") is not None
        found += _marked(one.block.get("content"))
    if found <= _MOST_CACHED:
        return ()
    sentence = f"A maximum of {_MOST_CACHED} blocks with cache_control may be provided. Found {found}."
    return (Breach(sentence, "cache_control"),)


def _marked(group: Json) -> int:
    if not isinstance(group, list):
        return 0
    return sum(isinstance(block, dict) and block.get("cache_control") is not None for block in group)
