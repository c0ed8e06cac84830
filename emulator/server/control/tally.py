"""What a server counts for its metrics, as it happens."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from typing import Final

from msgspec import Struct, field

from emulator.journal import Exchange, Moment

__all__ = ["LATE", "Tally"]

LATE: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)
"""The upper ends of the classes of lateness, in seconds."""


class Tally(Struct):
    """Counts that outlive the journal's entries. One of a server's own: two in a process count apart."""

    requests: Counter[tuple[str, str, str, int]] = field(default_factory=Counter)
    """By provider, protocol, outcome and status."""
    retries: Counter[tuple[str, str]] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    open: int = 0
    beats: list[int] = field(default_factory=lambda: [0] * (len(LATE) + 1))
    """How many beats were how late, by the classes of lateness; the last is beyond them."""
    late: float = 0.0
    """All lateness together, in seconds."""

    def __call__(self, moment: Moment, exchange: Exchange) -> None:
        """Count what the journal tells."""
        if moment == "added":
            self.open += 1
            self.requests[exchange.provider, exchange.protocol, exchange.outcome, exchange.status] += 1
            if exchange.attempt > 1:
                self.retries[exchange.provider, exchange.protocol] += 1
            return
        self.open -= 1
        self.ended[exchange.ended] += 1
        for planned, actual, beats in exchange.timed:
            late = max(0.0, actual - planned)
            self.beats[bisect_left(LATE, late)] += int(beats)
            self.late += late * beats
