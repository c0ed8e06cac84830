"""Performs actions on the socket: the only room that waits.

What is due goes out in one write; what is not due yet is waited for. The response is framed here and not by
`aiohttp.web.StreamResponse`, so that every byte of it is the emulator's: no header is added that the service would not
send, and the head shares a write with the first bytes of the body.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from collections.abc import Awaitable, Callable, Iterable, Iterator
from http import HTTPStatus
from typing import Any, Final, Protocol

from msgspec import Struct

from emulator.clock import Waiting
from emulator.journal import Ended, Exchange, Journal
from emulator.plans import LAST_CHUNK, chunk, head
from emulator.types import Action, Broken, End, Hang, Hold, Ready, Send, Start, Wait

__all__ = ["Connection", "Gate", "Player", "Socket", "Timer", "deliver", "is_full"]

_FLUSH_BYTES: Final = 64 * 1024
_BREATH: Final = 0.02
"""Seconds in which a client on the same machine reads what has arrived."""
_NO_LINGER: Final = struct.pack("ii", 1, 0)


class Socket(Protocol):
    """Where bytes go: an asyncio transport."""

    def write(self, data: bytes, /) -> None:
        """Hand bytes over."""

    def is_closing(self) -> bool:
        """Whether nobody reads any more."""

    def get_write_buffer_size(self) -> int:
        """How many bytes wait for the client to read on."""

    def abort(self) -> None:
        """Close at once."""

    def get_extra_info(self, name: str) -> Any:
        """What lies below, such as the operating system's `socket`."""


class Timer(Protocol):
    """Time to wait in: a session's clock."""

    def now(self) -> float:
        """Seconds since some start."""

    def is_due(self, moment: float) -> bool:
        """Whether a moment of `now` has come."""

    async def until(self, moment: float) -> None:
        """Return when a moment of `now` has come."""

    def at(self, moment: float, call: Callable[[], None]) -> Waiting:
        """Call when a moment of `now` has come, unless the waiting is over before."""


def is_full(socket: Socket) -> bool:
    """Whether the client has to read before there is more."""
    return socket.get_write_buffer_size() > _FLUSH_BYTES


def deliver(ready: Ready, socket: Socket, exchange: Exchange, journal: Journal, took: float) -> None:
    """Write a whole response, `took` seconds after the request came, noting in the journal what goes out."""
    exchange.began(ready.headers)
    exchange.sent_of(ready.body, ready.size)
    if ready.beats:
        exchange.beat(0.0, took, ready.beats)
    # Some clients close the socket at the end marker: what must be recorded is recorded before they can see it.
    if socket.is_closing():
        journal.close(exchange, "client_left")
        return
    journal.close(exchange, "delivered")
    socket.write(ready.data)


class Gate(Protocol):
    """What a test opens."""

    async def wait(self) -> object:
        """Return when it is open."""


class Connection(Struct, eq=False):
    """One response's way to the client."""

    socket: Socket
    drain: Callable[[], Awaitable[None]]
    """Returns when the client has read enough for more to be written."""
    http_1_0: bool = False
    keep_alive: bool = True
    head_only: bool = False
    """The request was HEAD: no body goes out."""

    def is_gone(self) -> bool:
        """Whether the client has closed the connection, be it that the event loop has not come to that yet."""
        endpoint = self.socket.get_extra_info("socket")
        if endpoint is None or self.socket.is_closing():
            return self.socket.is_closing()
        with socket.socket(fileno=os.dup(endpoint.fileno())) as copy:
            copy.settimeout(0)
            try:
                return not copy.recv(1, socket.MSG_PEEK)
            except BlockingIOError:
                return False
            except OSError:
                return True

    def reset(self) -> None:
        """Send a TCP reset: nothing that is still on its way arrives."""
        endpoint = self.socket.get_extra_info("socket")
        if endpoint is not None:
            endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self.socket.abort()


class Player:
    """Performs one response."""

    __slots__ = (
        "_arrival",
        "_broken",
        "_buffer",
        "_buffered",
        "_chunked",
        "_clock",
        "_connection",
        "_due",
        "_gate",
        "_held",
        "_planned",
        "_waiting",
        "keep_alive",
    )

    def __init__(self, connection: Connection, clock: Timer, arrival: float, gate: Callable[[str], Gate]) -> None:
        self._connection = connection
        self._clock = clock
        self._gate = gate
        self._arrival = arrival
        """When the request arrived, in the clock's time."""
        self._buffer: list[bytes] = []
        self._buffered = 0
        self._due: list[tuple[float, int]] = []
        """Beats in the buffer: when they were planned, how many."""
        self._planned = 0.0
        self._held = 0.0
        """How long gates have held the response up."""
        self._waiting: Waiting | None = None
        self._broken = False
        self._chunked = False
        self.keep_alive = connection.keep_alive
        """Whether the connection can carry another request after this response."""

    async def perform(self, actions: Iterable[Action], exchange: Exchange, journal: Journal) -> None:
        """Perform the actions to their end, noting in the journal what went out and when."""
        rest = iter(actions)
        stop = self._advance(rest, exchange)
        while stop is not None:
            match stop:
                case Wait(until):
                    stop = await self._paced(until + self._held, rest, exchange)
                    continue
                case Hold():
                    await self._hold(stop, exchange)
                case End(reset):
                    await self._end(exchange, journal, reset=reset)
                    return
                case Hang():
                    await self._flush(exchange)
                    await asyncio.get_running_loop().create_future()
                case _:  # the client reads more slowly than it is written to
                    await self._connection.drain()
            stop = self._advance(rest, exchange)
        if self._chunked and not self._connection.head_only:
            self._put(LAST_CHUNK)
        # Some clients close the socket at the end marker: what must be recorded is recorded before they can see it.
        self._record(exchange)
        journal.close(exchange, "client_left" if self._connection.socket.is_closing() else self._ended)
        await self._flush(exchange)

    @property
    def _ended(self) -> Ended:
        return "broken_off" if self._broken else "delivered"

    def _advance(self, rest: Iterator[Action], exchange: Exchange) -> Action | None:
        """Perform what can be performed at once; gives what must be waited for, None at the end.

        A Send that is given has been performed: the client has to read before there is more.
        """
        for action in rest:
            match action:
                case Send():
                    if self._send(action, exchange) and is_full(self._connection.socket):
                        return action
                case Wait(until):
                    until += self._held
                    if not self._clock.is_due(self._arrival + until):
                        return action
                    self._planned = until
                case Start():
                    self._chunked = action.length is None and not self._connection.http_1_0
                    exchange.began(action.headers)
                    self._put(action.head or self._head(action))
                case Broken():
                    self._broken = True
                case _:
                    return action
        return None

    def _send(self, send: Send, exchange: Exchange) -> bool:
        """Take what is sent; gives whether what came before has gone out for it."""
        writes = send.alone or self._buffered > _FLUSH_BYTES
        if writes:
            self._write(exchange)
        self._count(send.beats)
        if send.whole is None:
            exchange.sent(send.data)
            self._put_body(send.data)
        else:
            exchange.sent_of(send.whole, send.size)
            self._put(send.data)
        return writes

    async def _paced(self, until: float, rest: Iterator[Action], exchange: Exchange) -> Action | None:
        """Wait, and go on from the timer itself for as long as there is nothing but to write and to wait.

        Thousands of streams cost a timer each and not a task's turn for every piece. Gives what else must be done.
        """
        await self._flush(exchange)
        done: asyncio.Future[Action | None] = asyncio.get_running_loop().create_future()

        def tick() -> None:
            nonlocal until
            if done.done():  # nobody waits any more, and the task has not come to say so
                return
            self._planned = until
            try:
                stop = self._advance(rest, exchange)
                if isinstance(stop, Wait):
                    self._write(exchange)
            except Exception as error:  # noqa: BLE001 - it is raised where the response is performed
                done.set_exception(error)
                return
            if isinstance(stop, Wait) and not is_full(self._connection.socket):
                until = stop.until + self._held
                self._waiting = self._clock.at(self._arrival + until, tick)
            else:
                done.set_result(stop)

        self._waiting = self._clock.at(self._arrival + until, tick)
        try:
            return await done
        finally:  # the client may have gone, or the server stop
            self._waiting.over = True

    async def _hold(self, hold: Hold, exchange: Exchange) -> None:
        """Wait for a gate, with a sign of life now and then. What comes after it is as much later."""
        await self._flush(exchange)
        gate = self._gate(hold.gate)
        began = self._clock.now()
        signs = asyncio.ensure_future(self._live(hold, exchange)) if hold.sign and hold.every else None
        try:
            await gate.wait()
        finally:
            if signs is not None:
                signs.cancel()
        held = self._clock.now() - began
        self._held += held
        self._planned += held

    async def _live(self, hold: Hold, exchange: Exchange) -> None:
        while True:
            await self._clock.until(self._clock.now() + hold.every)
            exchange.sent(hold.sign)
            self._put_body(hold.sign)
            await self._flush(exchange)
            await asyncio.sleep(_BREATH)  # where waits last no time, signs of life still leave time for the gate

    async def _end(self, exchange: Exchange, journal: Journal, *, reset: bool) -> None:
        """End the connection in the middle of the response."""
        self.keep_alive = False
        self._record(exchange)
        journal.close(exchange, "broken_off")
        await self._flush(exchange)
        if reset:
            # What the kernel has not sent yet is lost with a reset: the client gets the time to read what came before.
            await asyncio.sleep(_BREATH)
            self._connection.reset()

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
        return head(start.status, headers)

    def _count(self, beats: int) -> None:
        if not beats:
            return
        if self._due and self._due[-1][0] == self._planned:
            beats += self._due.pop()[1]
        self._due.append((self._planned, beats))

    def _put_body(self, data: bytes) -> None:
        if self._connection.head_only or not data:
            return
        self._put(chunk(data) if self._chunked else data)

    def _put(self, data: bytes) -> None:
        self._buffer.append(data)
        self._buffered += len(data)

    def _record(self, exchange: Exchange) -> None:
        if not self._due:
            return
        actual = self._clock.now() - self._arrival
        for planned, beats in self._due:
            exchange.beat(planned, actual, beats)
        self._due.clear()

    def _write(self, exchange: Exchange) -> None:
        if self._buffer:
            self._record(exchange)
            # To who has gone asyncio's own loop writes nothing, and uvloop raises.
            if not self._connection.socket.is_closing():
                self._connection.socket.write(b"".join(self._buffer))
            self._buffer.clear()
            self._buffered = 0

    async def _flush(self, exchange: Exchange) -> None:
        if self._buffer:
            self._write(exchange)
            await self._connection.drain()
