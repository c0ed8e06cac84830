"""When things go out, on a session's clock: nothing here waits. Test names are the page's words."""

import re
from collections.abc import Callable
from itertools import pairwise

import pytest

from tests.live import Live
from tests.meanwhile import advance, aside, asked, received, session, until, words

WORDS = "a b c d"


def replying(scripted: Callable[..., Live], how: str, **options: object) -> Live:
    return scripted(f"steps: [{{reply: {{text: {WORDS}, {how}}}}}]", **options)


def planned(scripted: Callable[..., Live], how: str) -> list[float]:
    """When each chunk of a word is due; waits last no time."""
    live = replying(scripted, f"stream: {{chunk: word, {how}}}")
    assert 200 == live.ask(stream=True).status
    return [round(beat.planned, 9) for beat in live.journal[0].beats for _ in range(beat.beats)]


@pytest.mark.parametrize(
    ("how", "due"),
    [
        ("first_token: 300ms", [0.3, 0.3, 0.3, 0.3]),
        ("first_token: 300ms, rate: 50/s", [0.3, 0.32, 0.34, 0.36]),
        ("first_token: 300ms, every: 20ms", [0.3, 0.32, 0.34, 0.36]),
        ("every: 2m", [0.0, 120.0, 240.0, 360.0]),
        ("profile: [0ms, 31ms, 12ms]", [0.0, 0.0, 0.031, 0.043]),
        ("profile: [1s]", [0.0, 1.0, 2.0, 3.0]),
    ],
)
def test_chunk_n_is_due_at_first_token_and_n_gaps_after_arrival(
    scripted: Callable[..., Live], how: str, due: list[float]
) -> None:
    assert due == planned(scripted, how)


def test_jitter_of_each_gap_from_the_sessions_seed_is_the_same_every_run(scripted: Callable[..., Live]) -> None:
    how = "first_token: 1s, every: 1s, jitter: 20%"
    due = planned(scripted, how)
    assert due == planned(scripted, how) != [1.0, 2.0, 3.0, 4.0]
    assert all(0.8 <= later - sooner <= 1.2 for sooner, later in pairwise(due))


@pytest.mark.parametrize(
    ("at", "due"),
    [
        ("{chunk: 0, stall: 5s}", [6.0, 7.0, 8.0, 9.0]),
        ("{chunk: 2, stall: 5s}", [1.0, 2.0, 8.0, 9.0]),
        ('{text: "a b", stall: 5s}', [1.0, 2.0, 8.0, 9.0]),
        ("{after: 1.2s, stall: 5s}", [1.0, 7.0, 8.0, 9.0]),
        ("{chunk: 1, stall: 5s}, {chunk: 3, stall: 5s}", [1.0, 7.0, 8.0, 14.0]),
        ("{chunk: 9, stall: 5s}, {chunk: 1, stall: 5s}", [1.0, 2.0, 3.0, 4.0]),
    ],
)
def test_things_happen_on_the_way_in_order_and_what_follows_a_stall_is_as_much_later(
    scripted: Callable[..., Live], at: str, due: list[float]
) -> None:
    assert due == planned(scripted, f"first_token: 1s, every: 1s, at: [{at}]")


@pytest.mark.parametrize("stream", [False, True])
def test_a_delay_is_before_the_first_byte_streamed_or_not(scripted: Callable[..., Live], stream: bool) -> None:
    live = replying(scripted, "delay: 250ms", clock="manual")
    connection = asked(live, stream=stream)
    until(live, lambda: session(live).clock.waiting == (0.25,))
    connection.setblocking(False)
    with pytest.raises(BlockingIOError):
        connection.recv(1)
    connection.settimeout(8)
    advance(live, 0.25)
    assert "whole" == received(connection)[1]


@pytest.mark.parametrize(
    "how",
    [
        "first_token: 3s, every: 1s",
        "first_token: 3s, every: 1s, jitter: 50%",
        "every: 2s, keep_alive: 500ms",
        "every: 1s, at: [{chunk: 2, stall: 30s}]",
        'every: 1s, at: [{text: "d", stall: 30s}]',
    ],
)
def test_a_reply_that_is_not_streamed_goes_out_when_the_last_chunk_of_the_same_reply_streamed_would_have(
    scripted: Callable[..., Live], how: str
) -> None:
    moments = []
    for stream in (True, False):
        live = replying(scripted, f"stream: {{chunk: word, {how}}}", clock="manual")
        told = aside(lambda live=live, stream=stream: live.ask(stream=stream))  # type: ignore[misc]
        while not told.done():
            until(live, lambda live=live, told=told: bool(session(live).clock.waiting) or told.done())  # type: ignore[misc]
            for moment in session(live).clock.waiting[:1]:
                advance(live, moment - session(live).clock.now(), waited=False)
        assert 200 == told.result(8).status
        moments.append(session(live).clock.now())
    assert moments[0] == moments[1] > 2


def test_time_scale_0_runs_every_wait_at_once_in_the_same_order(scripted: Callable[..., Live]) -> None:
    how = "delay: 1s, stream: {chunk: word, first_token: 9m, every: 1m, keep_alive: 30s, at: [{chunk: 1, stall: 45s}]}"
    live = replying(scripted, how)
    said = re.findall(r'(: keep-alive)|"content":" ?([a-d])"', live.ask(stream=True).body.decode())
    # Nine minutes less a second, then 45 seconds and a minute, then a minute, and again.
    assert "~" * 17 + "a~~b~c~d" == "".join(word or "~" for _, word in said)


def test_waits_created_and_retry_after_follow_one_clock(scripted: Callable[..., Live]) -> None:
    live = scripted(
        """
        steps:
          - {when: {user: a}, replies: [{error: rate_limited, retry_after: 2s}, {text: "{{ now.second }}", delay: 30s}]}
        """,
        clock="manual",
    )
    refused = live.ask("a")
    assert (429, "2", "Thu, 01 Jan 2026 00:00:00 GMT") == (
        refused.status,
        refused.headers["retry-after"],
        refused.headers["date"],
    )
    advance(live, int(refused.headers["retry-after"]), waited=False)
    told = aside(lambda: live.ask("a"))
    advance(live, 30)
    reply = told.result(8)
    assert ("2", 1_767_225_602) == (reply.json["choices"][0]["message"]["content"], reply.json["created"])
    assert 32.0 == session(live).clock.now()


def test_a_manual_clock_stands_still_whatever_the_scale(scripted: Callable[..., Live]) -> None:
    live = replying(scripted, "delay: 1ms", clock="manual", time_scale=0.0)
    told = aside(lambda: words(live, "Hello"))
    until(live, lambda: bool(session(live).clock.waiting))
    assert not told.done()
    advance(live, 1)
    assert WORDS == told.result(8)


@pytest.mark.parametrize("protocol", ["chat/completions", "messages"])
def test_pieces_as_they_stand_have_comments_for_signs_of_life(scripted: Callable[..., Live], protocol: str) -> None:
    raw = 'raw: {sse: ["data: a\\n\\n", "data: b\\n\\n"]}, stream: {every: 3s, keep_alive: 1s}'
    live = scripted(f"steps: [{{reply: {{{raw}}}}}]")
    body = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "Hello"}]}
    sign = b": keep-alive\n\n"
    assert b"data: a\n\n" + sign * 2 + b"data: b\n\n" == live.send("POST", f"/plain/v1/{protocol}", body).body
