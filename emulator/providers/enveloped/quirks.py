"""What the enveloped API changes in the words of the protocols.

Facts are marked as in the package's docstring.
"""

from __future__ import annotations

from emulator.types import Json

__all__ = ["envelope", "lean_chat"]


def envelope(answer: Json) -> Json:
    """Wrap a whole answer: `code` is a string (documented: seed 002)."""
    return {"success": True, "code": "200", "message": "successful", "data": answer}


def lean_chat(body: Json) -> Json:
    """The fields of the documented reply (seed 002), reasoning, calls and refusals, and counts that are not 0."""
    return {
        **{name: body[name] for name in ("id", "object", "created", "model")},
        "choices": [
            {
                "index": choice["index"],
                "message": _lean_message(choice["message"]),
                "finish_reason": choice["finish_reason"],
            }
            for choice in body["choices"]
        ],
        "usage": _lean_usage(body["usage"]),
    }


def _lean_message(message: Json) -> Json:
    return {
        name: value
        for name, value in message.items()
        if name != "annotations" and not (name == "refusal" and value is None)
    }


def _lean_usage(usage: Json) -> Json:
    """The counts, and those details that are not nothing."""
    lean = {}
    for name, value in usage.items():
        counted = {kind: count for kind, count in value.items() if count} if isinstance(value, dict) else value
        if counted != {}:
            lean[name] = counted
    return lean
