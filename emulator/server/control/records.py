"""What has happened and what is there: health, journal, schema."""

from __future__ import annotations

import time

import emulator
from emulator.scenario import json_schema
from emulator.server.control.question import Held, Question, Refused
from emulator.types import Json

__all__ = ["health", "journal", "schema"]


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
    question.knows("session", "since", "route", "outcome")
    query = question.query
    since = query.get("since", "0")
    if not (since.isascii() and since.isdigit() and len(since) < 20):  # noqa: PLR2004 - more digits than exchanges
        raise Refused(400, "since is not a number", f"'{since[:40]}' came, an exchange's number is wanted")
    found = held.journal.read(session=query.get("session"), since=int(since), outcome=query.get("outcome"))
    route = query.get("route")
    return {"exchanges": [entry.as_json() for entry in found if route is None or entry.call.path == route]}


def schema(held: Held, question: Question) -> Json:  # noqa: ARG001
    """Give the JSON Schema of scenario files."""
    return json_schema()
