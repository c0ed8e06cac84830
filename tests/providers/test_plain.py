"""Plain: routes × methods × keys × errors of four protocols at home, without a server."""

import json
from collections.abc import Callable
from typing import Any, get_args

import pytest

from emulator.protocols import chat, gemini, messages, responses
from emulator.providers.plain import Plain
from emulator.providers.plain.catalogue import MODELS
from emulator.session import Memory
from emulator.types import (
    ERROR_NAMES,
    Call,
    Completion,
    Endpoint,
    Failure,
    Page,
    Quota,
    Rejected,
    Request,
    Stamp,
    Text,
    Turn,
    UnscriptedErrorName,
    WireProtocol,
)
from tests.live import Live

STAMP = Stamp(seed=0, serial=1, created=1_767_225_601)
ACCOUNT = Plain()
BEARER = {"authorization": "Bearer k"}
GEMINI = "models/gemini-2.5-flash"
CHAT, RESPONSES, MESSAGES = "POST /v1/chat/completions", "POST /v1/responses", "POST /v1/messages"
GENERATE = f"POST /v1beta/{GEMINI}:generateContent"


def call(line: str, host: str = "127.0.0.1", query: dict[str, str] | None = None, **headers: str) -> Call:
    method, _, path = line.partition(" ")
    fields = {name.replace("_", "-"): value for name, value in headers.items()} or BEARER
    return Call(method, path, query or {}, headers=fields, host=host)


def rejection(call: Call, account: Plain = ACCOUNT) -> Failure:
    with pytest.raises(Rejected) as caught:
        account.resolve(call, STAMP)
    return caught.value.failure


def endpoint(call: Call, account: Plain = ACCOUNT) -> Endpoint:
    found = account.resolve(call, STAMP)
    assert isinstance(found, Endpoint)
    return found


# ---------------------------------------------------------------- routes

ROUTES: list[tuple[str, Endpoint]] = [
    ("POST /v1/chat/completions", Endpoint("plain", chat)),
    ("POST /v1/chat/completions/", Endpoint("plain", chat)),
    ("POST /v1/responses", Endpoint("plain", responses)),
    ("POST /v1/responses/input_tokens", Endpoint("plain", responses, page=responses.input_tokens)),
    ("POST /v1/responses/compact", Endpoint("plain", responses, page=responses.compact)),
    ("GET /v1/responses/resp_1", Endpoint("plain", responses, item="resp_1", page=responses.retrieve)),
    ("DELETE /v1/responses/resp_1", Endpoint("plain", responses, item="resp_1", page=responses.delete)),
    ("GET /v1/responses/resp_1/input_items", Endpoint("plain", responses, item="resp_1", page=responses.input_items)),
    ("POST /v1/responses/resp_1/cancel", Endpoint("plain", responses, item="resp_1", page=responses.cancel)),
    ("POST /v1/conversations", Endpoint("plain", responses, page=responses.create_conversation)),
    ("GET /v1/conversations/c_1", Endpoint("plain", responses, item="c_1", page=responses.retrieve_conversation)),
    ("POST /v1/messages", Endpoint("plain", messages)),
    ("POST /v1/messages/count_tokens", Endpoint("plain", messages, page=messages.count_tokens)),
    *(
        (f"POST /{version}/models/{model}:{verb}", Endpoint("plain", gemini, model=model, stream=stream, page=page))
        for version in ("v1", "v1beta", "v1alpha")
        for model in ("gemini-2.5-flash", "error/rate_limited")
        for verb, stream, page in (
            ("generateContent", False, None),
            ("streamGenerateContent", True, None),
            ("countTokens", None, gemini.count_tokens),
        )
    ),
]


@pytest.mark.parametrize(("line", "expected"), ROUTES, ids=[line for line, _ in ROUTES])
def test_the_protocols_have_their_paths(line: str, expected: Endpoint) -> None:
    assert expected == endpoint(call(line))


@pytest.mark.parametrize("host", ACCOUNT.hosts)
def test_the_services_hosts_have_them_too(examples: Live, host: str) -> None:
    body = {"model": "hy3-preview", "messages": [{"role": "user", "content": "Tell me about Li Bai"}]}
    reply = examples.send("POST", "/v1/chat/completions", body, {"authorization": examples.bearer, "host": host})
    assert (200, "plain") == (reply.status, examples.journal[0].provider)


def test_without_a_prefix_or_a_host_nothing_is_plains() -> None:
    assert not any(ACCOUNT.claims(line.partition(" ")[2]) for line, _ in ROUTES)


@pytest.mark.parametrize(
    ("line", "protocol"),
    [
        ("POST /v1/chat", chat),
        ("POST /v1/files", chat),
        ("GET /", chat),
        ("POST /x/v1/chat/completions", chat),
        ("POST /v1/responses/resp_1/output", responses),
        ("POST /v1/conversations/c_1/items", responses),
        ("POST /v1/messages/batches", messages),
        ("POST /v1/models/gemini-2.5-flash:predict", gemini),
        ("POST /v1beta/models/gemini-2.5-flash:batchGenerateContent", gemini),
        ("POST /v1beta/models/:generateContent", gemini),
        ("GET /v1beta/files", gemini),
        ("POST /v2beta/models/gemini-2.5-flash:generateContent", gemini),
    ],
)
def test_another_path_is_no_route_in_the_words_of_the_protocol_next_to_it(line: str, protocol: WireProtocol) -> None:
    asked = call(line)
    expected = Failure("route_not_found", f"Unknown path: {line}")
    assert expected == rejection(asked)
    assert protocol.failure(expected, STAMP) == ACCOUNT.failure(expected, asked, STAMP)


@pytest.mark.parametrize("line", [CHAT, RESPONSES, "GET /v1/conversations/c_1", "GET /v1/responses/resp_1"])
def test_the_path_of_a_protocol_outweighs_the_headers_of_another(line: str) -> None:
    asked = call(line, authorization="Bearer k", anthropic_version="x", x_goog_api_key="k")
    assert {"x-request-id"} == set(ACCOUNT.headers(asked, STAMP))


@pytest.mark.parametrize(
    ("line", "allowed"),
    [
        ("GET /v1/chat/completions", "POST"),
        ("HEAD /v1/messages", "POST"),
        ("PUT /v1/responses/resp_1", "GET, DELETE"),
        ("GET /v1/responses/resp_1/cancel", "POST"),
        ("DELETE /v1/models/gpt-6-sol", "GET"),
        ("DELETE /v1beta/models/gemini-2.5-flash", "GET"),
    ],
)
def test_another_method_is_refused_and_told_the_right_ones(line: str, allowed: str) -> None:
    asked = call(line)
    failure = rejection(asked)
    page = ACCOUNT.failure(failure, asked, STAMP)
    assert ("method_not_allowed", 405, allowed) == (failure.name, page.status, page.headers["allow"])


# ---------------------------------------------------------------- keys


@pytest.mark.parametrize(
    ("line", "query", "headers", "name"),
    [
        *((line, {}, {"authorization": "Bearer right"}, None) for line in (CHAT, RESPONSES, MESSAGES, GENERATE)),
        *((line, {}, {"authorization": "bearer  right "}, None) for line in (CHAT, MESSAGES)),
        *((line, {}, {"x": ""}, "missing_api_key") for line in (CHAT, RESPONSES, MESSAGES, GENERATE)),
        *((line, {}, {"authorization": "Bearer "}, "missing_api_key") for line in (CHAT, MESSAGES, GENERATE)),
        *((line, {}, {"authorization": "Basic right"}, "auth_scheme") for line in (CHAT, MESSAGES, GENERATE)),
        *((line, {}, {"authorization": "Bearer wrong"}, "invalid_api_key") for line in (CHAT, MESSAGES, GENERATE)),
        (MESSAGES, {}, {"x_api_key": "right"}, None),
        (MESSAGES, {}, {"x_api_key": "right", "authorization": "Basic x"}, None),
        (MESSAGES, {}, {"x_api_key": "wrong"}, "invalid_api_key"),
        (GENERATE, {}, {"x_goog_api_key": "right"}, None),
        (GENERATE, {"key": "right"}, {"x": ""}, None),
        (GENERATE, {"key": "wrong"}, {"x": ""}, "invalid_api_key"),
        (CHAT, {"key": "right"}, {"x": ""}, "missing_api_key"),
        (CHAT, {}, {"x_api_key": "right"}, "missing_api_key"),
        (RESPONSES, {}, {"x_goog_api_key": "right"}, "missing_api_key"),
        (MESSAGES, {}, {"x_goog_api_key": "right"}, "missing_api_key"),
        (GENERATE, {}, {"x_api_key": "right"}, "missing_api_key"),
        ("GET /v1/models", {}, {"x_goog_api_key": "right"}, None),
        ("GET /v1/models", {}, {"x_api_key": "right", "anthropic_version": "2026-10-21"}, None),
        ("GET /v1/models", {}, {"x_api_key": "right"}, "missing_api_key"),
    ],
)
def test_each_protocol_has_its_key_in_its_place(
    line: str, query: dict[str, str], headers: dict[str, str], name: str | None
) -> None:
    account = Plain(api_keys=("right", "other"))
    asked = call(line, query=query, **headers)
    if name is None:
        assert isinstance(account.resolve(asked, STAMP), Endpoint)
    else:
        assert name == rejection(asked, account).name


def test_any_key_is_valid_where_none_is_named() -> None:
    assert Endpoint("plain", chat) == endpoint(call(CHAT, authorization="Bearer anything"))


# ---------------------------------------------------------------- models


def listed(asked: Call, account: Plain = ACCOUNT) -> list[str]:
    found = endpoint(asked, account)
    assert found.page is not None
    body = found.page(asked, found, Memory(most=1), STAMP).body
    return [model.get("id") or model["name"] for model in body.get("data") or body.get("models") or [body]]


OPENAIS = [name for name in MODELS if name.startswith("gpt")]
ANTHROPICS = [name for name in MODELS if name.startswith("claude")]
GOOGLES = [f"models/{name}" for name in MODELS if name.startswith("gemini")]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (call("GET /v1/models"), OPENAIS),
        (call("GET /v1/models", authorization="Bearer k", anthropic_version="2023-06-01"), ANTHROPICS),
        (call("GET /v1/models", x_goog_api_key="k"), GOOGLES),
        (call("GET /v1/models", query={"key": "k"}, x=""), GOOGLES),
        (call("GET /v1beta/models"), GOOGLES),
        (call("GET /v1alpha/models", anthropic_version="2023-06-01", authorization="Bearer k"), GOOGLES),
        (call("GET /v1/models", host="api.anthropic.com", x_api_key="k"), ANTHROPICS),
        (call("GET /v1/models", host="generativelanguage.googleapis.com"), GOOGLES),
        (call("GET /v1/models", host="api.openai.com", anthropic_version="x", authorization="Bearer k"), OPENAIS),
        (call("GET /v1/models/gpt-6-sol"), ["gpt-6-sol"]),
        (call("GET /v1/models/claude-opus-5-5", x_api_key="k", anthropic_version="x"), ["claude-opus-5-5"]),
        (call(f"GET /v1beta/{GEMINI}", x_goog_api_key="k"), [GEMINI]),
    ],
)
def test_one_path_lists_the_models_of_three_protocols(asked: Call, expected: list[str]) -> None:
    assert expected == listed(asked)


def test_the_models_are_a_setting() -> None:
    account = Plain(models=("mine", "gemma-4", "claude-x"))
    assert ["mine"] == listed(call("GET /v1/models"), account)
    assert ["models/gemma-4"] == listed(call("GET /v1beta/models"), account)


@pytest.mark.parametrize(
    ("line", "prefix"), [("GET /v1/models", ""), ("GET /v1beta/models", "models/")], ids=["openai", "google"]
)
def test_models_that_a_scenario_lists_stand_in_every_list(line: str, prefix: str) -> None:
    account = Plain(api_keys=("k",)).listing(("mine", "claude-x", "gemini-x"))
    assert [f"{prefix}mine", f"{prefix}claude-x", f"{prefix}gemini-x"] == listed(call(line), account)
    assert ("k",) == account.api_keys


def test_a_model_of_another_protocol_is_not_found() -> None:
    with pytest.raises(Rejected) as caught:
        listed(call("GET /v1/models/claude-opus-5-5"))
    assert "model_not_found" == caught.value.failure.name


# ---------------------------------------------------------------- errors and headers


@pytest.mark.parametrize("name", [*ERROR_NAMES, *get_args(UnscriptedErrorName)])
@pytest.mark.parametrize(
    ("line", "shape"),
    [(CHAT, "message"), (RESPONSES, "param"), (MESSAGES, "type"), (GENERATE, "status")],
)
def test_every_error_has_the_words_of_the_paths_protocol(name: Any, line: str, shape: str) -> None:
    page = ACCOUNT.failure(Failure(name, "Why."), call(line), STAMP)
    assert (True, "Why.") == (400 <= page.status < 600, page.body["error"]["message"])
    assert shape in page.body["error"]


@pytest.mark.parametrize(
    ("line", "header"),
    [
        (CHAT, {"x-request-id"}),
        (RESPONSES, {"x-request-id"}),
        (MESSAGES, {"request-id"}),
        (GENERATE, set()),
        ("GET /nothing", {"x-request-id"}),
    ],
)
def test_the_request_id_is_where_the_protocols_sdks_read_it(line: str, header: set[str]) -> None:
    assert header == set(ACCOUNT.headers(call(line), STAMP))


BOTH = Quota(60, 59, 150_000, 149_984, 1.0)
OPENAI = {
    "x-ratelimit-limit-requests": "60",
    "x-ratelimit-remaining-requests": "59",
    "x-ratelimit-reset-requests": "1s",
    "x-ratelimit-limit-tokens": "150000",
    "x-ratelimit-remaining-tokens": "149984",
    "x-ratelimit-reset-tokens": "1s",
}
ANTHROPIC = {
    "anthropic-ratelimit-requests-limit": "60",
    "anthropic-ratelimit-requests-remaining": "59",
    "anthropic-ratelimit-requests-reset": "2026-01-01T00:00:02Z",
    "anthropic-ratelimit-tokens-limit": "150000",
    "anthropic-ratelimit-tokens-remaining": "149984",
    "anthropic-ratelimit-tokens-reset": "2026-01-01T00:00:02Z",
}


def of(kind: str, headers: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if kind in name}


@pytest.mark.parametrize(
    ("protocol", "quota", "expected"),
    [
        *((protocol, BOTH, OPENAI) for protocol in ("chat", "responses", "embeddings", "images")),
        ("messages", BOTH, ANTHROPIC),
        ("gemini", BOTH, {}),
        ("chat", Quota(60, 59, None, 0, 1.0), of("requests", OPENAI)),
        ("chat", Quota(None, 0, 150_000, 149_984, 1.0), of("tokens", OPENAI)),
        ("messages", Quota(60, 59, None, 0, 0.2), of("requests", ANTHROPIC)),
        ("messages", Quota(None, 0, 150_000, 149_984, 1.0), of("tokens", ANTHROPIC)),
        ("chat", Quota(None, 0, None, 0, 1.0), {}),
        ("messages", Quota(None, 0, None, 0, 1.0), {}),
    ],
)
def test_headers_tell_of_those_limits_that_there_are(protocol: str, quota: Quota, expected: dict[str, str]) -> None:
    assert expected == ACCOUNT.quota(quota, protocol, STAMP)


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0.0, "0s"),
        (0.0004, "1ms"),
        (0.012, "12ms"),
        (0.9999, "1s"),
        (1.0, "1s"),
        (8.64, "8.64s"),
        (60.0, "1m0s"),
        (59.9, "59.9s"),
        (360.0, "6m0s"),
        (3601.5, "1h0m1.5s"),
        (86_400.0, "24h0m0s"),
    ],
)
def test_openai_writes_the_time_until_a_window_ends_in_hours_minutes_and_seconds(seconds: float, written: str) -> None:
    headers = ACCOUNT.quota(Quota(1, 1, None, 0, seconds), "chat", STAMP)
    assert written == headers["x-ratelimit-reset-requests"]


def test_a_failed_template_passes_in_its_own_words() -> None:
    for line in (MESSAGES, GENERATE):
        page = ACCOUNT.failure(Failure("template_failed", "Why."), call(line), STAMP)
        assert (500, "Why.") == (page.status, page.body["error"]["message"])


def test_the_request_id_of_an_error_is_the_one_of_the_header() -> None:
    page = ACCOUNT.failure(Failure("timeout"), call(MESSAGES), STAMP)
    assert page.body["request_id"] == ACCOUNT.headers(call(MESSAGES), STAMP)["request-id"]


def test_a_page_may_read_the_answer_it_asked_for() -> None:
    asked = call("OPTIONS /v1/messages", origin="https://shop.example", access_control_request_headers="x-api-key")
    assert Page(204, None, {"access-control-allow-methods": "GET, POST, DELETE, OPTIONS"}) == ACCOUNT.resolve(
        asked, STAMP
    )
    assert {
        "request-id": messages.request_id(STAMP),
        "access-control-allow-origin": "https://shop.example",
        "access-control-allow-headers": "x-api-key",
        "access-control-allow-credentials": "true",
        "access-control-expose-headers": "request-id",
        "vary": "origin",
    } == ACCOUNT.headers(asked, STAMP)


# ---------------------------------------------------------------- what is written


@pytest.mark.parametrize("protocol", [chat, responses, messages, gemini], ids=lambda module: module.NAME)
def test_what_a_protocol_writes_goes_out_as_it_is(protocol: WireProtocol) -> None:
    done = Completion((Text("Hi", (1,)),), "stop")
    turns = (Turn("user", (Text("Hello"),)),)
    request = Request(call(CHAT), Endpoint("plain", protocol), {}, "m", turns)
    body = protocol.body(done, request, STAMP)
    assert body == ACCOUNT.body(body, request, STAMP)
    frames = list(protocol.frames(done, request, STAMP))
    assert frames == list(ACCOUNT.frames(iter(frames), done, request, STAMP))


def test_the_sample_is_a_request_to_the_base_url() -> None:
    sample = ACCOUNT.sample("", "")
    assert ("POST", "/plain/v1/chat/completions") == (sample.method, sample.path)
    assert {"model": MODELS[0], "messages": [{"role": "user", "content": "Hello"}]} == json.loads(sample.body)
    assert "http://x/plain/v1" == ACCOUNT.base_url("http://x")


@pytest.mark.parametrize(
    ("path", "body", "read"),
    [
        (
            "v1/chat/completions",
            {"messages": [{"role": "user", "content": "hi"}]},
            lambda body: body["choices"][0]["message"]["content"],
        ),
        ("v1/responses", {"input": "hi"}, lambda body: body["output"][0]["content"][0]["text"]),
        (
            "v1/messages?beta=true",
            {"max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]},
            lambda body: body["content"][0]["text"],
        ),
        (
            "v1beta/models/m:generateContent",
            {"contents": [{"parts": [{"text": "hi"}]}]},
            lambda body: body["candidates"][0]["content"]["parts"][0]["text"],
        ),
    ],
)
def test_each_protocol_answers_over_a_socket(
    scripted: Callable[..., Live], path: str, body: Any, read: Callable[[Any], str]
) -> None:
    live = scripted("steps:\n  - {when: {model: m, user: hi, provider: plain}, reply: {text: Hello!}}\n")
    reply = live.send("POST", f"/plain/{path}", {"model": "m", **body})
    assert (200, "Hello!") == (reply.status, read(reply.json))
    miss = live.send("POST", f"/plain/{path}", {"model": "other", **body} if "contents" not in body else {})
    assert "error" in miss.json
