"""Answers of the Messages API, whole and as a stream."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterator
from typing import Final, NamedTuple

from emulator import jsontext
from emulator.protocols.messages import search
from emulator.types import (
    Completion,
    Finish,
    Frame,
    Json,
    Part,
    Reasoning,
    Refusal,
    Request,
    Search,
    Stamp,
    Text,
    ToolCall,
)

__all__ = ["PING", "body", "frames", "varies"]

PING: Final = Frame({"type": "ping"}, event="ping")
""""Event streams may also include any number of ping events." – streaming (2026-11-20)"""

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
    "server_tool_use",
)
_NOT_YET: Final = ("output_tokens_details", "server_tool_use")
"""What the first event of a stream does not count (recorded)."""


class _Block(NamedTuple):
    """A block of an answer, and the part that it says; of a search there are two."""

    part: Text | Refusal | Reasoning | ToolCall | Search
    opening: Json
    """As a stream opens it."""
    citations: tuple[Json, ...] = ()


def varies(request: Request) -> Hashable:
    """What an answer depends on: the fields beside the conversation."""
    return request.rest("messages", "system")


def body(done: Completion, request: Request, stamp: Stamp) -> Json:
    """Write a whole answer."""
    blocks = enumerate(_blocks(done, stamp))
    return {
        **_head(done, request, stamp),
        "content": [_filled(block, _signature(block.part, index, stamp)) for index, block in blocks],
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
        "usage": {name: usage[name] for name in usage if name not in _NOT_YET} | {"output_tokens": 1},
    }
    yield _event({"type": "message_start", "message": message})
    for index, block in enumerate(_blocks(done, stamp)):
        opening = {"type": "content_block_start", "index": index, "content_block": block.opening}
        yield _event(opening, beat=isinstance(block.part, ToolCall))
        if index == 0:
            yield PING  # recorded: here in 7 of 12 streams
        for delta, beat in _deltas(block, _signature(block.part, index, stamp)):
            text = delta.get("text", "") if isinstance(block.part, Text) else ""
            yield _event({"type": "content_block_delta", "index": index, "delta": delta}, beat=beat, text=text)
        yield _event({"type": "content_block_stop", "index": index})
    # "The token counts shown in the usage field of the message_delta event are cumulative." – streaming (2026-11-20)
    counted = {name: usage[name] for name in _CUMULATIVE if name in usage}
    yield _event({"type": "message_delta", "delta": _stop(done), "usage": counted})
    yield _event({"type": "message_stop"})


def _event(content: Json, *, beat: bool = False, text: str = "") -> Frame:
    """Name the event: the SDKs pass over one without a name."""
    return Frame(content, event=content["type"], beat=beat, text=text)


def _head(done: Completion, request: Request, stamp: Stamp) -> dict[str, Json]:
    return {
        "id": f"msg_01{stamp.hex('message', 22)}",
        "type": "message",
        "role": "assistant",
        "model": done.model or request.model,
    }


# ---------------------------------------------------------------- blocks


def _blocks(done: Completion, stamp: Stamp) -> list[_Block]:
    """Give the blocks of an answer; pictures and sounds have none.

    A text of no letters has none: the API takes no empty text block back (recorded: "text content blocks must be
    non-empty"), and so sends none.
    """
    blocks: list[_Block] = []
    searched: Search | None = None
    for part in done.parts:
        place = len(blocks)
        match part:
            case Text(text) if text and searched and searched.results:
                cited = search.citations(searched, place, stamp)
                blocks.append(_Block(part, {"citations": [], "type": "text", "text": ""}, cited))  # recorded
            case Text(text) | Refusal(text) if text:
                blocks.append(_Block(part, {"type": "text", "text": ""}))
            case Reasoning():
                blocks.append(_Block(part, {"type": "thinking", "thinking": "", "signature": ""}))
            case ToolCall():
                identity = part.id or f"toolu_01{stamp.hex(f'call/{place}', 22)}"
                blocks.append(_Block(part, {"type": "tool_use", "id": identity, "name": part.name, "input": {}}))
            case Search():
                searched, use = part, search.opened(place, stamp)
                blocks += [_Block(part, use), _Block(part, search.results(part, use, stamp))]
    return blocks


def _filled(block: _Block, signature: str) -> Json:
    """Give a block as a whole answer has it."""
    part, opening, citations = block
    match part:
        case Text() | Refusal():
            return {**opening, "text": part.text} | ({"citations": list(citations)} if citations else {})
        case Reasoning():
            return {**opening, "thinking": part.text, "signature": signature}
        case ToolCall():
            return {**opening, "input": _input(part)}
        case Search():
            return {**opening, "input": {"query": part.query}} if "input" in opening else opening


def _deltas(block: _Block, signature: str) -> Iterator[tuple[Json, bool]]:
    """Give the deltas of a block, and whether each is a piece of what the model says."""
    match block.part:
        case Text() | Refusal() as part:
            # recorded: the citations of a text come before it
            yield from (({"type": "citations_delta", "citation": citation}, False) for citation in block.citations)
            yield from (({"type": "text_delta", "text": piece}, True) for piece in part.deltas)
        case Reasoning() as part:
            yield from (({"type": "thinking_delta", "thinking": piece}, True) for piece in part.deltas)
            # "a special signature_delta event is sent just before the content_block_stop" – streaming (2026-11-20)
            yield {"type": "signature_delta", "signature": signature}, False
        case ToolCall() as part:
            yield {"type": "input_json_delta", "partial_json": ""}, False  # recorded: the first one is empty
            yield from (({"type": "input_json_delta", "partial_json": piece}, True) for piece in _pieces(part))
        case Search(query) if "input" in block.opening:
            yield {"type": "input_json_delta", "partial_json": ""}, False
            asked = json.dumps({"query": query}, ensure_ascii=False)
            yield {"type": "input_json_delta", "partial_json": asked}, False


def _signature(part: Part, index: int, stamp: Stamp) -> str:
    """Sign thinking: the API always does, and clients send the signature back."""
    given = part.signature if isinstance(part, Reasoning) else ""
    return given or stamp.hex(f"signature/{index}", 64)


def _input(call: ToolCall) -> Json:
    """Read arguments for a whole answer, where they stand as JSON and not as its text.

    Malformed ones are an empty object there (inferred): the type has room for nothing else, and only a stream shows
    the pieces as the model wrote them. A text of no form is a field of an object (inferred: no tool of this API takes
    one).
    """
    if call.free:
        return {"input": call.arguments}
    try:
        return jsontext.loads(call.arguments.encode())
    except ValueError:
        return {}


def _pieces(call: ToolCall) -> Iterator[str]:
    """Give the pieces of the arguments' JSON; those of a text of no form are cut where the text is."""
    if not call.free:
        yield from call.deltas
        return
    *before, last = [json.dumps(piece, ensure_ascii=False)[1:-1] for piece in call.deltas] or [""]
    opening = '{"input": "'
    for piece in before:
        yield opening + piece
        opening = ""
    yield f'{opening}{last}"}}'


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
    usage: dict[str, Json] = {
        "input_tokens": max(0, tokens.input - tokens.cached_input - tokens.cache_write),
        "cache_creation_input_tokens": tokens.cache_write,
        "cache_read_input_tokens": tokens.cached_input,
        "cache_creation": {"ephemeral_5m_input_tokens": tokens.cache_write, "ephemeral_1h_input_tokens": 0},
        "output_tokens": tokens.output,
        "output_tokens_details": {"thinking_tokens": tokens.reasoning},
        "service_tier": "standard",
    }
    if searches := sum(isinstance(part, Search) for part in done.parts):
        usage["server_tool_use"] = {"web_search_requests": searches, "web_fetch_requests": 0}  # recorded
    return usage
