"""The one source of time and of waiting."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

__all__ = ["EPOCH", "Clock", "ClockKind"]

ClockKind: TypeAlias = Literal["deterministic", "real"]

EPOCH: Final = 1_767_225_600
"""2026-01-01T00:00:00Z: where the deterministic clock begins."""


@dataclass(frozen=True, slots=True)
class Clock:
    """A session's time.

    What replies say of time is by ordinals on the deterministic clock, one second a request, and by the wall on the
    real one. Waits last `scale` of what is written: 1 as written, 0.1 ten times faster, 0 not at all.
    """

    kind: ClockKind = "deterministic"
    scale: float = 1.0

    def created(self, serial: int) -> int:
        """The time of a session's request number `serial`, in seconds since 1970."""
        return EPOCH + serial if self.kind == "deterministic" else int(time.time())

    def now(self) -> float:
        """Seconds since some start, in this clock's time."""
        return time.monotonic() / (self.scale or 1)

    def is_due(self, moment: float) -> bool:
        """Whether a moment of `now` has come; always where waits last no time."""
        return self.scale == 0 or self.now() >= moment

    async def until(self, moment: float) -> None:
        """Return when a moment of `now` has come."""
        if not self.is_due(moment):
            await asyncio.sleep((moment - self.now()) * self.scale)
