"""Commands around a server that stays: `serve` and `health`."""

from __future__ import annotations

import argparse
import gc
import json
import os
import socket
import sys
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

from emulator.cli.accounts import provider_settings, settable
from emulator.cli.given import add_paths, library_of
from emulator.cli.options import (
    at_least_one,
    command,
    flag,
    not_negative,
    option,
    port,
    positive,
    whole,
)
from emulator.server.log import count
from emulator.types import EmulatorError

if TYPE_CHECKING:
    from emulator.server.settings import Settings

__all__ = ["add_health", "add_serve", "add_world", "world"]


def add_serve(commands: Any) -> None:
    """Add `serve`."""
    serve = command(commands, "serve", _serve, "run the server until Ctrl-C or SIGTERM")
    paths = "a scenario file, or a folder of them (default: ./scenarios where there is one, else a built-in tour)"
    add_paths(serve, help=paths)
    option(serve, "--host", default="127.0.0.1", help="the address to listen on")
    option(serve, "--port", type=port, default="8080", help="the port; 0 takes a free one")
    help_text = "how many processes answer; each session is in one of them"
    option(serve, "--workers", type=at_least_one, default="1", metavar="N", help=help_text)
    flag(serve, "--watch", default=True, help="load scenario files again when they change")
    add_world(serve)
    help_text = "what callers of /_emulator/ must send as a Bearer token; needed off loopback"
    option(serve, "--control-token", default="", metavar="TOKEN", help=help_text)
    help_text = "how many sessions are kept; the one idle longest goes first"
    option(serve, "--max-sessions", type=at_least_one, default="10000", metavar="N", help=help_text)
    help_text = "how many requests the journal keeps; the oldest goes first"
    option(serve, "--journal-entries", type=at_least_one, default="10000", metavar="N", help=help_text)
    option(serve, "--max-body-mib", type=whole, default="64", metavar="MIB", help="the largest request body")
    help_text = "how long a request's body may take to arrive"
    option(serve, "--body-seconds", type=positive, default="60", metavar="SECONDS", help=help_text)
    option(serve, "--log", choices=("text", "json"), default="text", help="the form of the lines on stderr")
    flag(serve, "--verbose", default=False, help="a line for every request, not only for misses and rejections")


def add_world(parser: argparse.ArgumentParser) -> None:
    """Add what a server is told of time, luck, strictness, keys and accounts."""
    help_text = "what replies say of time: by ordinals, by the wall, or by a clock that a test advances, waits too"
    option(parser, "--clock", choices=("deterministic", "real", "manual"), default="deterministic", help=help_text)
    help_text = "how long waits last: 1 as written, 0.1 ten times faster, 0 not at all"
    option(parser, "--time-scale", type=not_negative, default="1", metavar="FACTOR", help=help_text)
    option(parser, "--seed", type=whole, default="0", help="where ids, jitter and other draws come from")
    help_text = "whether ids and other draws come from the seed, or from a new seed for every session"
    option(parser, "--ids", choices=("deterministic", "random"), default="deterministic", help=help_text)
    help_text = "a request that the service would refuse: its error, a note in the journal, or nothing"
    option(parser, "--requests", choices=("strict", "warn", "off"), default="strict", help=help_text)
    help_text = "what answers a request that no step answers: the provider's error, or an echo of the user message"
    option(parser, "--fallback", choices=("error", "echo"), default="error", help=help_text)
    help_text = "a valid API key; repeat it for more (default: any key is valid)"
    option(parser, "--api-key", action="append", default=None, metavar="KEY", help=help_text)
    help_text = "a setting of a provider's account; known are " + ", ".join(settable())
    option(parser, "--set", action="append", default=None, metavar="PROVIDER.NAME=VALUE", help=help_text)


def world(options: argparse.Namespace, **others: Any) -> Settings:
    """The settings that these options say, and others. Raises EmulatorError."""
    from emulator.server.settings import Settings  # noqa: PLC0415 - `health` starts faster without

    return Settings(
        seed=options.seed,
        clock=options.clock,
        time_scale=options.time_scale,
        ids=options.ids,
        fallback=options.fallback,
        requests=options.requests,
        api_keys=tuple(options.api_key),
        providers=provider_settings(options.set),
        **others,
    )


def add_health(commands: Any) -> None:
    """Add `health`."""
    health = command(commands, "health", _health, "ask a running server whether it is ready")
    # In a container the port may be set by a variable, and the health check is the image's.
    at = os.environ.get("EMULATOR_PORT", "")
    default = f"http://127.0.0.1:{at if at.isdigit() and int(at) else 8080}"
    option(health, "--url", default=default, metavar="URL", help="the server's address")
    option(health, "--timeout", type=positive, default="2", metavar="SECONDS", help="how long to wait for it")


def _serve(options: argparse.Namespace) -> int:
    from emulator.server.log import Log  # noqa: PLC0415 - the other commands start faster without a server

    # Windows can't: workers hand connections to each other.
    if options.workers > 1 and not hasattr(socket, "send_fds"):
        print(f"maas-emulator serve: --workers {options.workers}: there is only one on this system", file=sys.stderr)
        return 2
    settings = world(
        options,
        host=options.host,
        port=options.port,
        control_token=options.control_token,
        max_body_bytes=options.max_body_mib * 1024 * 1024,
        body_seconds=options.body_seconds,
        max_sessions=options.max_sessions,
        journal_entries=options.journal_entries,
    )
    log, library = Log(options.log, options.verbose), library_of(options.paths)
    if options.workers == 1:
        from emulator.server import loop, run  # noqa: PLC0415

        loop.run(run.run(settings, library, log, watches=options.watch))
    else:
        import asyncio  # noqa: PLC0415

        from emulator.server import workers  # noqa: PLC0415

        gc.enable()
        asyncio.run(workers.run(settings, library, log, watches=options.watch, workers=options.workers))
    gc.freeze()  # to end takes a tenth of the time where nobody looks for cycles among all that was loaded
    return 0


def _health(options: argparse.Namespace) -> int:
    url = f"{options.url.rstrip('/')}/_emulator/health"
    if not url.startswith(("http://", "https://")):
        raise EmulatorError(f"'{options.url}' is no URL; write it like http://127.0.0.1:8080")
    try:
        with urllib.request.urlopen(url, timeout=options.timeout) as reply:  # noqa: S310 - http and https only
            health = json.load(reply)
    except urllib.error.HTTPError as error:
        raise EmulatorError(f"{url} answers {error.code}") from None
    except (OSError, ValueError) as error:
        raise EmulatorError(f"{url} does not answer: {getattr(error, 'reason', error)}") from None
    print(f"{health['status']}: {health['version']}, {count(health['scenarios'], 'scenario')}")
    return 0
