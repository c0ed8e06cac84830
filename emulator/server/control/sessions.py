"""Sessions: made, shown, reset and ended; their clocks and gates."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from msgspec.structs import asdict

from emulator.clock import Clock
from emulator.journal import Exchange
from emulator.scenario import Limits, Problem, Scenario, Step
from emulator.server.control.forms import Advance, NewSession, Text, Texts
from emulator.server.control.question import Held, Question, Refused, session_of
from emulator.server.nobody import Nobody
from emulator.session import Session, key_id
from emulator.types import Json
from emulator.verdict import judge

__all__ = ["advanced", "ended", "made", "opened", "reset", "shown", "taught"]


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
    if form.requests is not None:
        session.requests = form.requests
    session.own = _read(held, form.texts or ())
    held.sessions.add(session)
    providers = held.door.providers.items()
    return {
        "session": session.id,
        "api_key": session.key,
        "base_urls": {name: provider.base_url(question.origin) for name, provider in providers},
        "clients": {name: dict(provider.base_urls(question.origin, "")) for name, provider in providers},
    }


def shown(held: Held, question: Question, session: str) -> Json:  # noqa: ARG001 - the signature of a route, as below
    """Show where a session stands."""
    found = session_of(held, session)
    held.journal.notice(session)
    scenarios = found.view(held.library.scenarios).scenarios
    steps = [_step(step, scenario, found) for scenario in scenarios for step in scenario.steps]
    return {
        "session": found.id,
        "scenarios": [scenario.name for scenario in scenarios],
        "seed": found.seed,
        "clock": {"kind": found.clock.kind, "scale": found.clock.scale, **_time(found)},
        "serial": found.serial,
        "open": len(found.answers),
        "state": dict(found.state),
        "gates": dict(found.gates),
        "steps": steps,
        "misses": [_miss(exchange) for exchange in held.journal.read(session=session) if _missed(exchange)],
        # A step of no number is there in case; one that says how often it answers is expected to.
        "unused": [step for step in steps if step["times"] is not None and not step["used"]],
        "warnings": [
            {"request": one.serial, "warning": warning}
            for one in held.journal.read(session=session)
            for warning in one.warnings
        ],
        "verdict": judge(list(held.journal.read(session=session))).as_json(),
    }


def ended(held: Held, question: Question, session: str) -> Json:
    """End a session: its open answers are cut, and nothing of it is kept. Shows where it stood."""
    last = shown(held, question, session)
    held.sessions.end(session)
    held.journal.forget(session)
    return {**last, "ended": True}


def taught(held: Held, question: Question, session: str) -> Json:
    """Give a session more scenarios that it alone sees. With a problem in one of them it gets none."""
    found = session_of(held, session)
    more = _read(held, question.form(Texts).texts)
    found.own = tuple(({one.name: one for one in found.own} | {one.name: one for one in more}).values())
    return {"session": session, "scenarios": [one.name for one in more]}


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


def _read(held: Held, texts: Iterable[Text]) -> tuple[Scenario, ...]:
    """The scenarios that were sent along. Refused where one of them has problems: all are said."""
    scenarios: dict[str, Scenario] = {}
    problems: list[Problem] = []
    for text in texts:
        folder = Path(text.folder) if text.folder and held.settings.reads_folders else None
        read = held.library.text(text.text.encode(errors="replace"), text.file, folder)
        problems += read.problems
        if read.scenario is None:
            continue
        first = scenarios.setdefault(read.scenario.name, read.scenario)
        if first is not read.scenario:
            message = f"'{first.name}' is the name of {first.place} already."
            problems.append(Problem(text.file, *read.named_at, "name", message))
    if problems:
        lines = "\n".join(str(problem) for problem in problems)
        raise Refused(422, "the scenarios have problems", lines, map(asdict, problems))
    return tuple(scenarios.values())


def _fresh(held: Held, seed: int) -> tuple[str, str]:
    """A key that nobody uses, and the id of its session."""
    while True:
        key = f"emu-{next(held.numbers)}-{seed:x}"
        identity = key_id(key)
        if held.sessions.find(identity) is None and held.is_home(identity):
            return key, identity


def _time(session: Session) -> dict[str, Json]:
    """What time it is: in the clock's seconds and as the newest reply has it, and what is waited for."""
    clock = session.clock
    return {
        "now": round(clock.now(), 6),
        "created": clock.created(session.serial),
        "waiting": [round(moment, 6) for moment in clock.waiting],
    }


def _missed(exchange: Exchange) -> bool:
    """Whether nothing was there for a request: no step, or no provider."""
    return exchange.outcome == "miss" or exchange.provider == Nobody.name


def _miss(exchange: Exchange) -> Json:
    asked = f"{exchange.call.method} {exchange.call.path}"
    return {"request": exchange.serial, "asked": asked, "explanation": exchange.explanation}


def _step(step: Step, scenario: Scenario, session: Session) -> Json:
    calls = session.used.get(step, 0)
    times = (step.times or 1) if scenario.order == "sequence" else step.times
    return {"step": step.name, "place": step.place, "calls": calls, "times": times, "used": calls > 0}
