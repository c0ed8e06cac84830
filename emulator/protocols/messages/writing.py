"""Answers of the Messages API, whole and as a stream."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeAlias

from emulator import jsontext
from emulator.types import Completion, Finish, Frame, Json, Reasoning, Refusal, Request, Stamp, Text, ToolCall

__all__ = ["body", "frames"]

_Said: TypeAlias = Text | Refusal | Reasoning | ToolCall
"""The parts that have a block."""

# https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons (2026-11-20)
_STOPS: Final[dict[Finish, str]] = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "refusal",  # "when streaming classifiers intervene" – API reference, stop_reason
    "stop_sequence": "stop_sequence",
    "refusal": "refusal",
    "pause": "pause_turn",
}

_CUMULATIVE: Final = (
    "input_tokens",
    "cache_creation_input_tokens",
    "cache_read_input_tokens",
    "output_tokens",
    "output_tokens_details",
)


def body(done: Completion, request: Request, stamp: Stamp) -> Json:
    """Write a whole answer."""
    blocks = _blocks(done, stamp)
    return {
        **_head(done, request, stamp),
        "content": [_filled(part, block, _signature(part, index, stamp)) for index, (part, block) in enumerate(blocks)],
        **_stop(done),
        "usage": _usage(done, request),
    }


def frames(done: Completion, request: Request, stamp: Stamp) -> Iterator[Frame]:
    """Write the same answer as a stream: the blocks strictly one after the other, their numbers without a gap."""
    usage = _usage(done, request)
    message = {
        **_head(done, request, stamp),
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "stop_details": None,
        # recorded: the input is counted already, of the output one token
        "usage": {name: usage[name] for name in usage if name != "output_tokens_details"} | {"output_tokens": 1},
    }
    yield _event({"type": "message_start", "message": message})
    for index, (part, block) in enumerate(_blocks(done, stamp)):
        opening = {"type": "content_block_start", "index": index, "content_block": block}
        yield _event(opening, beat=isinstance(part, ToolCall))
        if index == 0:
            yield _event({"type": "ping"})  # recorded: here in 7 of 12 streams
        for delta, beat in _deltas(part, _signature(part, index, stamp)):
            yield _event({"type": "content_block_delta", "index": index, "delta": delta}, beat=beat)
        yield _event({"type": "content_block_stop", "index": index})
    # "The token counts shown in the usage field of the message_delta event are cumulative." – streaming (2026-11-20)
    counted = {name: usage[name] for name in _CUMULATIVE}
    yield _event({"type": "message_delta", "delta": _stop(done), "usage": counted})
    yield _event({"type": "message_stop"})


def _event(content: Json, *, beat: bool = False) -> Frame:
    """Name the event: the SDKs pass over one without a name."""
    return Frame(content, event=content["type"], beat=beat)


def _head(done: Completion, request: Request, stamp: Stamp) -> dict[str, Json]:
    return {
        "id": f"msg_01{stamp.hex('message', 22)}",
        "type": "message",
        "role": "assistant",
        "model": done.model or request.model,
    }


# ---------------------------------------------------------------- blocks


def _blocks(done: Completion, stamp: Stamp) -> list[tuple[_Said, Json]]:
    """Give the parts that have a block, each with the block as a stream opens it.

    A text of no letters has none: the API takes no empty text block back (recorded: "text content blocks must be
    non-empty"), and so sends none.
    """
    blocks: list[tuple[_Said, Json]] = []
    for part in done.parts:
        match part:
            case Text() | Refusal() if part.text:
                blocks.append((part, {"type": "text", "text": ""}))
            case Reasoning():
                blocks.append((part, {"type": "thinking", "thinking": "", "signature": ""}))
            case ToolCall():
                identity = part.id or f"toolu_01{stamp.hex(f'call/{len(blocks)}', 22)}"
                blocks.append((part, {"type": "tool_use", "id": identity, "name": part.name, "input": {}}))
    return blocks


def _filled(part: _Said, block: Json, signature: str) -> Json:
    match part:
        case Text() | Refusal():
            return {**block, "text": part.text}
        case Reasoning():
            return {**block, "thinking": part.text, "signature": signature}
        case ToolCall():
            return {**block, "input": _input(part.arguments)}


def _deltas(part: _Said, signature: str) -> Iterator[tuple[Json, bool]]:
    """Give the deltas of a block, and whether each is a piece of what the model says."""
    match part:
        case Text() | Refusal():
            yield from (({"type": "text_delta", "text": piece}, True) for piece in part.deltas)
        case Reasoning():
            yield from (({"type": "thinking_delta", "thinking": piece}, True) for piece in part.deltas)
            # "a special signature_delta event is sent just before the content_block_stop" – streaming (2026-11-20)
            yield {"type": "signature_delta", "signature": signature}, False
        case ToolCall():
            yield {"type": "input_json_delta", "partial_json": ""}, False  # recorded: the first one is empty
            yield from (({"type": "input_json_delta", "partial_json": piece}, True) for piece in part.deltas)


def _signature(part: _Said, index: int, stamp: Stamp) -> str:
    """Sign thinking: the API always does, and clients send the signature back."""
    given = part.signature if isinstance(part, Reasoning) else ""
    return given or stamp.hex(f"signature/{index}", 64)


def _input(arguments: str) -> Json:
    """Read arguments for a whole answer, where they stand as JSON and not as its text.

    Malformed ones are an empty object there (inferred): the type has room for nothing else, and only a stream shows
    the pieces as the model wrote them.
    """
    try:
        return jsontext.loads(arguments.encode())
    except ValueError:
        return {}


# ---------------------------------------------------------------- how it ended


def _stop(done: Completion) -> dict[str, Json]:
    """Why it stopped. Words of refusal are a refusal, whatever else the scenario says."""
    refused = any(isinstance(part, Refusal) for part in done.parts)
    reason = "refusal" if refused else _STOPS[done.finish]
    # "null when the refusal doesn't map to a named category" – types of the SDKs, RefusalStopDetails (anthropic 2.11)
    details = {"type": "refusal", "category": None, "explanation": None} if reason == "refusal" else None
    sequence = (done.stop_sequence or None) if reason == "stop_sequence" else None
    return {"stop_reason": reason, "stop_sequence": sequence, "stop_details": details}


def _usage(done: Completion, request: Request) -> dict[str, Json]:
    """Count: what came from the cache, what went into it and the rest add up to the input; all are always there.

    "Total input tokens in a request is the summation of `input_tokens`, `cache_creation_input_tokens`, and
    `cache_read_input_tokens`" – API reference, usage (2026-11-20).
    """
    tokens = done.tokens(request)
    return {
        "input_tokens": max(0, tokens.input - tokens.cached_input - tokens.cache_write),
        "cache_creation_input_tokens": tokens.cache_write,
        "cache_read_input_tokens": tokens.cached_input,
        "cache_creation": {"ephemeral_5m_input_tokens": tokens.cache_write, "ephemeral_1h_input_tokens": 0},
        "output_tokens": tokens.output,
        "output_tokens_details": {"thinking_tokens": tokens.reasoning},
        "service_tier": "standard",
    }
