"""Responses beside its texts: searches, images, what a frame carries."""

import json
from typing import Any

import pytest

from emulator.protocols import responses
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
    ToolCall,
)

STAMP = Stamp(seed=0, serial=1, created=1_767_225_601)
DIGITS = STAMP.hex("response", 48)


def asked(**fields: Any) -> Request:
    body = json.dumps({"model": "m", "input": "hi", **fields}).encode()
    return responses.decode(Call("POST", "/", body=body), Endpoint("p", responses), Memory(most=9))


def events(*parts: Part, **fields: Any) -> list[tuple[str | None, dict[str, Any]]]:
    """The events of the items, without what every event has."""
    frames = list(responses.frames(Completion(parts, "stop"), asked(**fields), STAMP))[2:-1]
    return [
        (frame.event, {name: frame.data[name] for name in frame.data if name not in {"type", "sequence_number"}})
        for frame in frames
    ]


def output(*parts: Part, **fields: Any) -> Any:
    return responses.body(Completion(parts, "stop"), asked(**fields), STAMP)["output"]


# ---------------------------------------------------------------- searches

RAIN = Search("rain", (Found("https://a.test", "A", "wet"), Found("https://b.test", "B", "dry")))
SEARCHED = {
    "id": f"ws_{DIGITS}000",
    "type": "web_search_call",
    "status": "completed",
    "action": {"type": "search", "query": "rain"},
}
CITED = [
    {"type": "url_citation", "start_index": 0, "end_index": 9, "title": "A", "url": "https://a.test"},
    {"type": "url_citation", "start_index": 0, "end_index": 9, "title": "B", "url": "https://b.test"},
]
TEXT = {"type": "output_text", "annotations": CITED, "logprobs": [], "text": "It pours."}
MESSAGE = {
    "id": f"msg_{DIGITS}001",
    "type": "message",
    "status": "completed",
    "role": "assistant",
    "content": [TEXT, {**TEXT, "annotations": [], "text": "Truly."}],
}


def test_a_search_is_an_item_and_the_text_after_it_cites_what_was_found() -> None:
    assert [SEARCHED, MESSAGE] == output(RAIN, Text("It pours."), Text("Truly."))


def test_the_sources_of_a_search_are_there_where_they_are_asked_for() -> None:
    [item] = output(RAIN, include=["web_search_call.action.sources"])
    sources = [{"type": "url", "url": "https://a.test"}, {"type": "url", "url": "https://b.test"}]
    assert {"type": "search", "query": "rain", "sources": sources} == item["action"]


def test_a_search_has_events_of_its_own_and_so_have_citations() -> None:
    searched = {"item_id": SEARCHED["id"], "output_index": 0}
    message = {"item_id": MESSAGE["id"], "output_index": 1, "content_index": 0}
    opened = {**MESSAGE, "status": "in_progress", "content": []}
    begun = {**SEARCHED, "status": "in_progress", "action": {"type": "search"}}
    assert [
        ("response.output_item.added", {"output_index": 0, "item": begun}),
        ("response.web_search_call.in_progress", searched),
        ("response.web_search_call.searching", searched),
        ("response.web_search_call.completed", searched),
        ("response.output_item.done", {"output_index": 0, "item": SEARCHED}),
        ("response.output_item.added", {"output_index": 1, "item": opened}),
        ("response.content_part.added", {**message, "part": {**TEXT, "annotations": [], "text": ""}}),
        ("response.output_text.delta", {**message, "delta": "It pours.", "logprobs": []}),
        *(
            ("response.output_text.annotation.added", {**message, "annotation_index": number, "annotation": one})
            for number, one in enumerate(CITED)
        ),
        ("response.output_text.done", {**message, "text": "It pours.", "logprobs": []}),
        ("response.content_part.done", {**message, "part": TEXT}),
        ("response.output_item.done", {"output_index": 1, "item": {**MESSAGE, "content": [TEXT]}}),
    ] == events(RAIN, Text("It pours."))


def test_a_search_between_texts_parts_them() -> None:
    items = output(Text("So."), RAIN, Text("It pours."))
    assert ["message", "web_search_call", "message"] == [item["type"] for item in items]
    assert [[], CITED] == [item["content"][0]["annotations"] for item in (items[0], items[2])]
    assert len(items) == len({item["id"] for item in items})


# ---------------------------------------------------------------- images


def test_an_image_is_an_item_of_its_own_and_sound_is_none() -> None:
    image = {"id": f"ig_{DIGITS}000", "type": "image_generation_call", "status": "completed", "result": "iVBORw0KGgo="}
    parts = (Media("image", "iVBORw0KGgo=", "image/png"), Media("audio", "UklGRg==", "audio/wav"))
    place = {"item_id": image["id"], "output_index": 0}
    assert [image] == output(*parts)
    assert [
        ("response.output_item.added", {"output_index": 0, "item": {**image, "status": "in_progress", "result": None}}),
        ("response.image_generation_call.in_progress", place),
        ("response.image_generation_call.generating", place),
        ("response.image_generation_call.completed", place),
        ("response.output_item.done", {"output_index": 0, "item": image}),
    ] == events(*parts)


# ---------------------------------------------------------------- what a frame carries


def test_a_frame_says_which_words_of_the_text_it_carries() -> None:
    parts: tuple[Part, ...] = (Reasoning("hm"), Text("Hello", (3,)), Refusal("no"), ToolCall("f", "{}"), Text("!"))
    frames = list(responses.frames(Completion(parts, "stop"), asked(), STAMP))
    assert ["Hel", "lo", "!"] == [frame.text for frame in frames if frame.text]
    assert all(frame.beat for frame in frames if frame.text)


# ---------------------------------------------------------------- errors


def test_a_blocked_prompt_is_the_services_own_error() -> None:
    assert Failure("content_filtered") == responses.blocked(Completion((), "content_filter", blocked="SAFETY"))


@pytest.mark.parametrize("message", ["weather.yaml:3: no 'city'"])
def test_a_template_that_fails_is_an_error_of_the_server_with_its_own_words(message: str) -> None:
    page = responses.failure(Failure("template_failed", message), STAMP)
    error = {"message": message, "type": "server_error", "param": None, "code": "scenario_template_failed"}
    assert (500, {"error": error}) == (page.status, page.body)
