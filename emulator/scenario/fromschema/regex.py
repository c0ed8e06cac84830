"""Regular expressions of JSON Schema (ECMA-262's) as trees: read here, written as texts and matched elsewhere.

https://json-schema.org/draft/2020-12/json-schema-core#name-regular-expressions
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from msgspec import Struct, field

__all__ = ["Alternatives", "Chars", "Edge", "Look", "Repeat", "Sequence", "Tree", "read"]

_MAX_LENGTH: Final = 10_000
_MAX_DEPTH: Final = 60
_MAX_COUNT: Final = 6  # digits
_LAST: Final = sys.maxunicode


class Chars(Struct, frozen=True):
    """One character of a set: ranges of code points, and beginnings of Unicode's categories."""

    ranges: tuple[tuple[int, int], ...] = ()
    categories: tuple[str, ...] = ()
    inverted: tuple[Chars, ...] = ()
    """Sets within the set whose characters are those they do not name: [\\D\\S]."""
    negated: bool = False

    def __contains__(self, char: str) -> bool:
        point = ord(char)
        found = (
            any(low <= point <= high for low, high in self.ranges)
            or any(unicodedata.category(char).startswith(category) for category in self.categories)
            or any(char in part for part in self.inverted)
        )
        return found != self.negated


class Sequence(Struct, frozen=True):
    """One after the other."""

    parts: tuple[Tree, ...]


class Alternatives(Struct, frozen=True):
    """One of several."""

    options: tuple[Tree, ...]


class Repeat(Struct, frozen=True):
    """Again and again; `most` None: without end."""

    part: Tree
    least: int
    most: int | None


class Look(Struct, frozen=True):
    """What follows, or what stands before, without taking it."""

    part: Tree
    ahead: bool
    wanted: bool


class Edge(Struct, frozen=True):
    """The start, the end, a word's edge, or none."""

    kind: Literal["start", "end", "word", "inner"]


Tree: TypeAlias = Chars | Sequence | Alternatives | Repeat | Look | Edge

_DIGIT: Final = Chars(((48, 57),))
_WORD: Final = Chars(((48, 57), (65, 90), (95, 95), (97, 122)))
_SPACE: Final = Chars(((9, 13), (32, 32), (160, 160), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029)))
_CLASSES: Final = {"d": _DIGIT, "w": _WORD, "s": _SPACE}
_SIGNS: Final = {"t": 9, "n": 10, "v": 11, "f": 12, "r": 13, "0": 0, "a": 7}
_ANY: Final = Chars(((10, 10), (13, 13), (0x2028, 0x2029)), negated=True)
_ATOMS: Final[Mapping[str, Tree]] = {".": _ANY, "^": Edge("start"), "$": Edge("end")}
_EDGES: Final[Mapping[str, Tree]] = {
    "A": Edge("start"),
    "z": Edge("end"),
    "Z": Edge("end"),
    "b": Edge("word"),
    "B": Edge("inner"),
}
_OPENINGS: Final = {
    "?:": None,
    "?=": (True, True),
    "?!": (True, False),
    "?<=": (False, True),
    "?<!": (False, False),
}
_CATEGORIES: Final = {
    "Letter": "L",
    "Alphabetic": "L",
    "Lowercase_Letter": "Ll",
    "Uppercase_Letter": "Lu",
    "Number": "N",
    "Decimal_Number": "Nd",
    "Punctuation": "P",
    "Symbol": "S",
    "Separator": "Z",
    "Emoji_Component": "So",
    "Extended_Pictographic": "So",
    "Emoji_Presentation": "So",
    "Emoji": "So",
}


def read(pattern: str) -> Tree:
    """Read a pattern. Raises ValueError with what isn't understood."""
    if len(pattern) > _MAX_LENGTH:
        raise ValueError(f"has {len(pattern):,} characters; at most {_MAX_LENGTH:,} are read")
    reader = _Reader(pattern)
    tree = reader.alternatives()
    if reader.rest():
        raise ValueError("closes a group that was not opened")
    return tree


class _Reader(Struct):
    """Reads from left to right by recursive descent."""

    text: str
    at: int = 0
    depth: int = field(default=0)

    def rest(self) -> str:
        """The next character; empty at the end."""
        return self.text[self.at : self.at + 1]

    def take(self, *words: str) -> str | None:
        """Pass over the first of these that comes next."""
        for word in words:
            if self.text.startswith(word, self.at):
                self.at += len(word)
                return word
        return None

    def next(self) -> str:
        """Pass over one character."""
        if self.at >= len(self.text):
            raise ValueError("ends too soon")
        self.at += 1
        return self.text[self.at - 1]

    def until(self, end: str) -> str:
        """Pass over everything up to a character, and over that."""
        found = self.text.find(end, self.at)
        if found < 0:
            raise ValueError(f"has no '{end}' where one is due")
        start, self.at = self.at, found + 1
        return self.text[start:found]

    def alternatives(self) -> Tree:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise ValueError(f"has groups more than {_MAX_DEPTH} levels deep")
        options = [self.sequence()]
        while self.take("|"):
            options.append(self.sequence())
        self.depth -= 1
        return options[0] if len(options) == 1 else Alternatives(tuple(options))

    def sequence(self) -> Tree:
        parts = []
        while self.rest() not in {"", "|", ")"}:
            parts.append(self.repeated(self.atom()))
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def repeated(self, part: Tree) -> Tree:
        """Read the quantifier, where there is one. Greedy or not is the same to us."""
        least: int
        most: int | None
        match self.take("*", "+", "?", "{"):
            case None:
                return part
            case "*":
                least, most = 0, None
            case "+":
                least, most = 1, None
            case "?":
                least, most = 0, 1
            case _:
                end = self.text.find("}", self.at)
                bounds = self.text[self.at : end].split(",") if end >= 0 else []
                if not bounds or not bounds[0].isdecimal() or len(bounds) > 2 or not (bounds[-1] + "0").isdecimal():  # noqa: PLR2004 - {2,5}
                    self.at -= 1
                    return part
                self.at = end + 1
                least, most = _count(bounds[0]), (_count(bounds[-1]) if bounds[-1] else None)
        self.take("?", "+")
        if most is not None and most < least:
            raise ValueError(f"repeats from {least} to {most} times")
        return Repeat(part, least, most)

    def atom(self) -> Tree:
        match self.next():
            case "(":
                return self.group()
            case "[":
                return self.brackets()
            case "." | "^" | "$" as char:
                return _ATOMS[char]
            case "\\":
                return self.escape()
            case "*" | "+" | "?":
                raise ValueError("repeats nothing")
            case char:
                return Chars(((ord(char), ord(char)),))

    def group(self) -> Tree:
        opening = self.take(*_OPENINGS)
        if opening is None and self.take("?<", "?P<"):
            self.until(">")
        elif opening is None and self.take("?"):
            flags = self.text[self.at : self.at + 10]
            length = len(flags) - len(flags.lstrip("imsux-"))
            self.at += length
            if not length or not (self.take(":") or self.rest() == ")"):
                raise ValueError(f"has a group of an unknown kind, '(?{self.rest()}'")
        part = self.alternatives()
        if not self.take(")"):
            raise ValueError("has a group without an end")
        look = _OPENINGS[opening] if opening else None
        return Look(part, *look) if look else part

    def escape(self) -> Tree:
        char = self.rest()
        if char in _EDGES:
            self.at += 1
            return _EDGES[char]
        if char and char in "k123456789":
            raise ValueError("refers back to a group, which is not understood")
        return self.escaped()

    def escaped(self) -> Chars:
        """Read what a backslash means, within brackets and without."""
        char = self.next()
        if char.lower() in _CLASSES:
            return Chars(_CLASSES[char.lower()].ranges, negated=char.isupper())
        if char in "pP":
            name = self.until("}").lstrip("{") if self.rest() == "{" else self.next()
            category = name.rpartition("=")[2]
            category = _CATEGORIES.get(category, category)
            if not (category[:1] in "LMNPSZC" and len(category) <= 2):  # noqa: PLR2004 - as Lu
                raise ValueError(f"has the class '{name:.40}', which is not understood")
            return Chars(categories=(category,), negated=char == "P")
        point = self.point(char)
        return Chars(((point, point),))

    def point(self, char: str) -> int:
        """Give the code point that an escape means."""
        match char:
            case "x":
                return self.hexadecimal(2)
            case "u":
                return _hexadecimal(self.until("}")[1:]) if self.rest() == "{" else self.hexadecimal(4)
            case "c":
                return ord(self.next()) % 32
            case _:
                return _SIGNS.get(char, ord(char))

    def hexadecimal(self, digits: int) -> int:
        return _hexadecimal("".join(self.next() for _ in range(digits)))

    def brackets(self) -> Tree:
        negated = self.take("^") is not None
        sets: list[Chars] = []
        while (char := self.next()) != "]":
            first = self.escaped_in_brackets() if char == "\\" else Chars(((ord(char), ord(char)),))
            if self.rest() == "-" and self.text[self.at + 1 : self.at + 2] not in {"]", ""} and _single(first):
                self.at += 1
                char = self.next()
                last = self.escaped_in_brackets() if char == "\\" else Chars(((ord(char), ord(char)),))
                if not _single(last) or last.ranges[0][0] < first.ranges[0][0]:
                    raise ValueError("has a range whose end is before its start")
                first = Chars(((first.ranges[0][0], last.ranges[0][0]),))
            sets.append(first)
        return Chars(
            tuple(pair for part in sets if not part.negated for pair in part.ranges),
            tuple(category for part in sets if not part.negated for category in part.categories),
            tuple(part for part in sets if part.negated),
            negated,
        )

    def escaped_in_brackets(self) -> Chars:
        return Chars(((8, 8),)) if self.take("b") else self.escaped()


def _count(digits: str) -> int:
    if len(digits) > _MAX_COUNT:
        raise ValueError(f"repeats {digits:.20} times")
    return int(digits)


def _hexadecimal(digits: str) -> int:
    try:
        point = int(digits, 16)
    except ValueError:
        point = -1
    if not 0 <= point <= _LAST:
        raise ValueError(f"has the code point '{digits:.20}', which is none")
    return point


def _single(chars: Chars) -> bool:
    return not chars.negated and not chars.categories and len(chars.ranges) == 1 and len({*chars.ranges[0]}) == 1
