"""The enveloped API: routes × keys × the two styles of its errors, without a server."""

from collections.abc import Mapping
from typing import Any, get_args

import pytest

from emulator import jsontext
from emulator.protocols import chat, gemini, messages
from emulator.providers import PROVIDERS
from emulator.providers.enveloped import Enveloped
from emulator.providers.enveloped.errors import ERRORS
from emulator.session import Memory
from emulator.types import (
    ERROR_NAMES,
    Call,
    Completion,
    Endpoint,
    Failure,
    Page,
    Part,
    Quota,
    Reasoning,
    Refusal,
    Rejected,
    Request,
    Stamp,
    Text,
    ToolCall,
    UnscriptedErrorName,
    Usage,
    WireProtocol,
)

STAMP = Stamp(seed=0, serial=1, created=1_767_225_601)
ACCOUNT = Enveloped()
INTRO = Enveloped(errors="intro")
CHAT, CLAUDE, GEMINI = "/api/v1/chat/completions", "/api/v1/messages", "/api/v1/models/google/gemini-3:generateContent"
ANY: Any = {"model": "m", "messages": [], "max_tokens": 9, "contents": []}
"""A body that every protocol can read."""


def call(path: str, content: Any = ANY, method: str = "POST", **query: str) -> Call:
    return Call(method, path, query, {"authorization": "Bearer k"}, jsontext.dumps(content))


def rejection(call: Call, account: Enveloped = ACCOUNT) -> Failure:
    with pytest.raises(Rejected) as caught:
        account.resolve(call, STAMP)
    return caught.value.failure


# ---------------------------------------------------------------- routes and keys


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize(
    ("path", "protocol"), [(CHAT, chat), (CLAUDE, messages), ("/api/anthropic/v1/messages", messages)]
)
def test_chat_and_messages_have_these_paths_and_the_body_names_the_model(
    path: str, protocol: WireProtocol, slash: str
) -> None:
    assert Endpoint("enveloped", protocol) == ACCOUNT.resolve(call(path + slash), STAMP)


@pytest.mark.parametrize("room", ["/api/v1", "/api/vertex-ai/v1", "/api/vertex-ai/v1beta"])
@pytest.mark.parametrize("before", ["publishers/google/models", "models/google"])
@pytest.mark.parametrize("model", ["gemini-3", "error/timeout"])
@pytest.mark.parametrize(("verb", "stream"), [("generateContent", False), ("streamGenerateContent", True)])
def test_gemini_is_in_three_rooms_and_its_path_names_group_model_and_mode(
    room: str, before: str, model: str, verb: str, stream: bool
) -> None:
    expected = Endpoint("enveloped", gemini, target="google", model=model, stream=stream)
    assert expected == ACCOUNT.resolve(call(f"{room}/{before}/{model}:{verb}"), STAMP)


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1",
        "/api/v1/responses",
        "/api/v1/chat",
        "/api/anthropic/v1/chat/completions",
        "/api/anthropic/v1/models/google/gemini-3:generateContent",
        "/api/v1/models/google/gemini-3:countTokens",
        "/api/v1/models/google/gemini-3",
        "/api/v1/models/google/:generateContent",
        "/api/v1/models//gemini-3:generateContent",
        "/api/v1/publishers/models/gemini-3:generateContent",
        "/v1/chat/completions",
        "/",
    ],
)
def test_another_path_is_no_route(path: str) -> None:
    assert Failure("route_not_found", f"{path} is no path of this API") == rejection(call(path))


@pytest.mark.parametrize("path", [CHAT, CLAUDE, GEMINI])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
def test_another_method_is_refused_and_told_the_right_one(method: str, path: str) -> None:
    page = ACCOUNT.failure(rejection(call(path, method=method)), call(path), STAMP)
    assert (405, "405", {"allow": "POST"}) == (page.status, page.body["code"], page.headers)


@pytest.mark.parametrize(
    ("path", "claimed"), [(CHAT, True), ("/api/anything", True), ("/v1/messages", False), ("/apis/x", False)]
)
def test_these_literal_paths_are_its_own(path: str, claimed: bool) -> None:
    assert claimed is ACCOUNT.claims(path)


def test_its_hosts_are_a_setting() -> None:
    assert ((), ("ai.example",)) == (ACCOUNT.hosts, Enveloped(hosts=("ai.example",)).hosts)


KEYS: list[tuple[str, Mapping[str, str], str | None]] = [
    (CHAT, {"authorization": "Bearer k"}, None),
    (CHAT, {"authorization": "bearer  k "}, None),
    (CHAT, {}, "missing_api_key"),
    (CHAT, {"authorization": "Bearer "}, "missing_api_key"),
    (CHAT, {"authorization": "Basic k"}, "auth_scheme"),
    (CHAT, {"authorization": "Bearer wrong"}, "invalid_api_key"),
    (CHAT, {"x-api-key": "k"}, "missing_api_key"),
    (CLAUDE, {"authorization": "Bearer k"}, None),
    (CLAUDE, {"x-api-key": "k"}, None),
    (CLAUDE, {"x-api-key": "wrong"}, "invalid_api_key"),
    (CLAUDE, {"x-api-key": ""}, "missing_api_key"),
    (GEMINI, {"authorization": "Bearer k"}, None),
    (GEMINI, {"x-goog-api-key": "k"}, "missing_api_key"),
]


@pytest.mark.parametrize(("path", "headers", "name"), KEYS)
def test_a_key_is_a_bearer_token_and_where_anthropics_clients_call_x_api_key_too(
    path: str, headers: Mapping[str, str], name: str | None
) -> None:
    asked, keyed = Call("POST", path, headers=headers), Enveloped(api_keys=("k",))
    if name is None:
        assert isinstance(keyed.resolve(asked, STAMP), Endpoint)
    else:
        failure = rejection(asked, keyed)
        assert (name, 401) == (failure.name, keyed.failure(failure, asked, STAMP).status)


# ---------------------------------------------------------------- errors

NAMES = [*ERROR_NAMES, *get_args(UnscriptedErrorName)]
OF_SCENARIOS = {"no_step": "NO_SCENARIO_STEP", "template_failed": "SCENARIO_TEMPLATE_FAILED"}


@pytest.mark.parametrize("path", [CHAT, CLAUDE, GEMINI])
@pytest.mark.parametrize("name", NAMES)
def test_every_error_has_both_styles_on_every_path(name: Any, path: str) -> None:
    row = ERRORS[name]
    code = OF_SCENARIOS.get(name, str(row.status))
    enveloped = {"success": False, "code": code, "message": row.message, "data": None}
    assert Page(row.status, enveloped) == ACCOUNT.failure(Failure(name), call(path), STAMP)
    intro = {"error": {"code": row.word, "message": row.message}}
    assert Page(row.status, intro) == INTRO.failure(Failure(name), call(path), STAMP)


def test_no_error_is_left_out_and_the_documented_one_is_word_for_word() -> None:
    assert set(NAMES) == set(ERRORS)
    documented = {"error": {"code": "unauthorized", "message": "Invalid API key."}}
    assert Page(401, documented) == INTRO.failure(Failure("invalid_api_key"), call(CHAT), STAMP)


@pytest.mark.parametrize(("account", "where"), [(ACCOUNT, lambda body: body), (INTRO, lambda body: body["error"])])
def test_what_a_scenario_replaces_is_replaced(account: Enveloped, where: Any) -> None:
    page = account.failure(Failure("no_step", "m", status=418, code=7), call(CHAT), STAMP)
    assert (418, "7", "m") == (page.status, where(page.body)["code"], where(page.body)["message"])


def test_the_code_of_the_envelope_follows_the_status() -> None:
    page = ACCOUNT.failure(Failure("overloaded", status=529), call(CHAT), STAMP)
    assert (529, "529") == (page.status, page.body["code"])


def test_retry_after_is_whole_seconds_and_a_body_goes_as_it_stands() -> None:
    failure = Failure("rate_limited", retry_after=1.2, body={"mine": 1}, headers={"x-a": "b"})
    assert Page(429, {"mine": 1}, {"x-a": "b", "retry-after": "2"}) == ACCOUNT.failure(failure, call(CHAT), STAMP)


def test_a_failed_template_is_an_error_of_the_server_in_its_own_words() -> None:
    failure, message = Failure("template_failed", "line 3: 'x' is undefined"), "line 3: 'x' is undefined"
    enveloped = {"success": False, "code": "SCENARIO_TEMPLATE_FAILED", "message": message, "data": None}
    assert Page(500, enveloped) == ACCOUNT.failure(failure, call(CHAT), STAMP)
    intro = {"error": {"code": "scenario_template_failed", "message": message}}
    assert Page(500, intro) == INTRO.failure(failure, call(CHAT), STAMP)


@pytest.mark.parametrize("protocol", ["chat", "messages", "gemini"])
def test_no_header_tells_of_limits(protocol: str) -> None:
    assert {} == ACCOUNT.quota(Quota(60, 59, 1000, 900, 1.5), protocol, STAMP)


def test_there_is_no_list_that_models_could_stand_in() -> None:
    assert INTRO == INTRO.listing(("mine",))


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (CHAT, "x-request-id"),
        (CLAUDE, "request-id"),
        ("/api/anthropic/v1/messages", "request-id"),
        (GEMINI, "x-request-id"),
    ],
)
def test_the_request_id_is_where_the_client_reads_it(path: str, name: str) -> None:
    assert {name: STAMP.hex("request", 32)} == ACCOUNT.headers(call(path), STAMP)


# ---------------------------------------------------------------- what is written

PARTS: tuple[Part, ...] = (Reasoning("Hm."), Text("Both.", (2,)), ToolCall("look", '{"at":1}', id="c1"))
FULL = Completion(PARTS, "tool_calls", Usage(12, 9, 4, reasoning=2))
SHORT = Completion((Text("Hello there!"),), "stop", Usage(9, 12))


def request(path: str, **query: str) -> Request:
    asked = call(path, **query)
    endpoint = ACCOUNT.resolve(asked, STAMP)
    assert isinstance(endpoint, Endpoint)
    return endpoint.protocol.decode(asked, endpoint, Memory(most=9))


def whole(done: Completion, path: str) -> Any:
    asked = request(path)
    return ACCOUNT.body(asked.endpoint.protocol.body(done, asked, STAMP), asked, STAMP)


def test_a_whole_chat_answer_is_the_documented_one() -> None:
    data = {
        "id": "chatcmpl-" + STAMP.hex("completion", 24),
        "object": "chat.completion",
        "created": STAMP.created,
        "model": "m",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello there!"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 12, "total_tokens": 21},
    }
    assert {"success": True, "code": "200", "message": "successful", "data": data} == whole(SHORT, CHAT)
    assert ["success", "code", "message", "data"] == list(whole(SHORT, CHAT))


def test_what_the_documented_answer_lacks_is_there_where_there_is_any() -> None:
    data = whole(FULL, CHAT)["data"]
    assert {
        "role": "assistant",
        "content": "Both.",
        "reasoning_content": "Hm.",
        "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"at":1}'}}],
    } == data["choices"][0]["message"]
    assert {"cached_tokens": 4} == data["usage"]["prompt_tokens_details"]
    assert {"reasoning_tokens": 2} == data["usage"]["completion_tokens_details"]
    refused = whole(Completion((Refusal("No."),), "refusal"), CHAT)["data"]["choices"][0]["message"]
    assert {"role": "assistant", "content": None, "refusal": "No."} == refused


@pytest.mark.parametrize(
    ("path", "protocol"), [(CLAUDE, messages), ("/api/anthropic/v1/messages", messages), (GEMINI, gemini)]
)
def test_the_other_protocols_are_wrapped_as_they_are(path: str, protocol: WireProtocol) -> None:
    body = protocol.body(FULL, request(path), STAMP)
    assert {"success": True, "code": "200", "message": "successful", "data": body} == whole(FULL, path)


@pytest.mark.parametrize("path", [CHAT, CLAUDE, GEMINI])
def test_a_stream_is_not_wrapped(path: str) -> None:
    asked = request(path, alt="sse")
    frames = list(asked.endpoint.protocol.frames(FULL, asked, STAMP))
    assert frames == list(ACCOUNT.frames(iter(frames), FULL, asked, STAMP))


def test_a_blocked_prompt_is_wrapped_as_it_is() -> None:
    blocked = Completion((), "stop", blocked="SAFETY")
    assert gemini.body(blocked, request(GEMINI), STAMP) == whole(blocked, GEMINI)["data"]


# ---------------------------------------------------------------- the row


def test_the_sample_is_a_request_that_the_account_answers() -> None:
    sample = ACCOUNT.sample("", "")
    endpoint = ACCOUNT.resolve(Call("POST", sample.path, headers={"authorization": "Bearer k"}), STAMP)
    assert isinstance(endpoint, Endpoint)
    assert "Hello!" == chat.decode(sample, endpoint, Memory(most=1)).user
    assert sample.path.startswith(ACCOUNT.base_url(""))


@pytest.mark.parametrize(
    ("model", "user", "expected"), [("", "", ("gpt-3.5-turbo", "Hello!")), ("error/x", "hi", ("error/x", "hi"))]
)
def test_the_sample_asks_for_what_it_is_told(model: str, user: str, expected: tuple[str, str]) -> None:
    body = jsontext.loads(ACCOUNT.sample(model, user).body)
    assert expected == (body["model"], body["messages"][0]["content"])


def test_the_provider_has_one_row() -> None:
    assert PROVIDERS["enveloped"] is Enveloped
