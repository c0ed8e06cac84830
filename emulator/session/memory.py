"""What a session remembers of its answers, bounded over all sessions of a server."""

from __future__ import annotations

import sys
from collections import OrderedDict
from typing import Final

from msgspec import Struct

from emulator.types import Json

__all__ = ["Budget", "Memory"]

_MOST_REMEMBERED: Final = 1000


class Budget(Struct):
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

    def fork(self) -> Memory:
        """A memory of the same things that is on nobody's budget."""
        copy = Memory(most=self._most)
        copy._things = self._things.copy()
        return copy

    def clear(self) -> None:
        """Forget everything."""
        while self._things:
            self.drop_oldest()
