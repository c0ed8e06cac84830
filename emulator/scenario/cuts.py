"""Where a stream cuts a text: offsets in ascending order, none at its ends. Joined, the pieces are the text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import accumulate

__all__ = ["NAMED", "by_char", "by_length", "by_pieces", "by_token", "by_word", "whole"]

_CJK = "\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff"
"""Kana, ideographs and Hangul syllables."""
_TOKEN = re.compile(rf"\s*+(?:[{_CJK}]|[^\W_{_CJK}]{{1,8}}|\S)")
_WORD = re.compile(r"\s*+\S+")


def by_token(text: str) -> tuple[int, ...]:
    """Cut as a tokenizer might.

    A piece is white space, if any, and then one CJK character, or up to eight letters and digits, or one other
    character. White space at the end goes with the last piece.
    """
    return _after(_TOKEN, text)


def by_word(text: str) -> tuple[int, ...]:
    """Cut before the white space between words."""
    return _after(_WORD, text)


def by_char(text: str) -> tuple[int, ...]:
    """Cut between any two code points."""
    return tuple(range(1, len(text)))


def by_length(text: str, chars: int) -> tuple[int, ...]:
    """Cut after every so many code points."""
    return tuple(range(chars, len(text), chars))


def whole(text: str) -> tuple[int, ...]:
    """Do not cut."""
    del text
    return ()


def by_pieces(texts: Iterable[str], pieces: Iterable[str]) -> Iterator[tuple[int, ...]]:
    """Cut texts that, joined, are the joined pieces: for each text the cuts that lie within it."""
    cuts = sorted(set(accumulate(map(len, pieces))))
    start = 0
    for text in texts:
        end = start + len(text)
        yield tuple(cut - start for cut in cuts if start < cut < end)
        start = end


def _after(piece: re.Pattern[str], text: str) -> tuple[int, ...]:
    # Without the white space at its end every run of white space leads to a piece, so nothing is looked at twice.
    # Pieces follow upon each other: each begins where the one before it ends.
    return tuple(accumulate(map(len, piece.findall(text.rstrip()))))[:-1]


NAMED: Mapping[str, Callable[[str], tuple[int, ...]]] = {
    "token": by_token,
    "word": by_word,
    "char": by_char,
    "whole": whole,
}
"""The ways that a scenario names with a word."""
