"""The vocabulary of the emulator: what every room takes and gives.

Values only, from the standard library only. The flow between them:

    Call ─► Endpoint ─► Request ─► Reply = (Completion | Failure) + Pace ─► Frame… ─► Action…
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, Protocol, TypeAlias, get_args

__all__ = [
    "ERROR_NAMES",
    "FINISHES",
    "Action",
    "Call",
    "Completion",
    "EmulatorError",
    "Endpoint",
    "ErrorName",
    "Failure",
    "Finish",
    "Frame",
    "Headers",
    "Json",
    "Media",
    "Pace",
    "Page",
    "Part",
    "Provider",
    "Reasoning",
    "Rejected",
    "Reply",
    "Request",
    "Send",
    "Stamp",
    "Start",
    "Text",
    "Tokens",
    "Tool",
    "ToolCall",
    "ToolResult",
    "Turn",
    "Usage",
    "Wait",
    "WireProtocol",
    "conversation",
    "count_tokens",
]

Json: TypeAlias = Any
"""Whatever `json.loads` gives: dict, list, str, int, float, bool or None."""

Headers: TypeAlias = Mapping[str, str]
"""Header fields by name in lower case."""


class EmulatorError(Exception):
    """What a user of the emulator did wrong, in a sentence for them."""


# ---------------------------------------------------------------- what came in


@dataclass(frozen=True, slots=True)
class Call:
    """An HTTP request as it arrived, without what the emulator itself put in front of the path."""

    method: str
    path: str
    """Percent-decoded, begins with a slash."""
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Headers = field(default_factory=dict)
    body: bytes = b""
    host: str = ""
    """The Host header in lower case, without the port."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What a call resolved to: who answers, in which words, for which model."""

    provider: str
    protocol: WireProtocol
    target: str = ""
    """The variable segment of the path, such as the provider group of CloudBase."""
    environment: str = ""
    model: str | None = None
    """The model where the path or the account decides it; None: the body must name it."""


@dataclass(frozen=True, slots=True)
class Page:
    """A whole answer that no scenario is asked for: a listing, a sign-in, an error."""

    status: int
    body: Json
    """None: no body at all."""
    headers: Headers = field(default_factory=dict)


# ---------------------------------------------------------------- the conversation


@dataclass(frozen=True, slots=True)
class Text:
    """Words, said by anyone. A stream is cut at `cuts` (offsets into `text`); a whole answer ignores them."""

    text: str
    cuts: tuple[int, ...] = ()

    @property
    def deltas(self) -> Iterator[str]:
        """The pieces a stream sends; joined they are `text`. No text, no pieces."""
        return _pieces(self.text, self.cuts)


@dataclass(frozen=True, slots=True)
class Reasoning:
    """Thinking that is shown to the client."""

    text: str
    cuts: tuple[int, ...] = ()
    signature: str = ""

    @property
    def deltas(self) -> Iterator[str]:
        """The pieces a stream sends; joined they are `text`. No text, no pieces."""
        return _pieces(self.text, self.cuts)


@dataclass(frozen=True, slots=True)
class ToolCall:
    """The model asks the client to run a function."""

    name: str
    arguments: str
    """JSON text as it travels; malformed where a scenario says so."""
    id: str = ""
    """Empty: made from the session's seed when the reply is rendered."""
    cuts: tuple[int, ...] = ()

    @property
    def deltas(self) -> Iterator[str]:
        """The pieces of `arguments` a stream sends. No arguments, no pieces."""
        return _pieces(self.arguments, self.cuts)


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What the client's function gave. `name` is found through the call; empty where no call has this id."""

    call_id: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Media:
    """An image, a sound, a film or a file within a message."""

    kind: Literal["image", "audio", "video", "file"]
    source: str
    """A URL, a data URL, bare base64 or a file id, as it came."""


Part: TypeAlias = Text | Reasoning | ToolCall | ToolResult | Media
Role: TypeAlias = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True)
class Turn:
    """One role's say. Neighbouring turns of one role are one turn; tool results stand in turns of their own."""

    role: Role
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        """The words of this turn, texts joined by a line break, without reasoning."""
        return "\n".join(part.text for part in self.parts if isinstance(part, Text | ToolResult))


@dataclass(frozen=True, slots=True)
class Tool:
    """A function that the request offers to the model."""

    name: str
    parameters: Json = None


@dataclass(frozen=True)
class Request:
    """The conversation asked about: the same value whatever protocol it came in."""

    call: Call
    endpoint: Endpoint
    body: Json
    """The parsed body, as it came."""
    model: str
    turns: tuple[Turn, ...]
    tools: tuple[Tool, ...] = ()
    tool_choice: str = "auto"
    """auto, none, required, or the forced function's name."""
    stream: bool = False
    reasoning: bool = False
    """Thinking is asked for."""
    schema: Json = None
    """The JSON Schema of the structured output asked for; True where only JSON is asked for."""

    @cached_property
    def user(self) -> str:
        """The text of the last user turn; empty where there is none."""
        return next((turn.text for turn in reversed(self.turns) if turn.role == "user"), "")

    @cached_property
    def system(self) -> str:
        """System, developer and instruction texts, joined by a line break."""
        return "\n".join(turn.text for turn in self.turns if turn.role == "system")

    @cached_property
    def turn(self) -> int:
        """1 + how many assistant turns the request carries."""
        return 1 + sum(turn.role == "assistant" for turn in self.turns)

    @cached_property
    def tool_results(self) -> tuple[ToolResult, ...]:
        """The newest turns' tool results: those since the last assistant turn, if nobody spoke after them."""
        if not self.turns or self.turns[-1].role != "tool":
            return ()
        return tuple(part for part in self.turns[-1].parts if isinstance(part, ToolResult))

    @cached_property
    def input_tokens(self) -> int:
        """The estimate of `usage.input`: every text, reasoning, call and result of the conversation."""
        return max(1, sum(_part_tokens(part) for turn in self.turns for part in turn.parts))


# ---------------------------------------------------------------- the answer

Finish: TypeAlias = Literal["stop", "length", "tool_calls", "content_filter"]
FINISHES: tuple[Finish, ...] = get_args(Finish)

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

Refusal: TypeAlias = Literal[
    "auth_scheme",
    "malformed_body",
    "method_not_allowed",
    "missing_model",
    "no_step",
    "route_not_found",
    "slow_body",
]
"""What only the emulator itself reports, never a scenario."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts that a scenario gives. None: estimated by `count_tokens`."""

    input: int | None = None
    output: int | None = None
    cached_input: int = 0
    reasoning: int | None = None


@dataclass(frozen=True, slots=True)
class Tokens:
    """Token counts of one exchange. `cached_input` is part of `input`, `reasoning` of `output`."""

    input: int
    output: int
    cached_input: int
    reasoning: int


@dataclass(frozen=True, slots=True)
class Completion:
    """A successful answer, in the order the model produced it."""

    parts: tuple[Part, ...]
    finish: Finish
    usage: Usage = Usage()
    model: str = ""
    """Empty: the model asked for."""

    def tokens(self, request: Request) -> Tokens:
        """What this answer to this request costs: as the scenario says, the rest estimated."""
        given = self.usage
        reasoning = sum(_part_tokens(part) for part in self.parts if isinstance(part, Reasoning))
        return Tokens(
            input=request.input_tokens if given.input is None else given.input,
            output=sum(map(_part_tokens, self.parts)) if given.output is None else given.output,
            cached_input=given.cached_input,
            reasoning=reasoning if given.reasoning is None else given.reasoning,
        )


@dataclass(frozen=True, slots=True)
class Failure:
    """An error that the provider reports. A field that is not given is the provider's own for this name."""

    name: ErrorName | Refusal
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
class Reply:
    """What a step answers with, and when."""

    answer: Completion | Failure
    pace: Pace = Pace()
    headers: Headers = field(default_factory=dict)


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


# ---------------------------------------------------------------- the wire


@dataclass(frozen=True, slots=True)
class Frame:
    """One event of a stream."""

    data: Json
    """A string goes out as it stands, anything else as JSON."""
    event: str | None = None
    beat: bool = False
    """Carries model output: only beats are paced."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing goes out before `until`, in seconds since the request arrived."""

    until: float


@dataclass(frozen=True, slots=True)
class Start:
    """The head of the response. `length` in bytes; None: a stream whose length nobody knows."""

    status: int
    headers: Headers
    length: int | None


@dataclass(frozen=True, slots=True)
class Send:
    """Bytes of the body. `beats`: how many beats are in them."""

    data: bytes
    beats: int = 0


Action: TypeAlias = Wait | Start | Send


class WireProtocol(Protocol):
    """A codec between the vocabulary and one wire format. A module, without state."""

    @property
    def NAME(self) -> str:  # noqa: N802 - a constant of the module
        """The word for it in a scenario's `protocol` condition."""

    def decode(self, call: Call, endpoint: Endpoint) -> Request:
        """Read a call. Raises Rejected where it can't be read."""

    def body(self, done: Completion, request: Request, stamp: Stamp) -> Json:
        """Write a whole answer."""

    def frames(self, done: Completion, request: Request, stamp: Stamp) -> Iterator[Frame]:
        """Write the same answer as a stream."""

    def failure(self, failure: Failure) -> Json:
        """Write an error in the protocol's own words, as the service at its home does."""


class Provider(Protocol):
    """An account with a service: a frozen dataclass whose fields are its settings.

    It resolves routes and checks keys, and it has the last word over what a protocol wrote.
    """

    @property
    def name(self) -> str:
        """The word for it in a path prefix and in a scenario's `provider` condition."""

    @property
    def hosts(self) -> tuple[str, ...]:
        """How the Host headers end that are this provider's alone."""

    def claims(self, path: str) -> bool:
        """Whether a path without a prefix, on a Host that tells nothing, is this provider's."""

    def base_url(self, origin: str) -> str:
        """What a user pastes into a client as base URL, for a server at `origin`."""

    def sample(self, model: str, user: str) -> Call:
        """A request as a user would try by hand, without credentials. Empty: whatever suits."""

    def resolve(self, call: Call, stamp: Stamp) -> Endpoint | Page:
        """Find the route and check the key. Raises Rejected."""

    def body(self, body: Json, request: Request, stamp: Stamp) -> Json:
        """The last word over a whole answer."""

    def frames(self, frames: Iterator[Frame], done: Completion, request: Request, stamp: Stamp) -> Iterator[Frame]:
        """The last word over a stream."""

    def failure(self, failure: Failure, call: Call, stamp: Stamp) -> Page:
        """An error as this service sends it."""

    def headers(self, call: Call, stamp: Stamp) -> Headers:
        """What every response of this service carries."""


def conversation(turns: Iterable[Turn]) -> tuple[Turn, ...]:
    """Merge neighbouring turns of one role, so that a conversation is the same value in every protocol."""
    merged: list[Turn] = []
    for turn in turns:
        if merged and merged[-1].role == turn.role:
            merged[-1] = Turn(turn.role, merged[-1].parts + turn.parts)
        else:
            merged.append(turn)
    return tuple(merged)


def count_tokens(text: str) -> int:
    """Estimate the tokens of a text: one for every four bytes of its UTF-8, rounded up."""
    return -(-(len(text) if text.isascii() else len(text.encode())) // 4)


def _part_tokens(part: Part) -> int:
    match part:
        case Text() | Reasoning() | ToolResult():
            return count_tokens(part.text)
        case ToolCall():
            return count_tokens(part.name) + count_tokens(part.arguments)
        case Media():
            return 256


def _pieces(text: str, cuts: tuple[int, ...]) -> Iterator[str]:
    start = 0
    for cut in cuts:
        yield text[start:cut]
        start = cut
    if start < len(text):
        yield text[start:]
