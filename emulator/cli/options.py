"""Options of commands: each is an environment variable too, and a wrong value is said in one line."""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Callable
from typing import Any, Final, NoReturn

__all__ = [
    "WORDS",
    "Parser",
    "at_least_one",
    "command",
    "flag",
    "not_negative",
    "one_of",
    "option",
    "port",
    "positive",
    "whole",
]

WORDS: Final = dict.fromkeys(("1", "true", "yes", "on"), True) | dict.fromkeys(("0", "false", "no", "off"), False)
"""How true and false are written in an environment variable and in a setting."""


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, and where to read on."""

    def error(self, message: str) -> NoReturn:
        """End the command with exit code 2."""
        self.exit(2, f"{self.prog}: {message} (try '{self.prog} --help')\n")


def command(commands: Any, name: str, run: Callable[[argparse.Namespace], int], summary: str) -> Parser:
    """Add a command."""
    parser: Parser = commands.add_parser(name, help=summary, description=f"{summary.capitalize()}.")
    parser.set_defaults(run=run)
    return parser


def option(parser: argparse.ArgumentParser, name: str, **settings: Any) -> None:
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


def flag(parser: argparse.ArgumentParser, name: str, *, default: bool, help: str) -> None:  # noqa: A002 - argparse's word
    """Add `--name` and `--no-name`, with an environment variable for the default."""
    variable = f"EMULATOR_{name.removeprefix('--').replace('-', '_').upper()}"
    word = os.environ.get(variable)
    if word is not None:
        if word and word.lower() not in WORDS:
            parser.error(f"{variable}: '{word}' came, true or false is wanted")
        default = WORDS.get(word.lower(), False)
    action = argparse.BooleanOptionalAction
    parser.add_argument(name, action=action, default=default, help=f"{help} [{variable}]")


def port(word: str) -> int:
    """A port, or 0."""
    if not (word.isascii() and word.isdigit() and int(word[:6]) <= 65535):  # noqa: PLR2004 - the ports there are
        raise argparse.ArgumentTypeError(f"'{word}' is no port; 0 to 65535 are")
    return int(word)


def whole(word: str) -> int:
    """A whole number."""
    try:
        return int(word)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{word}' came, a whole number is wanted") from None


def not_negative(word: str) -> float:
    """A number from 0 on."""
    try:
        number = float(word)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{word}' came, a number is wanted") from None
    if not 0 <= number < math.inf:
        raise argparse.ArgumentTypeError(f"{word} came, 0 or more is wanted")
    return number


def at_least_one(word: str) -> int:
    """A whole number from 1 on."""
    number = whole(word)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{word} came, 1 or more is wanted")
    return number


def one_of(*known: str) -> Callable[[str], str]:
    """One of these words.

    In place of argparse's choices where other commands have an option of the same name with other words: a variable
    that is meant for one of them must not keep this parser from being made.
    """

    def read(word: str) -> str:
        if word not in known:
            raise argparse.ArgumentTypeError(f"'{word}' is not one of {', '.join(known)}")
        return word

    return read


def positive(word: str) -> float:
    """A number above 0."""
    number = not_negative(word)
    if number == 0:
        raise argparse.ArgumentTypeError("0 came, more than 0 is wanted")
    return number
