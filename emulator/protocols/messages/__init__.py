"""Anthropic Messages.

What is written here is what the API at its home sends (API reference, platform.claude.com, 2026-11; recorded traffic of
the official SDKs; types of the released SDKs, anthropic 2.11). Clients of both API versions, 2023-06-01 and
2026-10-21, read it: the later one changes only what a request may carry, and the emulator takes both.
"""

from __future__ import annotations

from typing import Final

from emulator.protocols.messages.errors import ERRORS, blocked, broken, failure, request_id
from emulator.protocols.messages.reading import count_tokens, decode
from emulator.protocols.messages.rules import RULES
from emulator.protocols.messages.writing import PING, body, frames, varies
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
    "request_id",
    "varies",
]

NAME: Final = "messages"


def framing(request: Request) -> Framing:  # noqa: ARG001 - the same for every request
    """Server-sent events; each has a name, and nothing marks the end but message_stop."""
    return "sse"


def keep(done: Completion, request: Request, memory: Memory, stamp: Stamp) -> None:
    """Nothing: every request carries its whole conversation. Message threads, which do not, are refused."""
