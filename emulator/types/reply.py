"""What is answered: a completion or a failure, its pace, and the stamp that makes it its own."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import formatdate
from functools import lru_cache
from hashlib import blake2b
from typing import Literal, TypeAlias

from msgspec import Struct, field

from emulator.types.conversation import Part, Reasoning, count_part
from emulator.types.failure import Failure
from emulator.types.faults import Fault, Happening
from emulator.types.request import Request
from emulator.types.values import Headers, Json

__all__ = [
    "Answer",
    "Completion",
    "Finish",
    "Logprob",
    "Pace",
    "Quota",
    "Raw",
    "Reply",
    "Stamp",
    "Tokens",
    "Usage",
]

Finish: TypeAlias = Literal["stop", "length", "tool_calls", "content_filter", "stop_sequence", "refusal", "pause"]


class Usage(Struct, frozen=True):
    """Token counts that a scenario gives. None: estimated by `count_tokens`."""

    input: int | None = None
    output: int | None = None
    cached_input: int = 0
    cache_write: int = 0
    reasoning: int | None = None


class Tokens(Struct, frozen=True):
    """Token counts of one exchange. `cached_input` and `cache_write` are part of `input`, `reasoning` of `output`."""

    input: int
    output: int
    cached_input: int
    cache_write: int
    reasoning: int


class Logprob(Struct, frozen=True):
    """How likely a token was, as a natural logarithm, and how likely others in its place."""

    token: str
    logprob: float
    top: tuple[tuple[str, float], ...] = ()


class Completion(Struct, frozen=True):
    """A successful answer, in the order the model produced it."""

    parts: tuple[Part, ...]
    finish: Finish
    usage: Usage = Usage()
    model: str = ""
    """Empty: the model asked for."""
    stop_sequence: str = ""
    """With finish stop_sequence: the sequence that was hit."""
    others: tuple[Completion, ...] = ()
    """What the second answer, the third … say where several are asked for. None: the same as the first."""
    logprobs: tuple[Logprob, ...] = ()
    """Of the tokens of the text, where the request asks for them. None: made from the text and the stamp."""
    metadata: Mapping[str, Json] = field(default_factory=dict)
    """Fields that are merged into the top of a whole answer, and into that of each event that has one."""
    blocked: str = ""
    """Not empty: the prompt is blocked for this reason, and nothing is said."""

    def choice(self, number: int) -> Completion:
        """What answer `number`, from 0, says; past the last one they start over."""
        choices = (self, *self.others)
        return choices[number % len(choices)]

    def tokens(self, request: Request) -> Tokens:
        """What this answer costs, as often as it is asked for: as the scenario says, the rest estimated."""
        given = self.usage
        said = [part for number in range(request.count) for part in self.choice(number).parts]
        reasoning = sum(count_part(part) for part in said if isinstance(part, Reasoning))
        return Tokens(
            input=request.input_tokens if given.input is None else given.input,
            output=sum(map(count_part, said)) if given.output is None else given.output,
            cached_input=given.cached_input,
            cache_write=given.cache_write,
            reasoning=reasoning if given.reasoning is None else given.reasoning,
        )


class Raw(Struct, frozen=True):
    """An answer as a scenario wrote it, past every protocol and provider."""

    status: int
    headers: Headers
    pieces: tuple[bytes, ...]
    """The body. Of a stream each piece is a beat."""
    streamed: bool = False


Answer: TypeAlias = Completion | Failure | Raw


class Pace(Struct, frozen=True):
    """When a reply goes out. Seconds since the request arrived; the schedule is absolute."""

    delay: float = 0.0
    """Before the head of the response."""
    first: float = 0.0
    """Until the first beat."""
    gaps: tuple[float, ...] = ()
    """From one beat to the next, over and over."""
    jitter: float = 0.0
    """How far each gap strays at most, as a share of it: 0.2 is ±20 %."""
    keep_alive: float = 0.0
    """How long a stream is silent at most before a sign of life goes out. 0: as long as it likes."""

    @property
    def waits(self) -> bool:
        """Whether beats wait for anything but the head."""
        return bool(self.first or self.gaps)


class Reply(Struct, frozen=True):
    """What a step answers with, when, and what goes wrong on the way."""

    answer: Answer
    pace: Pace = Pace()
    headers: Headers = field(default_factory=dict)
    happenings: tuple[Happening, ...] = ()
    """What happens on the way of a stream, in order."""
    fault: Fault | None = None
    """What becomes of the response as a whole."""
    sets: Mapping[str, Json] = field(default_factory=dict)
    """What the session's state becomes, name by name."""


class Quota(Struct, frozen=True):
    """Where a session stands with its limits when an answer begins. None: there is no such limit."""

    limit_requests: int | None
    remaining_requests: int
    limit_tokens: int | None
    remaining_tokens: int
    reset: float
    """Seconds until the window ends."""


class Stamp(Struct, frozen=True):
    """What makes an exchange its own: ids and times come from here and from nowhere else."""

    seed: int
    serial: int
    """The request's number in its session, from 1."""
    created: int
    """Seconds since 1970."""

    def hex(self, label: str, digits: int) -> str:
        """Up to 64 hexadecimal digits that are the same for the same seed, serial and label."""
        return self._hash(label).hexdigest()[:digits]

    def base64(self, label: str, size: int) -> str:
        """The same as so many bytes in base64, up to 32 of them."""
        return base64.b64encode(self.octets(label, size)).decode()

    def base64url(self, label: str, size: int) -> str:
        """The same in the alphabet for URLs, without padding."""
        return base64.urlsafe_b64encode(self.octets(label, size)).decode().rstrip("=")

    def uuid(self, label: str) -> str:
        """The same as 32 digits in the form of a UUID, of no version."""
        digits = self.hex(label, 32)
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

    def date(self) -> str:
        """The time as a Date header has it."""
        minute, second = divmod(self.created, 60)
        return f"{_minute(minute)}{second:02} GMT"

    def moment(self, label: str) -> str:
        """The time in RFC 3339, with microseconds that are the same for the same seed, serial and label."""
        second = datetime.fromtimestamp(self.created, UTC).isoformat()[:19]
        return f"{second}.{int(self.hex(label, 8), 16) % 1_000_000:06}Z"

    def octets(self, label: str, size: int) -> bytes:
        """Up to 32 bytes that are the same for the same seed, serial and label."""
        return self._hash(label).digest()[:size]

    def _hash(self, label: str) -> blake2b:
        return blake2b(f"{self.seed}/{self.serial}/{label}".encode(), digest_size=32)


@lru_cache(maxsize=64)
def _minute(minute: int) -> str:
    """`Thu, 01 Jan 2026 12:34:` of a minute since 1970."""
    return formatdate(minute * 60, usegmt=True)[:23]
