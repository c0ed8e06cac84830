"""The methods of templates: those of texts, lists, objects and times that change nothing and have a bound."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from jinja2.runtime import LoopContext, Undefined

from emulator.scenario.templates.bounds import MAX_TEXT, Run, kind, lacking, plain, present
from emulator.scenario.templates.filters import FILTERS
from emulator.scenario.templates.operations import attribute
from emulator.scenario.templates.outcome import Failed
from emulator.scenario.templates.scope import Random
from emulator.types import Json

__all__ = ["METHODS", "method", "names_of"]

_MAX_FORMAT: Final = 200
_DRAW: Final = 100
_DIRECTIVES: Final = re.compile(r"(?:[^%\0]|%[aAwdbBmyYHIMpSfzZjUWcxX%GuVFT])*")
"""Those that Python documents, and F and T: none of them reads the machine's time zone."""


def method(run: Run, value: Any, name: str, label: str, *args: Any, **kwargs: Any) -> object:
    """Call a method of a value."""
    if isinstance(value, Undefined):
        lacking(value)
    present(*args, *kwargs.values())
    found = next((table[name] for types, table in METHODS.items() if isinstance(value, types) and name in table), None)
    if found is None:
        raise Failed(f"{label} is {kind(value)}, which has no {name}()")
    try:
        return found(run, value, *args, **kwargs)
    except (TypeError, ValueError, IndexError):
        given = ", ".join(map(kind, args)) or "nothing"
        raise Failed(f"{label}.{name}() can't take {given}") from None


def names_of(types: type) -> list[str]:
    """Give the names of the methods of a type."""
    return sorted(METHODS.get(types, {}))


def _plainly(name: str) -> Callable[..., Json]:
    """Make a method of a text that gives no more than it has."""
    call: Callable[..., Json] = getattr(str, name)

    def called(run: Run, text: str, *args: Any) -> Json:
        if any(isinstance(one, tuple | list | Mapping) for one in args):
            raise TypeError(name)
        run.read(text)
        given = call(text, *args)
        return run.made(given) if isinstance(given, str) else given

    return called


def _cutting(name: str) -> Callable[..., list[Json]]:
    """Make a method of a text that cuts it into a list."""
    call: Callable[..., Any] = getattr(str, name)

    def called(run: Run, text: str, *args: Any, **kwargs: Any) -> list[Json]:
        if len(text) > MAX_TEXT:
            raise Failed(f"{name}() takes a text of at most {MAX_TEXT:,} characters")
        run.read(text)
        run.spend(len(text) >> 2)
        return run.list(list(call(text, *args, **kwargs)))

    return called


def _padding(name: str) -> Callable[..., str]:
    call: Callable[..., str] = getattr(str, name)

    def called(run: Run, text: str, width: int, *fill: str) -> str:
        run.fits(width)
        return run.made(call(text, width, *fill))

    return called


def _joining(run: Run, text: str, items: object) -> Json:
    return FILTERS["join"](run, items, text)


def _get(run: Run, value: Mapping[str, Json], name: str, default: Json = None) -> Json:
    there = attribute(run, value, name, "")
    return default if isinstance(there, Undefined) else there


def _strftime(run: Run, value: datetime, wanted: str) -> str:
    run.spend(_MAX_FORMAT)
    if len(wanted) > _MAX_FORMAT or not _DIRECTIVES.fullmatch(wanted):
        raise Failed(f"strftime takes up to {_MAX_FORMAT} characters with Python's documented directives: %Y-%m-%d")
    return value.strftime(wanted)


def _drawing(draw: Callable[..., Json]) -> Callable[..., Json]:
    def drawn(run: Run, value: Random, *args: Any) -> Json:
        run.spend(_DRAW)
        return draw(value, *args)

    return drawn


def _listed(take: Callable[[Mapping[str, Json]], Any]) -> Callable[[Run, Mapping[str, Json]], list[Json]]:
    def listed(run: Run, value: Mapping[str, Json]) -> list[Json]:
        run.room(len(value))
        return [list(one) if isinstance(one, tuple) else one for one in take(value)]

    return listed


_PLAIN: Final = (
    *("capitalize", "casefold", "count", "endswith", "find", "isalnum", "isalpha", "isdecimal", "isdigit", "islower"),
    *("isnumeric", "isspace", "istitle", "isupper", "lower", "lstrip", "removeprefix", "removesuffix", "rfind"),
    *("rstrip", "startswith", "strip", "swapcase", "title", "upper"),
)
METHODS: Final[Mapping[type, Mapping[str, Callable[..., Any]]]] = {
    str: {
        **{name: _plainly(name) for name in _PLAIN},
        **{name: _cutting(name) for name in ("partition", "rpartition", "rsplit", "split", "splitlines")},
        **{name: _padding(name) for name in ("ljust", "rjust", "zfill")},
        "join": _joining,
        "replace": FILTERS["replace"],
    },
    list: {
        "count": lambda run, value, one: plain(run, value).count(plain(run, one)),
        "index": lambda run, value, one: plain(run, value).index(plain(run, one)),
    },
    Mapping: {
        "get": _get,
        "items": FILTERS["items"],
        "keys": _listed(lambda value: value.keys()),
        "values": _listed(lambda value: value.values()),
    },
    datetime: {
        "isoformat": lambda _, value, *args: value.isoformat(*args),
        "isoweekday": lambda _, value: value.isoweekday(),
        "strftime": _strftime,
        "timestamp": lambda _, value: value.timestamp(),
        "weekday": lambda _, value: value.weekday(),
    },
    Random: {
        "choice": _drawing(Random.choice),
        "hex": _drawing(Random.hex),
        "integer": _drawing(Random.integer),
        "number": _drawing(Random.number),
        "uuid": _drawing(Random.uuid),
    },
    LoopContext: {"cycle": lambda _, value, *args: value.cycle(*args)},
}
"""By type: each takes the run and the value, then what stands in parentheses."""
