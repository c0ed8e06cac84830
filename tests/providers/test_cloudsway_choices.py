"""Cloudsway: several answers, log probabilities, free tool calls and searches in its form; limits and lists."""

import json
from typing import Any

import pytest

from emulator import jsontext
from emulator.protocols import chat
from emulator.providers.cloudsway import Cloudsway
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
    Quota,
    Rejected,
    Request,
    Search,
    Stamp,
    Text,
    ToolCall,
)

STAMP = Stamp(seed=0, serial=1, created=1_767_225_601)
EP = "RkBOAlaWzKcubSji"
OPEN = Cloudsway()
KEY = {"authorization": "Bearer k"}


def asked(path: str = f"/v1/ai/{EP}/chat/completions", **fields: Any) -> Request:
    call = Call("POST", path, headers=KEY, body=json.dumps({"messages": [], **fields}).encode())
    endpoint = OPEN.resolve(call, STAMP)
    assert isinstance(endpoint, Endpoint)
    return chat.decode(call, endpoint, Memory(most=9))


def whole(done: Completion, request: Request, account: Cloudsway = OPEN) -> Any:
    return account.body(chat.body(done, request, STAMP), request, STAMP)


def stream(done: Completion, request: Request, account: Cloudsway = OPEN) -> list[Frame]:
    return list(account.frames(chat.frames(done, request, STAMP), done, request, STAMP))[:-1]


TWO = Completion(
    (Text("Hello", (3,)),),
    "stop",
    others=(Completion((Text("Bye"),), "length"),),
    logprobs=(Logprob("Hel", -0.5), Logprob("lo", -0.25)),
)
TOKENS = [
    {"token": token, "logprob": logprob, "bytes": list(token.encode()), "top_logprobs": []}
    for token, logprob in (("Hel", -0.5), ("lo", -0.25))
]


def test_every_choice_is_there() -> None:
    choices = whole(TWO, asked(n=2))["choices"]
    assert [("Hello", "stop"), ("Bye", "length")] == [
        (choice["message"]["content"], choice["finish_reason"]) for choice in choices
    ]


def test_a_frame_goes_on_saying_which_words_it_carries() -> None:
    for account in (OPEN, Cloudsway(explicit_nulls=False)):
        assert ["", "Hel", "lo", ""] == [frame.text for frame in stream(TWO, asked(), account)]


@pytest.mark.parametrize("nulls", [True, False])
@pytest.mark.parametrize("order", ["recorded", "openai"])
def test_log_probabilities_are_there_where_they_are_asked_for(nulls: bool, order: Any) -> None:
    account = Cloudsway(explicit_nulls=nulls, key_order=order)
    [choice] = whole(TWO, asked(logprobs=True), account)["choices"]
    assert {"content": TOKENS, "refusal": None} == choice["logprobs"]
    chunks = [frame.data["choices"][0] for frame in stream(TWO, asked(logprobs=True), account)]
    assert [[], TOKENS[:1], TOKENS[1:], None] == [
        chunk["logprobs"]["content"] if chunk.get("logprobs") else None for chunk in chunks
    ]


@pytest.mark.parametrize("nulls", [True, False])
def test_where_nobody_asks_they_are_null_or_nothing(nulls: bool) -> None:
    account = Cloudsway(explicit_nulls=nulls)
    choices = [*whole(TWO, asked(), account)["choices"], *(one.data["choices"][0] for one in stream(TWO, asked()))]
    assert {None} == {choice.get("logprobs") for choice in choices}
    assert nulls is ("logprobs" in choices[0])


def test_gemini_signs_free_calls_too() -> None:
    done = Completion((ToolCall("patch", "*** Begin", free=True),), "tool_calls")
    [choice] = whole(done, asked(f"/v1/ai/{EP}/chat/completions", model="MaaS_Ge_3.1_pro"))["choices"]
    assert ["patch"] == [one["text"] for one in choice["message"]["reasoning_details"]]
    assert "custom" == choice["message"]["tool_calls"][0]["type"]


def test_of_a_search_only_the_text_is_said() -> None:
    text = Completion((Text("It pours."),), "stop")
    done = Completion((Search("rain", (Found("https://a.test", "A", "wet"),)), *text.parts), "stop")
    assert whole(text, asked())["choices"] == whole(done, asked())["choices"]
    assert stream(text, asked()) == stream(done, asked())


# ---------------------------------------------------------------- limits, lists, errors


@pytest.mark.parametrize("protocol", ["chat", "responses", "messages", "gemini"])
def test_no_header_tells_about_limits(protocol: str) -> None:
    assert {} == OPEN.quota(Quota(60, 59, 1000, 900, 30.0), protocol, STAMP)


@pytest.mark.parametrize("account", [OPEN, Cloudsway(endpoints=(f"{EP}=MaaS_Cl_4",), strict_endpoints=True)])
@pytest.mark.parametrize("path", ["/v1/models", f"/{EP}/v1/models"])
def test_the_models_of_a_scenario_are_all_that_is_listed(account: Cloudsway, path: str) -> None:
    listing = account.listing(("mine", "MaaS 1.5 Pro"))
    page = listing.resolve(Call("GET", path, headers=KEY), STAMP)
    assert isinstance(page, Page)
    assert ["mine", "MaaS 1.5 Pro"] == [model["id"] for model in page.body["data"]]


def test_an_endpoint_goes_on_answering_for_its_model_and_a_listed_model_can_be_asked() -> None:
    account = Cloudsway(endpoints=(f"{EP}=MaaS_Cl_4",), strict_endpoints=True).listing(("mine",))

    def model(path: str, content: Any) -> str | None:
        endpoint = account.resolve(Call("POST", path, headers=KEY, body=jsontext.dumps(content)), STAMP)
        assert isinstance(endpoint, Endpoint)
        return endpoint.model

    assert "MaaS_Cl_4" == model(f"/v1/ai/{EP}/chat/completions", {"model": "mine"})
    assert "mine" == model("/v1/chat/completions", {"model": "mine"})
    with pytest.raises(Rejected):
        model("/v1/chat/completions", {"model": "yours"})


def test_a_template_that_fails_is_an_error_of_the_gateway_with_its_own_words() -> None:
    page = OPEN.failure(Failure("template_failed", "weather.yaml:3: no 'city'"), Call("POST", "/"), STAMP)
    error = {"code": "SCENARIO_TEMPLATE_FAILED", "message": "weather.yaml:3: no 'city'"}
    assert (500, {"error": error}) == (page.status, page.body)
