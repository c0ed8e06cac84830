"""Where a worker's connections come in: a request of a session that is at home elsewhere goes there with all it has."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeAlias, cast

from aiohttp import web
from msgspec import Struct

from emulator.server.app import App
from emulator.server.http import CLOSED, Connection, Host, Listener
from emulator.server.workers.arrived import Arrived
from emulator.server.workers.fellows import STREAM, Fellows
from emulator.server.workers.post import Post

__all__ = ["Desk", "Guests"]

_BREATH: Final = 0.005
"""Seconds in which a client reads on, where an answer to it is still under way."""
Handler: TypeAlias = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Guest(Connection):
    """A client's connection, that can be handed over."""

    __slots__ = ("_read", "arrived")

    def __init__(self, manager: web.Server, host: Host, read: bytes = b"", **settings: Any) -> None:
        super().__init__(manager, host, **settings)
        self.arrived = Arrived()
        self._read = read
        """What another worker has read of it."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin with what was read already: only then comes more."""
        super().connection_made(transport)
        if self._read:
            self.data_received(self._read)
            self._read = b""

    def feed(self, data: bytes) -> None:
        """Keep what comes until it is known whose it is."""
        self.arrived.add(data)
        super().feed(data)

    async def hand_over(self, give: Callable[[int, bytes], Awaitable[None]]) -> None:
        """Give the connection away between two requests, with what has come of the next one."""
        transport = self.transport
        if transport is None:
            return
        transport.pause_reading()
        # An answer may still be under way to a client that does not wait for it; nobody tells when it is out.
        while transport.get_write_buffer_size():  # noqa: ASYNC110
            await asyncio.sleep(_BREATH)
        copy = os.dup(transport.get_extra_info("socket").fileno())
        try:
            await give(copy, self.arrived.data)
        finally:
            os.close(copy)
            # Only this process's hold on it ends: nothing goes out.
            self.force_close()


class Guests(Listener):
    """Makes a `Guest` for each client, be it that another worker has accepted it."""

    def __call__(self, read: bytes = b"") -> Guest:
        """Make the protocol of a connection."""
        return Guest(self, self.host, read, loop=self._loop, **self._kwargs)

    async def adopt(self, descriptor: int, read: bytes) -> None:
        """Go on with a connection of which another worker has read so much."""
        loop = asyncio.get_running_loop()
        await loop.connect_accepted_socket(lambda: self(read), socket.socket(fileno=descriptor))


class Desk(Struct, frozen=True):
    """Answers what is at home in this worker, and sends on what is not."""

    app: App
    fellows: Fellows
    post: Post

    async def handle(self, http: web.BaseRequest) -> web.StreamResponse:
        """Answer one HTTP request, or give its connection to the worker that does."""
        guest = cast("Guest", http.protocol)
        session = self._session(http, guest)
        home = None if session is None else self.fellows.home(session)
        if home is None or home == self.fellows.me:
            length = http.content_length
            guest.arrived.answered_here(0 if length is None and "transfer-encoding" not in http.headers else length)
            return await self.app.handle(http)
        with contextlib.suppress(OSError):  # that worker has gone: the server is about to end
            await guest.hand_over(lambda connection, read: self.post.give(home, connection, read))
        return CLOSED

    def _session(self, http: web.BaseRequest, guest: Guest) -> str | None:
        """Whose request it is; None where any worker can take it."""
        if http.path.startswith("/_emulator"):
            return http.query.get("session") if http.path == STREAM else None
        return guest.entrance.open(http, b"").session
