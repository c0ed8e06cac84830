"""The routes of the control API, with everything that answers them."""

from __future__ import annotations

from typing import Final

from emulator.server.control import explaining, judging, metrics, openapi, records, scenarios, sessions, verifying
from emulator.server.control.forms import Advance, Explain, NewSession, Texts, Verify
from emulator.server.control.question import Held, Question
from emulator.server.control.route import Route
from emulator.types import Json

__all__ = ["ROUTES"]

_ONE: Final = {"session": "The id of the session that is meant."}
_JOURNAL: Final = {
    "session": "Only exchanges of this session.",
    "since": "Only exchanges after this number; to a listener those that it has missed.",
    "outcome": "Only hit, miss, rejected or page.",
    "route": "Only requests to this path.",
}


def _described(held: Held, question: Question) -> Json:  # noqa: ARG001 - the signature of a route
    """Describe the control API (OpenAPI 3.1)."""
    return openapi.document(ROUTES)


ROUTES: Final = (
    Route("GET", "/_emulator/health", records.health, "Health", public=True),
    Route("GET", "/_emulator/journal", records.journal, "Journal", query=_JOURNAL),
    Route("GET", "/_emulator/journal/stream", records.listened, "text/event-stream", query=_JOURNAL, refuses=(503,)),
    Route("GET", "/_emulator/scenarios", scenarios.listed, "Scenarios", query=_ONE, refuses=(404,)),
    Route("PUT", "/_emulator/scenarios/{name}", scenarios.put, "Scenario", query=_ONE, body="scenario", refuses=(404,)),
    Route("DELETE", "/_emulator/scenarios/{name}", scenarios.removed, "Unloaded", query=_ONE, refuses=(404, 409)),
    Route("POST", "/_emulator/sessions", sessions.made, "Made", body=NewSession),
    Route("GET", "/_emulator/sessions/{session}", sessions.shown, "Session"),
    Route("DELETE", "/_emulator/sessions/{session}", sessions.ended, "Ended"),
    Route("POST", "/_emulator/sessions/{session}/scenarios", sessions.taught, "Taught", body=Texts),
    Route("POST", "/_emulator/sessions/{session}/reset", sessions.reset, "Reset"),
    Route("POST", "/_emulator/sessions/{session}/clock", sessions.advanced, "Time", body=Advance, refuses=(409,)),
    Route("POST", "/_emulator/sessions/{session}/gates/{gate}", sessions.opened, "Gate"),
    Route("POST", "/_emulator/explain", explaining.explained, "Explanation", body=Explain, refuses=(404,)),
    Route("POST", "/_emulator/verify", verifying.verified, "Verified", query=_ONE, body=Verify, refuses=(404,)),
    Route("GET", "/_emulator/verdict", judging.verdict, "Verdict", query=_ONE, refuses=(404,)),
    Route("GET", "/_emulator/metrics", metrics.metrics, "text/plain; version=0.0.4"),
    Route("GET", "/_emulator/schema/scenario.json", records.schema, "Document"),
    Route("GET", "/_emulator/openapi.json", _described, "Document"),
)
"""Every route. The description is made from it, and tested against what the server does."""
