"""The control API, as a test asks it: over HTTP, or without it where the server runs in the same process."""

from __future__ import annotations

import asyncio
import http.client
import ssl
import threading
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import quote, urlencode, urlsplit

from msgspec import Struct

from emulator import jsontext
from emulator.types import EmulatorError, Json

if TYPE_CHECKING:
    from emulator.server.control import Control

__all__ = ["Line", "Local", "Remote", "path"]

_SECONDS: Final = 30.0
"""How long an answer may take."""


class Line(Protocol):
    """A way to the control API of one server."""

    @property
    def url(self) -> str:
        """`http://HOST:PORT` of the server."""

    def call(self, method: str, target: str, body: Json = None) -> Json:
        """Ask one question; its answer. Raises EmulatorError with the words of the problem."""

    def close(self) -> None:
        """Leave nothing open."""


def path(*segments: str, **query: str) -> str:
    """Write a path of the control API, and its query."""
    whole = "/".join(("/_emulator", *(quote(segment, safe="") for segment in segments)))
    return f"{whole}?{urlencode(query)}" if query else whole


class Local(Struct, frozen=True):
    """The way to a server of this process: its answers are those that it sends, without the way over the socket.

    Asked in the server's own thread, it answers there: a test that runs in the server's loop can ask.
    """

    url: str
    control: Control
    loop: asyncio.AbstractEventLoop
    thread: int
    """In which the loop runs."""

    def call(self, method: str, target: str, body: Json = None) -> Json:
        """Ask one question; its answer. Raises EmulatorError with the words of the problem."""
        if threading.get_ident() == self.thread:
            return self._ask(method, target, body)
        answer: Future[Json] = Future()

        def ask() -> None:
            try:
                answer.set_result(self._ask(method, target, body))
            except BaseException as error:  # noqa: BLE001 - it is raised where it was asked
                answer.set_exception(error)

        self.loop.call_soon_threadsafe(ask)
        return answer.result(_SECONDS)

    def close(self) -> None:
        """Nothing is open."""

    def _ask(self, method: str, target: str, body: Json) -> Json:
        from emulator.server.control.question import Refused  # noqa: PLC0415 - only where a server is here

        try:
            said = self.control.ask(method, target, _written(body), self.url)
        except Refused as refused:
            raise _error(refused.document) from None
        # Through JSON, as it would come over the socket: nothing of the server's own is handed out.
        return jsontext.loads(jsontext.dumps(said))


@dataclass(slots=True)
class Remote:
    """The way to a server that is up already, over one connection that is kept."""

    url: str
    token: str = field(default="", repr=False)
    _connection: http.client.HTTPConnection | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def call(self, method: str, target: str, body: Json = None) -> Json:
        """Ask one question; its answer. Raises EmulatorError with the words of the problem."""
        with self._lock:
            try:
                status, data = self._ask(method, target, _written(body))
            except (http.client.BadStatusLine, ConnectionError):
                # The server closes a connection that was idle for long; there it has read nothing.
                self._close()
                status, data = self._retried(method, target, _written(body))
            except (OSError, http.client.HTTPException) as error:
                self._close()
                raise self._lost(error) from None
        try:
            said = jsontext.loads(data)
        except ValueError:
            raise EmulatorError(f"{self.url} answers {status}, and not as an emulator does") from None
        if status >= 400:  # noqa: PLR2004 - RFC 9110, 15
            raise _error(said)
        return said

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._close()

    def _retried(self, method: str, target: str, body: bytes) -> tuple[int, bytes]:
        try:
            return self._ask(method, target, body)
        except (OSError, http.client.HTTPException) as error:
            self._close()
            raise self._lost(error) from None

    def _ask(self, method: str, target: str, body: bytes) -> tuple[int, bytes]:
        if self._connection is None:
            self._connection = _connection(self.url)
        headers = {"content-type": "application/json"}
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        self._connection.request(method, urlsplit(self.url).path + target, body or None, headers)
        reply = self._connection.getresponse()
        return reply.status, reply.read()

    def _lost(self, error: Exception) -> EmulatorError:
        return EmulatorError(f"no emulator answers at {self.url}: {getattr(error, 'strerror', None) or error}")

    def _close(self) -> None:
        if self._connection is not None:
            with suppress(OSError):
                self._connection.close()
            self._connection = None


def _connection(url: str) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    if parts.scheme == "https":
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(parts.netloc, timeout=_SECONDS, context=context)
    return http.client.HTTPConnection(parts.netloc, timeout=_SECONDS)


def _written(body: Json) -> bytes:
    return body if isinstance(body, bytes) else b"" if body is None else jsontext.dumps(body)


def _error(document: Any) -> EmulatorError:
    if not isinstance(document, dict):
        return EmulatorError("the server answers with an error, and not as an emulator does")
    return EmulatorError(str(document.get("detail") or document.get("title")))
