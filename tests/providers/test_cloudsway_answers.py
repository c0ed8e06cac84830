"""Cloudsway: what it changes in the words of each protocol, quirk for quirk and each switched."""

import json
from typing import Any

import pytest

from emulator import jsontext
from emulator.protocols import chat, gemini, responses
from emulator.providers.cloudsway import Cloudsway
from emulator.session import Memory
from emulator.types import (
    Call,
    Completion,
    Endpoint,
    Page,
    Part,
    Reasoning,
    Refusal,
    Request,
    Stamp,
    Text,
    ToolCall,
    Usage,
)

STAMP = Stamp(seed=0, serial=1, created=1_767_225_601)
EP = "RkBOAlaWzKcubSji"
CHAT, NATIVE = f"/v1/ai/{EP}/chat/completions", f"/v1/ai/{EP}/generateContent"
GOOGLE, CLAUDE = f"/v1/ai/{EP}/google/chat/completions", f"/v2/ai/{EP}/claude/chat/completions"
MODELS = {
    "GP": "MaaS_GP_5.4_20260305",
    "Cl": "MaaS_Cl_Sonnet_4.6_20260217",
    "Ge": "MaaS_Ge_3.1_pro_preview_20260219",
    "DS": "MaaS_DS_V3.2_20251201",
    "": "MaaS 1.5 Pro",
}
OPEN = Cloudsway()


def account(series: str, **settings: Any) -> Cloudsway:
    return Cloudsway(endpoints=(f"{EP}={MODELS[series]}",), **settings)


def call(path: str, content: Any, method: str = "POST") -> Call:
    path, _, query = path.partition("?")
    headers = {"authorization": "Bearer k"}
    return Call(method, path, dict([query.split("=")]) if query else {}, headers, jsontext.dumps(content))


def resolved(call: Call, account: Cloudsway = OPEN) -> Endpoint:
    endpoint = account.resolve(call, STAMP)
    assert isinstance(endpoint, Endpoint)
    return endpoint


# ---------------------------------------------------------------- whole chat answers

CALLS: tuple[Part, ...] = (ToolCall("look", '{"at":1}', id="c1"), ToolCall("hear", "{}", id="c2"))
FULL = Completion((Reasoning("Hm."), Text("Both."), *CALLS), "tool_calls", Usage(12, 9, 4, reasoning=2))
ANY: Any = {"messages": [], "max_tokens": 9, "input": "x", "contents": []}
"""A body that every protocol can read."""
SHORT = Completion((Text("Hi."),), "stop", Usage(12, 9))


def asked(path: str, content: Any, account: Cloudsway) -> Request:
    came = call(path, content)
    endpoint = resolved(came, account)
    return endpoint.protocol.decode(came, endpoint, Memory(most=9))


def whole(done: Completion, account: Cloudsway, path: str = CHAT) -> Any:
    request = asked(path, ANY, account)
    return account.body(request.endpoint.protocol.body(done, request, STAMP), request, STAMP)


RECORDED = {
    "created": STAMP.created,
    "usage": {"completion_tokens": 9, "prompt_tokens": 12, "total_tokens": 21},
    "model": None,
    "id": "chatcmpl-" + STAMP.hex("completion", 24),
    "choices": [
        {
            "finish_reason": "stop",
            "index": 0,
            "message": {"role": "assistant", "function_call": None, "tool_calls": None, "content": "Hi."},
            "logprobs": None,
        }
    ],
    "system_fingerprint": None,
    "object": "chat.completion",
}
LEAN = {
    "created": STAMP.created,
    "usage": RECORDED["usage"],
    "model": None,
    "id": RECORDED["id"],
    "choices": [{"finish_reason": "stop", "index": 0, "message": {"role": "assistant", "content": "Hi."}}],
    "object": "chat.completion",
}
ARTEFACT = {
    "choices": [
        {
            "finish_reason": "stop",
            "index": 0,
            "logprobs": None,
            "messages": [{"role": "assistant", "content": "Hi."}],
        }
    ],
    "created": STAMP.created,
    "model": EP,
    "object": None,
    "system_fingerprint": None,
    "usage": RECORDED["usage"],
}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, RECORDED),
        ({"response_model": "name"}, {**RECORDED, "model": EP}),
        ({"explicit_nulls": False}, LEAN),
        ({"answer_shape": "messages"}, ARTEFACT),
    ],
)
def test_a_whole_answer_has_the_documented_fields_in_the_documented_order(settings: Any, expected: Any) -> None:
    assert json.dumps(expected) == json.dumps(whole(SHORT, Cloudsway(**settings)))


def test_the_order_of_the_keys_is_a_setting() -> None:
    body = whole(SHORT, Cloudsway(key_order="openai"))
    assert ["id", "object", "created", "model", "choices", "usage", "system_fingerprint"] == list(body)
    assert RECORDED == body


def test_calls_reasoning_and_details_of_usage_are_there_where_there_are_any() -> None:
    body = whole(FULL, OPEN)
    assert {
        "role": "assistant",
        "function_call": None,
        "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"at":1}'}},
            {"id": "c2", "type": "function", "function": {"name": "hear", "arguments": "{}"}},
        ],
        "content": "Both.",
        "reasoning_content": "Hm.",
    } == body["choices"][0]["message"]
    assert {
        "completion_tokens": 9,
        "prompt_tokens": 12,
        "total_tokens": 21,
        "prompt_tokens_details": {"cached_tokens": 4},
        "completion_tokens_details": {"reasoning_tokens": 2},
    } == body["usage"]
    refusal = whole(Completion((Refusal("No."),), "refusal"), OPEN)["choices"][0]["message"]
    assert "No." == refusal["refusal"]


def test_several_answers_are_all_in_the_recorded_form() -> None:
    request = asked(CHAT, {"messages": [], "n": 2}, OPEN)
    body = OPEN.body(chat.body(SHORT, request, STAMP), request, STAMP)
    assert [RECORDED["choices"][0], {**RECORDED["choices"][0], "index": 1}] == body["choices"]  # type: ignore[index]


SIGNED: list[tuple[Cloudsway, str, str]] = [
    *((account(series), CHAT, "message" if series == "Ge" else "") for series in MODELS),
    (OPEN, CHAT, ""),
    (account("Ge"), GOOGLE, "call"),
    (OPEN, GOOGLE, "call"),
    (account("Cl"), CLAUDE, ""),
    (OPEN, CLAUDE, ""),
]


@pytest.mark.parametrize(("signer", "path", "place"), SIGNED)
def test_only_gemini_signs_its_calls(signer: Cloudsway, path: str, place: str) -> None:
    message = whole(FULL, signer, path)["choices"][0]["message"]
    details = message.get("reasoning_details", [])
    assert ([("tool", "look"), ("tool", "hear")] if place == "message" else []) == [
        (item["type"], item["text"]) for item in details
    ]
    assert all(len(item["signature"]) == 44 for item in details)
    # Google's own layer: on the first of parallel calls.
    extra = [call.get("extra_content", {}).get("google", {}).get("thought_signature") for call in message["tool_calls"]]
    assert [place == "call", False] == [bool(signature) for signature in extra]


def test_signatures_differ_and_are_a_setting() -> None:
    message = whole(FULL, account("Ge"))["choices"][0]["message"]
    assert 2 == len({item["signature"] for item in message["reasoning_details"]})
    for path in (CHAT, GOOGLE):
        message = whole(FULL, account("Ge", reasoning_details=False), path)["choices"][0]["message"]
        assert "reasoning_details" not in message
        assert all("extra_content" not in call for call in message["tool_calls"])
    assert "reasoning_details" not in whole(SHORT, account("Ge"))["choices"][0]["message"]
    assert RECORDED == whole(SHORT, OPEN, GOOGLE)


@pytest.mark.parametrize("shown", ["hidden", "shown"])
@pytest.mark.parametrize("series", MODELS)
def test_gp_models_hide_their_reasoning_and_count_it(series: str, shown: Any) -> None:
    teller = account(series, gp_reasoning=shown)
    hidden = series == "GP" and shown == "hidden"
    body = whole(FULL, teller)
    assert hidden is ("reasoning_content" not in body["choices"][0]["message"])
    assert {"reasoning_tokens": 2} == body["usage"]["completion_tokens_details"]
    assert hidden is not any("reasoning_content" in str(chunk) for chunk in stream(FULL, teller, CHAT))


# ---------------------------------------------------------------- streams


def stream(done: Completion, account: Cloudsway, path: str, **fields: Any) -> list[Any]:
    content = {**ANY, "stream": True, **fields}
    request = asked(path, content, account)
    frames = list(request.endpoint.protocol.frames(done, request, STAMP))
    styled = list(account.frames(iter(frames), done, request, STAMP))
    if len(frames) == len(styled):
        assert [frame.beat for frame in frames] == [frame.beat for frame in styled]
    return [frame.data for frame in styled]


@pytest.mark.parametrize("nulls", [True, False])
def test_a_chunk_has_the_documented_fields(nulls: bool) -> None:
    first, *_, usage, end = stream(FULL, Cloudsway(explicit_nulls=nulls), CHAT, stream_options={"include_usage": True})
    choice = {"index": 0, "delta": {"role": "assistant", "content": ""}, "logprobs": None, "finish_reason": None}
    if not nulls:
        del choice["logprobs"]
    head = {
        "id": "chatcmpl-" + STAMP.hex("completion", 24),
        "object": "chat.completion.chunk",
        "created": STAMP.created,
        "model": EP,
        "system_fingerprint": f"fp_{STAMP.hex('fingerprint', 10)}",
    }
    assert json.dumps({**head, "choices": [choice], "usage": None}) == json.dumps(first)
    assert {"cached_tokens": 4} == usage["usage"]["prompt_tokens_details"]
    assert ([], "[DONE]") == (usage["choices"], end)


def test_a_refusal_is_in_the_chunks_that_carry_it_and_in_no_other() -> None:
    chunks = stream(Completion((Refusal("No."),), "refusal"), OPEN, CHAT)
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks if chunk != "[DONE]"]
    assert [{"role": "assistant", "content": ""}, {"refusal": "No."}, {}] == deltas


@pytest.mark.parametrize("path", [f"/v1/ai/{EP}/responses", f"/{EP}/v1/messages"])
def test_the_other_protocols_of_a_stream_keep_their_words(path: str) -> None:
    request = asked(path, {**ANY, "stream": True}, OPEN)
    frames = list(request.endpoint.protocol.frames(FULL, request, STAMP))
    ours = [
        frame.data | {"response": {**frame.data["response"], "content_filters": None}}
        if "response" in frame.data
        else frame.data
        for frame in frames
    ]
    assert ours == stream(FULL, OPEN, path)


# ---------------------------------------------------------------- Responses


def test_a_response_has_content_filters_beside_background() -> None:
    body = whole(SHORT, OPEN, f"/v1/ai/{EP}/responses")
    names = list(body)
    assert ("response", False, None) == (body["object"], body["background"], body["content_filters"])
    assert names.index("content_filters") == names.index("background") + 1


def test_a_stored_response_is_found_again_in_the_same_form() -> None:
    path, memory = f"/v1/ai/{EP}/responses", Memory(most=9)
    came = call(path, {"input": "x"})
    request = responses.decode(came, resolved(came), memory)
    responses.keep(SHORT, request, memory, STAMP)
    body = OPEN.body(responses.body(SHORT, request, STAMP), request, STAMP)
    asked_again = call(f"{path}/{body['id']}", None, "GET")
    endpoint = resolved(asked_again)
    assert endpoint.page is not None
    assert Page(200, body) == endpoint.page(asked_again, endpoint, memory, STAMP)


# ---------------------------------------------------------------- Gemini


def test_gemini_is_in_the_flavour_of_vertex() -> None:
    body = whole(FULL, OPEN, NATIVE)
    assert ["candidates", "usageMetadata", "modelVersion", "createTime", "responseId"] == list(body)
    [candidate] = body["candidates"]
    assert (["content", "finishReason"], ["role", "parts"]) == (list(candidate), list(candidate["content"]))
    assert [
        ("promptTokenCount", 12),
        ("candidatesTokenCount", 7),
        ("totalTokenCount", 21),
        ("cachedContentTokenCount", 4),
        ("trafficType", "ON_DEMAND"),
        ("promptTokensDetails", [{"modality": "TEXT", "tokenCount": 12}]),
        ("candidatesTokensDetails", [{"modality": "TEXT", "tokenCount": 7}]),
        ("thoughtsTokenCount", 2),
    ] == list(body["usageMetadata"].items())
    assert body["createTime"].startswith("2026-01-01T00:00:01.")
    assert len("2026-01-01T00:00:01.123456Z") == len(body["createTime"])


def test_thinking_that_ate_every_token_leaves_a_role_without_parts() -> None:
    body = whole(Completion((), "length"), OPEN, NATIVE)
    assert [{"content": {"role": "model"}, "finishReason": "MAX_TOKENS"}] == body["candidates"]


def test_a_second_candidate_is_told_apart_by_its_index() -> None:
    request = asked(NATIVE, {"contents": [], "generationConfig": {"candidateCount": 2}}, OPEN)
    body = OPEN.body(gemini.body(SHORT, request, STAMP), request, STAMP)
    assert [None, 1] == [candidate.get("index") for candidate in body["candidates"]]


@pytest.mark.parametrize("alt", ["", "?alt=sse"])
def test_the_usage_of_a_stream_comes_last_and_nothing_but_the_kind_of_traffic_before(alt: str) -> None:
    *chunks, last = stream(FULL, OPEN, f"/v1/ai/{EP}/streamGenerateContent{alt}")
    assert len(chunks) > 2
    assert all({"trafficType": "ON_DEMAND"} == chunk["usageMetadata"] for chunk in chunks)
    assert whole(FULL, OPEN, NATIVE)["usageMetadata"] == last["usageMetadata"]
    assert {(last["createTime"], last["responseId"])} == {
        (chunk["createTime"], chunk["responseId"]) for chunk in chunks
    }
    for chunk in (*chunks, last):
        assert all("index" not in candidate for candidate in chunk["candidates"])
        assert all(["role", "parts"] == list(candidate["content"]) for candidate in chunk["candidates"])


def test_thoughts_with_no_budget_are_no_contradiction() -> None:
    """The example of seed 004: includeThoughts with thinkingBudget 0."""
    config = {"thinkingConfig": {"includeThoughts": True, "thinkingBudget": 0}}
    assert "hi" == asked(NATIVE, {"contents": [{"parts": [{"text": "hi"}]}], "generationConfig": config}, OPEN).user
