"""Texts for a regular expression: one that it matches is written, and any text is matched in bounded time."""

from __future__ import annotations

import string
from collections.abc import Iterable
from random import Random
from typing import Final, assert_never

from msgspec import Struct, field

from emulator.scenario.fromschema.regex import Alternatives, Chars, Edge, Look, Repeat, Sequence, Tree
from emulator.scenario.fromschema.schema import MAX_TEXT, Budget

__all__ = ["Writer", "search", "width"]

_LIKED: Final = (string.ascii_lowercase, string.digits, string.ascii_uppercase, "-_ .,:/@!#$%&*+=?'\"()<>[]{}|~^`;\\")
_MIXED: Final = "".join(_LIKED)
_WORD: Final = frozenset(string.ascii_letters + string.digits + "_")
_LOWEST: Final = 0xA1
_TRIED: Final = 3_000
_ENOUGH: Final = 100
"""From here on nothing is repeated more often than it must be."""


def width(tree: Tree) -> int:
    """How many characters the shortest text has. What stands in look-around is not counted."""
    match tree:
        case Chars():
            return 1
        case Sequence(parts):
            return sum(width(part) for part in parts)
        case Alternatives(options):
            return min(width(option) for option in options)
        case Repeat(part, least, _):
            return least * width(part)
        case Look() | Edge():
            return 0
        case _:
            assert_never(tree)


class Writer(Struct):
    """Writes a text that a tree matches, look-around aside."""

    draw: Random
    budget: Budget
    mixed: bool = False
    """Characters of every kind, for patterns that look ahead for one of each."""
    spare: int | None = None
    """How many characters more than the shortest text has; None: as they come."""
    out: list[str] = field(default_factory=list)
    _widths: dict[int, int] = field(default_factory=dict)
    _fitting: dict[int, list[str]] = field(default_factory=dict)

    def write(self, tree: Tree) -> None:
        """Append the text. Raises ValueError where it would be too long, or a set is empty."""
        self.budget.spend()
        match tree:
            case Chars():
                self.out.append(self._char(tree))
            case Sequence(parts):
                for part in parts:
                    self.write(part)
            case Alternatives(options):
                self.write(min(options, key=self._width) if self.spare is not None else self.draw.choice(options))
            case Repeat(part, least, most):
                for _ in range(self._times(part, least, most)):
                    self.write(part)
            case Look() | Edge():
                pass
            case _:
                assert_never(tree)

    def _times(self, part: Tree, least: int, most: int | None) -> int:
        each = self._width(part)
        if each * least + len(self.out) > MAX_TEXT:
            raise ValueError(f"needs more than {MAX_TEXT:,} characters")
        limit = MAX_TEXT if most is None else most
        if self.spare is None:
            # Two digits or a word of some letters: what is easily read. An empty part needs no repetition.
            more = self.draw.randint(1, 12 if self.mixed else 6) if limit > 1 else self.draw.randint(0, 1)
            more = more if len(self.out) < _ENOUGH else 0
            return min(least if each else min(least, 1), limit) + min(more, limit - least)
        more = min(limit - least, self.spare // max(each, 1))
        self.spare -= more * max(each, 1)
        return (least if each else min(least, 1)) + more

    def _char(self, chars: Chars) -> str:
        match chars.ranges:
            case ((low, high),) if low == high and not (chars.categories or chars.inverted or chars.negated):
                return _printable(low)
        if id(chars) not in self._fitting:
            self._fitting[id(chars)] = self._choices(chars)
        if fitting := self._fitting[id(chars)]:
            return self.draw.choice(fitting)
        if chars.ranges and not chars.negated:
            return _printable(self.draw.randint(*chars.ranges[0]))
        raise ValueError("has a set of characters in which none was found")

    def _choices(self, chars: Chars) -> list[str]:
        """The characters of a set that are liked best; empty where no likely one is in it."""
        self.budget.spend(1 + len(chars.ranges))
        for liked in [_MIXED] if self.mixed else _LIKED:
            if fitting := [char for char in liked if char in chars]:
                return fitting
        if chars.ranges and not chars.negated:
            return []
        for point in [*range(_LOWEST, _LOWEST + _TRIED), 0x1F600, 9, 10, 13, 32]:
            self.budget.spend()
            if chr(point) in chars:
                return [chr(point)]
        return []

    def _width(self, tree: Tree) -> int:
        if id(tree) not in self._widths:
            self._widths[id(tree)] = width(tree)
        return self._widths[id(tree)]


def search(tree: Tree, text: str, budget: Budget) -> bool:
    """Whether the pattern is somewhere in the text. Without backtracking: all places are followed at once."""
    return bool(_ends(tree, text, frozenset(range(len(text) + 1)), budget))


def _ends(tree: Tree, text: str, starts: frozenset[int], budget: Budget) -> frozenset[int]:
    """Where a match may end that begins at one of the starts."""
    budget.spend(1 + len(starts) // 8)
    match tree:
        case Chars(ranges):
            budget.spend(len(starts) * len(ranges) // 8)
            return frozenset(at + 1 for at in starts if at < len(text) and text[at] in tree)
        case Sequence(parts):
            for part in parts:
                starts = _ends(part, text, starts, budget)
            return starts
        case Alternatives(options):
            return _union(_ends(option, text, starts, budget) for option in options)
        case Repeat():
            return _repeated(tree, text, starts, budget)
        case Look():
            return frozenset(at for at in starts if _sees(tree, text, at, budget) == tree.wanted)
        case Edge(kind):
            return frozenset(at for at in starts if _at_edge(kind, text, at))
        case _:
            assert_never(tree)


def _sees(look: Look, text: str, at: int, budget: Budget) -> bool:
    if look.ahead:
        return bool(_ends(look.part, text, frozenset([at]), budget))
    return at in _ends(look.part, text, frozenset(range(at + 1)), budget)


def _repeated(tree: Repeat, text: str, starts: frozenset[int], budget: Budget) -> frozenset[int]:
    for _ in range(tree.least):
        before, starts = starts, _ends(tree.part, text, starts, budget)
        if before == starts:
            break
    fresh, found = starts, set(starts)
    for _ in range(len(text) + 1 if tree.most is None else tree.most - tree.least):
        fresh = _ends(tree.part, text, fresh, budget) - found
        if not fresh:
            break
        found |= fresh
    return frozenset(found)


def _union(sets: Iterable[frozenset[int]]) -> frozenset[int]:
    return frozenset().union(*sets)


def _at_edge(kind: str, text: str, at: int) -> bool:
    if kind == "start":
        return at == 0
    if kind == "end":
        return at == len(text)
    word = (text[at - 1 : at] in _WORD) != (text[at : at + 1] in _WORD)
    return word == (kind == "word")


def _printable(point: int) -> str:
    """Give the character; lone surrogates are none."""
    if 0xD800 <= point <= 0xDFFF:  # noqa: PLR2004 - the surrogates
        raise ValueError("has characters that are no text on their own")
    return chr(point)
