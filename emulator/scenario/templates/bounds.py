"""How much one rendering may do, and how its values are written.

Every operation of a template pays for what it touches and for what it makes, so time and memory have a bound whatever
the template says. One unit is an item, sixteen characters, or a node of a loop's body: about a tenth of a microsecond.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, NoReturn

from jinja2 import StrictUndefined
from jinja2.runtime import LoopContext, Undefined
from jinja2.utils import Namespace

from emulator.scenario.templates.outcome import Failed
from emulator.scenario.templates.scope import NAMES, Asked, Random, Result
from emulator.types import Json

__all__ = [
    "MAX_BITS",
    "MAX_ITEMS",
    "MAX_OUTPUT",
    "MAX_TEXT",
    "Absent",
    "Run",
    "kind",
    "lacking",
    "plain",
    "present",
    "whole",
    "written",
]

MAX_TEXT: Final = 1024 * 1024
"""Characters of a text that an operation makes."""
MAX_OUTPUT: Final = 4 * MAX_TEXT
MAX_ITEMS: Final = 10_000
MAX_TURNS: Final = 10_000
"""Of all loops of one rendering together."""
MAX_BITS: Final = (10**400).bit_length()
_MAX_DEPTH: Final = 100
_WORK: Final = 2_000_000
_NODE: Final = 8


class Absent(StrictUndefined):
    """What is not there: it can be asked whether it is defined and replaced by a default, anything else fails."""

    __slots__ = ()

    @property
    def _undefined_message(self) -> str:
        return self._undefined_hint or f"'{self._undefined_name}' is not set"


class _Plain:
    """What Jinja asks of its evaluation context: whether texts are escaped for HTML."""

    autoescape = False
    volatile = False


class Run:
    """One rendering: what Jinja's generated code asks of its context, and what is left to spend."""

    __slots__ = ("_left", "_scope", "_turns", "exported_vars", "vars")

    eval_ctx = _Plain

    def __init__(self, scope: Mapping[str, object]) -> None:
        self.vars: dict[str, object] = {}
        self.exported_vars: set[str] = set()
        self._scope = scope
        self._left = _WORK
        self._turns = MAX_TURNS

    def resolve_or_missing(self, name: str) -> object:
        """Give what a name stands for."""
        try:
            return self._scope[name]
        except KeyError:
            return Absent(f"'{name}' is not {'there' if name in NAMES else 'set'}")
        except Failed as failed:
            return Absent(str(failed))

    def spend(self, units: int) -> None:
        """Pay for work. Raises Failed where nothing is left."""
        self._left -= units
        if self._left < 0:
            raise Failed("it does too much work: loop over less, or over smaller texts and lists")

    def turn(self, times: int) -> None:
        """Pay for turns of a loop. Raises Failed where there are too many."""
        self._turns -= times
        if self._turns < 0:
            raise Failed(f"its loops take more than {MAX_TURNS:,} turns in all")

    def read(self, text: str) -> str:
        """Pay for reading a text."""
        self.spend(1 + (len(text) >> 4))
        return text

    def made(self, text: str) -> str:
        """Pay for a text that was made."""
        self.fits(len(text))
        return self.read(text)

    def fits(self, characters: int) -> None:
        """Raise Failed where a text would get too long."""
        if characters > MAX_TEXT:
            raise Failed(f"it makes a text of more than {MAX_TEXT:,} characters")

    def room(self, items: int) -> None:
        """Pay for a list of so many items. Raises Failed where it would get too long."""
        if items > MAX_ITEMS:
            raise Failed(f"it makes a list of more than {MAX_ITEMS:,} items")
        self.spend(8 + items)

    def list(self, items: list[Json]) -> list[Json]:
        """Pay for a list that was made."""
        self.room(len(items))
        return items


def written(run: Run, value: object) -> str:
    """Write a value as a template prints it: as Jinja does, lists and objects as Python writes them."""
    if type(value) is str:
        return run.read(value)
    return run.made(str(value if isinstance(value, datetime) else plain(run, value)))


def plain(run: Run, value: object, depth: int = 0) -> Json:
    """Give the JSON value of a value, paid for and copied. Raises Failed where it has none."""
    match value:
        case str():
            return whole(run.read(value))
        case None | int() | float():
            run.spend(_NODE)
            return value
        case Undefined():
            lacking(value)
    if depth > _MAX_DEPTH:
        raise Failed(f"it nests lists or objects more than {_MAX_DEPTH} deep")
    match value:
        case Mapping():
            run.spend(_NODE * (1 + len(value)))
            return {_key(key): plain(run, item, depth + 1) for key, item in value.items()}
        case list() | tuple():
            run.spend(_NODE * (1 + len(value)))
            return [plain(run, item, depth + 1) for item in value]
        case datetime():
            return value.isoformat()
        case Result():
            return {"name": value.name, "id": value.id, "text": run.read(value.text)}
        case _:
            raise Failed(f"{kind(value)} is no value: name something of it")


def whole(text: str) -> str:
    """Give a text that can be sent: half a character, as header bytes that are no UTF-8 leave it, becomes U+FFFD."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def lacking(value: Undefined) -> NoReturn:
    """Fail with the words of what is not there."""
    raise Failed(value._undefined_message)  # noqa: SLF001 - Jinja's own place for it


def present(*values: object) -> None:
    """Raise Failed where one of these is not there."""
    for value in values:
        if isinstance(value, Undefined):
            lacking(value)


def kind(value: object) -> str:
    """Say what kind of value this is."""
    for types, words in _KINDS:
        if isinstance(value, types):
            return words
    return "this"


def _key(key: object) -> str:
    if isinstance(key, str):
        return whole(key)
    if key is None or isinstance(key, int | float):
        return str(key)
    raise Failed(f"{kind(key)} is no key: a key of an object is a text")


_KINDS: Final[tuple[tuple[type | tuple[type, ...], str], ...]] = (
    (type(None), "nothing"),
    (bool, "a boolean"),
    ((int, float), "a number"),
    (str, "a text"),
    ((list, tuple), "a list"),
    (Mapping, "an object"),
    (datetime, "a time"),
    (Asked, "the request"),
    (Result, "a tool result"),
    (Random, "'random'"),
    (LoopContext, "'loop'"),
    (Namespace, "a namespace"),
)
