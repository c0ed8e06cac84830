"""The routes of the control API, and the way of a request to one of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias
from urllib.parse import unquote

from aiohttp import web

from emulator import jsontext
from emulator.server.control import explaining, records, scenarios, sessions
from emulator.server.control.guard import guard
from emulator.server.control.question import Held, Question, Refused
from emulator.server.http import read_body
from emulator.types import Json, Rejected

__all__ = ["Control"]

_MOST_BYTES: Final = 1024 * 1024
_SECONDS: Final = 5.0
"""How large a body is at most, and how long it may take to arrive."""

_Route: TypeAlias = Callable[..., Json]

_ROUTES: Final[tuple[tuple[str, str, _Route], ...]] = (
    ("GET", "/_emulator/health", records.health),
    ("GET", "/_emulator/journal", records.journal),
    ("GET", "/_emulator/scenarios", scenarios.listed),
    ("PUT", "/_emulator/scenarios/{name}", scenarios.put),
    ("DELETE", "/_emulator/scenarios/{name}", scenarios.removed),
    ("POST", "/_emulator/sessions", sessions.made),
    ("GET", "/_emulator/sessions/{session}", sessions.shown),
    ("DELETE", "/_emulator/sessions/{session}", sessions.ended),
    ("POST", "/_emulator/sessions/{session}/reset", sessions.reset),
    ("POST", "/_emulator/sessions/{session}/clock", sessions.advanced),
    ("POST", "/_emulator/sessions/{session}/gates/{gate}", sessions.opened),
    ("POST", "/_emulator/explain", explaining.explained),
    ("GET", "/_emulator/schema/scenario.json", records.schema),
)


@dataclass(frozen=True, slots=True)
class Control:
    """Answers the control API."""

    held: Held

    async def handle(self, http: web.BaseRequest) -> web.StreamResponse:
        """Answer one request; a page of another origin and a stranger are refused before anything is read or done."""
        try:
            route, names = _find(http)
            if route is not records.health:
                guard(http, self.held.settings)
            body = await _body(http) if http.method in {"POST", "PUT"} else b""
            question = Question(dict(http.query), body, f"http://{http.headers.get('host', '')}")
            said = route(self.held, question, **names)
        except Refused as refused:
            body = jsontext.dumps(refused.document)
            return web.Response(status=refused.status, body=body, content_type="application/problem+json")
        return web.Response(body=jsontext.dumps(said), content_type="application/json")


async def _body(http: web.BaseRequest) -> bytes:
    try:
        async with asyncio.timeout(_SECONDS):
            return await read_body(http, _MOST_BYTES)
    except Rejected as rejected:
        raise Refused(413, "the body is too large", str(rejected.failure.message)) from None
    except TimeoutError:
        raise Refused(408, "the body is too slow", f"it did not arrive within {_SECONDS:g} s") from None
    except web.RequestPayloadError as error:
        raise Refused(400, "the body can't be read", str(error)) from None


def _find(http: web.BaseRequest) -> tuple[_Route, dict[str, str]]:
    """Find the route, and what stands in place of each `{name}` of its path."""
    given = [unquote(segment, errors="replace") for segment in http.rel_url.raw_path.split("/")]
    allowed = []
    for method, template, route in _ROUTES:
        names = _match(template.split("/"), given)
        if names is not None and http.method == method:
            return route, names
        if names is not None:
            allowed.append(method)
    if allowed:
        are = f"{', '.join(allowed)} {'is' if len(allowed) == 1 else 'are'}"
        raise Refused(405, "wrong method", f"{http.method} is not a method of {http.path}; {are}")
    known = ", ".join(f"{method} {template}" for method, template, _ in _ROUTES)
    raise Refused(404, "no such route", f"{http.path} is not here; known are {known}")


def _match(template: list[str], given: list[str]) -> dict[str, str] | None:
    """None where the path is another."""
    if len(template) != len(given):
        return None
    names = {}
    for segment, value in zip(template, given, strict=True):
        if segment.startswith("{") and value:
            names[segment[1:-1]] = value
        elif segment != value:
            return None
    return names
