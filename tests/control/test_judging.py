"""The verdict, and what else a session tells of its client."""

import http.client
import json
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest

from emulator.verdict import RULES
from tests.control.common import CHAT, control, done, session
from tests.live import Live

STEPS = """
order: sequence
steps:
  - name: wrong
    when: {user: one}
    reply: {error: invalid_request}
  - name: second
    reply: {text: two}
  - name: never
    when: {user: three}
    reply: {text: four}
"""


@pytest.fixture
def live(scripted: Callable[..., Live]) -> Live:
    return scripted(STEPS, requests="warn", clock="manual")


def test_the_verdict_names_the_rules_and_the_requests_that_show_what_they_found(live: Live) -> None:
    live.ask("one")
    live.ask("one")
    verdict = done(live, "GET", f"verdict?session={session(live)}")
    assert (session(live), False, list(RULES)) == (
        verdict["session"],
        verdict["ok"],
        [one["rule"] for one in verdict["rules"]],
    )
    [found] = [(one["rule"], one["grade"], one["findings"][0]["requests"]) for one in verdict["rules"]
               if one["findings"]]  # fmt: skip
    assert ("non_retryable_not_retried", "fail", [1, 2]) == found


def test_the_verdict_is_on_a_session_that_is_there(live: Live) -> None:
    lacking = control(live, "GET", "verdict")
    assert (400, "which session?") == (lacking.status, lacking.json["title"])
    assert 404 == control(live, "GET", "verdict?session=nobody").status


def test_a_session_tells_how_it_went_as_it_is_shown_and_as_it_ends(live: Live) -> None:
    live.ask("one", temperature=9)
    live.ask("two")
    live.ask("no")
    shown = done(live, "GET", f"sessions/{session(live)}")
    assert ["test/never"] == [step["step"] for step in shown["unused"]]
    assert [(1, "temperature")] == [(one["request"], one["warning"].partition("-")[0]) for one in shown["warnings"]]
    assert [3] == [miss["request"] for miss in shown["misses"]]
    assert {"ok": True, "rules": done(live, "GET", f"verdict?session={session(live)}")["rules"]} == shown["verdict"]
    assert {**shown, "ended": True} == done(live, "DELETE", f"sessions/{session(live)}")


@pytest.mark.parametrize("path", ["verdict?session=SESSION", "sessions/SESSION"])
def test_who_has_just_left_has_left_be_it_that_the_event_loop_has_not_come_to_it(
    scripted: Callable[..., Live], path: str
) -> None:
    live = scripted("steps: [{reply: {text: one two, stream: {chunk: word, at: [{chunk: 1, gate: door}]}}}]")
    target = f"/_emulator/{path.replace('SESSION', session(live))}"
    for _ in range(10):
        connection = http.client.HTTPConnection("127.0.0.1", live.server.port, timeout=10)
        body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "go"}], "stream": True})
        connection.request("POST", CHAT, body, {"authorization": live.bearer})
        reply = connection.getresponse()
        while b'"one' not in reply.readline():
            pass
        assert "stream_closed_after_abort" in failing(asked(live, target))
        reply.close()
        connection.close()
        assert [] == failing(asked(live, target))


def asked(live: Live, target: str) -> Any:
    """Ask from within the server's process, before anything else that its loop has to do."""
    said: Future[Any] = Future()
    ask = live.server.app.control.ask
    live.loop.call_soon_threadsafe(lambda: said.set_result(ask("GET", target, b"", live.origin)))
    return said.result(10)


def failing(said: Any) -> list[str]:
    return [one["rule"] for one in said.get("verdict", said)["rules"] if one["findings"]]
