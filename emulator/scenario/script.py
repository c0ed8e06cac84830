"""What a scenario file is once it is loaded: steps, their checks and their replies. Values only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import force_setattr

from emulator.scenario.sieve import Sieve
from emulator.types import Failure, Json, Reply, Request, RequestMode, Stamp

__all__ = [
    "Chaos",
    "Check",
    "Draft",
    "Failed",
    "Limits",
    "Scenario",
    "Scene",
    "State",
    "Step",
    "Turned",
    "Unanswerable",
    "Why",
]

Why: TypeAlias = Callable[[], str]
"""The sentence that says why a condition does not hold, worded only when somebody wants to read it."""

State: TypeAlias = Mapping[str, Json]
"""What a session remembers by name; never changed, only replaced."""


class Unanswerable(Exception):  # noqa: N818 - an answer: the reply can't be made
    """A reply that can't be made for this request: a template that fails, a schema nothing is valid under."""


class Failed(Exception):  # noqa: N818 - an answer that a scenario's author gets to read
    """A template that fails when it runs. As a string: a sentence that says what."""


class Scene(Struct, frozen=True):
    """What a reply is made from, where it is not the same for every request."""

    request: Request
    state: State
    call: int
    """Which call this is of those that meet the step's conditions, from 1."""
    stamp: Stamp


Draft: TypeAlias = Callable[[Scene], Reply]
"""A reply that depends on the scene. Raises Unanswerable."""


class Check(Struct, frozen=True):
    """One condition of a step, compiled."""

    name: str
    """The key in `when`."""
    fails: Callable[[Request, State], Why | None]
    """Decides and explains: None where the condition holds."""


class Turned(Struct, frozen=True):
    """A reply and when it has its turn."""

    reply: Reply | Draft
    times: int | None = 1
    """How many requests it answers before the next reply of its step has its turn. None: there is no end to it."""
    chance: float | None = None
    """How likely it is to answer; where it does not, the next one does. None: it is sure to."""


_OPEN: Final = Sieve({}, (), lambda _: ())
"""What stands in the place of a scenario's sieve until that is made."""


class Step(Struct, frozen=True, eq=False):
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
    times: int | None = None
    """How many calls it answers. None: without end."""
    call: Callable[[int], Why | None] | None = None
    """The condition on the number of the call."""
    counted: bool = False
    """Whether the calls that meet the other conditions are counted: for that condition, and for templates."""

    def __post_init__(self) -> None:
        force_setattr(self, "counted", self.counted or self.call is not None)


class Limits(Struct, frozen=True):
    """How much a session may ask. None: as much as it likes."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    concurrent: int | None = None


class Chaos(Struct, frozen=True):
    """An error now and then, in place of whatever a step would say."""

    failure: Failure | Callable[[Scene], Failure]
    chance: float
    seed: int | None = None
    """None: the session's."""


class Scenario(Struct, frozen=True, eq=False):
    """One file, loaded."""

    name: str
    place: str
    """The file."""
    description: str
    steps: tuple[Step, ...]
    order: Literal["any", "sequence"] = "any"
    on_end: Literal["miss", "repeat", "last"] = "miss"
    models: tuple[str, ...] = ()
    """What the models route lists. None: the provider's own."""
    limits: Limits | None = None
    chaos: tuple[Chaos, ...] = ()
    requests: RequestMode | None = None
    """What becomes of a request that the service would refuse. None: as the session has it."""
    counts: bool = False
    """Whether the calls of any step are counted."""
    sieve: Sieve = _OPEN
    """Which steps can fit a user text at all."""

    def __post_init__(self) -> None:
        force_setattr(self, "sieve", Sieve.over([step.when for step in self.steps]))
        force_setattr(self, "counts", any(step.counted for step in self.steps))
