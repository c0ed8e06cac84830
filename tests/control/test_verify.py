"""Whether requests came that look like this."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.control.common import CHAT, control, done, session
from tests.live import Live

STEPS = """
steps:
  - name: busy
    when: {user: busy}
    replies: [{error: rate_limited, times: 2}, {text: Free.}]
  - name: rest
    when: {user: "*e*"}
    reply: {text: Yes.}
"""


@pytest.fixture
def live(scripted: Callable[..., Live]) -> Live:
    return scripted(STEPS)


def verify(live: Live, **body: Any) -> Any:
    return done(live, "POST", f"verify?session={session(live)}", body)


def test_requests_are_found_by_the_conditions_of_steps(live: Live) -> None:
    live.ask("the weather", temperature=0.5)
    live.ask("hello", stream=True)
    assert {
        "holds": True,
        "count": 1,
        "wanted": "exactly 1",
        "requests": [1],
        "nearest": [{"request": 2, "condition": "user", "why": "'hello' does not match '*weather*'"}],
        "unverifiable": [],
        "forgotten": 0,
    } == verify(live, when={"user": "*weather*", "body": {"/temperature": {"above": 0.1}}}, times=1)


def test_those_that_come_nearest_are_told_with_their_first_condition_that_fails(live: Live) -> None:
    for text in ("one", "two", "the whether", "three", "seven", "nine", "eleven"):
        live.ask(text)
    said = verify(live, when={"stream": True, "user": "the weather", "model": "hy3-preview"})
    assert (False, 0, "at least 1", 5) == (said["holds"], said["count"], said["wanted"], len(said["nearest"]))
    assert {"request": 3, "condition": "user", "why": "'the whether' is not 'the weather'"} == said["nearest"][0]
    assert [3] == verify(live, when={"not": {"user": {"regex": "^.{1,6}$"}}})["requests"]


@pytest.mark.parametrize(
    ("times", "wanted", "holds"),
    [
        (3, "exactly 3", True),
        (2, "exactly 2", False),
        (4, "exactly 4", False),
        (0, "exactly 0", False),
        ({"at_least": 3}, "at least 3", True),
        ({"at_least": 4}, "at least 4", False),
        ({"at_most": 3}, "at most 3", True),
        ({"at_most": 2}, "at most 2", False),
        ({"at_least": 1, "at_most": 5}, "from 1 to 5", True),
    ],
)
def test_a_request_and_its_retries_count_one_by_one(live: Live, times: Any, wanted: str, *, holds: bool) -> None:
    for text in ("busy", "busy", "busy", "hello"):
        live.ask(text)
    said = verify(live, when={"user": "busy"}, times=times)
    assert (wanted, holds, [1, 2, 3]) == (said["wanted"], said["holds"], said["requests"])


def test_the_number_of_a_call_counts_calls(live: Live) -> None:
    for text in ("busy", "busy", "busy", "hello", "busy"):
        live.ask(text)
    said = verify(live, when={"user": "busy", "call": 2})
    assert ([5], {"request": 1, "condition": "call", "why": "1 is not 2"}) == (said["requests"], said["nearest"][0])


def test_nothing_is_asked_of_a_request_where_nothing_is_said(live: Live) -> None:
    live.ask("hello")
    assert verify(live)["holds"]


def test_what_could_not_be_read_is_near_and_a_page_is_nothing(live: Live) -> None:
    live.send("POST", CHAT, b"{")
    live.send("GET", "/v1/ai/cloudbase/models")
    said = verify(live, when={"user": "x"})
    [near] = said["nearest"]
    assert (0, 1, "rejected") == (said["count"], near["request"], near["condition"])
    assert near["why"].startswith("malformed_body: the body is not JSON")


def test_a_miss_was_requested_too(live: Live) -> None:
    assert 404 == live.ask("No").status
    assert [1] == verify(live, when={"user": "No"})["requests"]


def test_one_session_is_asked_or_all(live: Live) -> None:
    live.ask("hello")
    Live(live.server, live.loop).ask("hello")
    assert (1, 2) == (verify(live)["count"], done(live, "POST", "verify", {})["count"])
    assert 404 == control(live, "POST", "verify?session=nobody", {}).status


def test_a_conversation_that_the_service_keeps_is_read_as_it_was(live: Live) -> None:
    first = live.send("POST", "/plain/v1/responses", {"model": "m", "input": "one", "store": True}).json["id"]
    live.send("POST", "/plain/v1/responses", {"model": "m", "input": "two e", "previous_response_id": first})
    assert [2] == verify(live, when={"turn": 2, "any_message": "one"})["requests"]
    live.send("DELETE", f"/plain/v1/responses/{first}")
    said = verify(live, when={"any_message": "one"})
    assert ([1], 2) == (said["requests"], said["unverifiable"][0]["request"])
    assert "what it refers to is not kept any more" == said["unverifiable"][0]["why"]


def test_a_conversation_that_has_gone_on_is_read_as_it_was(live: Live) -> None:
    conversation = live.send("POST", "/plain/v1/conversations", {}).json["id"]
    for text in ("hello", "the end"):
        live.send("POST", "/plain/v1/responses", {"model": "m", "input": text, "conversation": conversation})
    assert ([2], [3]) == (
        verify(live, when={"turn": 1})["requests"],
        verify(live, when={"turn": 2, "user": "the end"})["requests"],
    )


def test_what_is_not_known_any_more_may_have_fitted(scripted: Callable[..., Live]) -> None:
    live = scripted(STEPS, journal_entries=2)
    for text in ("hello", "hello", "yes " + "x" * 2**20):
        live.ask(text)
    said = verify(live, when={"user": "hello"}, times={"at_most": 1})
    cut = {"request": 3, "why": f"of its {live.journal[-1].received_bytes} bytes only the first 1048576 are kept"}
    assert (1, 1, [cut], False) == (said["count"], said["forgotten"], said["unverifiable"], said["holds"])
    assert verify(live, when={"user": "hello"}, times={"at_most": 3})["holds"]
    assert 1 == done(live, "POST", "verify", {"when": {"user": "hello"}})["forgotten"]


def test_all_that_is_wrong_with_a_question_is_said_at_once(live: Live) -> None:
    when = {"usr": "x", "user": ["x"], "protocol": "cht", "state": {"a": 1}, "headers": {"Authorization": "x"},
            "not": {"headers": {"x-api-key": "x"}}, "body": {"temperature": 1}}  # fmt: skip
    reply = control(live, "POST", "verify", {"when": when, "times": {"at_least": 3, "at_most": 2}, "tims": 1})
    assert (422, "application/problem+json") == (reply.status, reply.headers["content-type"])
    assert [
        ("tims", "unknown key. Did you mean 'times'?"),
        ("when.state", "what the state was is not kept; GET /_emulator/sessions/{session} shows what it is now."),
        ("when.headers.Authorization", "credentials are not kept, so nothing can be said of them."),
        ("when.not.headers.x-api-key", "credentials are not kept, so nothing can be said of them."),
        ("when.usr", "unknown key. Did you mean 'user'?"),
        ("when.protocol",
         "'cht' is not one of audio, chat, embeddings, gemini, images, messages, responses. Did you mean 'chat'?"),
        ("when.user", "a list is no predicate; alternatives stand under any, as in {any: [one, two]}."),
        ("when.body.temperature",
         "this is not a JSON Pointer; it begins with '/', and '~' is written ~0, '/' within a key ~1."),
        ("times.at_most", "2 is less than 3, the least that is wanted."),
    ] == [(one["where"], one["message"]) for one in reply.json["problems"]]  # fmt: skip


@pytest.mark.parametrize(
    ("times", "message"),
    [
        (-1, "-1 is less than 0, the least there is."),
        ("1", "the text '1' stands where a whole number is wanted."),
        ({}, "this asks for no number; give it at_least, at_most or both."),
        ({"exactly": 1}, "unknown key. Known here: at_least, at_most."),
    ],
)
def test_times_is_a_number_or_bounds(live: Live, times: Any, message: str) -> None:
    [problem] = control(live, "POST", "verify", {"times": times}).json["problems"]
    assert message == problem["message"]
