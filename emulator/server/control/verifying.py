"""Whether requests came that look like this: the conditions of steps, asked of the journal."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from emulator.journal import Exchange
from emulator.protocols import PROTOCOLS
from emulator.scenario import Check, Names, Why
from emulator.scenario.conditions import checks, counted
from emulator.scenario.model_when import When
from emulator.server.control.forms import Times, Verify
from emulator.server.control.question import Held, Question, session_of
from emulator.session import Memory
from emulator.types import Json, Rejected, Request

__all__ = ["verified"]

_NEAREST: Final = 5
_COMPARED: Final = 200
"""How many letters of a text are compared when the nearest request is looked for."""


class _Near(Struct, frozen=True):
    """A request that does not fit, and its first condition that fails."""

    request: int
    condition: str
    why: str
    distance: tuple[int, float]


class _Found(Struct):
    """What became of the requests."""

    fitting: list[int] = field(default_factory=list)
    near: list[_Near] = field(default_factory=list)
    unverifiable: list[Json] = field(default_factory=list)


def verified(held: Held, question: Question) -> Json:
    """Say whether as many requests came as are wanted, and which come nearest to those that did not."""
    names = Names(frozenset(held.door.providers), frozenset(PROTOCOLS))
    form = question.form(Verify, names)
    identity = question.query.get("session")
    forgotten = 0
    exchanges = list(held.journal.read(session=identity))
    if identity is not None:
        forgotten = max(0, session_of(held, identity).serial - len(exchanges))
    elif exchanges:
        forgotten = held.journal.total - len(exchanges)
    found = _sorted_out(held, exchanges, _Wanted.of(form.when or When()))
    least, most = _bounds(form.times)
    unknown = forgotten + len(found.unverifiable)
    count = len(found.fitting)
    near = sorted(found.near, key=lambda one: one.distance)[:_NEAREST]
    return {
        # What is not known may fit: it holds where that would make no difference.
        "holds": count >= least and (most is None or count + unknown <= most),
        "count": count,
        "wanted": _worded(least, most),
        "requests": found.fitting,
        "nearest": [{"request": one.request, "condition": one.condition, "why": one.why} for one in near],
        "unverifiable": found.unverifiable,
        "forgotten": forgotten,
    }


def _bounds(times: int | Times | None) -> tuple[int, int | None]:
    match times:
        case None:
            return 1, None
        case int():
            return times, times
        case Times():
            return times.at_least or 0, times.at_most


def _worded(least: int, most: int | None) -> str:
    if most is None:
        return f"at least {least}"
    return f"exactly {least}" if least == most else f"at most {most}" if not least else f"from {least} to {most}"


# ---------------------------------------------------------------- the journal, read again


class _Wanted(Struct, frozen=True):
    """Conditions, compiled as those of a step are."""

    checks: tuple[Check, ...]
    when: When

    @classmethod
    def of(cls, when: When) -> _Wanted:
        order = [entry.alias or name for name, entry in When.model_fields.items() if name in when.model_fields_set]
        return cls(checks(when, order), when)

    def failing(self, request: Request) -> Iterator[tuple[str, Why]]:
        for check in self.checks:
            why = check.fails(request, {})
            if why is not None:
                yield check.name, why

    def likeness(self, request: Request) -> float:
        """How much the user's text looks like the one that is wanted: 0 to 1."""
        wanted = self.when.user
        if not isinstance(wanted, str):
            return 0.0
        return SequenceMatcher(None, wanted[:_COMPARED], request.user[:_COMPARED], autojunk=False).ratio()


def _sorted_out(held: Held, exchanges: list[Exchange], wanted: _Wanted) -> _Found:
    found = _Found()
    memories: dict[str, Memory] = {}
    calls: dict[str, dict[int, int]] = {}
    on_call = counted(wanted.when)
    for one in exchanges:
        if one.endpoint is None:
            if one.outcome == "rejected":
                found.near.append(_Near(one.serial, "rejected", one.explanation, (len(wanted.checks) + 1, 0.0)))
            continue
        if one.session not in memories:
            session = held.sessions.find(one.session)
            memories[one.session] = session.memory.fork() if session else Memory()
        request = _read(one, memories[one.session])
        if isinstance(request, str):
            found.unverifiable.append({"request": one.serial, "why": request})
            continue
        failing = list(wanted.failing(request))
        if not failing and on_call is not None:
            numbers = calls.setdefault(one.session, {})
            why = on_call(numbers.setdefault(one.number_of_call, len(numbers) + 1))
            failing = [("call", why)] if why else []
        if failing:
            name, why = failing[0]
            found.near.append(_Near(one.serial, name, why(), (len(failing), -wanted.likeness(request))))
        else:
            found.fitting.append(one.serial)
    return found


def _read(one: Exchange, memory: Memory) -> Request | str:
    """Read a request again, as it was read when it came; or why that can't be done."""
    if one.endpoint is None or one.received_bytes > len(one.call.body):
        return f"of its {one.received_bytes} bytes only the first {len(one.call.body)} are kept"
    try:
        request = one.endpoint.protocol.decode(one.call, one.endpoint, memory)
    except Rejected:
        return "what it refers to is not kept any more"
    # What it refers to may have changed since then.
    return request if one.turns is None else replace(request, turns=one.turns)
