"""Checks of the fields of a body: kinds, ranges, words, lengths. Each looks at one field, and costs next to nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from types import NoneType
from typing import Final, NamedTuple

from emulator.refusals import words
from emulator.refusals.checks import about, beside
from emulator.types import Breach, Check, Json, Request

__all__ = [
    "BOOLEAN",
    "DECIMAL",
    "INTEGER",
    "METADATA",
    "OBJECT",
    "STRING",
    "Kind",
    "at_least",
    "between",
    "known",
    "metadata",
    "named",
    "one_of",
    "typed",
]

NOTHING: Final[Sequence[Breach]] = ()


class Kind(NamedTuple):
    """What a field may be."""

    types: tuple[type, ...]
    """null goes as well: it stands for a field that is not there (recorded)."""
    words: str


BOOLEAN: Final = Kind((bool,), "a boolean")
INTEGER: Final = Kind((int,), "an integer")
DECIMAL: Final = Kind((int, float), "a decimal")
STRING: Final = Kind((str,), "a string")
OBJECT: Final = Kind((dict,), "an object")
METADATA: Final = Kind((dict,), "a metadata object")

_MOST_METADATA: Final = 16
_LONGEST_NAME: Final = 64
_LONGEST_VALUE: Final = 512
_NAME: Final = re.compile(r"[a-zA-Z0-9_-]*")
_NAME_AS_WRITTEN: Final = "^[a-zA-Z0-9_-]+$"


def typed(kinds: Mapping[str, Kind]) -> Check:
    """Whether fields are of their kinds. They are reported in the order of the table."""
    order = {name: number for number, name in enumerate(kinds)}
    types = {name: (*kind.types, NoneType) for name, kind in kinds.items()}

    @about(*kinds)
    def check(request: Request) -> Sequence[Breach]:
        wrong = [name for name, value in request.body.items() if name in types and type(value) not in types[name]]
        if not wrong:
            return NOTHING
        body = request.body
        found = [name for name in sorted(wrong, key=order.__getitem__) if not _whole(body[name], kinds[name])]
        return [words.invalid_type(name, kinds[name].words, body[name]) for name in found]

    return check


def _whole(value: Json, kind: Kind) -> bool:
    """2.0 is an integer that some clients write so (inferred: it is taken)."""
    return kind is INTEGER and type(value) is float and value.is_integer()


def known(names: frozenset[str], meant: frozenset[str] | None = None) -> Check:
    """Whether there are only fields of these names. `meant`: which of them are suggested; None: all."""
    suggested = names if meant is None else meant

    @beside(names)
    def check(request: Request) -> Sequence[Breach]:
        body = request.body
        return [words.unknown(name, suggested, body) for name in body if name not in names]

    return check


def between(name: str, kind: str, least: float, most: float) -> Check:
    """Whether a number lies between two others, both included."""

    @about(name)
    def check(request: Request) -> Sequence[Breach]:
        value = request.body.get(name)
        if value is None or type(value) not in DECIMAL.types:
            return NOTHING
        if value < least:
            return [words.below(name, kind, least, value)]
        return [words.above(name, kind, most, value)] if value > most else NOTHING

    return check


def at_least(name: str, least: int) -> Check:
    """Whether an integer is no smaller than another."""

    @about(name)
    def check(request: Request) -> Sequence[Breach]:
        value = request.body.get(name)
        if value is None or type(value) not in DECIMAL.types or value >= least:
            return NOTHING
        return [words.below(name, "integer", least, value)]

    return check


def one_of(name: str, values: Sequence[str]) -> Check:
    """Whether a text is one of a few words, and a text at all."""

    @about(name)
    def check(request: Request) -> Sequence[Breach]:
        value = request.body.get(name)
        if value is None or value in values:
            return NOTHING
        if not isinstance(value, str):
            return [words.invalid_type(name, f"one of {words.choices(values, 'or')}", value)]
        return [words.invalid_value(name, value, values)]

    return check


@about("metadata")
def metadata(request: Request) -> Sequence[Breach]:
    """Whether there are at most 16 pairs, of at most 64 and 512 letters."""
    pairs = request.body.get("metadata")
    if not pairs or not isinstance(pairs, dict):
        return NOTHING
    found = []
    if len(pairs) > _MOST_METADATA:
        message = (
            f"Invalid 'metadata': too many properties. Expected an object with at most {_MOST_METADATA} properties, "
            f"but got an object with {len(pairs)} properties instead."
        )
        found.append(words.said(message, "metadata", "object_above_max_properties"))
    for name, value in pairs.items():
        place = f"metadata.{name}"
        if len(name) > _LONGEST_NAME:
            message = (
                f"Invalid property name in 'metadata': '{name[:3]}...{name[-3:]}' is too long. Expected a string with "
                f"maximum length {_LONGEST_NAME}, but got a string with length {len(name)} instead."
            )
            found.append(words.said(message, place, "property_name_above_max_length"))
        elif not isinstance(value, str):
            found.append(words.invalid_type(place, "a string", value))
        elif len(value) > _LONGEST_VALUE:
            found.append(words.long_string(place, _LONGEST_VALUE, len(value)))
    return found


def named(name: Json, place: str) -> Iterator[Breach]:
    """What is wrong with the name of a tool or a schema."""
    if name is None:
        yield words.missing(place)
    elif not isinstance(name, str):
        yield words.invalid_type(place, "a string", name)
    elif not name:
        yield words.empty_string(place)
    elif not _NAME.fullmatch(name):
        yield words.pattern(place, _NAME_AS_WRITTEN)
    elif len(name) > _LONGEST_NAME:
        yield words.long_string(place, _LONGEST_NAME, len(name))
