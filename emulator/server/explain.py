"""Which step would answer a request, and why the others would not: asked of the server's own flow, without a trace."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from emulator.engine import Hit, Miss, Near, Standing, nearest
from emulator.journal import Outcome
from emulator.scenario import Scenario
from emulator.server.answer import Asked, Options, answer, asked
from emulator.server.front import Visit
from emulator.session import Session
from emulator.types import Json, Rejected, Request

__all__ = ["Explanation", "Paint", "explain"]

Paint: TypeAlias = Callable[[Literal["good", "bad", "faint", "key"], str], str]
"""Makes a text look like what it is, where it is read in a terminal."""
_OK: Final = 200


class Explanation(Struct, frozen=True):
    """What a request would be answered."""

    outcome: Outcome
    status: int
    step: str = ""
    place: str = ""
    scenario: str = ""
    stream: bool = False
    why: str = ""
    """Why no step answers."""
    others: tuple[Near, ...] = ()
    """Every step that does not answer, the nearest first."""

    def as_json(self) -> Json:
        """For the control API and for programs."""
        return {
            "outcome": self.outcome,
            "status": self.status,
            "stream": self.stream,
            "step": self.step or None,
            "place": self.place or None,
            "scenario": self.scenario or None,
            "why": self.why or None,
            "others": [_near(near) for near in self.others],
        }

    def lines(self, paint: Paint) -> Iterator[str]:
        """For people."""
        match self.outcome:
            case "hit":
                status = "" if self.status == _OK else f", with status {self.status}"
                yield f"{paint('good', self.step)} {paint('faint', f'({self.place})')} answers{status}."
            case "miss":
                yield f"{paint('bad', 'No step answers')}, and the status is {self.status}."
            case "rejected":
                yield f"{paint('bad', 'Rejected')} before any step is asked, with status {self.status}: {self.why}"
            case "page":
                yield f"No step is asked: the service answers this by itself, with status {self.status}."
        if self.outcome == "miss" and not self.others:
            yield self.why
        if self.others:
            yield ""
            yield "The others:" if self.outcome == "hit" else "The nearest first:"
        for near in self.others:
            name, why = near.failing[0]
            yield f"  {near.step.name} {paint('faint', f'({near.step.place})')} {paint('key', name)}: {why()}"


def explain(visit: Visit, session: Session, loaded: tuple[Scenario, ...], *, echo: bool = False) -> Explanation:
    """Explain a call as this session would answer it. The session stays as it is."""
    visit = visit.admitting(session.key)
    said, stamp = answer(visit, session.fork(), loaded, None, Options(echo))
    made = Explanation(said.outcome, said.status, said.step, said.place, why=said.explanation)
    fork = session.fork()
    scenarios = fork.view(loaded).scenarios
    try:
        found = asked(visit, fork, scenarios, stamp)
    except Rejected:
        return made
    if not isinstance(found, Asked):
        return made
    others = tuple(_others(scenarios, found.request, found.standing, found.found))
    name = found.found.scenario.name if isinstance(found.found, Hit) else ""
    return replace(made, scenario=name, stream=found.request.stream and said.status == _OK, others=others)


def _others(scenarios: tuple[Scenario, ...], request: Request, standing: Standing, found: Hit | Miss) -> Iterator[Near]:
    """Give first the steps that fit too, and come too late."""
    near = nearest(scenarios, request, standing)
    if isinstance(found, Hit):
        answers = found.step
        unfit = {one.step for one in near}
        for scenario in scenarios:
            for step in scenario.steps:
                if step is not answers and step not in unfit:
                    yield Near(step, (("order", lambda: f"it fits too, and {answers.name} comes before it"),))
    yield from near


def _near(near: Near) -> Json:
    failing = [[name, why()] for name, why in near.failing]
    return {
        "step": near.step.name,
        "place": near.step.place,
        "condition": failing[0][0],
        "why": failing[0][1],
        "failing": failing,
    }
