"""OpenAI Chat Completions.

What is written here is what the API at its home sends (OpenAPI description of the OpenAI API, v2.3.0, and recorded
traffic of the official SDKs, 2026-11); gateways that send less take it away in their provider.
"""

from typing import Final

from emulator.protocols.chat.errors import ERRORS, broken, failure
from emulator.protocols.chat.reading import decode
from emulator.protocols.chat.rules import RULES
from emulator.protocols.chat.writing import DONE, PING, blocked, body, frames, framing, keep, varies

__all__ = [
    "DONE",
    "ERRORS",
    "NAME",
    "PING",
    "RULES",
    "blocked",
    "body",
    "broken",
    "decode",
    "failure",
    "frames",
    "framing",
    "keep",
    "varies",
]

NAME: Final = "chat"
