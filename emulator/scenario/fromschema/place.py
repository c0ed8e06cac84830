"""A place in the value that is made, and the draws that belong to it alone."""

from __future__ import annotations

from hashlib import blake2b
from random import Random

from msgspec import Struct
from msgspec.structs import replace

__all__ = ["Place"]


class Place(Struct, frozen=True):
    """Where a value is to stand. Its draws come from the seed and the path: what is added elsewhere changes nothing."""

    key: bytes
    name: str = ""
    """The property that the value belongs to, for words that remind of it."""
    depth: int = 0
    terse: bool = False
    """Only what is required, and the shortest way out of a recursion."""
    turn: int = 0
    """How many values were tried before, or stand before it in a list whose items differ."""

    @classmethod
    def of(cls, seed: str) -> Place:
        """Give the root."""
        return cls(blake2b(seed.encode(errors="replace"), digest_size=16).digest())

    def under(self, token: str, name: str | None = None) -> Place:
        """Give a place one level down. An item goes by the name of its list."""
        step = b"%s %d %s" % (self.key, self.turn, token.encode(errors="replace"))
        key = blake2b(step, digest_size=16).digest()
        return Place(key, self.name if name is None else name, self.depth + 1, self.terse)

    def turned(self, turns: int, *, terse: bool = False) -> Place:
        """Give the same place for another try."""
        return replace(self, turn=self.turn + turns, terse=self.terse or terse)

    def draw(self) -> Random:
        """Draws of this try."""
        return Random(self.key + b" %d" % self.turn)  # noqa: S311 - repeatable on purpose

    def pick(self, size: int) -> int:
        """Give an index that moves on by one with each try, so that few choices are all met."""
        return (Random(self.key).randrange(size) + self.turn) % size  # noqa: S311 - repeatable on purpose
