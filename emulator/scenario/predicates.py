"""Predicates: what a value must be. Each is compiled once; a check that fails is worded only when somebody reads it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final, TypeAlias, assert_never

from emulator.scenario.model_when import Form
from emulator.scenario.patterns import searcher, wildcards
from emulator.scenario.script import Why
from emulator.scenario.wording import show
from emulator.types import Json

__all__ = ["MISSING", "Test", "compiled", "looked_up", "pointer_keys", "same"]

Test: TypeAlias = Callable[[Json], Why | None]
"""Decides and explains: None where the predicate holds."""


class _Missing:
    """The value of what is not there."""


MISSING: Final = _Missing()
"""Stands for a header or a value of the body that is not there. Only `exists: false` and `not` can hold for it."""


def compiled(predicate: str | float | Form | None) -> Test:
    """Make the test of a predicate."""
    match predicate:
        case str():
            return _text(predicate)
        case Form():
            return _form(predicate)
        case bool() | int() | float() | None:
            return _equals(predicate)
        case _:
            assert_never(predicate)


def pointer_keys(pointer: str) -> tuple[str, ...]:
    """Split a JSON Pointer. `~1` before `~0`, so that `~01` is `~1`."""
    return tuple(key.replace("~1", "/").replace("~0", "~") for key in pointer.split("/")[1:])


def looked_up(document: Json, keys: tuple[str, ...]) -> Json:
    """Give the value that a JSON Pointer's keys lead to; MISSING where there is none."""
    for key in keys:
        match document:
            case dict():
                document = document.get(key, MISSING)
            case list() if _INDEX.fullmatch(key) and int(key) < len(document):
                document = document[int(key)]
            case _:
                return MISSING
    return document


def same(one: Json, other: Json) -> bool:
    """Whether two JSON values are equal. 1 equals 1.0, and true equals neither."""
    match one, other:
        case dict(), dict():
            return one.keys() == other.keys() and all(same(one[key], other[key]) for key in other)
        case list(), list():
            return len(one) == len(other) and all(map(same, one, other))
        case _:
            return one is other if isinstance(one, bool) or isinstance(other, bool) else bool(one == other)


# "array-index = %x30 / ( %x31-39 *(%x30-39) )" – https://www.rfc-editor.org/rfc/rfc6901#section-4
_INDEX = re.compile("0|[1-9][0-9]{0,9}")


def _missing() -> str:
    return "it is missing"


def _is(value: Json, what: str) -> str:
    return f"{show(value)} is {what}"


def _test(holds: Callable[[Json], bool], complaint: str) -> Test:
    """Make a test whose sentence is the value and the complaint."""

    def test(value: Json) -> Why | None:
        if value is MISSING:
            return _missing
        return None if holds(value) else lambda: f"{show(value)} {complaint}"

    return test


def _text(written: str) -> Test:
    matches = wildcards(written)
    plain = not set(written) & {"*", "?", "\\"}
    return _test(
        lambda value: isinstance(value, str) and matches(value),
        f"is not {show(written)}" if plain else f"does not match {show(written)}",
    )


# ---------------------------------------------------------------- forms


def _form(form: Form) -> Test:
    tests = [make(form) for key, make in _FORMS.items() if key in form.model_fields_set]
    return tests[0] if len(tests) == 1 else _all(tests)


def _equals(wanted: Json) -> Test:
    return _test(lambda value: same(value, wanted), f"is not {show(wanted)}")


def _equal_form(form: Form) -> Test:
    if not form.ignore_case:
        return _equals(form.equals)
    folded = form.equals.casefold()
    return _test(
        lambda value: isinstance(value, str) and value.casefold() == folded,
        f"is not {show(form.equals)}, in upper or lower case",
    )


def _contains(form: Form) -> Test:
    part = form.contains
    if form.ignore_case:
        folded = part.casefold()
        holds = lambda value: _within(_folded(value), folded)  # noqa: E731 - one of two
        return _test(holds, f"does not contain {show(part)}, in upper or lower case")
    return _test(lambda value: _within(value, part), f"does not contain {show(part)}")


def _within(value: Json, part: Json) -> bool:
    match value:
        case str() | dict():
            return isinstance(part, str) and part in value
        case list():
            return any(same(item, part) for item in value)
        case _:
            return False


def _folded(value: Json) -> Json:
    match value:
        case str():
            return value.casefold()
        case list() | dict():
            return [item.casefold() for item in value if isinstance(item, str)]
        case _:
            return value


def _regex(form: Form) -> Test:
    written = str(form.regex)
    found = searcher(written, ignore_case=bool(form.ignore_case))
    return _test(
        lambda value: isinstance(value, str) and found(value),
        f"does not match the regex {show(written)}",
    )


def _number(holds: Callable[[Json], bool], complaint: str) -> Test:
    return _test(
        lambda value: isinstance(value, int | float) and not isinstance(value, bool) and holds(value),
        complaint,
    )


def _exists(form: Form) -> Test:
    if form.exists:
        return lambda value: _missing if value is MISSING else None
    return lambda value: None if value is MISSING else partial(_is, value, "there, and must not be")


def _any(tests: list[Test]) -> Test:
    def test(value: Json) -> Why | None:
        whys = []
        for one in tests:
            why = one(value)
            if why is None:
                return None
            whys.append(why)
        return partial(_none_of, whys)

    return test


def _none_of(whys: list[Why]) -> str:
    more = f"; and {len(whys) - _SHOWN} more" if len(whys) > _SHOWN else ""
    return "; ".join(why() for why in whys[:_SHOWN]) + more


_SHOWN = 4


def _all(tests: list[Test]) -> Test:
    return lambda value: next((why for test in tests if (why := test(value))), None)


def _not(form: Form) -> Test:
    within = compiled(form.not_)
    if isinstance(form.not_, Form):
        written = form.not_.model_dump(mode="json", by_alias=True, exclude_unset=True)
    else:
        written = form.not_
    complaint = f"fits {show(written)}, and must not"

    def test(value: Json) -> Why | None:
        if within(value) is not None:
            return None
        return lambda: f"{'what is missing' if value is MISSING else show(value)} {complaint}"

    return test


_FORMS: Mapping[str, Callable[[Form], Test]] = {
    "exists": _exists,
    "equals": _equal_form,
    "contains": _contains,
    "regex": _regex,
    "at_least": lambda form: _number(
        lambda value: bool(value >= form.at_least), f"is not at least {show(form.at_least)}"
    ),
    "at_most": lambda form: _number(lambda value: bool(value <= form.at_most), f"is not at most {show(form.at_most)}"),
    "above": lambda form: _number(lambda value: bool(value > form.above), f"is not above {show(form.above)}"),
    "below": lambda form: _number(lambda value: bool(value < form.below), f"is not below {show(form.below)}"),
    "any": lambda form: _any([compiled(one) for one in form.any or ()]),
    "all": lambda form: _all([compiled(one) for one in form.all or ()]),
    "not_": _not,
}
"""Every form, cheap ones first."""
