"""OpenAI Chat Completions.

What is written here is what the API at its home sends (OpenAPI description of the OpenAI API, v2.3.0, and recorded
traffic of the official SDKs, 2026-11); gateways that send less take it away in their provider.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from emulator import jsontext
from emulator.types import (
    Call,
    Completion,
    Endpoint,
    Failure,
    Frame,
    Json,
    Media,
    Part,
    Reasoning,
    Rejected,
    Request,
    Stamp,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    Turn,
    conversation,
)

__all__ = ["NAME", "body", "decode", "failure", "frames"]

NAME: Final = "chat"

DONE: Final = Frame("[DONE]")
"""The end marker of a stream."""

_ROLES: Final[dict[str, Literal["system", "user", "assistant", "tool"]]] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
    "function": "tool",
}

_MEDIA: Final[dict[str, Literal["image", "audio", "video", "file"]]] = {
    "image_url": "image",
    "video_url": "video",
    "input_audio": "audio",
    "file": "file",
    "file_url": "file",
}

# (type, code) by error name – https://platform.openai.com/docs/guides/error-codes (2026-11-20), the rest inferred.
_ERROR_TYPES: Final[dict[str, tuple[str, str | None]]] = {
    "invalid_api_key": ("invalid_request_error", "invalid_api_key"),
    "missing_api_key": ("invalid_request_error", None),
    "model_not_found": ("invalid_request_error", "model_not_found"),
    "context_length_exceeded": ("invalid_request_error", "context_length_exceeded"),
    "content_filtered": ("invalid_request_error", "content_filter"),
    "rate_limited": ("requests", "rate_limit_exceeded"),
    "quota_exhausted": ("insufficient_quota", "insufficient_quota"),
    "overloaded": ("server_error", "overloaded"),
    "server_error": ("server_error", None),
    "bad_gateway": ("server_error", None),
    "timeout": ("server_error", "timeout"),
}


# ---------------------------------------------------------------- reading


def decode(call: Call, endpoint: Endpoint) -> Request:
    """Read a chat request. What is not there or not understood is left to the rules; what can't be read is rejected."""
    try:
        content = jsontext.loads(call.body)
    except ValueError as error:
        raise Rejected(Failure("malformed_body", str(error))) from None
    if not isinstance(content, dict):
        raise Rejected(Failure("malformed_body", f"the body is {_kind(content)}, not an object"))
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
            raise _unreadable("model", other, "a string")


def _turns(messages: Json) -> Iterator[Turn]:
    if not isinstance(messages, list):
        raise _unreadable("messages", messages, "a list")
    names: dict[str, str] = {}
    for number, message in enumerate(messages):
        where = f"messages[{number}]"
        if not isinstance(message, dict):
            raise _unreadable(where, message, "an object")
        role = message.get("role")
        if not isinstance(role, str) or role not in _ROLES:
            raise _unreadable(f"{where}.role", role, f"one of {', '.join(_ROLES)}")
        match _ROLES[role]:
            case "tool":
                yield Turn("tool", (_tool_result(message, names, where),))
            case "assistant":
                parts = tuple(_assistant_parts(message, where))
                names.update((part.id, part.name) for part in parts if isinstance(part, ToolCall))
                yield Turn("assistant", parts)
            case turn:
                yield Turn(turn, tuple(_content(message.get("content"), f"{where}.content")))


def _assistant_parts(message: Json, where: str) -> Iterator[Part]:
    match message.get("reasoning_content"):
        case str() as thinking if thinking:
            yield Reasoning(thinking)
    yield from _content(message.get("content"), f"{where}.content")
    calls = message.get("tool_calls") or []
    if not isinstance(calls, list):
        raise _unreadable(f"{where}.tool_calls", calls, "a list")
    for number, call in enumerate(calls):
        match call:
            case {"function": {"name": str() as name} as function}:
                arguments, identity = function.get("arguments"), call.get("id")
                yield ToolCall(
                    name,
                    arguments if isinstance(arguments, str) else "",
                    id=identity if isinstance(identity, str) else "",
                )
            case _:
                raise _unreadable(f"{where}.tool_calls[{number}]", call, "an object with a function and its name")
    match message.get("function_call"):  # deprecated in favour of tool_calls, and still sent
        case {"name": str() as name, "arguments": str() as arguments}:
            yield ToolCall(name, arguments)


def _tool_result(message: Json, names: dict[str, str], where: str) -> ToolResult:
    identity, name = message.get("tool_call_id"), message.get("name")
    text = "".join(part.text for part in _content(message.get("content"), f"{where}.content") if isinstance(part, Text))
    identity = identity if isinstance(identity, str) else ""
    return ToolResult(identity, names.get(identity) or (name if isinstance(name, str) else ""), text)


def _content(content: Json, where: str) -> Iterator[Text | Media]:
    match content:
        case None | "":
            return
        case str():
            yield Text(content)
        case list():
            for number, item in enumerate(content):
                if not isinstance(item, dict):
                    raise _unreadable(f"{where}[{number}]", item, "an object")
                yield from _content_part(item)
        case _:
            raise _unreadable(where, content, "a string or a list")


def _content_part(item: Json) -> Iterator[Text | Media]:
    kind = item.get("type")
    match item:
        case {"type": "text", "text": str() as text} | {"type": "refusal", "refusal": str() as text}:
            yield Text(text)
        case {"type": str()} if kind in _MEDIA:
            source = _source(item.get(kind))
            # Video travels as image_url too: an .mp4 URL or data:video/… (seed 004, "Input Video").
            film = source.startswith("data:video/") or source.partition("?")[0].endswith(".mp4")
            yield Media("video" if kind == "image_url" and film else _MEDIA[kind], source)


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


def _tools(tools: Json) -> Iterator[Tool]:
    if tools is None:
        return
    if not isinstance(tools, list):
        raise _unreadable("tools", tools, "a list")
    for number, tool in enumerate(tools):
        match tool:
            case {"function": {"name": str() as name} as function}:
                yield Tool(name, function.get("parameters"))
            case dict():
                continue  # a kind of tool that is no function
            case _:
                raise _unreadable(f"tools[{number}]", tool, "an object")


def _tool_choice(choice: Json, *, offered: bool) -> str:
    match choice:
        case {"function": {"name": str() as name}}:
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


def _unreadable(where: str, came: Json, wanted: str) -> Rejected:
    return Rejected(Failure("invalid_request", f"{where}: {_kind(came)} came, {wanted} is wanted"))


def _kind(value: Json) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return f"'{value[:40]}'"
        case list():
            return "a list"
        case _:
            return "an object"


# ---------------------------------------------------------------- writing


def body(done: Completion, request: Request, stamp: Stamp) -> Json:
    """Write a whole answer."""
    text = "".join(part.text for part in done.parts if isinstance(part, Text))
    thinking = "".join(part.text for part in done.parts if isinstance(part, Reasoning))
    calls = [part for part in done.parts if isinstance(part, ToolCall)]
    message: dict[str, Json] = {"role": "assistant", "content": text if text or not calls else None}
    if thinking:
        message["reasoning_content"] = (
            thinking  # the dialect of DeepSeek and vLLM; OpenAI itself shows no reasoning here
        )
    if calls:
        message["tool_calls"] = [_tool_call(call, number, call.arguments, stamp) for number, call in enumerate(calls)]
    message |= {"refusal": None, "annotations": []}
    return {
        **_head("chat.completion", done, request, stamp),
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": done.finish}],
        "usage": _usage(done, request),
    }


def frames(done: Completion, request: Request, stamp: Stamp) -> Iterator[Frame]:
    """Write the same answer as a stream.

    "An additional chunk will be streamed before the data: [DONE] message … All other chunks will also include a
    usage field, but with a null value." – API reference, stream_options.include_usage (2026-11-20)
    """
    options = request.body.get("stream_options")
    with_usage = isinstance(options, dict) and options.get("include_usage") is True
    head = _head("chat.completion.chunk", done, request, stamp)
    tail: dict[str, Json] = {"usage": None} if with_usage else {}

    def chunk(delta: Json, finish: str | None = None, *, beat: bool = True) -> Frame:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return Frame({**head, "choices": [choice], **tail}, beat=beat)

    yield chunk({"role": "assistant", "content": "", "refusal": None}, beat=False)
    number = 0
    for part in done.parts:
        match part:
            case Reasoning():
                yield from (chunk({"reasoning_content": piece}) for piece in part.deltas)
            case Text():
                yield from (chunk({"content": piece}) for piece in part.deltas)
            case ToolCall():
                opening = {"index": number, **_tool_call(part, number, "", stamp)}
                yield chunk({"tool_calls": [opening]})
                for piece in part.deltas:
                    yield chunk({"tool_calls": [{"index": number, "function": {"arguments": piece}}]})
                number += 1
    yield chunk({}, done.finish, beat=False)
    if with_usage:
        yield Frame({**head, "choices": [], "usage": _usage(done, request)})
    yield DONE


def failure(failure: Failure) -> Json:
    """Write an error as OpenAI does: all four fields are always there (OpenAPI description, schema Error)."""
    kind, code = _ERROR_TYPES.get(failure.name, ("invalid_request_error", None))
    return {
        "error": {
            "message": failure.message or failure.name.replace("_", " "),
            "type": failure.type or kind,
            "param": None,
            "code": code if failure.code is None else failure.code,
        }
    }


def _head(kind: str, done: Completion, request: Request, stamp: Stamp) -> dict[str, Json]:
    return {
        "id": f"chatcmpl-{stamp.hex('completion', 24)}",
        "object": kind,
        "created": stamp.created,
        "model": done.model or request.model,
        "service_tier": "default",
        "system_fingerprint": f"fp_{stamp.hex('fingerprint', 10)}",
    }


def _tool_call(call: ToolCall, number: int, arguments: str, stamp: Stamp) -> Json:
    return {
        "id": call.id or f"call_{stamp.hex(f'call/{number}', 24)}",
        "type": "function",
        "function": {"name": call.name, "arguments": arguments},
    }


def _usage(done: Completion, request: Request) -> Json:
    tokens = done.tokens(request)
    return {
        "prompt_tokens": tokens.input,
        "completion_tokens": tokens.output,
        "total_tokens": tokens.input + tokens.output,
        "prompt_tokens_details": {"cached_tokens": tokens.cached_input, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": tokens.reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }
