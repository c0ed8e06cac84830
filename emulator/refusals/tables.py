"""Tables of rules as gateways have them: those of the protocol at home, without some, and with another origin."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace

from emulator.refusals.fields import Check
from emulator.types import Breach, Origin, Request, Rule

__all__ = ["only", "taken"]


def taken(
    rules: Iterable[Rule], origin: Origin, source: str, *, without: Collection[str] = (), noted: Collection[str] = ()
) -> tuple[Rule, ...]:
    """The same rules as somebody else has them. `noted`: those that only the journal hears of."""
    return tuple(
        replace(
            rule,
            origin=origin,
            source=f"{source}; at home: {rule.source}",
            refused=rule.refused and rule.name not in noted,
        )
        for rule in rules
        if rule.name not in without
    )


def only(concerned: Callable[[Request], bool], check: Callable[[Request], Iterable[Breach]]) -> Check:
    """The same check for some requests."""

    def checked(request: Request) -> Sequence[Breach]:
        found = tuple(check(request))
        return found if found and concerned(request) else ()

    return checked
