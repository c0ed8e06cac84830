"""Which step answers: scripts, calls and their retries, replies one by one, chance. Test names are the page's words."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest

from tests.live import Live, Thread, library_of
from tests.meanwhile import asked, received, session, under_way, until, words

SCRIPT = """
order: sequence
steps:
  - {name: plan, when: {user: "a*"}, reply: {text: plan}}
  - {name: act, times: 2, reply: {text: act}}
  - {name: tell, reply: {text: tell}}
"""


def all_words(live: Live, users: str) -> str:
    """What each of these users is told, a letter each."""
    return " ".join(words(live, user) for user in users)


# ---------------------------------------------------------------- order: any


def test_the_first_step_top_to_bottom_whose_when_holds_and_that_is_not_used_up(scripted: Callable[..., Live]) -> None:
    live = scripted(
        """
        steps:
          - {when: {user: a}, times: 2, reply: {text: first}}
          - {when: {user: "?"}, times: 1, reply: {text: second}}
          - {reply: {text: third}}
        """
    )
    assert "first first second third third" == all_words(live, "aaaaa")
    assert "third third" == all_words(live, "bc")
    assert "test/step-3" == live.ask("d").headers["x-emulator-step"]


def test_times_says_how_many_calls_it_answers_and_the_default_is_without_end(scripted: Callable[..., Live]) -> None:
    live = scripted("steps: [{times: 3, when: {user: a}, reply: {text: x}}, {when: {user: b}, reply: {text: y}}]")
    assert "x x x 404 y y y y y" == all_words(live, "aaaabbbbb")
    assert "times: it has answered its 3 calls" in live.ask("a").json["message"]


def test_several_loaded_scenarios_are_asked_in_the_order_they_were_loaded(thread: Thread, tmp_path: Path) -> None:
    one, two = tmp_path / "z.yaml", tmp_path / "a.yaml"
    one.write_text("version: 1\norder: sequence\nsteps: [{when: {user: a}, reply: {text: one}}]\n")
    two.write_text("version: 1\nsteps: [{reply: {text: two}}]\n")
    live = thread.start(library_of(one, two))
    try:
        assert "two one two two" == all_words(live, "baab")
    finally:
        live.run(live.server.stop())


# ---------------------------------------------------------------- order: sequence


def test_each_step_answers_times_calls_default_1_then_the_next_one_is_due(scripted: Callable[..., Live]) -> None:
    assert "plan act act tell" == all_words(scripted(SCRIPT), "abcd")


def test_the_same_request_again_after_a_good_answer_is_the_next_call(scripted: Callable[..., Live]) -> None:
    assert "plan act act tell 404" == all_words(scripted(SCRIPT), "aaaaa")


def test_the_due_steps_when_must_hold_and_the_steps_after_it_are_not_tried(scripted: Callable[..., Live]) -> None:
    live = scripted(SCRIPT)
    assert "404 404 plan act" == all_words(live, "bcab")
    assert [
        "  test/plan (",
        "  test/act (",
        "  test/tell (",
    ] == [line.partition("(")[0] + "(" for line in live.journal[0].explanation.splitlines()[1:]]
    assert "order: in this sequence 'plan' is due" in live.journal[0].explanation


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("", "plan act act tell 404 404"),
        ("on_end: repeat\n", "plan act act tell plan act"),
        ("on_end: last\n", "plan act act tell tell tell"),
    ],
)
def test_after_the_last_step_a_miss_unless_on_end_repeat_or_on_end_last(
    scripted: Callable[..., Live], more: str, told: str
) -> None:
    live = scripted(more + SCRIPT)
    assert told == " ".join(words(live, f"a{number}") for number in range(6))


def test_a_script_is_each_sessions_own(scripted: Callable[..., Live]) -> None:
    live = scripted(SCRIPT)
    assert ["plan act", "plan act"] == [all_words(Live(live.server, live.loop), "ab") for _ in range(2)]


# ---------------------------------------------------------------- replies


def test_replies_is_a_list_taken_one_by_one_the_last_one_again_and_again(scripted: Callable[..., Live]) -> None:
    live = scripted(
        """
        steps:
          - replies:
              - {text: one, times: 2}
              - {text: two}
              - {text: three}
        """
    )
    assert "one one two three three three" == all_words(live, "aabacd")


TWICE = """
order: sequence
steps:
  - replies:
      - {error: rate_limited, headers: {retry-after-ms: "1"}, times: 2}
      - {text: first}
  - {reply: {text: second}}
"""
HELLO: Any = [{"role": "user", "content": "Hello"}]


def test_replies_429_429_ok_is_what_a_retrying_sdk_sees(scripted: Callable[..., Live]) -> None:
    live = scripted(TWICE)
    client = openai.OpenAI(base_url=live.base_url, api_key=live.key, max_retries=2)
    told = [client.chat.completions.create(model="m", messages=HELLO).choices[0].message.content for _ in range(2)]
    assert ["first", "second"] == told
    assert [(429, 1, 1), (429, 1, 2), (200, 1, 3), (200, 2, 1)] == [
        (entry.status, entry.number_of_call, entry.attempt) for entry in live.journal
    ]


def test_what_an_sdk_that_gives_up_has_not_used_up_is_there_for_its_next_try(scripted: Callable[..., Live]) -> None:
    live = scripted(TWICE)
    client = openai.OpenAI(base_url=live.base_url, api_key=live.key, max_retries=1)
    with pytest.raises(openai.RateLimitError):
        client.chat.completions.create(model="m", messages=HELLO)
    assert "first" == client.chat.completions.create(model="m", messages=HELLO).choices[0].message.content


def test_a_retrying_anthropic_client_sees_the_same(scripted: Callable[..., Live]) -> None:
    live = scripted(TWICE)
    client = anthropic.Anthropic(base_url=f"{live.origin}/plain", auth_token=live.key, api_key=None, max_retries=2)
    block: Any = client.messages.create(model="m", max_tokens=9, messages=HELLO).content[0]
    assert ("first", [1, 2, 3]) == (block.text, [entry.attempt for entry in live.journal])


# ---------------------------------------------------------------- retries


def test_a_retry_lands_on_the_same_step(scripted: Callable[..., Live]) -> None:
    live = scripted(
        """
        order: sequence
        steps:
          - {name: a, replies: [{error: overloaded}, {error: server_error}, {text: one}]}
          - {name: b, reply: {text: two}}
        """
    )
    assert "503 500 one two" == all_words(live, "xxxx")
    assert ["test/a"] * 3 + ["test/b"] == [entry.step for entry in live.journal]


def test_a_different_request_moves_the_script_on(scripted: Callable[..., Live]) -> None:
    live = scripted("order: sequence\nsteps: [{reply: {error: overloaded}}, {reply: {text: two}}]")
    assert "503 503 two" == all_words(live, "aab")


def test_the_same_body_on_another_route_is_a_different_request(scripted: Callable[..., Live]) -> None:
    live = scripted("order: sequence\nsteps: [{reply: {error: overloaded}}, {reply: {text: two}}]")
    assert "503" == words(live, "a")
    body = {"model": "hy3-preview", "messages": [{"role": "user", "content": "a"}]}
    assert 200 == live.send("POST", "/plain/v1/chat/completions", body).status
    assert ["503", "503"] == [words(live, "a") for _ in range(2)]
    assert [(1, 1), (2, 1), (1, 2), (1, 3)] == [(entry.number_of_call, entry.attempt) for entry in live.journal]


def test_an_error_then_a_retry_does_not_use_up_a_step_that_answers_once(scripted: Callable[..., Live]) -> None:
    live = scripted("steps: [{times: 1, replies: [{error: overloaded}, {text: once}]}, {reply: {text: after}}]")
    assert "503 once after" == all_words(live, "aaa")


@pytest.mark.parametrize(
    "broken",
    [
        "text: one two, fault: reset",
        "text: one two, fault: {truncate: 50%}",
        "text: one two, fault: empty",
        "text: one two, fault: {garbage: oops}",
        "text: one two, stream: {chunk: word, at: [{chunk: 1, error: overloaded}]}",
        "text: one two, stream: {chunk: word, at: [{chunk: 1, reset: true}]}",
        "text: one two, stream: {chunk: word, at: [{chunk: 1, close: true}]}",
        "text: one two, stream: {chunk: word, at: [{chunk: 1, truncate: true}]}",
        "raw: {status: 302, body: moved}",
    ],
)
def test_an_answer_that_is_no_delivered_2xx_is_followed_by_a_retry(scripted: Callable[..., Live], broken: str) -> None:
    live = scripted(f"order: sequence\nsteps: [{{replies: [{{{broken}}}, {{text: good}}]}}, {{reply: {{text: next}}}}]")
    received(asked(live, stream=True))
    until(live, lambda: not under_way(live))
    for word in (b"good", b"next"):
        assert word in received(asked(live, stream=True))[0]
    assert [(1, 1), (1, 2), (2, 1)] == [(entry.number_of_call, entry.attempt) for entry in live.journal]


def test_a_request_that_comes_while_the_same_one_is_still_open_is_a_retry_of_it(scripted: Callable[..., Live]) -> None:
    live = scripted(
        """
        order: sequence
        steps:
          - replies: [{text: slow, stream: {at: [{chunk: 0, gate: g}]}}, {text: fast}]
          - {reply: {text: next}}
        """
    )
    slow = asked(live)
    until(live, lambda: "g" in session(live).gates)
    assert b"fast" in received(asked(live))[0]
    assert b"next" in received(asked(live))[0]
    live.loop.call_soon_threadsafe(lambda: session(live).gate("g").set())
    assert b"slow" in received(slow)[0]


def test_a_miss_that_is_asked_again_is_a_retry_and_eats_nothing(scripted: Callable[..., Live]) -> None:
    live = scripted(SCRIPT)
    assert "404 404 plan" == all_words(live, "bba")
    assert [(1, 1), (1, 2), (2, 1)] == [(entry.number_of_call, entry.attempt) for entry in live.journal]


# ---------------------------------------------------------------- call, turn, round

COUNTED = """
steps:
  - {when: {user: "a*", call: 2}, reply: {text: second}}
  - {when: {user: "a*", call: {at_least: 4}}, replies: [{error: overloaded}, {text: later}]}
  - {when: {user: "a*", call: {at_most: 1}}, reply: {text: first}}
  - {reply: {text: any}}
"""


def test_call_this_is_the_nth_call_that_meets_the_steps_other_conditions_in_this_session(
    scripted: Callable[..., Live],
) -> None:
    live = scripted(COUNTED)
    assert "first any second any" == " ".join(words(live, user) for user in ("a1", "b", "a2", "a3"))
    assert ["first"] == [words(Live(live.server, live.loop), "a")]


def test_a_retry_does_not_count_as_a_call_again(scripted: Callable[..., Live]) -> None:
    live = scripted(
        """
        steps:
          - {when: {call: 1}, replies: [{error: overloaded}, {error: overloaded}, {text: one}]}
          - {when: {call: 2}, reply: {text: two}}
        """
    )
    assert "503 503 one two 404" == all_words(live, "aaaab")


def test_templates_tell_calls_apart_and_not_their_retries(scripted: Callable[..., Live]) -> None:
    live = scripted("steps: [{replies: [{error: overloaded}, {text: 'call {{ call }}'}]}]")
    assert ["503", "call 1", "call 2"] == [words(live, "a") for _ in range(3)]


def test_turn_and_round_are_read_from_the_request_alone(scripted: Callable[..., Live]) -> None:
    live = scripted(
        """
        steps:
          - {when: {turn: 1}, reply: {text: one}}
          - {when: {turn: {at_least: 3}, round: 1}, reply: {text: "{{ turn }}"}}
          - {when: {round: 2}, reply: {text: again}}
        """
    )
    ask, tell = {"role": "user", "content": "?"}, {"role": "assistant", "content": "!"}
    said = [live.ask(messages=turns).json for turns in ([ask], [ask, tell, ask, tell, ask], [ask, tell], [ask])]
    assert ["one", "3", "again", "one"] == [one["choices"][0]["message"]["content"] for one in said]


# ---------------------------------------------------------------- chance and chaos


def run(live: Live, count: int = 60) -> str:
    """How each of so many calls was answered: `.` well, `x` not."""
    return "".join(".x"[words(live, str(number)) != "ok"] for number in range(count))


CHANCE = "steps: [{replies: [{error: overloaded, chance: 30%}, {text: ok}]}]"
CHAOS = "chaos: {error: overloaded, chance: 30%MORE}\nsteps: [{reply: {text: ok}}]"


@pytest.mark.parametrize("text", [CHANCE, CHAOS.replace("MORE", "")])
def test_the_same_seed_gives_the_same_run_and_another_one_another(scripted: Callable[..., Live], text: str) -> None:
    live = scripted(text)
    first = run(live)
    assert 9 <= first.count("x") <= 27
    assert first == run(Live(live.server, live.loop))
    assert first != run(scripted(text, seed=1))


def test_chaos_can_have_a_seed_of_its_own(scripted: Callable[..., Live]) -> None:
    runs = [run(scripted(CHAOS.replace("MORE", ", seed: 7"), seed=seed)) for seed in (0, 1)]
    assert runs[0] == runs[1] != run(scripted(CHAOS.replace("MORE", ", seed: 8")))


def test_chance_is_drawn_from_the_seed_and_the_call(scripted: Callable[..., Live]) -> None:
    live, other = scripted(CHANCE), scripted(CHANCE)
    words(other, "something else that comes first")
    # The bodies say nothing: call n draws what call n draws, whatever it asks.
    assert run(live)[1:] == run(other, 59)


def test_each_request_that_reaches_a_reply_with_chance_draws_again_retries_too(scripted: Callable[..., Live]) -> None:
    live = scripted("steps: [{replies: [{error: overloaded, chance: 50%}, {text: ok}]}]")
    told = "".join(".x"[words(live, "same") != "ok"] for _ in range(60))
    # What lies between two good answers is one call and its retries.
    assert {0, 1, 2} <= {len(retried) for retried in told.split(".")}


@pytest.mark.parametrize(("chance", "told"), [("0%", "......"), ("100%", "xxxxxx")])
def test_a_chance_that_is_none_or_sure(scripted: Callable[..., Live], chance: str, told: str) -> None:
    assert told == run(scripted(CHANCE.replace("30%", chance)), 6)
    assert told == run(scripted(CHAOS.replace("30%MORE", chance)), 6)


def test_a_reply_with_chance_has_no_end_unless_times_is_given(scripted: Callable[..., Live]) -> None:
    assert "xxx..." == run(scripted(CHANCE.replace("30%", "100%, times: 3")), 6)


def test_chaos_comes_before_the_steps_replies_and_uses_none_up(scripted: Callable[..., Live]) -> None:
    live = scripted(
        "chaos: {error: overloaded, chance: 40%}\nsteps: [{replies: [{text: one}, {text: two}, {text: three}]}]"
    )
    told = [words(live, str(number)) for number in range(30)]
    assert "503" in told[:8]
    assert ["one", "two", "three", "three"] == [word for word in told if word != "503"][:4]


def test_several_kinds_of_chaos_are_drawn_one_by_one(scripted: Callable[..., Live]) -> None:
    live = scripted(
        """
        chaos:
          - {error: overloaded, chance: 30%}
          - {error: rate_limited, chance: 30%, retry_after: 2s, message: slow down}
        steps: [{reply: {text: ok}}]
        """
    )
    assert {"ok", "503", "429"} == {words(live, str(number)) for number in range(40)}
    limited = next(reply for number in range(40) if (reply := live.ask(f"more {number}")).status == 429)
    assert ("slow down", "2") == (limited.json["message"], limited.headers["retry-after"])


def test_an_error_that_comes_by_chance_does_not_move_a_script_on(scripted: Callable[..., Live]) -> None:
    live = scripted(
        """
        order: sequence
        chaos: {error: overloaded, chance: 50%}
        steps: [{reply: {text: one}}, {reply: {text: two}}, {reply: {text: three}}, {reply: {text: four}}]
        """
    )
    told = [words(live, "again") for _ in range(30)]
    assert ["one", "two", "three", "four"] == [word for word in told if word not in ("503", "404")]
    assert "503" in told
