"""Cloudsway: every error × protocol × series, of the gateway and of the models behind it."""

import json
from typing import Any, get_args

import pytest

from emulator import jsontext
from emulator.protocols import chat, gemini, messages, responses
from emulator.providers.cloudsway import Cloudsway
from emulator.providers.cloudsway.errors import ERRORS, Maker, Origin
from emulator.types import ERROR_NAMES, Call, Failure, Page, Stamp, UnscriptedErrorName

STAMP = Stamp(seed=0, serial=1, created=1_767_225_601)
EP = "RkBOAlaWzKcubSji"
CHAT, CLAUDE, NATIVE = f"/v1/ai/{EP}/chat/completions", f"/{EP}/v1/messages", f"/v1/ai/{EP}/generateContent"
MODELS = {
    "GP": "MaaS_GP_5.4_20260305",
    "Cl": "MaaS_Cl_Sonnet_4.6_20260217",
    "Ge": "MaaS_Ge_3.1_pro_preview_20260219",
    "DS": "MaaS_DS_V3.2_20251201",
    "": "MaaS 1.5 Pro",
}
OPEN = Cloudsway()


def account(series: str) -> Cloudsway:
    return Cloudsway(endpoints=(f"{EP}={MODELS[series]}",))


def call(path: str, content: Any = None) -> Call:
    path, _, query = path.partition("?")
    return Call("POST", path, dict([query.split("=")]) if query else {}, body=jsontext.dumps(content))


NAMES = [*ERROR_NAMES, *get_args(UnscriptedErrorName)]
FAMILIES = {"chat": CHAT, "responses": f"/v1/ai/{EP}/responses", "messages": CLAUDE, "gemini": NATIVE}
BY_MODEL = {"invalid_request", "context_length_exceeded", "server_error", "overloaded"}


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("name", NAMES)
def test_an_error_of_the_gateway_is_in_its_envelope_on_every_path(name: Any, family: str) -> None:
    page = OPEN.failure(Failure(name), call(FAMILIES[family]), STAMP)
    assert ERRORS[name].status == page.status
    assert (ERRORS[name].maker == "model") is (name in BY_MODEL)
    if name not in BY_MODEL:
        row = ERRORS[name]
        assert {"error": {"code": row.code, "message": row.message}} == page.body
        assert row.code == str(page.status) or not row.code.isdigit()
        assert row.message
    elif family in {"chat", "responses"}:
        assert ["code", "message"] == list(page.body["error"])
        assert str(page.status) == page.body["error"]["code"]
        assert json.loads(page.body["error"]["message"])["error"]["message"]
    else:
        own = {"messages": messages, "gemini": gemini}[family]
        assert own.failure(Failure(name, status=ERRORS[name].status), STAMP) == page


# The field's examples are of GP, Ge and Cl; the others have the words of the GP series (inferred).
NESTED = {
    "GP": '{\n  "error": {\n    "message": "m",\n    "type": "invalid_request_error",\n    "param": null,\n'
    '    "code": null\n  }\n}',
    "Ge": '{\n  "error": {\n    "code": 400,\n    "message": "m",\n    "status": "INVALID_ARGUMENT"\n  }\n}',
    "Cl": '{"message": "m"}',
}


@pytest.mark.parametrize("series", MODELS)
def test_an_error_of_the_model_is_a_string_of_json_in_the_words_of_its_series(series: str) -> None:
    page = account(series).failure(Failure("invalid_request", "m"), call(CHAT), STAMP)
    assert Page(400, {"error": {"code": "400", "message": NESTED.get(series, NESTED["GP"])}}) == page


@pytest.mark.parametrize(
    ("path", "content", "series"),
    [
        (CHAT, {"model": MODELS["Ge"]}, "Ge"),
        ("/v1/chat/completions", {"model": MODELS["Cl"]}, "Cl"),
        ("/v1/chat/completions", {}, "GP"),
        (f"/v1/ai/{EP}/google/chat/completions", {}, "Ge"),
        (f"/v2/ai/{EP}/claude/chat/completions", {}, "Cl"),
        (f"/v1/ai/{EP}/responses", {}, "GP"),
    ],
)
def test_the_series_of_an_error_is_that_of_the_model_else_that_of_the_path(
    path: str, content: Any, series: str
) -> None:
    page = OPEN.failure(Failure("invalid_request", "m"), call(path, content), STAMP)
    assert NESTED[series] == page.body["error"]["message"]


@pytest.mark.parametrize("series", ["GP", "Cl", "Ge"])
@pytest.mark.parametrize("name", sorted(BY_MODEL))
def test_every_series_has_words_for_what_its_model_reports(series: str, name: Any) -> None:
    inner = json.loads(account(series).failure(Failure(name), call(CHAT), STAMP).body["error"]["message"])
    message = inner["message"] if series == "Cl" else inner["error"]["message"]
    assert len(message) > 10
    assert message.startswith("Unable to submit request because") is (
        series == "Ge" and name in {"invalid_request", "context_length_exceeded"}
    )


@pytest.mark.parametrize(
    ("failure", "status", "error"),
    [
        # an error of the gateway: code and message are replaced
        (Failure("rate_limited", "slow down", code="X"), 429, {"code": "X", "message": "slow down"}),
        (Failure("rate_limited", status=430), 430, {"code": "429", "message": "The rate limit is exceeded"}),
        # one of the model: they are its own, and the gateway's code stays the status
        (
            Failure("invalid_request", "Unknown parameter: 'top_k'.", code="unknown_parameter", status=422),
            422,
            {
                "code": "422",
                "message": '{\n  "error": {\n    "message": "Unknown parameter: \'top_k\'.",\n'
                '    "type": "invalid_request_error",\n    "param": null,\n    "code": "unknown_parameter"\n  }\n}',
            },
        ),
    ],
)
def test_what_a_scenario_replaces_is_replaced_where_it_belongs(failure: Failure, status: int, error: Any) -> None:
    assert Page(status, {"error": error}) == OPEN.failure(failure, call(CHAT), STAMP)


@pytest.mark.parametrize("path", FAMILIES.values())
@pytest.mark.parametrize("name", ["rate_limited", "overloaded"])
def test_retry_after_is_whole_seconds_and_a_body_goes_as_it_stands(path: str, name: Any) -> None:
    failure = Failure(name, retry_after=1.2, body={"mine": 1}, headers={"x-a": "b"})
    expected = Page(ERRORS[name].status, {"mine": 1}, {"x-a": "b", "retry-after": "2"})
    assert expected == OPEN.failure(failure, call(path), STAMP)


@pytest.mark.parametrize(
    ("path", "listed"),
    [
        (f"/v1/ai/{EP}/streamGenerateContent", True),
        (f"/v1/ai/{EP}/streamGenerateContent?alt=sse", False),
        (f"/v1/ai/{EP}/generateContent", False),
    ],
)
def test_where_a_list_was_to_come_an_error_of_the_model_is_a_list_of_one(path: str, listed: bool) -> None:
    error = gemini.failure(Failure("overloaded"), STAMP).body
    assert ([error] if listed else error) == OPEN.failure(Failure("overloaded"), call(path), STAMP).body
    # What the gateway makes is its own envelope everywhere.
    assert {"error"} == set(OPEN.failure(Failure("rate_limited"), call(path), STAMP).body)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("name", NAMES)
def test_errors_in_the_words_of_the_protocol_are_a_setting(name: Any, family: str) -> None:
    own: Any = {"chat": chat, "responses": responses, "messages": messages, "gemini": gemini}[family]
    page = Cloudsway(errors="protocol").failure(Failure(name), call(FAMILIES[family]), STAMP)
    assert own.failure(Failure(name, status=ERRORS[name].status), STAMP) == page


def test_clients_that_look_for_words_find_them() -> None:
    for name in ("rate_limited", "quota_exhausted", "concurrency_limited"):
        assert "rate limit" in ERRORS[name].message
        assert 429 == ERRORS[name].status
    assert "white list" in ERRORS["permission_denied"].message


def test_every_row_says_who_makes_it_and_how_sure_it_is() -> None:
    assert set(NAMES) == set(ERRORS)
    assert set(get_args(Origin)) == {row.origin for row in ERRORS.values()}
    assert set(get_args(Maker)) == {row.maker for row in ERRORS.values()}


@pytest.mark.parametrize(("path", "name"), [(CHAT, "x-request-id"), (CLAUDE, "request-id"), ("/", "x-request-id")])
def test_the_request_id_is_where_the_client_reads_it(path: str, name: str) -> None:
    assert [name] == list(OPEN.headers(call(path), STAMP))
    error = OPEN.failure(Failure("server_error"), call(CLAUDE), STAMP)
    assert error.body["request_id"] == OPEN.headers(call(CLAUDE), STAMP)["request-id"]
