"""A client's private run, found by its API key: counters, seed, clock."""

from __future__ import annotations

import hashlib
import sys
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from emulator.clock import Clock
from emulator.scenario import Scenario, Step
from emulator.types import Json, Reply, Stamp

__all__ = ["Budget", "Memory", "Session", "Sessions", "key_id"]


_MOST_REMEMBERED: Final = 1000


@dataclass(slots=True)
class Budget:
    """How many bytes all sessions of a server may remember together, and how many they do."""

    most: int
    held: int = 0

    @property
    def spent(self) -> bool:
        """Whether that is too much."""
        return self.held > self.most


class Memory:
    """What a session remembers of its answers, by id: the oldest goes first."""

    def __init__(self, budget: Budget | None = None, *, most: int = _MOST_REMEMBERED) -> None:
        self._budget = budget or Budget(most=sys.maxsize)
        self._most = most
        self._things: OrderedDict[str, tuple[Json, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._things)

    def get(self, key: str) -> Json:
        """What is remembered; None: nothing."""
        return self._things.get(key, (None, 0))[0]

    def put(self, key: str, value: Json, weight: int = 0) -> None:
        """Remember, and forget the oldest where there are too many. `weight`: how many bytes more that takes."""
        held = self._things[key][1] if key in self._things else 0
        self._things[key] = (value, held + weight)
        self._budget.held += weight
        if len(self._things) > self._most:
            self.drop_oldest()

    def drop(self, key: str) -> None:
        """Forget, if it is there."""
        _, weight = self._things.pop(key, (None, 0))
        self._budget.held -= weight

    def drop_oldest(self) -> None:
        """Forget what was put first."""
        self.drop(next(iter(self._things)))

    def clear(self) -> None:
        """Forget everything."""
        while self._things:
            self.drop_oldest()


@dataclass(slots=True)
class Session:
    """One client's private run."""

    id: str
    seed: int
    clock: Clock
    memory: Memory
    only: str | None = None
    """The one scenario that this session sees; None: all."""
    serial: int = 0
    """How many requests it has made."""
    used: dict[Step, int] = field(default_factory=dict)
    """How many requests each step has answered."""
    _seen: tuple[Scenario, ...] = ()

    def stamp(self) -> Stamp:
        """The stamp of the next request."""
        self.serial += 1
        return Stamp(self.seed, self.serial, self.clock.created(self.serial))

    def take(self, step: Step) -> Reply:
        """The reply whose turn it is; the last one goes on without end."""
        count = self.used.get(step, 0)
        self.used[step] = count + 1
        for turned in step.replies:
            if count < turned.times:
                return turned.reply
            count -= turned.times
        return step.replies[-1].reply

    def view(self, loaded: tuple[Scenario, ...]) -> tuple[Scenario, ...]:
        """What this session sees of the loaded scenarios. Steps of files that changed start over."""
        if loaded is not self._seen:
            self._seen = loaded
            steps = {step for scenario in loaded for step in scenario.steps}
            self.used = {step: count for step, count in self.used.items() if step in steps}
        if self.only is None:
            return loaded
        return tuple(scenario for scenario in loaded if scenario.name == self.only)

    def reset(self) -> None:
        """Start over, as if no request had been made."""
        self.serial = 0
        self.used.clear()
        self.memory.clear()


class Sessions:
    """All sessions of a server, bounded in number and in what they remember: the one idle longest goes first."""

    def __init__(self, make: Callable[[str, str | None], Session], budget: Budget, *, most: int) -> None:
        self._make = make
        self._budget = budget
        self._most = most
        self._sessions: OrderedDict[str, Session] = OrderedDict()

    def __len__(self) -> int:
        return len(self._sessions)

    def get(self, identity: str, only: str | None) -> Session:
        """The session of this id, made where it is not there yet; `only` is the one scenario it sees."""
        session = self._sessions.get(identity)
        if session is None:
            session = self._sessions[identity] = self._make(identity, only)
        else:
            self._sessions.move_to_end(identity)
        while len(self._sessions) > self._most or (self._budget.spent and len(self._sessions) > 1):
            self._sessions.popitem(last=False)[1].memory.clear()
        while self._budget.spent and len(session.memory):
            session.memory.drop_oldest()
        return session

    def find(self, identity: str) -> Session | None:
        """The session of this id, if it is there."""
        return self._sessions.get(identity)


def key_id(key: str) -> str:
    """The session id of an API key: four characters and a hash, so that the key itself is never shown.

    A short key shows less: at most a third of it.
    """
    shown = "".join(letter for letter in key[: min(4, len(key) // 3)] if letter.isascii() and letter.isalnum())
    digest = hashlib.sha256(key.encode(errors="replace")).hexdigest()[:8]
    return f"{shown}-{digest}" if shown else digest
