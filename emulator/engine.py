"""Which step answers a request, and why no other does. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher

from msgspec import Struct, field

from emulator.scenario import Scenario, State, Step, Why
from emulator.types import Request

__all__ = ["Hit", "Miss", "Near", "Standing", "choose", "nearest"]

_NEAREST = 3
_COMPARED = 200
"""How many steps, and how many letters of a text, are compared when the nearest step is looked for."""
_ROUTING = frozenset({"provider", "protocol", "target", "environment", "model"})
"""Conditions that choose among clients, not among requests: where one fails, the step is meant for somebody else."""
_ORDER, _TIMES = "order", "times"
"""What keeps a step from answering beside its conditions."""


class Standing(Struct, frozen=True):
    """How far a session has come before this request."""

    calls: Mapping[Step, int] = field(default_factory=dict)
    """How many calls each step has answered."""
    met: Mapping[Step, int] = field(default_factory=dict)
    """How many calls have met the conditions of each step whose calls are counted."""
    state: State = field(default_factory=dict)
    retried: Step | None = None
    """The step that answered this call when it was made before; None: it was not."""


class Hit(Struct, frozen=True):
    """The step that answers."""

    step: Step
    scenario: Scenario
    call: int = 1
    """Which call this is of those that meet the step's conditions."""
    met: tuple[Step, ...] = ()
    """The steps whose calls are counted and whose conditions hold."""


class Near(Struct, frozen=True):
    """A step that does not answer, and its conditions that fail, in the order of the file."""

    step: Step
    failing: tuple[tuple[str, Why], ...]

    def __str__(self) -> str:
        name, why = self.failing[0]
        return f"{self.step.name} ({self.step.place}) {name}: {why()}"


class Miss(Struct, frozen=True):
    """No step answers. `near` has every step, the nearest first.

    That is: no routing condition fails, it has its turn, fewest conditions fail, the most similar user text, the
    file's order.
    """

    near: tuple[Near, ...]
    met: tuple[Step, ...] = ()
    """The steps whose calls are counted and whose conditions hold."""

    def __str__(self) -> str:
        lines = [f"  {near}" for near in self.near[:_NEAREST]]
        further = len(self.near) - _NEAREST
        if further > 0:
            lines.append(f"  and {further} more step{'s'[: further != 1]}")
        return "\n".join(lines) if lines else "  no scenario is loaded"


def choose(scenarios: Sequence[Scenario], request: Request, standing: Standing) -> Hit | Miss:
    """Find the step that answers: of each scenario, in the order of loading, the first that fits or the one due."""
    met = _met(scenarios, request, standing.state)
    for scenario in scenarios:
        step = _answering(scenario, request, standing)
        if step is not None:
            return Hit(step, scenario, standing.met.get(step, 0) + 1, met)
    return Miss(nearest(scenarios, request, standing), met)


def nearest(scenarios: Sequence[Scenario], request: Request, standing: Standing) -> tuple[Near, ...]:
    """Give every step that does not answer, and why not, the nearest first."""
    near = [_near(step, scenario, request, standing) for scenario in scenarios for step in scenario.steps]
    near = sorted((one for one in near if one.failing), key=_distance)
    head = sorted(near[:_COMPARED], key=lambda near: (*_distance(near), -_likeness(near.step, request)))
    return (*head, *near[_COMPARED:])


# ---------------------------------------------------------------- whose turn it is


def _answering(scenario: Scenario, request: Request, standing: Standing) -> Step | None:
    if scenario.order == "sequence":
        due = _due(scenario, standing)
        return due if due is not None and _holds(due, request, standing) else None
    steps = scenario.steps
    for place in scenario.sieve.passing(request.user):
        step = steps[place]
        if not _is_spent(step, standing) and _holds(step, request, standing):
            return step
    return None


def _is_spent(step: Step, standing: Standing) -> bool:
    return step.times is not None and standing.calls.get(step, 0) >= step.times and step is not standing.retried


def _due(scenario: Scenario, standing: Standing) -> Step | None:
    """The step of a sequence that is due; None: the sequence is over."""
    if standing.retried is not None:
        # What is due here may have moved on since the call was made: its retries have no part in that.
        return standing.retried if standing.retried in scenario.steps else None
    done = sum(standing.calls.get(step, 0) for step in scenario.steps)
    length = sum(step.times or 1 for step in scenario.steps)
    if done >= length and scenario.on_end == "miss":
        return None
    place = done % length if scenario.on_end == "repeat" else min(done, length - 1)
    for step in scenario.steps:
        place -= step.times or 1
        if place < 0:
            return step
    return None  # pragma: no cover - a place below the length is within a step


def _turn(step: Step, scenario: Scenario, standing: Standing) -> tuple[str, Why] | None:
    """Why a step has no turn; None: it has one."""
    if scenario.order == "any":
        if _is_spent(step, standing):
            return _TIMES, lambda: f"it has answered its {step.times} call{'s'[: step.times != 1]}"
        return None
    due = _due(scenario, standing)
    if due is step:
        return None
    if due is None and standing.retried is not None:
        first = standing.retried.name
        return _ORDER, lambda: f"this is a retry, and '{first}' answered the call first"
    if due is None:
        return _ORDER, lambda: "the sequence is over: each of its steps has answered"
    name = due.name.rpartition("/")[2]
    return _ORDER, lambda: f"in this sequence '{name}' is due"


# ---------------------------------------------------------------- whether conditions hold


def _meets(step: Step, request: Request, state: State) -> bool:
    for check in step.checks:  # noqa: SIM110 - a loop is faster than a generator, and this runs for every request
        if check.fails(request, state) is not None:
            return False
    return True


def _holds(step: Step, request: Request, standing: Standing) -> bool:
    if step.call is not None and step.call(standing.met.get(step, 0) + 1) is not None:
        return False
    return _meets(step, request, standing.state)


def _met(scenarios: Sequence[Scenario], request: Request, state: State) -> tuple[Step, ...]:
    """Find the steps whose calls are counted, be it another that answers."""
    met: list[Step] = []
    for scenario in scenarios:
        if scenario.counts:
            met += [step for step in scenario.steps if step.counted and _meets(step, request, state)]
    return tuple(met)


def _near(step: Step, scenario: Scenario, request: Request, standing: Standing) -> Near:
    failing: list[tuple[str, Why]] = []
    if turn := _turn(step, scenario, standing):
        failing.append(turn)
    for check in step.checks:
        why = check.fails(request, standing.state)
        if why is not None:
            failing.append((check.name, why))
    if step.call is not None and (why := step.call(standing.met.get(step, 0) + 1)):
        failing.append(("call", why))
    return Near(step, tuple(failing))


def _distance(near: Near) -> tuple[bool, bool, int]:
    names = [name for name, _ in near.failing]
    return any(name in _ROUTING for name in names), _ORDER in names, len(names)


def _likeness(step: Step, request: Request) -> float:
    """How much the user text looks like the one the step wants: 0 to 1."""
    wanted = (step.when or {}).get("user")
    if not isinstance(wanted, str):
        return 0.0
    return SequenceMatcher(None, wanted[:_COMPARED], request.user[:_COMPARED], autojunk=False).ratio()
