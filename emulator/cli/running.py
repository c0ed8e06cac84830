"""The command `run`: a server for as long as another command takes, and what is to be said of it afterwards."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from emulator.cli.given import add_paths, library_of
from emulator.cli.look import paint_for
from emulator.cli.options import command, flag, one_of, option
from emulator.cli.serving import add_world, world
from emulator.providers import PROVIDERS
from emulator.types import EmulatorError

if TYPE_CHECKING:
    from emulator.server.app import Server

__all__ = ["add_run"]

_KEY: Final = "maas-emulator-run"
_HINT: Final = "write the command after two dashes: maas-emulator run scenarios -- pytest"
_FORWARDED: Final = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT")
"""Those that Windows has none of are left out there."""


def add_run(commands: Any) -> None:
    """Add `run`."""
    summary = "run a command beside a server of its own, then say what was wrong"
    run = command(commands, "run", _run, summary)
    run.usage = "maas-emulator run [PATH ...] [options] -- COMMAND ..."
    run.description = (
        "Starts a server on a free port, runs the command with the base URLs and keys of it in the variables that SDKs "
        "read, and then says which requests no step answered, which steps nothing asked for, and how the client "
        "behaved. Ends with the command's exit code, or with 1 where that is 0 and the run fell short."
    )
    add_paths(run)
    providers = tuple(PROVIDERS)
    help_text = f"whose base URL goes into OPENAI_BASE_URL and the like: {', '.join(providers)}"
    option(run, "--provider", type=one_of(*providers), default=providers[0], metavar="NAME", help=help_text)
    flag(run, "--strict", default=True, help="end with 1 where the run fell short")
    add_world(run)
    flag(run, "--verbose", default=False, help="a line for every request as it comes")


def _run(options: argparse.Namespace) -> int:
    from emulator.server import loop  # noqa: PLC0415 - the other commands start faster without a server
    from emulator.server.app import App, Server  # noqa: PLC0415
    from emulator.server.log import Log  # noqa: PLC0415

    if not options.command:
        print(f"maas-emulator run: there is no command; {_HINT}", file=sys.stderr)
        return 2
    library = library_of(options.paths)
    if library.problems:
        raise EmulatorError("\n".join(map(str, library.problems)))
    log = Log(verbose=True)
    log.doubts(library.warnings)
    app = App(world(options, port=0), library, log if options.verbose else None)
    key = app.settings.api_keys[0] if app.settings.api_keys else _KEY
    return loop.run(_beside(Server(app), options, key))


async def _beside(server: Server, options: argparse.Namespace, key: str) -> int:
    """Run the command while the server runs, and say what came of it; the exit code."""
    from emulator.cli.environment import environment  # noqa: PLC0415 - they take the server's parts
    from emulator.cli.outcome import Outcome  # noqa: PLC0415

    await server.start()
    try:
        variables = environment(server.app.providers, options.provider, server.origin, key)
        process = await asyncio.create_subprocess_exec(*options.command, env=_with(variables))
        with _forwarding(process):
            ended = await process.wait()
    except OSError as error:
        why = "is not there" if isinstance(error, FileNotFoundError) else f"can't be run: {error.strerror}"
        print(f"maas-emulator run: the command '{options.command[0]}' {why}", file=sys.stderr)
        return 127 if isinstance(error, FileNotFoundError) else 126
    finally:
        await server.stop()
    # As a shell has it: 128 and the number of the signal.
    code = ended if ended >= 0 else 128 - ended
    outcome = Outcome.of(server.app)
    lines = outcome.lines(paint_for(sys.stderr), lenient=code == 0 and options.strict)
    print("\n".join(lines), file=sys.stderr)
    return code or int(options.strict and not outcome.good)


def _with(variables: Mapping[str, str | None]) -> dict[str, str]:
    """Our own environment with these variables, and without those that are None."""
    both: dict[str, str | None] = {**os.environ, **variables}
    return {name: value for name, value in both.items() if value is not None}


@contextlib.contextmanager
def _forwarding(process: asyncio.subprocess.Process) -> Iterator[None]:
    """Let the command have the signals that come to us, and stay until it ends."""
    loop = asyncio.get_running_loop()
    numbers = [getattr(signal, name) for name in _FORWARDED if hasattr(signal, name)]

    def forward(number: int) -> None:
        # What is typed in a terminal comes to the command by itself.
        typed = number in {signal.SIGINT, getattr(signal, "SIGQUIT", None)} and _in_front()
        if not typed:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(number)

    # Windows has no signal handlers in its loop: there Ctrl-C comes to both by itself.
    with contextlib.suppress(NotImplementedError):
        for number in numbers:
            loop.add_signal_handler(number, forward, number)
    try:
        yield
    finally:
        with contextlib.suppress(NotImplementedError):
            for number in numbers:
                loop.remove_signal_handler(number)


def _in_front() -> bool:
    """Whether we run in the foreground of a terminal."""
    try:
        return os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except (OSError, ValueError, AttributeError):
        return False
