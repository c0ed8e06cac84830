"""Requests that are under way while a test does something else, clocks turned by hand, and what a raw socket sees."""

import asyncio
import json
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from emulator.session import Session, key_id
from tests.live import Live

__all__ = ["CHAT", "advance", "aside", "asked", "received", "session", "under_way", "until", "words"]

Given = TypeVar("Given")

CHAT = "/v1/ai/cloudbase/chat/completions"


def session(live: Live) -> Session:
    """The session of the test's key."""
    return live.server.app.sessions.get(key_id(live.key), None)


def under_way(live: Live) -> int:
    """How many answers of the session are under way."""
    return len(session(live).answers)


def aside(ask: Callable[[], Given]) -> Future[Given]:
    """Ask in a thread; what came back, or was raised, is in the future."""
    future: Future[Given] = Future()

    def run() -> None:
        try:
            future.set_result(ask())
        except Exception as error:  # noqa: BLE001 - told to whoever asks for the result
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future


def until(live: Live, condition: Callable[[], bool]) -> None:
    """Return when something is true, seen from the server's loop."""

    async def watch() -> None:
        async with asyncio.timeout(8):
            while not condition():  # noqa: ASYNC110 - a server tells nobody how far it is
                await asyncio.sleep(0.001)

    live.run(watch())


def advance(live: Live, seconds: float, *, waited: bool = True) -> None:
    """Turn the session's manual clock, once somebody waits for it."""
    if waited:
        until(live, lambda: bool(session(live).clock.waiting))

    async def turn() -> None:
        session(live).clock.advance(seconds)

    live.run(turn())


def words(live: Live, user: str, **fields: Any) -> str:
    """What a chat request is answered in words; the name of its error where it has one."""
    reply = live.ask(user, **fields)
    if reply.status != 200:
        return str(reply.status)
    return str(reply.json["choices"][0]["message"]["content"])


def asked(live: Live, *, path: str = CHAT, version: str = "1.1", method: str = "POST", **fields: Any) -> socket.socket:
    """A raw socket on which a chat request has gone out."""
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "Hello"}], **fields}).encode()
    fields = {"host": "h", "authorization": live.bearer, "content-length": str(len(body)), "connection": "keep-alive"}
    lines = [f"{method} {path} HTTP/{version}", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
    connection = socket.create_connection(("127.0.0.1", live.server.port), timeout=8)
    connection.sendall("\r\n".join(lines).encode() + body)
    return connection


def received(connection: socket.socket) -> tuple[bytes, str]:
    """All that comes, and how it ends: `fin` or `reset`. An answer that is whole ends with `whole`."""
    data = b""
    while True:
        try:
            piece = connection.recv(65536)
        except ConnectionResetError:
            return data, "reset"
        if not piece:
            return data, "fin"
        data += piece
        if _whole(data):
            return data, "whole"


def _whole(data: bytes) -> bool:
    head, _, body = data.partition(b"\r\n\r\n")
    if b"transfer-encoding: chunked" in head:
        return body.endswith(b"0\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length: "):
            return len(body) >= int(line.partition(b": ")[2])
    return False
