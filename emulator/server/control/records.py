"""What has happened and what is there: health, journal, schema."""

from __future__ import annotations

import time
from collections.abc import Callable

import emulator
from emulator.journal import OUTCOMES, Exchange
from emulator.scenario import json_schema
from emulator.server.control.listening import MOST_LISTENERS, Listener
from emulator.server.control.question import Held, Question, Refused
from emulator.types import Json

__all__ = ["health", "journal", "listened", "schema"]


def health(held: Held, question: Question) -> Json:  # noqa: ARG001 - the signature of a route
    """Say that the server is ready."""
    return {
        "status": "ok",
        "version": emulator.__version__,
        "uptime_seconds": round(time.monotonic() - held.began, 3),
        "scenarios": len(held.library.scenarios),
        "sessions": len(held.sessions),
    }


def journal(held: Held, question: Question) -> Json:
    """Give the exchanges that the query asks for."""
    wants, since = _wanted(question), question.number("since")
    return {"exchanges": [entry.as_json() for entry in held.journal.read(since=since) if wants(entry)]}


def listened(held: Held, question: Question) -> Listener:
    """Tell of exchanges as they begin and end; of those since a number as well that happened before."""
    wants, since = _wanted(question), question.number("since")
    if len(held.listeners) >= MOST_LISTENERS:
        raise Refused(
            503, "too many listeners", f"there are {MOST_LISTENERS} already, which is as many as there can be"
        )
    earlier = held.journal.read(since=since) if "since" in question.query else ()
    return Listener(wants, [entry for entry in earlier if wants(entry)])


def _wanted(question: Question) -> Callable[[Exchange], bool]:
    """Whether the query asks for an exchange."""
    query, outcome = question.query, question.word("outcome", OUTCOMES)
    session, route = query.get("session"), query.get("route")
    return lambda entry: (
        (session is None or entry.session == session)
        and (outcome is None or entry.outcome == outcome)
        and (route is None or entry.call.path == route)
    )


def schema(held: Held, question: Question) -> Json:  # noqa: ARG001
    """Give the JSON Schema of scenario files."""
    return json_schema()
