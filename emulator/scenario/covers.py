"""Whether the conditions of one step take everything that those of another take. A yes is always true."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from msgspec import Struct

from emulator.scenario.model_when import Form, ResultForm, When
from emulator.scenario.patterns import Sign, covers, literals, signs
from emulator.scenario.predicates import compiled, same
from emulator.types import Json

__all__ = ["Comparing", "fitting_text"]

_TEXTS: Final = frozenset({"target", "environment", "model", "user", "system"})
"""Conditions on what is always a text."""
_WORDS: Final = frozenset({"provider", "protocol", "tool_choice", "stream"})
_LONGEST: Final = 500
"""How long a text is at most that is compared but for being the same."""
_ABSENT: Final = frozenset({"exists", "not_"})
"""What can hold for a value that is not there."""


class _Atom(NamedTuple):
    """One thing that a predicate asks for. A predicate is a list of them, all of which must hold."""

    key: str
    """The field of the form; empty: a plain value."""
    value: Json
    ignore_case: bool = False


class Comparing(Struct):
    """Compares conditions, and gives up once it has compared too much: from then on every answer is no."""

    left: int
    """How many comparisons may still be made."""

    def takes(self, one: When | None, other: When | None) -> bool:
        """Whether every request that meets `other` meets `one`, as far as that is plain to see."""
        if one is None:
            return True
        wanted, given = one.model_fields_set, other.model_fields_set if other else set()
        lacking = wanted - given
        self.left -= len(lacking)
        # Nothing is compared where something is asked that may be anything.
        return all(_is_any_text(field, getattr(one, field)) for field in lacking) and all(
            self._condition(field, getattr(one, field), getattr(other, field)) for field in wanted & given
        )

    def _condition(self, field: str, wanted: Json, given: Json) -> bool:
        self.left -= 1
        return _is_any_text(field, wanted) or (
            self.left >= 0 and field != "call" and self._implied(field, wanted, given)
        )

    def _implied(self, field: str, wanted: Json, given: Json) -> bool:
        match field:
            case "tools" | "has":
                # No names: no function may be offered.
                return bool(wanted == given or (wanted and set(wanted) <= set(given)))
            case "headers" | "body" | "state":
                return self._pointed(wanted, given)
            case "tool_result":
                return self._result(wanted, given)
            case "not_":
                return self.takes(given, wanted)
            case _ if field in _WORDS:
                return bool(wanted == given)
            case _:
                return self._predicate(wanted, given, text=field in _TEXTS or field == "any_message")

    def _result(self, one: Json, other: Json) -> bool:
        if not isinstance(one, ResultForm):
            return bool(one == other or (one == "any" and isinstance(other, ResultForm)))
        return isinstance(other, ResultForm) and all(
            field in other.model_fields_set
            and (
                self._pointed(getattr(one, field), getattr(other, field))
                if field == "json_"
                else self._predicate(getattr(one, field), getattr(other, field), text=True)
            )
            for field in one.model_fields_set
        )

    def _pointed(self, one: Mapping[str, Json], other: Mapping[str, Json]) -> bool:
        return all(name in other and self._predicate(one[name], other[name], text=False) for name in one)

    # ---------------------------------------------------------------- predicates

    def _predicate(self, one: Json, other: Json, *, text: bool) -> bool:
        """Whether every value that fits `other` fits `one`. `text`: the value is always a text."""
        given = list(_atoms(other))
        return all(any(self._implies(each, wanted, text=text) for each in given) for wanted in _atoms(one))

    def _implies(self, given: _Atom, wanted: _Atom, *, text: bool) -> bool:
        self.left -= 1
        if self.left < 0:
            return False
        if given.key == "any":
            return all(any(self._implies(each, wanted, text=text) for each in _atoms(choice)) for choice in given.value)
        if wanted.key == "any":
            return any(all(self._implies(given, each, text=text) for each in _atoms(choice)) for choice in wanted.value)
        if wanted.key == given.key == "not_":
            return self._predicate(given.value, wanted.value, text=text)
        if wanted.key == "exists" and wanted.value:
            return given.key not in _ABSENT or (given.key == "exists" and given.value)
        return _is_same(given, wanted) or _fits_exactly(given, wanted) or _covers(given, wanted, text=text)


def fitting_text(when: When | None) -> str | None:
    """Give a user text that meets a condition on it; None where none is plain to see."""
    if when is None or "user" not in when.model_fields_set:
        return ""
    match when.user:
        case str() as pattern:
            text = "".join(literals(pattern))
        case Form(equals=str() as words) | Form(contains=str() as words):
            text = words
        case _:
            return None
    return text if compiled(when.user)(text) is None else None


def _is_any_text(field: str, wanted: Json) -> bool:
    """Whether a condition holds for whatever comes."""
    return field in _TEXTS and isinstance(wanted, str) and bool(wanted) and not wanted.strip("*")


def _atoms(predicate: Json) -> Iterator[_Atom]:
    if not isinstance(predicate, Form):
        yield _Atom("", predicate)
        return
    for field in predicate.model_fields_set - {"ignore_case"}:
        value: Json = getattr(predicate, field)
        if field == "all":
            for inner in value:
                yield from _atoms(inner)
        else:
            yield _Atom(field, value, bool(predicate.ignore_case))


def _is_same(one: _Atom, other: _Atom) -> bool:
    if isinstance(one.value, Form) or isinstance(other.value, Form):
        return False
    return one.key == other.key and one.ignore_case == other.ignore_case and same(one.value, other.value)


def _fits_exactly(given: _Atom, wanted: _Atom) -> bool:
    """Whether there is one value alone that is given, and it is a wanted one."""
    if given.ignore_case or given.key not in ("", "equals") or _is_long(given) or _is_long(wanted):
        return False
    value = given.value
    if given.key == wanted.key == "" and isinstance(value, str) and isinstance(wanted.value, str):
        return False  # `_covers` says more of patterns.
    if given.key == "" and isinstance(value, str):
        written = _signs(value)
        if any(isinstance(sign, Sign) for sign in written):
            return False
        value = "".join(map(str, written))
    return _test(wanted)(value) is None


def _test(wanted: _Atom) -> Callable[[Json], object]:
    if not wanted.key:
        return compiled(wanted.value)
    fields = {wanted.key: wanted.value, "ignore_case": wanted.ignore_case}
    return compiled(Form.model_construct(_fields_set=set(fields), **fields))


def _covers(given: _Atom, wanted: _Atom, *, text: bool) -> bool:
    """Whether one pattern of a text has another in it."""
    if given.key == "contains" and not text:
        return False
    inner, outer = _pattern(given), _pattern(wanted)
    return inner is not None and outer is not None and covers(outer, inner)


def _is_long(atom: _Atom) -> bool:
    return isinstance(atom.value, str) and len(atom.value) > _LONGEST


def _pattern(atom: _Atom) -> tuple[str | Sign, ...] | None:
    if not isinstance(atom.value, str) or atom.ignore_case or _is_long(atom):
        return None
    if atom.key == "contains":
        return (Sign.ANY, *atom.value, Sign.ANY)
    return _signs(atom.value) if atom.key == "" else None


_signs = lru_cache(maxsize=2048)(signs)
"""A condition is compared with many others."""
