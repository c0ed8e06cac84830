"""Gemini generateContent.

What is written here is what the Gemini Developer API at its home sends. Recorded: fixtures of vercel/ai, in
packages/google, and cassettes of pydantic-ai and llm-gemini, read 2026-11; types are those of the released google-genai
3.4. Vertex AI writes the same in another flavour; a gateway that speaks it bends this in its provider.
"""

from __future__ import annotations

from typing import Final

from emulator.protocols.gemini.errors import ERRORS, broken, failure
from emulator.protocols.gemini.reading import count_tokens, decode
from emulator.protocols.gemini.rules import RULES
from emulator.protocols.gemini.writing import PING, blocked, body, frames, varies
from emulator.types import Completion, Framing, Memory, Request, Stamp

__all__ = [
    "ERRORS",
    "NAME",
    "PING",
    "RULES",
    "blocked",
    "body",
    "broken",
    "count_tokens",
    "decode",
    "failure",
    "frames",
    "framing",
    "keep",
    "varies",
]

NAME: Final = "gemini"


def framing(request: Request) -> Framing:
    """Server-sent events with `?alt=sse`, else one JSON array.

    Events end with CRLF CRLF in all 18 recorded bodies; the array, whose bodies are 15, is of the same objects.
    """
    return "sse-crlf" if request.call.query.get("alt") == "sse" else "json-array"


def keep(done: Completion, request: Request, memory: Memory, stamp: Stamp) -> None:
    """Nothing: every request carries its whole conversation."""
