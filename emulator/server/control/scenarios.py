"""Scenarios: listed, put beside the files or in one session, and taken away."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import asdict

from emulator.scenario import Scenario
from emulator.server.control.question import Held, Question, Refused, session_of
from emulator.session import Session
from emulator.types import Json

__all__ = ["listed", "put", "removed"]


def listed(held: Held, question: Question) -> Json:
    """List the scenarios in force, or those that a session sees, and what is wrong with files."""
    session = _session(held, question)
    scenarios = session.view(held.library.scenarios).scenarios if session else held.library.scenarios
    return {
        "scenarios": [_scenario(scenario, _source(held, scenario, session)) for scenario in scenarios],
        "problems": [asdict(problem) for problem in (*held.library.problems, *held.library.warnings)],
    }


def put(held: Held, question: Question, name: str) -> Json:
    """Load a scenario from the text in the body. A broken one replaces nothing."""
    session = _session(held, question)
    if session is None:
        problems = held.library.put(name, question.body)
        scenario = next((one for one in held.library.scenarios if one.name == name), None)
    else:
        scenario, problems = held.library.read(name, question.body)
    if problems or scenario is None:
        lines = "\n".join(str(problem) for problem in problems)
        raise Refused(422, f"the scenario '{name}' has problems", lines, map(asdict, problems))
    if session is not None:
        mine = {one.name: one for one in session.own} | {name: scenario}
        session.own = tuple(mine.values())
    return _scenario(scenario, _source(held, scenario, session))


def removed(held: Held, question: Question, name: str) -> Json:
    """Unload a scenario that was put."""
    session = _session(held, question)
    if session is None:
        gone = held.library.remove(name)
        there: Iterable[str] = held.library.put_names
    else:
        there = [scenario.name for scenario in session.own]
        gone = name in there
        session.own = tuple(scenario for scenario in session.own if scenario.name != name)
    if gone:
        return {"scenario": name, "removed": True}
    if name in held.scenario_names:
        detail = f"'{name}' was loaded for everybody" if session else f"'{name}' comes from a file; take that away"
        raise Refused(409, "not put here", detail)
    raise Refused(404, "no such scenario", f"'{name}' was not put here; {', '.join(there) or 'nothing'} was")


def _session(held: Held, question: Question) -> Session | None:
    identity = question.query.get("session")
    return None if identity is None else session_of(held, identity)


def _source(held: Held, scenario: Scenario, session: Session | None) -> str:
    if session is not None and scenario in session.own:
        return "session"
    return "put" if scenario.name in held.library.put_names else "file"


def _scenario(scenario: Scenario, source: str) -> Json:
    return {
        "name": scenario.name,
        "source": source,
        "file": scenario.place,
        "description": scenario.description,
        "order": scenario.order,
        "steps": [{"step": step.name, "place": step.place} for step in scenario.steps],
    }
