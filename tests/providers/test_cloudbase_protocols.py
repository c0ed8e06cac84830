"""CloudBase: Responses, Messages and the list of models, without a server."""

import json
from typing import Any

import pytest

from emulator.protocols import chat, messages, responses
from emulator.providers.cloudbase import CloudBase
from emulator.providers.cloudbase.catalogue import MODELS
from emulator.types import (
    Call,
    Completion,
    Endpoint,
    Failure,
    Frame,
    Page,
    Rejected,
    Request,
    Stamp,
    Text,
    ToolCall,
    Turn,
    WireProtocol,
)

STAMP = Stamp(seed=0, serial=1, created=1_767_225_601)
ACCOUNT = CloudBase()
GROUPS = ACCOUNT.groups
MANAGED = ("cloudbase", "hunyuan-v3")


def call(line: str, body: bytes = b"", host: str = "127.0.0.1", **headers: str) -> Call:
    method, _, path = line.partition(" ")
    fields = {"authorization": "Bearer k"} | {name.replace("_", "-"): value for name, value in headers.items()}
    return Call(method, path, headers=fields, body=body, host=host)


def asking(line: str, model: Any = "hy3-preview") -> Call:
    return call(line, json.dumps({"model": model, "input": "Hello"}).encode())


def rejection(asked: Call, account: CloudBase = ACCOUNT) -> tuple[int, str]:
    with pytest.raises(Rejected) as caught:
        account.resolve(asked, STAMP)
    page = account.failure(caught.value.failure, asked, STAMP)
    assert ["code", "message", "requestId"] == list(page.body)
    return page.status, page.body["code"]


# ---------------------------------------------------------------- routes


@pytest.mark.parametrize("group", MANAGED)
@pytest.mark.parametrize(
    ("tail", "protocol", "page"),
    [
        ("responses", responses, None),
        ("v1/responses", responses, None),
        ("messages", messages, None),
        ("v1/messages", messages, None),
        ("v1/messages/", messages, None),
        ("messages/count_tokens", messages, messages.count_tokens),
        ("v1/messages/count_tokens", messages, messages.count_tokens),
    ],
)
def test_the_managed_groups_speak_responses_and_messages(
    group: str, tail: str, protocol: WireProtocol, page: Any
) -> None:
    assert Endpoint("cloudbase", protocol, group, page=page) == ACCOUNT.resolve(
        asking(f"POST /v1/ai/{group}/{tail}"), STAMP
    )


@pytest.mark.parametrize("tail", ["responses", "v1/messages", "messages", "v1/messages/count_tokens"])
@pytest.mark.parametrize("group", [*(group for group in GROUPS if group not in MANAGED), "custom-mine"])
def test_the_other_groups_do_not(group: str, tail: str) -> None:
    assert (403, "AI_MODEL_NOT_SUPPORTED") == rejection(asking(f"POST /v1/ai/{group}/{tail}"))


@pytest.mark.parametrize("tail", ["responses", "v1/messages", "models"])
def test_an_unknown_group_has_no_models(tail: str) -> None:
    method = "GET" if tail == "models" else "POST"
    assert (404, "AI_MODEL_NOT_FOUND") == rejection(call(f"{method} /v1/ai/nobody/{tail}"))


@pytest.mark.parametrize(
    "line",
    [
        "POST /v1/ai/cloudbase/v1/v1/messages",
        "POST /v1/ai/cloudbase/messages/batches",
        "GET /v1/ai/cloudbase/responses/resp_1",  # not documented
        "POST /v1/ai/cloudbase/v1/embeddings",
        "GET /v1/ai/cloudbase/modelling",
        "POST /v1/ai/hunyuan/openapi/v1/messages",
    ],
)
def test_another_path_is_no_route(line: str) -> None:
    assert (404, "INVALID_PATH") == rejection(call(line))


@pytest.mark.parametrize(
    ("line", "allowed"),
    [
        ("GET /v1/ai/cloudbase/responses", "POST"),
        ("GET /v1/ai/cloudbase/v1/messages", "POST"),
        ("POST /v1/ai/cloudbase/models", "GET"),
        ("DELETE /v1/ai/cloudbase/models/hy3", "GET"),
    ],
)
def test_another_method_is_refused_and_told_the_right_one(line: str, allowed: str) -> None:
    assert (405, "INVALID_REQUEST") == rejection(call(line))
    with pytest.raises(Rejected) as caught:
        ACCOUNT.resolve(call(line), STAMP)
    assert {"allow": allowed} == caught.value.failure.headers


@pytest.mark.parametrize("tail", ["responses", "v1/messages", "models"])
def test_a_key_is_a_bearer_token_on_every_path(tail: str) -> None:
    method = "GET" if tail == "models" else "POST"
    line = f"{method} /v1/ai/cloudbase/{tail}"
    assert (401, "MISSING_CREDENTIALS") == rejection(call(line, authorization="", x_api_key="k"))
    assert (401, "INVALID_CREDENTIALS") == rejection(call(line), CloudBase(api_keys=("right",)))


@pytest.mark.parametrize(
    ("path", "ours"),
    [
        *((f"/v1/ai/{group}/anything", True) for group in GROUPS),
        ("/v1/ai/hunyuan", True),
        ("/v1/ai/custom-mine/chat/completions", True),
        ("/v1/ai/hunyuan-next/chat/completions", True),
        ("/v1/ai/mine/chat/completions", True),
        ("/v1/aibot/bots", True),
        ("/auth/v1/user/me", True),
        ("/v1/ai/RkBOAlaWzKcubSji/chat/completions", False),
        ("/v1/ai/", False),
        ("/v1/ai", False),
        ("/v1/models", False),
        ("/x/v1/ai/cloudbase/chat/completions", False),
    ],
)
def test_a_literal_path_is_cloudbases_where_it_names_one_of_its_groups(path: str, ours: bool) -> None:
    assert ours == CloudBase(groups=("mine",)).claims(path)


# ---------------------------------------------------------------- models


@pytest.mark.parametrize("model", ["hy3", "error/rate_limited"])
def test_only_one_model_speaks_responses(model: str) -> None:
    asked = asking("POST /v1/ai/hunyuan-v3/responses", model)
    assert (403, "AI_MODEL_NOT_SUPPORTED") == rejection(asked)
    assert isinstance(CloudBase(responses_models=()).resolve(asked, STAMP), Endpoint)
    assert isinstance(CloudBase(responses_models=("x", model)).resolve(asked, STAMP), Endpoint)
    assert isinstance(ACCOUNT.resolve(asking("POST /v1/ai/hunyuan-v3/v1/messages", model), STAMP), Endpoint)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"model": 1}', b'{"model": ""}'])
def test_a_body_that_names_no_model_is_left_to_the_codec(body: bytes) -> None:
    assert isinstance(ACCOUNT.resolve(call("POST /v1/ai/cloudbase/responses", body), STAMP), Endpoint)


def listed(line: str, account: CloudBase = ACCOUNT, **headers: str) -> Any:
    page = account.resolve(call(line, b"", **headers), STAMP)
    assert isinstance(page, Page)
    assert 200 == page.status
    return page.body


def ids(body: Any) -> list[str]:
    return [model["id"] for model in body["data"]]


@pytest.mark.parametrize("tail", ["models", "v1/models", "v1/models/"])
def test_the_models_are_listed_in_two_shapes(tail: str) -> None:
    line = f"GET /v1/ai/cloudbase/{tail}"
    assert (list(MODELS), "list") == (ids(listed(line)), listed(line)["object"])
    assert {"id": "hy3", "object": "model", "created": 0, "owned_by": "cloudbase"} == listed(line)["data"][1]
    page = listed(line, anthropic_version="2026-10-21")
    assert (list(MODELS[:20]), True) == (ids(page), page["has_more"])
    assert "Hy3" == page["data"][1]["display_name"]


@pytest.mark.parametrize(
    ("group", "first", "count"),
    [("hunyuan-v3", "hy3", 2), ("deepseek", "deepseek-flash", 7), ("hunyuan-exp", "hunyuan-role-latest", 3)],
)
def test_a_group_of_one_maker_lists_that_makers_models(group: str, first: str, count: int) -> None:
    found = ids(listed(f"GET /v1/ai/{group}/models"))
    assert (first, count) == (found[0], len(found))


def test_the_models_are_a_setting_and_one_of_them_can_be_asked_for() -> None:
    account = CloudBase(models=("mine", "org/yours"))
    assert ["mine", "org/yours"] == ids(listed("GET /v1/ai/custom-x/v1/models", account))
    assert "org/yours" == listed("GET /v1/ai/cloudbase/models/org/yours", account)["id"]
    assert (404, "AI_MODEL_NOT_FOUND") == rejection(call("GET /v1/ai/cloudbase/models/hy3"), account)


# ---------------------------------------------------------------- environments


@pytest.mark.parametrize(
    ("account", "host", "known"),
    [
        (CloudBase(), "any.api.tcloudbasegateway.com", True),
        (CloudBase(environments=("lab", "shop")), "shop.api.tcloudbasegateway.com", True),
        (CloudBase(environments=("lab", "shop")), "shop.api.intl.tcloudbasegateway.com", True),
        (CloudBase(environments=("lab",)), "shop.api.tcloudbasegateway.com", False),
        (CloudBase(environments=("lab",)), "127.0.0.1", True),
        (CloudBase(environments=("lab",), environment="lab"), "127.0.0.1", True),
        (CloudBase(environments=("lab",), environment="shop"), "127.0.0.1", False),
    ],
)
def test_an_unknown_environment_is_reported_before_all_else(account: CloudBase, host: str, known: bool) -> None:
    asked = call("POST /v1/ai/cloudbase/chat/completions", host=host)
    if known:
        assert isinstance(account.resolve(asked, STAMP), Endpoint)
    else:
        assert (404, "INVALID_ENV") == rejection(asked, account)
        assert (404, "INVALID_ENV") == rejection(call("GET /nothing", host=host, authorization=""), account)


# ---------------------------------------------------------------- errors


@pytest.mark.parametrize("line", ["POST /v1/ai/cloudbase/responses", "POST /v1/ai/cloudbase/v1/messages"])
@pytest.mark.parametrize("name", ["overloaded", "rate_limited", "invalid_request", "quota_exhausted", "no_step"])
def test_errors_have_the_gateways_words_on_every_path(line: str, name: Any) -> None:
    page = ACCOUNT.failure(Failure(name), call(line), STAMP)
    assert ["code", "message", "requestId"] == list(page.body)


@pytest.mark.parametrize(
    ("tail", "failure", "native"),
    [
        ("v1/messages", Failure("overloaded"), True),
        ("v1/messages/count_tokens", Failure("invalid_request"), True),
        ("responses", Failure("rate_limited", retry_after=2), True),
        ("responses", Failure("content_filtered", code="mine"), True),
        ("v1/messages", Failure("overloaded", code="AI_MODEL_REQUEST_FAILED"), False),
        ("v1/messages", Failure("invalid_api_key"), False),
        ("responses", Failure("quota_exhausted"), False),
        ("responses", Failure("no_step", "why"), False),
        ("chat/completions", Failure("overloaded"), False),
        ("nothing", Failure("overloaded"), False),
    ],
)
def test_what_the_model_says_can_be_had_in_its_own_words(tail: str, failure: Failure, native: bool) -> None:
    account, asked = CloudBase(native_errors=True), call(f"POST /v1/ai/cloudbase/{tail}")
    protocol = messages if "messages" in tail else responses
    expected = protocol.failure(failure, STAMP) if native else ACCOUNT.failure(failure, asked, STAMP)
    assert expected == account.failure(failure, asked, STAMP)


# ---------------------------------------------------------------- what is written


def request(protocol: WireProtocol) -> Request:
    asked = call("POST /", user_agent="tcb-node-sdk/3.18.3")
    return Request(asked, Endpoint("cloudbase", protocol), {}, "m", (Turn("user", (Text("Hello"),)),))


DONE = Completion((Text("Here "), Text("I am.", (1,)), ToolCall("look", "{}", id="c1")), "tool_calls")


def test_messages_go_out_as_they_are() -> None:
    asked = request(messages)
    body, frames = messages.body(DONE, asked, STAMP), list(messages.frames(DONE, asked, STAMP))
    assert body == ACCOUNT.body(body, asked, STAMP)
    assert frames == list(ACCOUNT.frames(iter(frames), DONE, asked, STAMP))


@pytest.mark.parametrize("finish", ["tool_calls", "length"])
def test_a_response_has_its_text_at_its_top_and_its_stream_too(finish: Any) -> None:
    done, asked = Completion(DONE.parts, finish), request(responses)
    body, frames = responses.body(done, asked, STAMP), list(responses.frames(done, asked, STAMP))
    written = ACCOUNT.body(body, asked, STAMP)
    assert {**body, "output_text": "Here I am."} == written
    last = frames[-1]
    expected = Frame({**last.data, "response": {**last.data["response"], "output_text": "Here I am."}}, last.event)
    assert [*frames[:-1], expected] == list(ACCOUNT.frames(iter(frames), done, asked, STAMP))


@pytest.mark.parametrize("restores", [True, False])
def test_whether_a_conversation_is_brought_back_is_a_setting(restores: bool) -> None:
    endpoint = CloudBase(restores=restores).resolve(asking("POST /v1/ai/cloudbase/responses"), STAMP)
    assert Endpoint("cloudbase", responses, "cloudbase", restores=restores) == endpoint
    endpoint = CloudBase(restores=restores).resolve(asking("POST /v1/ai/cloudbase/chat/completions"), STAMP)
    assert isinstance(endpoint, Endpoint)
    assert chat is endpoint.protocol
