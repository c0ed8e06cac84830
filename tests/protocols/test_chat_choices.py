"""Chat Completions beside its texts: several answers, free tool calls, searches, sound."""

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
    Found,
    Media,
    Part,
    Reasoning,
    Refusal,
    Request,
    Search,
    Stamp,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    Turn,
    Usage,
)

STAMP = Stamp(seed=0, serial=1, created=1_767_225_601)


def asked(*messages: Any, **fields: Any) -> Request:
    body = json.dumps({"model": "m", "messages": list(messages), **fields}).encode()
    return chat.decode(Call("POST", "/", body=body), Endpoint("p", chat), Memory(most=9))


def message(*parts: Part, **fields: Any) -> Any:
    return chat.body(Completion(parts, "stop"), asked(**fields), STAMP)["choices"][0]["message"]


def deltas(*parts: Part, **fields: Any) -> list[Any]:
    """The deltas between the first chunk and the last."""
    frames = list(chat.frames(Completion(parts, "stop"), asked(**fields), STAMP))
    return [frame.data["choices"][0]["delta"] for frame in frames[1:-2]]


# ---------------------------------------------------------------- several answers

THREE = Completion(
    (Text("one"), ToolCall("f", "{}", id="call_mine")),
    "tool_calls",
    others=(Completion((Text("two"),), "length"), Completion((Text("three"),), "stop")),
)


def test_each_choice_says_its_own_and_past_the_last_they_start_over() -> None:
    choices = chat.body(THREE, asked(n=4), STAMP)["choices"]
    assert [
        (0, "one", "tool_calls"),
        (1, "two", "length"),
        (2, "three", "stop"),
        (3, "one", "tool_calls"),
    ] == [(choice["index"], choice["message"]["content"], choice["finish_reason"]) for choice in choices]
    ids = [choices[index]["message"]["tool_calls"][0]["id"] for index in (0, 3)]
    assert ["call_mine", "call_" + STAMP.hex("call/3/0", 24)] == ids


def test_a_stream_sends_one_choice_after_the_other() -> None:
    chunks = [frame.data["choices"][0] for frame in list(chat.frames(THREE, asked(n=2), STAMP))[:-1]]
    assert [(0, None), (0, "one"), (0, None), (0, None), (0, None), (1, None), (1, "two"), (1, None)] == [
        (chunk["index"], chunk["delta"].get("content") or None) for chunk in chunks
    ]
    assert ["tool_calls", "length"] == [chunk["finish_reason"] for chunk in chunks if chunk["finish_reason"]]


def test_the_tokens_of_every_choice_are_counted_unless_a_scenario_counts() -> None:
    done = Completion((Reasoning("12345678"), Text("1234")), "stop", others=(Completion((Text("12345"),), "stop"),))
    counts = [
        (written["usage"]["completion_tokens"], written["usage"]["completion_tokens_details"]["reasoning_tokens"])
        for written in (chat.body(done, asked(n=n), STAMP) for n in (1, 2, 3))
    ]
    assert [(3, 2), (5, 2), (8, 4)] == counts
    told = Completion((Text("1234"),), "stop", Usage(output=7))
    assert 7 == chat.body(told, asked(n=3), STAMP)["usage"]["completion_tokens"]


def test_a_frame_says_which_words_of_the_first_choice_it_carries() -> None:
    parts: tuple[Part, ...] = (Reasoning("hm"), Text("Hello", (3,)), Refusal("no"), ToolCall("f", "{}"))
    frames = chat.frames(Completion(parts, "stop"), asked(n=2, stream_options={"include_usage": True}), STAMP)
    assert ["Hel", "lo"] == [frame.text for frame in frames if frame.text]


# ---------------------------------------------------------------- free tool calls

PATCH = {"id": "call_1", "type": "custom", "custom": {"name": "patch", "input": "*** Begin"}}


@pytest.mark.parametrize(
    ("free", "tools"), [(True, []), (False, [{"type": "custom", "custom": {"name": "patch"}}, {"type": "odd"}])]
)
def test_a_call_is_custom_where_the_scenario_or_the_offered_tool_is(free: bool, tools: list[Any]) -> None:
    call = ToolCall("patch", "*** Begin", "call_1", (3,), free)
    assert [PATCH] == message(call, tools=tools)["tool_calls"]
    assert [
        {"tool_calls": [{"index": 0, **PATCH, "custom": {"name": "patch", "input": ""}}]},
        {"tool_calls": [{"index": 0, "custom": {"input": "***"}}]},
        {"tool_calls": [{"index": 0, "custom": {"input": " Begin"}}]},
    ] == deltas(call, tools=tools)


def test_a_custom_tool_is_read_where_it_is_offered_forced_called_and_answered() -> None:
    request = asked(
        {"role": "assistant", "content": None, "tool_calls": [PATCH]},
        {"role": "tool", "tool_call_id": "call_1", "content": "ok"},
        tools=[{"type": "custom", "custom": {"name": "patch"}}],
        tool_choice={"type": "custom", "custom": {"name": "patch"}},
    )
    assert ((Tool("patch"),), "patch") == (request.tools, request.tool_choice)
    assert (
        Turn("assistant", (ToolCall("patch", "*** Begin", "call_1", free=True),)),
        Turn("tool", (ToolResult("call_1", "patch", "ok"),)),
    ) == request.turns


# ---------------------------------------------------------------- searches

RAIN = Search("rain", (Found("https://a.test", "A", "wet"), Found("https://b.test", "B", "dry")))


def citation(start: int, end: int, name: str) -> dict[str, Any]:
    place = {"start_index": start, "end_index": end, "title": name.upper(), "url": f"https://{name}.test"}
    return {"type": "url_citation", "url_citation": place}


CITED = [citation(3, 9, "a"), citation(3, 9, "b"), citation(12, 14, "a")]
AGAIN = Search("rain", RAIN.results[:1])


def test_the_text_after_a_search_cites_what_was_found() -> None:
    parts = (Text("So."), RAIN, Text("It pou"), Text("rs."), AGAIN, Text("ok"))
    assert ("So.It pours.ok", CITED) == tuple(message(*parts)[name] for name in ("content", "annotations"))
    *texts, last = deltas(*parts)
    assert (["So.", "It pou", "rs.", "ok"], {"annotations": CITED}) == ([one["content"] for one in texts], last)


def test_a_search_that_no_text_follows_is_not_cited() -> None:
    assert [] == message(Text("So."), RAIN)["annotations"]
    assert [{"content": "So."}] == deltas(Text("So."), RAIN)


# ---------------------------------------------------------------- sound

SOUND = Media("audio", "UklGRg==", "audio/wav")
WRITTEN = {
    "id": "audio_" + STAMP.hex("audio/0", 24),
    "data": "UklGRg==",
    "expires_at": 1_767_229_201,
    "transcript": "Hello",
}


def test_sound_is_there_where_it_is_asked_for_and_the_text_is_its_transcript() -> None:
    said = message(Text("Hello", (3,)), SOUND, modalities=["text", "audio"])
    assert (None, WRITTEN) == (said["content"], said["audio"])
    assert [
        {"audio": {"id": WRITTEN["id"], "transcript": ""}},
        {"audio": {"transcript": "Hel"}},
        {"audio": {"transcript": "lo"}},
        {"audio": {"data": "UklGRg=="}},
        {"audio": {"expires_at": 1_767_229_201}},
    ] == deltas(Text("Hello", (3,)), SOUND, modalities=["text", "audio"])


@pytest.mark.parametrize("fields", [{}, {"modalities": ["text"]}, {"modalities": "audio"}])
def test_sound_that_is_not_asked_for_is_left_out(fields: Any) -> None:
    said = message(Text("Hello"), SOUND, Media("image", "iVBORw0KGgo="), **fields)
    assert ("Hello", False) == (said["content"], "audio" in said)


# ---------------------------------------------------------------- errors


def test_a_blocked_prompt_is_the_services_own_error() -> None:
    assert Failure("content_filtered") == chat.blocked(Completion((), "content_filter", blocked="SAFETY"))


def test_a_template_that_fails_is_an_error_of_the_server_with_its_own_words() -> None:
    page = chat.failure(Failure("template_failed", "weather.yaml:3: no 'city'"), STAMP)
    error = {
        "message": "weather.yaml:3: no 'city'",
        "type": "server_error",
        "param": None,
        "code": "scenario_template_failed",
    }
    assert (500, {"error": error}) == (page.status, page.body)
