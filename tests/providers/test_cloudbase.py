"""CloudBase: routes × keys × errors × the two stream styles, without a server."""

import base64
import json
from collections.abc import Mapping
from typing import Any, get_args

import pytest

from emulator.protocols import chat
from emulator.providers import PROVIDERS
from emulator.providers.cloudbase import CloudBase
from emulator.providers.cloudbase.errors import ERRORS, NAMES, Origin
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
    Rejected,
    Request,
    Stamp,
    Text,
    ToolCall,
    Turn,
    UnscriptedErrorName,
)

STAMP = Stamp(seed=0, serial=1, created=1_767_225_601)
GROUPS = CloudBase().groups
ACCOUNT = CloudBase(environment="my-env")


def call(path: str, method: str = "POST", host: str = "127.0.0.1", **headers: str) -> Call:
    fields = {"authorization": "Bearer k"} | {name.replace("_", "-"): value for name, value in headers.items()}
    return Call(method, path, headers=fields, host=host)


def rejection(call: Call, account: CloudBase = ACCOUNT) -> Failure:
    with pytest.raises(Rejected) as caught:
        account.resolve(call, STAMP)
    return caught.value.failure


@pytest.mark.parametrize(
    ("path", "target"),
    [
        *((f"/v1/ai/{group}/chat/completions", group) for group in GROUPS),
        *((f"/v1/ai/{group}/v1/chat/completions", group) for group in GROUPS),
        ("/v1/ai/custom-mine/chat/completions", "custom-mine"),
        ("/v1/ai/cloudbase/chat/completions/", "cloudbase"),
        ("/v1/ai/hunyuan-beta/openapi/v1/chat/completions", "hunyuan-beta"),
        ("/v1/ai/ark/api/v3/chat/completions", "ark"),
        ("/v1/ai/dashscope/compatible-mode/v1/chat/completions", "dashscope"),
        ("/v1/ai/zhipu/api/paas/v4/chat/completions", "zhipu"),
    ],
)
def test_chat_has_these_paths(path: str, target: str) -> None:
    assert Endpoint("cloudbase", chat, target, "my-env") == ACCOUNT.resolve(call(path), STAMP)


@pytest.mark.parametrize(
    ("host", "environment"),
    [
        ("lab-1.api.tcloudbasegateway.com", "lab-1"),
        ("lab-2.api.intl.tcloudbasegateway.com", "lab-2"),
        ("127.0.0.1", "my-env"),
    ],
)
def test_the_environment_is_the_first_label_of_the_host_or_a_setting(host: str, environment: str) -> None:
    endpoint = ACCOUNT.resolve(call("/v1/ai/cloudbase/chat/completions", host=host), STAMP)
    assert isinstance(endpoint, Endpoint)
    assert environment == endpoint.environment


@pytest.mark.parametrize(
    "path",
    [
        "/v1/ai/cloudbase/chat",
        "/v1/ai/cloudbase",
        "/v1/ai/cloudbase/embeddings",  # not documented for this service
        "/v1/ai/cloudbase/openapi/v1/chat/completions",
        "/v1/ai/",
        "/v1/aibot/bots",
        "/chat/completions",
        "/x/v1/ai/cloudbase/chat/completions",
        "/",
    ],
)
def test_another_path_is_no_route(path: str) -> None:
    assert Failure("route_not_found", f"The path is invalid: {path}") == rejection(call(path))


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "HEAD", "BREW"])
def test_another_method_is_refused_and_told_the_right_one(method: str) -> None:
    failure = rejection(call("/v1/ai/cloudbase/chat/completions", method))
    page = ACCOUNT.failure(failure, call("/"), STAMP)
    assert (405, "INVALID_REQUEST", {"allow": "POST"}) == (page.status, page.body["code"], page.headers)


def test_an_unknown_group_is_told_which_there_are() -> None:
    failure = rejection(call("/v1/ai/nobody/chat/completions"))
    assert ("model_not_found", True) == (failure.name, "'nobody'" in str(failure.message))
    assert 404 == ACCOUNT.failure(failure, call("/"), STAMP).status


def jwt(claims: object, signature: str = "sig") -> str:
    header, payload = (
        base64.urlsafe_b64encode(json.dumps(piece).encode()).decode().rstrip("=")
        for piece in ({"alg": "RS256"}, claims)
    )
    return f"{header}.{payload}.{signature}"


KEYS: list[tuple[Mapping[str, str], str | None]] = [
    ({"authorization": "Bearer anything"}, None),
    ({"authorization": "bearer  anything "}, None),
    ({"authorization": f"Bearer {jwt({'exp': STAMP.created + 1})}"}, None),
    ({"authorization": f"Bearer {jwt({'sub': 'permanent key'})}"}, None),
    ({"authorization": f"Bearer {jwt(['odd'])}"}, None),
    ({"authorization": "Bearer eyJ.!!!.x"}, None),
    ({"authorization": "Bearer eyJ.e30.x"}, None),
    ({}, "MISSING_CREDENTIALS"),
    ({"authorization": ""}, "MISSING_CREDENTIALS"),
    ({"authorization": "Bearer"}, "MISSING_CREDENTIALS"),
    ({"authorization": "Bearer   "}, "MISSING_CREDENTIALS"),
    ({"x-api-key": "anything"}, "MISSING_CREDENTIALS"),
    ({"authorization": "Basic abc"}, "UNSUPPORTED_AUTH_TYPE"),
    ({"authorization": "TC3-HMAC-SHA256 Credential=x"}, "UNSUPPORTED_AUTH_TYPE"),
    ({"authorization": "just-the-key"}, "UNSUPPORTED_AUTH_TYPE"),
    ({"authorization": "Bearer undefined"}, "INVALID_CREDENTIALS"),
    ({"authorization": f"Bearer {jwt({'exp': STAMP.created})}"}, "ACCESS_TOKEN_EXPIRED"),
    ({"authorization": f"Bearer {jwt({'exp': 1.5})}"}, "ACCESS_TOKEN_EXPIRED"),
]


@pytest.mark.parametrize(("headers", "code"), KEYS)
def test_a_key_is_a_bearer_token_and_nothing_else(headers: Mapping[str, str], code: str | None) -> None:
    asked = Call("POST", "/v1/ai/cloudbase/chat/completions", headers=headers)
    if code is None:
        assert isinstance(ACCOUNT.resolve(asked, STAMP), Endpoint)
    else:
        page = ACCOUNT.failure(rejection(asked), asked, STAMP)
        assert (401, code) == (page.status, page.body["code"])


def test_only_the_named_keys_are_valid_where_some_are_named() -> None:
    account = CloudBase(api_keys=("right",))
    path = "/v1/ai/cloudbase/chat/completions"
    assert isinstance(account.resolve(call(path, authorization="Bearer right"), STAMP), Endpoint)
    assert Failure("invalid_api_key") == rejection(call(path, authorization="Bearer wrong"), account)


# ---------------------------------------------------------------- errors


@pytest.mark.parametrize("name", [*ERROR_NAMES, *get_args(UnscriptedErrorName)])
def test_every_error_has_a_code_a_status_and_a_message(name: Any) -> None:
    page = ACCOUNT.failure(Failure(name), call("/"), STAMP)
    assert ["code", "message", "requestId"] == list(page.body)
    assert 400 <= page.status < 600
    assert NAMES[name].code == page.body["code"]
    assert page.body["message"]


@pytest.mark.parametrize(
    ("failure", "status", "code", "message"),
    [
        # documented: http-api/ai-bot, "Credentials are invalid"; faq ai-429
        (Failure("invalid_api_key"), 401, "INVALID_CREDENTIALS", "Credentials are invalid"),
        (Failure("quota_exhausted"), 429, "EXCEED_TOKEN_QUOTA_LIMIT", "Token usage exceeded quota limit."),
        (Failure("concurrency_limited"), 429, "EXCEED_CONCURRENT_REQUEST_LIMIT", "Concurrent requests exceeded limit."),
        (Failure("overloaded"), 503, "AI_MODEL_REQUEST_FAILED", "The model is overloaded, try again later"),
        (Failure("overloaded", "busy", status=529, code="X"), 529, "X", "busy"),
        (Failure("overloaded", code="X"), 503, "X", "The model is overloaded, try again later"),
        (
            Failure("permission_denied", code="AI_CHANNEL_NOT_ALLOWED"),
            403,
            "AI_CHANNEL_NOT_ALLOWED",
            "小程序成长计划仅支持小程序 SDK 和云开发 SDK 调用。",
        ),
        (Failure("rate_limited", code=429), 429, "429", ERRORS["429"].message),
    ],
)
def test_an_error_says_what_the_service_says_or_what_the_scenario_replaced(
    failure: Failure, status: int, code: str, message: str
) -> None:
    page = ACCOUNT.failure(failure, call("/"), STAMP)
    assert (status, code, message) == (page.status, page.body["code"], page.body["message"])


def test_retry_after_is_whole_seconds_and_a_body_goes_as_it_stands() -> None:
    failure = Failure("rate_limited", retry_after=1.2, body={"mine": 1}, headers={"x-a": "b"})
    assert Page(429, {"mine": 1}, {"x-a": "b", "retry-after": "2"}) == ACCOUNT.failure(failure, call("/"), STAMP)


def test_the_request_id_of_the_body_is_the_one_of_the_header() -> None:
    header = ACCOUNT.headers(call("/"), STAMP)["x-request-id"]
    assert header == ACCOUNT.failure(Failure("timeout"), call("/"), STAMP).body["requestId"]
    assert [8, 4, 4, 4, 12] == [len(piece) for piece in header.split("-")]


def test_every_row_says_how_sure_it_is() -> None:
    assert set(get_args(Origin)) >= {row.origin for row in ERRORS.values()}
    assert {named.code for named in NAMES.values()} <= set(ERRORS)
    # The documented codes; the last three are of the service behind the gateway and our own.
    assert 43 == len(ERRORS)


# ---------------------------------------------------------------- the browser


def test_a_page_may_read_the_answer_it_asked_for() -> None:
    asked = call("/v1/ai/cloudbase/chat/completions", "OPTIONS", origin="https://shop.example")
    page = ACCOUNT.resolve(asked, STAMP)
    assert isinstance(page, Page)
    assert 204 == page.status
    assert "https://shop.example" == ACCOUNT.headers(asked, STAMP)["access-control-allow-origin"]
    assert {"x-request-id"} == set(ACCOUNT.headers(call("/"), STAMP))


# ---------------------------------------------------------------- what is written

PARTS: tuple[Part, ...] = (Reasoning("Hm."), Text("Both.", (2,)), ToolCall("look", '{"at":1}', id="c1", cuts=(4,)))
CALLS: tuple[Part, ...] = (ToolCall("look", "{}", id="c1"), ToolCall("hear", "{}", id="c2"))


def request(agent: str = "curl/8", **body: Any) -> Request:
    asked = Call("POST", "/", headers={"user-agent": agent})
    turns = (Turn("user", (Text("12345678"),)),)
    return Request(asked, Endpoint("cloudbase", chat, "cloudbase"), body, "hy3-preview", turns)


def stream(done: Completion, request: Request, account: CloudBase = ACCOUNT) -> list[Any]:
    frames = list(account.frames(chat.frames(done, request, STAMP), done, request, STAMP))
    assert sum(frame.beat for frame in chat.frames(done, request, STAMP)) == sum(frame.beat for frame in frames)
    chunks = [frame.data for frame in frames]
    assert "[DONE]" == chunks.pop()
    for chunk in chunks:
        # Every chunk needs a list of choices, or the CloudBase SDK fails (package).
        assert ["id", "object", "created", "model", "choices"] == list(chunk)[:5]
    return [
        (chunk["choices"][0]["delta"], chunk["choices"][0].get("finish_reason")) if chunk["choices"] else chunk["usage"]
        for chunk in chunks
    ]


def test_a_whole_answer_has_the_documented_fields() -> None:
    done = Completion(PARTS, "tool_calls")
    body = ACCOUNT.body(chat.body(done, request(), STAMP), request(), STAMP)
    assert {
        "id": "chatcmpl-" + STAMP.hex("completion", 24),
        "object": "chat.completion",
        "created": STAMP.created,
        "model": "hy3-preview",
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": "Both.",
                    "reasoning_content": "Hm.",
                    "tool_calls": [
                        {"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"at":1}'}}
                    ],
                },
                "finish_reason": "tool_calls",
            }
        ],
        "usage": {
            "prompt_tokens": 2,
            "completion_tokens": 6,
            "total_tokens": 8,
            "completion_tokens_details": {"reasoning_tokens": 1},
        },
    } == body


def test_a_tool_call_alone_has_empty_content() -> None:
    body = ACCOUNT.body(chat.body(Completion(CALLS, "tool_calls"), request(), STAMP), request(), STAMP)
    assert "" == body["choices"][0]["message"]["content"]


def opening(index: int, identity: str, name: str) -> Any:
    return {"index": index, "id": identity, "type": "function", "function": {"name": name, "arguments": ""}}


def arguments(index: int, text: str) -> Any:
    return {"index": index, "function": {"arguments": text}}


def test_the_openai_style_begins_with_the_role_and_finishes_on_the_last_output() -> None:
    assert [
        ({"role": "assistant"}, None),
        ({"reasoning_content": "Hm."}, None),
        ({"content": "Bo"}, None),
        ({"content": "th."}, None),
        ({"tool_calls": [opening(0, "c1", "look")]}, None),
        ({"tool_calls": [arguments(0, '{"at')]}, None),
        ({"tool_calls": [arguments(0, '":1}')]}, "tool_calls"),
    ] == stream(Completion(PARTS, "tool_calls"), request())


def test_the_openai_style_sends_usage_in_a_chunk_of_its_own_where_asked_for() -> None:
    asked = request(stream_options={"include_usage": True})
    usage = {"prompt_tokens": 2, "completion_tokens": 1, "total_tokens": 3}
    assert [({"role": "assistant"}, None), ({"content": "hi"}, "stop"), usage] == stream(
        Completion((Text("hi"),), "stop"), asked
    )


def test_an_empty_answer_still_finishes() -> None:
    assert [({"role": "assistant"}, None), ({}, "length")] == stream(Completion((), "length"), request())
    assert [({"role": "assistant"}, "length")] == stream(Completion((), "length"), request("tcb-node-sdk/3.18.3"))


@pytest.mark.parametrize("agent", ["tcb-node-sdk/3.18.3", "adapter-node/@cloudbase/js-sdk/3.7.0"])
def test_the_sdk_style_begins_with_role_and_output_in_one_chunk(agent: str) -> None:
    asked = request(agent, stream_options={"include_usage": True})
    assert [
        ({"role": "assistant", "tool_calls": [opening(0, "c1", "look")]}, None),
        ({"tool_calls": [arguments(0, "{}")]}, "tool_calls"),
    ] == stream(Completion(CALLS[:1], "tool_calls"), asked)
    assert [({"role": "assistant", "content": "Bo"}, None), ({"content": "th"}, "stop")] == stream(
        Completion((Text("Both", (2,)),), "stop"), asked
    )


@pytest.mark.parametrize(
    ("parts", "before"),
    [
        (CALLS, {}),
        ((Text("Both.", (2,)), *CALLS), {"content": "Both."}),
        ((Reasoning("Hm."), Text("Both."), *CALLS), {"content": "Both.", "reasoning_content": "Hm."}),
    ],
)
def test_the_sdk_style_sends_what_its_loop_cannot_read_in_pieces_in_one(
    parts: tuple[Part, ...], before: dict[str, str]
) -> None:
    calls = [
        {"index": 0, "id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}},
        {"index": 1, "id": "c2", "type": "function", "function": {"name": "hear", "arguments": "{}"}},
    ]
    done, asked = Completion(parts, "tool_calls"), request("tcb-node-sdk/3.18.3")
    only, end = ACCOUNT.frames(chat.frames(done, asked, STAMP), done, asked, STAMP)
    choice = only.data["choices"][0]
    assert ({"role": "assistant", **before, "tool_calls": calls}, "tool_calls") == (
        choice["delta"],
        choice["finish_reason"],
    )
    assert (True, "chat.completion.chunk", 2) == (only.beat, only.data["object"], only.data["usage"]["prompt_tokens"])
    assert chat.DONE == end


def test_the_sdk_style_carries_usage_on_the_last_output() -> None:
    done = Completion((Text("hi"),), "stop")
    asked = request("tcb-node-sdk/3.18.3")
    *_, last, end = ACCOUNT.frames(chat.frames(done, asked, STAMP), done, asked, STAMP)
    assert {"prompt_tokens": 2, "completion_tokens": 1, "total_tokens": 3} == last.data["usage"]
    assert chat.DONE == end


OLD = Call("POST", "/v1/ai/hunyuan", headers={"authorization": "Bearer k", "x-tc-action": "ChatCompletions"})


def test_the_old_hunyuan_route_answers_in_the_manner_of_the_cloud_api() -> None:
    assert Endpoint("cloudbase", chat, "hunyuan", "my-env") == ACCOUNT.resolve(OLD, STAMP)
    asked, done = Request(OLD, Endpoint("cloudbase", chat, "hunyuan"), {}, "m", ()), Completion((Text("hi"),), "stop")
    body = ACCOUNT.body(chat.body(done, asked, STAMP), asked, STAMP)["Response"]
    assert {"Id", "Object", "Created", "Model", "Choices", "Usage", "RequestId"} == set(body)
    assert {"Index": 0, "Message": {"Role": "assistant", "Content": "hi"}, "FinishReason": "stop"} == body["Choices"][0]
    assert {"PromptTokens": 1, "CompletionTokens": 1, "TotalTokens": 2} == body["Usage"]
    _, chunk, end = ACCOUNT.frames(chat.frames(done, asked, STAMP), done, asked, STAMP)
    assert [{"Index": 0, "Delta": {"Content": "hi"}, "FinishReason": "stop"}] == chunk.data["Choices"]
    assert chat.DONE == end


def test_the_old_hunyuan_route_has_one_action() -> None:
    other = Call("POST", OLD.path, headers={**OLD.headers, "x-tc-action": "GetTokenCount"})
    assert "route_not_found" == rejection(other).name


@pytest.mark.parametrize(
    ("style", "agent", "first"),
    [
        ("sdk", "curl/8", {"role": "assistant", "content": "hi"}),
        ("openai", "tcb-node-sdk/3.18.3", {"role": "assistant"}),
        ("auto", "curl/8", {"role": "assistant"}),
    ],
)
def test_the_style_is_a_setting(style: Any, agent: str, first: dict[str, str]) -> None:
    account = CloudBase(stream_style=style)
    assert first == stream(Completion((Text("hi"),), "stop"), request(agent), account)[0][0]


def test_the_sample_is_a_request_that_the_account_answers() -> None:
    sample = ACCOUNT.sample("", "")
    assert isinstance(ACCOUNT.resolve(call(sample.path, sample.method), STAMP), Endpoint)
    assert "Hello" == chat.decode(sample, Endpoint("cloudbase", chat), Memory(most=1)).user
    assert sample.path.startswith(ACCOUNT.base_url(""))


def test_the_provider_has_one_row() -> None:
    assert PROVIDERS["cloudbase"] is CloudBase
