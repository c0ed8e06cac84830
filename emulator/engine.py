"""Which step answers a request, and why no other does. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher

from emulator.scenario import Scenario, Step, Why
from emulator.types import Request

__all__ = ["Hit", "Miss", "Near", "choose"]

_NEAREST = 3
_COMPARED = 200
"""How many steps, and how many letters of a text, are compared when the nearest step is looked for."""
_ROUTING = frozenset({"provider", "protocol", "target", "environment", "model"})
"""Conditions that choose among clients, not among requests: where one fails, the step is meant for somebody else."""


@dataclass(frozen=True, slots=True)
class Hit:
    """The step that answers."""

    step: Step


@dataclass(frozen=True, slots=True)
class Near:
    """A step that does not answer, and its conditions that fail, in the order of the file."""

    step: Step
    failing: tuple[tuple[str, Why], ...]

    def __str__(self) -> str:
        name, why = self.failing[0]
        return f"{self.step.name} ({self.step.place}) {name}: {why()}"


@dataclass(frozen=True, slots=True)
class Miss:
    """No step answers. `near` has every step, the nearest first.

    That is: no routing condition fails, fewest others do, the most similar user text, the file's order.
    """

    near: tuple[Near, ...]

    def __str__(self) -> str:
        lines = [f"  {near}" for near in self.near[:_NEAREST]]
        further = len(self.near) - _NEAREST
        if further > 0:
            lines.append(f"  and {further} more step{'s'[: further != 1]}")
        return "\n".join(lines) if lines else "  no scenario is loaded"


def choose(scenarios: Iterable[Scenario], request: Request) -> Hit | Miss:
    """Find the first step whose conditions all hold, in the order of loading, top to bottom."""
    steps = [step for scenario in scenarios for step in scenario.steps]
    for step in steps:
        if all(check.fails(request) is None for check in step.checks):
            return Hit(step)
    near = sorted((_near(step, request) for step in steps), key=_distance)
    head = sorted(near[:_COMPARED], key=lambda near: (*_distance(near), -_likeness(near.step, request)))
    return Miss((*head, *near[_COMPARED:]))


def _near(step: Step, request: Request) -> Near:
    failing = ((check.name, check.fails(request)) for check in step.checks)
    return Near(step, tuple((name, why) for name, why in failing if why is not None))


def _distance(near: Near) -> tuple[bool, int]:
    return any(name in _ROUTING for name, _ in near.failing), len(near.failing)


def _likeness(step: Step, request: Request) -> float:
    """How much the user text looks like the one the step wants: 0 to 1."""
    wanted = (step.when or {}).get("user")
    if not isinstance(wanted, str):
        return 0.0
    return SequenceMatcher(None, wanted[:_COMPARED], request.user[:_COMPARED], autojunk=False).ratio()
