"""OpenAI Chat Completions.

What is written here is what the API at its home sends (OpenAPI description of the OpenAI API, v2.3.0, and recorded
traffic of the official SDKs, 2026-11); gateways that send less take it away in their provider.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from emulator import jsontext
from emulator.types import (
    Call,
    Completion,
    Endpoint,
    Failure,
    Finish,
    Frame,
    Framing,
    Json,
    Media,
    Memory,
    Page,
    Part,
    Reasoning,
    Refusal,
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

__all__ = ["ERRORS", "NAME", "body", "decode", "failure", "frames", "framing", "keep"]

NAME: Final = "chat"

_MOST_CHOICES: Final = 128
"""`n` is between 1 and 128 – API reference, chat/create (2026-11-20)."""

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

_FINISHES: Final[dict[Finish, str]] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "content_filter": "content_filter",
    "stop_sequence": "stop",  # "stop if the model hit a natural stop point or a provided stop sequence"
    "refusal": "stop",
    "pause": "stop",
}


class ErrorRow(NamedTuple):
    """What OpenAI sends for one error name."""

    status: int
    type: str
    code: str | None
    message: str


_INVALID: Final = "invalid_request_error"

# https://platform.openai.com/docs/guides/error-codes (2026-11-20); statuses by the classes of the official SDKs, types
# and codes from recorded errors; messages are ours.
ERRORS: Final[dict[str, ErrorRow]] = {
    "invalid_api_key": ErrorRow(401, _INVALID, "invalid_api_key", "Incorrect API key provided."),
    "missing_api_key": ErrorRow(401, _INVALID, None, "You didn't provide an API key."),
    "expired_api_key": ErrorRow(401, _INVALID, "invalid_api_key", "The API key has expired."),
    "auth_scheme": ErrorRow(401, _INVALID, None, "Authorization must be 'Bearer <key>'."),
    "permission_denied": ErrorRow(403, _INVALID, None, "You do not have access to this resource."),
    "model_not_found": ErrorRow(404, _INVALID, "model_not_found", "The model does not exist."),
    "model_not_enabled": ErrorRow(403, _INVALID, "model_not_found", "You do not have access to this model."),
    "environment_not_found": ErrorRow(404, _INVALID, None, "The project does not exist."),
    "route_not_found": ErrorRow(404, _INVALID, None, "Unknown request URL."),
    "method_not_allowed": ErrorRow(405, _INVALID, "method_not_supported", "Not allowed with this method."),
    "invalid_request": ErrorRow(400, _INVALID, None, "The request is invalid."),
    "malformed_body": ErrorRow(400, _INVALID, None, "We could not parse the JSON body of your request."),
    "missing_model": ErrorRow(400, _INVALID, None, "You must provide a model parameter."),
    "context_length_exceeded": ErrorRow(
        400, _INVALID, "context_length_exceeded", "The input exceeds the model's context length."
    ),
    "content_filtered": ErrorRow(400, _INVALID, "content_filter", "The prompt was filtered."),
    "payload_too_large": ErrorRow(413, _INVALID, None, "The request is too large."),
    "slow_body": ErrorRow(408, _INVALID, None, "The request did not arrive in time."),
    "rate_limited": ErrorRow(429, "requests", "rate_limit_exceeded", "Rate limit reached for requests."),
    "quota_exhausted": ErrorRow(429, "insufficient_quota", "insufficient_quota", "You exceeded your current quota."),
    "concurrency_limited": ErrorRow(429, "requests", "rate_limit_exceeded", "Too many concurrent requests."),
    "timeout": ErrorRow(504, "server_error", "timeout", "The request timed out."),
    "overloaded": ErrorRow(503, "server_error", "overloaded", "The engine is currently overloaded."),
    "server_error": ErrorRow(500, "server_error", None, "The server had an error while processing your request."),
    "bad_gateway": ErrorRow(502, "server_error", None, "Bad gateway."),
    "no_step": ErrorRow(404, _INVALID, "no_scenario_step", "no scenario step matched"),
}


# ---------------------------------------------------------------- reading


def decode(call: Call, endpoint: Endpoint, memory: Memory) -> Request:  # noqa: ARG001 - nothing is referred to
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


def _content(content: Json, where: str) -> Iterator[Text | Refusal | Media]:
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


def _content_part(item: Json) -> Iterator[Text | Refusal | Media]:
    kind = item.get("type")
    match item:
        case {"type": "text", "text": str() as text}:
            yield Text(text)
        case {"type": "refusal", "refusal": str() as text}:
            yield Refusal(text)
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
    """Write a whole answer; the same content as often as answers are asked for."""
    refusal = "".join(part.text for part in done.parts if isinstance(part, Refusal))
    text = "".join(part.text for part in done.parts if isinstance(part, Text))
    thinking = "".join(part.text for part in done.parts if isinstance(part, Reasoning))
    calls = [part for part in done.parts if isinstance(part, ToolCall)]

    def message(choice: int) -> Json:
        written: dict[str, Json] = {"role": "assistant", "content": text if text or not (calls or refusal) else None}
        if thinking:
            # The dialect of DeepSeek and vLLM; OpenAI itself shows no reasoning here.
            written["reasoning_content"] = thinking
        if calls:
            written["tool_calls"] = [
                _tool_call(call, (choice, number), call.arguments, stamp) for number, call in enumerate(calls)
            ]
        return written | {"refusal": refusal or None, "annotations": []}

    return {
        **_head("chat.completion", done, request, stamp),
        "choices": [
            {"index": choice, "message": message(choice), "logprobs": None, "finish_reason": _FINISHES[done.finish]}
            for choice in range(request.count)
        ],
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
    # One choice after the other: a client that accumulates wants the first chunk of choice 0 first.
    for choice in range(request.count):
        for delta, finish in _deltas(done, choice, stamp):
            written = {"index": choice, "delta": delta, "logprobs": None, "finish_reason": finish}
            yield Frame({**head, "choices": [written], **tail}, beat=bool(delta) and "role" not in delta)
    if with_usage:
        yield Frame({**head, "choices": [], "usage": _usage(done, request)})
    yield DONE


def _deltas(done: Completion, choice: int, stamp: Stamp) -> Iterator[tuple[Json, str | None]]:
    """The deltas of one choice, the last one with its finish reason."""
    yield {"role": "assistant", "content": "", "refusal": None}, None
    number = 0
    for part in done.parts:
        match part:
            case Reasoning():
                yield from (({"reasoning_content": piece}, None) for piece in part.deltas)
            case Refusal():
                yield from (({"refusal": piece}, None) for piece in part.deltas)
            case Text():
                yield from (({"content": piece}, None) for piece in part.deltas)
            case ToolCall():
                yield {"tool_calls": [{"index": number, **_tool_call(part, (choice, number), "", stamp)}]}, None
                for piece in part.deltas:
                    yield {"tool_calls": [{"index": number, "function": {"arguments": piece}}]}, None
                number += 1
    yield {}, _FINISHES[done.finish]


def framing(request: Request) -> Framing:  # noqa: ARG001 - the same for every request
    """Server-sent events."""
    return "sse"


def keep(done: Completion, request: Request, memory: Memory, stamp: Stamp) -> None:
    """Nothing: every request carries its whole conversation."""


def failure(failure: Failure, stamp: Stamp) -> Page:  # noqa: ARG001 - the request id is in a header
    """Write an error as OpenAI does: all four fields are always there (OpenAPI description, schema Error)."""
    row = ERRORS[failure.name]
    error = {
        "message": failure.message or row.message,
        "type": failure.type or row.type,
        "param": None,
        "code": row.code if failure.code is None else failure.code,
    }
    headers = dict(failure.headers)
    if failure.retry_after is not None:
        headers["retry-after"] = str(math.ceil(failure.retry_after))
    return Page(failure.status or row.status, {"error": error} if failure.body is None else failure.body, headers)


def _head(kind: str, done: Completion, request: Request, stamp: Stamp) -> dict[str, Json]:
    return {
        "id": f"chatcmpl-{stamp.hex('completion', 24)}",
        "object": kind,
        "created": stamp.created,
        "model": done.model or request.model,
        "service_tier": "default",
        "system_fingerprint": f"fp_{stamp.hex('fingerprint', 10)}",
    }


def _tool_call(call: ToolCall, place: tuple[int, int], arguments: str, stamp: Stamp) -> Json:
    """Write a call; `place` is its choice and its number there."""
    return {
        "id": call.id or f"call_{stamp.hex(f'call/{place[0]}/{place[1]}', 24)}",
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
