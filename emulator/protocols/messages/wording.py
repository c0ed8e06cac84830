"""The sentences with which the API refuses a request: those of the library that checks it, with places of its own form.

Recorded: "messages.1.content.0.tool_use.input: Input should be a valid dictionary", "messages.3.role: Input should be
'user' or 'assistant'", "max_tokens: Field required" (reports of users, many with the id of the request, 2026-11-20).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from emulator.types import Breach, Failure, Json, Rejected

__all__ = [
    "AN_INTEGER",
    "AN_OBJECT",
    "A_DICT",
    "A_LIST",
    "A_NUMBER",
    "A_STRING",
    "NUMBERS",
    "breach",
    "missing",
    "one_of",
    "tagged",
    "unreadable",
]

A_DICT: Final = "Input should be a valid dictionary"
A_LIST: Final = "Input should be a valid list"
A_NUMBER: Final = "Input should be a valid number"
A_STRING: Final = "Input should be a valid string"
AN_INTEGER: Final = "Input should be a valid integer"
AN_OBJECT: Final = "Input should be a valid dictionary or object to extract fields from"

NUMBERS: Final = (int, float)
"""The types of a JSON number; a boolean's is another."""

_REQUIRED: Final = "Field required"


def breach(where: str, sentence: str) -> tuple[Breach]:
    """One breach at a place."""
    return (Breach(f"{where}: {sentence}", where),)


def missing(where: str) -> tuple[Breach]:
    """A field that is not there."""
    return breach(where, _REQUIRED)


def one_of(names: Iterable[str]) -> str:
    """Write the values that a field can have: `'a', 'b' or 'c'`."""
    *before, last = (f"'{name}'" for name in names)
    return f"Input should be {', '.join(before)} or {last}" if before else f"Input should be {last}"


def tagged(tag: Json, names: Iterable[str]) -> str:
    """Write that an object says it is of a kind that there is not."""
    listed = ", ".join(f"'{name}'" for name in names)
    return f"Input tag '{tag}' found using 'type' does not match any of the expected tags: {listed}"


def unreadable(where: str, came: Json, wanted: str) -> Rejected:
    """The refusal of what can't be read at all."""
    sentence = _REQUIRED if came is None else wanted
    return Rejected(Failure("invalid_request", f"{where}: {sentence}", param=where))
