"""The routes of the control API, and the way of a request to one of them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, unquote

from aiohttp import web

from emulator import jsontext
from emulator.server.control import explaining, judging, metrics, openapi, records, scenarios, sessions, verifying
from emulator.server.control.forms import Advance, Explain, NewSession, Texts, Verify
from emulator.server.control.guard import guard
from emulator.server.control.listening import Listener
from emulator.server.control.question import Held, Question, Refused, Written
from emulator.server.control.route import Route
from emulator.server.http import read_body
from emulator.types import Json, Rejected

__all__ = ["ROUTES", "Control"]

_MOST_BYTES: Final = 1024 * 1024
_SECONDS: Final = 5.0
"""How large a body is at most, and how long it may take to arrive."""

_ONE: Final = {"session": "The id of the session that is meant."}
_JOURNAL: Final = {
    "session": "Only exchanges of this session.",
    "since": "Only exchanges after this number; to a listener those that it has missed.",
    "outcome": "Only hit, miss, rejected or page.",
    "route": "Only requests to this path.",
}


def _described(held: Held, question: Question) -> Json:  # noqa: ARG001 - the signature of a route
    """Describe the control API (OpenAPI 3.1)."""
    return openapi.document(ROUTES)


ROUTES: Final = (
    Route("GET", "/_emulator/health", records.health, "Health", public=True),
    Route("GET", "/_emulator/journal", records.journal, "Journal", query=_JOURNAL),
    Route("GET", "/_emulator/journal/stream", records.listened, "text/event-stream", query=_JOURNAL, refuses=(503,)),
    Route("GET", "/_emulator/scenarios", scenarios.listed, "Scenarios", query=_ONE, refuses=(404,)),
    Route("PUT", "/_emulator/scenarios/{name}", scenarios.put, "Scenario", query=_ONE, body="scenario", refuses=(404,)),
    Route("DELETE", "/_emulator/scenarios/{name}", scenarios.removed, "Unloaded", query=_ONE, refuses=(404, 409)),
    Route("POST", "/_emulator/sessions", sessions.made, "Made", body=NewSession),
    Route("GET", "/_emulator/sessions/{session}", sessions.shown, "Session"),
    Route("DELETE", "/_emulator/sessions/{session}", sessions.ended, "Ended"),
    Route("POST", "/_emulator/sessions/{session}/scenarios", sessions.taught, "Taught", body=Texts),
    Route("POST", "/_emulator/sessions/{session}/reset", sessions.reset, "Reset"),
    Route("POST", "/_emulator/sessions/{session}/clock", sessions.advanced, "Time", body=Advance, refuses=(409,)),
    Route("POST", "/_emulator/sessions/{session}/gates/{gate}", sessions.opened, "Gate"),
    Route("POST", "/_emulator/explain", explaining.explained, "Explanation", body=Explain, refuses=(404,)),
    Route("POST", "/_emulator/verify", verifying.verified, "Verified", query=_ONE, body=Verify, refuses=(404,)),
    Route("GET", "/_emulator/verdict", judging.verdict, "Verdict", query=_ONE, refuses=(404,)),
    Route("GET", "/_emulator/metrics", metrics.metrics, "text/plain; version=0.0.4"),
    Route("GET", "/_emulator/schema/scenario.json", records.schema, "Document"),
    Route("GET", "/_emulator/openapi.json", _described, "Document"),
)
"""Every route. The description is made from it, and tested against what the server does."""


@dataclass(frozen=True, slots=True)
class Control:
    """Answers the control API."""

    held: Held

    def __post_init__(self) -> None:
        self.held.journal.watch(self.held.tally)

    async def handle(self, http: web.BaseRequest) -> web.StreamResponse:
        """Answer one request; a page of another origin and a stranger are refused before anything is read or done."""
        try:
            if not _is_public(http):
                guard(http, self.held.settings)
            route, names = _find(http.method, http.rel_url.raw_path)
            body = await _body(http) if http.method in {"POST", "PUT"} else b""
            said = self._said(route, names, Question(dict(http.query), body, f"http://{http.headers.get('host', '')}"))
        except Refused as refused:
            body = jsontext.dumps(refused.document)
            headers = {"content-type": "application/problem+json", **refused.headers}
            return web.Response(status=refused.status, body=body, headers=headers)
        match said:
            case Listener():
                return await self._tell(said, http)
            case Written(body, kind):
                return web.Response(body=body, headers={"content-type": kind})
            case _:
                return web.Response(body=jsontext.dumps(said), content_type="application/json")

    def ask(self, method: str, target: str, body: bytes, origin: str) -> Json:
        """Answer a question of this process, in the server's thread. Raises Refused."""
        path, _, query = target.partition("?")
        route, names = _find(method, path)
        return self._said(route, names, Question(dict(parse_qsl(query)), body, origin))

    def stop(self) -> None:
        """Send the listeners home, for the server stops."""
        for listener in self.held.listeners:
            listener.stop()

    def _said(self, route: Route, names: dict[str, str], question: Question) -> Json:
        if not route.public:
            question.knows(*route.query)
        return route.answer(self.held, question, **names)

    async def _tell(self, listener: Listener, http: web.BaseRequest) -> web.StreamResponse:
        self.held.listeners.add(listener)
        self.held.journal.watch(listener)
        try:
            return await listener.serve(http)
        finally:
            self.held.journal.unwatch(listener)
            self.held.listeners.discard(listener)


def _is_public(http: web.BaseRequest) -> bool:
    return any(route.public and (route.method, route.path) == (http.method, http.path) for route in ROUTES)


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


def _find(asked: str, path: str) -> tuple[Route, dict[str, str]]:
    """Find the route, and what stands in place of each `{name}` of its path."""
    given = [unquote(segment, errors="replace") for segment in path.split("/")]
    allowed = []
    for route in ROUTES:
        names = _match(route.path.split("/"), given)
        if names is not None and asked == route.method:
            return route, names
        if names is not None:
            allowed.append(route.method)
    if allowed:
        are = f"{', '.join(allowed)} {'is' if len(allowed) == 1 else 'are'}"
        headers = {"allow": ", ".join(allowed)}
        raise Refused(405, "wrong method", f"{asked} is not a method of {path}; {are}", headers=headers)
    known = ", ".join(f"{route.method} {route.path}" for route in ROUTES)
    raise Refused(404, "no such route", f"{path} is not here; known are {known}")


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
