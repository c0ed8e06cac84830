"""Which steps of many can fit a text at all: those whose fixed words are in it, found in one pass over the text.

What comes through may still not fit; what does not come through can't. The order of the steps stays the meaning.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from emulator.scenario.patterns import among, literals
from emulator.types import Json

__all__ = ["Sieve"]

_LETTERS: Final = 32
"""How many letters of wanted words are looked for: the last ones, where texts that begin alike differ."""
_NOTHING: Final = (False, "")
_ANY: Final = [_NOTHING]
"""What is wanted where there are no fixed words: nothing, which is in every text."""


class Sieve(Struct, frozen=True):
    """The `user` conditions of steps, by their place in the file."""

    _exactly: Mapping[str, Sequence[int]]
    """The steps that want a whole text."""
    _within: Sequence[Sequence[int]]
    """The steps that want words in the text, by the number of the words."""
    _found: Callable[[str], Sequence[int]]
    """The numbers of the words that are in a text."""

    @classmethod
    def over(cls, whens: Sequence[Json]) -> Sieve:
        """Make the sieve of steps, given the conditions of each as they are written."""
        exactly: dict[str, list[int]] = {}
        within: dict[str, list[int]] = {"": []}
        for place, when in enumerate(whens):
            wanted = _wanted(when["user"]) if isinstance(when, Mapping) and "user" in when else _ANY
            for exact, text in dict.fromkeys(wanted):
                (exactly if exact else within).setdefault(text, []).append(place)
        return cls(exactly, list(within.values()), among(list(within)))

    def passing(self, text: str) -> Sequence[int]:
        """The places of the steps that may fit, in the order of the file."""
        found = [places for number in self._found(text) if (places := self._within[number])]
        if text in self._exactly:
            found.append(self._exactly[text])
        return found[0] if len(found) == 1 else sorted({place for places in found for place in places})


def _wanted(predicate: Json) -> list[tuple[bool, str]]:
    """Texts of which one must be the whole text (true) or in it (false)."""
    match predicate:
        case str():
            between = literals(predicate)
            return [(True, between[0])] if len(between) == 1 else [_part(max(between, key=len))]
        case {"equals": str() as text} if "ignore_case" not in predicate:
            return [(True, text)]
        case {"contains": str() as text} if "ignore_case" not in predicate:
            return [_part(text)]
        case {"any": [*alternatives]}:
            return [wanted for one in alternatives for wanted in _wanted(one)]
        case {"all": [*conditions]}:
            return next((wanted for one in conditions if _NOTHING not in (wanted := _wanted(one))), _ANY)
        case _:
            return _ANY


def _part(text: str) -> tuple[bool, str]:
    return False, text[-_LETTERS:]
