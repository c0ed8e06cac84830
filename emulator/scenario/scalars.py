"""The scalars of the language: durations, rates, shares, names and texts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, Field, ValidatorFunctionWrapHandler, WithJsonSchema, WrapValidator

from emulator.scenario.closed import Fault, gathered, said
from emulator.scenario.wording import show
from emulator.types import Json

__all__ = [
    "HEADER_NAME",
    "NAME",
    "TEMPLATE",
    "Amount",
    "Anything",
    "Count",
    "Duration",
    "HeaderValue",
    "Label",
    "Named",
    "Number",
    "Percent",
    "Rate",
    "ReplyHeaders",
    "Words",
    "header_names",
    "is_header_value",
]

_DURATION = r"[0-9]{1,9}(\.[0-9]{1,9})?(ms|s|m)"
_RATE = r"[0-9]{1,9}(\.[0-9]{1,9})?/s"
_PERCENT = r"[0-9]{1,3}(\.[0-9]{1,9})?%"
_PRINTABLE = r"[^\u0000-\u001f\u007f]"
NAME = re.compile(f"{_PRINTABLE}+")
"""What a scenario or a step can be called."""
# "field-name = token" – https://www.rfc-editor.org/rfc/rfc9110#section-5.1
HEADER_NAME = r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"
_FRAMING = frozenset({"connection", "content-length", "transfer-encoding"})
TEMPLATE = re.compile(r"\{[{%#]")
"""What makes a text of a reply a template."""


def header_names(value: Json, read: ValidatorFunctionWrapHandler) -> Any:
    """Read a mapping by header names. The names come out in lower case."""
    made = gathered(_name_faults(value) if isinstance(value, dict) else (), value, read)
    return {name.lower(): item for name, item in made.items()}


def _reply_header_names(value: Json, read: ValidatorFunctionWrapHandler) -> Any:
    """Read the headers of a reply, among which are none that say where the body ends."""
    names = value if isinstance(value, dict) else ()
    faults = [Fault((name,), "this header is the server's own.") for name in names if name.lower() in _FRAMING]
    return gathered(faults, value, lambda rest: header_names(rest, read))


def _name_faults(names: Iterable[str]) -> Iterable[Fault]:
    seen: dict[str, str] = {}
    for name in names:
        first = seen.setdefault(name.lower(), name)
        if not re.fullmatch(HEADER_NAME, name):
            yield Fault((name,), "this can't be the name of a header.")
        elif first != name:
            yield Fault((name,), f"this is '{first}' again: upper and lower case make no difference here.")


def _seconds(value: Json) -> float:
    if isinstance(value, str) and re.fullmatch(_DURATION, value):
        unit = value.lstrip("0123456789.")
        amount = float(value.removesuffix(unit))
        return amount / 1000 if unit == "ms" else amount * 60 if unit == "m" else amount
    raise said(f"{show(value)} is not a duration; write it like 300ms, 1.5s or 2m.")


def _per_second(value: Json) -> float:
    if isinstance(value, str) and re.fullmatch(_RATE, value) and float(value[:-2]) > 0:
        return float(value[:-2])
    raise said(f"{show(value)} is not a rate above 0; write it like 40/s.")


def _share(value: Json) -> float:
    if isinstance(value, str) and re.fullmatch(_PERCENT, value) and float(value[:-1]) <= 100:  # noqa: PLR2004
        return float(value[:-1]) / 100
    raise said(f"{show(value)} is not a share from 0% to 100%; write it like 20%.")


def _number(value: Json) -> Json:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    raise said(f"{show(value)} is not a number.")


def _label(value: Json) -> Json:
    if isinstance(value, str) and not NAME.fullmatch(value):
        raise said(f"{show(value)} can't be a name: it needs a character, and no control characters.")
    return value


def is_header_value(value: str) -> bool:
    """Whether a text can be the value of a header."""
    return re.fullmatch(f"{_PRINTABLE}*", value) is not None


def _header_value(value: Json) -> Json:
    if isinstance(value, str) and not TEMPLATE.search(value) and not is_header_value(value):
        raise said("the value of a header has no line breaks and no other control characters.")
    return value


def _written(pattern: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": f"^{pattern}$"})


Anything = Annotated[Json, WithJsonSchema({})]
"""Any value at all."""
Number = Annotated[Json, BeforeValidator(_number), WithJsonSchema({"type": "number"})]
"""A number; true and false are none."""
Count = Annotated[int, Field(ge=1)]
Amount = Annotated[int, Field(ge=0)]
Duration = Annotated[float, BeforeValidator(_seconds), _written(_DURATION)]
"""Seconds, written `300ms`, `1.5s` or `2m`."""
Rate = Annotated[float, BeforeValidator(_per_second), _written(_RATE)]
"""Times a second, written `40/s`."""
Percent = Annotated[float, BeforeValidator(_share), _written(_PERCENT)]
"""A share of one, written `20%`."""
Label = Annotated[str, BeforeValidator(_label), _written(f"{_PRINTABLE}+")]
"""A name that can stand in a header and in a line of a log."""
Words: TypeAlias = str
"""A text of a reply, which may be a template."""
Named = Annotated[str, Field(min_length=1)]
"""Words, at least one character."""
HeaderValue = Annotated[
    str,
    BeforeValidator(_header_value),
    WithJsonSchema({"type": "string", "pattern": f"^{_PRINTABLE}*$|{TEMPLATE.pattern}"}),
]
"""What a template makes is looked at when it is made."""
ReplyHeaders: TypeAlias = Annotated[
    dict[str, HeaderValue],
    Field(json_schema_extra={"propertyNames": {"pattern": HEADER_NAME}}),
    WrapValidator(_reply_header_names),
]
"""Headers of a response."""
