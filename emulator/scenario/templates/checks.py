"""The tests of templates, what may follow `is`: Jinja's safe ones, with its names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from jinja2.runtime import Undefined

from emulator.scenario.templates.bounds import Run, kind, written
from emulator.scenario.templates.operations import compare
from emulator.scenario.templates.outcome import Failed

__all__ = ["TESTS"]


def _compared(sign: str) -> Callable[[Run, object, object], bool]:
    return lambda run, value, other: compare(run, value, sign, other)


def _of(*types: type, but: tuple[type, ...] = ()) -> Callable[[Run, object], bool]:
    return lambda _, value: isinstance(value, types) and not isinstance(value, but)


def _odd(_: Run, value: object) -> bool:
    return _number(value) % 2 == 1


def _even(_: Run, value: object) -> bool:
    return _number(value) % 2 == 0


def _divisible(_: Run, value: object, num: object) -> bool:
    if _number(num) == 0:
        raise Failed("nothing is divisible by 0")
    return _number(value) % _number(num) == 0


def _number(value: object) -> int | float:
    if not isinstance(value, int | float):
        raise Failed(f"a number is wanted, not {kind(value)}")
    return value


TESTS: Final[Mapping[str, Callable[..., Any]]] = {
    "boolean": _of(bool),
    "defined": lambda _, value: not isinstance(value, Undefined),
    "divisibleby": _divisible,
    "eq": _compared("eq"),
    "equalto": _compared("eq"),
    "even": _even,
    "false": lambda _, value: value is False,
    "float": _of(float),
    "ge": _compared("gteq"),
    "greaterthan": _compared("gt"),
    "gt": _compared("gt"),
    "in": _compared("in"),
    "integer": _of(int, but=(bool,)),
    "iterable": _of(str, list, tuple, Mapping),
    "le": _compared("lteq"),
    "lessthan": _compared("lt"),
    "lower": lambda run, value: written(run, value).islower(),
    "lt": _compared("lt"),
    "mapping": _of(Mapping),
    "ne": _compared("ne"),
    "none": lambda _, value: value is None,
    "number": _of(int, float),
    "odd": _odd,
    "sequence": _of(str, list, tuple, Mapping),
    "string": _of(str),
    "true": lambda _, value: value is True,
    "undefined": lambda _, value: isinstance(value, Undefined),
    "upper": lambda run, value: written(run, value).isupper(),
}
"""Each takes the run and the value, then what stands in parentheses."""
