"""The command line: `maas-emulator`.

Exit codes: 0 good, 1 problems found, 2 wrong usage. What goes wrong is said on stderr in a sentence.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence

import emulator
from emulator.cli.checking import add_explain, add_validate
from emulator.cli.listing import add_scenarios, add_schema
from emulator.cli.options import Parser
from emulator.cli.running import add_run
from emulator.cli.serving import add_health, add_serve
from emulator.cli.starting import add_init
from emulator.types import EmulatorError

__all__ = ["main", "parsed"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    try:
        options = parsed(sys.argv[1:] if arguments is None else arguments)
        run: Callable[[argparse.Namespace], int] = options.run
        return run(options)
    except EmulatorError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:  # before the server listens to it
        return 130
    except BrokenPipeError:  # the reader of our output, such as `head`, has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """What a command line asks for. Ends the process where that is not understood, with exit code 2."""
    words, command = list(arguments), []
    # argparse takes a second word after the dashes for one of ours, so that they are cut here.
    if words[:1] == ["run"] and "--" in words:
        dashes = words.index("--")
        words, command = words[:dashes], words[dashes + 1 :]
    options = _parser().parse_args(words)
    options.command = command
    return options


def _parser() -> Parser:
    parser = Parser(
        prog="maas-emulator",
        description="Emulates the HTTP APIs of model services, scripted by scenario files.",
        epilog="Every option is an environment variable too: --control-token is EMULATOR_CONTROL_TOKEN.",
    )
    parser.add_argument("-V", "--version", action="version", version=f"maas-emulator {emulator.__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for add in (add_serve, add_validate, add_explain, add_run, add_scenarios, add_init, add_schema, add_health):
        add(commands)
    return parser
