"""The HTTP layer: aiohttp's parser and connections, without its routes, its error pages and its response headers."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from aiohttp import web

from emulator import jsontext
from emulator.player import Socket, is_full
from emulator.server.entrance import Entrance
from emulator.server.front import Visit
from emulator.types import Failure, Rejected

if TYPE_CHECKING:
    from aiohttp.abc import AbstractStreamWriter

__all__ = ["CLOSED", "KEPT", "Connection", "Host", "Listener", "Waiting", "read_body"]

_AGENT: Final = re.compile(rb"\r\nuser-agent:[^\r\n]*", re.IGNORECASE)
_BLANK: Final = b"\r\n\r\n"
_HEAD_BYTES: Final = 16 * 1024
_PARSED_EVERY: Final = 60.0
"""Seconds after which aiohttp gets a request again: it closes connections that it takes to be idle."""
_BODY_SECONDS: Final = 0.05
"""How long the body of a request is waited for before aiohttp gets its head, which waits as long as settings say."""
_LINGER_SECONDS: Final = 1.0
"""How long the rest of a refused body is read, so that its sender sees the answer and not a reset."""


class _Done(web.StreamResponse):
    """A response that has gone out already: aiohttp only has to know whether the connection lives on."""

    def __init__(self, *, keep_alive: bool) -> None:
        super().__init__()
        self._keep_alive = keep_alive

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:  # noqa: ARG002 - aiohttp's signature
        """Write nothing."""
        return None

    async def write_eof(self, data: Any = b"") -> None:
        """Write nothing."""


KEPT: Final = _Done(keep_alive=True)
CLOSED: Final = _Done(keep_alive=False)


class Waiting(Protocol):
    """An answer that could not go out where its request was received."""

    def leave(self) -> None:
        """The client has gone before the answer began."""


class Host(Protocol):
    """Who answers: the app."""

    def entrance(self) -> Entrance:
        """The way in of a new connection."""

    def answer(self, visit: Visit, socket: Socket) -> Waiting | None:
        """Answer a request where it is received; gives the answer that takes a task."""


class Connection(web.RequestHandler):
    """One client connection.

    A request goes through aiohttp's parser and gets a task of its own. But one with the head of one before it is
    answered where it is received, if its answer is due at once. It comes in one piece, or head and body apart, as many
    clients send them.
    """

    __slots__ = ("_answer", "_begun", "_parsed", "_patience", "entrance", "waiting")

    def __init__(self, manager: web.Server, host: Host, **settings: Any) -> None:
        super().__init__(manager, **settings)
        self.entrance = host.entrance()
        self.waiting: Waiting | None = None
        """The answer to the request that aiohttp has, where it is found already."""
        self._answer = host.answer
        self._parsed = 0.0
        """When aiohttp got a request."""
        self._begun = b""
        """A head whose body is about to come."""
        self._patience: asyncio.TimerHandle | None = None
        """Ends the wait for that."""

    def data_received(self, data: bytes) -> None:
        """Answer a request here, or feed the parser."""
        begun = self._wait_no_more()
        data = begun + data if begun else data
        if self.answered(data):
            return
        if not begun and self.entrance.awaits(data):
            self._begun = data
            patience = asyncio.get_running_loop().call_later(_BODY_SECONDS, lambda: self.feed(self._wait_no_more()))
            self._patience = patience
        else:
            self.feed(data)

    def _wait_no_more(self) -> bytes:
        """Give the head whose body was waited for; nothing, where there was none."""
        if self._patience is None:
            return b""
        self._patience.cancel()
        begun, self._begun, self._patience = self._begun, b"", None
        return begun

    def answered(self, data: bytes) -> bool:
        """Answer what came, if that is one request and can be answered here."""
        visit = self.entrance.opened(data)
        if visit is None or time.monotonic() > self._parsed + _PARSED_EVERY:
            return False
        socket = cast("Socket | None", self.transport)
        if socket is None or is_full(socket):
            return False
        try:
            self.waiting = self._answer(visit, socket)
        except Exception as error:  # noqa: BLE001 - a fault of ours, which aiohttp answers if it comes upon it again
            self.log_exception("Error in answering a request where it was received", exc_info=error)
            return False
        return self.waiting is None

    def connection_lost(self, exc: BaseException | None) -> None:
        """Give up the answer that no task has taken."""
        super().connection_lost(exc)
        self._wait_no_more()
        if self.waiting is not None:
            self.waiting.leave()
            self.waiting = None

    def feed(self, data: bytes) -> None:
        """Feed the parser.

        aiohttp from 3.13.5 answers a duplicated User-Agent with a 400 of its own, before any handler; services don't,
        and some clients send two. The first one stays.
        """
        self._parsed = time.monotonic()
        self.entrance.come(data)
        # A piece of a large body has no line end, as a rule: that is seen at once.
        if data.find(b"\r", 0, _HEAD_BYTES) >= 0:
            head = data[:_HEAD_BYTES].partition(_BLANK)[0]
            if head.lower().count(b"\r\nuser-agent:") > 1:
                data = _with_one_agent(data)
        super().data_received(data)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what is not HTTP in a sentence; a fault of ours stays a traceback in the log and a 500."""
        if status >= 500:  # noqa: PLR2004 - server errors
            return super().handle_error(request, status, exc, message)
        sentence = " ".join((message or "").split())
        body = jsontext.dumps({"type": "about:blank", "title": "not HTTP", "status": status, "detail": sentence[:500]})
        response = web.Response(status=status, body=body, content_type="application/problem+json")
        response.force_close()
        return response


class Listener(web.Server):
    """Makes a `Connection` for each client."""

    def __init__(self, host: Host, handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]) -> None:
        self.host = host
        # Without handler_cancellation a client that has gone away keeps its handler, and a stalled stream the server.
        super().__init__(handler, handler_cancellation=True, access_log=None, lingering_time=_LINGER_SECONDS)

    def __call__(self) -> Connection:
        """Make the protocol of a new connection."""
        return Connection(self, self.host, loop=self._loop, **self._kwargs)


async def read_body(http: web.BaseRequest, most: int) -> bytes:
    """Read the body of a request. Raises Rejected where it is larger than so many bytes."""
    if (http.content_length or 0) > most:
        raise _too_large(most)
    if http.headers.get("expect", "").lower() == "100-continue" and http.transport is not None:
        http.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    pieces: list[bytes] = []
    size = 0
    while piece := await http.content.readany():
        size += len(piece)
        if size > most:
            raise _too_large(most)
        pieces.append(piece)
    return b"".join(pieces)


def _too_large(most: int) -> Rejected:
    return Rejected(Failure("payload_too_large", f"the body is larger than {most} bytes"))


def _with_one_agent(data: bytes) -> bytes:
    """Drop all but the first User-Agent line of the first head in `data`."""
    head, blank, rest = data.partition(_BLANK)
    first = _AGENT.search(head)
    if first is None:
        return data
    return head[: first.end()] + _AGENT.sub(b"", head[first.end() :]) + blank + rest
