"""Requests to the Responses API, read without a server."""

import json
from typing import Any

import pytest

from emulator.protocols import responses
from emulator.protocols.responses.reading import ITEMS
from emulator.refusals.words import choices
from emulator.session import Memory
from emulator.types import (
    Call,
    Endpoint,
    Media,
    Reasoning,
    Refusal,
    Rejected,
    Request,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    Turn,
)

ENDPOINT = Endpoint("p", responses)


def decode(body: Any, endpoint: Endpoint = ENDPOINT) -> Request:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return responses.decode(Call("POST", "/", body=data), endpoint, Memory(most=9))


def asked(given: Any = "12345678", **fields: Any) -> Request:
    return decode({"model": "m", "input": given, **fields})


def said(*content: Any) -> list[Any]:
    return [{"role": "user", "content": list(content)}]


CALL = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "look", "arguments": '{"at": "sky"}'}

# https://platform.openai.com/docs/api-reference/responses/create (2026-11-20)
CONVERSATIONS: list[tuple[Any, tuple[Turn, ...]]] = [
    ([], ()),
    ("hi", (Turn("user", (Text("hi"),)),)),
    ("", (Turn("user", ()),)),
    ([{"role": "user", "content": "hi"}], (Turn("user", (Text("hi"),)),)),
    (
        [
            {"type": "message", "role": "developer", "content": "be brief"},
            {"role": "system", "content": [{"type": "input_text", "text": "now"}]},
        ],
        (Turn("system", (Text("be brief"), Text("now"))),),
    ),
    (
        [
            {"role": "user", "content": "a"},
            {
                "type": "reasoning",
                "id": "rs_1",
                "summary": [{"type": "summary_text", "text": "hm"}, {"type": "summary_text", "text": "so"}],
                "encrypted_content": "sealed",
            },
            {"type": "message", "role": "assistant", "id": "msg_1", "content": [{"type": "output_text", "text": "b"}]},
        ],
        (Turn("user", (Text("a"),)), Turn("assistant", (Reasoning("hm\nso", signature="sealed"), Text("b")))),
    ),
    (
        [
            {"type": "reasoning", "summary": [], "content": [{"type": "reasoning_text", "text": "raw"}, 7]},
            {"type": "reasoning", "summary": [], "encrypted_content": "sealed"},
            {"type": "reasoning", "summary": [], "encrypted_content": None},
        ],
        (Turn("assistant", (Reasoning("raw"), Reasoning("", signature="sealed"))),),
    ),
    (
        [
            {"role": "user", "content": "?"},
            CALL,
            {"type": "custom_tool_call", "call_id": "call_2", "name": "patch", "input": "***"},
            {"type": "function_call_output", "call_id": "call_1", "output": "blue"},
            {"type": "custom_tool_call_output", "call_id": "call_2", "output": [{"type": "input_text", "text": "ok"}]},
            {
                "type": "function_call_output",
                "call_id": "nobody",
                "output": [{"type": "input_text", "text": "gr"}, {"type": "output_text", "text": "ey"}],
            },
            {"type": "function_call_output", "name": "known", "output": ""},
        ],
        (
            Turn("user", (Text("?"),)),
            Turn(
                "assistant",
                (ToolCall("look", '{"at": "sky"}', id="call_1"), ToolCall("patch", "***", id="call_2", free=True)),
            ),
            Turn(
                "tool",
                (
                    ToolResult("call_1", "look", "blue"),
                    ToolResult("call_2", "patch", "ok"),
                    ToolResult("nobody", "", "grey"),
                    ToolResult("", "known", ""),
                ),
            ),
        ),
    ),
    (
        said(
            {"type": "input_text", "text": "see"},
            {"type": "input_image", "image_url": "https://e.org/a.png", "detail": "auto"},
            {"type": "input_image", "file_id": "file-1"},
            {"type": "input_image", "image_url": "https://e.org/c.mp4?x=1"},
            {"type": "input_image", "image_url": "data:video/mp4;base64,AA"},
            {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "mp3"}},
            {"type": "input_file", "file_data": "data:application/pdf;base64,AA", "filename": "a.pdf"},
            {"type": "input_file", "file_url": "https://e.org/a.pdf"},
            {"type": "input_image", "image_url": 7},
            {"type": "something new"},
        ),
        (
            Turn(
                "user",
                (
                    Text("see"),
                    Media("image", "https://e.org/a.png"),
                    Media("image", "file-1"),
                    Media("video", "https://e.org/c.mp4?x=1"),
                    Media("video", "data:video/mp4;base64,AA"),
                    Media("audio", "AAAA"),
                    Media("file", "data:application/pdf;base64,AA"),
                    Media("file", "https://e.org/a.pdf"),
                    Media("image", ""),
                ),
            ),
        ),
    ),
    (
        [
            {"role": "assistant", "content": [{"type": "refusal", "refusal": "no"}]},
            {"type": "web_search_call", "id": "ws_1", "status": "completed"},
            {"type": "compaction", "encrypted_content": "x"},
            {"role": "assistant", "content": None},
        ],
        (Turn("assistant", (Refusal("no"),)),),
    ),
]


@pytest.mark.parametrize(("given", "turns"), CONVERSATIONS)
def test_items_are_read_into_turns(given: Any, turns: tuple[Turn, ...]) -> None:
    assert turns == asked(given).turns


@pytest.mark.parametrize(
    ("instructions", "turns"),
    [
        (None, ()),
        ("", ()),
        ("be brief", (Turn("system", (Text("be brief"),)),)),
        ([{"role": "developer", "content": "be brief"}], (Turn("system", (Text("be brief"),)),)),
    ],
)
def test_instructions_are_a_system_turn_before_the_others(instructions: Any, turns: tuple[Turn, ...]) -> None:
    assert (*turns, Turn("user", (Text("hi"),))) == asked("hi", instructions=instructions).turns


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, {"tools": (), "tool_choice": "none", "stream": False, "reasoning": False, "schema": None, "count": 1}),
        ({"stream": True}, {"stream": True}),
        ({"stream": "yes"}, {"stream": False}),
        ({"reasoning": {"effort": "low"}}, {"reasoning": True}),
        ({"reasoning": {"effort": "none", "summary": "auto"}}, {"reasoning": False}),
        ({"reasoning": {"summary": "auto"}}, {"reasoning": True}),
        ({"reasoning": {"effort": None, "summary": "auto"}}, {"reasoning": True}),
        ({"reasoning": {}}, {"reasoning": False}),
        ({"text": {"format": {"type": "json_object"}}}, {"schema": True}),
        ({"text": {"format": {"type": "text"}, "verbosity": "low"}}, {"schema": None}),
        (
            {"text": {"format": {"type": "json_schema", "name": "n", "schema": {"type": "object"}}}},
            {"schema": {"type": "object"}},
        ),
        (
            {"tools": [{"type": "function", "name": "f", "parameters": {}}, {"type": "web_search"}]},
            {"tools": (Tool("f", {}),), "tool_choice": "auto"},
        ),
        ({"tools": [{"type": "custom", "name": "patch"}]}, {"tools": (Tool("patch"),), "tool_choice": "auto"}),
        ({"tools": [{"type": "web_search"}]}, {"tools": (), "tool_choice": "none"}),
        ({"tool_choice": "required"}, {"tool_choice": "required"}),
        ({"tool_choice": {"type": "function", "name": "f"}}, {"tool_choice": "f"}),
        ({"tool_choice": {"type": "allowed_tools", "mode": "required", "tools": []}}, {"tool_choice": "required"}),
    ],
)
def test_options_are_read(fields: dict[str, Any], expected: dict[str, Any]) -> None:
    request = asked(**fields)
    assert expected == {name: getattr(request, name) for name in expected}


@pytest.mark.parametrize(
    ("body", "name", "message"),
    [
        (b"", "malformed_body", "the body is not JSON: Expecting value at line 1 column 1"),
        ([], "malformed_body", "the body is a list, not an object"),
        (None, "malformed_body", "the body is nothing, not an object"),
        ({"input": []}, "missing_model", None),
        ({"model": "", "input": []}, "missing_model", None),
        (
            {"model": 4, "input": []},
            "invalid_request",
            "Invalid type for 'model': expected a string, but got an integer instead.",
        ),
        ({"model": "m"}, "invalid_request", "Missing required parameter: 'input'."),
        (
            {"model": "m", "input": None},
            "invalid_request",
            "Invalid type for 'input': expected a string, but got an object instead.",
        ),
        (
            {"model": "m", "input": 1},
            "invalid_request",
            "Invalid type for 'input': expected one of a string or array of input items, but got an integer instead.",
        ),
        (
            {"model": "m", "input": [True]},
            "invalid_request",
            "Invalid type for 'input[0]': expected an input item, but got a boolean instead.",
        ),
        (
            {"model": "m", "input": [{"type": ["x"]}]},
            "invalid_request",
            f"Invalid value: ''. Supported values are: {choices(ITEMS)}.",
        ),
        (
            {"model": "m", "input": [{"role": "robot"}]},
            "invalid_request",
            "Invalid value: 'robot'. Supported values are: 'assistant', 'system', 'developer', and 'user'.",
        ),
        (
            {"model": "m", "input": [{"role": "user", "content": 1.5}]},
            "invalid_request",
            (
                "Invalid type for 'input[0].content': expected one of a string or array of objects, "
                "but got a decimal number instead."
            ),
        ),
        (
            {"model": "m", "input": [{"role": "user", "content": ["x"]}]},
            "invalid_request",
            "Invalid type for 'input[0].content[0]': expected an object, but got a string instead.",
        ),
        (
            {"model": "m", "input": [{"type": "function_call", "call_id": "1"}]},
            "invalid_request",
            "Missing required parameter: 'input[0].name'.",
        ),
        (
            {"model": "m", "input": [{"type": "function_call_output", "output": {}}]},
            "invalid_request",
            (
                "Invalid type for 'input[0].output': expected one of a string or array of objects, "
                "but got an object instead."
            ),
        ),
        (
            {"model": "m", "input": [], "instructions": 1},
            "invalid_request",
            "Invalid type for 'instructions': expected a string, but got an integer instead.",
        ),
        (
            {"model": "m", "input": [], "conversation": 1},
            "invalid_request",
            "Invalid type for 'conversation': expected one of a string or object, but got an integer instead.",
        ),
        (
            {"model": "m", "previous_response_id": 1},
            "invalid_request",
            "Invalid type for 'previous_response_id': expected a string, but got an integer instead.",
        ),
        (
            {"model": "m", "previous_response_id": "resp_1", "conversation": "conv_1"},
            "invalid_request",
            "Mutually exclusive parameters: ''. Ensure you are only providing one of: 'pre..._id' or 'conversation'.",
        ),
        (
            {"model": "m", "input": [], "background": True, "store": False},
            "invalid_request",
            "background: the response has to be stored, and store is false",
        ),
        (
            {"model": "m", "input": [], "tools": "f"},
            "invalid_request",
            "Invalid type for 'tools': expected an array of tools, but got a string instead.",
        ),
        (
            {"model": "m", "input": [], "tools": [1]},
            "invalid_request",
            "Invalid type for 'tools[0]': expected an object, but got an integer instead.",
        ),
        (
            {"model": "m", "input": [], "tools": [{"type": "function", "function": {"name": "f"}}]},
            "invalid_request",
            "Missing required parameter: 'tools[0].name'.",
        ),
    ],
)
def test_what_cannot_be_read_is_rejected_in_a_sentence(body: Any, name: str, message: str | None) -> None:
    with pytest.raises(Rejected) as caught:
        decode(body)
    assert (name, message) == (caught.value.failure.name, caught.value.failure.message)


def test_a_model_that_the_endpoint_decides_need_not_be_in_the_body() -> None:
    assert "theirs" == decode({"input": []}, Endpoint("p", responses, model="theirs")).model
