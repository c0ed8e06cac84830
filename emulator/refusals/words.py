"""The sentences of OpenAI's APIs about what is wrong with a request, each with its code and its place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from emulator.types import Breach, Json, Rejected

__all__ = [
    "MEASURED",
    "a",
    "above",
    "below",
    "choices",
    "empty_array",
    "empty_string",
    "invalid_type",
    "invalid_value",
    "long_array",
    "long_string",
    "missing",
    "pattern",
    "refuse",
    "said",
    "unknown",
]

MEASURED: Final = "api.openai.com, measured 2026-08-30 (see emulator/refusals)"

_KINDS: Final = {
    type(None): "null",
    bool: "a boolean",
    int: "an integer",
    float: "a decimal number",
    str: "a string",
    list: "an array",
}

_FAR: Final = 2
"""A known parameter that is at most so many letters away is suggested, one that is 3 away is not (recorded)."""


def a(value: Json) -> str:
    """Say what kind of JSON a value is."""
    return _KINDS.get(type(value), "an object")


def choices(values: Sequence[str], last: str = "and") -> str:
    """Write `'a', 'b', and 'c'`; of two values `'a' and 'b'`."""
    quoted = [f"'{value}'" for value in values]
    if len(quoted) < 3:  # noqa: PLR2004 - a comma stands before the last word of three
        return f" {last} ".join(quoted)
    return f"{', '.join(quoted[:-1])}, {last} {quoted[-1]}"


def said(message: str, param: str = "", code: str | None = None) -> Breach:
    """A sentence that fits nowhere else."""
    return Breach(message, param, code=code)


def refuse(breach: Breach) -> Rejected:
    """Make what is raised where a request can't even be read."""
    return Rejected(breach.failure())


def missing(param: str) -> Breach:
    """Something that must be there."""
    return Breach(f"Missing required parameter: '{param}'.", param, code="missing_required_parameter")


def invalid_type(param: str, expected: str, value: Json) -> Breach:
    """JSON of another kind."""
    message = f"Invalid type for '{param}': expected {expected}, but got {a(value)} instead."
    return Breach(message, param, code="invalid_type")


def invalid_value(param: str, value: Json, supported: Sequence[str]) -> Breach:
    """None of a few words."""
    message = f"Invalid value: '{value}'. Supported values are: {choices(supported)}."
    return Breach(message, param, code="invalid_value")


def below(param: str, kind: str, least: float, value: float) -> Breach:
    """Too small a number. `kind`: integer or decimal."""
    message = f"Invalid '{param}': {kind} below minimum value. Expected a value >= {least}, but got {value} instead."
    return Breach(message, param, code=f"{kind}_below_min_value")


def above(param: str, kind: str, most: float, value: float) -> Breach:
    """Too great a number. `kind`: integer or decimal."""
    message = f"Invalid '{param}': {kind} above maximum value. Expected a value <= {most}, but got {value} instead."
    return Breach(message, param, code=f"{kind}_above_max_value")


def empty_array(param: str) -> Breach:
    """A list that must have something in it."""
    message = (
        f"Invalid '{param}': empty array. Expected an array with minimum length 1, but got an empty array instead."
    )
    return Breach(message, param, code="empty_array")


def long_array(param: str, most: int, length: int) -> Breach:
    """A list with too much in it (recorded: error reports on 'tools' and 'stop', 2026)."""
    message = (
        f"Invalid '{param}': array too long. Expected an array with maximum length {most}, "
        f"but got an array with length {length} instead."
    )
    return Breach(message, param, code="array_above_max_length")


def empty_string(param: str) -> Breach:
    """A text that must not be empty (recorded, 2026-09-04)."""
    message = (
        f"Invalid '{param}': empty string. Expected a string with minimum length 1, but got an empty string instead."
    )
    return Breach(message, param, code="empty_string")


def long_string(param: str, most: int, length: int) -> Breach:
    """A text that is too long."""
    message = (
        f"Invalid '{param}': string too long. Expected a string with maximum length {most}, "
        f"but got a string with length {length} instead."
    )
    return Breach(message, param, code="string_above_max_length")


def pattern(param: str, wanted: str) -> Breach:
    """A text with letters in it that must not be there (recorded: error reports on tool names)."""
    message = (
        f"Invalid '{param}': string does not match pattern. Expected a string that matches the pattern '{wanted}'."
    )
    return Breach(message, param, code="invalid_value")


def unknown(param: str, known: Iterable[str], sent: Iterable[str]) -> Breach:
    """A parameter that is none, and which of those that were not sent may be meant."""
    there = set(sent)
    far = sorted((_distance(param, name), name) for name in known if name not in there)
    near = [f"'{name}'" for distance, name in far if distance <= _FAR]
    meant = f" Did you mean {' or '.join(near)}?" if near else ""
    return Breach(f"Unknown parameter: '{param}'.{meant}", param, code="unknown_parameter")


def _distance(one: str, other: str) -> int:
    """How many letters have to be added, dropped or replaced. Far apart: some number above the limit."""
    if abs(len(one) - len(other)) > _FAR:
        return _FAR + 1
    row = list(range(len(other) + 1))
    for number, letter in enumerate(one, 1):
        before, row[0] = row[0], number
        for place, wanted in enumerate(other, 1):
            before, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, before + (letter != wanted))
    return row[-1]
