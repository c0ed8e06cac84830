"""What a check looks at, said where the check is written: only requests that have it are looked into."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from emulator.types import Check, Look

__all__ = ["about", "always", "beside"]

_NONE: Final[frozenset[str]] = frozenset()


def about(*fields: str, said: bool = False) -> Callable[[Look], Check]:
    """Make a check of what looks at these fields. `said`: at what is said, too."""

    def made(look: Look) -> Check:
        return Check(look, frozenset(fields), said=said)

    return made


def beside(fields: frozenset[str], *, said: bool = False) -> Callable[[Look], Check]:
    """Make a check of what looks at every field but these. `said`: at what is said, too."""

    def made(look: Look) -> Check:
        return Check(look, _NONE, fields, said)

    return made


def always(look: Look) -> Check:
    """Make a check of what looks at every request: something is not there, or not in the body."""
    return Check(look)
