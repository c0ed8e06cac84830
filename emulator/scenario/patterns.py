"""Patterns that texts are matched with: wildcards and regular expressions. None can take more than linear time.

The one room that knows RE2. Wildcards need it only where they are more than a prefix, a suffix or a substring.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any, TypeAlias

import re2

__all__ = [
    "MAX_LENGTH",
    "Matches",
    "Sign",
    "among",
    "covers",
    "group_names",
    "groups",
    "literals",
    "searcher",
    "signs",
    "wildcards",
]

Matches: TypeAlias = Callable[[str], bool]

MAX_LENGTH = 10_000
"""How many characters a regex may have, and wildcards where they need one."""
_MAX_MEMORY = 1024 * 1024
_MAX_MEMORY_AMONG = 64 * _MAX_MEMORY
"""Enough for 10,000 different words of 32 letters. A search takes what its words and the texts so far need of it."""
_FEW = 12
"""How many words are found faster one by one."""
_LOOKS = ("(?=", "(?!", "(?<=", "(?<!")
_PIECE = re.compile(r"\\([*?\\])|([*?])|(\\|[^*?\\]+)")
"""A character whose meaning a backslash takes away, a wildcard, or words."""
_SIGNS = {"*": ".*", "?": "."}


class Sign(Enum):
    """A wildcard among characters."""

    ANY = "*"
    ONE = "?"


def searcher(pattern: str, *, ignore_case: bool = False, across_lines: bool = False) -> Matches:
    """Make a search: whether a regex matches somewhere in a text.

    `across_lines`: the dot stands for a line break too.
    Raises ValueError with a sentence where the regex is too long or RE2 refuses it.
    """
    search = _searched(pattern, ignore_case=ignore_case, across_lines=across_lines, capture=False)
    return lambda text: search(text) is not None


def groups(pattern: str, *, ignore_case: bool = False) -> Callable[[str], dict[str, str]]:
    """Make a search for the named groups of a regex in a text. A group that took no part is left out.

    Raises ValueError like `searcher`.
    """
    search = _searched(pattern, ignore_case=ignore_case, across_lines=False, capture=True)

    def found(text: str) -> dict[str, str]:
        match = search(text)
        return {name: part for name, part in match.groupdict().items() if part is not None} if match else {}

    return found


def _compiled(pattern: str, *, ignore_case: bool, across_lines: bool, capture: bool) -> Any:
    if len(pattern) > MAX_LENGTH:
        raise ValueError(f"as a regex this has {len(pattern):,} characters; at most {MAX_LENGTH:,} are matched.")
    options = re2.Options()
    options.max_mem = _MAX_MEMORY
    options.log_errors = False
    options.never_capture = not capture
    options.dot_nl = across_lines
    options.case_sensitive = not ignore_case
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        raise ValueError(_refusal(pattern, error)) from None


def _searched(pattern: str, *, ignore_case: bool, across_lines: bool, capture: bool) -> Callable[[str], Any]:
    search = _compiled(pattern, ignore_case=ignore_case, across_lines=across_lines, capture=capture).search

    def searched(text: str) -> Any:
        try:
            return search(text)
        except UnicodeEncodeError:
            # Bytes of a header that are not UTF-8 arrive as lone surrogates.
            return search(text.encode(errors="replace").decode())

    return searched


def among(words: Sequence[str]) -> Callable[[str], Sequence[int]]:
    """Make a search for many words at once: the numbers of those that are in a text, in any order.

    The empty word is to be one of them: a search that runs out of memory does not find even that.
    """

    def one_by_one(text: str) -> Sequence[int]:
        return [number for number, word in enumerate(words) if word in text]

    at_once = _at_once(words) if len(words) > _FEW else None
    return one_by_one if at_once is None else lambda text: at_once(_bytes(text)) or one_by_one(text)


def _at_once(words: Sequence[str]) -> Callable[[bytes], list[int] | None] | None:
    options = re2.Options()
    options.max_mem = _MAX_MEMORY_AMONG
    options.log_errors = False
    options.encoding = re2.Options.Encoding.LATIN1  # bytes as they are
    among = re2.Set.SearchSet(options)
    try:
        for word in words:
            # The empty word would be found at every letter, which takes time, so it is looked for at the end.
            among.Add(re2.escape(_bytes(word)) or rb"\z")
        among.Compile()
    except re2.error:
        return None  # They take too much memory.
    match: Callable[[bytes], list[int] | None] = among.Match
    return match


def _bytes(text: str) -> bytes:
    """UTF-8, where words are in a text if and only if they are as letters; lone surrogates too."""
    return text.encode(errors="surrogatepass")


def wildcards(written: str) -> Matches:
    """Make a match of a whole text: `*` stands for any run of characters, `?` for one, line breaks included.

    A backslash takes the meaning from `*`, `?` and a backslash; before anything else it is itself.
    Raises ValueError with a sentence where the pattern is too large.
    """
    pieces = _pieces(written)
    match [wild for _, wild in pieces if wild], _joined(pieces):
        case [], [words]:
            return lambda text: text == words
        case ["*"], [before, after]:
            return _around(before, after)
        case ["*", "*"], ["", within, ""]:
            return lambda text: within in text
        case _:
            regex = "".join(_SIGNS[wild] if wild else re2.escape(text) for text, wild in pieces)
            return searcher(rf"\A{regex}\z", across_lines=True)


def literals(written: str) -> list[str]:
    """Give what stands between the wildcards of a pattern: all of it, if there are none."""
    return _joined(_pieces(written))


def signs(written: str) -> tuple[str | Sign, ...]:
    """Give the characters and the wildcards of a pattern."""
    found: list[str | Sign] = []
    for taken, wild, words in _PIECE.findall(written):
        found += (Sign(wild),) if wild else (*taken, *words)
    return tuple(found)


def covers(outer: tuple[str | Sign, ...], inner: tuple[str | Sign, ...]) -> bool:
    """Whether every text that fits `inner` fits `outer`; False also where that is not plain to see.

    Takes time as the product of their lengths.
    """
    # `inner` is matched as if it were a text, in which a wildcard is a character that only a wildcard fits.
    here = there = 0
    star, back = -1, 0
    while there < len(inner):
        wanted, given = outer[here] if here < len(outer) else None, inner[there]
        if wanted is Sign.ANY:
            star, back = here, there
            here += 1
        elif wanted is not None and (wanted == given or (wanted is Sign.ONE and given is not Sign.ANY)):
            here += 1
            there += 1
        elif star >= 0:
            back += 1
            here, there = star + 1, back
        else:
            return False
    return all(sign is Sign.ANY for sign in outer[here:])


def group_names(pattern: str) -> frozenset[str]:
    """Give the names of a regex's groups. Raises ValueError like `searcher`."""
    if "(?" not in pattern:
        return frozenset()
    return frozenset(_compiled(pattern, ignore_case=False, across_lines=False, capture=True).groupindex)


def _pieces(written: str) -> list[tuple[str, str]]:
    """Split a pattern: words or a letter, and nothing; or nothing, and a wildcard."""
    return [(taken or plain, wild) for taken, wild, plain in _PIECE.findall(written)]


def _joined(pieces: list[tuple[str, str]]) -> list[str]:
    joined = [""]
    for text, wild in pieces:
        if wild:
            joined.append("")
        else:
            joined[-1] += text
    return joined


def _around(before: str, after: str) -> Matches:
    least = len(before) + len(after)
    return lambda text: len(text) >= least and text.startswith(before) and text.endswith(after)


def _refusal(pattern: str, error: Exception) -> str:
    look = next((look for look in _LOOKS if look in pattern), None)
    if look:
        return f"this regex has look-around, '{look}', which RE2 does not know; a 'not' beside it may say the same."
    return f"RE2 refuses this pattern: {error.args[0].decode(errors='replace'):.80}."
