"""Requests as the Responses API reads them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from emulator import jsontext
from emulator.protocols.responses.history import earlier, given
from emulator.refusals import words
from emulator.types import (
    Breach,
    Call,
    Endpoint,
    Failure,
    Json,
    Media,
    Memory,
    Part,
    Reasoning,
    Refusal,
    Rejected,
    Request,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    Turn,
    conversation,
)

__all__ = ["ITEMS", "content_of", "decode", "turns"]

_ROLES: Final[dict[str, Literal["system", "user", "assistant"]]] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
}

_ROLES_AS_LISTED: Final = ("assistant", "system", "developer", "user")
# fmt: off
ITEMS: Final = (
    "additional_tools", "agent_message", "apply_patch_call", "apply_patch_call_output", "code_interpreter_call",
    "compaction", "compaction_trigger", "computer_call", "computer_call_output", "custom_tool_call",
    "custom_tool_call_output", "file_search_call", "function_call", "function_call_output", "image_generation_call",
    "item_reference", "local_shell_call", "local_shell_call_output", "mcp_approval_request", "mcp_approval_response",
    "mcp_call", "mcp_list_tools", "message", "multi_agent_call", "multi_agent_call_output", "program",
    "program_output", "reasoning", "shell_call", "shell_call_output", "tool_search_call", "tool_search_output",
    "web_search_call",
)
# fmt: on
"""The types of items, as the service lists them where it is given another (recorded: see emulator/refusals)."""

_SOURCES: Final = ("image_url", "file_url", "data", "file_data", "file_id")

_MEDIA: Final[dict[str, Literal["image", "audio", "file"]]] = {
    "input_image": "image",
    "input_audio": "audio",
    "input_file": "file",
}


def decode(call: Call, endpoint: Endpoint, memory: Memory) -> Request:
    """Read a request, and the conversation that it continues.

    What is not there or not understood is left to the rules; what can't be read is rejected.
    """
    content = content_of(call)
    if content.get("background") is True and content.get("store") is False:
        # "Background sampling requires store=true" – https://platform.openai.com/docs/guides/background (2026-11-20)
        raise Rejected(Failure("invalid_request", "background: the response has to be stored, and store is false"))
    tools = tuple(_tools(content.get("tools")))
    return Request(
        call=call,
        endpoint=endpoint,
        body=content,
        model=_model(content, endpoint),
        turns=conversation(_conversation(content, endpoint, memory)),
        tools=tools,
        tool_choice=_tool_choice(content.get("tool_choice"), offered=bool(tools)),
        stream=content.get("stream") is True,
        reasoning=_asks_for_reasoning(content.get("reasoning")),
        schema=_schema(content.get("text")),
    )


def content_of(call: Call) -> dict[str, Json]:
    """Read the body of a call, which is an object. Raises Rejected."""
    try:
        return jsontext.loads_object(call.body)
    except ValueError as error:
        raise Rejected(Failure("malformed_body", str(error))) from None


def turns(items: list[Json], where: str) -> tuple[Turn, ...]:
    """Read items. Raises Rejected with a sentence that calls them by `where` they are."""
    return conversation(_turns(items, where, {}))


def _conversation(content: Json, endpoint: Endpoint, memory: Memory) -> Iterator[Turn]:
    """Read instructions, what went before, and what is new."""
    names: dict[str, str] = {}
    # "The instructions from a previous response will not be carried over" – API reference (2026-11-20)
    yield from _instructions(content.get("instructions"), names)
    yield from _turns(earlier(content, endpoint, memory), "earlier", names)
    yield from _turns(given(content, endpoint, memory), "input", names)


def _model(content: Json, endpoint: Endpoint) -> str:
    if endpoint.model is not None:
        return endpoint.model
    match content.get("model"):
        case str() as model if model:
            return model
        case None | "":
            raise Rejected(Failure("missing_model"))
        case other:
            raise words.refuse(words.invalid_type("model", "a string", other))


def _instructions(instructions: Json, names: dict[str, str]) -> Iterator[Turn]:
    match instructions:
        case None | "":
            return
        case str():
            yield Turn("system", (Text(instructions),))
        case list():
            yield from _turns(instructions, "instructions", names)
        case other:
            raise words.refuse(words.invalid_type("instructions", "a string", other))


# ---------------------------------------------------------------- items


def _turns(items: list[Json], where: str, names: dict[str, str]) -> Iterator[Turn]:
    """Read items. `names` are those of the functions called, by call id; it is added to."""
    for number, item in enumerate(items):
        place = f"{where}[{number}]"
        if not isinstance(item, dict):
            raise words.refuse(words.invalid_type(place, "an input item", item))
        match item.get("type"):
            case None | "message":
                yield _message(item, place)
            case "function_call" | "custom_tool_call":
                call = _tool_call(item, place)
                names[call.id] = call.name
                yield Turn("assistant", (call,))
            case "function_call_output" | "custom_tool_call_output":
                yield Turn("tool", (_tool_result(item, names, place),))
            case "reasoning":
                if (thinking := _reasoning(item)) is not None:
                    yield Turn("assistant", (thinking,))
            case str():
                continue  # a kind of item that nothing is asked about
            case _:
                raise words.refuse(words.invalid_value(place, "", ITEMS))


def _message(item: Json, where: str) -> Turn:
    role = item.get("role")
    if not isinstance(role, str) or role not in _ROLES:
        raise words.refuse(words.invalid_value(where, role if isinstance(role, str) else "", _ROLES_AS_LISTED))
    return Turn(_ROLES[role], _content(item, "content", where))


def _content(item: Json, field: str, where: str) -> tuple[Part, ...]:
    """Read what a field of an item says."""
    match item.get(field):
        case str() as text:
            return (Text(text),) if text else ()
        case list() as parts:
            return tuple(_content_parts(parts, f"{where}.{field}"))
        case None:
            return ()
        case other:
            wanted = "one of a string or array of objects"
            raise words.refuse(words.invalid_type(f"{where}.{field}", wanted, other))


def _content_parts(content: list[Json], where: str) -> Iterator[Part]:
    for number, part in enumerate(content):
        match part:
            # The kinds `text` and `summary_text` are of conversation items (OpenAPI description, schema Message).
            case {"type": "input_text" | "output_text" | "text" | "summary_text", "text": str() as text}:
                yield Text(text)
            case {"type": "refusal", "refusal": str() as text}:
                yield Refusal(text)
            case {"type": "input_image" | "input_audio" | "input_file" as form}:
                source = _source(part.get(form) if isinstance(part.get(form), dict) else part)
                # Video travels as an image too: an .mp4 URL or data:video/… (seed 004, "Input Video").
                film = source.startswith("data:video/") or source.partition("?")[0].endswith(".mp4")
                yield Media("video" if form == "input_image" and film else _MEDIA[form], source)
            case dict():
                continue  # a kind of part that is not known
            case _:
                raise words.refuse(words.invalid_type(f"{where}[{number}]", "an object", part))


def _source(part: Json) -> str:
    return next((part[name] for name in _SOURCES if isinstance(part.get(name), str)), "")


def _tool_call(item: Json, where: str) -> ToolCall:
    match item.get("name"):
        case str() as name:
            arguments, free = item.get("arguments", item.get("input")), item["type"] == "custom_tool_call"
            return ToolCall(name, _text(arguments), _text(item.get("call_id")), free=free)
        case other:
            raise words.refuse(_nameless(other, f"{where}.name"))


def _nameless(name: Json, where: str) -> Breach:
    return words.missing(where) if name is None else words.invalid_type(where, "a string", name)


def _tool_result(item: Json, names: dict[str, str], where: str) -> ToolResult:
    identity, output = _text(item.get("call_id")), item.get("output")
    if not isinstance(output, str):
        output = "".join([part.text for part in _content(item, "output", where) if isinstance(part, Text)])
    return ToolResult(identity, names.get(identity) or _text(item.get("name")), output)


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""


def _reasoning(item: Json) -> Reasoning | None:
    """Read the summary, else the raw thinking. None: there is neither, nor a signature."""
    signature = item.get("encrypted_content")
    for field in ("summary", "content"):
        parts = item.get(field)
        if isinstance(parts, list) and parts:
            texts = [part["text"] for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str)]
            return Reasoning("\n".join(texts), signature=signature if isinstance(signature, str) else "")
    return Reasoning("", signature=signature) if isinstance(signature, str) and signature else None


# ---------------------------------------------------------------- what is asked for


def _tools(tools: Json) -> Iterator[Tool]:
    if tools is None:
        return
    if not isinstance(tools, list):
        raise words.refuse(words.invalid_type("tools", "an array of tools", tools))
    for number, tool in enumerate(tools):
        match tool:
            case {"type": "function" | "custom", "name": str() as name}:
                yield Tool(name, tool.get("parameters"))
            case {"type": "function" | "custom"}:
                # The tools of chat, whose name is one level deeper, are refused (recorded).
                raise words.refuse(_nameless(tool.get("name"), f"tools[{number}].name"))
            case dict():
                continue  # a kind of tool that the service itself runs
            case _:
                raise words.refuse(words.invalid_type(f"tools[{number}]", "an object", tool))


def _tool_choice(choice: Json, *, offered: bool) -> str:
    match choice:
        case {"type": "allowed_tools", "mode": str() as mode}:
            return mode
        case {"name": str() as name}:
            return name
        case str():
            return choice
        case _:
            return "auto" if offered else "none"


def _asks_for_reasoning(reasoning: Json) -> bool:
    match reasoning:
        case {"effort": str() as effort}:
            return effort != "none"
        case {"summary": str()}:
            return True
        case _:
            return False


def _schema(text: Json) -> Json:
    match text:
        case {"format": {"type": "json_schema", "schema": schema}}:
            return schema
        case {"format": {"type": "json_object"}}:
            return True
        case _:
            return None
