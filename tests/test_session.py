from textwrap import dedent

import pytest

from emulator.clock import EPOCH, Clock
from emulator.scenario import Scenario, Step, load_text
from emulator.session import Budget, Memory, Session, Sessions, key_id
from emulator.types import Completion, Stamp, Text
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


def session(identity: str = "s", only: str | None = None) -> Session:
    return Session(identity, seed=7, clock=Clock(), memory=Memory(), only=only)


def says(session: Session, step: Step) -> str:
    answer = session.take(step).answer
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
        mine.take(scenario.steps[0])
    mine.reset()
    assert ("one", first) == (says(mine, scenario.steps[0]), mine.stamp())


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
    assert both == session().view(both)
    assert both[1:] == session(only="t").view(both)
    assert () == session(only="u").view(both)


def test_the_session_idle_longest_goes_first() -> None:
    sessions = Sessions(session, Budget(most=10**9), most=2)
    first, second = sessions.get("a", None), sessions.get("b", None)
    assert first is sessions.get("a", None)
    sessions.get("c", None)
    assert (2, first, None) == (len(sessions), sessions.find("a"), sessions.find("b"))
    assert second is not sessions.get("b", None)


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
    sessions = Sessions(lambda identity, only: Session(identity, 0, Clock(), Memory(budget), only), budget, most=9)
    for identity in ("a", "b", "c"):
        sessions.get(identity, None).memory.put("first", 1, 60)
    found = sessions.get("c", None)
    assert (["c"], 60) == ([identity for identity in "abc" if sessions.find(identity)], budget.held)
    found.memory.put("second", 2, 90)
    kept = sessions.get("c", None).memory
    assert (None, 2, 90) == (kept.get("first"), kept.get("second"), budget.held)
