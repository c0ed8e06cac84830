"""The way of a request to one of the routes of the control API."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, unquote

from aiohttp import web
from msgspec import Struct

from emulator import jsontext
from emulator.server.control.guard import guard
from emulator.server.control.listening import Listener
from emulator.server.control.question import Held, Question, Refused, Written
from emulator.server.control.route import Route
from emulator.server.http import read_body
from emulator.types import Json, Rejected

__all__ = ["Control"]

_MOST_BYTES: Final = 1024 * 1024
_SECONDS: Final = 5.0
"""How large a body is at most, and how long it may take to arrive."""


class Control(Struct, frozen=True):
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
            question = Question(dict(http.query), body, f"http://{http.headers.get('host', '')}")
            said = await self.said(route, names, question)
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
        return self.said_here(route, names, Question(dict(parse_qsl(query)), body, origin))

    def stop(self) -> None:
        """Send the listeners home, for the server stops."""
        for listener in self.held.listeners:
            listener.stop()

    async def said(self, route: Route, names: Mapping[str, str], question: Question) -> Json:
        """Answer a question, for all processes of the server where there are several. Raises Refused."""
        if self.held.fellows is None:
            return self.said_here(route, names, question)
        return await self.held.fellows.answer(route, names, question, lambda: self.said_here(route, names, question))

    def said_here(self, route: Route, names: Mapping[str, str], question: Question) -> Json:
        """Answer a question for this process alone. Raises Refused."""
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


def _routes() -> tuple[Route, ...]:
    """Every route, and with them what answers. Loaded by the first request to one: many a server gets none."""
    from emulator.server.control.table import ROUTES  # noqa: PLC0415 - forms and the verdict take time to load

    return ROUTES


def _is_public(http: web.BaseRequest) -> bool:
    return any(route.public and (route.method, route.path) == (http.method, http.path) for route in _routes())


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
    for route in _routes():
        names = _match(route.path.split("/"), given)
        if names is not None and asked == route.method:
            return route, names
        if names is not None:
            allowed.append(route.method)
    if allowed:
        are = f"{', '.join(allowed)} {'is' if len(allowed) == 1 else 'are'}"
        headers = {"allow": ", ".join(allowed)}
        raise Refused(405, "wrong method", f"{asked} is not a method of {path}; {are}", headers=headers)
    known = ", ".join(f"{route.method} {route.path}" for route in _routes())
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
