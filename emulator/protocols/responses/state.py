"""The operations beside generating: pages on stored responses, conversations and counts of tokens."""

from __future__ import annotations

import re
from typing import Final

from msgspec.structs import replace

from emulator import jsontext
from emulator.protocols.responses.history import given, listed, stored
from emulator.protocols.responses.items import Origin
from emulator.protocols.responses.reading import content_of, decode, turns
from emulator.protocols.responses.writing import usage
from emulator.types import Call, Completion, Endpoint, Failure, Json, Memory, Page, Rejected, Stamp, Text

__all__ = [
    "cancel",
    "compact",
    "create_conversation",
    "delete",
    "input_items",
    "input_tokens",
    "retrieve",
    "retrieve_conversation",
]

_LIMIT: Final = 20
_MOST: Final = 100
""" "Limit can range between 1 and 100, and the default is 20." – API reference, responses/input-items (2026-11-20)"""


def retrieve(call: Call, endpoint: Endpoint, memory: Memory, stamp: Stamp) -> Page:  # noqa: ARG001 - a page
    """Show a stored response; one made in the background is there when it is asked for."""
    record = stored("response", endpoint.item, memory)
    if call.query.get("stream") == "true":
        return _replay(record["events"], call.query.get("starting_after", "-1"))
    if record["pending"]:
        memory.put(endpoint.item, {**record, "pending": False})
    return Page(200, record["response"])


def delete(call: Call, endpoint: Endpoint, memory: Memory, stamp: Stamp) -> Page:  # noqa: ARG001 - a page
    """Forget a stored response (API reference, responses/delete, 2026-11-20)."""
    stored("response", endpoint.item, memory)
    memory.drop(endpoint.item)
    return Page(200, {"id": endpoint.item, "object": "response", "deleted": True})


def cancel(call: Call, endpoint: Endpoint, memory: Memory, stamp: Stamp) -> Page:  # noqa: ARG001 - a page
    """Cancel a response that is made in the background and not seen yet; afterwards it is as it is."""
    record = stored("response", endpoint.item, memory)
    response = record["response"]
    if response["background"] is not True:
        # "Only responses created with the background parameter set to true can be cancelled" – API reference,
        # responses/cancel (2026-11-20); the words are inferred.
        raise Rejected(Failure("invalid_request", "Cannot cancel a synchronous response."))
    if record["pending"]:
        response = {**response, "status": "cancelled", "completed_at": None, "output": [], "usage": None}
        memory.put(endpoint.item, {**record, "response": response, "pending": False})
    return Page(200, response)


def input_items(call: Call, endpoint: Endpoint, memory: Memory, stamp: Stamp) -> Page:  # noqa: ARG001 - a page
    """List what a response answers: everything that was said before, the newest first unless asked otherwise."""
    items = list(stored("response", endpoint.item, memory)["items"])
    order = call.query.get("order", "desc")
    if order not in {"asc", "desc"}:
        raise Rejected.unreadable("order", order, "asc or desc")
    if order == "desc":
        items.reverse()
    if after := call.query.get("after"):
        ids = [item["id"] for item in items]
        items = items[ids.index(after) + 1 :] if after in ids else []
    limit = _limit(call)
    shown = items[:limit]
    return Page(
        200,
        {
            "object": "list",
            "data": shown,
            "first_id": shown[0]["id"] if shown else None,
            "last_id": shown[-1]["id"] if shown else None,
            "has_more": len(items) > limit,
        },
    )


def input_tokens(call: Call, endpoint: Endpoint, memory: Memory, stamp: Stamp) -> Page:  # noqa: ARG001 - a page
    """Count the tokens of a request, as the usage of its answer will; no model need be named."""
    request = decode(call, replace(endpoint, model=""), memory)
    return Page(200, {"object": "response.input_tokens", "input_tokens": request.input_tokens})


def compact(call: Call, endpoint: Endpoint, memory: Memory, stamp: Stamp) -> Page:
    """Shorten a conversation: "all user messages, followed by a single compaction item" (API reference, 2026-11-20)."""
    request = decode(call, endpoint, memory)
    origin = Origin.made(stamp)
    said = [turn for turn in request.turns if turn.role == "user"]
    users: list[Json] = [{"type": "message", "role": "user", "content": turn.text} for turn in said]
    sealed = f"gAAAAA{stamp.hex('compaction', 64)}"
    compaction = {"id": origin.item("compaction", "000"), "type": "compaction", "encrypted_content": sealed}
    return Page(
        200,
        {
            "id": origin.response,
            "object": "response.compaction",
            "created_at": stamp.created,
            "output": [*listed(users, origin), compaction],
            "usage": usage(Completion((Text(sealed),), "stop"), request),
        },
    )


def create_conversation(call: Call, endpoint: Endpoint, memory: Memory, stamp: Stamp) -> Page:
    """Begin a conversation, with items where the request has some (API reference, conversations/create, 2026-11-20)."""
    content = content_of(call) if call.body else {}
    items = content.get("items") or []
    if not isinstance(items, list):
        raise Rejected.unreadable("items", items, "a list")
    items = given({"input": items}, endpoint, memory)
    turns(items, "items")  # refused where they can't be read
    origin = Origin.made(stamp)
    metadata = content.get("metadata") or {}
    made = {"id": origin.conversation, "object": "conversation", "created_at": stamp.created, "metadata": metadata}
    memory.put(origin.conversation, {"conversation": made, "items": listed(items, origin)}, len(call.body))
    return Page(200, made)


def retrieve_conversation(call: Call, endpoint: Endpoint, memory: Memory, stamp: Stamp) -> Page:  # noqa: ARG001 - a page
    """Show a conversation."""
    return Page(200, stored("conversation", endpoint.item, memory)["conversation"])


def _replay(events: list[Json], after: str) -> Page:
    """Send the events of a response once more, those after a sequence number."""
    if not events:
        # "You can only start a new stream from a background response if you created it with stream=true" –
        # https://platform.openai.com/docs/guides/background (2026-11-20); the words are ours.
        message = "stream: the response was not created with background and stream, and can't be streamed"
        raise Rejected(Failure("invalid_request", message))
    if not re.fullmatch("-1|[0-9]{1,9}", after):
        raise Rejected.unreadable("starting_after", after, "a sequence number")
    left = events[int(after) + 1 :]
    text = "".join(f"event: {event['type']}\ndata: {jsontext.dumps(event).decode()}\n\n" for event in left)
    return Page(200, text, {"content-type": "text/event-stream", "cache-control": "no-cache"})


def _limit(call: Call) -> int:
    asked = call.query.get("limit")
    if asked is None:
        return _LIMIT
    if re.fullmatch("[0-9]{1,3}", asked) and 1 <= int(asked) <= _MOST:
        return int(asked)
    raise Rejected.unreadable("limit", asked, f"a number from 1 to {_MOST}")
