"""What the Responses codec writes: answers whole and streamed, errors."""

import json
from typing import Any, get_args

import pytest

from emulator.protocols import responses
from emulator.session import Memory
from emulator.types import (
    ERROR_NAMES,
    Call,
    Completion,
    Endpoint,
    Failure,
    Frame,
    Part,
    Reasoning,
    Refusal,
    Request,
    Stamp,
    Text,
    ToolCall,
    UnscriptedErrorName,
    Usage,
)

ENDPOINT = Endpoint("p", responses)
STAMP = Stamp(seed=0, serial=1, created=1_767_225_601)
DIGITS = STAMP.hex("response", 48)


def asked(endpoint: Endpoint = ENDPOINT, **fields: Any) -> Request:
    body = {"model": "m", "input": "12345678", **fields}
    return responses.decode(Call("POST", "/", body=json.dumps(body).encode()), endpoint, Memory(most=9))


REQUEST = asked()
PARTS: tuple[Part, ...] = (
    Reasoning("Let me see.", (4,)),
    Text("Both.", (2, 4)),
    Refusal("Not so."),
    ToolCall("look", '{"at": "sky"}', cuts=(5,)),
    ToolCall("look", "", id="call_mine"),
)
THINKING: dict[str, Any] = {
    "id": f"rs_{DIGITS}000",
    "type": "reasoning",
    "summary": [{"type": "summary_text", "text": "Let me see."}],
}
MESSAGE: dict[str, Any] = {
    "id": f"msg_{DIGITS}001",
    "type": "message",
    "status": "completed",
    "role": "assistant",
    "content": [
        {"type": "output_text", "annotations": [], "logprobs": [], "text": "Both."},
        {"type": "refusal", "refusal": "Not so."},
    ],
}
LOOK = {
    "id": f"fc_{DIGITS}002",
    "type": "function_call",
    "status": "completed",
    "call_id": "call_" + STAMP.hex("call/2", 24),
    "name": "look",
    "arguments": '{"at": "sky"}',
}
MINE = {**LOOK, "id": f"fc_{DIGITS}003", "call_id": "call_mine", "arguments": ""}
WHOLE = {
    "id": f"resp_{DIGITS}",
    "object": "response",
    "created_at": 1_767_225_601,
    "status": "completed",
    "completed_at": 1_767_225_601,
    "error": None,
    "incomplete_details": None,
    "model": "m",
    "output": [THINKING, MESSAGE, LOOK, MINE],
    "reasoning": {"effort": None, "summary": None},
    "service_tier": "default",
    "text": {"format": {"type": "text"}, "verbosity": "medium"},
    "tools": [],
    "usage": {
        "input_tokens": 2,
        "input_tokens_details": {"cached_tokens": 1, "cache_write_tokens": 0},
        "output_tokens": 13,
        "output_tokens_details": {"reasoning_tokens": 3},
        "total_tokens": 15,
    },
    "background": False,
    "frequency_penalty": 0.0,
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "presence_penalty": 0.0,
    "previous_response_id": None,
    "prompt_cache_key": None,
    "safety_identifier": None,
    "store": True,
    "temperature": 1.0,
    "tool_choice": "auto",
    "top_logprobs": 0,
    "top_p": 1.0,
    "truncation": "disabled",
    "user": None,
}


def test_a_whole_answer_has_every_field_of_the_api() -> None:
    assert WHOLE == responses.body(Completion(PARTS, "tool_calls", Usage(cached_input=1)), REQUEST, STAMP)


def test_what_was_asked_for_is_echoed() -> None:
    tool = {"type": "function", "name": "f", "parameters": {}, "strict": False}
    fields: dict[str, Any] = {
        "instructions": "be brief",
        "metadata": {"a": "b"},
        "temperature": 0.0,
        "max_output_tokens": 9,
        "tools": [tool, {"type": "web_search"}],
        "tool_choice": {"type": "function", "name": "f"},
        "reasoning": {"effort": "low"},
        "text": {"format": {"type": "json_object"}},
        "parallel_tool_calls": False,
    }
    written = responses.body(Completion((), "stop"), asked(**fields), STAMP)
    assert fields | {
        "tools": [{"description": None, **tool}, {"type": "web_search"}],
        "reasoning": {"effort": "low", "summary": None},
        "text": {"format": {"type": "json_object"}, "verbosity": "medium"},
    } == {name: written[name] for name in fields}


@pytest.mark.parametrize("conversation", ["conv_1", {"id": "conv_1"}])
def test_the_conversation_is_echoed_as_an_object(conversation: Any) -> None:
    request = asked(Endpoint("p", responses, restores=False), conversation=conversation)
    assert {"id": "conv_1"} == responses.body(Completion((), "stop"), request, STAMP)["conversation"]


@pytest.mark.parametrize(
    ("finish", "status", "reason", "item"),
    [
        ("stop", "completed", None, "completed"),
        ("tool_calls", "completed", None, "completed"),
        ("stop_sequence", "completed", None, "completed"),
        ("refusal", "completed", None, "completed"),
        ("length", "incomplete", "max_output_tokens", "incomplete"),
        ("content_filter", "incomplete", "content_filter", "incomplete"),
    ],
)
def test_an_answer_cut_short_is_incomplete_and_so_is_its_last_item(
    finish: Any, status: str, reason: str | None, item: str
) -> None:
    done = Completion((ToolCall("f", "{}"), Text("a")), finish)
    written = responses.body(done, REQUEST, STAMP)
    last = list(responses.frames(done, REQUEST, STAMP))[-1]
    assert (f"response.{status}", written) == (last.event, last.data["response"])
    assert (status, {"reason": reason} if reason else None, ["completed", item]) == (
        written["status"],
        written["incomplete_details"],
        [one["status"] for one in written["output"]],
    )
    assert (status == "completed") == (written["completed_at"] is not None)


@pytest.mark.parametrize(
    ("part", "fields", "encrypted"),
    [
        (Reasoning("hm", signature="sealed"), {}, {"encrypted_content": "sealed"}),
        (
            Reasoning("hm"),
            {"include": ["reasoning.encrypted_content"]},
            {"encrypted_content": "gAAAAA" + STAMP.hex("encrypted/0", 64)},
        ),
        (Reasoning("hm"), {"include": "odd"}, {}),
    ],
)
def test_thinking_is_sealed_where_the_scenario_or_the_client_asks_for_it(
    part: Reasoning, fields: dict[str, Any], encrypted: dict[str, str]
) -> None:
    [item] = responses.body(Completion((part,), "stop"), asked(**fields), STAMP)["output"]
    summary = [{"type": "summary_text", "text": "hm"}]
    assert {"id": f"rs_{DIGITS}000", "type": "reasoning", "summary": summary, **encrypted} == item


def test_thinking_without_words_has_an_empty_summary() -> None:
    done = Completion((Reasoning("", signature="sealed"),), "stop")
    [item] = responses.body(done, REQUEST, STAMP)["output"]
    names = [frame.event for frame in responses.frames(done, REQUEST, STAMP)][2:-1]
    assert ([], ["response.output_item.added", "response.output_item.done"]) == (item["summary"], names)


def events(*parts: Part, **fields: Any) -> list[Frame]:
    done = Completion(parts, "tool_calls", Usage(cached_input=1))
    return list(responses.frames(done, asked(**fields), STAMP))


def part_of(item: dict[str, Any], index: int, **fields: Any) -> dict[str, Any]:
    return {"item_id": item["id"], "output_index": index, **fields}


def test_a_stream_says_the_same_in_order_and_only_output_is_a_beat() -> None:
    begun = {**WHOLE, "status": "in_progress", "completed_at": None, "output": [], "usage": None}
    opened = {"status": "in_progress", "arguments": ""}
    text, refusal = MESSAGE["content"]
    thought, message, look = (
        part_of(THINKING, 0, summary_index=0),
        part_of(MESSAGE, 1, content_index=0),
        part_of(LOOK, 2),
    )
    refused = part_of(MESSAGE, 1, content_index=1)
    [summary] = THINKING["summary"]
    expected: list[tuple[bool, str, dict[str, Any]]] = [
        (False, "response.created", {"response": begun}),
        (False, "response.in_progress", {"response": begun}),
        (False, "response.output_item.added", {"output_index": 0, "item": {**THINKING, "summary": []}}),
        (False, "response.reasoning_summary_part.added", {**thought, "part": {"type": "summary_text", "text": ""}}),
        (True, "response.reasoning_summary_text.delta", {**thought, "delta": "Let "}),
        (True, "response.reasoning_summary_text.delta", {**thought, "delta": "me see."}),
        (False, "response.reasoning_summary_text.done", {**thought, "text": "Let me see."}),
        (False, "response.reasoning_summary_part.done", {**thought, "part": summary}),
        (False, "response.output_item.done", {"output_index": 0, "item": THINKING}),
        (
            False,
            "response.output_item.added",
            {"output_index": 1, "item": {**MESSAGE, "status": "in_progress", "content": []}},
        ),
        (False, "response.content_part.added", {**message, "part": {**text, "text": ""}}),
        (True, "response.output_text.delta", {**message, "delta": "Bo", "logprobs": []}),
        (True, "response.output_text.delta", {**message, "delta": "th", "logprobs": []}),
        (True, "response.output_text.delta", {**message, "delta": ".", "logprobs": []}),
        (False, "response.output_text.done", {**message, "text": "Both.", "logprobs": []}),
        (False, "response.content_part.done", {**message, "part": text}),
        (False, "response.content_part.added", {**refused, "part": {"type": "refusal", "refusal": ""}}),
        (True, "response.refusal.delta", {**refused, "delta": "Not so."}),
        (False, "response.refusal.done", {**refused, "refusal": "Not so."}),
        (False, "response.content_part.done", {**refused, "part": refusal}),
        (False, "response.output_item.done", {"output_index": 1, "item": MESSAGE}),
        (True, "response.output_item.added", {"output_index": 2, "item": LOOK | opened}),
        (True, "response.function_call_arguments.delta", {**look, "delta": '{"at"'}),
        (True, "response.function_call_arguments.delta", {**look, "delta": ': "sky"}'}),
        (False, "response.function_call_arguments.done", {**look, "name": "look", "arguments": '{"at": "sky"}'}),
        (False, "response.output_item.done", {"output_index": 2, "item": LOOK}),
        (True, "response.output_item.added", {"output_index": 3, "item": MINE | opened}),
        (
            False,
            "response.function_call_arguments.done",
            {**part_of(MINE, 3), "name": "look", "arguments": ""},
        ),
        (False, "response.output_item.done", {"output_index": 3, "item": MINE}),
        (False, "response.completed", {"response": WHOLE}),
    ]
    assert [
        Frame(
            {"type": name, "sequence_number": number, **fields},
            event=name,
            beat=beat,
            text=fields["delta"] if name == "response.output_text.delta" else "",
        )
        for number, (beat, name, fields) in enumerate(expected)
    ] == events(*PARTS)


@pytest.mark.parametrize(("free", "tools"), [(False, [{"type": "custom", "name": "patch"}]), (True, [])])
def test_the_call_of_a_custom_tool_is_of_its_own_kind(free: bool, tools: list[Any]) -> None:
    patch = {
        "id": f"ctc_{DIGITS}000",
        "type": "custom_tool_call",
        "status": "completed",
        "call_id": "call_1",
        "name": "patch",
        "input": "*** Begin",
    }
    place = part_of(patch, 0)
    frames = events(ToolCall("patch", "*** Begin", "call_1", (3,), free), tools=tools)
    assert [
        ("response.output_item.added", {"output_index": 0, "item": {**patch, "status": "in_progress", "input": ""}}),
        ("response.custom_tool_call_input.delta", {**place, "delta": "***"}),
        ("response.custom_tool_call_input.delta", {**place, "delta": " Begin"}),
        ("response.custom_tool_call_input.done", {**place, "input": "*** Begin"}),
        ("response.output_item.done", {"output_index": 0, "item": patch}),
    ] == [
        (
            frame.event,
            {name: value for name, value in frame.data.items() if name not in {"type", "sequence_number"}},
        )
        for frame in frames[2:-1]
    ]


def test_what_is_made_in_the_background_is_queued_at_first() -> None:
    done = Completion((Text("hi"),), "stop")
    request = asked(background=True)
    written = responses.body(done, request, STAMP)
    assert ("queued", [], None, None, True) == tuple(
        written[name] for name in ("status", "output", "usage", "completed_at", "background")
    )
    assert [] == list(responses.frames(done, request, STAMP))
    streamed = list(responses.frames(done, asked(background=True, stream=True), STAMP))
    assert [
        ("response.created", "queued"),
        ("response.queued", "queued"),
        ("response.in_progress", "in_progress"),
        ("response.completed", "completed"),
    ] == [(frame.event, frame.data["response"]["status"]) for frame in streamed if "response" in frame.data]


def test_a_stream_goes_as_server_sent_events() -> None:
    assert "sse" == responses.framing(REQUEST)


def test_the_model_of_the_scenario_replaces_the_one_asked_for() -> None:
    assert "other" == responses.body(Completion((), "stop", model="other"), REQUEST, STAMP)["model"]


# ---------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("failure", "status", "error"),
    [
        (
            Failure("rate_limited", "slow down"),
            429,
            {"message": "slow down", "type": "requests", "param": None, "code": "rate_limit_exceeded"},
        ),
        (
            Failure("permission_denied", status=418, code="nope", type="mine"),
            418,
            {"message": "You do not have access to this resource.", "type": "mine", "param": None, "code": "nope"},
        ),
        (
            Failure("missing_model"),
            400,
            {
                "message": "Missing required parameter: 'model'.",
                "type": "invalid_request_error",
                "param": "model",
                "code": "missing_required_parameter",
            },
        ),
        (
            Failure("invalid_request", "gone", code="previous_response_not_found"),
            400,
            {
                "message": "gone",
                "type": "invalid_request_error",
                "param": "previous_response_id",
                "code": "previous_response_not_found",
            },
        ),
    ],
)
def test_an_error_has_all_four_fields(failure: Failure, status: int, error: dict[str, Any]) -> None:
    page = responses.failure(failure, STAMP)
    assert (status, {"error": error}) == (page.status, page.body)


def test_an_error_of_the_scenario_goes_as_it_stands_and_its_wait_in_whole_seconds() -> None:
    page = responses.failure(Failure("overloaded", body={"a": 1}, headers={"x-a": "b"}, retry_after=1.2), STAMP)
    assert (503, {"a": 1}, {"x-a": "b", "retry-after": "2"}) == (page.status, page.body, page.headers)


def test_every_error_has_words() -> None:
    assert {*ERROR_NAMES, *get_args(UnscriptedErrorName)} == set(responses.ERRORS)
