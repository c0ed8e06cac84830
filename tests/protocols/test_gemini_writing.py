"""Gemini generateContent: answers and errors, written without a server."""

import base64
import json
from typing import Any, get_args

import pytest

from emulator.protocols import gemini
from emulator.session import Memory
from emulator.types import (
    ERROR_NAMES,
    Call,
    Completion,
    Endpoint,
    Failure,
    Page,
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

ENDPOINT = Endpoint("p", gemini, model="m", stream=False)
STAMP = Stamp(seed=0, serial=1, created=1_767_225_601)
SIGNATURE = base64.b64encode(bytes.fromhex(STAMP.hex("signature", 64))).decode()
IDENTITY = {
    "modelVersion": "m",
    "responseId": base64.urlsafe_b64encode(bytes.fromhex(STAMP.hex("response", 32))).decode().rstrip("="),
}


def decode(body: Any, endpoint: Endpoint = ENDPOINT, **query: str) -> Request:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return gemini.decode(Call("POST", "/", query, body=data), endpoint, Memory(most=9))


def asked(*contents: Any, **fields: Any) -> Request:
    return decode({"contents": list(contents), **fields})


def user(*parts: Any) -> Any:
    return {"role": "user", "parts": list(parts)}


def text(words: str, **more: Any) -> Any:
    return {"text": words, **more}


REQUEST = asked(user(text("12345678")))
PARTS: tuple[Part, ...] = (
    Reasoning("Let me see.", (4,)),
    Text("Both.", (2, 4)),
    ToolCall("look", '{"at": "sky"}', cuts=(5,)),
    ToolCall("look", "", id="mine"),
)
CALLS = [
    {
        "functionCall": {"name": "look", "args": {"at": "sky"}, "id": STAMP.hex("call/0/0", 8)},
        "thoughtSignature": SIGNATURE,
    },
    {"functionCall": {"name": "look", "args": {}, "id": "mine"}},
]
USAGE = {
    "promptTokenCount": 2,
    "candidatesTokenCount": 8,
    "totalTokenCount": 13,
    "cachedContentTokenCount": 1,
    "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 2}],
    "thoughtsTokenCount": 3,
}


def test_a_whole_answer_has_every_field_of_the_api_in_its_order() -> None:
    done = Completion(PARTS, "tool_calls", Usage(cached_input=1))
    parts = [text("Let me see.", thought=True), text("Both."), *CALLS]
    expected = {
        "candidates": [{"content": {"parts": parts, "role": "model"}, "finishReason": "STOP", "index": 0}],
        "usageMetadata": USAGE,
        **IDENTITY,
    }
    assert json.dumps(expected) == json.dumps(gemini.body(done, REQUEST, STAMP))


def test_a_stream_says_the_same_in_order_and_only_output_is_a_beat() -> None:
    frames = list(gemini.frames(Completion(PARTS, "tool_calls", Usage(cached_input=1)), REQUEST, STAMP))
    pieces = [
        *(text(piece, thought=True) for piece in ("Let ", "me see.")),
        *map(text, ("Bo", "th", ".")),
        *CALLS,
    ]
    opened = [(True, {"content": {"parts": [piece], "role": "model"}, "index": 0}) for piece in pieces]
    ended = {"content": {"parts": [text("")], "role": "model"}, "finishReason": "STOP", "index": 0}
    assert [*opened, (False, ended)] == [(frame.beat, frame.data["candidates"][0]) for frame in frames]
    assert [IDENTITY] * 8 == [{name: frame.data[name] for name in IDENTITY} for frame in frames]
    assert {None} == {frame.event for frame in frames}


def test_usage_is_cumulative_on_every_chunk() -> None:
    frames = list(gemini.frames(Completion(PARTS, "tool_calls", Usage(output=7)), REQUEST, STAMP))
    counts = [frame.data["usageMetadata"] for frame in frames]
    assert [(0, 1), (0, 3), (1, 3), (2, 3), (3, 3), (4, 3), (4, 3), (4, 3)] == [
        (count["candidatesTokenCount"], count.get("thoughtsTokenCount")) for count in counts
    ]
    assert [3, 5, 6, 7, 8, 9, 9, 9] == [count["totalTokenCount"] for count in counts]


MALFORMED = "Malformed function call: f({)"
ENDS: list[tuple[Completion, Any, Any]] = [
    # Nothing is said: a candidate is there all the same, in the recorded shapes.
    (Completion((), "stop"), {"parts": [text("")], "role": "model"}, {"finishReason": "STOP"}),
    (Completion((Text(""),), "stop"), {"parts": [text("")], "role": "model"}, {"finishReason": "STOP"}),
    (Completion((), "length"), {"role": "model"}, {"finishReason": "MAX_TOKENS"}),
    (Completion((), "content_filter"), {}, {"finishReason": "SAFETY", "safetyRatings": True}),
    (Completion((Text("a"),), "length"), {"parts": [text("a")], "role": "model"}, {"finishReason": "MAX_TOKENS"}),
    (Completion((Text("a"),), "stop_sequence"), {"parts": [text("a")], "role": "model"}, {"finishReason": "STOP"}),
    (Completion((Text("a"),), "pause"), {"parts": [text("a")], "role": "model"}, {"finishReason": "STOP"}),
    (
        Completion((Refusal("no", (1,)),), "refusal"),
        {"parts": [text("no")], "role": "model"},
        {"finishReason": "SAFETY", "safetyRatings": True},
    ),
    (
        Completion((Reasoning("hm"),), "content_filter"),
        {"parts": [text("hm", thought=True)], "role": "model"},
        {"finishReason": "SAFETY", "safetyRatings": True},
    ),
    # A call that cannot be parsed is not there, and the turn ends for its sake.
    (
        Completion((ToolCall("f", "{"),), "tool_calls"),
        {},
        {"finishReason": "MALFORMED_FUNCTION_CALL", "finishMessage": MALFORMED},
    ),
    (
        Completion((Text("a"), ToolCall("f", "{"), ToolCall("g", "[1]")), "tool_calls"),
        {"parts": [text("a")], "role": "model"},
        {"finishReason": "MALFORMED_FUNCTION_CALL", "finishMessage": MALFORMED},
    ),
    # Reasoning is signed at the end, unless a call is.
    (
        Completion((Reasoning("hm"), Text("a")), "stop"),
        {"parts": [text("hm", thought=True), text("a", thoughtSignature=SIGNATURE)], "role": "model"},
        {"finishReason": "STOP"},
    ),
    (
        Completion((Reasoning("hm"),), "length"),
        {"parts": [text("hm", thought=True), text("", thoughtSignature=SIGNATURE)], "role": "model"},
        {"finishReason": "MAX_TOKENS"},
    ),
]


@pytest.mark.parametrize(("done", "content", "end"), ENDS)
def test_an_answer_ends_as_the_api_ends_it(done: Completion, content: Any, end: Any) -> None:
    ratings = [{"category": "HARM_CATEGORY_DANGEROUS_CONTENT", "probability": "HIGH", "blocked": True}]
    if "safetyRatings" in end:
        end = {**end, "safetyRatings": ratings}
    assert {"content": content, "index": 0, **end} == gemini.body(done, REQUEST, STAMP)["candidates"][0]
    *_, last = gemini.frames(done, REQUEST, STAMP)
    candidate = last.data["candidates"][0]
    closing = candidate.pop("content")
    assert {"index": 0, **end} == candidate
    signed = {"thoughtSignature": SIGNATURE} if SIGNATURE in json.dumps(content) else {}
    stopped = end["finishReason"] in {"SAFETY", "MALFORMED_FUNCTION_CALL"}
    said = "parts" in content and not stopped
    assert closing == ({"parts": [text("", **signed)], "role": "model"} if said else {} if stopped else content)


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("", SIGNATURE),
        ("c2lnbmF0dXJl", "c2lnbmF0dXJl"),
        # Clients decode it: what is no base64 is made so.
        ("sig-1", base64.b64encode(b"sig-1").decode()),
        ("über", base64.b64encode("über".encode()).decode()),
    ],
)
@pytest.mark.parametrize("part", [Text("a"), ToolCall("f", "{}")])
def test_a_signature_is_base64(given: str, written: str, part: Part) -> None:
    done = Completion((Reasoning("hm", signature=given), part), "stop")
    *_, last = gemini.body(done, REQUEST, STAMP)["candidates"][0]["content"]["parts"]
    assert written == last["thoughtSignature"]


def test_several_candidates_say_the_same_with_calls_of_their_own() -> None:
    request = asked(user(text("hi")), generationConfig={"candidateCount": 2})
    done = Completion((Text("ab", (1,)), ToolCall("f", "{}")), "tool_calls")
    whole = gemini.body(done, request, STAMP)["candidates"]
    frames = [frame.data["candidates"] for frame in gemini.frames(done, request, STAMP)]
    assert [0, 1] == [candidate["index"] for candidate in whole]
    assert [[0, 1]] * 4 == [[candidate["index"] for candidate in candidates] for candidates in frames]
    assert ["a", "b"] == [candidates[1]["content"]["parts"][0]["text"] for candidates in frames[:2]]
    ids = [candidate["content"]["parts"][1]["functionCall"]["id"] for candidate in whole]
    assert [STAMP.hex("call/0/0", 8), STAMP.hex("call/1/0", 8)] == ids
    assert ids == [candidate["content"]["parts"][0]["functionCall"]["id"] for candidate in frames[2]]


def test_a_prompt_is_counted_kind_by_kind() -> None:
    image, film = {"inlineData": {"mimeType": "image/png"}}, {"fileData": {"mimeType": "video/mp4"}}
    request = asked(user(text("12345678"), image, film, image))
    usage = gemini.body(Completion((), "stop"), request, STAMP)["usageMetadata"]
    assert [("TEXT", 2), ("IMAGE", 512), ("VIDEO", 256)] == [
        (detail["modality"], detail["tokenCount"]) for detail in usage["promptTokensDetails"]
    ]
    less = gemini.body(Completion((), "stop", Usage(input=5)), request, STAMP)["usageMetadata"]
    assert [{"modality": "TEXT", "tokenCount": 5}] == less["promptTokensDetails"]


def test_reasoning_is_never_more_than_the_whole() -> None:
    done = Completion((Reasoning("a long thought"), Text("a")), "stop", Usage(output=3))
    usage = gemini.body(done, REQUEST, STAMP)["usageMetadata"]
    assert (0, 3, 5) == (usage["candidatesTokenCount"], usage["thoughtsTokenCount"], usage["totalTokenCount"])


def test_the_model_of_the_scenario_replaces_the_one_asked_for() -> None:
    assert "other" == gemini.body(Completion((), "stop", model="other"), REQUEST, STAMP)["modelVersion"]


def test_the_query_decides_how_a_stream_is_framed() -> None:
    assert ("sse-crlf", "json-array") == (
        gemini.framing(decode({"contents": []}, alt="sse")),
        gemini.framing(decode({"contents": []})),
    )


# ---------------------------------------------------------------- errors

RETRY = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.4s"}
REASON = {
    "@type": "type.googleapis.com/google.rpc.ErrorInfo",
    "reason": "API_KEY_INVALID",
    "domain": "googleapis.com",
    "metadata": {"service": "generativelanguage.googleapis.com"},
}


@pytest.mark.parametrize(
    ("failure", "page"),
    [
        (
            Failure("rate_limited", "slow down", retry_after=34.4),
            Page(
                429,
                {"error": {"code": 429, "message": "slow down", "status": "RESOURCE_EXHAUSTED", "details": [RETRY]}},
                {"retry-after": "35"},
            ),
        ),
        (
            Failure("invalid_api_key", retry_after=20),
            Page(
                400,
                {
                    "error": {
                        "code": 400,
                        "message": "API key not valid. Please pass a valid API key.",
                        "status": "INVALID_ARGUMENT",
                        "details": [REASON, {**RETRY, "retryDelay": "20s"}],
                    }
                },
                {"retry-after": "20"},
            ),
        ),
        (
            Failure("server_error", "oh", status=599, code=13, type="MINE", headers={"x-a": "b"}),
            Page(599, {"error": {"code": 13, "message": "oh", "status": "MINE"}}, {"x-a": "b"}),
        ),
        (
            Failure("no_step", "nothing fits"),
            Page(404, {"error": {"code": 404, "message": "nothing fits", "status": "NOT_FOUND"}}),
        ),
        (Failure("server_error", status=418, body={"tea": "pot"}), Page(418, {"tea": "pot"})),
    ],
)
def test_an_error_is_written_as_google_does(failure: Failure, page: Page) -> None:
    assert page == gemini.failure(failure, STAMP)


@pytest.mark.parametrize("name", [*ERROR_NAMES, *get_args(UnscriptedErrorName)])
def test_every_error_has_its_words(name: Any) -> None:
    page = gemini.failure(Failure(name), STAMP)
    assert page.status == page.body["error"]["code"] >= 400
    assert page.body["error"]["message"]
