"""Embeddings in the words of the Gemini API: one content, or a batch of requests with one each.

https://ai.google.dev/api/embeddings (2026-11); google-genai 3.4 asks for batches only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from emulator.protocols.media.vectors import MOST_DIMENSIONS
from emulator.types import Call, Json, Rejected

__all__ = ["Input", "asked", "body", "dimensions", "inputs"]

_BATCH: Final = "batchEmbedContents"
_VERBS: Final = ("embedContent", _BATCH)


class Input(NamedTuple):
    """What is to be embedded."""

    text: str
    dimensions: int | None
    """How long the vector is to be; None: as long as the scenario says."""


def asked(call: Call) -> bool:
    """Whether a call asks in these words."""
    return _verb(call) in _VERBS


def inputs(call: Call, content: Json) -> Iterator[Input]:
    """Read what is to be embedded. Field names come in both spellings, as everywhere in this API."""
    if _verb(call) != _BATCH:
        yield _input(content, "")
        return
    requests = content.get("requests")
    if not isinstance(requests, list):
        raise Rejected.unreadable("requests", requests, "a list")
    for number, request in enumerate(requests):
        if not isinstance(request, dict):
            raise Rejected.unreadable(f"requests[{number}]", request, "an object")
        yield _input(request, f"requests[{number}].")


def body(vectors: list[list[float]], tokens: int, call: Call) -> Json:
    """Write an answer. The usage is inferred from types.UsageMetadata (google-genai 3.4)."""
    usage = {"promptTokenCount": tokens}
    values = [{"values": vector} for vector in vectors]
    if _verb(call) == _BATCH:
        return {"embeddings": values, "usageMetadata": usage}
    return {"embedding": values[0], "usageMetadata": usage}


def dimensions(value: Json, where: str) -> int | None:
    """Read how long a vector is to be; None where nothing says so."""
    if value is None or (type(value) is int and 1 <= value <= MOST_DIMENSIONS):
        return value
    raise Rejected.unreadable(where, value, f"a whole number from 1 to {MOST_DIMENSIONS}")


def _input(request: Json, where: str) -> Input:
    settings = request.get("embedContentConfig") or request.get("embed_content_config")
    # Beside the content: deprecated, and what google-genai 3.4 sends.
    places = (settings if isinstance(settings, dict) else {}, request)
    names = ("outputDimensionality", "output_dimensionality")
    size = next((place[name] for place in places for name in names if place.get(name) is not None), None)
    return Input(_text(request.get("content"), f"{where}content"), dimensions(size, f"{where}outputDimensionality"))


def _text(content: Json, where: str) -> str:
    """Join the texts: "Only the parts.text fields will be counted" – API reference, models.embedContent (2026-11)."""
    match content:
        case {"parts": list() as parts}:
            texts = [part.get("text") for part in parts if isinstance(part, dict)]
            return "\n".join(text for text in texts if isinstance(text, str))
        case _:
            raise Rejected.unreadable(where, content, "an object with a list of parts")


def _verb(call: Call) -> str:
    return call.path.rstrip("/").rpartition(":")[2]
