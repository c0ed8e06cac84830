"""Anthropic Messages, read and written without a server."""

import json
from typing import Any, get_args

import pytest

from emulator.protocols import messages
from emulator.session import Memory
from emulator.types import (
    ERROR_NAMES,
    Call,
    Completion,
    Endpoint,
    Failure,
    Media,
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
    UnscriptedErrorName,
    Usage,
)

ENDPOINT = Endpoint("p", messages)
STAMP = Stamp(seed=0, serial=1, created=1_767_225_601)


def call(body: Any) -> Call:
    return Call("POST", "/", body=body if isinstance(body, bytes) else json.dumps(body).encode())


def decode(body: Any, endpoint: Endpoint = ENDPOINT) -> Request:
    return messages.decode(call(body), endpoint, Memory(most=9))


def asked(*said: Any, **fields: Any) -> Request:
    return decode({"model": "m", "max_tokens": 9, "messages": list(said), **fields})


def user(*blocks: Any) -> Any:
    return {"role": "user", "content": list(blocks)}


USE = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {"at": "Ätna"}}

# https://platform.claude.com/docs/en/api/messages/create (2026-11-20), and the founding documents 003, 004
CONVERSATIONS: list[tuple[list[Any], tuple[Turn, ...]]] = [
    ([], ()),
    ([{"role": "user", "content": "hi"}], (Turn("user", (Text("hi"),)),)),
    ([{"role": "user", "content": ""}, {"role": "assistant"}], (Turn("user", ()), Turn("assistant", ()))),
    (
        [
            {"role": "user", "content": "a"},
            {"role": "user", "content": [{"type": "text", "text": "b", "cache_control": {"type": "ephemeral"}}]},
            {"role": "system", "content": "c"},
        ],
        (Turn("user", (Text("a"), Text("b"))), Turn("system", (Text("c"),))),
    ),
    (
        [
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "hm", "signature": "sig"},
                    {"type": "thinking", "thinking": "unsigned"},
                    {"type": "redacted_thinking", "data": "xyz"},
                    {"type": "text", "text": "a"},
                    {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}},
                ],
            }
        ],
        (Turn("assistant", (Reasoning("hm", signature="sig"), Reasoning("unsigned"), Text("a"))),),
    ),
    # A result is a turn of its own, what is said after it another.
    (
        [
            {"role": "user", "content": "?"},
            {"role": "assistant", "content": [{"type": "text", "text": "let me look"}, USE]},
            user(
                {"type": "tool_result", "tool_use_id": "toolu_1", "content": "blue"},
                {
                    "type": "tool_result",
                    "tool_use_id": "nobody",
                    "is_error": True,
                    "content": [{"type": "text", "text": "gr"}, {"type": "text", "text": "ey"}],
                },
                {"type": "something new"},
            ),
            user({"type": "tool_result", "tool_use_id": "toolu_1"}, {"type": "text", "text": "and?"}),
        ],
        (
            Turn("user", (Text("?"),)),
            Turn("assistant", (Text("let me look"), ToolCall("look", '{"at": "Ätna"}', id="toolu_1"))),
            Turn(
                "tool",
                (
                    ToolResult("toolu_1", "look", "blue"),
                    ToolResult("nobody", "", "grey"),
                    ToolResult("toolu_1", "look", ""),
                ),
            ),
            Turn("user", (Text("and?"),)),
        ),
    ),
    # A screenshot that a tool took.
    (
        [
            user(
                {
                    "type": "tool_result",
                    "tool_use_id": 7,
                    "content": [{"type": "image", "source": {"type": "url", "url": "https://e.org/a.png"}}],
                }
            )
        ],
        (Turn("tool", (ToolResult("", "", ""), Media("image", "https://e.org/a.png"))),),
    ),
    (
        [
            {
                "role": "assistant",
                "content": [{"type": "tool_use", "id": "1", "name": "f"}, {**USE, "id": "2", "input": '{"a'}],
            }
        ],
        (Turn("assistant", (ToolCall("f", "{}", id="1"), ToolCall("look", '{"a', id="2"))),),
    ),
    (
        [
            user(
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
                {"type": "image", "source": {"type": "file", "file_id": "file_1"}},
                {"type": "image", "source": 7},
                {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "BB"}},
                {"type": "document", "source": {"type": "url", "url": "https://e.org/a.pdf"}},
                {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "plain"}},
                {"type": "document", "source": {"type": "content", "content": "whole"}},
                {"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": "in"}, {}]}},
                {"type": "search_result", "source": "s", "title": "t", "content": [{"type": "text", "text": "found"}]},
                {"type": "text", "text": "what is this?"},
            )
        ],
        (
            Turn(
                "user",
                (
                    Media("image", "data:image/png;base64,AAAA"),
                    Media("image", "file_1"),
                    Media("image", ""),
                    Media("file", "data:application/pdf;base64,BB"),
                    Media("file", "https://e.org/a.pdf"),
                    Media("file", "plain"),
                    Media("file", "whole"),
                    Media("file", "in"),
                    Text("found"),
                    Text("what is this?"),
                ),
            ),
        ),
    ),
]


@pytest.mark.parametrize(("said", "turns"), CONVERSATIONS)
def test_messages_are_read_into_turns(said: list[Any], turns: tuple[Turn, ...]) -> None:
    assert turns == asked(*said).turns


@pytest.mark.parametrize(
    ("system", "turns"),
    [
        (None, ()),
        ("", ()),
        ("be brief", (Turn("system", (Text("be brief"),)),)),
        (
            [{"type": "text", "text": "be brief"}, {"type": "text", "text": "be kind"}],
            (Turn("system", (Text("be brief"), Text("be kind"))),),
        ),
    ],
)
def test_the_system_prompt_comes_first(system: Any, turns: tuple[Turn, ...]) -> None:
    request = asked({"role": "user", "content": "hi"}, system=system)
    assert (*turns, Turn("user", (Text("hi"),))) == request.turns


FUNCTION = {"name": "f", "input_schema": {"type": "object"}}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, {"tools": (), "tool_choice": "none", "stream": False, "reasoning": False, "schema": None, "count": 1}),
        ({"stream": True}, {"stream": True}),
        ({"stream": "yes"}, {"stream": False}),
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, {"reasoning": True}),
        ({"thinking": {"type": "adaptive"}}, {"reasoning": True}),
        ({"thinking": {"type": "between_tools"}}, {"reasoning": True}),
        ({"thinking": {"type": "disabled"}}, {"reasoning": False}),
        (
            {"output_config": {"effort": "low", "format": {"type": "json_schema", "schema": {"type": "object"}}}},
            {"schema": {"type": "object"}},
        ),
        ({"output_format": {"type": "json_schema", "schema": {"type": "null"}}}, {"schema": {"type": "null"}}),
        ({"output_config": {"effort": "low"}}, {"schema": None}),
        (
            {
                "tools": [
                    FUNCTION,
                    {**FUNCTION, "type": "custom", "name": "g"},
                    {"type": "bash_20250124", "name": "bash"},
                    {"type": "web_search_20260318", "name": "web_search"},
                    {"type": "mcp_toolset", "mcp_server_name": "s"},
                    {"type": ["odd"], "name": "odd"},
                ]
            },
            {
                "tools": (Tool("f", {"type": "object"}), Tool("g", {"type": "object"}), Tool("bash")),
                "tool_choice": "auto",
            },
        ),
        ({"tools": [FUNCTION], "tool_choice": {"type": "auto"}}, {"tool_choice": "auto"}),
        ({"tools": [FUNCTION], "tool_choice": {"type": "any"}}, {"tool_choice": "required"}),
        ({"tools": [FUNCTION], "tool_choice": {"type": "none"}}, {"tool_choice": "none"}),
        ({"tools": [FUNCTION], "tool_choice": {"type": "tool", "name": "f"}}, {"tool_choice": "f"}),
        ({"max_tokens": 0}, {"stream": False}),
    ],
)
def test_options_are_read(fields: dict[str, Any], expected: dict[str, Any]) -> None:
    request = asked(**fields)
    assert expected == {name: getattr(request, name) for name in expected}


GOOD = {"model": "m", "max_tokens": 9, "messages": []}
AN_OBJECT = "Input should be a valid dictionary or object to extract fields from"


@pytest.mark.parametrize(
    ("body", "name", "message"),
    [
        (b"", "malformed_body", "the body is not JSON: Expecting value at line 1 column 1"),
        ([], "malformed_body", "the body is a list, not an object"),
        ({**GOOD, "model": None}, "missing_model", None),
        ({**GOOD, "model": ""}, "missing_model", None),
    ],
)
def test_what_is_no_request_at_all_is_rejected(body: Any, name: str, message: str | None) -> None:
    with pytest.raises(Rejected) as caught:
        decode(body)
    assert Failure(name, message) == caught.value.failure  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("body", "place", "sentence"),
    [
        ({**GOOD, "model": 4}, "model", "Input should be a valid string"),
        ({"model": "m", "max_tokens": 9}, "messages", "Field required"),
        ({**GOOD, "messages": "hi"}, "messages", "Input should be a valid list"),
        ({**GOOD, "messages": [True]}, "messages.0", AN_OBJECT),
        ({**GOOD, "messages": [{"role": ["user"]}]}, "messages.0.role", "Input should be 'user' or 'assistant'"),
        ({**GOOD, "messages": [{}]}, "messages.0.role", "Field required"),
        (
            {**GOOD, "messages": [{"role": "user", "content": {}}]},
            "messages.0.content",
            "Input should be a valid list",
        ),
        ({**GOOD, "messages": [user("x")]}, "messages.0.content.0", AN_OBJECT),
        (
            {**GOOD, "messages": [user({"type": "tool_result", "content": [1.5]})]},
            "messages.0.content.0.tool_result.content.0",
            AN_OBJECT,
        ),
        (
            {**GOOD, "messages": [{"role": "assistant", "content": [{"type": "tool_use", "name": "f"}]}]},
            "messages.0.content.0.tool_use.id",
            "Field required",
        ),
        (
            {**GOOD, "messages": [{"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": 1}]}]},
            "messages.0.content.0.tool_use.name",
            "Input should be a valid string",
        ),
        ({**GOOD, "system": 7}, "system", "Input should be a valid list"),
        ({**GOOD, "tools": "f"}, "tools", "Input should be a valid list"),
        ({**GOOD, "tools": [1]}, "tools.0", AN_OBJECT),
    ],
)
def test_what_cannot_be_read_is_rejected_in_the_words_of_the_service(body: Any, place: str, sentence: str) -> None:
    with pytest.raises(Rejected) as caught:
        decode(body)
    assert Failure("invalid_request", f"{place}: {sentence}", param=place) == caught.value.failure


def test_a_model_that_the_endpoint_decides_need_not_be_in_the_body() -> None:
    body = {"max_tokens": 9, "messages": []}
    assert "theirs" == decode(body, Endpoint("p", messages, model="theirs")).model


@pytest.mark.parametrize("thread", [{"type": "create"}, {"type": "continue", "previous_message_id": "msg_1"}])
def test_a_message_thread_is_refused_so_that_tool_runners_send_the_whole_history(thread: Any) -> None:
    with pytest.raises(Rejected) as caught:
        asked(thread=thread)
    page = messages.failure(caught.value.failure, STAMP)
    message = "thread: message threads are not served here; send the full conversation without it"
    assert (400, message) == (page.status, caught.value.failure.message)
    assert {
        "type": "error",
        "error": {
            "type": "invalid_request_error",
            "message": message,
            "details": {"error_code": "thread_unsupported_request"},
        },
    } == page.body


def test_no_thread_is_no_thread() -> None:
    assert () == asked(thread=None).turns


def test_tokens_are_counted_as_the_answer_counts_them_without_a_limit_on_it() -> None:
    body = {"model": "m", "system": "1234", "messages": [{"role": "user", "content": "12345678"}]}
    page = messages.count_tokens(call(body), ENDPOINT, Memory(most=9), STAMP)
    assert Page(200, {"input_tokens": 3}) == page
    answer = messages.body(Completion((), "stop"), decode({**body, "max_tokens": 9}), STAMP)
    assert 3 == answer["usage"]["input_tokens"]


def test_tokens_of_what_cannot_be_read_are_not_counted() -> None:
    with pytest.raises(Rejected) as caught:
        messages.count_tokens(call({"model": "m"}), ENDPOINT, Memory(most=9), STAMP)
    assert "invalid_request" == caught.value.failure.name


# ---------------------------------------------------------------- writing

REQUEST = asked({"role": "user", "content": "12345678"})
PARTS: tuple[Part, ...] = (
    Reasoning("Let me see.", (4,)),
    Text("Both.", (2, 4)),
    ToolCall("look", '{"at": "sky"}', cuts=(5,)),
    ToolCall("look", "", id="toolu_mine"),
)
SIGNATURE = STAMP.hex("signature/0", 64)
FIRST = "toolu_01" + STAMP.hex("call/2", 22)
COUNTS = {"input_tokens": 2, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0}
DETAILS = {"output_tokens": 11, "output_tokens_details": {"thinking_tokens": 3}}
CACHE = {"cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0}, "service_tier": "standard"}


def test_a_whole_answer_has_every_field_of_the_api() -> None:
    assert {
        "id": "msg_01" + STAMP.hex("message", 22),
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [
            {"type": "thinking", "thinking": "Let me see.", "signature": SIGNATURE},
            {"type": "text", "text": "Both."},
            {"type": "tool_use", "id": FIRST, "name": "look", "input": {"at": "sky"}},
            {"type": "tool_use", "id": "toolu_mine", "name": "look", "input": {}},
        ],
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "stop_details": None,
        "usage": {**COUNTS, **DETAILS, **CACHE},
    } == messages.body(Completion(PARTS, "tool_calls"), REQUEST, STAMP)


def delta(index: int, **fields: Any) -> Any:
    return {"type": "content_block_delta", "index": index, "delta": fields}


def start(index: int, **block: Any) -> Any:
    return {"type": "content_block_start", "index": index, "content_block": block}


def stop(index: int) -> Any:
    return {"type": "content_block_stop", "index": index}


STREAM: list[tuple[bool, Any]] = [
    (
        False,
        {
            "type": "message_start",
            "message": {
                "id": "msg_01" + STAMP.hex("message", 22),
                "type": "message",
                "role": "assistant",
                "model": "m",
                "content": [],
                "stop_reason": None,
                "stop_sequence": None,
                "stop_details": None,
                "usage": {**COUNTS, "output_tokens": 1, **CACHE},
            },
        },
    ),
    (False, start(0, type="thinking", thinking="", signature="")),
    (False, {"type": "ping"}),
    (True, delta(0, type="thinking_delta", thinking="Let ")),
    (True, delta(0, type="thinking_delta", thinking="me see.")),
    (False, delta(0, type="signature_delta", signature=SIGNATURE)),
    (False, stop(0)),
    (False, start(1, type="text", text="")),
    (True, delta(1, type="text_delta", text="Bo")),
    (True, delta(1, type="text_delta", text="th")),
    (True, delta(1, type="text_delta", text=".")),
    (False, stop(1)),
    (True, start(2, type="tool_use", id=FIRST, name="look", input={})),
    (False, delta(2, type="input_json_delta", partial_json="")),
    (True, delta(2, type="input_json_delta", partial_json='{"at"')),
    (True, delta(2, type="input_json_delta", partial_json=': "sky"}')),
    (False, stop(2)),
    (True, start(3, type="tool_use", id="toolu_mine", name="look", input={})),
    (False, delta(3, type="input_json_delta", partial_json="")),
    (False, stop(3)),
    (
        False,
        {
            "type": "message_delta",
            "delta": {"stop_reason": "tool_use", "stop_sequence": None, "stop_details": None},
            "usage": {**COUNTS, **DETAILS},
        },
    ),
    (False, {"type": "message_stop"}),
]


def test_a_stream_says_the_same_in_order_and_only_output_is_a_beat() -> None:
    frames = list(messages.frames(Completion(PARTS, "tool_calls"), REQUEST, STAMP))
    assert STREAM == [(frame.beat, frame.data) for frame in frames]
    assert [data["type"] for _, data in STREAM] == [frame.event for frame in frames]
    assert "sse" == messages.framing(REQUEST)


REFUSED = {"type": "refusal", "category": None, "explanation": None}


@pytest.mark.parametrize(
    ("done", "reason", "sequence", "details"),
    [
        (Completion((Text("a"),), "stop"), "end_turn", None, None),
        (Completion((Text("a"),), "length"), "max_tokens", None, None),
        (Completion((Text("a"),), "tool_calls"), "tool_use", None, None),
        (Completion((Text("a"),), "content_filter"), "refusal", None, REFUSED),
        (Completion((Text("a"),), "stop_sequence", stop_sequence="END"), "stop_sequence", "END", None),
        (Completion((Text("a"),), "stop_sequence"), "stop_sequence", None, None),
        (Completion((Text("a"),), "stop", stop_sequence="END"), "end_turn", None, None),
        (Completion((Text("a"),), "refusal"), "refusal", None, REFUSED),
        (Completion((Refusal("a"),), "stop"), "refusal", None, REFUSED),
        (Completion((Text("a"),), "pause"), "pause_turn", None, None),
    ],
)
def test_the_reason_why_it_stopped_is_in_the_words_of_the_api(
    done: Completion, reason: str, sequence: str | None, details: Any
) -> None:
    expected = {"stop_reason": reason, "stop_sequence": sequence, "stop_details": details}
    body = messages.body(done, REQUEST, STAMP)
    assert expected == {name: body[name] for name in expected}
    assert expected == list(messages.frames(done, REQUEST, STAMP))[-2].data["delta"]
    assert [{"type": "text", "text": "a"}] == body["content"]


@pytest.mark.parametrize(
    ("arguments", "whole"),
    [("", {}), ("{}", {}), ('{"a": 1}', {"a": 1}), ('{"a": ', {}), ("Beijing", {}), ("[1]", [1])],
)
def test_malformed_arguments_are_streamed_as_they_are_and_nothing_in_a_whole_answer(arguments: str, whole: Any) -> None:
    done = Completion((ToolCall("f", arguments, cuts=(1,) if arguments else ()),), "tool_calls")
    assert whole == messages.body(done, REQUEST, STAMP)["content"][0]["input"]
    frames = messages.frames(done, REQUEST, STAMP)
    pieces = [frame.data["delta"]["partial_json"] for frame in frames if frame.event == "content_block_delta"]
    assert ("", arguments) == (pieces[0], "".join(pieces))


def test_a_signature_of_the_scenario_is_sent_as_it_is() -> None:
    done = Completion((Reasoning("hm", signature="mine"), Reasoning("")), "stop")
    first, second = messages.body(done, REQUEST, STAMP)["content"]
    assert ("mine", STAMP.hex("signature/1", 64)) == (first["signature"], second["signature"])
    deltas = [frame.data.get("delta", {}) for frame in messages.frames(done, REQUEST, STAMP)]
    assert [first["signature"], second["signature"]] == [one["signature"] for one in deltas if "signature" in one]


@pytest.mark.parametrize("part", [Text(""), Refusal(""), Media("image", "x"), ToolResult("", "", "x")])
def test_what_has_no_block_takes_no_place(part: Part) -> None:
    done = Completion((part, Text("a")), "stop")
    assert [{"type": "text", "text": "a"}] == messages.body(done, REQUEST, STAMP)["content"]
    starts = [frame.data for frame in messages.frames(done, REQUEST, STAMP) if frame.event == "content_block_start"]
    assert [start(0, type="text", text="")] == starts


def test_an_answer_of_nothing_starts_and_stops() -> None:
    done = Completion((), "stop")
    assert [] == messages.body(done, REQUEST, STAMP)["content"]
    events = [frame.event for frame in messages.frames(done, REQUEST, STAMP)]
    assert ["message_start", "message_delta", "message_stop"] == events


def test_cached_input_is_counted_apart_from_the_rest() -> None:
    done = Completion((), "stop", Usage(input=100, output=7, cached_input=60, cache_write=30, reasoning=5))
    usage = messages.body(done, REQUEST, STAMP)["usage"]
    assert {
        "input_tokens": 10,
        "cache_creation_input_tokens": 30,
        "cache_read_input_tokens": 60,
        "cache_creation": {"ephemeral_5m_input_tokens": 30, "ephemeral_1h_input_tokens": 0},
        "output_tokens": 7,
        "output_tokens_details": {"thinking_tokens": 5},
        "service_tier": "standard",
    } == usage
    opening, *_, ending, _ = messages.frames(done, REQUEST, STAMP)
    assert (10, 1) == (
        opening.data["message"]["usage"]["input_tokens"],
        opening.data["message"]["usage"]["output_tokens"],
    )
    assert {name: usage[name] for name in ending.data["usage"]} == ending.data["usage"]


def test_the_model_of_the_scenario_replaces_the_one_asked_for() -> None:
    done = Completion((), "stop", model="other")
    assert "other" == messages.body(done, REQUEST, STAMP)["model"]
    assert "other" == next(messages.frames(done, REQUEST, STAMP)).data["message"]["model"]


# ---------------------------------------------------------------- errors

REQUEST_ID = "req_" + STAMP.hex("request", 32)


@pytest.mark.parametrize(
    ("failure", "page"),
    [
        (
            Failure("overloaded", "slow down", retry_after=1.2, headers={"x-more": "1"}),
            Page(
                529,
                {
                    "type": "error",
                    "error": {"type": "overloaded_error", "message": "slow down"},
                    "request_id": REQUEST_ID,
                },
                {"x-more": "1", "retry-after": "2"},
            ),
        ),
        (
            Failure("rate_limited", status=418, code="ramp_limit_exceeded", type="mine"),
            Page(
                418,
                {
                    "type": "error",
                    "error": {
                        "type": "mine",
                        "message": "This request would exceed your account's rate limit. Please try again later.",
                        "details": {"error_code": "ramp_limit_exceeded"},
                    },
                    "request_id": REQUEST_ID,
                },
            ),
        ),
        (Failure("server_error", body={"as": "it stands"}), Page(500, {"as": "it stands"})),
    ],
)
def test_an_error_is_written_as_the_api_does(failure: Failure, page: Page) -> None:
    assert page == messages.failure(failure, STAMP)


# The types that belong to a status – https://platform.claude.com/docs/en/api/errors (2026-11-20).
TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    405: "invalid_request_error",
    408: "invalid_request_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    502: "api_error",
    504: "timeout_error",
    529: "overloaded_error",
}


@pytest.mark.parametrize("name", [*ERROR_NAMES, *get_args(UnscriptedErrorName)])
def test_every_error_has_the_type_that_belongs_to_its_status(name: Any) -> None:
    page = messages.failure(Failure(name), STAMP)
    assert TYPES[page.status] == page.body["error"]["type"]
    assert page.body["error"]["message"]


def test_a_miss_is_told_in_its_own_words_and_is_not_to_be_retried() -> None:
    page = messages.failure(Failure("no_step", "nothing fits\n  a: b"), STAMP)
    assert (404, "nothing fits\n  a: b") == (page.status, page.body["error"]["message"])
