"""Runs a server until it is told to stop: what `maas-emulator serve` does."""

from __future__ import annotations

import asyncio
import contextlib
import shlex
import signal
from typing import Final

import emulator
from emulator.scenario import Library, samples
from emulator.server.answer import answer
from emulator.server.app import App, Server
from emulator.server.front import Visit
from emulator.server.log import Log, count
from emulator.server.settings import Settings
from emulator.types import Call, EmulatorError

__all__ = ["cannot_listen", "refuse_problems", "run", "told_to_stop", "watch", "welcome"]

_WATCH_SECONDS: Final = 0.5
_SAMPLE_KEY: Final = "test"


async def run(settings: Settings, library: Library, log: Log, *, watches: bool) -> None:
    """Serve until SIGINT or SIGTERM. Raises EmulatorError with what keeps it from starting."""
    refuse_problems(library)
    server = Server(App(settings, library, log))
    stopped = told_to_stop()
    try:
        await server.start()
    except OSError as error:
        raise cannot_listen(settings, error) from None
    log.doubts(library.warnings)
    print(welcome(server), flush=True)  # noqa: T201 - what the command is for
    watching = asyncio.create_task(watch(library, log)) if watches else None
    await stopped.wait()
    if watching is not None:
        watching.cancel()
    await server.stop()


def refuse_problems(library: Library) -> None:
    """Raise EmulatorError with what is wrong with the files, where something is."""
    if problems := library.problems:
        last = f"{count(len(problems), 'problem')}; nothing was loaded."
        raise EmulatorError("\n".join((*map(str, problems), last)))


def cannot_listen(settings: Settings, error: OSError) -> EmulatorError:
    """What is said where the port can't be had."""
    return EmulatorError(f"can't listen on {settings.host}:{settings.port}: {error.strerror or error}")


def told_to_stop() -> asyncio.Event:
    """An event that the first SIGINT or SIGTERM sets."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        # Windows has no signal handlers in its loop: there Ctrl-C ends the process by itself.
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stopped.set)
    return stopped


async def watch(library: Library, log: Log | None) -> None:
    """Load what changes on disk. Polled: that works on every file system, container mounts too."""
    while True:
        await asyncio.sleep(_WATCH_SECONDS)
        problems = library.refresh()
        if problems is not None and log is not None:
            log.reloaded(len(library.scenarios), problems)
            if not problems:
                log.doubts(library.warnings)


def welcome(server: Server, workers: int = 1) -> str:
    """What is said when the server listens."""
    app = server.app
    steps = sum(len(scenario.steps) for scenario in app.library.scenarios)
    lines = [
        f"maas-emulator {emulator.__version__} listening on {server.origin}",
        f"  {count(len(app.library.scenarios), 'scenario')}, {count(steps, 'step')}"
        + (f", {count(workers, 'worker')}" if workers > 1 else ""),
        *(f"  {name}: {provider.base_url(server.origin)}" for name, provider in app.providers.items()),
    ]
    if sample := _sample(app):
        lines += ["", "Try it:", f"  {_curl(sample, server.origin, app)}", ""]
    lines.append("Ctrl-C stops it.")
    return "\n".join(lines)


def _sample(app: App) -> Call | None:
    """A request that a loaded step answers with 200: tried, not guessed."""
    key = _sample_key(app)
    for provider in app.providers.values():
        for model, user in samples(app.library.scenarios):
            call = provider.sample(model, user)
            tried = Call(call.method, call.path, headers={"authorization": f"Bearer {key}"}, body=call.body)
            session = app.new_session("sample", None)
            said, _ = answer(Visit(provider, tried, "sample", None), session, app.library.scenarios, None)
            if said.outcome == "hit" and said.status == 200:  # noqa: PLR2004
                return call
    return None


def _sample_key(app: App) -> str:
    return app.settings.api_keys[0] if app.settings.api_keys else _SAMPLE_KEY


def _curl(call: Call, origin: str, app: App) -> str:
    words = ["curl", f"{origin}{call.path}"]
    words += ["-H", f"Authorization: Bearer {'$KEY' if app.settings.api_keys else _SAMPLE_KEY}"]
    words += ["-H", "Content-Type: application/json", "-d", call.body.decode()]
    return shlex.join(words)
