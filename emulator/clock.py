"""The one source of time and of waiting."""

from __future__ import annotations

import asyncio
import heapq
import time
from dataclasses import dataclass, field
from itertools import count
from typing import Final, Literal, TypeAlias, get_args

__all__ = ["CLOCKS", "EPOCH", "Clock", "ClockKind"]

ClockKind: TypeAlias = Literal["deterministic", "real", "manual"]
CLOCKS: Final[tuple[ClockKind, ...]] = get_args(ClockKind)

EPOCH: Final = 1_767_225_600
"""2026-01-01T00:00:00Z: where the deterministic and the manual clock begin."""


@dataclass(slots=True)
class Clock:
    """A session's time.

    What replies say of time is by ordinals on the deterministic clock, one second a request, and by the wall on the
    real one; waits last `scale` of what is written: 1 as written, 0.1 ten times faster, 0 not at all. The manual clock
    stands still until somebody advances it, for replies and for waits.
    """

    kind: ClockKind = "deterministic"
    scale: float = 1.0
    _moment: float = 0.0
    """The manual clock's time, in seconds since its session began."""
    _waiting: list[tuple[float, int, asyncio.Future[None]]] = field(default_factory=list)
    _ordinals: count[int] = field(default_factory=count)

    def created(self, serial: int) -> int:
        """The time of a session's request number `serial`, in seconds since 1970."""
        match self.kind:
            case "deterministic":
                return EPOCH + serial
            case "manual":
                return EPOCH + int(self._moment)
            case "real":
                return int(time.time())

    def now(self) -> float:
        """Seconds since some start, in this clock's time."""
        return self._moment if self.kind == "manual" else time.monotonic() / (self.scale or 1)

    def felt(self) -> float:
        """Seconds since some start as a client feels them: what it sleeps through counts, and what is advanced.

        A manual clock stands still for whoever sleeps; and who sleeps has waited by the wall, however slow waits are.
        """
        return time.monotonic() / min(self.scale or 1, 1) + self._moment

    def is_due(self, moment: float) -> bool:
        """Whether a moment of `now` has come; always where waits last no time."""
        if self.kind == "manual":
            return self._moment >= moment
        return self.scale == 0 or self.now() >= moment

    async def until(self, moment: float) -> None:
        """Return when a moment of `now` has come."""
        if self.is_due(moment):
            return
        if self.kind != "manual":
            await asyncio.sleep((moment - self.now()) * self.scale)
            return
        turned = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (moment, next(self._ordinals), turned))
        await turned

    def advance(self, seconds: float) -> None:
        """Turn the manual clock. Whoever waits for a moment that has come goes on, the earliest first."""
        self._moment += seconds
        while self._waiting and self._waiting[0][0] <= self._moment:
            _, _, turned = heapq.heappop(self._waiting)
            if not turned.done():
                turned.set_result(None)

    @property
    def waiting(self) -> tuple[float, ...]:
        """The moments of the manual clock that somebody waits for, the earliest first."""
        return tuple(sorted(moment for moment, _, turned in self._waiting if not turned.done()))
