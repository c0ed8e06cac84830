"""How the client of a session behaved."""

from __future__ import annotations

from emulator.server.control.question import Held, Question, Refused, session_of
from emulator.types import Json
from emulator.verdict import judge

__all__ = ["verdict"]


def verdict(held: Held, question: Question) -> Json:
    """Judge the client of a session by what is in the journal."""
    identity = question.query.get("session")
    if identity is None:
        raise Refused(400, "which session?", "the verdict is on one session: add ?session= with its id")
    session_of(held, identity)
    held.journal.notice(identity)
    judged: Json = judge(list(held.journal.read(session=identity))).as_json()
    return {"session": identity, **judged}
