"""What a route of the control API is: how it is asked, what answers it, and what it may refuse."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias

from msgspec import Struct, field

from emulator.scenario.closed import Closed

__all__ = ["Body", "Route"]

Body: TypeAlias = type[Closed] | Literal["scenario"] | None
"""A form, the text of a scenario, or nothing."""


class Route(Struct, frozen=True):
    """One row of the table. The first line of the function that answers says what it does."""

    method: str
    path: str
    answer: Callable[..., Any]
    gives: str
    """The schema of the answer by its name, or the content type of one that is no JSON."""
    query: Mapping[str, str] = field(default_factory=dict)
    """What each field of the query says."""
    body: Body = None
    refuses: tuple[int, ...] = ()
    """The statuses of its own refusals, beside those that any route like it has."""
    public: bool = False
    """Whether anybody may ask, in any way."""

    @property
    def summary(self) -> str:
        """What it does, in a sentence."""
        return (self.answer.__doc__ or "").strip().partition("\n")[0]

    def refusals(self) -> tuple[int, ...]:
        """Every status of a refusal, in order."""
        found = set(self.refuses)
        if not self.public:
            found |= {400, 401, 403}
        if self.method in {"POST", "PUT"}:
            found |= {408, 413}
        if self.body is not None:
            found |= {422}
        if "{session}" in self.path:
            found |= {404}
        return tuple(sorted(found))
