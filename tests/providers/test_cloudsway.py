"""Cloudsway: routes × series × endpoints × keys, without a server."""

from collections.abc import Mapping
from typing import Any

import pytest

from emulator import jsontext
from emulator.protocols import chat, gemini, messages, responses
from emulator.providers import PROVIDERS
from emulator.providers.cloudsway import Cloudsway
from emulator.providers.cloudsway.routes import series_of
from emulator.session import Memory
from emulator.types import (
    Call,
    Endpoint,
    Failure,
    Page,
    Rejected,
    Stamp,
    WireProtocol,
)

STAMP = Stamp(seed=0, serial=1, created=1_767_225_601)
EP = "RkBOAlaWzKcubSji"
MODELS = {
    "GP": "MaaS_GP_5.4_20260305",
    "Cl": "MaaS_Cl_Sonnet_4.6_20260217",
    "Ge": "MaaS_Ge_3.1_pro_preview_20260219",
    "DS": "MaaS_DS_V3.2_20251201",
    "Gr": "MaaS_Gr_4_20250709",
    "": "MaaS 1.5 Pro",
}
OPEN = Cloudsway()


def account(series: str, **settings: Any) -> Cloudsway:
    return Cloudsway(endpoints=("Other=MaaS_GP_4o_20240806", f"{EP}={MODELS[series]}"), **settings)


def call(path: str, content: Any = None, method: str = "POST", **headers: str) -> Call:
    path, _, query = path.partition("?")
    fields = {"authorization": "Bearer k"} | {name.replace("_", "-"): value for name, value in headers.items()}
    body = b"" if content is None else jsontext.dumps(content)
    return Call(method, path, dict([query.split("=")]) if query else {}, fields, body)


def resolved(call: Call, account: Cloudsway = OPEN) -> Endpoint:
    endpoint = account.resolve(call, STAMP)
    assert isinstance(endpoint, Endpoint)
    return endpoint


def rejection(call: Call, account: Cloudsway = OPEN) -> Failure:
    with pytest.raises(Rejected) as caught:
        account.resolve(call, STAMP)
    return caught.value.failure


def refused(call: Call, account: Cloudsway = OPEN) -> tuple[int, str]:
    page = account.failure(rejection(call, account), call, STAMP)
    return page.status, page.body["error"]["code"]


# ---------------------------------------------------------------- routes

ROUTES: list[tuple[str, str, WireProtocol, bool | None, str]] = [
    # method, path, protocol, stream, the one series it is for
    ("POST", f"/v1/ai/{EP}/chat/completions", chat, None, ""),
    ("POST", f"/v1/ai/{EP}/google/chat/completions", chat, None, "Ge"),
    ("POST", f"/v2/ai/{EP}/claude/chat/completions", chat, None, "Cl"),
    ("POST", f"/v1/ai/{EP}/responses", responses, None, "GP"),
    ("GET", f"/v1/ai/{EP}/responses/resp_1", responses, None, "GP"),
    ("POST", f"/{EP}/v1/messages", messages, None, "Cl"),
    ("POST", f"/{EP}/v1/messages/count_tokens", messages, None, "Cl"),
    ("POST", f"/v1/ai/{EP}/generateContent", gemini, False, "Ge"),
    ("POST", f"/v1/ai/{EP}/streamGenerateContent", gemini, True, "Ge"),
    ("POST", f"/v1/ai/{EP}/models/gemini-3:generateContent", gemini, False, "Ge"),
    ("POST", f"/v1/ai/{EP}/v1/models/gemini-3:streamGenerateContent", gemini, True, "Ge"),
    ("POST", f"/v1/ai/{EP}/v1beta1/publishers/google/models/gemini-3:generateContent", gemini, False, "Ge"),
    ("POST", f"/v1/ai/{EP}/v1beta/models/gemini-3:countTokens", gemini, None, "Ge"),
]
PATHS = [path for _, path, *_ in ROUTES]


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize(("method", "path", "protocol", "stream", "only"), ROUTES)
def test_a_path_is_for_a_protocol_and_says_whether_to_stream(
    method: str, path: str, protocol: WireProtocol, stream: bool | None, only: str, slash: str
) -> None:
    endpoint = resolved(call(path + slash, method=method))
    assert ("cloudsway", protocol, EP, stream) == (
        endpoint.provider,
        endpoint.protocol,
        endpoint.target,
        endpoint.stream,
    )


@pytest.mark.parametrize("series", MODELS)
@pytest.mark.parametrize(("method", "path", "protocol", "stream", "only"), ROUTES)
def test_a_path_that_does_not_fit_the_series_of_a_known_endpoint_is_404(
    method: str, path: str, protocol: WireProtocol, stream: bool | None, only: str, series: str
) -> None:
    """Series whose routes are not documented (Gr), and names that tell no series, have every route."""
    asked = call(path, method=method)
    if only in {"", series} or series in {"Gr", ""}:
        assert MODELS[series] == resolved(asked, account(series)).model
    else:
        assert (404, "404") == refused(asked, account(series))


@pytest.mark.parametrize(
    ("model", "series"),
    [
        ("MaaS_Cl_Sonnet_4.6_20260217", "Cl"),
        ("MaaS_Cl_Sonnet_4.6_20260217_cache", "Cl"),
        ("MaaS_DS_V3", "DS"),
        ("MaaS_Op_1", None),
        ("MaaS_2.5_Flash", None),
        ("MaaS_Cl", None),
        ("claude-3-7-sonnet-20250219", None),
        ("", None),
    ],
)
def test_the_series_is_in_the_name_of_the_model(model: str, series: str | None) -> None:
    assert series == series_of(model)


@pytest.mark.parametrize(
    "path",
    [
        f"/v1/ai/{EP}",
        f"/v1/ai/{EP}/",
        "/v1/ai/",
        "/v1/ai//chat/completions",
        f"/v1/ai/{EP}/v1/messages",  # the base URL of OpenAI in a client of Anthropic
        f"/v1/ai/{EP}/chat/completions/chat/completions",  # the whole URL as base URL
        f"/v1/ai/{EP}/models/gemini-3:embedContent",
        f"/v1/ai/{EP}/models/gemini-3",
        f"/v1/ai/{EP}/models/:generateContent",
        f"/v1/ai/{EP}/responses/",
        f"/v2/ai/{EP}/chat/completions",
        "//v1/messages",
        f"/{EP}/v1",
        "/",
    ],
)
def test_another_path_is_no_route(path: str) -> None:
    if path.endswith("responses/"):  # a slash at the end changes nothing
        assert responses is resolved(call(path)).protocol
        return
    assert (404, "404") == refused(call(path))


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", f"/v1/ai/{EP}/chat/completions", "POST"),
        ("POST", f"/v1/ai/{EP}/responses/resp_1", "GET"),
        ("DELETE", f"/{EP}/v1/messages", "POST"),
        ("POST", "/v1/models", "GET"),
        ("OPTIONS", "/v1/chat/completions", "POST"),
    ],
)
def test_another_method_is_refused_and_told_the_right_one(method: str, path: str, allowed: str) -> None:
    asked = call(path, method=method)
    page = OPEN.failure(rejection(asked), asked, STAMP)
    assert (405, "405", {"allow": allowed}) == (page.status, page.body["error"]["code"], page.headers)


@pytest.mark.parametrize(
    ("path", "claimed"),
    [
        *((path, True) for path in PATHS),
        ("/v1/models", True),
        ("/v1/chat/completions", True),
        ("/v1/ai/nobody-else/whatever", True),
        ("/v2/ai/x", True),
        ("/api/v1/messages", False),
        ("/api/v1/models", False),
        ("/v1/messages", False),
        ("/v1/responses", False),
        ("/auth/v1/token/clientCredential", False),
        ("/", False),
    ],
)
def test_these_literal_paths_are_cloudsways(path: str, claimed: bool) -> None:
    assert claimed is OPEN.claims(path)


# ---------------------------------------------------------------- endpoints and models

NAMING: list[tuple[Cloudsway, str, Any, str]] = [
    # the endpoint decides, whatever the body says
    (account("GP"), f"/v1/ai/{EP}/chat/completions", {"model": "gpt-4"}, MODELS["GP"]),
    (account("GP"), f"/v1/ai/{EP}/chat/completions", {"model": ""}, MODELS["GP"]),
    (account("Ge"), f"/v1/ai/{EP}/models/gemini-3:generateContent", None, MODELS["Ge"]),
    # an endpoint that is not in the table: the path, the body, else its own name
    (OPEN, f"/v1/ai/{EP}/models/gemini-3:generateContent", {"model": "other"}, "gemini-3"),
    (OPEN, f"/v1/ai/{EP}/v1/models/error/timeout:generateContent", None, "error/timeout"),
    (OPEN, f"/v1/ai/{EP}/chat/completions", {"model": "gpt-4"}, "gpt-4"),
    (OPEN, f"/v1/ai/{EP}/chat/completions", {"model": ""}, EP),
    (OPEN, f"/v1/ai/{EP}/chat/completions", {"model": None}, EP),
    (OPEN, f"/v1/ai/{EP}/chat/completions", {"messages": []}, EP),
    (OPEN, f"/v1/ai/{EP}/chat/completions", ["no object"], EP),
    (OPEN, f"/{EP}/v1/messages", {"messages": []}, EP),
    (OPEN, f"/v1/ai/{EP}/generateContent", {"contents": []}, EP),
]


@pytest.mark.parametrize(("asked", "path", "content", "model"), NAMING)
def test_the_endpoint_decides_the_model_and_the_body_need_not_name_it(
    asked: Cloudsway, path: str, content: Any, model: str
) -> None:
    assert model == resolved(call(path, content), asked).model


def test_a_body_that_is_no_json_is_left_to_the_protocol() -> None:
    asked = Call("POST", f"/v1/ai/{EP}/chat/completions", headers={"authorization": "Bearer k"}, body=b'{"model": ')
    with pytest.raises(Rejected) as caught:
        chat.decode(asked, resolved(asked), Memory(most=1))
    assert (400, "400") == (
        (page := OPEN.failure(caught.value.failure, asked, STAMP)).status,
        page.body["error"]["code"],
    )


def test_unified_access_has_no_endpoint_and_the_body_must_name_the_model() -> None:
    path = "/v1/chat/completions"
    assert Endpoint("cloudsway", chat, model="MaaS 1.5 Pro") == resolved(call(path, {"model": "MaaS 1.5 Pro"}))
    asked = call(path, {"messages": []})
    with pytest.raises(Rejected) as caught:
        chat.decode(asked, resolved(asked), Memory(most=1))
    assert Failure("missing_model") == caught.value.failure
    assert (400, "400") == (
        (page := OPEN.failure(caught.value.failure, asked, STAMP)).status,
        page.body["error"]["code"],
    )


@pytest.mark.parametrize(
    ("path", "content", "expected"),
    [
        (f"/v1/ai/{EP}/chat/completions", {}, None),
        ("/v1/ai/Unknown/chat/completions", {}, (400, "NO_ENDPOINT")),
        ("/Unknown/v1/messages", {}, (400, "NO_ENDPOINT")),
        ("/v1/chat/completions", {"model": MODELS["GP"]}, None),
        ("/v1/chat/completions", {"model": "gpt-4"}, (404, "404")),
        ("/v1/chat/completions", {}, None),  # missing_model, which the protocol finds
    ],
)
def test_strict_endpoints_are_those_of_the_table(path: str, content: Any, expected: tuple[int, str] | None) -> None:
    strict = account("GP", strict_endpoints=True)
    if expected is None:
        assert chat is resolved(call(path, content), strict).protocol
    else:
        assert expected == refused(call(path, content), strict)


def test_the_list_of_models_has_text_for_created_and_ids_with_spaces() -> None:
    asked = call("/v1/models", method="GET")
    page = OPEN.resolve(asked, STAMP)
    assert isinstance(page, Page)
    assert {"id": "MaaS 1.5 Pro", "created": "1720089491", "object": "model", "owned_by": "system"} == page.body[
        "data"
    ][0]
    assert ["data", "object"] == list(page.body)
    numbers = account("Cl", models_created="number").resolve(asked, STAMP)
    assert isinstance(numbers, Page)
    assert [("MaaS_GP_4o_20240806", 1720089491), (MODELS["Cl"], 1720089491)] == [
        (item["id"], item["created"]) for item in numbers.body["data"]
    ]


@pytest.mark.parametrize(("asked", "model"), [(OPEN, EP), (account("Cl"), MODELS["Cl"])])
def test_an_endpoint_lists_its_one_model_to_clients_of_anthropic(asked: Cloudsway, model: str) -> None:
    page = asked.resolve(call(f"/{EP}/v1/models", method="GET"), STAMP)
    assert isinstance(page, Page)
    assert [model] == [item["id"] for item in page.body["data"]]
    assert (404, "404") == refused(call(f"/{EP}/v1/models", method="GET"), account("GP"))


def test_an_endpoint_without_a_model_is_known_and_serves_every_route() -> None:
    bare = Cloudsway(endpoints=(EP,), strict_endpoints=True)
    assert (gemini, EP) == ((endpoint := resolved(call(NATIVE), bare)).protocol, endpoint.model)
    assert messages is resolved(call(CLAUDE), bare).protocol
    page = bare.resolve(call("/v1/models", method="GET"), STAMP)
    assert isinstance(page, Page)
    assert "MaaS 1.5 Pro" == page.body["data"][0]["id"]


# ---------------------------------------------------------------- keys

CHAT, CLAUDE, ALIAS = f"/v1/ai/{EP}/chat/completions", f"/{EP}/v1/messages", f"/v1/ai/{EP}/models/m:generateContent"
NATIVE = f"/v1/ai/{EP}/generateContent"

KEYS: list[tuple[str, Mapping[str, str], str | None]] = [
    (CHAT, {"authorization": "Bearer k"}, None),
    (CHAT, {"authorization": "bearer  k "}, None),
    (CHAT, {}, "missing_api_key"),
    (CHAT, {"authorization": "Bearer "}, "missing_api_key"),
    (CHAT, {"authorization": "Basic k"}, "auth_scheme"),
    (CHAT, {"x-api-key": "k"}, "missing_api_key"),
    (CLAUDE, {"authorization": "Bearer k"}, None),
    (CLAUDE, {"x-api-key": "k"}, None),
    (CLAUDE, {"x-api-key": "wrong"}, "invalid_api_key"),
    (CLAUDE, {"x-api-key": ""}, "missing_api_key"),
    (CLAUDE, {"x-api-key": "k", "authorization": "Bearer wrong"}, "invalid_api_key"),
    (CLAUDE, {"x-goog-api-key": "k"}, "missing_api_key"),
    (NATIVE, {"authorization": "Bearer k"}, None),
    (NATIVE, {"x-goog-api-key": "k"}, "missing_api_key"),
    (ALIAS, {"x-goog-api-key": "k"}, None),
    (ALIAS, {"x-api-key": "k"}, "missing_api_key"),
    (CHAT, {"authorization": "Bearer wrong"}, "invalid_api_key"),
    ("/v1/models", {"authorization": "Bearer wrong"}, "invalid_api_key"),
]


@pytest.mark.parametrize(("path", "headers", "name"), KEYS)
def test_a_key_is_a_bearer_token_and_where_anthropics_clients_call_x_api_key_too(
    path: str, headers: Mapping[str, str], name: str | None
) -> None:
    asked = Call("GET" if path == "/v1/models" else "POST", path, headers=headers)
    keyed = Cloudsway(api_keys=("k",))
    if name is None:
        assert isinstance(keyed.resolve(asked, STAMP), Endpoint)
    else:
        failure = rejection(asked, keyed)
        page = keyed.failure(failure, asked, STAMP)
        assert (name, 401, "401") == (failure.name, page.status, page.body["error"]["code"])


# ---------------------------------------------------------------- the row


def test_the_sample_is_a_request_that_the_account_answers() -> None:
    for sampled in (OPEN, account("Ge")):
        sample = sampled.sample("", "")
        endpoint = resolved(Call("POST", sample.path, headers={"authorization": "Bearer k"}, body=sample.body), sampled)
        assert "hello" == chat.decode(sample, endpoint, Memory(most=1)).user
        assert sample.path.startswith(sampled.base_url(""))
        assert sampled.claims(sample.path)


@pytest.mark.parametrize(
    ("model", "user", "expected"), [("", "", ("gpt-4", "hello")), ("error/x", "hi", ("error/x", "hi"))]
)
def test_the_sample_asks_for_what_it_is_told(model: str, user: str, expected: tuple[str, str]) -> None:
    body = jsontext.loads(OPEN.sample(model, user).body)
    assert expected == (body["model"], body["messages"][0]["content"])


def test_the_provider_has_one_row() -> None:
    assert PROVIDERS["cloudsway"] is Cloudsway
