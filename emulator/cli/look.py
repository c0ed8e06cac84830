"""How output looks: coloured in a terminal, plain in a pipe."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final, TextIO, TypeAlias

__all__ = ["Paint", "paint_for"]

Paint: TypeAlias = Callable[[str, str], str]
"""Makes a text look like what it is."""

_COLOURS: Final = {"good": "1;32", "bad": "1;31", "faint": "2", "key": "33"}


def paint_for(stream: TextIO) -> Paint:
    """Colours where a person reads the stream in a terminal and has not asked for plain text (https://no-color.org)."""
    coloured = stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return _painted if coloured else _plain


def _painted(look: str, text: str) -> str:
    return f"\033[{_COLOURS[look]}m{text}\033[0m"


def _plain(look: str, text: str) -> str:
    del look
    return text
