"""JSON in and out: the one room that chooses how it is read and written."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import Final

from pydantic_core import from_json

from emulator.types import Json, kind_of

__all__ = ["dumps", "loads", "loads_object"]

_FAR: Final = 2.0**63
"""Numbers beyond it are read with care: orjson has no integers from 2**64 on, pydantic reads infinities."""
_MAX_DIGITS: Final = 400
_MAX_DEPTH: Final = 200
"""Deep enough for any conversation, shallow enough for everything that walks a body by recursion."""


def loads(data: bytes) -> Json:
    """Read a body. Lone surrogates become U+FFFD, so that every text in it can be written again.

    Raises ValueError with a sentence: not UTF-8, not JSON, NaN or Infinity, too deep, a number of absurd length.
    """
    try:
        value = (_quick if len(data) < _LONG else _jiter)(data)
    except ValueError:
        return _careful(data)
    return value if _is_usual([value], _MAX_DEPTH) else _careful(data)


def loads_object(data: bytes) -> dict[str, Json]:
    """Read a body that must be an object. Raises ValueError with a sentence, as `loads` does."""
    value = loads(data)
    if not isinstance(value, dict):
        raise ValueError(f"the body is {kind_of(value)}, not an object")  # noqa: TRY004 - as everything that can't be read
    return value


def dumps(value: Json) -> bytes:
    """Write JSON as compact UTF-8."""
    return _WRITER.encode(value).encode()


_WRITER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


# ---------------------------------------------------------------- two readers: one for nearly every body, one for all


# Both read what is usual as `_careful` does, and everything else somehow or not at all.
_jiter: Final = partial(from_json, allow_inf_nan=False, cache_strings="none")
"""The reader of pydantic: twice as quick as the standard library's, and eight times with a picture in base64."""
_quick: Callable[[bytes], Json] = _jiter
with suppress(ImportError):  # it comes with the extra `fast`, and is quicker with texts
    import orjson

    _quick = orjson.loads
_LONG: Final = 256 * 1024
"""A body as long as that holds pictures, as a rule."""


def _is_usual(values: Iterable[Json], depth: int) -> bool:
    """Whether the values are nested no deeper, and no number in them is so far from zero that readers differ."""
    for value in values:
        kind = type(value)
        if kind is str:
            continue
        if kind is dict or kind is list:
            if not depth or not _is_usual(value.values() if kind is dict else value, depth - 1):
                return False
        elif (kind is int or kind is float) and not -_FAR < value < _FAR:
            return False
    return True


def _careful(data: bytes) -> Json:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"the body is not UTF-8: {error.reason} at byte {error.start}") from None
    try:
        value = _READER.decode(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"the body is not JSON: {error.msg} at line {error.lineno} column {error.colno}") from None
    except RecursionError:
        raise ValueError(f"the body is nested more than {_MAX_DEPTH} levels deep") from None
    if _deeper_than(_MAX_DEPTH, value):
        raise ValueError(f"the body is nested more than {_MAX_DEPTH} levels deep")
    # A JSON text can only spell a lone surrogate as an escape: \ud800 to \udfff.
    return _without_surrogates(value) if "\\ud" in text or "\\uD" in text else value


def _refuse_constant(name: str) -> None:
    raise ValueError(f"the body is not JSON: {name} is not a JSON value")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"the body has a number out of range: {digits[:40]}")
    return number


def _of_sane_length(digits: str) -> int:
    if len(digits) > _MAX_DIGITS:
        raise ValueError(f"the body has a number of {len(digits)} digits")
    return int(digits)


_READER: Final = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite, parse_int=_of_sane_length)


def _deeper_than(depth: int, value: Json) -> bool:
    level = [value]
    for _ in range(depth):
        level = [
            item
            for container in level
            if isinstance(container, dict | list)
            for item in (container.values() if isinstance(container, dict) else container)
        ]
        if not level:
            return False
    return any(isinstance(item, dict | list) for item in level)


def _without_surrogates(value: Json) -> Json:
    match value:
        case str():
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        case list():
            return [_without_surrogates(item) for item in value]
        case dict():
            return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
        case _:
            return value
