"""The blocks of a conversation, and its turns: found once for each request, for many rules look through them."""

from __future__ import annotations

from typing import NamedTuple

from emulator.types import Json, Request

__all__ = ["Block", "Said", "blocks", "turns"]


class Block(NamedTuple):
    """A block, and where it stands."""

    number: int
    """Its message's."""
    place: int
    role: str
    block: Json


class Said(NamedTuple):
    """A turn: what messages of one role say, one after the other."""

    number: int
    """The first message's."""
    role: str
    blocks: list[Block]


def blocks(request: Request) -> list[Block]:
    """Every block of the messages; a content that is a text has none."""
    kept = vars(request)
    found: list[Block] | None = kept.get("_messages_blocks")
    if found is None:
        found = kept["_messages_blocks"] = [
            Block(number, place, message["role"], block)
            for number, message in enumerate(request.body["messages"])
            if isinstance(message.get("content"), list)
            for place, block in enumerate(message["content"])
        ]
    return found


def turns(request: Request) -> list[Said]:
    """Every turn of the user and the assistant. None, where no call and no result is in any.

    "Consecutive user or assistant turns … will be combined into a single turn" – types of the SDKs (anthropic 2.11).
    """
    kept = vars(request)
    found: list[Said] | None = kept.get("_messages_turns")
    if found is None:
        found = kept["_messages_turns"] = _turns(request) if any(map(_is_of_tools, blocks(request))) else []
    return found


def _is_of_tools(block: Block) -> bool:
    return block.block.get("type") in ("tool_use", "tool_result")


def _turns(request: Request) -> list[Said]:
    found: list[Said] = []
    at = iter(blocks(request))
    block = next(at, None)
    for number, message in enumerate(request.body["messages"]):
        role = message["role"]
        if role != "system" and (not found or found[-1].role != role):
            found.append(Said(number, role, []))
        while block is not None and block.number == number:
            if role != "system":
                found[-1].blocks.append(block)
            block = next(at, None)
    return found
