"""What a run of tests has exercised: steps, errors, finish reasons, protocols."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct, field

from emulator.testing.exchange import Exchange
from emulator.types import Json

__all__ = ["Exercised"]


class Exercised(Struct):
    """What the tests so far have exercised."""

    known: set[tuple[str, str]] = field(default_factory=set)
    """Every step that a session had, and its place."""
    steps: set[tuple[str, str]] = field(default_factory=set)
    """Those that answered."""
    errors: set[str] = field(default_factory=set)
    finishes: set[str] = field(default_factory=set)
    protocols: set[str] = field(default_factory=set)
    """`provider protocol`, and whether it was a stream."""

    def add(self, known: Iterable[tuple[str, str]], exchanges: Iterable[Exchange]) -> None:
        """Add what one session had and did."""
        self.known.update(known)
        for one in exchanges:
            if one.step:
                self.steps.add((one.step, one.place))
            if one.protocol:
                self.protocols.add(f"{one.provider} {one.protocol}{' streamed' if one.stream else ''}")
            self.errors.update(filter(None, [one.error]))
            self.finishes.update(filter(None, [one.finish]))

    def as_json(self) -> Json:
        """For another process."""
        return {
            "known": sorted(map(list, self.known)),
            "steps": sorted(map(list, self.steps)),
            "errors": sorted(self.errors),
            "finishes": sorted(self.finishes),
            "protocols": sorted(self.protocols),
        }

    def join(self, other: Json) -> None:
        """Add what another process has exercised."""
        self.known.update((step, place) for step, place in other["known"])
        self.steps.update((step, place) for step, place in other["steps"])
        self.errors.update(other["errors"])
        self.finishes.update(other["finishes"])
        self.protocols.update(other["protocols"])

    def lines(self) -> Iterator[str]:
        """Say it."""
        left = sorted(self.known - self.steps)
        yield f"steps: {len(self.known | self.steps) - len(left)} of {len(self.known | self.steps)} answered"
        yield from (f"  never: {step} ({place})" for step, place in left)
        for what, names in (("protocols", self.protocols), ("errors", self.errors), ("finishes", self.finishes)):
            yield f"{what}: {', '.join(sorted(names)) or 'none'}"
