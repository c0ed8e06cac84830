"""Sessions: made, shown, reset and ended; their clocks and gates."""

from __future__ import annotations

from emulator.clock import Clock
from emulator.scenario import Limits, Scenario, Step
from emulator.server.control.forms import Advance, NewSession
from emulator.server.control.question import Held, Question, Refused, session_of
from emulator.session import Session, key_id
from emulator.types import Json

__all__ = ["advanced", "ended", "made", "opened", "reset", "shown"]


def made(held: Held, question: Question) -> Json:
    """Make a session, with a key that leads to it."""
    form = question.form(NewSession, held.scenario_names)
    session = held.sessions.new("")
    if form.seed is not None:
        session.seed = form.seed
    session.key, session.id = _fresh(held, session.seed)
    if form.scenarios is not None:
        session.only = tuple(form.scenarios)
    if form.clock is not None or form.time_scale is not None:
        scale = held.settings.time_scale if form.time_scale is None else float(form.time_scale)
        session.clock = Clock(form.clock or held.settings.clock, scale)
    if form.limits is not None:
        session.limits = Limits(**form.limits.model_dump())
    held.sessions.add(session)
    base_urls = {name: provider.base_url(question.origin) for name, provider in held.door.providers.items()}
    return {"session": session.id, "api_key": session.key, "base_urls": base_urls}


def shown(held: Held, question: Question, session: str) -> Json:  # noqa: ARG001 - the signature of a route, as below
    """Show where a session stands."""
    found = session_of(held, session)
    scenarios = found.view(held.library.scenarios)
    return {
        "session": found.id,
        "scenarios": [scenario.name for scenario in scenarios],
        "seed": found.seed,
        "clock": {"kind": found.clock.kind, "scale": found.clock.scale, **_time(found)},
        "serial": found.serial,
        "open": len(found.answers),
        "state": dict(found.state),
        "gates": dict(found.gates),
        "steps": [_step(step, scenario, found) for scenario in scenarios for step in scenario.steps],
    }


def ended(held: Held, question: Question, session: str) -> Json:  # noqa: ARG001
    """End a session: its open answers are cut, and nothing of it is kept."""
    session_of(held, session)
    held.sessions.end(session)
    held.journal.forget(session)
    return {"session": session, "ended": True}


def reset(held: Held, question: Question, session: str) -> Json:  # noqa: ARG001
    """Start a session over."""
    session_of(held, session).reset()
    held.journal.forget(session)
    return {"session": session, "reset": True}


def advanced(held: Held, question: Question, session: str) -> Json:
    """Move a session's manual clock."""
    found = session_of(held, session)
    form = question.form(Advance)
    if found.clock.kind != "manual":
        detail = f"the clock of '{session}' is {found.clock.kind}; POST /_emulator/sessions makes one that is manual"
        raise Refused(409, "the clock is not manual", detail)
    found.clock.advance(form.advance)
    return {"session": session, **_time(found)}


def opened(held: Held, question: Question, session: str, gate: str) -> Json:  # noqa: ARG001
    """Open a gate, be it before anybody has come to it."""
    session_of(held, session).gate(gate).set()
    return {"session": session, "gate": gate, "open": True}


def _fresh(held: Held, seed: int) -> tuple[str, str]:
    """A key that nobody uses, and the id of its session."""
    while True:
        key = f"emu-{next(held.numbers)}-{seed:x}"
        identity = key_id(key)
        if held.sessions.find(identity) is None:
            return key, identity


def _time(session: Session) -> dict[str, Json]:
    """What time it is: in the clock's seconds and as the newest reply has it, and what is waited for."""
    clock = session.clock
    return {
        "now": round(clock.now(), 6),
        "created": clock.created(session.serial),
        "waiting": [round(moment, 6) for moment in clock.waiting],
    }


def _step(step: Step, scenario: Scenario, session: Session) -> Json:
    calls = session.used.get(step, 0)
    times = (step.times or 1) if scenario.order == "sequence" else step.times
    return {"step": step.name, "place": step.place, "calls": calls, "times": times, "used": calls > 0}
