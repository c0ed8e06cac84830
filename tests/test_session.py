from textwrap import dedent

import pytest

from emulator.clock import EPOCH, Clock
from emulator.engine import Hit, Miss, choose
from emulator.protocols import chat
from emulator.scenario import Limits, Scenario, Step, load_text
from emulator.session import Attempt, Budget, Calls, Memory, Session, Sessions, Window, key_id
from emulator.types import Call, Completion, Endpoint, Failure, Quota, Request, Stamp, Text, Turn
from tests.live import NAMES

FILE = dedent(
    """
    version: 1
    name: s
    steps:
      - replies:
          - {text: one, times: 2}
          - {text: two}
          - {text: three}
      - reply: {text: always}
    """
).encode()


def loaded(text: bytes = FILE) -> tuple[Scenario, ...]:
    return tuple(load_text(text, "s.yaml", NAMES).scenarios)


def session(identity: str = "s", only: tuple[str, ...] | None = None) -> Session:
    return Session(identity, seed=7, clock=Clock(), memory=Memory(), only=only)


def asks(user: str) -> Request:
    return Request(Call("POST", "/"), Endpoint("cloudbase", chat), {}, "m", (Turn("user", (Text(user),)),))


def says(session: Session, step: Step) -> str:
    stamp = session.stamp()
    attempt = session.attempt("route", str(stamp.serial).encode())
    [scenario] = loaded()
    answer = session.take(Hit(step, scenario), attempt, asks("hi"), stamp).answer
    assert isinstance(answer, Completion)
    [part] = answer.parts
    assert isinstance(part, Text)
    return part.text


def test_replies_are_taken_one_by_one_and_the_last_goes_on() -> None:
    [scenario] = loaded()
    mine = session()
    assert ["one", "one", "two", "three", "three", "three"] == [says(mine, scenario.steps[0]) for _ in range(6)]
    assert ["always"] * 2 == [says(mine, scenario.steps[1]) for _ in range(2)]


def test_a_reset_starts_over() -> None:
    [scenario] = loaded()
    mine = session()
    first = mine.stamp()
    for _ in range(3):
        says(mine, scenario.steps[0])
    mine.state = {"a": 1}
    gate = mine.gate("g")
    mine.reset()
    assert (first, {}, {}, True) == (mine.stamp(), mine.state, mine.gates, gate.is_set())
    assert ("one", 2) == (says(mine, scenario.steps[0]), mine.attempt("r", b"").call)


def test_a_stamp_has_the_seed_the_ordinal_and_the_clocks_time() -> None:
    mine = session()
    assert [Stamp(7, 1, EPOCH + 1), Stamp(7, 2, EPOCH + 2)] == [mine.stamp(), mine.stamp()]


def test_steps_of_a_file_that_changed_start_over_and_the_others_do_not() -> None:
    mine = session()
    kept, changed = loaded(), loaded(FILE.replace(b"name: s", b"name: t"))
    mine.view((*kept, *changed))
    for scenario in (*kept, *changed):
        says(mine, scenario.steps[0])
        says(mine, scenario.steps[0])
    again = loaded(FILE.replace(b"name: s", b"name: t"))
    mine.view((*kept, *again))
    assert ("two", "one") == (says(mine, kept[0].steps[0]), says(mine, again[0].steps[0]))


def test_a_session_can_see_one_scenario_alone() -> None:
    both = (*loaded(), *loaded(FILE.replace(b"name: s", b"name: t")))
    assert both == session().view(both).scenarios
    assert both[1:] == session(only=("t",)).view(both).scenarios
    assert () == session(only=("u",)).view(both).scenarios


def made(identity: str, only: str | None) -> Session:
    return session(identity, None if only is None else (only,))


def test_the_session_idle_longest_goes_first() -> None:
    sessions = Sessions(made, Budget(most=10**9), most=2)
    first, second = sessions.get("a", None), sessions.get("b", None)
    assert first is sessions.get("a", None)
    sessions.get("c", None)
    assert (2, first, None) == (len(sessions), sessions.find("a"), sessions.find("b"))
    assert second is not sessions.get("b", None)


# ---------------------------------------------------------------- calls


def told(attempt: Attempt) -> tuple[int, int]:
    return attempt.call, attempt.number


def test_a_request_is_a_retry_of_the_one_before_on_its_route_with_the_same_body_until_that_is_delivered() -> None:
    calls = Calls()
    first = calls.begin("a", b"1", {"old": 1})
    assert [(1, 1), (1, 2), (1, 3)] == [told(first), *(told(calls.begin("a", b"1", {})) for _ in range(2))]
    assert [(2, 1), (1, 4)] == [told(calls.begin("b", b"1", {})), told(calls.begin("a", b"1", {}))]
    newest = calls.begin("a", b"1", {"new": 1})
    assert ((1, 5), {"old": 1}) == (told(newest), newest.state)
    newest.end(True)
    assert [(3, 1), (4, 1), (5, 1)] == [told(calls.begin("a", body, {})) for body in (b"1", b"2", b"1")]


def test_a_retry_is_one_whether_the_answer_before_has_ended_or_not_and_what_has_ended_keeps_no_body() -> None:
    calls, body = Calls(), b"a picture" * 9
    first, other = calls.begin("a", body, {}), calls.begin("b", b"other", {})
    assert [body, b"other"] == [first.print, other.print]
    second = calls.begin("a", bytes(bytearray(body)), {})
    assert (1, 2) == told(second)
    second.end(False)
    assert hash(body) == second.print
    assert [(1, 3), (3, 1)] == [told(calls.begin("a", sent, {})) for sent in (bytes(bytearray(body)), body[:-1])]


@pytest.mark.parametrize("body", [b"", b"1"])
def test_a_request_that_was_answered_well_keeps_no_body_and_has_no_retry(body: bytes) -> None:
    calls = Calls()
    attempt = calls.begin("a", body, {})
    attempt.end(True)
    assert (b"", (2, 1)) == (attempt.print, told(calls.begin("a", body, {})))


def test_a_route_that_nobody_has_asked_for_longest_is_forgotten_first() -> None:
    calls = Calls()
    for number in range(257):
        calls.begin(str(number), b"", {})
    assert [(258, 1), (257, 2)] == [told(calls.begin(route, b"", {})) for route in ("0", "256")]


COUNTED = dedent(
    """
    version: 1
    name: c
    steps:
      - {when: {user: b, call: 1}, reply: {text: first b}}
      - {when: {user: b}, reply: {text: later b}}
      - {when: {call: 2}, reply: {text: second of all}}
      - reply: {text: any}
    """
).encode()


def asked(session: Session, scenarios: tuple[Scenario, ...], user: str, route: str = "r") -> tuple[str, Attempt]:
    session.view(scenarios)
    attempt = session.attempt(route, user.encode())
    found = choose(scenarios, asks(user), session.standing(attempt))
    session.chosen(found, attempt)
    return ("miss" if isinstance(found, Miss) else found.step.name), attempt


def test_a_call_is_counted_once_whatever_comes_between_it_and_its_retries() -> None:
    scenarios, mine = loaded(COUNTED), session()
    assert "c/step-4" == asked(mine, scenarios, "a")[0]
    assert "c/step-1" == asked(mine, scenarios, "b", "other")[0]
    assert "c/step-4" == asked(mine, scenarios, "a")[0]
    assert "c/step-1" == asked(mine, scenarios, "b", "other")[0]
    assert "c/step-2" == asked(mine, scenarios, "b", "third")[0]


def test_a_retry_of_a_call_whose_step_was_loaded_anew_is_answered_by_what_is_there() -> None:
    mine = session()
    script = FILE.replace(b"name: s", b"name: s\norder: sequence")
    assert "s/step-1" == asked(mine, loaded(script), "a")[0]
    again = loaded(script)
    assert ["s/step-1", "s/step-2"] == [asked(mine, again, user)[0] for user in "ab"]


def test_a_retry_moves_no_other_script_on() -> None:
    script = b"version: 1\nname: NAME\norder: sequence\nsteps:\n"
    first = loaded(script.replace(b"NAME", b"one") + b"  - {when: {user: b}, reply: {text: b}}\n  - reply: {text: x}\n")
    both = (*first, *loaded(script.replace(b"NAME", b"two") + b"  - reply: {text: y}\n"))
    mine = session()
    assert "two/step-1" == asked(mine, both, "a")[0]
    assert "one/step-1" == asked(mine, both, "b", "other")[0]
    assert "two/step-1" == asked(mine, both, "a")[0]
    assert "one/step-2" == asked(mine, both, "c")[0]


# ---------------------------------------------------------------- limits


def test_a_window_begins_with_the_first_request_and_lasts_a_minute() -> None:
    window, limits = Window(), Limits(requests_per_minute=2, tokens_per_minute=100)
    assert (None, Quota(2, 1, 100, 90, 60)) == window.count(limits, 5.0, 10, 0)
    assert (None, Quota(2, 0, 100, 0, 50)) == window.count(limits, 15.25, 90, 0)
    refused = Failure("rate_limited", retry_after=1)
    assert (refused, Quota(2, 0, 100, 0, 1)) == window.count(limits, 64.5, 0, 0)
    assert (None, Quota(2, 1, 100, 40, 60)) == window.count(limits, 65.0, 60, 0)
    assert (Failure("rate_limited", retry_after=60), Quota(2, 1, 100, 40, 60)) == window.count(limits, 65.0, 41, 0)


def test_what_is_not_limited_is_not_told() -> None:
    assert (None, Quota(None, 0, None, 0, 60)) == Window().count(Limits(concurrent=1), 0.0, 10**9, 0)
    failure, _ = Window().count(Limits(concurrent=1), 0.0, 1, 1)
    assert Failure("concurrency_limited") == failure


# ---------------------------------------------------------------- keys and memory


@pytest.mark.parametrize(
    ("key", "identity"),
    [
        ("me", "2744ccd1"),
        ("test-key", "te-62af8704"),
        ("sk-1234567890abcdef", "sk1-dd65e035"),
        ("密钥密钥密钥", "a79d0f5e"),
    ],
)
def test_a_key_is_shown_by_a_third_of_it_at_most_and_a_hash(key: str, identity: str) -> None:
    assert identity == key_id(key)


def test_what_is_remembered_is_found_until_it_is_dropped() -> None:
    memory = Memory()
    memory.put("a", 1, 10)
    memory.put("a", 2)
    assert (2, None) == (memory.get("a"), memory.get("b"))
    memory.drop("a")
    memory.drop("b")
    assert (None, 0) == (memory.get("a"), len(memory))


def test_the_oldest_is_forgotten_where_there_are_too_many() -> None:
    memory = Memory(most=2)
    for key in "abc":
        memory.put(key, key)
    assert [None, "b", "c"] == [memory.get(key) for key in "abc"]


def test_bytes_are_counted_for_all_sessions_together_and_given_back() -> None:
    budget = Budget(most=100)
    one, other = Memory(budget), Memory(budget)
    one.put("a", 1, 60)
    other.put("a", 1, 60)
    other.put("a", 2, 5)
    assert (125, True) == (budget.held, budget.spent)
    one.clear()
    assert (65, False) == (budget.held, budget.spent)
    other.drop("a")
    assert 0 == budget.held


def test_a_spent_budget_costs_the_sessions_idle_longest_and_then_the_oldest_of_this_one() -> None:
    budget = Budget(most=100)
    sessions = Sessions(lambda identity, _: Session(identity, 0, Clock(), Memory(budget)), budget, most=9)
    for identity in ("a", "b", "c"):
        sessions.get(identity, None).memory.put("first", 1, 60)
    found = sessions.get("c", None)
    assert (["c"], 60) == ([identity for identity in "abc" if sessions.find(identity)], budget.held)
    found.memory.put("second", 2, 90)
    kept = sessions.get("c", None).memory
    assert (None, 2, 90) == (kept.get("first"), kept.get("second"), budget.held)
