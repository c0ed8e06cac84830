"""What a scenario says, written in Python: each gives the very value that YAML would give.

No word of the language is checked here: the server reads what comes of it as it reads a file.
"""

from __future__ import annotations

from emulator.types import Json

__all__ = ["error", "refusal", "reply", "text", "tool_call", "tool_calls"]


def reply(**keys: Json) -> dict[str, Json]:
    """A reply, by the keys of the language: `reply(text="Hi", delay="250ms")`."""
    return keys


def text(words: str, **keys: Json) -> dict[str, Json]:
    """A reply that says this."""
    return {"text": words, **keys}


def tool_call(name: str, /, **arguments: Json) -> dict[str, Json]:
    """A reply that calls one function with these arguments."""
    return tool_calls((name, arguments))


def tool_calls(*calls: tuple[str, Json], **keys: Json) -> dict[str, Json]:
    """A reply that calls several functions at once, each a name and its arguments.

    Arguments that are a text go out as they stand, be they JSON or not.
    """
    return {"tool_calls": [{"name": name, "arguments": arguments} for name, arguments in calls], **keys}


def refusal(words: str, **keys: Json) -> dict[str, Json]:
    """A reply in which the model declines."""
    return {"refusal": words, **keys}


def error(name: str | dict[str, Json], **keys: Json) -> dict[str, Json]:
    """An error, by its neutral name: `error("rate_limited", retry_after="1s", times=2)`."""
    return {"error": name, **keys}
