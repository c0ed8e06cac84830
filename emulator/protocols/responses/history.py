"""What is remembered between requests: responses, conversations, and the items that both are made of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from emulator.protocols.responses.errors import missing
from emulator.protocols.responses.items import Origin, origin_of
from emulator.protocols.responses.writing import finished, frames, in_background
from emulator.refusals import words
from emulator.types import Completion, Endpoint, Json, Memory, Request, Stamp

__all__ = ["conversation_of", "earlier", "given", "keep", "listed", "stored"]

_RECORD_BYTES: Final = 4096
"""What a record takes beside the request, roughly."""

_INSTEAD_OF_INPUT: Final = ("previous_response_id", "conversation", "prompt")


def keep(done: Completion, request: Request, memory: Memory, stamp: Stamp) -> None:
    """Remember the response, unless the client says not to, and what it adds to its conversation."""
    content, endpoint = request.body, request.endpoint
    before = earlier(content, endpoint, memory)
    new = listed(given(content, endpoint, memory), Origin.made(stamp))
    response = finished(done, request, stamp)
    if content.get("store") is not False:  # "Whether to store the generated model response"; true unless said
        streamed = in_background(request) and request.stream
        record = {
            "response": response,
            "items": [*before, *new],
            "pending": in_background(request) and not request.stream,
            "events": [frame.data for frame in frames(done, request, stamp)] if streamed else [],
        }
        memory.put(response["id"], record, _RECORD_BYTES + len(request.call.body))
    if endpoint.restores and (conversation := conversation_of(content)) is not None:
        record = stored("conversation", conversation, memory)
        # "Input items and output items from this response are automatically added to this conversation"
        memory.put(conversation, {**record, "items": [*before, *new, *response["output"]]}, len(request.call.body))


def stored(what: str, identity: str, memory: Memory) -> dict[str, Json]:
    """Recall the record of a response or a conversation. Raises Rejected."""
    record = memory.get(identity)
    if isinstance(record, dict) and what in record:
        return record
    raise missing(what, identity)


def earlier(content: Json, endpoint: Endpoint, memory: Memory) -> list[Json]:
    """Recall the items before those of the request. Instructions are not among them. Raises Rejected."""
    previous, conversation = content.get("previous_response_id"), conversation_of(content)
    if previous is not None and not isinstance(previous, str):
        raise words.refuse(words.invalid_type("previous_response_id", "a string", previous))
    if previous is not None and conversation is not None:
        # "Cannot be used in conjunction with conversation" – API reference, responses/create (2026-11-20)
        message = (
            "Mutually exclusive parameters: ''. Ensure you are only providing one of: 'pre..._id' or 'conversation'."
        )
        raise words.refuse(words.said(message, code="mutually_exclusive_parameters"))  # recorded, as it is
    if not endpoint.restores:
        return []
    if conversation is not None:
        return list(stored("conversation", conversation, memory)["items"])
    if previous is None:
        return []
    record = memory.get(previous)
    if not isinstance(record, dict) or "response" not in record:
        raise missing("previous_response", previous)
    return [*record["items"], *record["response"]["output"]]


def given(content: Json, endpoint: Endpoint, memory: Memory) -> list[Json]:
    """Find the items of the request itself, those that it refers to in their places. Raises Rejected."""
    match content.get("input"):
        case str() as text:
            return [{"role": "user", "content": text}]
        case list() as items:
            return list(_resolved(items, endpoint, memory))
        case None if any(content.get(name) is not None for name in _INSTEAD_OF_INPUT):
            return []
        case other:
            if "input" not in content:
                raise words.refuse(words.missing("input"))
            wanted = "a string" if other is None else "one of a string or array of input items"
            shown = {} if other is None else other  # null is "an object" here (recorded)
            raise words.refuse(words.invalid_type("input", wanted, shown))


def conversation_of(content: Json) -> str | None:
    """Find the id of the conversation that the request belongs to."""
    match content.get("conversation"):
        case None:
            return None
        case str() as identity:
            return identity
        case {"id": str() as identity}:
            return identity
        case other:
            raise words.refuse(words.invalid_type("conversation", "one of a string or object", other))  # inferred


def _resolved(items: list[Json], endpoint: Endpoint, memory: Memory) -> Iterator[Json]:
    for item in items:
        reference = _referred(item)
        if reference is None:
            yield item
        elif endpoint.restores:
            yield _find(reference, memory)


def _referred(item: Json) -> str | None:
    """Find the id that an item refers to. None: it is an item itself."""
    identity = item.get("id") if isinstance(item, dict) else None
    if not isinstance(identity, str):
        return None
    # The type of a reference may be missing (OpenAPI description, schema ItemReferenceParam).
    kind = item.get("type", "message" if "role" in item else None)
    return identity if kind is None or kind == "item_reference" else None


def _find(identity: str, memory: Memory) -> Json:
    """Recall an item: its id says what it belongs to."""
    origin = origin_of(identity)
    for key in (origin.response, origin.conversation):
        record = memory.get(key)
        if isinstance(record, dict):
            output = record["response"]["output"] if "response" in record else []
            for item in (*record["items"], *output):
                if item["id"] == identity:
                    return item
    raise missing("item", identity)


# ---------------------------------------------------------------- items as they are listed


def listed(items: list[Json], origin: Origin) -> list[Json]:
    """Write the items of a request in full, as they are listed later: with ids and in parts."""
    return [_listed(item, number, origin) for number, item in enumerate(items)]


def _listed(item: Json, number: int, origin: Origin) -> Json:
    kind = "message" if item.get("type") is None else item["type"]
    identity = item.get("id")
    head = {"id": identity if isinstance(identity, str) and identity else origin.item(kind, f"f{number:03x}")}
    if kind == "message":
        content = list(_content(item.get("content"), assistant=item["role"] == "assistant"))
        return {"status": "completed", **item, **head, "type": kind, "content": content}
    if kind in {"function_call", "function_call_output", "custom_tool_call", "custom_tool_call_output"}:
        return {"status": "completed", **item, **head}
    return {**item, **head}


def _content(content: Json, *, assistant: bool) -> Iterator[Json]:
    if content and isinstance(content, str):
        content = [{"type": "output_text" if assistant else "input_text", "text": content}]
    for part in content or []:
        match part:
            case {"type": "output_text"}:
                yield {"annotations": [], "logprobs": [], **part}
            case {"type": "input_image"}:
                yield {"detail": "auto", **part}  # "Defaults to auto"
            case _:
                yield part
