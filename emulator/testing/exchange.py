"""What a test reads of the journal: requests, and what fell short."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from msgspec import Struct

from emulator.types import Json

__all__ = ["Exchange", "Miss", "Unused"]


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and what it was answered."""

    number: int
    """Of the session, from 1."""
    method: str
    path: str
    """Without the provider's prefix."""
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """By name in lower case; a credential is `…`."""
    body: Json
    """As JSON where it is JSON, else its text."""
    provider: str
    protocol: str
    target: str
    model: str
    stream: bool
    outcome: str
    """`hit`, `miss`, `rejected` or `page`: a step answered, none did, the request was refused, no step is asked."""
    status: int
    reply: Json
    """The body that went out: as JSON where it is JSON, else its text, of a stream too."""
    ended: str
    """`delivered`, `broken_off` as the scenario says, `client_left`, `server_stopped`, or `open`."""
    step: str
    """`scenario/step`; empty: none answered."""
    place: str
    """`FILE:LINE` of that step."""
    call: int
    """Which call of the session it belongs to, from 1; 0: it asks no step."""
    attempt: int
    """Which attempt of that call it is, from 1."""
    error: str
    """The neutral name of the error that it was answered with; empty: none."""
    finish: str
    """Why the model stopped, in the neutral word; empty: it did not speak."""
    explanation: str
    """Why no step answered, or why the request was refused."""
    warnings: tuple[str, ...]
    """What the service would have noted or refused."""
    beats: tuple[tuple[float, float, int], ...] = field(repr=False)
    """Of a stream: when each write was due and when it went out, in seconds since the request, and its pieces."""

    @classmethod
    def of(cls, entry: Json) -> Exchange:
        """Read an entry of the journal."""
        asked, said = entry["request"], entry["response"]
        words = {name: entry.get(name) or "" for name in ("step", "place", "explanation", "error", "finish")}
        fields: dict[str, Json] = {
            "number": entry["serial"],
            "reply": said["body"],
            "call": entry["call"] or 0,
            "attempt": entry["attempt"] or 0,
            "warnings": tuple(entry["warnings"]),
            "beats": tuple((due, went, pieces) for due, went, pieces in said["beats"]),
            **words,
        }
        fields |= {name: asked[name] for name in ("method", "path", "query", "headers", "body")}
        fields |= {name: entry[name] for name in ("provider", "protocol", "target", "model", "outcome")}
        fields |= {name: said[name] for name in ("stream", "status", "ended")}
        return cls(**fields)


class Miss(Struct, frozen=True):
    """A request that found no step."""

    request: int
    """Its number in the session."""
    asked: str
    """`METHOD /path`"""
    explanation: str
    """Which steps there are, the nearest first, and why each does not fit."""

    def __str__(self) -> str:
        return f"request {self.request}, {self.asked}: {self.explanation}"


class Unused(Struct, frozen=True):
    """A step that says how often it answers, or stands in a sequence, and never did."""

    step: str
    place: str
    times: int

    def __str__(self) -> str:
        return f"{self.step} ({self.place})"
