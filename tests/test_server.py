"""The server over a socket: sessions, misses, the journal, the control API."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from emulator.providers import PROVIDERS
from tests.live import Live

EVERYWHERE = "0.0.0.0"  # noqa: S104 - what the test is about

STEPS = """
steps:
  - name: twice
    when: {user: hello}
    replies:
      - {error: rate_limited, retry_after: 1s}
      - {text: Hello!}
  - name: named
    when: {user: named}
    reply: {text: Hi., headers: {x-mine: "yes"}, model: other}
  - name: broken
    when: {user: broken}
    reply: {error: {status: 599, body: {a: 1}, headers: {x-b: c}}}
"""


@pytest.fixture
def live(scripted: Callable[..., Live]) -> Live:
    return scripted(STEPS)


def test_every_answer_says_its_session_and_its_step(live: Live) -> None:
    reply = live.ask("named")
    assert "test/named" == reply.headers["x-emulator-step"]
    assert live.journal[0].session == reply.headers["x-emulator-session"]
    assert live.key not in str(reply.headers)


def test_an_answer_has_no_header_that_the_service_would_not_send(live: Live) -> None:
    headers = live.ask("named").headers
    assert {
        "content-type": "application/json; charset=utf-8",
        "date": "Thu, 01 Jan 2026 00:00:01 GMT",
        "x-request-id": headers["x-request-id"],
        "x-emulator-session": headers["x-emulator-session"],
        "x-mine": "yes",
        "x-emulator-step": "test/named",
        "content-length": headers["content-length"],
    } == headers


def test_a_key_is_a_session(live: Live) -> None:
    neighbour = Live(live.server, live.loop)
    assert [429, 200] == [live.ask("hello").status, live.ask("hello").status]
    assert [429, 200] == [neighbour.ask("hello").status, neighbour.ask("hello").status]


def test_the_same_requests_give_the_same_bytes_with_any_key(live: Live) -> None:
    def run(live: Live) -> list[tuple[int, dict[str, str], bytes]]:
        answers = [live.ask("hello"), live.ask("hello", stream=True), live.ask("nobody"), live.ask("named")]
        for answer in answers:
            del answer.headers["x-emulator-session"]
        return [
            (answer.status, answer.headers, answer.body.replace(live.journal[0].session.encode(), b""))
            for answer in answers
        ]

    assert run(live) == run(Live(live.server, live.loop))


def test_another_seed_gives_other_ids(scripted: Callable[..., Live]) -> None:
    first, second = scripted(STEPS, seed=1), scripted(STEPS, seed=2)
    assert first.ask("named").json["id"] != second.ask("named").json["id"]


@pytest.mark.parametrize("path", ["/s/{name}/v1/ai/cloudbase", "/s/{name}/cloudbase/v1/ai/cloudbase"])
def test_a_session_is_named_by_a_leading_segment(live: Live, path: str) -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "named"}]}
    reply = live.send("POST", f"{path.format(name='mine')}/chat/completions", body)
    assert (200, "mine") == (reply.status, reply.headers["x-emulator-session"])


def test_a_session_is_named_by_a_header(live: Live) -> None:
    headers = {"authorization": live.bearer, "x-emulator-session": "yours"}
    body = {"model": "m", "messages": [{"role": "user", "content": "named"}]}
    reply = live.send("POST", "/v1/ai/cloudbase/chat/completions", body, headers)
    assert (200, "yours") == (reply.status, reply.headers["x-emulator-session"])


@pytest.mark.parametrize(
    ("path", "host"),
    [
        ("/v1/ai/hunyuan-v3/chat/completions", "127.0.0.1"),
        ("/cloudbase/v1/ai/hunyuan-v3/chat/completions", "127.0.0.1"),
        ("/v1/ai/hunyuan-v3/chat/completions", "lab.api.tcloudbasegateway.com"),
        ("/v1/ai/hunyuan-v3/chat/completions", "LAB.api.intl.tcloudbasegateway.com:443"),
    ],
)
def test_the_provider_is_found_by_host_by_prefix_or_by_the_literal_path(live: Live, path: str, host: str) -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "named"}]}
    reply = live.send("POST", path, body, {"authorization": live.bearer, "host": host})
    assert (200, "hunyuan-v3") == (reply.status, live.journal[0].target)


def test_a_path_of_nobody_is_told_the_base_urls(live: Live) -> None:
    reply = live.send("POST", "/v2/nothing", {})
    assert (404, "1", "application/problem+json") == (
        reply.status,
        reply.headers["x-emulator-miss"],
        reply.headers["content-type"],
    )
    assert {name: make().base_url(live.origin) for name, make in PROVIDERS.items()} == reply.json["base_urls"]


def test_a_miss_is_a_404_that_is_not_retried_and_says_why(live: Live) -> None:
    reply = live.ask("hullo")
    assert (404, "false", "1", "none") == (
        reply.status,
        *(reply.headers[name] for name in ("x-should-retry", "x-emulator-miss", "x-emulator-step")),
    )
    session = reply.headers["x-emulator-session"]
    place = live.journal[0].explanation.partition("(")[2]
    assert place
    assert "NO_SCENARIO_STEP" == reply.json["code"]
    first, nearest, *others = reply.json["message"].splitlines()
    assert f"no scenario step matched (session '{session}', request 1), nearest first:" == first
    assert nearest.startswith("  test/twice (")
    assert nearest.endswith(") user: 'hullo' is not 'hello'")
    assert 2 == len(others)
    assert "miss" == live.journal[0].outcome


@pytest.mark.parametrize(
    ("key", "status", "said"),
    [
        ("me@test", 200, None),
        ("me@tset", 404, "the key asks for the scenario 'tset', which is not loaded. Did you mean 'test'?"),
        ("me@nothing", 404, "the key asks for the scenario 'nothing', which is not loaded. There are: test."),
    ],
)
def test_a_key_can_pick_one_scenario(live: Live, key: str, status: int, said: str | None) -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "named"}]}
    reply = live.send("POST", "/v1/ai/cloudbase/chat/completions", body, {"authorization": f"Bearer {key}"})
    assert status == reply.status
    if said:
        assert reply.json["message"].endswith(said)


def test_only_the_named_keys_are_valid(scripted: Callable[..., Live]) -> None:
    live = scripted(STEPS, api_keys=("right",))
    body = {"model": "m", "messages": [{"role": "user", "content": "named"}]}
    path = "/v1/ai/cloudbase/chat/completions"
    assert 200 == live.send("POST", path, body, {"authorization": "Bearer right"}).status
    assert "INVALID_CREDENTIALS" == live.send("POST", path, body, {"authorization": "Bearer wrong"}).json["code"]


def test_an_error_can_be_written_out(live: Live) -> None:
    reply = live.ask("broken")
    assert (599, {"a": 1}, "c") == (reply.status, reply.json, reply.headers["x-b"])


def test_the_body_of_an_error_can_be_words_and_its_headers_have_the_last_word(scripted: Callable[..., Live]) -> None:
    live = scripted(
        """
        steps:
          - reply:
              error: {status: 502, body: <h1>Bad Gateway</h1>, headers: {content-type: text/html, x-request-id: r}}
        """
    )
    reply = live.ask()
    assert (b"<h1>Bad Gateway</h1>", "text/html", "r") == (
        reply.body,
        reply.headers["content-type"],
        reply.headers["x-request-id"],
    )


def test_a_page_of_a_browser_is_answered(live: Live) -> None:
    headers = {"origin": "https://shop.example", "access-control-request-headers": "authorization"}
    reply = live.send("OPTIONS", "/v1/ai/cloudbase/chat/completions", headers=headers)
    assert (204, b"", "authorization") == (reply.status, reply.body, reply.headers["access-control-allow-headers"])


# ---------------------------------------------------------------- the journal and the control API


def control(live: Live, method: str, path: str, **headers: str) -> Any:
    reply = live.send(method, f"/_emulator/{path}", headers=headers)
    return reply.status, reply.json


def test_health_says_what_is_there(live: Live) -> None:
    live.ask("named")
    status, health = control(live, "GET", "health")
    assert (200, "ok", 1, 1) == (status, health["status"], health["scenarios"], health["sessions"])


def test_the_journal_tells_the_whole_exchange(live: Live) -> None:
    reply = live.ask("named", stream=True)
    session = reply.headers["x-emulator-session"]
    _, journal = control(live, "GET", f"journal?session={session}")
    [entry] = journal["exchanges"]
    place = entry.pop("place")
    assert place.endswith(".yaml:10")
    headers = entry["request"].pop("headers")
    assert "…" == headers["authorization"]
    [[planned, actual, beats]] = entry["response"].pop("beats")
    assert (0.0, 2) == (planned, beats)
    assert 0 <= actual < 5
    assert {
        "number": 1,
        "session": session,
        "serial": 1,
        "created": 1_767_225_601,
        "provider": "cloudbase",
        "protocol": "chat",
        "target": "cloudbase",
        "model": "hy3-preview",
        "outcome": "hit",
        "call": 1,
        "attempt": 1,
        "step": "test/named",
        "error": None,
        "finish": "stop",
        "explanation": None,
        "warnings": [],
        "request": {
            "method": "POST",
            "path": "/v1/ai/cloudbase/chat/completions",
            "query": {},
            "body": {"model": "hy3-preview", "messages": [{"role": "user", "content": "named"}], "stream": True},
        },
        "response": {
            "status": 200,
            "stream": True,
            "body": reply.body.decode(),
            "bytes": len(reply.body),
            "retry_after": None,
            "ended": "delivered",
            "ended_by": "server",
        },
    } == entry


def test_the_journal_is_asked_for_a_part(live: Live) -> None:
    live.ask("named")
    live.ask("nobody")
    live.send("POST", "/v1/ai/cloudbase/nothing", {})

    def numbers(query: str) -> list[int]:
        return [entry["number"] for entry in control(live, "GET", f"journal?{query}")[1]["exchanges"]]

    assert [1, 2, 3] == numbers("")
    assert [2] == numbers("outcome=miss")
    assert [2, 3] == numbers("since=1")
    assert [3] == numbers("route=/v1/ai/cloudbase/nothing")
    assert [] == numbers("session=nobody")


@pytest.mark.parametrize("query", ["since=x", "since=-1", "since=%C2%B2", "since=" + "9" * 30, "sesion=a"])
def test_a_question_that_is_not_understood_is_refused(live: Live, query: str) -> None:
    status, problem = control(live, "GET", f"journal?{query}")
    assert (400, 400) == (status, problem["status"])


def test_a_reset_starts_a_session_over(live: Live) -> None:
    first = live.ask("hello")
    session = first.headers["x-emulator-session"]
    live.ask("hello")
    assert (200, {"session": session, "reset": True}) == control(live, "POST", f"sessions/{session}/reset")
    assert [] == live.journal
    assert first.body == live.ask("hello").body


def test_what_is_not_there_is_said_with_what_is(live: Live) -> None:
    status, problem = control(live, "POST", "sessions/nobody/reset")
    assert (404, "no such session") == (status, problem["title"])
    status, problem = control(live, "GET", "jurnal")
    assert (404, True) == (status, "GET /_emulator/journal" in problem["detail"])
    status, problem = control(live, "GET", "sessions/x/reset")
    assert (405, True) == (status, "POST is" in problem["detail"])
    assert 404 == control(live, "POST", "sessions//reset")[0]


def test_the_schema_is_served(live: Live) -> None:
    status, schema = control(live, "GET", "schema/scenario.json")
    assert (200, "object") == (status, schema["type"])


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"host": "localhost:1"}, 200),
        ({"host": "[::1]:1"}, 200),
        ({"host": "evil.example"}, 403),
        ({"host": ""}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
    ],
)
def test_another_origin_and_another_host_are_refused(live: Live, headers: dict[str, str], status: int) -> None:
    assert status == control(live, "GET", "journal", **headers)[0]


def test_a_token_is_wanted_where_one_is_set(scripted: Callable[..., Live]) -> None:
    live = scripted(STEPS, control_token="s3cret")
    assert 401 == control(live, "GET", "journal")[0]
    assert 401 == control(live, "GET", "journal", authorization="Bearer wrong")[0]
    assert 200 == control(live, "GET", "journal", authorization="Bearer s3cret")[0]
    assert 403 == control(live, "GET", "journal", authorization="Bearer s3cret", origin="https://evil.example")[0]
    assert 200 == control(live, "GET", "health")[0]


def test_off_loopback_a_token_is_needed(scripted: Callable[..., Live]) -> None:
    live = scripted(STEPS, host=EVERYWHERE)
    status, problem = control(live, "GET", "journal")
    assert (403, True) == (status, "--control-token" in problem["detail"])
    assert 200 == control(live, "GET", "health")[0]
    open_to_token = scripted(STEPS, host=EVERYWHERE, control_token="t")
    assert 200 == control(open_to_token, "GET", "journal", authorization="Bearer t", host="emulator:8080")[0]


def test_a_file_of_json_is_a_scenario_too(scripted: Callable[..., Live]) -> None:
    steps = json.dumps([{"when": {"user": "json"}, "reply": {"text": "yes"}}])
    assert "yes" == scripted(f"steps: {steps}").ask("json").json["choices"][0]["message"]["content"]
