"""A connection's way in: from the head of an HTTP request to a visit.

The requests of a connection mostly have one head, but for the length of the body: what it says is found out once. It is
kept as long as the connection, and with it no credential longer than aiohttp keeps it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import unquote

from aiohttp import web

from emulator.server.front import Door, Visit
from emulator.types import Call, Headers

__all__ = ["Entrance"]

_LENGTH: Final = "content-length"


@dataclass(slots=True)
class Entrance:
    """The way in of one connection."""

    door: Door
    _line: tuple[object, ...] = ()
    """What the first line of the newest head said."""
    _fields: tuple[tuple[bytes, bytes], ...] = ()
    _length: int = -1
    """Where among the fields the length of the body stands."""
    _visit: Visit | None = None
    """What that head says, without a body."""

    def open(self, http: web.BaseRequest, body: bytes) -> Visit:
        """Who is asked, and in which session."""
        line, fields = (http.method, http.rel_url), http.raw_headers
        visit = self._visit
        if visit is None or line != self._line or fields != self._fields:
            visit = self._found(visit, http) if line == self._line and visit is not None else self._new(http)
            self._line, self._fields, self._visit = line, fields, visit
        return visit.with_body(body)

    def _new(self, http: web.BaseRequest) -> Visit:
        """Find everything out."""
        names = [name.lower() for name, _ in http.raw_headers]
        length = _LENGTH.encode()
        self._length = names.index(length) if names.count(length) == 1 else -1
        return self.door.open(_call(http)).kept()

    def _found(self, visit: Visit, http: web.BaseRequest) -> Visit:
        """The same, where only the body is of another length."""
        known, fields, at = self._fields, http.raw_headers, self._length
        if at < 0 or len(fields) != len(known) or fields[at][0] != known[at][0]:
            return self._new(http)
        if fields[:at] != known[:at] or fields[at + 1 :] != known[at + 1 :]:
            return self._new(http)
        length = {_LENGTH: fields[at][1].decode()}
        heading = visit.heading and replace(visit.heading, headers={**visit.heading.headers, **length})
        call = replace(visit.call, headers={**visit.call.headers, **length})
        return replace(visit, call=call, heading=heading)


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
