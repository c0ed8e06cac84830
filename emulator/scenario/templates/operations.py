"""The operations of a template: reading, calculating, comparing, looping. Each pays for itself."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from itertools import islice
from typing import Any, Final

from jinja2.runtime import LoopContext, Undefined
from jinja2.utils import Namespace

from emulator.scenario.templates.bounds import MAX_BITS, Absent, Run, kind, lacking, plain, present, written
from emulator.scenario.templates.outcome import Failed
from emulator.scenario.templates.scope import Asked, HeaderFields, Random, Result
from emulator.scenario.wording import show
from emulator.types import Json

__all__ = [
    "FIELDS",
    "FUNCTIONS",
    "OPERATIONS",
    "arithmetic",
    "attribute",
    "bounded",
    "compare",
    "formatted",
    "joined",
    "sized",
]

FIELDS: Final[Mapping[type, tuple[str, ...]]] = {
    Asked: (
        *("model", "user", "system", "messages", "tools", "body", "headers"),
        *("provider", "protocol", "target", "environment"),
    ),
    Result: ("name", "id", "text", "json"),
    Random: (),
    datetime: ("year", "month", "day", "hour", "minute", "second"),
    LoopContext: (
        *("index", "index0", "first", "last", "length", "revindex", "revindex0", "previtem", "nextitem"),
        *("depth", "depth0"),
    ),
}
"""What can be read of a value that is no JSON."""

_FEW: Final = 5
_MAX_PLACES: Final = 100
_PLACED: Final = 100
_LACKED: Final = 40
_STEP: Final = 8
_MAX_WIDTH: Final = 1_000
_PLACE: Final = re.compile(
    r"%(?:\((?P<key>\w*)\))?[-+ #0]*(?P<width>\d{0,3})(?:\.\d{0,3})?(?P<kind>[sdiouxXeEfFgG%])|%"
)


def attribute(run: Run, value: Any, name: str, label: str) -> object:
    """Read `value.name`. What is not there is Absent, with a sentence that says what is."""
    if type(value) is dict or isinstance(value, Mapping):
        try:
            return value[name]
        except KeyError:
            run.spend(_LACKED)
            return Absent(_lacks(value, name, label))
    if isinstance(value, Undefined):
        lacking(value)
    if isinstance(value, Namespace):
        there = not name.startswith("_") and hasattr(value, name)
        return getattr(value, name) if there else Absent(f"'{name}' is not set in {label}")
    if name in FIELDS.get(type(value), ()):
        run.spend(1)
        try:
            return getattr(value, name)
        except Failed as failed:
            return Absent(str(failed))
    run.spend(_LACKED)
    return Absent(_lacks(value, name, label))


def item(run: Run, value: Any, key: object, label: str) -> object:
    """Read `value[key]`. What is not there is Absent."""
    present(value, key)
    if isinstance(key, str):
        if not isinstance(value, str | list | tuple):
            return attribute(run, value, key, label)
    elif isinstance(value, str | list | tuple) and isinstance(key, int):
        if -len(value) <= key < len(value):
            return value[key]
        return Absent(f"{label} has no item {key}: it has {len(value):,}")
    elif isinstance(value, dict) and (key is None or isinstance(key, int | float)) and key in value:
        return value[key]
    return Absent(_lacks(value, key, label))


def sliced(run: Run, value: object, start: Any, stop: Any, step: Any) -> str | list[Json]:
    """Read `value[start:stop:step]`."""
    present(value, start, stop, step)
    if not isinstance(value, str | list | tuple):
        raise Failed(f"{kind(value)} can't be cut: a text or a list can")
    if not all(bound is None or isinstance(bound, int) for bound in (start, stop, step)) or step == 0:
        raise Failed("a text or a list is cut at whole numbers, in steps other than 0")
    cut = slice(start, stop, step)
    size = len(range(*cut.indices(len(value))))
    if isinstance(value, str):
        run.fits(size)
        return run.made(value[cut])
    run.room(size)
    return list(value[cut])


def each(run: Run, value: Any, cost: int, static: int) -> list[Json]:
    """Give what a for goes over, paid for: `cost` nodes and `static` characters a turn."""
    items = sized(value)
    run.turn(len(items))
    run.spend(len(items) * (cost + (static >> 4)))
    return list(items)


def sized(value: Any) -> Collection[Any]:
    """Give what can be gone over: a list, the keys of an object, the characters of a text. Raises Failed."""
    if isinstance(value, Undefined):
        lacking(value)
    if not isinstance(value, list | tuple | Mapping | str):
        raise Failed(f"a list, an object or a text is wanted, not {kind(value)}")
    return value


def captured(run: Run, text: str) -> str:
    """Give what stands between set and endset."""
    return run.made(text)


def joined(run: Run, *values: object) -> str:
    """Join as text."""
    texts = [written(run, value) for value in values]
    run.fits(sum(map(len, texts)))
    return run.made("".join(texts))


def compare(run: Run, left: object, *rest: Any) -> bool:
    """Compare along a chain: every neighbouring pair must hold."""
    for sign, right in zip(rest[::2], rest[1::2], strict=True):
        if not _holds(run, sign, left, right):
            return False
        left = right
    return True


def _holds(run: Run, sign: str, left: object, right: object) -> bool:
    run.spend(_STEP)
    present(left, right)
    match sign:
        case "eq":
            return _same(run, left, right)
        case "ne":
            return not _same(run, left, right)
        case "in":
            return _within(run, left, right)
        case "notin":
            return not _within(run, left, right)
    numbers = isinstance(left, int | float) and isinstance(right, int | float)
    if not numbers and not any(isinstance(left, one) and isinstance(right, one) for one in (str, datetime)):
        raise Failed(f"'{_SIGNS[sign]}' compares two numbers or two texts, not {kind(left)} and {kind(right)}")
    _pay(run, left, right)
    return bool(getattr(operator, {"lteq": "le", "gteq": "ge"}.get(sign, sign))(left, right))


def _same(run: Run, left: object, right: object) -> bool:
    simple = (str, int, float, type(None), datetime)
    if isinstance(left, simple) or isinstance(right, simple):
        _pay(run, left, right)
        return isinstance(left, simple) and isinstance(right, simple) and left == right
    return bool(plain(run, left) == plain(run, right))


def _within(run: Run, left: object, right: Any) -> bool:
    match right:
        case str():
            if not isinstance(left, str):
                raise Failed(f"'in' looks for a text in a text, not for {kind(left)}")
            _pay(run, left, right)
            return left in right
        case Mapping():
            return isinstance(left, str) and not isinstance(item(run, right, left, ""), Absent)
        case list() | tuple():
            return plain(run, left) in plain(run, right)
    raise Failed(f"'in' looks in a list, an object or a text, not in {kind(right)}")


def _pay(run: Run, *values: object) -> None:
    for value in values:
        if isinstance(value, str):
            run.read(value)


def arithmetic(run: Run, left: Any, sign: str, right: Any) -> Json:
    """Calculate, or join texts or lists."""
    present(left, right)
    run.spend(_STEP)
    numbers = isinstance(left, int | float), isinstance(right, int | float)
    if all(numbers):
        return _calculated(left, sign, right)
    match sign:
        case "+" if isinstance(left, str) and isinstance(right, str):
            run.fits(len(left) + len(right))
            return run.made(left + right)
        case "+" if isinstance(left, list) and isinstance(right, list):
            run.room(len(left) + len(right))
            return left + right
        case "*" if any(numbers):
            return _repeated(run, *((right, left) if numbers[0] else (left, right)))
        case "%" if isinstance(left, str):
            return formatted(run, left, *(right if isinstance(right, list) else (right,)))
    raise _unfit(sign, left, right)


def _unfit(sign: str, left: object, right: object) -> Failed:
    hint = "; '~' joins anything as text" if sign == "+" else ""
    return Failed(f"'{sign}' does not take {kind(left)} and {kind(right)}{hint}")


def _repeated(run: Run, value: Any, times: Any) -> Json:
    if not isinstance(times, int) or not isinstance(value, str | list):
        raise _unfit("*", value, times)
    size = len(value) * max(times, 0)
    if isinstance(value, str):
        run.fits(size)
        return run.made(value * times)
    run.room(size)
    return value * times


def _calculated(left: Any, sign: str, right: Any) -> int | float:
    if sign == "**" and isinstance(left, int) and isinstance(right, int) and left.bit_length() * right > 2 * MAX_BITS:
        raise Failed(_TOO_LARGE)
    if sign in {"/", "//", "%"} and right == 0:
        raise Failed("it divides by zero")
    try:
        return bounded(_CALCULATES[sign](left, right))
    except OverflowError:
        raise Failed(_TOO_LARGE) from None


def bounded(number: Any) -> int | float:
    """Give a number that is not too large. Raises Failed."""
    if isinstance(number, complex):
        raise Failed("a root of a negative number is no number here")
    if number.bit_length() > MAX_BITS if isinstance(number, int) else not math.isfinite(number):
        raise Failed(_TOO_LARGE)
    return number  # type: ignore[no-any-return]


def signed(_: Run, value: Any, sign: str) -> int | float:
    """Give a number with a sign before it."""
    present(value)
    if not isinstance(value, int | float):
        raise Failed(f"'{sign}' stands before a number, not before {kind(value)}")
    return -value if sign == "-" else +value


def formatted(run: Run, text: str, *values: Any, **named: Any) -> str:
    """Put values in the places of a text as C's printf does: %s, %d, %.2f, %(name)s."""
    present(*values, *named.values())
    run.spend(_PLACED + text.count("%"))
    found = (place for place in _PLACE.finditer(run.read(text)) if place["kind"] != "%")
    places = list(islice(found, _MAX_PLACES + 1))
    if len(places) > _MAX_PLACES:
        raise Failed(f"it formats more than {_MAX_PLACES} places at once")
    if any(place["kind"] is None for place in places):
        raise Failed(f"a place in {show(text)} can't be filled: '%' begins one such as %s, %d or %.2f; '%%' is a '%'")
    if len(values) == 1 and isinstance(values[0], Mapping):
        named = dict(values[0])
    fits = {key: _fit(run, value) for key, value in named.items()}
    row = tuple(_fit(run, value) for value in values)
    lengths = [len(str(fits.get(place["key"], ""))) for place in places if place["key"] is not None]
    run.fits(len(text) + len(places) * _MAX_WIDTH + sum(lengths) + sum(len(str(value)) for value in row))
    try:
        return run.made(text % (fits or row))
    except (TypeError, ValueError, KeyError):
        raise Failed(f"these values do not fit the places of {show(text)}") from None


def _fit(run: Run, value: object) -> str | int | float:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else written(run, value)


def called(run: Run, name: str, *args: Any, **kwargs: Any) -> object:
    """Call one of our functions."""
    present(*args, *kwargs.values())
    try:
        return FUNCTIONS[name](run, *args, **kwargs)
    except (TypeError, ValueError):
        raise Failed(f"{name} can't take {', '.join(map(show, args))}") from None


def _range(run: Run, start: int, stop: int | None = None, step: int = 1, /) -> list[int]:
    steps = range(start) if stop is None else range(start, stop, step)
    try:
        run.room(len(steps))
    except OverflowError:
        run.room(10**9)
    return list(steps)


def _namespace(_: Run, /, **names: object) -> Namespace:
    return Namespace(**names)


def _dict(run: Run, /, **names: Json) -> dict[str, Json]:
    run.room(len(names))
    return names


def _lacks(value: object, name: object, label: str) -> str:
    if isinstance(value, HeaderFields):
        there = f"{_there(value)}; credentials are left out"
    elif isinstance(value, Mapping):
        there = _there(value)
    elif type(value) in FIELDS and FIELDS[type(value)]:
        there = _there(FIELDS[type(value)])
    else:
        there = f"it is {kind(value)}"
    if isinstance(name, str) and not name.startswith("_") and callable(getattr(type(value), name, None)):
        there += f"; write {name}() for the method"
    return f"{show(name) if isinstance(name, str | int | float) else kind(name)} is not in {label}; {there}"


def _there(names: Collection[Any]) -> str:
    known = [show(name) if isinstance(name, str) else str(name) for name in islice(names, _FEW)]
    if not known:
        return "it is empty"
    more = f" and {len(names) - _FEW:,} more" if len(names) > _FEW else ""
    return f"there {'is' if len(names) == 1 else 'are'} {', '.join(known)}{more}"


_TOO_LARGE: Final = "a number gets larger than 10**400"
_SIGNS: Final = {"lt": "<", "lteq": "<=", "gt": ">", "gteq": ">="}
_CALCULATES: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
}
FUNCTIONS: Final[Mapping[str, Callable[..., object]]] = {"range": _range, "dict": _dict, "namespace": _namespace}
"""What can be called by name. Each takes the run first."""
OPERATIONS: Final[Mapping[str, Callable[..., object]]] = {
    "_attribute": attribute,
    "_item": item,
    "_slice": sliced,
    "_each": each,
    "_captured": captured,
    "_join": joined,
    "_compare": compare,
    "_calculate": arithmetic,
    "_sign": signed,
    "_function": called,
}
"""What a template's syntax is turned into."""
