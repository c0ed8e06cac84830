"""Request rules: what a service refuses, as a table of facts with their sources."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from emulator.types.failure import ErrorName, Failure
from emulator.types.request import Request

__all__ = ["Breach", "Origin", "RequestMode", "Rule"]

Origin: TypeAlias = Literal["documented", "package", "field", "recorded", "upstream", "inferred"]
"""How a fact is known; docs/deviations.md says what each word means."""

RequestMode: TypeAlias = Literal["strict", "warn", "off"]
"""What becomes of a request that breaks a rule: the service's error, a note in the journal, or nothing."""


@dataclass(frozen=True, slots=True)
class Breach:
    """What a request does that the service does not take."""

    message: str
    """The sentence of the service."""
    param: str = ""
    """The place in the body, as the service names it, such as `messages[2].role`."""
    error: ErrorName = "invalid_request"
    code: str | None = None
    type: str | None = None

    def failure(self) -> Failure:
        """The error that the service answers with."""
        return Failure(self.error, self.message, code=self.code, type=self.type, param=self.param)


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that a service refuses."""

    name: str
    """Unique within its table: `temperature-range`."""
    check: Callable[[Request], Iterable[Breach]]
    """Gives every breach, the one that the service reports first before the others."""
    origin: Origin
    source: str
    """Where the fact stands, and when it was read."""
    refused: bool = True
    """False: the service lets it pass, and only the journal notes it."""
