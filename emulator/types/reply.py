"""What is answered: a completion or a failure, its pace, and the stamp that makes it its own."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

from emulator.types.conversation import Part, Reasoning, count_part
from emulator.types.request import Request
from emulator.types.values import Headers, Json, kind_of

__all__ = [
    "ERROR_NAMES",
    "Break",
    "Completion",
    "ErrorName",
    "Failure",
    "Finish",
    "Pace",
    "Rejected",
    "Reply",
    "Stamp",
    "Tokens",
    "UnscriptedErrorName",
    "Usage",
]

Finish: TypeAlias = Literal["stop", "length", "tool_calls", "content_filter", "stop_sequence", "refusal", "pause"]

ErrorName: TypeAlias = Literal[
    "invalid_api_key",
    "missing_api_key",
    "expired_api_key",
    "permission_denied",
    "model_not_found",
    "model_not_enabled",
    "environment_not_found",
    "invalid_request",
    "context_length_exceeded",
    "content_filtered",
    "payload_too_large",
    "rate_limited",
    "quota_exhausted",
    "concurrency_limited",
    "timeout",
    "overloaded",
    "server_error",
    "bad_gateway",
]
ERROR_NAMES: tuple[ErrorName, ...] = get_args(ErrorName)
"""The errors a scenario can name; each provider has its own words for them."""

UnscriptedErrorName: TypeAlias = Literal[
    "auth_scheme",
    "malformed_body",
    "method_not_allowed",
    "missing_model",
    "no_step",
    "route_not_found",
    "slow_body",
]
"""What the emulator finds while it reads a call, and no scenario names."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts that a scenario gives. None: estimated by `count_tokens`."""

    input: int | None = None
    output: int | None = None
    cached_input: int = 0
    cache_write: int = 0
    reasoning: int | None = None


@dataclass(frozen=True, slots=True)
class Tokens:
    """Token counts of one exchange. `cached_input` and `cache_write` are part of `input`, `reasoning` of `output`."""

    input: int
    output: int
    cached_input: int
    cache_write: int
    reasoning: int


@dataclass(frozen=True, slots=True)
class Completion:
    """A successful answer, in the order the model produced it."""

    parts: tuple[Part, ...]
    finish: Finish
    usage: Usage = Usage()
    model: str = ""
    """Empty: the model asked for."""
    stop_sequence: str = ""
    """With finish stop_sequence: the sequence that was hit."""

    def tokens(self, request: Request) -> Tokens:
        """What this answer to this request costs: as the scenario says, the rest estimated."""
        given = self.usage
        reasoning = sum(count_part(part) for part in self.parts if isinstance(part, Reasoning))
        return Tokens(
            input=request.input_tokens if given.input is None else given.input,
            output=sum(map(count_part, self.parts)) if given.output is None else given.output,
            cached_input=given.cached_input,
            cache_write=given.cache_write,
            reasoning=reasoning if given.reasoning is None else given.reasoning,
        )


@dataclass(frozen=True, slots=True)
class Failure:
    """An error that the provider reports. A field that is not given is the provider's own for this name."""

    name: ErrorName | UnscriptedErrorName
    message: str | None = None
    status: int | None = None
    code: str | int | None = None
    type: str | None = None
    retry_after: float | None = None
    """Seconds."""
    body: Json = None
    """The whole body as it stands, in place of the provider's own."""
    headers: Headers = field(default_factory=dict)


class Rejected(Exception):  # noqa: N818 - an answer of the service, not an error of ours
    """A request that gets an error for an answer."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.name)
        self.failure = failure

    @classmethod
    def unreadable(cls, where: str, came: Json, wanted: str) -> Rejected:
        """Say what came at a place of the body, and what is wanted there."""
        return cls(Failure("invalid_request", f"{where}: {kind_of(came)} came, {wanted} is wanted"))


@dataclass(frozen=True, slots=True)
class Pace:
    """When a reply goes out. Seconds since the request arrived; the schedule is absolute."""

    delay: float = 0.0
    """Before the head of the response."""
    first: float = 0.0
    """Until the first beat."""
    gap: float = 0.0
    """From one beat to the next."""
    jitter: float = 0.0
    """How far each gap strays at most, as a share of it: 0.2 is ±20 %."""


@dataclass(frozen=True, slots=True)
class Break:
    """An error in the middle of a stream."""

    beats: int
    """How many beats go out before it; a stream with fewer ends as if nothing were to happen."""
    failure: Failure


@dataclass(frozen=True, slots=True)
class Reply:
    """What a step answers with, and when."""

    answer: Completion | Failure
    pace: Pace = Pace()
    headers: Headers = field(default_factory=dict)
    broken: Break | None = None
    """A whole answer is the error instead."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What makes an exchange its own: ids and times come from here and from nowhere else."""

    seed: int
    serial: int
    """The request's number in its session, from 1."""
    created: int
    """Seconds since 1970."""

    def hex(self, label: str, digits: int) -> str:
        """Up to 64 hexadecimal digits that are the same for the same seed, serial and label."""
        text = f"{self.seed}/{self.serial}/{label}"
        return hashlib.blake2b(text.encode(), digest_size=32).hexdigest()[:digits]
