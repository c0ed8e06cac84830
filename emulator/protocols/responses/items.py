"""The items of an output: messages, function calls, custom tool calls, reasoning.

An item is written twice: as a stream opens it, and whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Final, NamedTuple

from emulator.types import Completion, Finish, Json, Part, Reasoning, Refusal, Request, Stamp, Text, ToolCall

__all__ = ["CUT_SHORT", "PREFIXES", "Item", "Origin", "origin_of", "output"]

CUT_SHORT: Final[dict[Finish, str]] = {"length": "max_output_tokens", "content_filter": "content_filter"}
"""The reasons why a response is incomplete (OpenAPI description, schema Response; the other two are not of HTTP)."""

PREFIXES: Final = {
    "message": "msg",
    "function_call": "fc",
    "custom_tool_call": "ctc",
    "reasoning": "rs",
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


@dataclass(frozen=True, slots=True)
class Item:
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
    groups = list(_groups(done.parts))
    custom = _custom_tools(request.body)
    items = []
    for index, parts in enumerate(groups):
        # Only the last one is not whole – recorded traffic (2026-11)
        cut = done.finish in CUT_SHORT and index == len(groups) - 1
        kind, fields, empty = _written(parts, request, stamp, index)
        if kind == "function_call" and fields["name"] in custom:
            kind, fields, empty = _as_custom(fields)
        head = {"id": Origin.made(stamp).item(kind, f"{index:03x}"), "type": kind}
        if kind == "reasoning":  # has no status – recorded traffic (2026-11)
            items.append(Item(index, parts, {**head, **fields, **empty}, {**head, **fields}))
            continue
        opened = {**head, "status": "in_progress", **fields, **empty}
        items.append(Item(index, parts, opened, {**head, "status": "incomplete" if cut else "completed", **fields}))
    return items


def _groups(parts: tuple[Part, ...]) -> Iterator[tuple[Part, ...]]:
    for said, group in groupby(parts, lambda part: isinstance(part, Text | Refusal)):
        if said:
            yield tuple(group)
        else:
            yield from ((part,) for part in group if isinstance(part, Reasoning | ToolCall))


_Written = tuple[str, dict[str, Json], dict[str, Json]]
"""The type of an item, its fields, and those of them that are empty at first."""


def _written(parts: tuple[Part, ...], request: Request, stamp: Stamp, index: int) -> _Written:
    match parts[0]:
        case ToolCall() as call:
            fields = {
                "call_id": call.id or f"call_{stamp.hex(f'call/{index}', 24)}",
                "name": call.name,
                "arguments": call.arguments,
            }
            return "function_call", fields, {"arguments": ""}
        case Reasoning() as thinking:
            summary = [{"type": "summary_text", "text": thinking.text}] if thinking.text else []
            return "reasoning", {"summary": summary, **_encrypted(thinking, request, stamp, index)}, {"summary": []}
        case _:
            content = [_content_part(part) for part in parts if isinstance(part, Text | Refusal)]
            return "message", {"role": "assistant", "content": content}, {"content": []}


def _content_part(part: Text | Refusal) -> Json:
    if isinstance(part, Refusal):
        return {"type": "refusal", "refusal": part.text}
    return {"type": "output_text", "annotations": [], "logprobs": [], "text": part.text}


def _encrypted(thinking: Reasoning, request: Request, stamp: Stamp, index: int) -> dict[str, Json]:
    """The thinking for servers that keep nothing, where the scenario or the client asks for it."""
    include = request.body.get("include")
    if thinking.signature:
        return {"encrypted_content": thinking.signature}
    if isinstance(include, list) and "reasoning.encrypted_content" in include:
        return {"encrypted_content": f"gAAAAA{stamp.hex(f'encrypted/{index}', 64)}"}
    return {}


def _custom_tools(content: Json) -> set[str]:
    tools = content.get("tools") or []
    return {tool["name"] for tool in tools if tool.get("type") == "custom"}


def _as_custom(call: dict[str, Json]) -> _Written:
    """A call of a tool that takes free text: the arguments are the text."""
    fields = {"call_id": call["call_id"], "name": call["name"], "input": call["arguments"]}
    return "custom_tool_call", fields, {"input": ""}
