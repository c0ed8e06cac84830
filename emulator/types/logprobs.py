"""How likely the tokens of an answer's text were, where a request asks for that."""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import accumulate, islice
from typing import Final

from msgspec.structs import replace

from emulator.types.conversation import Text
from emulator.types.reply import Completion, Logprob, Stamp

__all__ = ["logprobs", "shares"]

_CJK: Final = "\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff"
"""Kana, ideographs and Hangul syllables."""

# White space, if any, and then one CJK character, or up to eight letters and digits, or one other character: as a
# stream is cut where a scenario does not say how, so that there a piece is a token. Few servers are ever asked for it.
_TOKEN: Final = rf"\s*+(?:[{_CJK}]|[^\W_{_CJK}]{{1,8}}|\S)|\s+"

_OTHERS: Final = (
    *(" the", ",", " a", ".", " and", " of", " to", " in", " is", " that", " it"),
    *(" for", "\n", " with", " on", " as", " was", " be", " at", " by", " not", " this"),
)
"""What might have stood in a token's place. No service lists more than 20."""

_SHARE: Final = 0.4
"""How likely an alternative is, as a share of the one before it."""

_DIGITS: Final = 6


def logprobs(done: Completion, stamp: Stamp, top: int) -> tuple[Logprob, ...]:
    """Give those of an answer's texts, each with at most `top` tokens that it could have been, the likeliest first.

    What the scenario gives is given. Else they are made from the pieces of the texts and the stamp: joined, the tokens
    are the texts, and no token reaches from one piece into the next.
    """
    if done.logprobs:
        return tuple(replace(given, top=given.top[:top]) for given in done.logprobs)
    return tuple(_made(token, number, stamp, top) for number, token in enumerate(_tokens(done)))


def shares(tokens: Iterable[str], pieces: Iterable[str]) -> Iterator[slice]:
    """Divide tokens among the pieces of a text: each is of the piece it begins in, and what is left of the last."""
    ends = list(accumulate(map(len, pieces)))
    starts = list(accumulate(map(len, tokens), initial=0))
    done = 0
    for number, end in enumerate(ends, 1):
        upto = len(starts) - 1 if number == len(ends) else bisect_left(starts, end, done, len(starts) - 1)
        yield slice(done, upto)
        done = upto


def _tokens(done: Completion) -> Iterator[str]:
    for part in done.parts:
        if isinstance(part, Text):
            for piece in part.deltas:
                yield from re.findall(_TOKEN, piece)


def _made(token: str, number: int, stamp: Stamp, top: int) -> Logprob:
    """Make one that is likelier than all others together."""
    drawn = int(stamp.hex(f"logprob/{number}", 8), 16)
    chance = 0.5 + 0.499 * drawn / 2**32
    start = drawn % len(_OTHERS)
    others = (other for other in (*_OTHERS[start:], *_OTHERS[:start]) if other != token)
    rest = (1 - chance) * (1 - _SHARE)
    alternatives = [(other, _log(rest * _SHARE**place)) for place, other in enumerate(islice(others, max(0, top - 1)))]
    return Logprob(token, _log(chance), ((token, _log(chance)), *alternatives)[:top])


def _log(chance: float) -> float:
    return round(math.log(chance), _DIGITS)
