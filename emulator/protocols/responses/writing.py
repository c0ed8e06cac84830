"""Answers as the Responses API writes them.

What is written here is what the API at its home sends (OpenAPI description of the OpenAI API, v2.3.0, and recorded
traffic of the official SDKs, 2026-11); gateways that send less take it away in their provider.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Final, NamedTuple

from emulator.protocols.responses.items import CUT_SHORT, Item, Origin, output
from emulator.protocols.responses.texts import pieces
from emulator.types import (
    Completion,
    Failure,
    Frame,
    Framing,
    Json,
    Media,
    Reasoning,
    Refusal,
    Request,
    Search,
    Stamp,
    Text,
    ToolCall,
)

__all__ = ["PING", "blocked", "body", "finished", "frames", "framing", "in_background", "usage", "varies"]

# Required, though nullable, by the Open Responses specification; defaults as the API reference, responses/create, has
# them and recorded traffic shows them (2026-11-20).
_ECHOED: Final[dict[str, Json]] = {
    "background": False,
    "frequency_penalty": 0.0,
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "presence_penalty": 0.0,
    "previous_response_id": None,
    "prompt_cache_key": None,
    "safety_identifier": None,
    "store": True,
    "temperature": 1.0,
    "tool_choice": "auto",
    "top_logprobs": 0,
    "top_p": 1.0,
    "truncation": "disabled",
    "user": None,
}

PING: Final = None
"""A comment is the sign of life of a stream."""


class _Event(NamedTuple):
    """An event of a stream."""

    name: str
    fields: dict[str, Json]
    beat: bool = False
    text: str = ""


def in_background(request: Request) -> bool:
    """Whether the client comes back for the answer."""
    return request.body.get("background") is True


def varies(request: Request) -> Hashable:
    """What an answer depends on: the fields beside the conversation."""
    return request.rest("input")


def body(done: Completion, request: Request, stamp: Stamp) -> Json:
    """Write a whole answer; one made in the background is not there yet."""
    if in_background(request):
        return {**_begun(done, request, stamp), "status": "queued"}
    return finished(done, request, stamp)


def finished(done: Completion, request: Request, stamp: Stamp) -> Json:
    """Write the response as it is in the end."""
    reason = CUT_SHORT.get(done.finish)
    return {
        **_begun(done, request, stamp),
        "status": "incomplete" if reason else "completed",
        "completed_at": None if reason else stamp.created,  # "Only present when the status is completed"
        "incomplete_details": {"reason": reason} if reason else None,
        "output": [item.whole for item in output(done, request, stamp)],
        "usage": usage(done, request),
    }


def frames(done: Completion, request: Request, stamp: Stamp) -> Iterator[Frame]:
    """Write the same answer as a stream. An answer made in the background that is not streamed has none."""
    if in_background(request) and not request.stream:
        return
    for number, event in enumerate(_events(done, request, stamp)):
        data = {"type": event.name, "sequence_number": number, **event.fields}
        yield Frame(data, event=event.name, beat=event.beat, text=event.text)


def framing(request: Request) -> Framing:  # noqa: ARG001 - the same for every request
    """Server-sent events."""
    return "sse"


def blocked(done: Completion) -> Failure:  # noqa: ARG001 - why it is blocked has no place here
    """A prompt that is blocked is an error, in the words of the service."""
    return Failure("content_filtered")


def usage(done: Completion, request: Request) -> Json:
    """Write the counts; `cache_write_tokens` is required by the OpenAPI description."""
    tokens = done.tokens(request)
    return {
        "input_tokens": tokens.input,
        "input_tokens_details": {"cached_tokens": tokens.cached_input, "cache_write_tokens": tokens.cache_write},
        "output_tokens": tokens.output,
        "output_tokens_details": {"reasoning_tokens": tokens.reasoning},
        "total_tokens": tokens.input + tokens.output,
    }


# ---------------------------------------------------------------- the response around the items


def _begun(done: Completion, request: Request, stamp: Stamp) -> dict[str, Json]:
    """Write the response before there is any output."""
    content = request.body
    echoed = {name: default if content.get(name) is None else content[name] for name, default in _ECHOED.items()}
    begun = {
        "id": Origin.made(stamp).response,
        "object": "response",
        "created_at": stamp.created,
        "status": "in_progress",
        "completed_at": None,
        "error": None,
        "incomplete_details": None,
        "model": done.model or request.model,
        "output": [],
        "reasoning": {"effort": None, "summary": None} | _object(content.get("reasoning")),
        "service_tier": "default",
        "text": {"format": {"type": "text"}, "verbosity": "medium"} | _object(content.get("text")),
        "tools": [_tool(tool) for tool in content.get("tools") or []],
        "usage": None,
        **echoed,
    }
    if (conversation := content.get("conversation")) is not None:
        begun["conversation"] = conversation if isinstance(conversation, dict) else {"id": conversation}
    return begun


def _object(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}


def _tool(tool: Json) -> Json:
    """Echo a tool; a function is strict unless the client says otherwise (API reference, 2026-11-20)."""
    if tool.get("type") != "function":
        return tool
    return {"type": "function", "name": "", "description": None, "parameters": None, "strict": True} | tool


# ---------------------------------------------------------------- the events


def _events(done: Completion, request: Request, stamp: Stamp) -> Iterator[_Event]:
    begun = _begun(done, request, stamp)
    if in_background(request):
        queued = {**begun, "status": "queued"}
        yield _Event("response.created", {"response": queued})
        yield _Event("response.queued", {"response": queued})
    else:
        yield _Event("response.created", {"response": begun})
    yield _Event("response.in_progress", {"response": begun})
    for item in output(done, request, stamp):
        place = {"output_index": item.index}
        # The opening of a call says what is called.
        called = isinstance(item.parts[0], ToolCall)
        yield _Event("response.output_item.added", {**place, "item": item.opened}, beat=called)
        yield from _inside(item, {"item_id": item.id, **place})
        yield _Event("response.output_item.done", {**place, "item": item.whole})
    ended = finished(done, request, stamp)
    yield _Event(f"response.{ended['status']}", {"response": ended})


def _inside(item: Item, place: dict[str, Json]) -> Iterator[_Event]:
    match item.parts[0], item.whole["type"]:
        case ToolCall() as call, "custom_tool_call":
            name = "response.custom_tool_call_input"
            yield from (_Event(f"{name}.delta", {**place, "delta": piece}, beat=True) for piece in call.deltas)
            yield _Event(f"{name}.done", {**place, "input": call.arguments})
        case ToolCall() as call, _:
            name = "response.function_call_arguments"
            yield from (_Event(f"{name}.delta", {**place, "delta": piece}, beat=True) for piece in call.deltas)
            # `name` is required by the OpenAPI description since 2026
            yield _Event(f"{name}.done", {**place, "name": call.name, "arguments": call.arguments})
        case Reasoning() as thinking, _:
            yield from _summary(thinking, item, {**place, "summary_index": 0})
        case Search(), kind:
            yield from (_Event(f"response.{kind}.{step}", place) for step in ("in_progress", "searching", "completed"))
        case Media(), kind:
            yield from (_Event(f"response.{kind}.{step}", place) for step in ("in_progress", "generating", "completed"))
        case _:
            for index, (part, written) in enumerate(zip(item.parts, item.whole["content"], strict=True)):
                here = {**place, "content_index": index}
                if isinstance(part, Text):
                    yield from _text(part, written, here)
                elif isinstance(part, Refusal):
                    yield from _refusal(part, written, here)


def _summary(thinking: Reasoning, item: Item, place: dict[str, Json]) -> Iterator[_Event]:
    name = "response.reasoning_summary"
    for written in item.whole["summary"]:
        yield _Event(f"{name}_part.added", {**place, "part": {**written, "text": ""}})
        yield from (_Event(f"{name}_text.delta", {**place, "delta": piece}, beat=True) for piece in thinking.deltas)
        yield _Event(f"{name}_text.done", {**place, "text": thinking.text})
        yield _Event(f"{name}_part.done", {**place, "part": written})


def _text(part: Text, written: Json, place: dict[str, Json]) -> Iterator[_Event]:
    name = "response.output_text"
    opened = {**written, "annotations": [], "logprobs": [], "text": ""}
    yield _Event("response.content_part.added", {**place, "part": opened})
    said = []
    # `logprobs` is required by the OpenAPI description, and empty unless asked for.
    for piece, tokens in pieces(part, written):
        yield _Event(f"{name}.delta", {**place, "delta": piece, "logprobs": tokens}, beat=True, text=piece)
        said += tokens
    for number, annotation in enumerate(written["annotations"]):
        fields = {**place, "annotation_index": number, "annotation": annotation}
        yield _Event(f"{name}.annotation.added", fields)
    yield _Event(f"{name}.done", {**place, "text": part.text, "logprobs": said})
    yield _Event("response.content_part.done", {**place, "part": written})


def _refusal(part: Refusal, written: Json, place: dict[str, Json]) -> Iterator[_Event]:
    name = "response.refusal"
    yield _Event("response.content_part.added", {**place, "part": {**written, "refusal": ""}})
    yield from (_Event(f"{name}.delta", {**place, "delta": piece}, beat=True) for piece in part.deltas)
    yield _Event(f"{name}.done", {**place, "refusal": part.text})
    yield _Event("response.content_part.done", {**place, "part": written})
