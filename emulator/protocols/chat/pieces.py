"""What a chat message is made of beside its text: tool calls, citations, sound, log probabilities."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from emulator.types import Completion, Found, Json, Media, Request, Search, Stamp, Text, ToolCall
from emulator.types.logprobs import logprobs

__all__ = ["audio", "citations", "is_custom", "of_tokens", "tokens", "tool_call", "wants_tokens"]

_MOST_TOP: Final = 20
"""`top_logprobs`: "An integer between 0 and 20" – API reference, chat/create (2026-11-20)."""

_AUDIO_LIVES: Final = 3600
"""Seconds until a sound can't be referred to any more (inferred)."""


# ---------------------------------------------------------------- tool calls


def is_custom(call: ToolCall, request: Request) -> bool:
    """Whether the input of a call is free text: the scenario says so, or the tool that the request offers does."""
    if call.free:
        return True
    tools = request.body.get("tools") or []
    return any(_custom_name(tool) == call.name for tool in tools)


def tool_call(call: ToolCall, identity: str, given: str, *, custom: bool) -> Json:
    """Write a call with so much of its arguments (OpenAPI description, schema ChatCompletionMessageCustomToolCall)."""
    if custom:
        return {"id": identity, "type": "custom", "custom": {"name": call.name, "input": given}}
    return {"id": identity, "type": "function", "function": {"name": call.name, "arguments": given}}


def _custom_name(tool: Json) -> str | None:
    match tool:
        case {"type": "custom", "custom": {"name": str() as name}}:
            return name
        case _:
            return None


# ---------------------------------------------------------------- citations


def citations(said: Completion) -> list[Json]:
    """Cite what was found: each result of a search for the whole of the text after it.

    The form is of gpt-4o-search-preview (OpenAPI description, schema ChatCompletionResponseMessage). Places are offsets
    into the whole content; that the end is behind the last character is inferred.
    """
    return list(_citations(said))


def _citations(said: Completion) -> Iterator[Json]:
    length = 0
    found: list[Found] = []
    for part in said.parts:
        match part:
            case Search():
                found += part.results
            case Text():
                start, length = length, length + len(part.text)
                for one in found:
                    place = {"start_index": start, "end_index": length}
                    yield {"type": "url_citation", "url_citation": {**place, "title": one.title, "url": one.url}}
                found = []


# ---------------------------------------------------------------- sound


def audio(said: Completion, choice: int, request: Request, stamp: Stamp) -> Json:
    """Write the sound of an answer, whose text is its transcript; None: there is none, or none is asked for."""
    sounds = [part.source for part in said.parts if isinstance(part, Media) and part.kind == "audio"]
    modalities = request.body.get("modalities")
    if not sounds or not isinstance(modalities, list) or "audio" not in modalities:
        return None
    return {
        "id": f"audio_{stamp.hex(f'audio/{choice}', 24)}",
        "data": sounds[0],
        "expires_at": stamp.created + _AUDIO_LIVES,
        "transcript": "".join(part.text for part in said.parts if isinstance(part, Text)),
    }


# ---------------------------------------------------------------- log probabilities


def wants_tokens(request: Request) -> bool:
    """Whether the request asks for log probabilities."""
    return request.body.get("logprobs") is True


def tokens(said: Completion, request: Request, stamp: Stamp) -> list[Json]:
    """Write the tokens of the text with their log probabilities."""
    asked = request.body.get("top_logprobs")
    top = asked if isinstance(asked, int) and 0 <= asked <= _MOST_TOP else 0
    return [
        {**_token(one.token, one.logprob), "top_logprobs": [_token(*other) for other in one.top]}
        for one in logprobs(said, stamp, top)
    ]


def of_tokens(written: list[Json] | None) -> Json:
    """Write a choice's log probabilities."""
    return {"content": written, "refusal": None}


def _token(token: str, logprob: float) -> dict[str, Json]:
    return {"token": token, "logprob": logprob, "bytes": list(token.encode())}
