"""What happened: one exchange a request, in memory, bounded in count and in bytes."""

from __future__ import annotations

import re
from array import array
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, Literal, TypeAlias, get_args

from msgspec import Struct

from emulator import jsontext
from emulator.types import (
    Call,
    Completion,
    Embedding,
    Endpoint,
    Headers,
    Json,
    Media,
    Part,
    Search,
    Text,
    ToolCall,
    Turn,
)

__all__ = [
    "OUTCOMES",
    "SECRET_HEADERS",
    "Beat",
    "Ended",
    "Exchange",
    "Heading",
    "Journal",
    "Moment",
    "Outcome",
    "Watcher",
]

Outcome: TypeAlias = Literal["hit", "miss", "rejected", "page"]
OUTCOMES: Final[tuple[Outcome, ...]] = get_args(Outcome)
Ended: TypeAlias = Literal["open", "delivered", "broken_off", "client_left", "server_stopped"]
"""broken_off: as the scenario says, by an error in the stream or a fault."""
_ENDED_BY: Final[Mapping[str, str]] = {
    "delivered": "server",
    "broken_off": "scenario",
    "client_left": "client",
    "server_stopped": "server",
}
Moment: TypeAlias = Literal["added", "ended"]
Watcher: TypeAlias = Callable[[Moment, "Exchange"], None]
"""Is told of an exchange when its answer begins, and again when that has ended."""

_KEPT_BYTES: Final = 1024 * 1024
"""How much of one body is kept."""
_KEPT_WORDS: Final = 64 * 1024
"""How long a conversation, or what it was answered, is at most where it is kept beside the bodies."""
_PART_BYTES: Final = 128
"""What a part of a conversation takes beside its words, roughly."""
_OVERHEAD_BYTES: Final = 2048
"""What an exchange takes beside its bodies, roughly."""
SECRET_HEADERS: Final = frozenset(
    {"authorization", "proxy-authorization", "x-api-key", "api-key", "x-goog-api-key", "cookie"}
)
"""Headers whose values are never kept."""
_SECRET_FIELDS: Final = frozenset({"key", "api_key", "api-key", "apikey", "access_token", "auth_token", "token"})
"""The fields of a query that are credentials, whatever is in them."""
_TELLING: Final = 8
"""How long a value is at least that is a credential because it came as one as well."""


class Beat(Struct, frozen=True):
    """Model output that went out in one write. Seconds since the request arrived."""

    planned: float
    actual: float
    beats: int


class Heading(Struct, frozen=True, eq=False):
    """What is kept of the head of a request: all but its credentials, so that they are in no dump of the journal."""

    headers: Headers
    query: Mapping[str, str]
    leaked: tuple[str, ...]
    """The fields of the query in which credentials came."""
    credentials: int
    """Tells one set of credentials from another, and nothing of either."""

    @classmethod
    def of(cls, call: Call) -> Heading:
        """Leave the credentials of a call out."""
        secrets = [value for name, value in call.headers.items() if name in SECRET_HEADERS]
        leaked = tuple(_leaked(call, secrets)) if call.query else ()
        return cls(
            {name: "…" if name in SECRET_HEADERS else value for name, value in call.headers.items()},
            {name: "…" if name in leaked else value for name, value in call.query.items()},
            leaked,
            hash((*secrets, *(call.query[name] for name in leaked))),
        )


class Exchange(Struct, eq=False):
    """One request and what it was answered. Filled as the answer goes out."""

    number: int
    """From 1, over all sessions."""
    session: str
    serial: int
    """The request's number in its session."""
    created: int
    call: Call
    provider: str
    outcome: Outcome
    status: int
    protocol: str = ""
    target: str = ""
    model: str = ""
    stream: bool = False
    number_of_call: int = 0
    """Which call of the session it belongs to, from 1; 0: it asks no step."""
    attempt: int = 0
    """Which attempt of that call it is, from 1."""
    arrived: float = 0.0
    """When the request arrived, in seconds as its client feels them."""
    left: float = 0.0
    """When its answer ended, in the same time."""
    retry_after: float | None = None
    """How long the client was told to wait, in seconds."""
    endpoint: Endpoint | None = None
    """What the call resolved to; None: it asks no step."""
    turns: tuple[Turn, ...] | None = None
    """The conversation asked about; None: there is none, or it is too long to keep."""
    forced: bool = False
    """Whether the request leaves the model nothing but to call a function: that call is the answer."""
    said: Completion | None = None
    """What it was answered; None: an error, what no protocol wrote, or too much to keep."""
    error: str = ""
    """The name of the error that it was answered."""
    step: str = ""
    place: str = ""
    explanation: str = ""
    """Why no step answers, or why the request was rejected."""
    warnings: tuple[str, ...] = ()
    """What the service would have noted or refused in the request."""
    heading: Heading | None = None
    """What is kept of the call's head, where somebody knows already."""
    sent_bytes: int = 0
    """How long that body is, without bound."""
    ended: Ended = "open"
    on_ended: Callable[[bool], None] | None = None
    """Told once, when the answer has ended, whether it was a good one and has gone out to its end."""
    time: Callable[[], float] | None = None
    """Tells the time, as long as the answer goes out."""
    gone: Callable[[], bool] | None = None
    """Tells whether the client has left, as long as the answer goes out."""
    received_bytes: int = 0
    """How long the request's body is, without bound."""
    credentials: int = 0
    """Tells one set of credentials from another, and nothing of either."""
    leaked: tuple[str, ...] = ()
    """The fields of the query in which credentials came."""
    size: int = 0
    """How many bytes it takes, roughly; once its answer has ended, with the body that went out."""
    _sent: list[bytes] | None = None
    """The body that went out, up to a bound."""
    _whole: Callable[[], bytes] | None = None
    """Makes the body of an answer by a plan, of which so much went out."""
    _beats: tuple[float, ...] | array[float] = ()
    """Planned, actual and how many, one after the other: a long stream has thousands."""

    def __post_init__(self) -> None:
        call = self.call
        kept = self.heading or Heading.of(call)
        self.leaked, self.credentials = kept.leaked, kept.credentials
        self.received_bytes = len(call.body)
        self.call = Call(call.method, call.path, kept.query, kept.headers, call.body[:_KEPT_BYTES], call.host)
        self.heading = None
        asked = 0
        for turn in self.turns or ():
            asked += _length(turn.parts)
        if self.received_bytes > _KEPT_WORDS or asked > _KEPT_WORDS:
            self.turns, asked = None, 0
        answered = _length(self.said.parts) if self.said else 0
        if answered > _KEPT_WORDS:
            self.said, answered = None, 0
        self.size = _OVERHEAD_BYTES + len(self.call.body) + asked + answered

    @property
    def is_good(self) -> bool:
        """Whether a good answer went out to its end."""
        return self.ended == "delivered" and 200 <= self.status < 300  # noqa: PLR2004 - RFC 9110, 15.3

    def began(self, headers: Headers) -> None:
        """Note what the head of the response tells the client."""
        self.retry_after = _told(headers)

    def sent(self, data: bytes) -> None:
        """Keep what went out."""
        room = _KEPT_BYTES - self.sent_bytes
        self.sent_bytes += len(data)
        if self._sent is None:
            self._sent = []
        if room > 0:
            self._sent.append(data if len(data) <= room else data[:room])

    def sent_of(self, whole: Callable[[], bytes], size: int) -> None:
        """Keep what makes the body of which so much more went out, for whoever reads it."""
        self._whole = whole
        self.sent_bytes += size

    def beat(self, planned: float, actual: float, beats: int) -> None:
        """Note model output that went out in one write."""
        told = (planned, actual, beats)
        if isinstance(self._beats, array):
            self._beats.extend(told)
        else:
            self._beats = array("d", (*self._beats, *told)) if self._beats else told

    @property
    def timed(self) -> Iterator[tuple[float, float, float]]:
        """What `beats` tells, as numbers."""
        told = iter(self._beats)
        return zip(told, told, told, strict=True)

    @property
    def beats(self) -> list[Beat]:
        """Model output and when it went out."""
        return [Beat(planned, actual, int(beats)) for planned, actual, beats in self.timed]

    @property
    def reply(self) -> bytes:
        """The body that went out, up to a bound."""
        if self._whole is not None:
            return self._whole()[: self.kept_bytes]
        self._sent = [b"".join(self._sent or ())]
        return self._sent[0]

    @property
    def kept_bytes(self) -> int:
        """How much is kept of the body that went out."""
        return min(self.sent_bytes, _KEPT_BYTES)

    def as_json(self) -> Json:
        """For the control API."""
        return {
            "number": self.number,
            "session": self.session,
            "serial": self.serial,
            "created": self.created,
            "provider": self.provider,
            "protocol": self.protocol,
            "target": self.target,
            "model": self.model,
            "outcome": self.outcome,
            "call": self.number_of_call or None,
            "attempt": self.attempt or None,
            "step": self.step or None,
            "place": self.place or None,
            "error": self.error or None,
            "finish": self.said.finish if self.said else None,
            "explanation": self.explanation or None,
            "warnings": list(self.warnings),
            "request": {
                "method": self.call.method,
                "path": self.call.path,
                "query": dict(self.call.query),
                "headers": dict(self.call.headers),
                "body": _readable(self.call.body),
            },
            "response": {
                "status": self.status,
                "stream": self.stream,
                "body": self.reply.decode(errors="replace") if self.stream else _readable(self.reply),
                "bytes": self.sent_bytes,
                "retry_after": self.retry_after,
                "beats": [[beat.planned, round(beat.actual, 6), beat.beats] for beat in self.beats],
                "ended": self.ended,
                "ended_by": _ENDED_BY.get(self.ended),
            },
        }


class Journal:
    """The newest exchanges of all sessions. The oldest go when there are too many or they take too much memory."""

    def __init__(self, *, most: int, most_bytes: int) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._bytes = 0
        self._exchanges: OrderedDict[int, Exchange] = OrderedDict()
        self._total = 0
        self._watchers: tuple[Watcher, ...] = ()

    def __len__(self) -> int:
        return len(self._exchanges)

    @property
    def total(self) -> int:
        """How many exchanges there have been, forgotten ones too."""
        return self._total

    @property
    def bytes(self) -> int:
        """What all exchanges take, roughly."""
        return self._bytes

    def watch(self, watcher: Watcher) -> None:
        """Tell somebody what happens from here on."""
        self._watchers = (*self._watchers, watcher)

    def unwatch(self, watcher: Watcher) -> None:
        """Tell them no more."""
        self._watchers = tuple(one for one in self._watchers if one != watcher)

    def add(self, exchange: Exchange) -> None:
        """Record a request when its answer begins."""
        self._total = exchange.number
        self._exchanges[exchange.number] = exchange
        self._bytes += exchange.size
        self._shrink()
        self._tell("added", exchange)

    def close(self, exchange: Exchange, ended: Ended) -> None:
        """Record how the answer ended. The first word on it stays."""
        if exchange.ended != "open":
            return
        exchange.ended = ended
        if exchange.time is not None:
            exchange.left = exchange.time()
        exchange.time = exchange.gone = None
        if exchange.on_ended is not None:
            exchange.on_ended(exchange.is_good)
        exchange.on_ended = None
        if exchange.number in self._exchanges:
            self._bytes += exchange.kept_bytes
            exchange.size += exchange.kept_bytes
            self._shrink()
        self._tell("ended", exchange)

    def notice(self, session: str) -> None:
        """Close the answers of a session whose clients have left, though nobody who sends has come upon it yet."""
        for exchange in list(self.read(session=session)):
            if exchange.gone is not None and exchange.gone():
                self.close(exchange, "client_left")

    def read(self, *, session: str | None = None, since: int = 0, outcome: str | None = None) -> Iterator[Exchange]:
        """The exchanges in the order of arrival: of one session, after number `since`, of one outcome."""
        for exchange in self._exchanges.values():
            if (
                exchange.number > since
                and (session is None or exchange.session == session)
                and (outcome is None or exchange.outcome == outcome)
            ):
                yield exchange

    def forget(self, session: str) -> None:
        """Forget the exchanges of one session."""
        for exchange in list(self.read(session=session)):
            self._bytes -= self._exchanges.pop(exchange.number).size

    def _tell(self, moment: Moment, exchange: Exchange) -> None:
        for watcher in self._watchers:
            watcher(moment, exchange)

    def _shrink(self) -> None:
        while len(self._exchanges) > self._most or self._bytes > self._most_bytes:
            self._bytes -= self._exchanges.popitem(last=False)[1].size


def _length(parts: Iterable[Part]) -> int:
    """What parts of a conversation take, roughly: their letters, and they themselves."""
    length = 0
    for part in parts:
        length += _PART_BYTES
        match part:
            case Text():  # most are
                length += len(part.text)
            case ToolCall():
                length += len(part.name) + len(part.arguments)
            case Media():
                length += len(part.source)
            case Search():
                length += len(part.query) + sum(len(found.text) + _PART_BYTES for found in part.results)
            case Embedding():
                pass
            case _:
                length += len(part.text)
    return length


def _told(headers: Headers) -> float | None:
    """How long a client is told to wait, as the SDKs read it; a date says nothing where time is the emulator's own."""
    for name, unit in (("retry-after-ms", 1000), ("retry-after", 1)):
        value = headers.get(name)
        if value is not None and re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", value):
            return float(value) / unit
    return None


def _leaked(call: Call, secrets: Iterable[str]) -> Iterator[str]:
    """Find the fields of the query that hold credentials: by their names, and by what came in a header as well."""
    values = {secret.rpartition(" ")[2] for secret in secrets}
    for name, value in call.query.items():
        if name.lower() in _SECRET_FIELDS or (len(value) >= _TELLING and value in values):
            yield name


def _readable(body: bytes) -> Json:
    try:
        return jsontext.loads(body) if body else None
    except ValueError:
        return body.decode(errors="replace")
