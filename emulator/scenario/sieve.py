"""Which steps of many can fit a text at all: an index of the fixed words that their conditions want in it.

What comes through may still not fit; what does not come through can't. The order of the steps stays the meaning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from emulator.types import Json

__all__ = ["Sieve"]

_GRAM: Final = 4
"""How many letters of a wanted piece are looked up."""
_PIECE: Final = re.compile(r"\\([*?\\])|([*?])|(\\|[^*?\\]+)")
"""As patterns.py reads wildcards: a letter without its meaning, a wildcard, or words."""


@dataclass(slots=True)
class Sieve:
    """An index over the `user` conditions of steps, by their place in the file."""

    _always: list[int] = field(default_factory=list)
    """Steps whose conditions want no fixed words."""
    _exactly: dict[str, list[int]] = field(default_factory=dict)
    _within: list[tuple[str, int]] = field(default_factory=list)
    """Words that the text must have in it."""
    _grams: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    """The same by a piece of the words that few others have."""

    @classmethod
    def over(cls, whens: Sequence[Json]) -> Sieve:
        """Make the index of steps, given the conditions of each as they are written."""
        sieve = cls()
        for place, when in enumerate(whens):
            words = _wanted((when or {}).get("user")) if isinstance(when, Mapping | None) else None
            if words is None:
                sieve._always.append(place)
            for exact, text in words or ():
                if exact:
                    sieve._exactly.setdefault(text, []).append(place)
                else:
                    sieve._within.append((text, place))
        sieve._index()
        return sieve

    def _index(self) -> None:
        counts: dict[str, int] = {}
        for text, _ in self._within:
            for gram in _grams(text):
                counts[gram] = counts.get(gram, 0) + 1
        for text, place in self._within:
            rarest = min(_grams(text), key=lambda gram: (counts[gram], gram), default="")
            self._grams.setdefault(rarest, []).append((text, place))

    def passing(self, text: str) -> list[int]:
        """The places of the steps that may fit, in the order of the file."""
        found = set(self._exactly.get(text, ()))
        if len(self._within) <= len(text):
            found.update(place for words, place in self._within if words in text)
        else:
            found.update(self._by_grams(text))
        return sorted({*self._always, *found}) if found else self._always

    def _by_grams(self, text: str) -> Iterator[int]:
        grams = self._grams
        yield from (place for words, place in grams.get("", ()) if words in text)
        for gram in {text[start : start + _GRAM] for start in range(len(text) - _GRAM + 1)} & grams.keys():
            yield from (place for words, place in grams[gram] if words in text)


def _grams(text: str) -> set[str]:
    """Every run of so many letters; none, where the text is shorter."""
    return {text[start : start + _GRAM] for start in range(len(text) - _GRAM + 1)}


def _wanted(predicate: Json) -> list[tuple[bool, str]] | None:
    """Texts of which one must be the whole text (true) or in it (false). None: there are no such texts."""
    match predicate:
        case str():
            return _of_wildcards(predicate)
        case {"ignore_case": _}:
            return None
        case {"equals": str() as text}:
            return [(True, text)]
        case {"contains": str() as text} if text:
            return [(False, text)]
        case {"any": [*alternatives]}:
            each = [_wanted(one) for one in alternatives]
            return None if any(one is None for one in each) else [words for one in each for words in one or ()]
        case _:
            return None


def _of_wildcards(written: str) -> list[tuple[bool, str]] | None:
    pieces, wild = [""], False
    for taken, sign, words in _PIECE.findall(written):
        if sign:
            wild = True
            pieces.append("")
        else:
            pieces[-1] += taken or words
    if not wild:
        return [(True, pieces[0])]
    longest = max(pieces, key=len)
    return [(False, longest)] if longest else None
