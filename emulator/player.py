"""Performs actions on the socket: the only room that waits.

What is due goes out in one write; what is not due yet is waited for. The response is framed here and not by
`aiohttp.web.StreamResponse`, so that every byte of it is the emulator's: no header is added that the service would not
send, and the head shares a write with the first bytes of the body.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Protocol

from emulator.journal import Beat, Exchange, Journal
from emulator.types import Action, Headers, Send, Start, Wait

__all__ = ["Connection", "Player", "Socket", "Timer"]

_FLUSH_BYTES: Final = 64 * 1024
_REASONS: Final = {status.value: status.phrase for status in HTTPStatus}


class Socket(Protocol):
    """Where bytes go: an asyncio transport."""

    def write(self, data: bytes, /) -> None:
        """Hand bytes over."""

    def is_closing(self) -> bool:
        """Whether nobody reads any more."""


class Timer(Protocol):
    """Time to wait in: a session's clock."""

    def now(self) -> float:
        """Seconds since some start."""

    def is_due(self, moment: float) -> bool:
        """Whether a moment of `now` has come."""

    async def until(self, moment: float) -> None:
        """Return when a moment of `now` has come."""


@dataclass(frozen=True, slots=True)
class Connection:
    """One response's way to the client."""

    socket: Socket
    drain: Callable[[], Awaitable[None]]
    """Returns when the client has read enough for more to be written."""
    http_1_0: bool = False
    keep_alive: bool = True
    head_only: bool = False
    """The request was HEAD: no body goes out."""


class Player:
    """Performs one response."""

    def __init__(self, connection: Connection, clock: Timer, arrival: float) -> None:
        self._connection = connection
        self._clock = clock
        self._arrival = arrival
        """When the request arrived, in the clock's time."""
        self._buffer: list[bytes] = []
        self._buffered = 0
        self._due: list[tuple[float, int]] = []
        """Beats in the buffer: when they were planned, how many."""
        self._planned = 0.0
        self._chunked = False
        self.keep_alive = connection.keep_alive
        """Whether the connection can carry another request after this response."""

    async def perform(self, actions: Iterable[Action], exchange: Exchange, journal: Journal) -> None:
        """Perform the actions to their end, noting in the journal what went out and when."""
        for action in actions:
            match action:
                case Wait(until):
                    if not self._clock.is_due(self._arrival + until):
                        await self._flush(exchange)
                        await self._clock.until(self._arrival + until)
                    self._planned = until
                case Start():
                    self._chunked = action.length is None and not self._connection.http_1_0
                    self._put(self._head(action))
                case Send(data, beats):
                    self._count(beats)
                    exchange.sent(data)
                    self._put_body(data)
                    if self._buffered > _FLUSH_BYTES:
                        await self._flush(exchange)
        if self._chunked and not self._connection.head_only:
            self._put(b"0\r\n\r\n")
        # Some clients close the socket at the end marker: what must be recorded is recorded before they can see it.
        self._record(exchange)
        journal.close(exchange, "client_left" if self._connection.socket.is_closing() else "delivered")
        await self._flush(exchange)

    def _head(self, start: Start) -> bytes:
        headers: dict[str, str] = dict(start.headers)
        if start.length is not None and start.status != HTTPStatus.NO_CONTENT:
            headers["content-length"] = str(start.length)
        elif self._chunked:
            headers["transfer-encoding"] = "chunked"
        self.keep_alive = self.keep_alive and (start.length is not None or self._chunked)
        if not self.keep_alive:
            headers["connection"] = "close"
        elif self._connection.http_1_0:
            headers["connection"] = "keep-alive"
        return _head(start.status, headers)

    def _count(self, beats: int) -> None:
        if not beats:
            return
        if self._due and self._due[-1][0] == self._planned:
            beats += self._due.pop()[1]
        self._due.append((self._planned, beats))

    def _put_body(self, data: bytes) -> None:
        if self._connection.head_only or not data:
            return
        self._put(b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data)

    def _put(self, data: bytes) -> None:
        self._buffer.append(data)
        self._buffered += len(data)

    def _record(self, exchange: Exchange) -> None:
        actual = self._clock.now() - self._arrival
        exchange.beats += (Beat(planned, actual, beats) for planned, beats in self._due)
        self._due.clear()

    async def _flush(self, exchange: Exchange) -> None:
        if self._buffer:
            self._record(exchange)
            self._connection.socket.write(b"".join(self._buffer))
            self._buffer.clear()
            self._buffered = 0
            await self._connection.drain()


def _head(status: int, headers: Headers) -> bytes:
    """Write the head of an HTTP/1.1 response. Header values go out as UTF-8."""
    lines = [f"HTTP/1.1 {status} {_REASONS.get(status, '')}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join((*lines, "", "")).encode()
