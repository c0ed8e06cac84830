"""Request rules: what a service refuses, as a table of facts with their sources."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final, Literal, TypeAlias

from msgspec import Struct, field

from emulator.types.failure import ErrorName, Failure
from emulator.types.request import Request

__all__ = ["Breach", "Check", "Look", "Origin", "RequestMode", "Rule", "Rulebook"]

Origin: TypeAlias = Literal["documented", "package", "field", "recorded", "upstream", "inferred"]
"""How a fact is known; docs/deviations.md says what each word means."""

RequestMode: TypeAlias = Literal["strict", "warn", "off"]
"""What becomes of a request that breaks a rule: the service's error, a note in the journal, or nothing."""

_MOST_SHAPES: Final = 256
_MOST_LETTERS: Final = 1024
"""Of the names of all fields. A request with more is looked up each time, for its like does not come again."""


class Breach(Struct, frozen=True):
    """What a request does that the service does not take."""

    message: str
    """The sentence of the service."""
    param: str = ""
    """The place in the body, as the service names it, such as `messages[2].role`."""
    error: ErrorName = "invalid_request"
    code: str | None = None
    type: str | None = None

    def failure(self) -> Failure:
        """The error that the service answers with."""
        return Failure(self.error, self.message, code=self.code, type=self.type, param=self.param)


Look: TypeAlias = "Callable[[Request], Iterable[Breach]]"
"""Gives every breach, the one that the service reports first before the others."""


class Check(Struct, frozen=True):
    """What a rule looks for, and where: a request that has nothing there does not break the rule."""

    look: Look
    fields: frozenset[str] | None = None
    """Without one of these fields there is nothing for it to find. None: it looks at every request."""
    beside: frozenset[str] | None = None
    """It looks at every field beside these, too. None: at no others than `fields`."""
    said: bool = False
    """It looks at what is said, too, unless that is said plainly."""

    def concerns(self, names: tuple[str, ...], *, plain: bool) -> bool:
        """Whether a request with these fields can break the rule. `plain`: what it says is said plainly."""
        if self.fields is None or (self.said and not plain):
            return True
        return not self.fields.isdisjoint(names) or (self.beside is not None and not self.beside.issuperset(names))


class Rule(Struct, frozen=True):
    """One thing that a service refuses."""

    name: str
    """Unique within its table: `temperature-range`."""
    check: Check
    origin: Origin
    source: str
    """Where the fact stands, and when it was read."""
    refused: bool = True
    """False: the service lets it pass, and only the journal notes it."""


def _fields(request: Request) -> tuple[str, ...]:
    return tuple(request.body)


def _never(request: Request) -> bool:  # noqa: ARG001 - the form of a question
    return False


class Rulebook(Struct, frozen=True, eq=False):
    """The rules of a service, in the order in which it reports them."""

    rules: tuple[Rule, ...] = ()
    names: Callable[[Request], tuple[str, ...]] = _fields
    """The fields that a request has, as its checks call them."""
    plain: Callable[[Request], bool] = _never
    """Whether everything is said in plain words: then no check of what is `said` finds anything."""
    shapes: dict[tuple[tuple[str, ...], bool], tuple[Rule, ...]] = field(default_factory=dict)
    """The rules that concern the shapes of requests that came lately: few clients send many."""

    def __iter__(self) -> Iterator[Rule]:
        return iter(self.rules)

    def __len__(self) -> int:
        return len(self.rules)

    def having(self, *rules: Rule) -> Rulebook:
        """The same with other rules."""
        return Rulebook(rules, self.names, self.plain)

    def concerning(self, request: Request) -> tuple[Rule, ...]:
        """The rules that a request can break: of those that are left out, none has a breach to report."""
        names, plain = shape = self.names(request), self.plain(request)
        found = self.shapes.get(shape)
        if found is None:
            found = tuple(rule for rule in self.rules if rule.check.concerns(names, plain=plain))
            if len(self.shapes) == _MOST_SHAPES:
                self.shapes.clear()
            if sum(map(len, names)) <= _MOST_LETTERS:
                self.shapes[shape] = found
        return found
