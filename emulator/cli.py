"""The command line: `maas-emulator`.

Exit codes: 0 good, 1 problems found, 2 wrong usage. What goes wrong is said on stderr in a sentence.
"""

from __future__ import annotations

import argparse
import dataclasses
import difflib
import json
import math
import os
import sys
import typing
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import emulator
from emulator.protocols import PROTOCOLS
from emulator.providers import PROVIDERS
from emulator.server.log import count
from emulator.types import EmulatorError

if TYPE_CHECKING:
    from emulator.scenario import Names

__all__ = ["main"]

_TOUR = Path(__file__).parent / "tour"
_CHECKOUT_TOUR = Path(__file__).parent.parent / "scenarios"

_WORDS = dict.fromkeys(("1", "true", "yes", "on"), True) | dict.fromkeys(("0", "false", "no", "off"), False)
"""How true and false are written in an environment variable and in a setting."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    options = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = options.run
    try:
        return run(options)
    except EmulatorError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:  # before the server listens to it
        return 130
    except BrokenPipeError:  # the reader of our output, such as `head`, has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


# ---------------------------------------------------------------- the commands


def _serve(options: argparse.Namespace) -> int:
    import asyncio  # noqa: PLC0415 - the other commands start faster without a server

    from emulator.scenario import Library  # noqa: PLC0415
    from emulator.server.log import Log  # noqa: PLC0415
    from emulator.server.run import run  # noqa: PLC0415
    from emulator.server.settings import Settings  # noqa: PLC0415

    settings = Settings(
        host=options.host,
        port=options.port,
        seed=options.seed,
        clock=options.clock,
        time_scale=options.time_scale,
        ids=options.ids,
        fallback=options.fallback,
        requests=options.requests,
        api_keys=tuple(options.api_key),
        control_token=options.control_token,
        providers=_provider_settings(options.set),
        max_body_bytes=options.max_body_mib * 1024 * 1024,
        body_seconds=options.body_seconds,
    )
    library = Library(tuple(options.paths) or _default_paths(), _names())
    asyncio.run(run(settings, library, Log(options.log, options.verbose), watch=options.watch))
    return 0


def _validate(options: argparse.Namespace) -> int:
    from emulator.scenario import load  # noqa: PLC0415
    from emulator.scenario.report import as_github, as_json, as_text  # noqa: PLC0415

    loaded = load(options.paths, _names())
    found = [*loaded.problems, *loaded.warnings]
    order = {file: number for number, file in enumerate(dict.fromkeys(problem.file for problem in found))}
    found.sort(key=lambda problem: (order[problem.file], problem.line, problem.column))
    if options.strict:
        found = [dataclasses.replace(problem, severity="error") for problem in found]
    write = {"json": as_json, "github": as_github}.get(options.format)
    text = write(found) if write else as_text(found, _painted if _in_colour() else _plain)
    print(text, end="\n" if text else "")
    errors = sum(problem.severity == "error" for problem in found)
    counts = [count(number, noun) for number, noun in ((errors, "problem"), (len(found) - errors, "warning")) if number]
    steps = sum(len(scenario.steps) for scenario in loaded.scenarios)
    loads = f"{count(len(loaded.scenarios), 'scenario')}, {count(steps, 'step')}: " if loaded.scenarios else ""
    print(f"{loads}{' and '.join(counts) or 'no problems'}.", file=sys.stderr)
    return 1 if errors else 0


def _explain(options: argparse.Namespace) -> int:
    from emulator.clock import Clock  # noqa: PLC0415
    from emulator.scenario import Library  # noqa: PLC0415
    from emulator.server.explain import explain  # noqa: PLC0415
    from emulator.server.front import Door  # noqa: PLC0415
    from emulator.server.pasted import pasted  # noqa: PLC0415
    from emulator.session import Memory, Session  # noqa: PLC0415

    try:
        given = pasted(_contents(options.request), options.path or None, _contents)
    except EmulatorError as error:
        print(f"--request {options.request}: {error}", file=sys.stderr)
        return 2
    library = Library(tuple(options.paths) or _default_paths(), _names())
    if library.problems:
        raise EmulatorError("\n".join(map(str, library.problems)))
    visit = Door({name: make() for name, make in PROVIDERS.items()}).open(given.call)
    session = Session("explain", 0, Clock(), Memory(), None if visit.only is None else (visit.only,))
    said = explain(visit, session, library.scenarios)
    asked = {"method": given.call.method, "path": given.call.path, "guessed_by": given.guessed_by or None}
    if options.format == "json":
        whole = {**said.as_json(), "request": asked, "notes": list(given.notes)}
        print(json.dumps(whole, indent=2, ensure_ascii=False))
    else:
        for note in given.notes:
            print(f"note: {note}", file=sys.stderr)
        print("\n".join(said.lines(_painted if _in_colour() else _plain)))
        if given.guessed_by:
            print(f"\nTaken for {asked['method']} {asked['path']}, by '{given.guessed_by}'; --path names another.")
    return 0 if said.outcome in {"hit", "page"} else 1


def _contents(name: str) -> bytes:
    """What is in a file, or comes in where the name is `-`. Raises EmulatorError."""
    try:
        if name != "-":
            return Path(name).read_bytes()
        if sys.stdin.isatty():
            print("type or paste a request; Ctrl-D ends it", file=sys.stderr)
        return sys.stdin.buffer.read()
    except (OSError, ValueError) as error:
        raise EmulatorError(f"'{name}' can't be read: {getattr(error, 'strerror', error)}") from None


_COLOURS = {"good": "1;32", "bad": "1;31", "faint": "2", "key": "33"}


def _in_colour() -> bool:
    """Whether a person reads the output in a terminal and has not asked for plain text (https://no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _painted(look: str, text: str) -> str:
    return f"\033[{_COLOURS[look]}m{text}\033[0m"


def _plain(look: str, text: str) -> str:
    del look
    return text


def _schema(options: argparse.Namespace) -> int:  # noqa: ARG001 - the signature of a command
    from emulator.scenario import json_schema  # noqa: PLC0415

    print(json.dumps(json_schema(_names()), indent=2, ensure_ascii=False))
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


def _names() -> Names:
    """What a scenario's `provider` and `protocol` conditions can name."""
    from emulator.scenario import Names  # noqa: PLC0415

    return Names(providers=frozenset(PROVIDERS), protocols=frozenset(PROTOCOLS))


def _default_paths() -> tuple[Path, ...]:
    """`./scenarios` where there is one, else the built-in tour."""
    here = Path("scenarios")
    if here.is_dir():
        return (here,)
    return (_TOUR if _TOUR.is_dir() else _CHECKOUT_TOUR,)


# ---------------------------------------------------------------- the options


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, and where to read on."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (try '{self.prog} --help')\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="maas-emulator",
        description="Emulates the HTTP APIs of model services, scripted by scenario files.",
        epilog="Every option is an environment variable too: --control-token is EMULATOR_CONTROL_TOKEN.",
    )
    parser.add_argument("--version", action="version", version=f"maas-emulator {emulator.__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_serve(commands)
    _add_validate(commands)
    _add_explain(commands)
    _command(commands, "schema", _schema, "print the JSON Schema of scenario files, for editors")
    health = _command(commands, "health", _health, "ask a running server whether it is ready")
    _option(health, "--url", default="http://127.0.0.1:8080", metavar="URL", help="the server's address")
    _option(health, "--timeout", type=_positive, default="2", metavar="SECONDS", help="how long to wait for it")
    return parser


def _add_serve(commands: Any) -> None:
    serve = _command(commands, "serve", _serve, "run the server until Ctrl-C or SIGTERM")
    paths = "a scenario file, or a folder of them (default: ./scenarios where there is one, else a built-in tour)"
    serve.add_argument("paths", nargs="*", type=Path, metavar="PATH", help=paths)
    _option(serve, "--host", default="127.0.0.1", help="the address to listen on")
    _option(serve, "--port", type=_port, default="8080", help="the port; 0 takes a free one")
    _flag(serve, "--watch", default=True, help="load scenario files again when they change")
    help_text = "what replies say of time: by ordinals, by the wall, or by a clock that a test advances, waits too"
    _option(serve, "--clock", choices=("deterministic", "real", "manual"), default="deterministic", help=help_text)
    help_text = "how long waits last: 1 as written, 0.1 ten times faster, 0 not at all"
    _option(serve, "--time-scale", type=_not_negative, default="1", metavar="FACTOR", help=help_text)
    _option(serve, "--seed", type=_whole, default="0", help="where ids, jitter and other draws come from")
    help_text = "whether ids and other draws come from the seed, or from a new seed for every session"
    _option(serve, "--ids", choices=("deterministic", "random"), default="deterministic", help=help_text)
    help_text = "a request that the service would refuse: its error, a note in the journal, or nothing"
    _option(serve, "--requests", choices=("strict", "warn", "off"), default="strict", help=help_text)
    help_text = "what answers a request that no step answers: the provider's error, or an echo of the user message"
    _option(serve, "--fallback", choices=("error", "echo"), default="error", help=help_text)
    help_text = "a valid API key; repeat it for more (default: any key is valid)"
    _option(serve, "--api-key", action="append", default=None, metavar="KEY", help=help_text)
    help_text = "what callers of /_emulator/ must send as a Bearer token; needed off loopback"
    _option(serve, "--control-token", default="", metavar="TOKEN", help=help_text)
    help_text = "a setting of a provider's account; known are " + ", ".join(_settable())
    _option(serve, "--set", action="append", default=None, metavar="PROVIDER.NAME=VALUE", help=help_text)
    _option(serve, "--max-body-mib", type=_whole, default="64", metavar="MIB", help="the largest request body")
    help_text = "how long a request's body may take to arrive"
    _option(serve, "--body-seconds", type=_positive, default="60", metavar="SECONDS", help=help_text)
    _option(serve, "--log", choices=("text", "json"), default="text", help="the form of the lines on stderr")
    _flag(serve, "--verbose", default=False, help="a line for every request, not only for misses and rejections")


def _add_validate(commands: Any) -> None:
    validate = _command(commands, "validate", _validate, "say every problem of scenario files, and what is doubtful")
    validate.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a scenario file, or a folder of them")
    words = ("text", "json", "github")
    help_text = "the form of the output: lines for people, a list for programs, or annotations for GitHub"
    _option(validate, "--format", type=_one_of(*words), default="text", metavar="|".join(words), help=help_text)
    _flag(validate, "--strict", default=False, help="take warnings for problems")


def _add_explain(commands: Any) -> None:
    explain = _command(commands, "explain", _explain, "say which step would answer a request, and why no other would")
    paths = "a scenario file, or a folder of them (default: as for serve)"
    explain.add_argument("paths", nargs="*", type=Path, metavar="PATH", help=paths)
    help_text = "a file with a JSON body or a curl command; - is what comes in"
    _option(explain, "--request", default="-", metavar="FILE", help=help_text)
    help_text = "where a JSON body goes (default: guessed by its keys)"
    _option(explain, "--path", default="", metavar="/PATH", help=help_text)
    # No choices: a variable with another command's word must not keep this parser from being made.
    words = ("text", "json")
    help_text = "the form of the output"
    _option(explain, "--format", type=_one_of(*words), default="text", metavar="|".join(words), help=help_text)


def _command(
    commands: Any, name: str, run: Callable[[argparse.Namespace], int], summary: str
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=summary, description=f"{summary.capitalize()}.")
    parser.set_defaults(run=run)
    return parser


def _option(parser: argparse.ArgumentParser, name: str, **settings: Any) -> None:
    """Add an option whose default is an environment variable where that is set."""
    variable = f"EMULATOR_{name.removeprefix('--').replace('-', '_').upper()}"
    default = settings.pop("default")
    set_value = os.environ.get(variable)
    if settings.get("action") == "append":
        settings["default"] = [word for word in (set_value or "").split(",") if word]
        note = f"[{variable}, comma-separated]"
    else:
        settings["default"] = default if set_value is None else set_value
        note = f"[{variable}; default: {default}]" if default else f"[{variable}]"
        if settings.get("choices") and settings["default"] not in settings["choices"]:
            parser.error(f"{variable}: '{set_value}' is not one of {', '.join(settings['choices'])}")
    parser.add_argument(name, **{**settings, "help": f"{settings['help']} {note}".replace("%", "%%")})


def _flag(parser: argparse.ArgumentParser, name: str, *, default: bool, help: str) -> None:  # noqa: A002 - argparse's word
    """Add `--name` and `--no-name`, with an environment variable for the default."""
    variable = f"EMULATOR_{name.removeprefix('--').upper()}"
    word = os.environ.get(variable)
    if word is not None:
        if word and word.lower() not in _WORDS:
            parser.error(f"{variable}: '{word}' came, true or false is wanted")
        default = _WORDS.get(word.lower(), False)
    action = argparse.BooleanOptionalAction
    parser.add_argument(name, action=action, default=default, help=f"{help} [{variable}]")


def _port(word: str) -> int:
    if not (word.isascii() and word.isdigit() and int(word[:6]) <= 65535):  # noqa: PLR2004 - the ports there are
        raise argparse.ArgumentTypeError(f"'{word}' is no port; 0 to 65535 are")
    return int(word)


def _whole(word: str) -> int:
    try:
        return int(word)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{word}' came, a whole number is wanted") from None


def _not_negative(word: str) -> float:
    try:
        number = float(word)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{word}' came, a number is wanted") from None
    if not 0 <= number < math.inf:
        raise argparse.ArgumentTypeError(f"{word} came, 0 or more is wanted")
    return number


def _one_of(*known: str) -> Callable[[str], str]:
    def read(word: str) -> str:
        if word not in known:
            raise argparse.ArgumentTypeError(f"'{word}' is not one of {', '.join(known)}")
        return word

    return read


def _positive(word: str) -> float:
    number = _not_negative(word)
    if number == 0:
        raise argparse.ArgumentTypeError("0 came, more than 0 is wanted")
    return number


# ---------------------------------------------------------------- settings of providers


def _settable() -> dict[str, Any]:
    """The type of every setting, by `PROVIDER.NAME`."""
    return {
        f"{name}.{field.name}": typing.get_type_hints(make)[field.name]
        for name, make in PROVIDERS.items()
        for field in dataclasses.fields(typing.cast("Any", make))
    }


def _provider_settings(words: Sequence[str]) -> dict[str, dict[str, object]]:
    """Read `PROVIDER.NAME=VALUE` words. Raises EmulatorError for a name or a value that is not known."""
    known = _settable()
    settings: dict[str, dict[str, object]] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or name not in known:
            close = difflib.get_close_matches(name, known, 1)
            meant = f"did you mean '{close[0]}'?" if close else f"known are {', '.join(known)}"
            raise EmulatorError(f"--set {word}: unknown setting; {meant}")
        provider, _, field = name.partition(".")
        settings.setdefault(provider, {})[field] = _value(word, known[name], value)
    return settings


def _value(word: str, kind: Any, value: str) -> object:
    if kind is bool:
        if value.lower() not in _WORDS:
            raise EmulatorError(f"--set {word}: '{value}' came, true or false is wanted")
        return _WORDS[value.lower()]
    choices = typing.get_args(kind)
    if typing.get_origin(kind) is tuple:
        return tuple(piece for piece in value.split("+") if piece)
    if choices and value not in choices:
        raise EmulatorError(f"--set {word}: '{value}' is not one of {', '.join(choices)}")
    return value
