"""What a scenario file is once it is loaded: steps, their checks and their replies. Values only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from emulator.types import Json, Reply, Request

__all__ = ["Check", "Scenario", "Step", "Turned", "Why"]

Why: TypeAlias = Callable[[], str]
"""The sentence that says why a condition does not hold, worded only when somebody wants to read it."""


@dataclass(frozen=True, slots=True)
class Check:
    """One condition of a step, compiled."""

    name: str
    """The key in `when`."""
    fails: Callable[[Request], Why | None]
    """Decides and explains: None where the condition holds."""


@dataclass(frozen=True, slots=True)
class Turned:
    """A reply and how many requests it answers before the next reply of its step has its turn."""

    reply: Reply
    times: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """What a request must look like, and what it is answered with. Told apart by identity."""

    name: str
    """`scenario/step`"""
    place: str
    """`FILE:LINE`"""
    checks: tuple[Check, ...]
    replies: tuple[Turned, ...]
    """At least one; the last goes on without end."""
    when: Json = None
    """The conditions as they are written."""


@dataclass(frozen=True, slots=True, eq=False)
class Scenario:
    """One file, loaded."""

    name: str
    place: str
    """The file."""
    description: str
    steps: tuple[Step, ...]
