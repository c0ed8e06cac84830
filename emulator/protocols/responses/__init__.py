"""OpenAI Responses.

A conversation is kept where the client does not ask otherwise: `previous_response_id`, `conversation` and item
references stand for what was said before.
"""

from typing import Final

from emulator.protocols.responses.errors import ERRORS, broken, failure
from emulator.protocols.responses.history import keep
from emulator.protocols.responses.reading import decode
from emulator.protocols.responses.rules import RULES
from emulator.protocols.responses.state import (
    cancel,
    compact,
    create_conversation,
    delete,
    input_items,
    input_tokens,
    retrieve,
    retrieve_conversation,
)
from emulator.protocols.responses.writing import PING, blocked, body, frames, framing, varies

__all__ = [
    "ERRORS",
    "NAME",
    "PING",
    "RULES",
    "blocked",
    "body",
    "broken",
    "cancel",
    "compact",
    "create_conversation",
    "decode",
    "delete",
    "failure",
    "frames",
    "framing",
    "input_items",
    "input_tokens",
    "keep",
    "retrieve",
    "retrieve_conversation",
    "varies",
]

NAME: Final = "responses"
