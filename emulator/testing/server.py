"""Servers for tests: one to start, in a thread of its own or in the running event loop, and one that is up already."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from emulator.testing import sources
from emulator.testing.control import Line, Local, Remote
from emulator.testing.session import Session, Setup, opened
from emulator.types import EmulatorError, Json, RequestMode

if TYPE_CHECKING:
    from emulator.clock import ClockKind
    from emulator.server.app import App
    from emulator.server.app import Server as Listening

__all__ = ["Emulator", "Server"]

_SECONDS: Final = 10.0
"""How long a server may take to start and to stop."""


class Server(Struct, frozen=True):
    """A server that is up, wherever it runs."""

    line: Line

    @classmethod
    def at(cls, url: str, token: str = "") -> Server:
        """The server at this address. Raises EmulatorError where there is none."""
        if not url.startswith(("http://", "https://")):
            raise EmulatorError(f"'{url}' is no URL; write it like http://127.0.0.1:8080")
        server = cls(Remote(url.rstrip("/"), token))
        server.line.call("GET", "/_emulator/health")
        return server

    @property
    def url(self) -> str:
        """Where it is: `http://HOST:PORT`."""
        return self.line.url

    def session(self, *files: str | Path, **setup: Json) -> Session:
        """Make a session that sees these scenarios. Raises EmulatorError; the keywords are those of `Setup`."""
        return opened(self.line, Setup(texts=tuple(sources.from_file(Path(file)) for file in files), **setup))


class Emulator:
    """A server of its own on a free port, and a session on it.

        with Emulator("scenarios/weather.yaml") as emulator:
            client = OpenAI(**emulator.cloudbase.openai)

    `with` and `start` run it in a thread of its own, `async with` in the running event loop. What either gives is a
    `Session`, and an emulator that was started has everything that a session has.
    """

    def __init__(  # noqa: PLR0913 - each is an option of `maas-emulator serve`
        self,
        *paths: str | Path,
        port: int = 0,
        time_scale: float = 1.0,
        clock: ClockKind = "deterministic",
        seed: int = 0,
        requests: RequestMode = "strict",
        api_keys: Iterable[str] = (),
        providers: Mapping[str, Mapping[str, object]] | None = None,
    ) -> None:
        self._paths = paths
        self._settings: dict[str, Any] = {
            "port": port,
            "time_scale": time_scale,
            "clock": clock,
            "seed": seed,
            "requests": requests,
            "api_keys": tuple(api_keys),
            "providers": dict(providers or {}),
        }
        self._thread: _Thread | None = None
        self._listening: Listening | None = None
        self._session: Session | None = None

    def start(self) -> Session:
        """Start the server in a thread. Raises EmulatorError with every problem of its scenarios."""
        if self._session is not None:
            raise EmulatorError("this emulator has been started already")
        app = _app(self._paths, self._settings)
        self._thread = _Thread()
        try:
            self._listening, line = self._thread.run(_listen(app))
            self._session = opened(line, Setup())
        except BaseException:
            self.stop()
            raise
        return self._session

    def stop(self) -> None:
        """Stop it. Open answers are ended; a second time does nothing."""
        thread, listening = self._thread, self._listening
        self._thread = self._listening = self._session = None
        if thread is not None:
            try:
                if listening is not None:
                    thread.run(listening.stop())
            finally:
                thread.close()

    @property
    def server(self) -> Server:
        """The server, for more sessions on it."""
        return Server(self._started("server")._line)  # noqa: SLF001 - the session has it from here

    def __enter__(self) -> Session:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Session:
        if self._session is not None:
            raise EmulatorError("this emulator has been started already")
        self._listening, line = await _listen(_app(self._paths, self._settings))
        self._session = opened(line, Setup())
        return self._session

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        listening = self._listening
        self._listening = self._session = None
        if listening is not None:
            await listening.stop()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._started(name), name)

    def _started(self, name: str) -> Session:
        if self._session is None:
            raise AttributeError(f"the emulator has no '{name}' before it is started")
        return self._session


# ---------------------------------------------------------------- how a server runs in this process


def _app(paths: tuple[str | Path, ...], settings: Mapping[str, Any]) -> App:
    """Load everything; a server takes time to load, and is loaded only where one is started."""
    from emulator.protocols import PROTOCOLS  # noqa: PLC0415
    from emulator.providers import PROVIDERS  # noqa: PLC0415
    from emulator.scenario import Library, Names  # noqa: PLC0415
    from emulator.server.app import App  # noqa: PLC0415
    from emulator.server.settings import Settings  # noqa: PLC0415

    library = Library(paths, Names(providers=frozenset(PROVIDERS), protocols=frozenset(PROTOCOLS)))
    if library.problems:
        count = len(library.problems)
        last = f"{count} problem{'s'[: count != 1]}; nothing was loaded."
        raise EmulatorError("\n".join((*map(str, library.problems), last)))
    return App(Settings(reads_folders=True, **settings), library)


async def _listen(app: App) -> tuple[Listening, Line]:
    """Start a server in the running loop."""
    from emulator.server.app import Server as Listening  # noqa: PLC0415

    listening = Listening(app)
    try:
        await listening.start()
    except OSError as error:
        settings = app.settings
        raise EmulatorError(f"can't listen on {settings.host}:{settings.port}: {error.strerror or error}") from None
    line = Local(listening.origin, app.control, asyncio.get_running_loop(), threading.get_ident())
    return listening, line


@dataclass(slots=True)
class _Thread:
    """An event loop in a thread of its own."""

    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self.loop.run_forever, name="emulator", daemon=True)
        self._thread.start()

    def run(self, coroutine: Any) -> Any:
        future: Future[Any] = asyncio.run_coroutine_threadsafe(coroutine, self.loop)
        return future.result(_SECONDS)

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(_SECONDS)
        self.loop.close()
