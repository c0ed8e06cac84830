"""Tables of rules as gateways have them: those of the protocol at home, without some, and with another origin."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from msgspec.structs import replace

from emulator.types import Breach, Check, Origin, Request, Rulebook

__all__ = ["only", "taken"]


def taken(
    rules: Rulebook, origin: Origin, source: str, *, without: Collection[str] = (), noted: Collection[str] = ()
) -> Rulebook:
    """The same rules as somebody else has them. `noted`: those that only the journal hears of."""
    own = (
        replace(
            rule,
            origin=origin,
            source=f"{source}; at home: {rule.source}",
            refused=rule.refused and rule.name not in noted,
        )
        for rule in rules
        if rule.name not in without
    )
    return rules.having(*own)


def only(concerned: Callable[[Request], bool], check: Check) -> Check:
    """The same check for some requests."""

    def look(request: Request) -> Iterable[Breach]:
        found = tuple(check.look(request))
        return found if found and concerned(request) else ()

    return replace(check, look=look)
