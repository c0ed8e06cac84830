"""Prompts that a scenario is likely to answer, for showing how to try it. Guesses: whoever shows one tries it first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from emulator.scenario.script import Scenario, Step
from emulator.types import Json, Reply

__all__ = ["samples"]

# `?` stands for itself as well as for any other character.
_WILDCARD = re.compile(r"\\([*?\\])|[*]")


def samples(scenarios: Iterable[Scenario]) -> Iterator[tuple[str, str]]:
    """(model, user text) by the conditions of each step that has no others, in order. Empty: it does not mind.

    Steps that go wrong on purpose are left out.
    """
    for scenario in scenarios:
        for step in scenario.steps:
            when = step.when or {}
            if not when.keys() <= {"model", "user"} or _goes_wrong(step):
                continue
            model, user = _sample(when.get("model")), _sample(when.get("user"))
            if model is not None and user is not None:
                yield model, user


def _goes_wrong(step: Step) -> bool:
    """Whether what it answers first is broken on purpose: nothing to begin with."""
    first = step.replies[0].reply
    return isinstance(first, Reply) and bool(first.fault or first.happenings)


def _sample(predicate: Json) -> str | None:
    """A text for which a predicate holds; None where none comes to mind."""
    match predicate:
        case None:
            return ""
        case str():
            return _WILDCARD.sub(lambda found: found[1] or "", predicate).strip()
        case {"equals": str() as text} | {"contains": str() as text}:
            return text
        case {"any": [first, *_]}:
            return _sample(first)
        case _:
            return None
