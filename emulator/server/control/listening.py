"""The journal as it happens, as server-sent events."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from typing import Final

from aiohttp import web
from msgspec import Struct, field

from emulator import jsontext
from emulator.journal import Exchange, Moment
from emulator.types import Json

__all__ = ["MOST_LISTENERS", "Listener"]

MOST_LISTENERS: Final = 16
_MOST_EVENTS: Final = 1000
_MOST_BYTES: Final = 8 * 1024 * 1024
"""How much waits for a listener at most."""
_ALIVE_SECONDS: Final = 15.0


class Listener(Struct, eq=False):
    """Somebody who listens to the journal.

    What they are too slow for is left out, the oldest first, and they are told so.
    """

    wants: Callable[[Exchange], bool]
    earlier: list[Exchange]
    """What has happened already and is told first."""
    _waiting: deque[bytes] = field(default_factory=deque)
    _bytes: int = 0
    _lost: int = 0
    _over: bool = False
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def __call__(self, moment: Moment, exchange: Exchange) -> None:
        """Be told of an exchange."""
        if not self.wants(exchange):
            return
        event = _event(moment, exchange.as_json(), exchange.number)
        self._waiting.append(event)
        self._bytes += len(event)
        while len(self._waiting) > _MOST_EVENTS or self._bytes > _MOST_BYTES:
            self._bytes -= len(self._waiting.popleft())
            self._lost += 1
        self._news.set()

    def stop(self) -> None:
        """Be told that the server stops."""
        self._over = True
        self._news.set()

    async def serve(self, http: web.BaseRequest) -> web.StreamResponse:
        """Tell them, until they leave or the server stops."""
        response = web.StreamResponse(headers={"content-type": "text/event-stream", "cache-control": "no-store"})
        await response.prepare(http)
        await response.write(b": listening\n\n")
        for exchange in self.earlier:
            moment: Moment = "added" if exchange.ended == "open" else "ended"
            await response.write(_event(moment, exchange.as_json(), exchange.number))
        self.earlier = []
        while True:
            for event in self._events():
                await response.write(event)
            if self._over:
                await response.write(_event("stopped", {}))
                await response.write_eof()
                return response
            try:
                async with asyncio.timeout(_ALIVE_SECONDS):
                    await self._news.wait()
            except TimeoutError:
                await response.write(b": keep-alive\n\n")

    def _events(self) -> Iterator[bytes]:
        """Give what waits, as long as something does."""
        while self._waiting or self._lost:
            if self._lost:
                lost, self._lost = self._lost, 0
                yield _event("lost", {"events": lost})
            elif self._waiting:
                event = self._waiting.popleft()
                self._bytes -= len(event)
                yield event
        self._news.clear()


def _event(name: str, data: Json, number: int | None = None) -> bytes:
    identity = b"" if number is None else b"id: %d\n" % number
    return b"event: %b\n%bdata: %b\n\n" % (name.encode(), identity, jsontext.dumps(data))
