"""The items of an output: messages, function calls, custom tool calls, reasoning, searches, images.

An item is written twice: as a stream opens it, and whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final, NamedTuple

from msgspec import Struct

from emulator.protocols.responses.texts import contents
from emulator.types import (
    Completion,
    Finish,
    Json,
    Media,
    Part,
    Reasoning,
    Refusal,
    Request,
    Search,
    Stamp,
    Text,
    ToolCall,
)

__all__ = ["CUT_SHORT", "PREFIXES", "Item", "Origin", "origin_of", "output"]

CUT_SHORT: Final[dict[Finish, str]] = {"length": "max_output_tokens", "content_filter": "content_filter"}
"""The reasons why a response is incomplete (OpenAPI description, schema Response; the other two are not of HTTP)."""

PREFIXES: Final = {
    "message": "msg",
    "function_call": "fc",
    "custom_tool_call": "ctc",
    "reasoning": "rs",
    "web_search_call": "ws",
    "image_generation_call": "ig",
    "compaction": "cmp",
    "function_call_output": "fco",  # inferred
    "custom_tool_call_output": "ctco",  # inferred
}
"""How the ids of the types of items begin – recorded traffic (2026-11)."""

_DIGITS: Final = 48
"""As the ids of recorded responses have them (2026-11)."""


class Origin(NamedTuple):
    """What an item belongs to. It is in the item's id, so that the item is found by its id alone."""

    digits: str

    @property
    def response(self) -> str:
        """The id of the response."""
        return f"resp_{self.digits}"

    @property
    def conversation(self) -> str:
        """The id of the conversation."""
        return f"conv_{self.digits}"

    def item(self, kind: str, suffix: str) -> str:
        """The id of an item of this type."""
        return f"{PREFIXES.get(kind, 'item')}_{self.digits}{suffix}"

    @classmethod
    def made(cls, stamp: Stamp) -> Origin:
        """The origin of what is made in this exchange."""
        return cls(stamp.hex("response", _DIGITS))


def origin_of(identity: str) -> Origin:
    """Find the origin of the item with this id."""
    return Origin(identity.partition("_")[2][:_DIGITS])


class Item(Struct, frozen=True):
    """One item of an output."""

    index: int
    parts: tuple[Part, ...]
    """Texts and refusals of one message, else a single part."""
    opened: Json
    """As it is when a stream adds it."""
    whole: Json

    @property
    def id(self) -> str:
        """The id of the item; a call has a call id beside it."""
        identity: str = self.whole["id"]
        return identity


def output(done: Completion, request: Request, stamp: Stamp) -> list[Item]:
    """Write the items of an answer, in the order of its parts; neighbouring texts are parts of one message."""
    groups = list(_groups(contents(done, request, stamp)))
    items = []
    for index, (parts, content) in enumerate(groups):
        # Only the last one is not whole – recorded traffic (2026-11)
        cut = done.finish in CUT_SHORT and index == len(groups) - 1
        kind, fields, first = _written(parts[0], content, request, stamp, index)
        head = {"id": Origin.made(stamp).item(kind, f"{index:03x}"), "type": kind}
        if kind == "reasoning":  # has no status – recorded traffic (2026-11)
            items.append(Item(index, parts, {**head, **first}, {**head, **fields}))
            continue
        opened = {**head, "status": "in_progress", **first}
        items.append(Item(index, parts, opened, {**head, "status": "incomplete" if cut else "completed", **fields}))
    return items


def _groups(written: Iterable[tuple[Part, Json]]) -> Iterator[tuple[tuple[Part, ...], list[Json]]]:
    """Group the parts that are one item, beside the content of a message. Parts that have no item are left out."""
    for said, group in groupby(written, lambda pair: isinstance(pair[0], Text | Refusal)):
        if said:
            parts, content = zip(*group, strict=True)
            yield parts, list(content)
        else:
            yield from (((part,), []) for part, _ in group if _is_item(part))


def _is_item(part: Part) -> bool:
    return isinstance(part, Reasoning | ToolCall | Search) or (isinstance(part, Media) and part.kind == "image")


_Written = tuple[str, dict[str, Json], dict[str, Json]]
"""The type of an item, its fields, and those that it has at first."""


def _written(part: Part, content: list[Json], request: Request, stamp: Stamp, index: int) -> _Written:
    """Write the item that begins with a part."""
    match part:
        case ToolCall():
            fields = {"call_id": part.id or f"call_{stamp.hex(f'call/{index}', 24)}", "name": part.name}
            if part.free or part.name in _custom_tools(request.body):  # the arguments are the text
                return "custom_tool_call", {**fields, "input": part.arguments}, {**fields, "input": ""}
            return "function_call", {**fields, "arguments": part.arguments}, {**fields, "arguments": ""}
        case Reasoning():
            summary = [{"type": "summary_text", "text": part.text}] if part.text else []
            sealed = _encrypted(part, request, stamp, index)
            return "reasoning", {"summary": summary, **sealed}, {"summary": [], **sealed}
        case Search():
            # `action` is required by the OpenAPI description, and its query is not; recordings without it exist.
            return "web_search_call", {"action": _search(part, request)}, {"action": {"type": "search"}}
        case Media():
            return "image_generation_call", {"result": part.source}, {"result": None}
        case _:
            return "message", {"role": "assistant", "content": content}, {"role": "assistant", "content": []}


def _search(part: Search, request: Request) -> Json:
    """Write what was searched for, and where that was found if it is asked for.

    "web_search_call.action.sources: Include the sources of the web search tool call." – API reference,
    responses/create, include (2026-11-20)
    """
    action: Json = {"type": "search", "query": part.query}
    if "web_search_call.action.sources" in _included(request):
        action["sources"] = [{"type": "url", "url": one.url} for one in part.results]
    return action


def _encrypted(thinking: Reasoning, request: Request, stamp: Stamp, index: int) -> dict[str, Json]:
    """The thinking for servers that keep nothing, where the scenario or the client asks for it."""
    if thinking.signature:
        return {"encrypted_content": thinking.signature}
    if "reasoning.encrypted_content" in _included(request):
        return {"encrypted_content": f"gAAAAA{stamp.hex(f'encrypted/{index}', 64)}"}
    return {}


def _included(request: Request) -> list[Json]:
    include = request.body.get("include")
    return include if isinstance(include, list) else []


def _custom_tools(content: Json) -> set[str]:
    tools = content.get("tools") or []
    return {tool["name"] for tool in tools if tool.get("type") == "custom"}
