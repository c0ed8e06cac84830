"""A client's private run, found by its API key: counters, seed, clock."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from emulator.clock import Clock
from emulator.scenario import Scenario, Step
from emulator.types import Json, Reply, Stamp

__all__ = ["Memory", "Session", "Sessions", "key_id"]


_MOST_REMEMBERED: Final = 1000


class Memory:
    """What a session remembers of its answers, by id: the oldest goes first."""

    def __init__(self, *, most: int) -> None:
        self._most = most
        self._things: OrderedDict[str, Json] = OrderedDict()

    def get(self, key: str) -> Json:
        """What is remembered; None: nothing."""
        return self._things.get(key)

    def put(self, key: str, value: Json) -> None:
        """Remember, and forget the oldest where that is too much."""
        self._things[key] = value
        if len(self._things) > self._most:
            self._things.popitem(last=False)

    def drop(self, key: str) -> None:
        """Forget, if it is there."""
        self._things.pop(key, None)


@dataclass(slots=True)
class Session:
    """One client's private run."""

    id: str
    seed: int
    clock: Clock
    only: str | None = None
    """The one scenario that this session sees; None: all."""
    serial: int = 0
    """How many requests it has made."""
    used: dict[Step, int] = field(default_factory=dict)
    """How many requests each step has answered."""
    memory: Memory = field(default_factory=lambda: Memory(most=_MOST_REMEMBERED))
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
        self.memory = Memory(most=_MOST_REMEMBERED)


class Sessions:
    """All sessions of a server, bounded in number: the one idle longest goes first."""

    def __init__(self, make: Callable[[str, str | None], Session], *, most: int) -> None:
        self._make = make
        self._most = most
        self._sessions: OrderedDict[str, Session] = OrderedDict()

    def __len__(self) -> int:
        return len(self._sessions)

    def get(self, identity: str, only: str | None) -> Session:
        """The session of this id, made where it is not there yet; `only` is the one scenario it sees."""
        session = self._sessions.get(identity)
        if session is None:
            session = self._sessions[identity] = self._make(identity, only)
            if len(self._sessions) > self._most:
                self._sessions.popitem(last=False)
        else:
            self._sessions.move_to_end(identity)
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
