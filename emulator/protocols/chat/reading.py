"""Reading chat requests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from emulator import jsontext
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
    Role,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    Turn,
    conversation,
)

__all__ = ["decode"]

_MOST_CHOICES: Final = 128
"""`n` is between 1 and 128 – API reference, chat/create (2026-11-20)."""

_ROLES: Final[dict[str, Role]] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
    "function": "tool",
}
_ROLES_AS_LISTED: Final = ("system", "assistant", "user", "function", "tool", "developer")
"""In the order in which the service lists them (recorded)."""

_MEDIA: Final[dict[str, Literal["image", "audio", "video", "file"]]] = {
    "image_url": "image",
    "video_url": "video",
    "input_audio": "audio",
    "file": "file",
    "file_url": "file",
}


def decode(call: Call, endpoint: Endpoint, memory: Memory) -> Request:  # noqa: ARG001 - nothing is referred to
    """Read a chat request. What is not there or not understood is left to the rules; what can't be read is rejected."""
    try:
        content = jsontext.loads_object(call.body)
    except ValueError as error:
        raise Rejected(Failure("malformed_body", str(error))) from None
    tools = tuple(_tools(content.get("tools")))
    return Request(
        call=call,
        endpoint=endpoint,
        body=content,
        model=_model(content, endpoint),
        turns=conversation(_turns(content.get("messages"))),
        tools=tools,
        tool_choice=_tool_choice(content.get("tool_choice"), offered=bool(tools)),
        stream=content.get("stream") is True,
        reasoning=_asks_for_reasoning(content),
        schema=_schema(content.get("response_format")),
        count=_count(content.get("n")),
    )


def _count(n: Json) -> int:
    return n if isinstance(n, int) and 1 <= n <= _MOST_CHOICES else 1


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


def _turns(messages: Json) -> Iterator[Turn]:
    if messages is None:
        raise words.refuse(words.missing("messages"))
    if not isinstance(messages, list):
        raise words.refuse(words.invalid_type("messages", "an array of objects", messages))
    names: dict[str, str] = {}
    for number, message in enumerate(messages):
        if not isinstance(message, dict):
            raise words.refuse(words.invalid_type(f"messages[{number}]", "an object", message))
        role = _role(message.get("role"), number)
        # Clients of Cloudsway also send a result in the user's name (field).
        match "tool" if isinstance(message.get("tool_call_id"), str) else role:
            case "tool":
                yield Turn("tool", (_tool_result(message, names, number),))
            case "assistant":
                parts = tuple(_assistant_parts(message, number))
                for part in parts:
                    if isinstance(part, ToolCall):
                        names[part.id] = part.name
                yield Turn("assistant", parts)
            case turn:
                yield Turn(turn, _content(message.get("content"), number))


def _role(role: Json, number: int) -> Role:
    if isinstance(role, str) and (known := _ROLES.get(role)):
        return known
    where = f"messages[{number}].role"
    if isinstance(role, str):
        raise words.refuse(words.invalid_value(where, role, _ROLES_AS_LISTED))
    if role is None:
        raise words.refuse(words.missing(where))
    raise words.refuse(words.invalid_type(where, f"one of {words.choices(_ROLES_AS_LISTED, 'or')}", role))


def _assistant_parts(message: Json, number: int) -> Iterator[Part]:
    match message.get("reasoning_content"):
        case str() as thinking if thinking:
            yield Reasoning(thinking)
    yield from _content(message.get("content"), number)
    calls = message.get("tool_calls") or []
    if not isinstance(calls, list):
        raise words.refuse(words.invalid_type(f"messages[{number}].tool_calls", "an array of objects", calls))
    for place, call in enumerate(calls):
        match call:
            case {"function": {"name": str() as name} as function}:
                yield ToolCall(name, _text(function.get("arguments")), _text(call.get("id")))
            case {"custom": {"name": str() as name} as custom}:
                yield ToolCall(name, _text(custom.get("input")), _text(call.get("id")), free=True)
            case _:
                raise words.refuse(_nameless(call, f"messages[{number}].tool_calls[{place}]"))
    match message.get("function_call"):  # deprecated in favour of tool_calls, and still sent
        case {"name": str() as name, "arguments": str() as arguments}:
            yield ToolCall(name, arguments)


def _nameless(call: Json, where: str) -> Breach:
    """What is wrong with a call whose name can't be read."""
    if not isinstance(call, dict):
        return words.invalid_type(where, "an object", call)
    kind = "custom" if call.get("type") == "custom" else "function"
    form = call.get(kind)
    if form is None:
        return words.missing(f"{where}.{kind}")
    if not isinstance(form, dict):
        return words.invalid_type(f"{where}.{kind}", "an object", form)
    name = form.get("name")
    return words.missing(f"{where}.{kind}.name") if name is None else _no_text(f"{where}.{kind}.name", name)


def _no_text(where: str, value: Json) -> Breach:
    return words.invalid_type(where, "a string", value)


def _tool_result(message: Json, names: dict[str, str], number: int) -> ToolResult:
    identity, content = _text(message.get("tool_call_id")), message.get("content")
    if not isinstance(content, str):
        content = "".join([part.text for part in _content(content, number) if isinstance(part, Text)])
    return ToolResult(identity, names.get(identity) or _text(message.get("name")), content)


def _content(content: Json, number: int) -> tuple[Text | Refusal | Media, ...]:
    """Read what message `number` says."""
    match content:
        case str():
            return (Text(content),) if content else ()
        case list():
            return tuple(_content_parts(content, number))
        case None:
            return ()
        case _:
            where, wanted = f"messages[{number}].content", "one of a string or array of objects"
            raise words.refuse(words.invalid_type(where, wanted, content))


def _content_parts(content: list[Json], number: int) -> Iterator[Text | Refusal | Media]:
    for place, item in enumerate(content):
        match item:
            case {"type": "text", "text": str() as text}:
                yield Text(text)
            case {"type": "refusal", "refusal": str() as text}:
                yield Refusal(text)
            case {"type": str() as kind} if kind in _MEDIA:
                source = _source(item.get(kind))
                # Video travels as image_url too: an .mp4 URL or data:video/… (seed 004, "Input Video").
                film = source.startswith("data:video/") or source.partition("?")[0].endswith(".mp4")
                yield Media("video" if kind == "image_url" and film else _MEDIA[kind], source)
            case dict():
                continue  # a kind of part that is not known
            case _:
                raise words.refuse(words.invalid_type(f"messages[{number}].content[{place}]", "an object", item))


def _source(value: Json) -> str:
    match value:
        case str():
            return value
        case dict():
            return next((value[key] for key in ("url", "data", "file_data", "file_id") if _is_text(value.get(key))), "")
        case _:
            return ""


def _is_text(value: Json) -> bool:
    return isinstance(value, str)


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""


def _tools(tools: Json) -> Iterator[Tool]:
    if tools is None:
        return
    if not isinstance(tools, list):
        raise words.refuse(words.invalid_type("tools", "an array of objects", tools))
    for number, tool in enumerate(tools):
        match tool:
            case {"function": {"name": str() as name} as function}:
                yield Tool(name, function.get("parameters"))
            case {"type": "custom", "custom": {"name": str() as name}}:
                yield Tool(name)
            case dict():
                continue  # a kind of tool that is no function
            case _:
                raise words.refuse(words.invalid_type(f"tools[{number}]", "an object", tool))


def _tool_choice(choice: Json, *, offered: bool) -> str:
    match choice:
        case {"function": {"name": str() as name}} | {"custom": {"name": str() as name}}:
            return name
        case str():
            return choice
        case _:  # "none is the default when no tools are present. auto is the default if tools are present."
            return "auto" if offered else "none"


def _asks_for_reasoning(content: Json) -> bool:
    match content.get("thinking"):
        case {"type": "enabled" | "adaptive"}:
            return True
    effort = content.get("reasoning_effort")
    return content.get("enable_thinking") is True or (isinstance(effort, str) and effort != "none")


def _schema(response_format: Json) -> Json:
    match response_format:
        case {"type": "json_schema", "json_schema": {"schema": schema}}:
            return schema
        case {"type": "json_object"}:
            return True
        case _:
            return None
