"""Anthropic Messages: what an answer has beside texts, reasoning and calls, written without a server."""

import base64
import json
from typing import Any

import pytest

from emulator.protocols import messages
from emulator.session import Memory
from emulator.types import (
    Call,
    Completion,
    Embedding,
    Endpoint,
    Failure,
    Found,
    Frame,
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
REQUEST = Request(Call("POST", "/"), Endpoint("p", messages), {}, "m", ())
SEARCH = Search(
    "sky über Köln",
    (Found("https://e.org/sky", "The sky", "It is blue."), Found("https://e.org/sea", "The sea", "x" * 151)),
)
USE = "srvtoolu_01" + STAMP.hex("search/1", 22)


def sealed(label: str) -> str:
    return base64.b64encode(bytes.fromhex(STAMP.hex(label, 64))).decode()


def cited(place: int) -> list[Any]:
    return [
        {
            "type": "web_search_result_location",
            "cited_text": words,
            "url": url,
            "title": title,
            "encrypted_index": sealed(f"citation/{place}/{number}"),
        }
        for number, (url, title, words) in enumerate(
            [("https://e.org/sky", "The sky", "It is blue."), ("https://e.org/sea", "The sea", "x" * 150 + "...")]
        )
    ]


RESULTS = {
    "type": "web_search_tool_result",
    "tool_use_id": USE,
    "content": [
        {
            "type": "web_search_result",
            "title": title,
            "url": url,
            "encrypted_content": sealed(f"{USE}/{number}"),
            "page_age": None,
        }
        for number, (url, title) in enumerate([("https://e.org/sky", "The sky"), ("https://e.org/sea", "The sea")])
    ],
}
PARTS: tuple[Part, ...] = (Text("Let me look."), SEARCH, Text("Blue, it is.", (6,)), Text("And wide."))


def whole(*parts: Part, **fields: Any) -> Any:
    return messages.body(Completion(parts, "stop", **fields), REQUEST, STAMP)


def frames(*parts: Part) -> list[Frame]:
    return list(messages.frames(Completion(parts, "stop"), REQUEST, STAMP))


def test_a_search_is_two_blocks_and_the_texts_after_it_cite_every_result() -> None:
    assert [
        {"type": "text", "text": "Let me look."},
        {"type": "server_tool_use", "id": USE, "name": "web_search", "input": {"query": "sky über Köln"}},
        RESULTS,
        {"type": "text", "text": "Blue, it is.", "citations": cited(3)},
        {"type": "text", "text": "And wide.", "citations": cited(4)},
    ] == whole(*PARTS)["content"]
    assert "end_turn" == whole(*PARTS)["stop_reason"]


def test_a_stream_of_a_search_has_its_citations_before_the_text_and_no_beat_but_text() -> None:
    def delta(index: int, **fields: Any) -> Any:
        return {"type": "content_block_delta", "index": index, "delta": fields}

    def start(index: int, block: Any) -> Any:
        return {"type": "content_block_start", "index": index, "content_block": block}

    def stop(index: int) -> Any:
        return {"type": "content_block_stop", "index": index}

    assert [
        (start(1, {"type": "server_tool_use", "id": USE, "name": "web_search", "input": {}}), False, ""),
        (delta(1, type="input_json_delta", partial_json=""), False, ""),
        (delta(1, type="input_json_delta", partial_json='{"query": "sky über Köln"}'), False, ""),
        (stop(1), False, ""),
        (start(2, RESULTS), False, ""),
        (stop(2), False, ""),
        (start(3, {"citations": [], "type": "text", "text": ""}), False, ""),
        *((delta(3, type="citations_delta", citation=citation), False, "") for citation in cited(3)),
        (delta(3, type="text_delta", text="Blue, "), True, "Blue, "),
        (delta(3, type="text_delta", text="it is."), True, "it is."),
        (stop(3), False, ""),
    ] == [(frame.data, frame.beat, frame.text) for frame in frames(*PARTS)[5:17]]


def test_searches_are_counted_where_there_are_any() -> None:
    counted = {"web_search_requests": 2, "web_fetch_requests": 0}
    assert counted == whole(SEARCH, SEARCH, Text("a"))["usage"]["server_tool_use"]
    opening, *_, ending, _ = (frame.data for frame in frames(SEARCH, SEARCH, Text("a")))
    assert ("server_tool_use" in opening["message"]["usage"], counted) == (False, ending["usage"]["server_tool_use"])
    assert "server_tool_use" not in whole(Text("a"))["usage"]


@pytest.mark.parametrize(
    ("parts", "last"),
    [
        ((Search("q", ()), Text("Nothing.")), {"type": "text", "text": "Nothing."}),
        ((SEARCH, Search("q", ()), Text("Nothing.")), {"type": "text", "text": "Nothing."}),
        ((SEARCH, Refusal("No.")), {"type": "text", "text": "No."}),
    ],
)
def test_a_text_that_stands_on_nothing_cites_nothing(parts: tuple[Part, ...], last: Any) -> None:
    assert last == whole(*parts)["content"][-1]


def test_every_search_has_an_id_of_its_own() -> None:
    uses = [block["id"] for block in whole(SEARCH, SEARCH)["content"] if block["type"] == "server_tool_use"]
    assert 2 == len(set(uses))


def test_an_answer_with_a_search_comes_back_as_the_text_it_says() -> None:
    body = {"model": "m", "max_tokens": 9, "messages": [{"role": "assistant", "content": whole(*PARTS)["content"]}]}
    asked = messages.decode(Call("POST", "/", body=json.dumps(body).encode()), REQUEST.endpoint, Memory(most=9))
    assert [Text("Let me look."), Text("Blue, it is."), Text("And wide.")] == list(asked.turns[0].parts)


@pytest.mark.parametrize("part", [Media("image", "AAAA", "image/png"), Media("audio", "AAAA"), Embedding(3)])
def test_what_the_protocol_cannot_say_is_left_out(part: Part) -> None:
    assert [{"type": "text", "text": "a"}] == whole(part, Text("a"))["content"]


@pytest.mark.parametrize(
    ("call", "pieces"),
    [
        (ToolCall("f", "", free=True), ['{"input": ""}']),
        (ToolCall("f", "say", free=True), ['{"input": "say"}']),
        (ToolCall("f", 'say "hi"\nü', cuts=(5, 9), free=True), ['{"input": "say \\"', 'hi\\"\\n', 'ü"}']),
    ],
)
def test_a_free_call_has_its_text_for_a_field(call: ToolCall, pieces: list[str]) -> None:
    block = whole(call)["content"][0]
    assert ("tool_use", {"input": call.arguments}) == (block["type"], block["input"])
    deltas = [(frame.data["delta"], frame.beat) for frame in frames(call) if frame.event == "content_block_delta"]
    assert [(False, ""), *((True, piece) for piece in pieces)] == [
        (beat, delta["partial_json"]) for delta, beat in deltas
    ]
    assert block["input"] == json.loads("".join(pieces))


def test_a_frame_says_the_text_that_it_carries_and_nothing_else() -> None:
    said = frames(Reasoning("hm"), Text("ab", (1,)), Refusal("no"), ToolCall("f", '{"text": "x"}'))
    assert ["a", "b"] == [frame.text for frame in said if frame.text]


def test_a_blocked_prompt_is_the_error_of_the_content_filter() -> None:
    assert Failure("content_filtered") == messages.blocked(Completion((), "stop", blocked="SAFETY"))


def test_a_sign_of_life_is_a_ping() -> None:
    assert Frame({"type": "ping"}, event="ping") == messages.PING
    assert messages.PING in frames(Text("a"))


def test_a_failed_template_is_an_error_of_the_server_in_its_own_words() -> None:
    page = messages.failure(Failure("template_failed", "line 3: 'x' is undefined"), STAMP)
    assert (500, "api_error", "line 3: 'x' is undefined") == (
        page.status,
        page.body["error"]["type"],
        page.body["error"]["message"],
    )
