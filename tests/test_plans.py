"""Plans: an answer that comes again is the very bytes that writing it anew would give."""

from collections.abc import Callable
from typing import Any

import pytest

from emulator.journal import Exchange
from emulator.plans import Plans
from emulator.server.answer import Options
from emulator.types import Send, Stamp, Start, Wait
from tests.asking import ASK, CELLS
from tests.live import Live

STEPS = """

steps:
  - when: {user: words}
    reply: {reasoning: "Hm, well.", text: "One, two; three and four.", finish: length, headers: {x-own: "1"}}
  - when: {user: calls}
    reply: {tool_calls: [{name: look, arguments: {at: "it"}}, {name: listen, arguments: {}}]}
  - when: {user: paced}
    reply: {text: "One two three four.", stream: {first_token: 200ms, rate: 20/s, keep_alive: 60ms}}
  - when: {user: choices}
    reply: {choices: [{text: a}, {text: b}], metadata: {note: extra}}
  - when: {user: templated}
    reply: {text: "{{ request.model }} {{ random.hex(8) }}"}
  - when: {user: refused}
    reply: {error: rate_limited, retry_after: 2s, headers: {x-own: "1"}}
  - when: {user: raw}
    reply: {raw: {body: "<h1>Bad gateway</h1>", status: 502}}
  - when: {user: nothing}
    reply: {text: ""}
  - when: {user: strange}
    reply: {text: "zqghghghqqqqqqqqqqqqqqqqqqqq 9876543217 zqgggggggggggg"}
"""
WORDS = ["words", "calls", "paced", "choices", "templated", "strange", "refused", "nothing", "raw"]
AGAIN = 4


@pytest.fixture
def both(scripted: Callable[..., Live]) -> tuple[Live, Live]:
    """A server that plans, and one that writes every answer anew; the keys are the same."""
    planning, writing = scripted(STEPS), scripted(STEPS)
    writing.server.app.options = Options()
    writing.key = planning.key
    return planning, writing


def kept(live: Live) -> list[Any]:
    """The plans that a server has made; None where there can be none."""
    plans = live.server.app.options.plans
    return [plan for _, plan in plans._plans.values()] if plans else []


def kept_of(entry: Exchange) -> Any:
    """What the journal keeps of a response, but for when the beats went out."""
    kept = entry.as_json()["response"]
    return kept | {"beats": [[due, beats] for due, _, beats in kept["beats"]]}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("cell", [cell for cell, paths in CELLS.items() if paths], ids="-".join)
@pytest.mark.parametrize("words", WORDS)
def test_an_answer_by_plan_is_the_answer(
    both: tuple[Live, Live], words: str, cell: tuple[str, str], stream: bool
) -> None:
    paths = CELLS[cell]
    assert paths is not None
    path = paths[int(stream)]
    answers: list[list[Any]] = [[], []]
    for live, told in zip(both, answers, strict=True):
        headers = {"authorization": live.bearer, "anthropic-version": "2023-06-01", "content-type": "application/json"}
        for _ in range(AGAIN):
            reply = live.send("POST", path, ASK[cell[1]](words, stream=stream), headers)
            told.append((reply.status, reply.headers, reply.body))
    assert answers[1] == answers[0]
    told = [[kept_of(entry) for entry in live.journal] for live in both]
    assert told[1] == told[0]
    status = {"refused": 429, "raw": 502}.get(words, 200)
    assert [status] * AGAIN == [status for status, _, _ in answers[0]]


@pytest.mark.parametrize("words", ["words", "calls", "paced"])
@pytest.mark.parametrize("stream", [False, True])
def test_what_comes_again_is_planned(both: tuple[Live, Live], words: str, stream: bool) -> None:
    planning, _ = both
    for _ in range(3):
        planning.ask(words, stream=stream)
    assert [True] == [plan is not None for plan in kept(planning)]


def test_a_plan_that_would_alter_the_words_is_not_used(both: tuple[Live, Live]) -> None:
    planning, _ = both
    for _ in range(3):
        planning.ask("strange")
    assert [None] == kept(planning)


def test_a_reply_that_is_made_for_one_request_is_not_planned(both: tuple[Live, Live]) -> None:
    planning, _ = both
    told = [[live.ask("templated").body for _ in range(AGAIN)] for live in both]
    assert told[1] == told[0]
    assert AGAIN == len(set(told[0]))
    plans = planning.server.app.options.plans
    assert plans is not None
    assert ([], {}) == (kept(planning), plans._seen)


def test_plans_are_bounded_in_number() -> None:
    plans = Plans()
    owner = object()

    def write(stamp: Stamp, session: str) -> Any:
        return [Start(200, {"x": session}, None), Send(stamp.hex("a", 24).encode()), Wait(1.0), Send(b"b", 1)]

    for number in range(5000):
        for _ in range(2):
            plans.actions(number, owner, Stamp(0, 1, 1_767_225_601), "me", write)
    assert len(plans._plans) <= 4096
