"""The server: HTTP comes in, an answer goes out."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable
from typing import Final, cast

from aiohttp import HttpVersion11, web
from msgspec import Struct

from emulator.clock import Clock
from emulator.journal import Exchange, Journal
from emulator.plans import Plans, at_once
from emulator.player import Connection, Player, Socket, deliver
from emulator.providers import PROVIDERS
from emulator.scenario import Library
from emulator.server.answer import Options, answer
from emulator.server.control import Control, Fellows, Held
from emulator.server.entrance import Entrance, is_usual
from emulator.server.front import Door, Visit
from emulator.server.http import CLOSED, KEPT, Listener, read_body
from emulator.server.http import Connection as HttpConnection
from emulator.server.listening import listen
from emulator.server.log import Log
from emulator.server.settings import Settings
from emulator.session import Budget, Memory, Session, Sessions
from emulator.types import Action, Failure, Provider, Ready, Rejected

__all__ = ["LEAVE_SECONDS", "App", "Server"]

_system = random.SystemRandom()
LEAVE_SECONDS: Final = 0.25
"""How long a stopping server lets open answers go on."""


class Due(Struct):
    """An answer that has to go out."""

    actions: Iterable[Action] | Ready
    exchange: Exchange
    journal: Journal
    session: Session
    arrival: float
    """When its request arrived, in the session's time."""

    def leave(self) -> None:
        """The client has gone before the answer began."""
        self.journal.close(self.exchange, "client_left")

    def deliver(self, ready: Ready, socket: Socket) -> None:
        """Write all of it."""
        deliver(ready, socket, self.exchange, self.journal, self.session.clock.now() - self.arrival)


class App:
    """What a server holds, and how it answers."""

    def __init__(
        self, settings: Settings, library: Library, log: Log | None = None, fellows: Fellows | None = None
    ) -> None:
        self.settings = settings
        self.log = log
        self.library = library
        self.providers = _accounts(settings)
        self._budget = Budget(settings.memory_bytes)
        self.sessions = Sessions(self.new_session, self._budget, most=settings.max_sessions)
        self.journal = Journal(most=settings.journal_entries, most_bytes=settings.journal_bytes)
        self.options = Options(settings.fallback == "echo", Plans())
        """How usual requests are answered; those that no plan is made for are answered without plans."""
        self._unusual = Options(settings.fallback == "echo")
        self.stopping = False
        self._door = Door(self.providers)
        self.control = Control(Held(settings, library, self.sessions, self.journal, self._door, fellows))
        self._fellows = fellows

    async def handle(self, http: web.BaseRequest) -> web.StreamResponse:
        """Answer one HTTP request: who is asked, what is answered, and out with it."""
        asking = cast("HttpConnection", http.protocol)
        try:
            if http.path.startswith("/_emulator"):
                return await self.control.handle(http)
            return await self._handle(http, asking)
        finally:
            asking.entrance.rest(http.content_length or 0)

    async def _handle(self, http: web.BaseRequest, asking: HttpConnection) -> web.StreamResponse:
        due, asking.waiting = cast("Due | None", asking.waiting), None
        readable = True
        if due is None:
            body, unread = await _read(http, self.settings)
            readable = unread is None
            usual = readable and is_usual(http)
            due = self._due(asking.entrance.open(http, body), unread, self.options if usual else self._unusual)
            del body  # a stream may go on for long, and needs nothing of what was asked
        if http.transport is None:
            due.leave()
            return CLOSED
        actions, exchange, session = due.actions, due.exchange, due.session
        if isinstance(actions, Ready):
            due.deliver(actions, http.transport)
            await http.writer.drain()
            return KEPT
        connection = Connection(
            http.transport,
            http.writer.drain,
            http_1_0=http.version < HttpVersion11,
            keep_alive=http.keep_alive and readable,
            head_only=http.method == "HEAD",
        )
        player = Player(connection, session.clock, due.arrival, session.gate)
        del due
        cut = connection.reset
        session.answers.add(cut)
        exchange.gone = connection.is_gone
        try:
            await player.perform(actions, exchange, self.journal)
        except (asyncio.CancelledError, ConnectionError):
            self.journal.close(exchange, "server_stopped" if self.stopping else "client_left")
            raise
        finally:
            session.answers.discard(cut)
        return KEPT if player.keep_alive else CLOSED

    def entrance(self) -> Entrance:
        """The way in of a new connection."""
        return Entrance(self._door, self.settings.max_body_bytes)

    def answer(self, visit: Visit, socket: Socket) -> Due | None:
        """Answer a usual request where it is received; gives the answer that takes a task."""
        due = self._due(visit, None, self.options)
        if not isinstance(due.actions, Ready):
            return due
        due.deliver(due.actions, socket)
        return None

    def _due(self, visit: Visit, unread: Failure | None, options: Options) -> Due:
        """Find the answer. `unread` is why the request's body could not be read, if it could not."""
        session = self.sessions.get(visit.session, visit.only)
        visit = visit.admitting(session.key)
        clock = session.clock
        arrival = clock.now()
        said, stamp = answer(visit, session, self.library.scenarios, unread, options)
        number = self.journal.total + 1 if self._fellows is None else self._fellows.number()
        exchange = said.exchange(number, visit, stamp, clock.felt)
        self.journal.add(exchange)
        if self.log is not None:
            self.log.exchange(exchange)
        # Who wants no plans wants each answer performed as it is written.
        actions = said.actions if options.plans is None else at_once(said.actions)
        return Due(actions, exchange, self.journal, session, arrival)

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


class Server(Struct):
    """An app on a port of its own, in the running event loop."""

    app: App
    _runner: web.ServerRunner | None = None
    port: int = 0

    async def start(self) -> None:
        """Begin to listen. Raises OSError where the port can't be had."""
        settings = self.app.settings
        self._runner = web.ServerRunner(Listener(self.app, self.app.handle), shutdown_timeout=LEAVE_SECONDS)
        await self._runner.setup()
        await listen(self._runner, settings.host, settings.port)
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


async def _read(http: web.BaseRequest, settings: Settings) -> tuple[bytes, Failure | None]:
    """Read the body of a request. The second value says why it could not be read."""
    if http.content.is_eof() and (http.content_length or 0) <= settings.max_body_bytes:
        return http.content.read_nowait(), None
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
    return body, unread
