"""Patterns that texts are matched with: wildcards and regular expressions. None can take more than linear time.

The one room that knows RE2. Wildcards need it only where they are more than a prefix, a suffix or a substring.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

import re2

__all__ = ["MAX_LENGTH", "Matches", "searcher", "wildcards"]

Matches: TypeAlias = Callable[[str], bool]

MAX_LENGTH = 10_000
"""How many characters a regex may have, and wildcards where they need one."""
_MAX_MEMORY = 1024 * 1024
_LOOKS = ("(?=", "(?!", "(?<=", "(?<!")
_PIECE = re.compile(r"\\([*?\\])|([*?])|(\\|[^*?\\]+)")
"""A character whose meaning a backslash takes away, a wildcard, or words."""
_SIGNS = {"*": ".*", "?": "."}


def searcher(pattern: str, *, ignore_case: bool = False, across_lines: bool = False) -> Matches:
    """Make a search: whether a regex matches somewhere in a text.

    `across_lines`: the dot stands for a line break too.
    Raises ValueError with a sentence where the regex is too long or RE2 refuses it.
    """
    if len(pattern) > MAX_LENGTH:
        raise ValueError(f"as a regex this has {len(pattern):,} characters; at most {MAX_LENGTH:,} are matched.")
    options = re2.Options()
    options.max_mem = _MAX_MEMORY
    options.log_errors = False
    options.never_capture = True
    options.dot_nl = across_lines
    options.case_sensitive = not ignore_case
    try:
        search = re2.compile(pattern, options).search
    except re2.error as error:
        raise ValueError(_refusal(pattern, error)) from None

    def matches(text: str) -> bool:
        try:
            return search(text) is not None
        except UnicodeEncodeError:
            # Bytes of a header that are not UTF-8 arrive as lone surrogates.
            return search(text.encode(errors="replace")) is not None

    return matches


def wildcards(written: str) -> Matches:
    """Make a match of a whole text: `*` stands for any run of characters, `?` for one, line breaks included.

    A backslash takes the meaning from `*`, `?` and a backslash; before anything else it is itself.
    Raises ValueError with a sentence where the pattern is too large.
    """
    pieces = [(taken or words, wild) for taken, wild, words in _PIECE.findall(written)]
    match [wild for _, wild in pieces if wild], _words(pieces):
        case [], [words]:
            return lambda text: text == words
        case ["*"], [before, after]:
            return _around(before, after)
        case ["*", "*"], ["", within, ""]:
            return lambda text: within in text
        case _:
            regex = "".join(_SIGNS[wild] if wild else re2.escape(words) for words, wild in pieces)
            return searcher(rf"\A{regex}\z", across_lines=True)


def _words(pieces: list[tuple[str, str]]) -> list[str]:
    """Join what stands between the wildcards."""
    words = [""]
    for text, wild in pieces:
        if wild:
            words.append("")
        else:
            words[-1] += text
    return words


def _around(before: str, after: str) -> Matches:
    least = len(before) + len(after)
    return lambda text: len(text) >= least and text.startswith(before) and text.endswith(after)


def _refusal(pattern: str, error: Exception) -> str:
    look = next((look for look in _LOOKS if look in pattern), None)
    if look:
        return f"this regex has look-around, '{look}', which RE2 does not know; a 'not' beside it may say the same."
    return f"RE2 refuses this pattern: {error.args[0].decode(errors='replace'):.80}."
