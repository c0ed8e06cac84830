"""The server: HTTP comes in, an answer goes out."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from aiohttp import HttpVersion11, web

from emulator.clock import Clock
from emulator.journal import Journal
from emulator.plans import Plans
from emulator.player import Connection, Player
from emulator.providers import PROVIDERS
from emulator.scenario import Library
from emulator.server.answer import Options, answer
from emulator.server.control import Control, Held
from emulator.server.front import Door
from emulator.server.http import Done, Listener, read_body
from emulator.server.log import Log
from emulator.server.settings import Settings
from emulator.session import Budget, Memory, Session, Sessions
from emulator.types import Call, Failure, Headers, Provider, Rejected

__all__ = ["App", "Server"]

_system = random.SystemRandom()
_LEAVE_SECONDS: Final = 0.25
"""How long a stopping server lets open answers go on."""


class App:
    """What a server holds, and its one handler."""

    def __init__(self, settings: Settings, library: Library, log: Log | None = None) -> None:
        self.settings = settings
        self.log = log
        self.library = library
        self.providers = _accounts(settings)
        self._budget = Budget(settings.memory_bytes)
        self.sessions = Sessions(self.new_session, self._budget, most=settings.max_sessions)
        self.journal = Journal(most=settings.journal_entries, most_bytes=settings.journal_bytes)
        self.plans: Plans | None = Plans()
        """Answers written once; None: each is written anew."""
        self.stopping = False
        self._door = Door(self.providers)
        self.control = Control(Held(settings, library, self.sessions, self.journal, self._door))

    async def handle(self, http: web.BaseRequest) -> web.StreamResponse:
        """Answer one HTTP request: who is asked, what is answered, and out with it."""
        if http.path.startswith("/_emulator"):
            return await self.control.handle(http)
        call, unread = await _read(http, self.settings)
        visit = self._door.open(call)
        session = self.sessions.get(visit.session, visit.only)
        visit = visit.admitting(session.key)
        arrival = session.clock.now()
        usual = http.keep_alive and http.version >= HttpVersion11 and http.method != "HEAD" and unread is None
        options = Options(self.settings.fallback == "echo", self.plans if usual else None)
        said, stamp = answer(visit, session, self.library.scenarios, unread, options)
        exchange = said.exchange(self.journal.total + 1, visit, stamp, session.clock.felt)
        self.journal.add(exchange)
        if self.log is not None:
            self.log.exchange(exchange)
        if http.transport is None:
            self.journal.close(exchange, "client_left")
            return Done(keep_alive=False)
        connection = Connection(
            http.transport,
            http.writer.drain,
            http_1_0=http.version < HttpVersion11,
            keep_alive=http.keep_alive and unread is None,
            head_only=http.method == "HEAD",
        )
        player = Player(connection, session.clock, arrival, session.gate)
        session.answers.add(connection.reset)
        exchange.gone = connection.is_gone
        try:
            await player.perform(said.actions, exchange, self.journal)
        except (asyncio.CancelledError, ConnectionError):
            self.journal.close(exchange, "server_stopped" if self.stopping else "client_left")
            raise
        finally:
            session.answers.discard(connection.reset)
        return Done(keep_alive=player.keep_alive)

    def new_session(self, identity: str, only: str | None) -> Session:
        """A session as this server's settings have it."""
        clock = Clock(self.settings.clock, self.settings.time_scale)
        seed = _system.getrandbits(32) if self.settings.ids == "random" else self.settings.seed
        return Session(
            identity,
            seed,
            clock,
            Memory(self._budget),
            None if only is None else (only,),
            requests=self.settings.requests,
        )


@dataclass(slots=True)
class Server:
    """An app on a port of its own, in the running event loop."""

    app: App
    _runner: web.ServerRunner | None = None
    port: int = 0

    async def start(self) -> None:
        """Begin to listen. Raises OSError where the port can't be had."""
        settings = self.app.settings
        self._runner = web.ServerRunner(Listener(self.app.handle), shutdown_timeout=_LEAVE_SECONDS)
        await self._runner.setup()
        await web.TCPSite(self._runner, settings.host, settings.port).start()
        self.port = self._runner.addresses[0][1]

    @property
    def origin(self) -> str:
        """`http://HOST:PORT` for a client on this machine."""
        host = self.app.settings.host
        name = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104 - compared, not bound
        return f"http://{f'[{name}]' if ':' in name else name}:{self.port}"

    async def stop(self) -> None:
        """End open answers and close the port."""
        self.app.stopping = True
        self.app.control.stop()
        if self._runner is not None:
            await self._runner.cleanup()


def _accounts(settings: Settings) -> dict[str, Provider]:
    accounts = {}
    for name, make in PROVIDERS.items():
        accounts[name] = make(**{"api_keys": settings.api_keys, **settings.providers.get(name, {})})
    return accounts


async def _read(http: web.BaseRequest, settings: Settings) -> tuple[Call, Failure | None]:
    """Read a request. The second value says why its body could not be read."""
    if http.content.is_eof() and (http.content_length or 0) <= settings.max_body_bytes:
        return _call(http, http.content.read_nowait()), None
    unread: Failure | None = None
    body = b""
    try:
        async with asyncio.timeout(settings.body_seconds):
            body = await read_body(http, settings.max_body_bytes)
    except Rejected as rejected:
        unread = rejected.failure
    except TimeoutError:
        unread = Failure("slow_body", f"the body did not arrive within {settings.body_seconds:g} s")
    except web.RequestPayloadError as error:
        unread = Failure("malformed_body", f"the body can't be read: {error}")
    return _call(http, body), unread


def _call(http: web.BaseRequest, body: bytes) -> Call:
    path = http.rel_url.raw_path
    return Call(
        method=http.method,
        path=unquote(path, errors="replace") if "%" in path else path or "/",
        query=dict(http.query) if http.rel_url.raw_query_string else {},
        headers=_headers(http),
        body=body,
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
