"""Writing chat answers, whole and as streams."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from emulator.types import (
    Completion,
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

__all__ = ["DONE", "body", "frames", "framing", "keep"]

DONE: Final = Frame("[DONE]")
"""The end marker of a stream."""

_FINISHES: Final[dict[Finish, str]] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "content_filter": "content_filter",
    "stop_sequence": "stop",  # "stop if the model hit a natural stop point or a provided stop sequence"
    "refusal": "stop",
    "pause": "stop",
}


def body(done: Completion, request: Request, stamp: Stamp) -> Json:
    """Write a whole answer; the same content as often as answers are asked for."""
    refusal = "".join(part.text for part in done.parts if isinstance(part, Refusal))
    text = "".join(part.text for part in done.parts if isinstance(part, Text))
    thinking = "".join(part.text for part in done.parts if isinstance(part, Reasoning))
    calls = [part for part in done.parts if isinstance(part, ToolCall)]

    def message(choice: int) -> Json:
        written: dict[str, Json] = {"role": "assistant", "content": text if text or not (calls or refusal) else None}
        if thinking:
            # The dialect of DeepSeek and vLLM; OpenAI itself shows no reasoning here.
            written["reasoning_content"] = thinking
        if calls:
            written["tool_calls"] = [
                _tool_call(call, (choice, number), call.arguments, stamp) for number, call in enumerate(calls)
            ]
        return written | {"refusal": refusal or None, "annotations": []}

    return {
        **_head("chat.completion", done, request, stamp),
        "choices": [
            {"index": choice, "message": message(choice), "logprobs": None, "finish_reason": _FINISHES[done.finish]}
            for choice in range(request.count)
        ],
        "usage": _usage(done, request),
    }


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
        for delta, finish in _deltas(done, choice, stamp):
            written = {"index": choice, "delta": delta, "logprobs": None, "finish_reason": finish}
            yield Frame({**head, "choices": [written], **tail}, beat=bool(delta) and "role" not in delta)
    if with_usage:
        yield Frame({**head, "choices": [], "usage": _usage(done, request)})
    yield DONE


def _deltas(done: Completion, choice: int, stamp: Stamp) -> Iterator[tuple[Json, str | None]]:
    """The deltas of one choice, the last one with its finish reason."""
    yield {"role": "assistant", "content": "", "refusal": None}, None
    number = 0
    for part in done.parts:
        match part:
            case Reasoning():
                yield from (({"reasoning_content": piece}, None) for piece in part.deltas)
            case Refusal():
                yield from (({"refusal": piece}, None) for piece in part.deltas)
            case Text():
                yield from (({"content": piece}, None) for piece in part.deltas)
            case ToolCall():
                yield {"tool_calls": [{"index": number, **_tool_call(part, (choice, number), "", stamp)}]}, None
                for piece in part.deltas:
                    yield {"tool_calls": [{"index": number, "function": {"arguments": piece}}]}, None
                number += 1
    yield {}, _FINISHES[done.finish]


def framing(request: Request) -> Framing:  # noqa: ARG001 - the same for every request
    """Server-sent events."""
    return "sse"


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


def _tool_call(call: ToolCall, place: tuple[int, int], arguments: str, stamp: Stamp) -> Json:
    """Write a call; `place` is its choice and its number there."""
    return {
        "id": call.id or f"call_{stamp.hex(f'call/{place[0]}/{place[1]}', 24)}",
        "type": "function",
        "function": {"name": call.name, "arguments": arguments},
    }


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
