"""What a template reads: the request, what was matched, the state, the time, chance. Made when it is read."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Final

from msgspec import Struct

from emulator import jsontext
from emulator.scenario.templates.outcome import Failed
from emulator.scenario.wording import show
from emulator.types import Headers, Json, Request, Stamp, ToolResult, kind_of

__all__ = ["NAMES", "Asked", "HeaderFields", "Random", "Result", "scope"]

CREDENTIALS: Final = frozenset(
    {"authorization", "proxy-authorization", "x-api-key", "api-key", "x-goog-api-key", "cookie"}
)
"""What `request.headers` leaves out: a reply, a log or a state never shows a key."""
_MAX_HEX: Final = 1_000


def scope(  # noqa: PLR0913 - one argument a name
    request: Request,
    *,
    match: Mapping[str, str],
    vars: Mapping[str, Json],  # noqa: A002 - the name it has in a template
    state: Mapping[str, Json],
    call: int,
    stamp: Stamp,
) -> Mapping[str, object]:
    """Make what the templates of one reply read. Several draws of `random` in one scope differ."""
    given = {"match": dict(match), "vars": dict(vars), "state": dict(state), "call": call}
    return _Scope(request, stamp, given)


class _Scope(Mapping[str, object]):
    """The names of a template. A name that stands for nothing in this request raises Failed."""

    __slots__ = ("_known", "request", "stamp")

    def __init__(self, request: Request, stamp: Stamp, given: dict[str, object]) -> None:
        self.request = request
        self.stamp = stamp
        self._known = given

    def __getitem__(self, name: str) -> object:
        try:
            return self._known[name]
        except KeyError:
            made = self._known[name] = _MADE[name](self)
            return made

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(NAMES))

    def __len__(self) -> int:
        return len(NAMES)


class Asked(Struct, frozen=True, eq=False, dict=True):
    """The request, as templates see it."""

    request: Request

    @property
    def model(self) -> str:
        """The model asked for."""
        return self.request.model

    @property
    def user(self) -> str:
        """The text of the last user message."""
        return self.request.user

    @property
    def system(self) -> str:
        """System, developer and instruction texts."""
        return self.request.system

    @cached_property
    def messages(self) -> list[Json]:
        """The conversation: a role and a text each."""
        return [{"role": turn.role, "text": turn.text} for turn in self.request.turns]

    @cached_property
    def tools(self) -> list[Json]:
        """The functions offered: a name and the parameters' schema each."""
        return [{"name": tool.name, "parameters": tool.parameters} for tool in self.request.tools]

    @property
    def body(self) -> Json:
        """The body as it came."""
        return self.request.body

    @cached_property
    def headers(self) -> HeaderFields:
        """The header fields, without credentials."""
        return HeaderFields(shown(self.request.call.headers))

    @property
    def provider(self) -> str:
        """Who is asked."""
        return self.request.endpoint.provider

    @property
    def protocol(self) -> str:
        """The wire protocol spoken."""
        return self.request.endpoint.protocol.NAME

    @property
    def target(self) -> str:
        """The variable segment of the path."""
        return self.request.endpoint.target

    @property
    def environment(self) -> str:
        """The id of the environment."""
        return self.request.endpoint.environment


class HeaderFields(dict[str, str]):
    """Header fields by name, upper case or lower."""

    __slots__ = ()

    def __missing__(self, name: object) -> str:
        # A name in lower case comes here only where there is no such field.
        if isinstance(name, str) and name != name.lower():
            return self[name.lower()]
        raise KeyError(name)


def shown(headers: Headers) -> dict[str, str]:
    """Give the header fields that carry no credential."""
    return {name: value for name, value in headers.items() if name.lower() not in CREDENTIALS}


class Result(Struct, frozen=True, eq=False, dict=True):
    """What the client's function gave, as templates see it."""

    result: ToolResult

    @property
    def name(self) -> str:
        """The function's name."""
        return self.result.name

    @property
    def id(self) -> str:
        """The id of the call."""
        return self.result.call_id

    @property
    def text(self) -> str:
        """What it gave, as it came."""
        return self.result.text

    @property
    def json(self) -> Json:
        """What it gave, read as JSON. Raises Failed."""
        value, flaw = self._read
        if flaw:
            raise Failed(flaw)
        return value

    @cached_property
    def _read(self) -> tuple[Json, str]:
        try:
            return jsontext.loads(self.text.encode()), ""
        except ValueError:
            return None, f"the tool result {show(self.text)} is not JSON; .text has it as it came"


class Random:
    """Chance, the same for the same stamp: each draw is seeded with the stamp and its number in this scope."""

    __slots__ = ("_drawn", "_seed")

    def __init__(self, stamp: Stamp) -> None:
        self._seed = f"{stamp.seed}/{stamp.serial}/template"
        self._drawn = 0

    def integer(self, low: Json, high: Json) -> int:
        """Draw a whole number from `low` to `high`, both included."""
        if type(low) is not int or type(high) is not int or low > high:
            raise Failed(f"random.integer takes two whole numbers, the lower first, not {show(low)} and {show(high)}")
        return self._draw().randint(low, high)

    def number(self) -> float:
        """Draw a number from 0 to 1, 1 excluded."""
        return self._draw().random()

    def choice(self, items: Json) -> Json:
        """Draw one of a list."""
        if not isinstance(items, list) or not items:
            raise Failed(f"random.choice takes a list with something in it, not {kind_of(items)}")
        return self._draw().choice(items)

    def hex(self, digits: Json = 8) -> str:
        """Draw hexadecimal digits."""
        if type(digits) is not int or not 1 <= digits <= _MAX_HEX:
            raise Failed(f"random.hex takes how many digits, 1 to {_MAX_HEX:,}, not {show(digits)}")
        return f"{self._draw().getrandbits(4 * digits):0{digits}x}"

    def uuid(self) -> str:
        """Draw a UUID of version 4."""
        bits = self._draw().getrandbits(128)
        digits = f"{bits & ~(0xF << 76 | 0x3 << 62) | 0x4 << 76 | 0x2 << 62:032x}"
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

    def _draw(self) -> random.Random:
        self._drawn += 1
        return random.Random(f"{self._seed}/{self._drawn}")  # noqa: S311 - the same every run is the point


def _first(names: _Scope) -> Result:
    results = names["tool_results"]
    if not isinstance(results, list) or not results:
        raise Failed("the request carries no tool result")
    first: Result = results[0]
    return first


_MADE: Final[Mapping[str, Callable[[_Scope], object]]] = {
    "request": lambda names: Asked(names.request),
    "tool_result": _first,
    "tool_results": lambda names: [Result(result) for result in names.request.tool_results],
    "turn": lambda names: names.request.turn,
    "now": lambda names: datetime.fromtimestamp(names.stamp.created, UTC),
    "random": lambda names: Random(names.stamp),
}
NAMES: Final = frozenset({"match", "vars", "state", "call", *_MADE})
"""Every name a template can read."""
