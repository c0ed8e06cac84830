"""What happened: one exchange a request, in memory, bounded in count and in bytes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeAlias

from emulator import jsontext
from emulator.types import Call, Completion, Headers, Json, Turn

__all__ = ["Beat", "Ended", "Exchange", "Journal", "Outcome"]

Outcome: TypeAlias = Literal["hit", "miss", "rejected", "page"]
Ended: TypeAlias = Literal["open", "delivered", "broken_off", "client_left", "server_stopped"]
"""broken_off: as the scenario says, by an error in the stream or a fault."""

_KEPT_BYTES: Final = 1024 * 1024
"""How much of one body is kept."""
_OVERHEAD_BYTES: Final = 2048
"""What an exchange takes beside its bodies, roughly."""
_SECRET: Final = frozenset({"authorization", "proxy-authorization", "x-api-key", "api-key", "x-goog-api-key", "cookie"})


@dataclass(frozen=True, slots=True)
class Beat:
    """Model output that went out in one write. Seconds since the request arrived."""

    planned: float
    actual: float
    beats: int


@dataclass(slots=True)
class Exchange:
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
    """When the request arrived, in seconds of its session's clock."""
    left: float = 0.0
    """When its answer ended, in the same time."""
    retry_after: float | None = None
    """How long the client was told to wait, in seconds."""
    turns: tuple[Turn, ...] = ()
    """The conversation asked about, unless it is too long to keep."""
    said: Completion | None = None
    """What it was answered."""
    step: str = ""
    place: str = ""
    explanation: str = ""
    """Why no step answers, or why the request was rejected."""
    warnings: tuple[str, ...] = ()
    """What the service would have noted or refused in the request."""
    beats: list[Beat] = field(default_factory=list)
    reply: bytearray = field(default_factory=bytearray)
    """The body that went out, up to a bound."""
    sent_bytes: int = 0
    """How long that body is, without bound."""
    ended: Ended = "open"
    on_delivered: Callable[[], None] | None = None
    """Told once when the answer has gone out to its end."""

    def __post_init__(self) -> None:
        # Credentials are left out here, so that they are in no dump of the journal either.
        self.call = replace(
            self.call,
            headers=_without_secrets(self.call.headers),
            query={name: "…" if name == "key" else value for name, value in self.call.query.items()},
            body=self.call.body[:_KEPT_BYTES],
        )

    def sent(self, data: bytes) -> None:
        """Keep what went out."""
        self.sent_bytes += len(data)
        if len(self.reply) < _KEPT_BYTES:
            self.reply += data[: _KEPT_BYTES - len(self.reply)]

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
                "body": self.reply.decode(errors="replace") if self.stream else _readable(bytes(self.reply)),
                "bytes": self.sent_bytes,
                "beats": [[beat.planned, round(beat.actual, 6), beat.beats] for beat in self.beats],
                "ended": self.ended,
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

    def __len__(self) -> int:
        return len(self._exchanges)

    @property
    def total(self) -> int:
        """How many exchanges there have been, forgotten ones too."""
        return self._total

    def add(self, exchange: Exchange) -> None:
        """Record a request when its answer begins."""
        self._total = exchange.number
        self._exchanges[exchange.number] = exchange
        self._bytes += _size(exchange)
        self._shrink()

    def close(self, exchange: Exchange, ended: Ended) -> None:
        """Record how the answer ended. The first word on it stays."""
        if exchange.ended != "open":
            return
        exchange.ended = ended
        if exchange.on_delivered is not None and ended == "delivered":
            exchange.on_delivered()
        exchange.on_delivered = None
        if exchange.number in self._exchanges:
            self._bytes += len(exchange.reply)
            self._shrink()

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
            self._bytes -= _size(self._exchanges.pop(exchange.number))

    def _shrink(self) -> None:
        while len(self._exchanges) > self._most or self._bytes > self._most_bytes:
            self._bytes -= _size(self._exchanges.popitem(last=False)[1])


def _size(exchange: Exchange) -> int:
    answered = 0 if exchange.ended == "open" else len(exchange.reply)
    return _OVERHEAD_BYTES + len(exchange.call.body) + answered


def _without_secrets(headers: Headers) -> dict[str, str]:
    return {name: "…" if name in _SECRET else value for name, value in headers.items()}


def _readable(body: bytes) -> Json:
    try:
        return jsontext.loads(body) if body else None
    except ValueError:
        return body.decode(errors="replace")
