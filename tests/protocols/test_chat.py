"""Chat Completions, read and written without a server."""

import json
from typing import Any

import pytest

from emulator.protocols import chat
from emulator.session import Memory
from emulator.types import (
    Call,
    Completion,
    Endpoint,
    Failure,
    Media,
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
    Usage,
)

ENDPOINT = Endpoint("p", chat)
STAMP = Stamp(seed=0, serial=1, created=1_767_225_601)


def decode(body: Any, endpoint: Endpoint = ENDPOINT) -> Request:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return chat.decode(Call("POST", "/", body=data), endpoint, Memory(most=9))


def asked(*messages: Any, **fields: Any) -> Request:
    return decode({"model": "m", "messages": list(messages), **fields})


CALL = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": '{"at": "sky"}'}}

# https://platform.openai.com/docs/api-reference/chat/create (2026-11-20), and the founding documents 000, 001, 004
CONVERSATIONS: list[tuple[list[Any], tuple[Turn, ...]]] = [
    ([], ()),
    ([{"role": "user", "content": "hi"}], (Turn("user", (Text("hi"),)),)),
    (
        [
            {"role": "developer", "content": "be brief"},
            {"role": "system", "content": [{"type": "text", "text": "now"}]},
        ],
        (Turn("system", (Text("be brief"), Text("now"))),),
    ),
    (
        [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b", "reasoning_content": "hm"}],
        (Turn("user", (Text("a"),)), Turn("assistant", (Reasoning("hm"), Text("b")))),
    ),
    (
        [
            {"role": "user", "content": "?"},
            {"role": "assistant", "content": None, "tool_calls": [CALL]},
            {"role": "tool", "tool_call_id": "call_1", "content": "blue"},
            {
                "role": "tool",
                "tool_call_id": "nobody",
                "content": [{"type": "text", "text": "gr"}, {"type": "text", "text": "ey"}],
            },
        ],
        (
            Turn("user", (Text("?"),)),
            Turn("assistant", (ToolCall("look", '{"at": "sky"}', id="call_1"),)),
            Turn("tool", (ToolResult("call_1", "look", "blue"), ToolResult("nobody", "", "grey"))),
        ),
    ),
    (
        [
            {"role": "assistant", "tool_calls": [CALL]},
            {"role": "user", "tool_call_id": "call_1", "content": "blue"},
        ],
        (
            Turn("assistant", (ToolCall("look", '{"at": "sky"}', id="call_1"),)),
            Turn("tool", (ToolResult("call_1", "look", "blue"),)),
        ),
    ),
    (
        [
            {"role": "assistant", "function_call": {"name": "look", "arguments": "{}"}},
            {"role": "function", "name": "look", "content": "blue"},
        ],
        (Turn("assistant", (ToolCall("look", "{}"),)), Turn("tool", (ToolResult("", "look", "blue"),))),
    ),
    (
        [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "see"},
                    {"type": "image_url", "image_url": {"url": "https://e.org/a.png"}},
                    {"type": "image_url", "image_url": "https://e.org/b.png"},
                    {"type": "image_url", "image_url": {"url": "https://e.org/c.mp4?x=1"}},
                    {"type": "image_url", "image_url": {"url": "data:video/mp4;base64,AA"}},
                    {"type": "video_url", "video_url": {"url": "https://e.org/d"}},
                    {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "mp3"}},
                    {"type": "file", "file": {"file_id": "file-1"}},
                    {"type": "image_url", "image_url": 7},
                    {"type": "something new"},
                ],
            }
        ],
        (
            Turn(
                "user",
                (
                    Text("see"),
                    Media("image", "https://e.org/a.png"),
                    Media("image", "https://e.org/b.png"),
                    Media("video", "https://e.org/c.mp4?x=1"),
                    Media("video", "data:video/mp4;base64,AA"),
                    Media("video", "https://e.org/d"),
                    Media("audio", "AAAA"),
                    Media("file", "file-1"),
                    Media("image", ""),
                ),
            ),
        ),
    ),
    (
        [
            {"role": "assistant", "content": [{"type": "refusal", "refusal": "no"}]},
            {"role": "assistant", "content": ""},
        ],
        (Turn("assistant", (Refusal("no"),)),),
    ),
]


@pytest.mark.parametrize(("messages", "turns"), CONVERSATIONS)
def test_messages_are_read_into_turns(messages: list[Any], turns: tuple[Turn, ...]) -> None:
    assert turns == asked(*messages).turns


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, {"tools": (), "tool_choice": "none", "stream": False, "reasoning": False, "schema": None}),
        ({"stream": True}, {"stream": True}),
        ({"stream": "yes"}, {"stream": False}),
        ({"thinking": {"type": "enabled", "budget_tokens": 9}}, {"reasoning": True}),
        ({"thinking": {"type": "disabled"}}, {"reasoning": False}),
        ({"enable_thinking": True}, {"reasoning": True}),
        ({"reasoning_effort": "low"}, {"reasoning": True}),
        ({"reasoning_effort": "none"}, {"reasoning": False}),
        ({"reasoning_effort": ["odd"]}, {"reasoning": False}),
        ({"response_format": {"type": "json_object"}}, {"schema": True}),
        ({"response_format": {"type": "text"}}, {"schema": None}),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}}},
            {"schema": {"type": "object"}},
        ),
        (
            {"tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}, {"type": "web_search"}]},
            {"tools": (Tool("f", {}),), "tool_choice": "auto"},
        ),
        ({"tools": [{"type": "web_search"}]}, {"tools": (), "tool_choice": "none"}),
        ({"tool_choice": "required"}, {"tool_choice": "required"}),
        ({"tool_choice": {"type": "function", "function": {"name": "f"}}}, {"tool_choice": "f"}),
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
        ("hi", "malformed_body", "the body is 'hi', not an object"),
        (None, "malformed_body", "the body is nothing, not an object"),
        ({"messages": []}, "missing_model", None),
        ({"model": "", "messages": []}, "missing_model", None),
        (
            {"model": 4, "messages": []},
            "invalid_request",
            "Invalid type for 'model': expected a string, but got an integer instead.",
        ),
        ({"model": "m"}, "invalid_request", "Missing required parameter: 'messages'."),
        (
            {"model": "m", "messages": {}},
            "invalid_request",
            "Invalid type for 'messages': expected an array of objects, but got an object instead.",
        ),
        (
            {"model": "m", "messages": [True]},
            "invalid_request",
            "Invalid type for 'messages[0]': expected an object, but got a boolean instead.",
        ),
        (
            {"model": "m", "messages": [{"content": "hi"}]},
            "invalid_request",
            "Missing required parameter: 'messages[0].role'.",
        ),
        (
            {"model": "m", "messages": [{"role": 7}]},
            "invalid_request",
            (
                "Invalid type for 'messages[0].role': expected one of 'system', 'assistant', 'user', 'function', "
                "'tool', or 'developer', but got an integer instead."
            ),
        ),
        (
            {"model": "m", "messages": [{"role": "robot"}]},
            "invalid_request",
            (
                "Invalid value: 'robot'. "
                "Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'."
            ),
        ),
        (
            {"model": "m", "messages": [{"role": "user", "content": 1.5}]},
            "invalid_request",
            (
                "Invalid type for 'messages[0].content': expected one of a string or array of objects, "
                "but got a decimal number instead."
            ),
        ),
        (
            {"model": "m", "messages": [{"role": "user", "content": ["x"]}]},
            "invalid_request",
            "Invalid type for 'messages[0].content[0]': expected an object, but got a string instead.",
        ),
        (
            {"model": "m", "messages": [{"role": "assistant", "tool_calls": {"a": 1}}]},
            "invalid_request",
            "Invalid type for 'messages[0].tool_calls': expected an array of objects, but got an object instead.",
        ),
        (
            {"model": "m", "messages": [{"role": "assistant", "tool_calls": [{"id": "1"}]}]},
            "invalid_request",
            "Missing required parameter: 'messages[0].tool_calls[0].function'.",
        ),
        (
            {"model": "m", "messages": [{"role": "assistant", "tool_calls": [{"type": "custom", "custom": {}}]}]},
            "invalid_request",
            "Missing required parameter: 'messages[0].tool_calls[0].custom.name'.",
        ),
        (
            {"model": "m", "messages": [{"role": "assistant", "tool_calls": [{"function": {"name": 4}}]}]},
            "invalid_request",
            (
                "Invalid type for 'messages[0].tool_calls[0].function.name': expected a string, but got an integer "
                "instead."
            ),
        ),
        (
            {"model": "m", "messages": [{"role": "assistant", "tool_calls": [{"function": "look"}]}]},
            "invalid_request",
            "Invalid type for 'messages[0].tool_calls[0].function': expected an object, but got a string instead.",
        ),
        (
            {"model": "m", "messages": [{"role": "assistant", "tool_calls": [None]}]},
            "invalid_request",
            "Invalid type for 'messages[0].tool_calls[0]': expected an object, but got null instead.",
        ),
        (
            {"model": "m", "messages": [], "tools": "f"},
            "invalid_request",
            "Invalid type for 'tools': expected an array of objects, but got a string instead.",
        ),
        (
            {"model": "m", "messages": [], "tools": [1]},
            "invalid_request",
            "Invalid type for 'tools[0]': expected an object, but got an integer instead.",
        ),
    ],
)
def test_what_cannot_be_read_is_rejected_in_a_sentence(body: Any, name: str, message: str | None) -> None:
    with pytest.raises(Rejected) as caught:
        decode(body)
    assert (name, message) == (caught.value.failure.name, caught.value.failure.message)


def test_a_model_that_the_endpoint_decides_need_not_be_in_the_body() -> None:
    assert "theirs" == decode({"messages": []}, Endpoint("p", chat, model="theirs")).model


# ---------------------------------------------------------------- writing

REQUEST = asked({"role": "user", "content": "12345678"})
PARTS: tuple[Part, ...] = (
    Reasoning("Let me see.", (4,)),
    Text("Both.", (2, 4)),
    ToolCall("look", '{"at": "sky"}', cuts=(5,)),
    ToolCall("look", "", id="call_mine"),
)


def test_a_whole_answer_has_every_field_of_the_api() -> None:
    done = Completion(PARTS, "tool_calls", Usage(cached_input=1))
    assert {
        "id": "chatcmpl-" + STAMP.hex("completion", 24),
        "object": "chat.completion",
        "created": 1_767_225_601,
        "model": "m",
        "service_tier": "default",
        "system_fingerprint": "fp_" + STAMP.hex("fingerprint", 10),
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": "Both.",
                    "reasoning_content": "Let me see.",
                    "tool_calls": [
                        {
                            "id": "call_" + STAMP.hex("call/0/0", 24),
                            "type": "function",
                            "function": {"name": "look", "arguments": '{"at": "sky"}'},
                        },
                        {"id": "call_mine", "type": "function", "function": {"name": "look", "arguments": ""}},
                    ],
                    "refusal": None,
                    "annotations": [],
                },
                "logprobs": None,
                "finish_reason": "tool_calls",
            }
        ],
        "usage": {
            "prompt_tokens": 2,
            "completion_tokens": 11,
            "total_tokens": 13,
            "prompt_tokens_details": {"cached_tokens": 1, "audio_tokens": 0},
            "completion_tokens_details": {
                "reasoning_tokens": 3,
                "audio_tokens": 0,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
        },
    } == chat.body(done, REQUEST, STAMP)


@pytest.mark.parametrize(
    ("parts", "content"),
    [((), ""), ((Text(""),), ""), ((Text("a"), Text("b")), "ab"), ((ToolCall("f", "{}"),), None)],
)
def test_content_is_null_only_beside_tool_calls(parts: tuple[Part, ...], content: str | None) -> None:
    assert content == chat.body(Completion(parts, "stop"), REQUEST, STAMP)["choices"][0]["message"]["content"]


def test_a_stream_says_the_same_in_order_and_only_output_is_a_beat() -> None:
    frames = list(chat.frames(Completion(PARTS, "tool_calls"), REQUEST, STAMP))
    identity, mine = "call_" + STAMP.hex("call/0/0", 24), "call_mine"
    assert [
        (False, {"role": "assistant", "content": "", "refusal": None}, None),
        (True, {"reasoning_content": "Let "}, None),
        (True, {"reasoning_content": "me see."}, None),
        (True, {"content": "Bo"}, None),
        (True, {"content": "th"}, None),
        (True, {"content": "."}, None),
        (
            True,
            {
                "tool_calls": [
                    {"index": 0, "id": identity, "type": "function", "function": {"name": "look", "arguments": ""}}
                ]
            },
            None,
        ),
        (True, {"tool_calls": [{"index": 0, "function": {"arguments": '{"at"'}}]}, None),
        (True, {"tool_calls": [{"index": 0, "function": {"arguments": ': "sky"}'}}]}, None),
        (
            True,
            {
                "tool_calls": [
                    {"index": 1, "id": mine, "type": "function", "function": {"name": "look", "arguments": ""}}
                ]
            },
            None,
        ),
        (False, {}, "tool_calls"),
    ] == [
        (frame.beat, frame.data["choices"][0]["delta"], frame.data["choices"][0]["finish_reason"])
        for frame in frames[:-1]
    ]
    assert chat.DONE == frames[-1]
    assert not any("usage" in frame.data for frame in frames[:-1])
    assert 1 == len({(frame.data["id"], frame.data["created"], frame.data["object"]) for frame in frames[:-1]})


def test_usage_is_the_last_chunk_where_it_is_asked_for_and_null_before() -> None:
    request = asked({"role": "user", "content": "12345678"}, stream_options={"include_usage": True})
    *chunks, last, end = chat.frames(Completion((Text("hi"),), "stop"), request, STAMP)
    assert ([], 2, 1) == (
        last.data["choices"],
        last.data["usage"]["prompt_tokens"],
        last.data["usage"]["completion_tokens"],
    )
    assert [None] * 3 == [frame.data["usage"] for frame in chunks]
    assert chat.DONE == end


def test_the_model_of_the_scenario_replaces_the_one_asked_for() -> None:
    assert "other" == chat.body(Completion((), "stop", model="other"), REQUEST, STAMP)["model"]


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (
            Failure("rate_limited", "slow down"),
            {"message": "slow down", "type": "requests", "param": None, "code": "rate_limit_exceeded"},
        ),
        (
            Failure("permission_denied", code="nope", type="mine"),
            {"message": "You do not have access to this resource.", "type": "mine", "param": None, "code": "nope"},
        ),
    ],
)
def test_an_error_has_all_four_fields(failure: Failure, error: dict[str, Any]) -> None:
    assert {"error": error} == chat.failure(failure, STAMP).body
