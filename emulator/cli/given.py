"""What commands are given: scenario files, texts, and the names that scenarios can use."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from emulator.cli.options import one_of, option
from emulator.protocols import PROTOCOLS
from emulator.providers import PROVIDERS
from emulator.types import EmulatorError

if TYPE_CHECKING:
    from emulator.scenario import Library, Names, Scenario

__all__ = ["add_format", "add_paths", "contents", "default_paths", "library_of", "names", "scenarios_of"]

_PACKAGE: Final = Path(__file__).parents[1]
_TOUR: Final = _PACKAGE / "tour"
_CHECKOUT_TOUR: Final = _PACKAGE.parent / "scenarios"


def names() -> Names:
    """What a scenario's `provider` and `protocol` conditions can name."""
    from emulator.scenario import Names  # noqa: PLC0415 - `health` starts faster without

    return Names(providers=frozenset(PROVIDERS), protocols=frozenset(PROTOCOLS))


def default_paths() -> tuple[Path, ...]:
    """`./scenarios` where there is one, else the built-in tour."""
    here = Path("scenarios")
    if here.is_dir():
        return (here,)
    return (_TOUR if _TOUR.is_dir() else _CHECKOUT_TOUR,)


def library_of(paths: Sequence[Path]) -> Library:
    """The scenarios of these paths, or of the default ones; with problems where there are any."""
    from emulator.scenario import Library  # noqa: PLC0415

    return Library(tuple(paths) or default_paths(), names())


def scenarios_of(paths: Sequence[Path]) -> tuple[Scenario, ...]:
    """The same, for commands that need all of them. Raises EmulatorError with every problem."""
    library = library_of(paths)
    if library.problems:
        raise EmulatorError("\n".join(map(str, library.problems)))
    return library.scenarios


def contents(name: str) -> bytes:
    """What is in a file, or comes in where the name is `-`. Raises EmulatorError."""
    try:
        if name != "-":
            return Path(name).read_bytes()
        if sys.stdin.isatty():
            print("type or paste a request; Ctrl-D ends it", file=sys.stderr)
        return sys.stdin.buffer.read()
    except (OSError, ValueError) as error:
        raise EmulatorError(f"'{name}' can't be read: {getattr(error, 'strerror', error)}") from None


def add_paths(parser: argparse.ArgumentParser, **settings: Any) -> None:
    """Add the scenario files that a command works on."""
    defaults = {"nargs": "*", "help": "a scenario file, or a folder of them (default: as for serve)"}
    parser.add_argument("paths", type=Path, metavar="PATH", **{**defaults, **settings})


def add_format(parser: argparse.ArgumentParser, help_text: str, *words: str) -> None:
    """Add `--format`, whose first word is the default."""
    option(parser, "--format", type=one_of(*words), default=words[0], metavar="|".join(words), help=help_text)
