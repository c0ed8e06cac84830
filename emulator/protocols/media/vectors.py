"""Vectors for texts: the same for the same text, whoever asks, and of length one."""

from __future__ import annotations

import base64
import hashlib
import math
import sys
from array import array
from typing import Final

__all__ = ["MOST_DIMENSIONS", "packed", "vector"]

MOST_DIMENSIONS: Final = 4096
"""More than the models of OpenAI and Google have, which is 3072."""

_HALF: Final = 2**31


def vector(text: str, dimensions: int) -> array[float]:
    """Draw a vector from the hash of a text, in single precision, as services compute it.

    Texts that differ have vectors that have nothing to do with each other, however alike the texts are. A shorter
    vector points where the first numbers of a longer one do.
    """
    drawn = array("I", hashlib.shake_256(text.encode()).digest(4 * dimensions))
    if sys.byteorder == "big":  # pragma: no cover - the same numbers on every machine
        drawn.byteswap()
    numbers = [(number + 0.5) / _HALF - 1 for number in drawn]
    length = math.sqrt(math.fsum(number * number for number in numbers))
    return array("f", (number / length for number in numbers))


def packed(numbers: array[float]) -> str:
    """Give a vector as base64 of little-endian floats, which is what clients ask for (package: openai 3.51)."""
    if sys.byteorder == "big":  # pragma: no cover - the same bytes on every machine
        numbers = array("f", numbers)
        numbers.byteswap()
    return base64.b64encode(numbers.tobytes()).decode()
