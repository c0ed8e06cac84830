"""The wire: frames, what happens on the socket, and the two seams that write them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Literal, Protocol, TypeAlias

from msgspec import Struct

from emulator.types.failure import Failure
from emulator.types.reply import Completion, Quota, Stamp
from emulator.types.request import Call, Endpoint, Memory, Page, Request
from emulator.types.rules import Rulebook
from emulator.types.values import Headers, Json

__all__ = [
    "Action",
    "Broken",
    "End",
    "Frame",
    "Framing",
    "Hang",
    "Hold",
    "Provider",
    "Ready",
    "Send",
    "Start",
    "Wait",
    "WireProtocol",
]


class Frame(Struct, frozen=True):
    """One event of a stream."""

    data: Json
    """A string goes out as it stands, anything else as JSON; in the raw framing, bytes."""
    event: str | None = None
    beat: bool = False
    """Carries model output: only beats are paced."""
    text: str = ""
    """The words of the model's text that it carries, of the first answer where there are several."""


Framing: TypeAlias = Literal["sse", "sse-crlf", "json-array", "raw"]
"""Server-sent events, the same with CRLF line ends, one JSON array that grows, or bytes as they stand."""


class Wait(Struct, frozen=True):
    """Nothing goes out before `until`, in seconds since the request arrived."""

    until: float


class Start(Struct, frozen=True):
    """The head of the response. `length` in bytes; None: a stream whose length nobody knows."""

    status: int
    headers: Headers
    length: int | None
    head: bytes = b""
    """The same as a client with HTTP/1.1 and an open connection reads it, where somebody wrote it already."""


class Send(Struct, frozen=True):
    """Bytes of the body. `beats`: how many beats are in them."""

    data: bytes
    beats: int = 0
    alone: bool = False
    """What came before goes out in a write of its own."""
    whole: Callable[[], bytes] | None = None
    """By a plan: `data` is chunks of HTTP/1.1 already, and this makes the whole body, for whoever reads it later."""
    size: int = 0
    """By a plan: how much of the body is in `data`."""


class Hold(Struct, frozen=True):
    """Nothing goes out before a gate opens; what is due after it is due as much later."""

    gate: str
    sign: bytes = b""
    """A sign of life."""
    every: float = 0.0
    """How long to wait between two signs of life, in seconds. 0: there are none."""


class End(Struct, frozen=True):
    """The connection ends here, before the response does: by a TCP reset or by a FIN."""

    reset: bool


class Hang(Struct, frozen=True):
    """Nothing more goes out, and the connection stays open for as long as the client likes."""


class Broken(Struct, frozen=True):
    """The answer has gone wrong: what follows, if anything, is not what the model says."""


class Ready(Struct, frozen=True):
    """A whole response that is due at once, as a client with HTTP/1.1 and an open connection reads it."""

    data: bytes
    """The head and the body; in chunks, where the head tells no length."""
    body: Callable[[], bytes]
    """Makes the body, for whoever reads it later."""
    size: int
    """How long the body is."""
    beats: int
    headers: Headers


Action: TypeAlias = Wait | Start | Send | Hold | End | Hang | Broken


class WireProtocol(Protocol):
    """A codec between the vocabulary and one wire format. A module, without state."""

    @property
    def NAME(self) -> str:  # noqa: N802 - a constant of the module
        """The word for it in a scenario's `protocol` condition."""

    @property
    def PING(self) -> Frame | None:  # noqa: N802
        """The sign of life of a stream in which nothing is due; None: a comment does."""

    @property
    def RULES(self) -> Rulebook:  # noqa: N802
        """What the protocol's service at its home refuses."""

    def varies(self, request: Request) -> Hashable:
        """What its answers depend on in a request, beside its path, its headers, its model and its tokens.

        None: on too much for it to be worth knowing.
        """

    def decode(self, call: Call, endpoint: Endpoint, memory: Memory) -> Request:
        """Read a call; what it refers to is in the memory. Raises Rejected where it can't be read."""

    def body(self, done: Completion, request: Request, stamp: Stamp) -> Json:
        """Write a whole answer."""

    def frames(self, done: Completion, request: Request, stamp: Stamp) -> Iterator[Frame]:
        """Write the same answer as a stream."""

    def broken(self, cause: Failure, sent: int, stamp: Stamp) -> Iterator[Frame]:
        """Write an error in the middle of a stream, of which so many frames have gone out."""

    def framing(self, request: Request) -> Framing:
        """How the frames of a stream go over the wire."""

    def keep(self, done: Completion, request: Request, memory: Memory, stamp: Stamp) -> None:
        """Remember what later requests can refer to."""

    def blocked(self, done: Completion) -> Completion | Failure:
        """Give what a blocked prompt is answered with: an error, where the protocol has no answer of its own for it."""

    def failure(self, failure: Failure, stamp: Stamp) -> Page:
        """Write an error in the protocol's own words, as the service at its home does."""


class Provider(Protocol):
    """An account with a service: a frozen Struct whose fields are its settings.

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

    def base_urls(self, origin: str, target: str) -> Mapping[str, str]:
        """Where clients of each protocol begin, by its name; `target`: the segment of the path that varies, or empty.

        A protocol that is not there is not spoken, or not in a way that its own client understands.
        """

    def sample(self, model: str, user: str) -> Call:
        """A request as a user would try by hand, without credentials. Empty: whatever suits."""

    def resolve(self, call: Call, stamp: Stamp) -> Endpoint | Page:
        """Find the route and check the key. Raises Rejected."""

    def rules(self, protocol: WireProtocol) -> Rulebook:
        """What this service refuses in requests of a protocol: the protocol's own rules, without or with more."""

    def body(self, body: Json, request: Request, stamp: Stamp) -> Json:
        """The last word over a whole answer."""

    def frames(self, frames: Iterator[Frame], done: Completion, request: Request, stamp: Stamp) -> Iterator[Frame]:
        """The last word over a stream."""

    def failure(self, failure: Failure, call: Call, stamp: Stamp) -> Page:
        """An error as this service sends it."""

    def headers(self, call: Call, stamp: Stamp) -> Headers:
        """What every response of this service carries."""

    def quota(self, quota: Quota, protocol: str, stamp: Stamp) -> Headers:
        """How this service tells a client where it stands with its limits; nothing, where it does not."""

    def listing(self, models: tuple[str, ...]) -> Provider:
        """The same account with these models in its list."""
