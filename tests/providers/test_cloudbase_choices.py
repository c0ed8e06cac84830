"""CloudBase: several answers, log probabilities and searches in its lean form; limits and lists."""

import json
from typing import Any

import pytest

from emulator.protocols import chat
from emulator.providers.cloudbase import CloudBase
from emulator.session import Memory
from emulator.types import (
    Call,
    Completion,
    Endpoint,
    Failure,
    Found,
    Frame,
    Logprob,
    Page,
    Part,
    Quota,
    Reasoning,
    Request,
    Search,
    Stamp,
    Text,
    ToolCall,
)

STAMP = Stamp(seed=0, serial=1, created=1_767_225_601)
ACCOUNT = CloudBase()


def asked(group: str = "cloudbase", path: str = "", **fields: Any) -> Request:
    body = json.dumps({"model": "hy3", "messages": [], **fields}).encode()
    call = Call("POST", path or f"/v1/ai/{group}/chat/completions", body=body)
    return chat.decode(call, Endpoint("cloudbase", chat, group), Memory(most=9))


def whole(done: Completion, request: Request) -> Any:
    return ACCOUNT.body(chat.body(done, request, STAMP), request, STAMP)


def stream(done: Completion, request: Request, style: Any = "openai") -> list[Frame]:
    frames = chat.frames(done, request, STAMP)
    return list(CloudBase(stream_style=style).frames(frames, done, request, STAMP))[:-1]


TWO = Completion(
    (Text("Hello", (3,)),),
    "stop",
    others=(Completion((Text("Bye"),), "length"),),
    logprobs=(Logprob("Hel", -0.5), Logprob("lo", -0.25)),
)


@pytest.mark.parametrize("n", [1, 2])
def test_every_choice_is_there(n: int) -> None:
    expected = [(0, "Hello", "stop"), (1, "Bye", "length")][:n]
    assert expected == [
        (choice["index"], choice["message"]["content"], choice["finish_reason"])
        for choice in whole(TWO, asked(n=n))["choices"]
    ]


def test_the_openai_style_finishes_each_choice_on_its_last_output() -> None:
    choices = [frame.data["choices"][0] for frame in stream(TWO, asked(n=2))]
    assert [
        {"index": 0, "delta": {"role": "assistant"}},
        {"index": 0, "delta": {"content": "Hel"}},
        {"index": 0, "delta": {"content": "lo"}, "finish_reason": "stop"},
        {"index": 1, "delta": {"role": "assistant"}},
        {"index": 1, "delta": {"content": "Bye"}, "finish_reason": "length"},
    ] == choices


@pytest.mark.parametrize(
    ("style", "parts", "texts"),
    [
        ("openai", (Reasoning("Hm."), Text("Hello", (3,))), ["", "", "Hel", "lo"]),
        ("sdk", (Text("Hello", (3,)),), ["Hel", "lo"]),
        # What the loop of the SDK can't read in pieces comes in one, and with all of the text.
        ("sdk", (Text("Hello", (3,)), ToolCall("f", "{}")), ["Hello"]),
    ],
)
def test_a_frame_goes_on_saying_which_words_it_carries(style: Any, parts: tuple[Part, ...], texts: list[str]) -> None:
    assert texts == [frame.text for frame in stream(Completion(parts, "stop"), asked(), style)]


def test_log_probabilities_are_there_where_they_are_asked_for() -> None:
    written = [
        {"token": token, "logprob": logprob, "bytes": list(token.encode()), "top_logprobs": []}
        for token, logprob in (("Hel", -0.5), ("lo", -0.25))
    ]
    [choice] = whole(TWO, asked(logprobs=True))["choices"]
    assert {"content": written, "refusal": None} == choice["logprobs"]
    chunks = [frame.data["choices"][0] for frame in stream(TWO, asked(logprobs=True))]
    assert [None, written[:1], written[1:]] == [
        chunk["logprobs"]["content"] if "logprobs" in chunk else None for chunk in chunks
    ]
    plain = [*whole(TWO, asked())["choices"], *(frame.data["choices"][0] for frame in stream(TWO, asked()))]
    assert not any("logprobs" in choice for choice in plain)


# ---------------------------------------------------------------- searches

SEARCHED = Completion(
    (Search("rain", (Found("https://a.test", "A", "wet"), Found("https://b.test", "B", "dry"))), Text("It pours.")),
    "stop",
)
FOUND = [
    {"index": 1, "title": "A", "url": "https://a.test"},
    {"index": 2, "title": "B", "url": "https://b.test"},
]


def test_the_old_hunyuan_shows_what_a_search_found() -> None:
    request = asked("hunyuan-exp", n=2)
    assert {"search_results": FOUND} == whole(SEARCHED, request)["search_info"]
    chunks = [frame.data for frame in stream(SEARCHED, request)]
    assert [None, {"search_results": FOUND}] * 2 == [chunk.get("search_info") for chunk in chunks]


def test_the_manner_of_the_cloud_api_shows_it_in_its_own_words() -> None:
    response = whole(SEARCHED, asked("hunyuan", "/v1/ai/hunyuan"))["Response"]
    assert {"Index": 1, "Title": "A", "Url": "https://a.test"} == response["SearchInfo"]["SearchResults"][0]


@pytest.mark.parametrize("group", ["cloudbase", "deepseek"])
def test_of_a_search_the_other_groups_say_only_the_text(group: str) -> None:
    request = asked(group)
    text = Completion(SEARCHED.parts[1:], "stop")
    assert whole(text, request)["choices"] == whole(SEARCHED, request)["choices"]
    assert "search_info" not in whole(SEARCHED, request)
    assert stream(text, request) == stream(SEARCHED, request)


@pytest.mark.parametrize("done", [Completion((Text("Hi"),), "stop"), Completion(SEARCHED.parts[:1], "stop")])
def test_where_nothing_is_cited_nothing_was_found(done: Completion) -> None:
    request = asked("hunyuan-exp")
    assert "search_info" not in whole(done, request)
    assert not any("search_info" in frame.data for frame in stream(done, request))


# ---------------------------------------------------------------- limits, lists, errors


@pytest.mark.parametrize("protocol", ["chat", "responses", "messages"])
def test_no_header_tells_about_limits(protocol: str) -> None:
    assert {} == ACCOUNT.quota(Quota(60, 59, 1000, 900, 30.0), protocol, STAMP)


@pytest.mark.parametrize("group", ["cloudbase", "deepseek", "custom-x"])
def test_the_models_of_a_scenario_are_the_list_of_every_group(group: str) -> None:
    call = Call("GET", f"/v1/ai/{group}/v1/models", headers={"authorization": "Bearer k"})
    page = CloudBase(environment="e").listing(("mine", "hy9")).resolve(call, STAMP)
    assert isinstance(page, Page)
    assert ["mine", "hy9"] == [model["id"] for model in page.body["data"]]


def test_a_template_that_fails_is_an_error_of_the_server_with_its_own_words() -> None:
    page = ACCOUNT.failure(Failure("template_failed", "weather.yaml:3: no 'city'"), Call("POST", "/"), STAMP)
    said = (page.status, page.body["code"], page.body["message"])
    assert (500, "SCENARIO_TEMPLATE_FAILED", "weather.yaml:3: no 'city'") == said
