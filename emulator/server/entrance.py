"""A connection's way in: from the head of an HTTP request to a visit.

The requests of a connection mostly have one head, but for the length of the body: what it says is found out once, and
the head of a request that comes in one piece is not even parsed again. A head is kept as long as its connection, and
with it its credentials.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

from aiohttp import HttpVersion11, web
from msgspec import Struct
from msgspec.structs import replace

from emulator.server.front import Door, Visit
from emulator.types import Call, Headers

__all__ = ["Entrance", "is_usual"]

_BLANK: Final = b"\r\n\r\n"
_HEAD_BYTES: Final = 16 * 1024
_LENGTH: Final = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,9})[ \t]*(?=\r\n)", re.IGNORECASE)
_DIGITS: Final = 9
_OTHERWISE: Final = re.compile(rb"\r\n(?:transfer-encoding|content-encoding|expect|upgrade):", re.IGNORECASE)
"""Fields of requests that take more than to read so many bytes."""


class _Known(Struct):
    """A head that aiohttp has read, and what it says. The next one may have another length in it."""

    before: bytes
    """All of it up to the length of the body."""
    length: bytes
    after: bytes
    visit: Visit
    """What it says, without a body."""

    @classmethod
    def of(cls, head: bytes, visit: Visit) -> _Known | None:
        """Remember a head; None: its requests take more than to read so many bytes."""
        lengths = list(_LENGTH.finditer(head))
        if len(lengths) != 1 or _OTHERWISE.search(head):
            return None
        begin, end = lengths[0].span(1)
        return cls(head[:begin], head[begin:end], head[end:], visit)

    def ends(self, data: bytes) -> int:
        """Where in data this head ends, after which so many bytes come as it says; 0: data begin with another one."""
        if not data.startswith(self.before):
            return 0
        begin = len(self.before)
        end = data.find(b"\r", begin, begin + _DIGITS + 1)
        length = data[begin:end] if end > 0 else b""
        if not length.isdigit() or not data.startswith(self.after, end):
            return 0
        if length != self.length:
            self.visit, self.length = _of_length(self.visit, length.decode()), length
        return end + len(self.after)


class Entrance(Struct):
    """The way in of one connection.

    It is at rest when all that has come is answered: only from there on is it known where a request begins and ends.
    """

    door: Door
    most: int
    """How many bytes a body has at most."""
    _known: _Known | None = None
    """The newest head."""
    _head: bytes = b""
    """As much as has come of the first head since the connection was at rest."""
    _came: int = 0
    """How many bytes have come since then."""
    _lost: bool = False
    """It will not be at rest again, as far as anybody knows."""

    def come(self, data: bytes) -> None:
        """Note what comes and is parsed."""
        self._came += len(data)
        if not self._head.endswith(_BLANK) and len(self._head) < _HEAD_BYTES:
            head, blank, _ = (self._head + data[:_HEAD_BYTES]).partition(_BLANK)
            self._head = head + blank

    def rest(self, length: int) -> None:
        """Note that a request is answered, whose body had so many bytes. Mostly that is all that has come."""
        self._lost = self._lost or self._came != len(self._head) + length or not self._head.endswith(_BLANK)
        self._head, self._came = b"", 0

    def open(self, http: web.BaseRequest, body: bytes) -> Visit:
        """Who is asked, and in which session."""
        if self._lost or not self._head.endswith(_BLANK):
            return self._new(http).with_body(body)
        known = self._known
        if known is None or known.ends(self._head) != len(self._head):
            visit = self._new(http)
            self._known = _Known.of(self._head, visit) if is_usual(http) else None
            return visit.with_body(body)
        return known.visit.with_body(body)

    def opened(self, data: bytes) -> Visit | None:
        """Who is asked by exactly these bytes, where that needs no parser."""
        known = self._known
        if known is None or self._came or self._lost:
            return None
        ends = known.ends(data)
        if not ends or len(data) - ends != int(known.length) or len(data) - ends > self.most:
            return None
        return known.visit.with_body(data[ends:])

    def awaits(self, data: bytes) -> bool:
        """Whether these bytes are a head that came before, and all that is missing is the body."""
        known = self._known
        if known is None or self._came or self._lost or known.ends(data) != len(data):
            return False
        return 0 < int(known.length) <= self.most

    def _new(self, http: web.BaseRequest) -> Visit:
        """Find everything out."""
        return self.door.open(_call(http)).kept()


def is_usual(http: web.BaseRequest) -> bool:
    """Whether the client reads HTTP/1.1, a body too, and keeps the connection."""
    return http.keep_alive and http.version >= HttpVersion11 and http.method != "HEAD"


def _of_length(visit: Visit, length: str) -> Visit:
    """The same visit with a body of another length."""
    field = {"content-length": length}
    heading = visit.heading and replace(visit.heading, headers={**visit.heading.headers, **field})
    return replace(visit, call=replace(visit.call, headers={**visit.call.headers, **field}), heading=heading)


def _call(http: web.BaseRequest) -> Call:
    path = http.rel_url.raw_path
    return Call(
        method=http.method,
        path=unquote(path, errors="replace") if "%" in path else path or "/",
        query=dict(http.query) if http.rel_url.raw_query_string else {},
        headers=_headers(http),
        host=(http.headers.get("host") or "").lower().partition(":")[0],
    )


def _headers(http: web.BaseRequest) -> Headers:
    """By name in lower case; a repeated field's values are joined by a comma (RFC 9110, 5.3)."""
    fields: dict[str, str] = {}
    for name, value in http.headers.items():
        key = name.lower()
        # aiohttp leaves bytes that are not UTF-8 as lone surrogates, which no text can be written with.
        text = value if value.isascii() else value.encode(errors="surrogateescape").decode(errors="replace")
        fields[key] = f"{fields[key]}, {text}" if key in fields else text
    return fields
