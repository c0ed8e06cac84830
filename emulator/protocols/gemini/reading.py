"""Requests of the Gemini API: read tolerantly, into the words that all protocols share."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterator
from itertools import groupby
from typing import Final, Literal

from emulator import jsontext
from emulator.protocols.gemini import wording
from emulator.protocols.gemini.names import get, struct
from emulator.protocols.gemini.tokens import by_modality
from emulator.protocols.gemini.wording import unreadable
from emulator.types import (
    Call,
    Endpoint,
    Failure,
    Json,
    Media,
    Memory,
    Page,
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

__all__ = ["count_tokens", "decode", "likelihoods"]

# In any case: documentation of gateways writes USER. A turn without a role is the user's.
_ROLES: Final[dict[str, Literal["user", "assistant"]]] = {
    "": "user",
    "user": "user",
    "model": "assistant",
    "function": "user",  # of the first versions: a turn of function results
}

_MOST_CANDIDATES: Final = 8
"""inferred: what is more is not given, as an error would be no answer to the scenario's question."""

_MOST_LIKELY: Final = 20
"""inferred: what is more is not given, as above."""

_TYPES: Final = frozenset({"STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL"})
"""How the API's own Schema spells the types of JSON Schema."""

_WRAPPERS: Final = ("output", "result")
""""Use "output" key to specify function output" – types.FunctionResponse; "result" is what automatic function calling
writes (google-genai 3.4)."""


def decode(call: Call, endpoint: Endpoint, memory: Memory) -> Request:  # noqa: ARG001 - nothing is referred to
    """Read a request. What is not there or not understood is left to the rules; what can't be read is rejected."""
    return _request(call, endpoint, _content_of(call))


def count_tokens(call: Call, endpoint: Endpoint, memory: Memory, stamp: Stamp) -> Page:  # noqa: ARG001 - a page's form
    """Count what a request would cost: the same estimate as in the usage of its answer."""
    content = _content_of(call)
    # Either contents alone or a whole request in this field – API reference, models.countTokens (2026-11)
    asked = get(content, "generateContentRequest")
    request = _request(call, endpoint, asked if isinstance(asked, dict) else content)
    total = request.input_tokens
    return Page(200, {"totalTokens": total, "promptTokensDetails": by_modality(request, total)})


def likelihoods(request: Request) -> int | None:
    """How many tokens are asked for in the place of each; None: how likely they were is not asked for."""
    options = struct(get(struct(request.body), "generationConfig"))
    if get(options, "responseLogprobs") is not True:
        return None
    top = get(options, "logprobs")
    return min(int(top), _MOST_LIKELY) if isinstance(top, int | float) and top > 0 else 0


def _content_of(call: Call) -> Json:
    try:
        content = jsontext.loads_object(call.body)
    except ValueError as error:
        raise Rejected(Failure("malformed_body", str(error))) from None
    return content


def _request(call: Call, endpoint: Endpoint, content: Json) -> Request:
    tools = tuple(_tools(content.get("tools")))
    options = struct(get(content, "generationConfig"))
    return Request(
        call=call,
        endpoint=endpoint,
        body=content,
        model=_model(content, endpoint),
        turns=tuple(map(_joined, conversation([*_system(get(content, "systemInstruction")), *_turns(content)]))),
        tools=tools,
        tool_choice=_tool_choice(get(content, "toolConfig"), offered=bool(tools)),
        stream=endpoint.stream is True,
        reasoning=_asks_for_reasoning(struct(get(options, "thinkingConfig"))),
        schema=_schema(options),
        count=_count(get(options, "candidateCount")),
    )


def _model(content: Json, endpoint: Endpoint) -> str:
    """The model, without the collection it is in: `models/m` is `m`."""
    named = content.get("model") if endpoint.model is None else endpoint.model
    match named:
        case str() if named:
            return named.removeprefix("models/")
        case None | "":
            raise Rejected(Failure("missing_model"))
        case other:
            raise unreadable("model", other, "TYPE_STRING")


# ---------------------------------------------------------------- the conversation


def _system(instruction: Json) -> Iterator[Turn]:
    match instruction:
        case None:
            return
        case str() as text:
            parts: tuple[Part, ...] = (Text(text),) if text else ()
        case {"parts": listed}:
            parts = tuple(_parts(listed, "system_instruction.parts", _Calls()))
        case dict():
            return
        case other:
            raise unreadable("system_instruction", other, wording.kind("Content"))
    if parts:
        yield Turn("system", parts)


def _turns(content: Json) -> Iterator[Turn]:
    calls = _Calls()
    contents = content.get("contents")
    for number, said in _items([] if contents is None else contents, "contents", "Content"):
        role = said.get("role") or ""
        if not isinstance(role, str):
            raise unreadable(f"contents[{number}].role", role, "TYPE_STRING")
        speaker = _ROLES.get(role.lower())
        if speaker is None:  # recorded
            raise Rejected(Failure("invalid_request", "Please use a valid role: user, model."))
        listed = said.get("parts")
        parts = [] if listed is None else list(_parts(listed, f"contents[{number}].parts", calls))
        if not parts:
            yield Turn(speaker, ())
        for part in parts:  # results stand among the user's
            yield Turn("tool" if isinstance(part, ToolResult) else speaker, (part,))


class _Calls:
    """The calls of a conversation by their ids, and which of them wait for a result."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._waiting: dict[str, OrderedDict[str, None]] = {}
        """By the name of the function, the ids in order."""

    def add(self, call: ToolCall) -> None:
        """A call was made. What has no id cannot be told from its like, and is found by its name anyway."""
        if call.id:
            self._names[call.id] = call.name
            self._waiting.setdefault(call.name, OrderedDict())[call.id] = None

    def answered(self, identity: str, name: str) -> tuple[str, str]:
        """Id and name of the call that a result is of: without an id, the first one of this name that still waits.

        Automatic function calling sends results without the ids of their calls (google-genai 3.4, _extra_utils).
        """
        name = self._names.get(identity, name)
        waiting = self._waiting.get(name, OrderedDict())
        identity = identity or next(iter(waiting), "")
        waiting.pop(identity, None)
        return identity, name


_EMPTY: Final = (Text(""),)
"""A text that carries a signature and nothing else."""


def _joined(turn: Turn) -> Turn:
    """Join the pieces of what the model said: a client that read a stream sends it back as it came, piece by piece."""
    if turn.role != "assistant" or (len(turn.parts) == 1 and turn.parts != _EMPTY):
        return turn
    parts: list[Part] = []
    for kind, group in groupby(turn.parts, type):
        pieces = list(group)
        text = "".join(part.text for part in pieces if isinstance(part, Text | Reasoning))
        if kind is Text:
            parts += [Text(text)] * bool(text)
        elif kind is Reasoning:
            signatures = [part.signature for part in pieces if isinstance(part, Reasoning) and part.signature]
            parts.append(Reasoning(text, signature=signatures[-1] if signatures else ""))
        else:
            parts += pieces
    return Turn(turn.role, tuple(parts))


def _parts(listed: Json, where: str, calls: _Calls) -> Iterator[Part]:
    for number, item in _items(listed, where, "Part"):
        if len(item) == 1 and isinstance(text := item.get("text"), str):  # as nearly all parts are
            yield Text(text)
        elif (call := get(item, "functionCall")) is not None:
            read = _call(call, f"{where}[{number}].function_call")
            calls.add(read)
            yield read
        elif (result := get(item, "functionResponse")) is not None:
            yield _result(result, f"{where}[{number}].function_response", calls)
        elif (data := get(item, "inlineData")) is not None:
            mime, source = _text(get(struct(data), "mimeType")), _text(struct(data).get("data"))
            # In the form of a data URL, as images travel in other protocols; audio is bare base64 there, too.
            kind = _media_kind(mime)
            yield Media(kind, source if kind == "audio" else f"data:{mime};base64,{source}")
        elif (file := get(item, "fileData")) is not None:
            yield Media(_media_kind(_text(get(struct(file), "mimeType"))), _text(get(struct(file), "fileUri")))
        elif isinstance(text := item.get("text"), str):
            signature = _text(get(item, "thoughtSignature"))
            yield Reasoning(text, signature=signature) if item.get("thought") is True else Text(text)


def _call(call: Json, where: str) -> ToolCall:
    match call:
        case {"name": str() as name}:
            arguments = call.get("args")
            return ToolCall(name, _json({} if arguments is None else arguments), id=_text(call.get("id")))
        case {"name": other} if other is not None:
            raise unreadable(f"{where}.name", other, "TYPE_STRING")
        case dict():
            message = f"* GenerateContentRequest.{where}.name: Name cannot be empty.\n"
            raise Rejected(Failure("invalid_request", message))
        case _:
            raise unreadable(where, call, wording.kind("FunctionCall"))


def _result(result: Json, where: str, calls: _Calls) -> ToolResult:
    if not isinstance(result, dict):
        raise unreadable(where, result, wording.kind("FunctionResponse"))
    identity, name = calls.answered(_text(result.get("id")), _text(result.get("name")))
    return ToolResult(identity, name, _result_text(result.get("response")))


def _result_text(response: Json) -> str:
    if isinstance(response, dict) and len(response) == 1:
        wrapper, wrapped = next(iter(response.items()))
        response = wrapped if wrapper in _WRAPPERS else response
    match response:
        case None:
            return ""
        case str():
            return response
        case _:
            return _json(response)


def _media_kind(mime: str) -> Literal["image", "audio", "video", "file"]:
    match mime.partition("/")[0].lower():
        case "image" | "audio" | "video" as kind:
            return kind
        case _:
            return "file"


# ---------------------------------------------------------------- the rest


def _tools(tools: Json) -> Iterator[Tool]:
    if tools is None:
        return
    for number, tool in _items(tools, "tools", "Tool"):
        declared = get(tool, "functionDeclarations")
        if declared is None:
            continue  # a kind of tool that is no function
        where = f"tools[{number}].function_declarations"
        for place, declaration in _items(declared, where, "FunctionDeclaration"):
            name = declaration.get("name")
            if name is None:
                continue
            if not isinstance(name, str):
                raise unreadable(f"{where}[{place}].name", name, "TYPE_STRING")
            parameters = get(declaration, "parametersJsonSchema")
            yield Tool(name, _spelled(declaration.get("parameters")) if parameters is None else parameters)


def _tool_choice(config: Json, *, offered: bool) -> str:
    calling = struct(get(struct(config), "functionCallingConfig"))
    match _text(calling.get("mode")).upper(), get(calling, "allowedFunctionNames"):
        case "ANY", [str() as name]:
            return name
        case "ANY", _:
            return "required"
        case "NONE", _:
            return "none"
        case _:  # AUTO; VALIDATED, which leaves the choice to the model, too; nothing
            return "auto" if offered else "none"


def _asks_for_reasoning(thinking: Json) -> bool:
    """Thoughts are asked for; a budget of 0 switches thinking off (types.ThinkingConfig, google-genai 3.4)."""
    budget = get(thinking, "thinkingBudget")
    return get(thinking, "includeThoughts") is True and (budget is None or budget != 0)


def _schema(options: Json) -> Json:
    if (schema := get(options, "responseJsonSchema")) is not None:
        return schema
    if (schema := get(options, "responseSchema")) is not None:
        return _spelled(schema)
    return True if _text(get(options, "responseMimeType")) == "application/json" else None


def _count(count: Json) -> int:
    """Numbers come as floats, too: SDKs write 20.0 for 20 (recorded)."""
    return int(count) if isinstance(count, int | float) and 1 <= count <= _MOST_CANDIDATES else 1


def _spelled(schema: Json) -> Json:
    """Spell the types of the API's own Schema as JSON Schema does: OBJECT is object."""
    match schema:
        case dict():
            return {
                key: value.lower() if key == "type" and _text(value) in _TYPES else _spelled(value)
                for key, value in schema.items()
            }
        case list():
            return [_spelled(item) for item in schema]
        case _:
            return schema


def _items(value: Json, where: str, kind: str) -> Iterator[tuple[int, Json]]:
    """The objects of a list, each with its number; one object stands for a list of it."""
    items = [value] if isinstance(value, dict) else value
    if not isinstance(items, list):
        raise unreadable(where, value, wording.kind(kind))
    for number, item in enumerate(items):
        if not isinstance(item, dict):
            raise unreadable(f"{where}[{number}]", item, wording.kind(kind))
        yield number, item


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""


_json: Final = json.JSONEncoder(ensure_ascii=False).encode
"""Writes JSON as scenarios do, so that a call is the same text in every protocol."""
