"""The control API below `/_emulator/`: health, journal, reset, schema. Its errors are RFC 9457 problem documents."""

from __future__ import annotations

import hmac
import ipaddress
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

import emulator
from emulator import jsontext
from emulator.journal import Journal
from emulator.scenario import Library, json_schema
from emulator.server.settings import Settings
from emulator.session import Sessions
from emulator.types import Json

__all__ = ["Control"]


class _Problem(Exception):  # noqa: N818 - an answer
    def __init__(self, status: int, title: str, detail: str) -> None:
        super().__init__(title)
        self.status, self.title, self.detail = status, title, detail


@dataclass(frozen=True, slots=True)
class Control:
    """Answers the control API."""

    settings: Settings
    library: Library
    sessions: Sessions
    journal: Journal
    _began: float = field(default_factory=time.monotonic)

    async def handle(self, http: web.BaseRequest) -> web.StreamResponse:
        """Answer one request; a page of another origin and a stranger are refused before anything is done."""
        try:
            route, names = _route(http)
            if route is not _health:
                self._guard(http)
            response = web.Response(body=jsontext.dumps(route(self, http, **names)), content_type="application/json")
        except _Problem as problem:
            body = {"type": "about:blank", "title": problem.title, "status": problem.status, "detail": problem.detail}
            response = web.Response(
                status=problem.status, body=jsontext.dumps(body), content_type="application/problem+json"
            )
        return response

    def _guard(self, http: web.BaseRequest) -> None:
        """Let in who holds the token; without one, on a loopback bind only, who is on this machine."""
        origin = http.headers.get("origin")
        host = http.headers.get("host", "")
        if origin is not None and urlsplit(origin).netloc != host:
            raise _Problem(403, "another origin", f"a page of {origin} may not use the control API of {host}")
        if token := self.settings.control_token:
            given = http.headers.get("authorization", "")
            if not hmac.compare_digest(given.encode(errors="replace"), f"Bearer {token}".encode()):
                raise _Problem(401, "no control token", "send the server's --control-token as Authorization: Bearer")
            return
        if not _is_loopback(self.settings.host):
            raise _Problem(
                403,
                "no control token is set",
                f"the server listens on {self.settings.host}, so the control API needs --control-token",
            )
        # A name that is not loopback's means that somebody else's DNS points here.
        name = urlsplit(f"//{host}").hostname or ""
        if not _is_loopback(name) or not _is_loopback(http.remote or ""):
            raise _Problem(403, "not a local caller", f"the Host {host!r} is not this server's own")


def _health(control: Control, http: web.BaseRequest) -> Json:  # noqa: ARG001 - the signature of a route
    return {
        "status": "ok",
        "version": emulator.__version__,
        "uptime_seconds": round(time.monotonic() - control._began, 3),  # noqa: SLF001 - a route is part of the control
        "scenarios": len(control.library.scenarios),
        "sessions": len(control.sessions),
    }


def _journal(control: Control, http: web.BaseRequest) -> Json:
    query = http.query
    unknown = sorted(set(query) - {"session", "since", "route", "outcome"})
    if unknown:
        raise _Problem(400, "unknown query", f"{', '.join(unknown)}: known are session, since, route, outcome")
    since = query.get("since", "0")
    if not (since.isascii() and since.isdigit() and len(since) < 20):  # noqa: PLR2004 - more digits than exchanges
        raise _Problem(400, "since is not a number", f"'{since[:40]}' came, an exchange's number is wanted")
    found = control.journal.read(session=query.get("session"), since=int(since), outcome=query.get("outcome"))
    route = query.get("route")
    return {"exchanges": [entry.as_json() for entry in found if route is None or entry.call.path == route]}


def _reset(control: Control, http: web.BaseRequest, session: str) -> Json:  # noqa: ARG001
    found = control.sessions.find(session)
    if found is None:
        detail = f"there is no session '{session}'; a reply's x-emulator-session header names its session"
        raise _Problem(404, "no such session", detail)
    found.reset()
    control.journal.forget(session)
    return {"session": session, "reset": True}


def _schema(control: Control, http: web.BaseRequest) -> Json:  # noqa: ARG001
    return json_schema()


_ROUTES: Final[tuple[tuple[str, str, Callable[..., Json]], ...]] = (
    ("GET", "/_emulator/health", _health),
    ("GET", "/_emulator/journal", _journal),
    ("POST", "/_emulator/sessions/{session}/reset", _reset),
    ("GET", "/_emulator/schema/scenario.json", _schema),
)


def _route(http: web.BaseRequest) -> tuple[Callable[..., Json], dict[str, str]]:
    wanted = ""
    for method, template, route in _ROUTES:
        names = _match(template, http.path)
        if names is not None and http.method == method:
            return route, names
        wanted = method if names is not None else wanted
    if wanted:
        raise _Problem(405, "wrong method", f"{http.method} is not a method of {http.path}; {wanted} is")
    known = ", ".join(f"{method} {template}" for method, template, _ in _ROUTES)
    raise _Problem(404, "no such route", f"{http.path} is not here; known are {known}")


def _match(template: str, path: str) -> dict[str, str] | None:
    """What stands in place of each `{name}` segment; None where the path is another."""
    segments, given = template.split("/"), path.split("/")
    if len(segments) != len(given):
        return None
    names = {}
    for segment, value in zip(segments, given, strict=True):
        if segment.startswith("{") and value:
            names[segment[1:-1]] = value
        elif segment != value:
            return None
    return names


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
