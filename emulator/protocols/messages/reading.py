"""Requests of the Messages API: read tolerantly, into the words that all protocols share."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final, Literal

from emulator import jsontext
from emulator.protocols.messages.errors import threads_unsupported
from emulator.protocols.messages.wording import A_LIST, A_STRING, AN_OBJECT, one_of, unreadable
from emulator.types import (
    Call,
    Endpoint,
    Failure,
    Json,
    Media,
    Memory,
    Page,
    Reasoning,
    Rejected,
    Request,
    Role,
    Stamp,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    Turn,
    conversation,
)

__all__ = ["count_tokens", "decode"]

# A message of the role system may stand in a conversation (types of the SDKs: SystemMessageParam, anthropic 2.11).
_ROLES: Final[dict[str, Role]] = {"user": "user", "assistant": "assistant", "system": "system"}

_MEDIA: Final[dict[str, Literal["image", "file"]]] = {"image": "image", "document": "file"}

# Tools that the client runs: its own, and those of Anthropic's design, which have no schema. What the server runs by
# itself, such as web_search_20260318, is no function that the request offers (types of the SDKs, tool_union_param).
_FUNCTIONS: Final = ("custom", "bash_", "text_editor_", "computer_", "memory_")

_written: Final = json.JSONEncoder(ensure_ascii=False).encode

_CHOICES: Final = {"auto": "auto", "any": "required", "none": "none"}


def decode(call: Call, endpoint: Endpoint, memory: Memory) -> Request:  # noqa: ARG001 - nothing is referred to
    """Read a request. What is not there or not understood is left to the rules; what can't be read is rejected."""
    return _read(call, endpoint)


def count_tokens(call: Call, endpoint: Endpoint, memory: Memory, stamp: Stamp) -> Page:  # noqa: ARG001 - a page's form
    """Count what a request would cost: the same estimate as in the usage of its answer."""
    return Page(200, {"input_tokens": _read(call, endpoint).input_tokens})


def _read(call: Call, endpoint: Endpoint) -> Request:
    try:
        content = jsontext.loads_object(call.body)
    except ValueError as error:
        raise Rejected(Failure("malformed_body", str(error))) from None
    if content.get("thread") is not None:
        raise Rejected(threads_unsupported())
    tools = tuple(_tools(content.get("tools")))
    return Request(
        call=call,
        endpoint=endpoint,
        body=content,
        model=_model(content, endpoint),
        turns=conversation([*_system(content.get("system")), *_turns(content.get("messages"))]),
        tools=tools,
        tool_choice=_tool_choice(content.get("tool_choice"), offered=bool(tools)),
        stream=content.get("stream") is True,
        reasoning=_asks_for_reasoning(content.get("thinking")),
        schema=_schema(content),
    )


def _model(content: Json, endpoint: Endpoint) -> str:
    if endpoint.model is not None:
        return endpoint.model
    match content.get("model"):
        case str() as model if model:
            return model
        case None | "":
            raise Rejected(Failure("missing_model"))
        case other:
            raise unreadable("model", other, A_STRING)


# ---------------------------------------------------------------- the conversation


def _system(system: Json) -> Iterator[Turn]:
    return _pieces("system", system, "system", {})


def _turns(messages: Json) -> Iterator[Turn]:
    if not isinstance(messages, list):
        raise unreadable("messages", messages, A_LIST)
    names: dict[str, str] = {}
    for number, message in enumerate(messages):
        if not isinstance(message, dict):
            raise unreadable(f"messages.{number}", message, AN_OBJECT)
        name = message.get("role")
        if not isinstance(name, str) or name not in _ROLES:
            raise unreadable(f"messages.{number}.role", name, one_of(("user", "assistant")))  # recorded
        role = _ROLES[name]
        pieces = list(_pieces(role, message.get("content"), f"messages.{number}.content", names))
        for piece in pieces:
            for part in piece.parts:
                if isinstance(part, ToolCall):
                    names[part.id] = part.name
        yield from pieces or [Turn(role, ())]


def _pieces(role: Role, content: Json, where: str, names: dict[str, str]) -> Iterator[Turn]:
    """Give what a message says, block by block: a tool result is a turn of its own, everything else is the role's."""
    match content:
        case None | "":
            return
        case str():
            yield Turn(role, (Text(content),))
        case list():
            for number, block in enumerate(content):
                if not isinstance(block, dict):
                    raise unreadable(f"{where}.{number}", block, AN_OBJECT)
                if block.get("type") == "tool_result":
                    yield Turn("tool", tuple(_tool_result(block, f"{where}.{number}.tool_result", names)))
                elif parts := _block(block, where, number):
                    yield Turn(role, parts)
        case _:
            raise unreadable(where, content, A_LIST)


def _block(block: Json, where: str, number: int) -> tuple[Text | Reasoning | ToolCall | Media, ...]:
    """Read a block. Those that are not known, and thinking that nobody can read (redacted_thinking), say nothing."""
    match block:
        case {"type": "text", "text": str() as text}:
            return (Text(text),)
        case {"type": "thinking", "thinking": str() as text}:
            signature = block.get("signature")
            return (Reasoning(text, signature=signature if isinstance(signature, str) else ""),)
        case {"type": "tool_use"}:
            return (_tool_call(block, f"{where}.{number}.tool_use"),)
        case {"type": "image" | "document" as kind}:
            return (Media(_MEDIA[kind], _source(block.get("source"))),)
        case {"type": "search_result", "content": list() as inner}:
            return tuple(Text(text) for text in _texts(inner))
        case _:
            return ()


def _tool_call(block: Json, where: str) -> ToolCall:
    match block:
        case {"id": str() as identity, "name": str() as name}:
            return ToolCall(name, _arguments(block.get("input")), id=identity)
        case {"id": str()}:
            raise unreadable(f"{where}.name", block.get("name"), A_STRING)
        case _:
            raise unreadable(f"{where}.id", block.get("id"), A_STRING)


def _arguments(value: Json) -> str:
    """Write the input as scenarios write arguments, so that a call that comes back is the call that went out."""
    if isinstance(value, str):
        return value
    return _written({} if value is None else value)


def _tool_result(block: Json, where: str, names: dict[str, str]) -> Iterator[ToolResult | Media]:
    """Read a result, and the pictures and documents in it."""
    identity, content = block.get("tool_use_id"), block.get("content")
    identity = identity if isinstance(identity, str) else ""
    name = names.get(identity, "")
    if isinstance(content, str):
        yield ToolResult(identity, name, content)
        return
    parts = [part for piece in _pieces("tool", content, f"{where}.content", {}) for part in piece.parts]
    yield ToolResult(identity, name, "".join([part.text for part in parts if isinstance(part, Text)]))
    yield from (part for part in parts if isinstance(part, Media))


def _source(source: Json) -> str:
    match source:
        case {"type": "base64", "data": str() as data}:
            # As a data URL: the same picture is the same value in every protocol.
            return f"data:{source.get('media_type', '')};base64,{data}"
        case {"type": "url", "url": str() as value} | {"type": "file", "file_id": str() as value}:
            return value
        case {"type": "text", "data": str() as value} | {"type": "content", "content": str() as value}:
            return value
        case {"type": "content", "content": list() as blocks}:
            return "".join(_texts(blocks))
        case _:
            return ""


def _texts(blocks: list[Json]) -> Iterator[str]:
    for block in blocks:
        match block:
            case {"type": "text", "text": str() as text}:
                yield text


# ---------------------------------------------------------------- what is asked for


def _tools(tools: Json) -> Iterator[Tool]:
    if tools is None:
        return
    if not isinstance(tools, list):
        raise unreadable("tools", tools, A_LIST)
    for number, tool in enumerate(tools):
        match tool:
            case {"name": str() as name}:
                kind = tool.get("type") or "custom"
                if isinstance(kind, str) and kind.startswith(_FUNCTIONS):
                    yield Tool(name, tool.get("input_schema"))
            case dict():
                continue  # a tool set, such as that of an MCP server
            case _:
                raise unreadable(f"tools.{number}", tool, AN_OBJECT)


def _tool_choice(choice: Json, *, offered: bool) -> str:
    match choice:
        case {"type": "tool", "name": str() as name}:
            return name
        case {"type": "auto" | "any" | "none" as kind}:
            return _CHOICES[kind]
        case _:  # "auto … is the default value when tools are provided" – tool-use guide (2026-11-20)
            return "auto" if offered else "none"


def _asks_for_reasoning(thinking: Json) -> bool:
    match thinking:
        case {"type": "enabled" | "adaptive" | "between_tools"}:
            return True
        case _:
            return False


def _schema(content: Json) -> Json:
    """Find the schema: in output_config, or where the beta of 2025 had it."""
    match content:
        case {"output_config": {"format": {"type": "json_schema", "schema": schema}}}:
            return schema
        case {"output_format": {"type": "json_schema", "schema": schema}}:
            return schema
        case _:
            return None
