"""Writing chat answers, whole and as streams."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from itertools import repeat
from typing import Final, NamedTuple

from msgspec.structs import replace

from emulator.protocols.chat.pieces import audio, citations, is_custom, of_tokens, tokens, tool_call, wants_tokens
from emulator.types import (
    Completion,
    Failure,
    Finish,
    Frame,
    Framing,
    Json,
    Memory,
    Reasoning,
    Refusal,
    Request,
    Stamp,
    Text,
    ToolCall,
)
from emulator.types.logprobs import shares

__all__ = ["DONE", "PING", "blocked", "body", "frames", "framing", "keep", "varies"]

DONE: Final = Frame("[DONE]")
"""The end marker of a stream."""

PING: Final = None
"""A comment is the sign of life of a stream."""

_FINISHES: Final[dict[Finish, str]] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "content_filter": "content_filter",
    "stop_sequence": "stop",  # "stop if the model hit a natural stop point or a provided stop sequence"
    "refusal": "stop",
    "pause": "stop",
}


def varies(request: Request) -> Hashable:
    """What an answer depends on: the fields beside the conversation."""
    return request.rest("messages")


def body(done: Completion, request: Request, stamp: Stamp) -> Json:
    """Write a whole answer, with as many choices as are asked for."""
    return {
        **_head("chat.completion", done, request, stamp),
        "choices": [_choice(_said(done, number), number, request, stamp) for number in range(request.count)],
        "usage": _usage(done, request),
    }


def _choice(said: Completion, number: int, request: Request, stamp: Stamp) -> Json:
    return {
        "index": number,
        "message": _message(said, number, request, stamp),
        "logprobs": of_tokens(tokens(said, request, stamp) or None) if wants_tokens(request) else None,
        "finish_reason": _FINISHES[said.finish],
    }


def _message(said: Completion, choice: int, request: Request, stamp: Stamp) -> Json:
    refusal = "".join(part.text for part in said.parts if isinstance(part, Refusal))
    text = "".join(part.text for part in said.parts if isinstance(part, Text))
    thinking = "".join(part.text for part in said.parts if isinstance(part, Reasoning))
    calls = [part for part in said.parts if isinstance(part, ToolCall)]
    sound = audio(said, choice, request, stamp)
    elsewhere = sound or (not text and (calls or refusal))
    written: dict[str, Json] = {"role": "assistant", "content": None if elsewhere else text}
    if thinking:
        # The dialect of DeepSeek and vLLM; OpenAI itself shows no reasoning here.
        written["reasoning_content"] = thinking
    if calls:
        written["tool_calls"] = [
            _tool_call(call, (choice, number), call.arguments, request, stamp) for number, call in enumerate(calls)
        ]
    if sound:
        written["audio"] = sound
    return written | {"refusal": refusal or None, "annotations": citations(said)}


def frames(done: Completion, request: Request, stamp: Stamp) -> Iterator[Frame]:
    """Write the same answer as a stream.

    "An additional chunk will be streamed before the data: [DONE] message … All other chunks will also include a
    usage field, but with a null value." – API reference, stream_options.include_usage (2026-11-20)
    """
    options = request.body.get("stream_options")
    with_usage = isinstance(options, dict) and options.get("include_usage") is True
    head = _head("chat.completion.chunk", done, request, stamp)
    tail: dict[str, Json] = {"usage": None} if with_usage else {}
    # One choice after the other: a client that accumulates wants the first chunk of choice 0 first.
    for choice in range(request.count):
        for chunk in _chunks(_said(done, choice), choice, request, stamp):
            written = {
                "index": choice,
                "delta": chunk.delta,
                "logprobs": chunk.logprobs,
                "finish_reason": chunk.finish,
            }
            text = "" if choice else chunk.text
            yield Frame({**head, "choices": [written], **tail}, beat=chunk.beat, text=text)
    if with_usage:
        yield Frame({**head, "choices": [], "usage": _usage(done, request)})
    yield DONE


class _Chunk(NamedTuple):
    """What a chunk says of its choice."""

    delta: Json
    beat: bool = True
    text: str = ""
    logprobs: Json = None
    finish: str | None = None


def _chunks(said: Completion, choice: int, request: Request, stamp: Stamp) -> Iterator[_Chunk]:
    """The chunks of one choice, the last one with its finish reason."""
    # The form of the first chunk is recorded (gpt-4o-2024-05-13, 2024-09).
    opening = of_tokens([]) if wants_tokens(request) else None
    yield _Chunk({"role": "assistant", "content": "", "refusal": None}, beat=False, logprobs=opening)
    probabilities = _probabilities(said, request, stamp)
    sound = audio(said, choice, request, stamp)
    if sound:
        yield _Chunk({"audio": {"id": sound["id"], "transcript": ""}}, beat=False)
    number = 0
    for part in said.parts:
        match part:
            case Reasoning():
                yield from (_Chunk({"reasoning_content": piece}) for piece in part.deltas)
            case Refusal():
                yield from (_Chunk({"refusal": piece}) for piece in part.deltas)
            case Text():
                for piece, logprobs in zip(part.deltas, probabilities, strict=False):
                    delta = {"audio": {"transcript": piece}} if sound else {"content": piece}
                    yield _Chunk(delta, text=piece, logprobs=logprobs)
            case ToolCall():
                yield from _call_chunks(part, (choice, number), request, stamp)
                number += 1
    if sound:
        yield _Chunk({"audio": {"data": sound["data"]}})
        yield _Chunk({"audio": {"expires_at": sound["expires_at"]}}, beat=False)
    if cited := citations(said):
        yield _Chunk({"annotations": cited}, beat=False)
    yield _Chunk({}, beat=False, finish=_FINISHES[said.finish])


def _probabilities(said: Completion, request: Request, stamp: Stamp) -> Iterator[Json]:
    """Those of each piece of the texts, as often as it takes."""
    if not wants_tokens(request):
        return repeat(None)
    written = tokens(said, request, stamp)
    pieces = (piece for part in said.parts if isinstance(part, Text) for piece in part.deltas)
    return (of_tokens(written[place]) for place in shares((one["token"] for one in written), pieces))


def _call_chunks(call: ToolCall, place: tuple[int, int], request: Request, stamp: Stamp) -> Iterator[_Chunk]:
    yield _Chunk({"tool_calls": [{"index": place[1], **_tool_call(call, place, "", request, stamp)}]})
    kind, field = ("custom", "input") if is_custom(call, request) else ("function", "arguments")
    for piece in call.deltas:
        yield _Chunk({"tool_calls": [{"index": place[1], kind: {field: piece}}]})


def framing(request: Request) -> Framing:  # noqa: ARG001 - the same for every request
    """Server-sent events."""
    return "sse"


def blocked(done: Completion) -> Failure:  # noqa: ARG001 - why it is blocked has no place here
    """A prompt that is blocked is an error, in the words of the service."""
    return Failure("content_filtered")


def keep(done: Completion, request: Request, memory: Memory, stamp: Stamp) -> None:
    """Nothing: every request carries its whole conversation."""


def _head(kind: str, done: Completion, request: Request, stamp: Stamp) -> dict[str, Json]:
    return {
        "id": f"chatcmpl-{stamp.hex('completion', 24)}",
        "object": kind,
        "created": stamp.created,
        "model": done.model or request.model,
        "service_tier": "default",
        "system_fingerprint": f"fp_{stamp.hex('fingerprint', 10)}",
    }


def _said(done: Completion, number: int) -> Completion:
    """What a choice says. One that says again what another does has ids of its own for its calls."""
    said = done.choice(number)
    if number <= len(done.others):
        return said
    parts = (replace(part, id="") if isinstance(part, ToolCall) else part for part in said.parts)
    return replace(said, parts=tuple(parts))


def _tool_call(call: ToolCall, place: tuple[int, int], given: str, request: Request, stamp: Stamp) -> Json:
    """Write a call with so much of its arguments; `place` is its choice and its number there."""
    identity = call.id or f"call_{stamp.hex(f'call/{place[0]}/{place[1]}', 24)}"
    return tool_call(call, identity, given, custom=is_custom(call, request))


def _usage(done: Completion, request: Request) -> Json:
    tokens = done.tokens(request)
    return {
        "prompt_tokens": tokens.input,
        "completion_tokens": tokens.output,
        "total_tokens": tokens.input + tokens.output,
        "prompt_tokens_details": {"cached_tokens": tokens.cached_input, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": tokens.reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }
