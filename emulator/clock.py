"""The one source of time and of waiting."""

from __future__ import annotations

import asyncio
import heapq
import math
import time
from collections.abc import Callable
from itertools import count
from typing import Final, Literal, TypeAlias, get_args
from weakref import WeakKeyDictionary

from msgspec import Struct, field

__all__ = ["CLOCKS", "EPOCH", "Clock", "ClockKind", "Waiting"]

ClockKind: TypeAlias = Literal["deterministic", "real", "manual"]
CLOCKS: Final[tuple[ClockKind, ...]] = get_args(ClockKind)

_TICKS: Final = 1000
"""How many in a second."""

_TURN_SECONDS: Final = 0.002
"""How long those who wait are let go on before whoever else is due has a turn: new connections above all."""

EPOCH: Final = 1_767_225_600
"""2026-01-01T00:00:00Z: where the deterministic and the manual clock begin."""


class Waiting(Struct):
    """Somebody who waits for a moment."""

    call: Callable[[], object]
    over: bool = False
    """Nobody waits any more."""

    def end(self) -> None:
        """Go on, if anybody waits."""
        if not self.over:
            self.over = True
            self.call()


class Clock(Struct):
    """A session's time.

    What replies say of time is by ordinals on the deterministic clock, one second a request, and by the wall on the
    real one; waits last `scale` of what is written: 1 as written, 0.1 ten times faster, 0 not at all. The manual clock
    stands still until somebody advances it, for replies and for waits.
    """

    kind: ClockKind = "deterministic"
    scale: float = 1.0
    _moment: float = 0.0
    """The manual clock's time, in seconds since its session began."""
    _waiting: list[tuple[float, int, Waiting]] = field(default_factory=list)
    _wheel: _Wheel | None = None
    """The wheel of the event loop that it was asked in last."""
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
        turned = asyncio.Event()
        waiting = self.at(moment, turned.set)
        try:
            await turned.wait()
        finally:
            waiting.over = True

    def at(self, moment: float, call: Callable[[], object]) -> Waiting:
        """Call when a moment of `now` has come, or soon if it has; unless the waiting is over before."""
        waiting = Waiting(call)
        if self.kind == "manual" and not self.is_due(moment):
            heapq.heappush(self._waiting, (moment, next(self._ordinals), waiting))
            return waiting
        loop = asyncio.get_running_loop()
        wheel = self._wheel
        if wheel is None or wheel.loop is not loop:
            wheel = self._wheel = _wheel(loop)
        left = 0.0 if self.kind == "manual" else max(0.0, moment - self.now()) * self.scale
        wheel.at(wheel.time() + left, waiting)
        return waiting

    def advance(self, seconds: float) -> None:
        """Turn the manual clock. Whoever waits for a moment that has come goes on, the earliest first."""
        self._moment += seconds
        while self._waiting and self._waiting[0][0] <= self._moment:
            heapq.heappop(self._waiting)[2].end()

    @property
    def waiting(self) -> tuple[float, ...]:
        """The moments of the manual clock that somebody waits for, the earliest first."""
        return tuple(sorted(moment for moment, _, waiting in self._waiting if not waiting.over))


class _Wheel:
    """One timer for all who wait in an event loop, by ticks of a millisecond."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.time = loop.time
        self._call_at = loop.call_at
        self._slots: dict[int, list[Waiting]] = {}
        self._ticks: list[int] = []
        self._armed: asyncio.TimerHandle | None = None
        self._next = 0
        """The tick for which the timer is armed."""
        self._turning = False

    def at(self, moment: float, waiting: Waiting) -> None:
        """Let somebody go on at a moment of the loop's time, or up to a tick later."""
        tick = math.ceil(moment * _TICKS)
        slot = self._slots.get(tick)
        if slot is not None:
            slot.append(waiting)
            return
        self._slots[tick] = [waiting]
        heapq.heappush(self._ticks, tick)
        if not self._turning and (self._armed is None or tick < self._next):
            self._arm()

    def _arm(self) -> None:
        if self._armed is not None:
            self._armed.cancel()
        self._next = self._ticks[0]
        self._armed = self._call_at(self._next / _TICKS, self._turn)

    def _turn(self) -> None:
        self._armed, self._turning = None, True
        began = time.monotonic()
        now = self.time() * _TICKS
        try:
            while self._ticks and self._ticks[0] <= now and time.monotonic() < began + _TURN_SECONDS:
                for waiting in self._slots.pop(heapq.heappop(self._ticks)):
                    waiting.end()
        finally:  # whatever goes wrong with one of them, the wheel turns on
            self._turning = False
            if self._ticks:
                self._arm()


_wheels: WeakKeyDictionary[asyncio.AbstractEventLoop, _Wheel] = WeakKeyDictionary()


def _wheel(loop: asyncio.AbstractEventLoop) -> _Wheel:
    wheel = _wheels.get(loop)
    if wheel is None:
        wheel = _wheels[loop] = _Wheel(loop)
    return wheel
