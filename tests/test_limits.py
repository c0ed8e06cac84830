"""Quotas: who is over them, in which words, with which headers, for how long. Clocks are turned by hand."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import openai
import pytest

from emulator.scenario import Limits, Scenario
from emulator.types import Quota
from tests.asking import ASK, CELLS
from tests.live import Live, Reply, Thread, library_of
from tests.meanwhile import advance, asked, received, session, under_way, until, words


def limited(scripted: Callable[..., Live], limits: str, reply: str = "{text: ok}") -> Live:
    return scripted(f"limits: {{{limits}}}\nsteps: [{{reply: {reply}}}]", clock="manual")


def ask(live: Live, provider: str, protocol: str) -> Reply:
    paths = CELLS[provider, protocol]
    assert paths is not None
    headers = {"authorization": live.bearer, "anthropic-version": "2023-06-01"}
    return live.send("POST", paths[0], ASK[protocol]("Hello", stream=False), headers)


# The words are those of each provider's table of errors, whose rows say where they come from.
FLAT = {"code": "EXCEED_RATELIMIT", "message": "Requests exceeded rate limit."}
CROWDED = {"code": "EXCEED_CONCURRENT_REQUEST_LIMIT", "message": "Concurrent requests exceeded limit."}
REQUESTS = {"type": "requests", "param": None, "code": "rate_limit_exceeded"}
RETRY_INFO = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "60s"}
ENVELOPE = {"success": False, "code": "429", "data": None}
WORDS: dict[tuple[str, str], tuple[Any, Any]] = {
    ("cloudbase", "chat"): (FLAT, CROWDED),
    ("cloudbase", "messages"): (FLAT, CROWDED),
    ("cloudsway", "chat"): (
        {"error": {"code": "429", "message": "The rate limit is exceeded"}},
        {"error": {"code": "429", "message": "The rate limit of parallel requests"}},
    ),
    ("enveloped", "chat"): (
        {**ENVELOPE, "message": "Rate limit exceeded: too many requests or tokens per minute."},
        {**ENVELOPE, "message": "Rate limit exceeded: too many concurrent requests."},
    ),
    ("plain", "chat"): (
        {"error": {"message": "Rate limit reached for requests.", **REQUESTS}},
        {"error": {"message": "Too many concurrent requests.", **REQUESTS}},
    ),
    ("plain", "responses"): (
        {"error": {"message": "Rate limit reached for requests.", **REQUESTS}},
        {"error": {"message": "Too many concurrent requests.", **REQUESTS}},
    ),
    ("plain", "messages"): (
        {
            "type": "error",
            "error": {
                "type": "rate_limit_error",
                "message": "This request would exceed your account's rate limit. Please try again later.",
            },
        },
        {
            "type": "error",
            "error": {
                "type": "rate_limit_error",
                "message": "Number of concurrent connections has exceeded your rate limit.",
            },
        },
    ),
    ("plain", "gemini"): (
        {
            "error": {
                "code": 429,
                "message": "Resource has been exhausted (e.g. check quota).",
                "status": "RESOURCE_EXHAUSTED",
                "details": [RETRY_INFO],
            }
        },
        {"error": {"code": 429, "message": "Too many concurrent requests.", "status": "RESOURCE_EXHAUSTED"}},
    ),
}


def said(reply: Reply) -> Any:
    """The body without the ids of the request."""
    return {name: value for name, value in reply.json.items() if name not in ("requestId", "request_id")}


@pytest.mark.parametrize("cell", WORDS)
def test_over_the_requests_of_a_minute_the_provider_says_rate_limited(
    scripted: Callable[..., Live], cell: tuple[str, str]
) -> None:
    live = limited(scripted, "requests_per_minute: 2")
    assert [200, 200] == [ask(live, *cell).status for _ in range(2)]
    refused = ask(live, *cell)
    assert (429, WORDS[cell][0], "60", "test/step-1") == (
        refused.status,
        said(refused),
        refused.headers["retry-after"],
        refused.headers["x-emulator-step"],
    )


@pytest.mark.parametrize("cell", WORDS)
def test_over_the_answers_at_the_same_time_the_provider_says_concurrency_limited(
    scripted: Callable[..., Live], cell: tuple[str, str]
) -> None:
    live = limited(scripted, "concurrent: 2", "{text: ok, stream: {at: [{chunk: 0, gate: g}]}}")
    open_ = [asked(live, user=str(number)) for number in range(2)]
    until(live, lambda: under_way(live) == 2)
    refused = ask(live, *cell)
    assert (429, WORDS[cell][1], False) == (refused.status, said(refused), "retry-after" in refused.headers)
    live.loop.call_soon_threadsafe(lambda: session(live).gate("g").set())
    assert ["whole"] * 2 == [received(connection)[1] for connection in open_]
    until(live, lambda: under_way(live) == 0)
    assert 200 == ask(live, *cell).status


def headers(reply: Reply, start: str) -> dict[str, str]:
    return {name.removeprefix(start): value for name, value in reply.headers.items() if name.startswith(start)}


def test_openais_headers_tell_the_true_remaining_and_reset(scripted: Callable[..., Live]) -> None:
    # "Hello" is 2 tokens, and "ok" is 1.
    live = limited(scripted, "requests_per_minute: 2, tokens_per_minute: 5")
    told = []
    for _ in range(3):
        told.append(headers(ask(live, "plain", "chat"), "x-ratelimit-"))
        advance(live, 20.5, waited=False)
    assert [("1", "3", "1m0s"), ("0", "0", "40s"), ("0", "0", "19s")] == [
        (one["remaining-requests"], one["remaining-tokens"], one["reset-requests"]) for one in told
    ]
    assert {("2", "5", True)} == {
        (one["limit-requests"], one["limit-tokens"], one["reset-requests"] == one["reset-tokens"]) for one in told
    }


def test_anthropics_headers_tell_the_true_remaining_and_reset(scripted: Callable[..., Live]) -> None:
    live = limited(scripted, "requests_per_minute: 2")
    told = []
    for _ in range(2):
        told.append(headers(ask(live, "plain", "messages"), "anthropic-ratelimit-"))
        advance(live, 15, waited=False)
    reset = "2026-01-01T00:01:00Z"
    assert [
        {"requests-limit": "2", "requests-remaining": "1", "requests-reset": reset},
        {"requests-limit": "2", "requests-remaining": "0", "requests-reset": reset},
    ] == told


@pytest.mark.parametrize(
    "cell", [("cloudbase", "chat"), ("cloudsway", "chat"), ("enveloped", "chat"), ("plain", "gemini")]
)
def test_a_provider_that_tells_nothing_of_limits_tells_nothing(
    scripted: Callable[..., Live], cell: tuple[str, str]
) -> None:
    live = limited(scripted, "requests_per_minute: 2, tokens_per_minute: 100")
    assert {} == {name: value for name, value in ask(live, *cell).headers.items() if "limit" in name}


# ---------------------------------------------------------------- the minute


def test_a_minute_begins_with_the_first_request_and_is_tested_in_no_time(scripted: Callable[..., Live]) -> None:
    live = limited(scripted, "requests_per_minute: 2")
    advance(live, 1000, waited=False)
    assert ["ok", "ok", "429"] == [words(live, user) for user in "abc"]
    advance(live, 59.5, waited=False)
    refused = live.ask("d")
    assert (429, "1") == (refused.status, refused.headers["retry-after"])
    advance(live, 0.5, waited=False)
    assert ["ok", "ok", "429"] == [words(live, user) for user in "efg"]


def test_who_waits_as_long_as_retry_after_says_is_let_in(scripted: Callable[..., Live]) -> None:
    live = limited(scripted, "requests_per_minute: 1")
    assert "ok" == words(live, "a")
    advance(live, 12.25, waited=False)
    advance(live, int(live.ask("b").headers["retry-after"]), waited=False)
    assert "ok" == words(live, "b")


def test_tokens_of_requests_and_replies_count(scripted: Callable[..., Live]) -> None:
    live = limited(scripted, "tokens_per_minute: 100", "{text: ok, usage: {output: 80}}")
    assert ["ok", "429", "429"] == [words(live, "x" * 40), words(live, "x" * 41), words(live, "y" * 41)]
    # What is refused counts for nothing, so that a smaller one has room. What a reply takes, the next one feels.
    assert ["ok", "429"] == [words(live, "x" * 40), words(live, "b")]
    advance(live, 60, waited=False)
    assert "ok" == words(live, "x" * 40)


def test_a_request_larger_than_the_limit_never_has_room(scripted: Callable[..., Live]) -> None:
    live = limited(scripted, "tokens_per_minute: 10")
    assert ["429", "ok"] == [words(live, "x" * 44), words(live, "x" * 36)]


def test_a_retry_is_a_request_and_counts(scripted: Callable[..., Live]) -> None:
    live = limited(scripted, "requests_per_minute: 2")
    assert ["ok", "ok", "429", "429"] == [words(live, "same") for _ in range(4)]


# ---------------------------------------------------------------- who is limited


def test_a_limit_is_each_sessions_own(scripted: Callable[..., Live]) -> None:
    live = limited(scripted, "requests_per_minute: 1")
    assert ["ok", "429"] == [words(live, "a"), words(live, "b")]
    assert "ok" == words(Live(live.server, live.loop), "a")


def test_limits_of_two_scenarios_are_separate(thread: Thread, tmp_path: Path) -> None:
    for name, limits in (
        ("a", "limits: {requests_per_minute: 1}"),
        ("b", "limits: {requests_per_minute: 2}"),
        ("c", ""),
    ):
        step = f"steps: [{{when: {{user: '{name}*'}}, reply: {{text: ok}}}}]"
        (tmp_path / f"{name}.yaml").write_text(f"version: 1\n{limits}\n{step}\n")
    live = thread.start(library_of(tmp_path), clock="manual")
    try:
        asked_for = ("a1", "b1", "c1", "a2", "b2", "c2", "a3", "b3", "c3")
        assert "ok ok ok 429 ok ok 429 429 ok" == " ".join(words(live, user) for user in asked_for)
    finally:
        live.run(live.server.stop())


def test_a_miss_is_not_limited_and_does_not_count(scripted: Callable[..., Live]) -> None:
    live = scripted("limits: {requests_per_minute: 1}\nsteps: [{when: {user: a}, reply: {text: ok}}]", clock="manual")
    assert ["404", "404", "ok", "429", "404"] == [words(live, user) for user in "bbaab"]


def test_a_refused_request_takes_no_reply_and_moves_no_script_on(scripted: Callable[..., Live]) -> None:
    live = scripted(
        "limits: {requests_per_minute: 1}\norder: sequence\nsteps: [{reply: {text: a}}, {reply: {text: b}}]",
        clock="manual",
    )
    assert ["a", "429", "429"] == [words(live, user) for user in "xyy"]
    advance(live, 60, waited=False)
    assert "b" == words(live, "y")


def test_a_limit_comes_before_chaos(scripted: Callable[..., Live]) -> None:
    live = scripted(
        "limits: {requests_per_minute: 1}\nchaos: {error: overloaded, chance: 100%}\nsteps: [{reply: {text: a}}]",
        clock="manual",
    )
    assert ["503", "429"] == [words(live, user) for user in "xy"]


def test_a_released_client_raises_its_own_error(scripted: Callable[..., Live]) -> None:
    live = limited(scripted, "requests_per_minute: 1")
    client = openai.OpenAI(base_url=f"{live.origin}/plain/v1", api_key=live.key, max_retries=0)
    messages: Any = [{"role": "user", "content": "Hello"}]
    client.chat.completions.create(model="m", messages=messages)
    with pytest.raises(openai.RateLimitError, match="Rate limit reached") as raised:
        client.chat.completions.create(model="m", messages=messages)
    assert ("60", "1m0s") == (
        raised.value.response.headers["retry-after"],
        raised.value.response.headers["x-ratelimit-reset-requests"],
    )


def test_what_a_scenario_refuses_does_not_count_for_its_session(scripted: Callable[..., Live]) -> None:
    live = limited(scripted, "requests_per_minute: 1")
    live.ask()
    held = session(live)
    held.limits = Limits(requests_per_minute=10)
    assert [429, 429] == [live.ask().status, live.ask().status]
    _, quota = held.over(Scenario("another", "", "", ()), 0)
    assert Quota(10, 9, None, 0, 60) == quota
