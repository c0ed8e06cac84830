"""The sockets that a server listens at."""

from __future__ import annotations

import asyncio
import os
import socket
from typing import Final

from aiohttp import web

__all__ = ["listen", "listen_at", "sockets"]

_BACKLOG: Final = 4096
"""How many connections may wait to be accepted: one that finds no room asks again after a second, then after three."""
_AT_ONCE: Final = 16
"""How often a server listens on uvloop, which accepts one connection a turn for each time (libuv/libuv#3696): turns are
long where thousands of streams go on. asyncio's own loop accepts all that wait."""


async def listen(runner: web.ServerRunner, host: str, port: int) -> None:
    """Listen at a port. Raises OSError where it can't be had."""
    if _accepts_all():
        await web.TCPSite(runner, host, port, backlog=_BACKLOG).start()
        return
    for place in await sockets(host, port):
        await listen_at(runner, place)


async def listen_at(runner: web.ServerRunner, place: socket.socket) -> None:
    """Listen at a socket, which is the runner's from then on."""
    others = [] if _accepts_all() else [place.dup() for _ in range(1, _AT_ONCE)]
    for one in (place, *others):
        await web.SockSite(runner, one, backlog=_BACKLOG).start()


async def sockets(host: str, port: int) -> list[socket.socket]:
    """The sockets of a port, at which nobody listens yet. Raises OSError where it can't be had."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(asyncio.Protocol, host, port, start_serving=False)
    found = [socket.socket(fileno=os.dup(one.fileno())) for one in server.sockets]
    server.close()
    return found


def _accepts_all() -> bool:
    return isinstance(asyncio.get_running_loop(), asyncio.BaseEventLoop)
