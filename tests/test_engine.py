from textwrap import dedent
from typing import Any

import pytest

from emulator.engine import Hit, Miss, Standing, choose, nearest
from emulator.protocols import chat
from emulator.scenario import Scenario, Step, load_text
from emulator.types import Call, Endpoint, Request, Text, Turn
from tests.live import NAMES


def scenario(text: str, file: str = "s.yaml") -> Scenario:
    loaded = load_text(("version: 1\n" + dedent(text)).encode(), file, NAMES)
    assert [] == [str(problem) for problem in loaded.problems]
    [only] = loaded.scenarios
    return only


def asks(user: str, **fields: Any) -> Request:
    turns = (Turn("user", (Text(user),)),)
    return Request(Call("POST", "/"), Endpoint("cloudbase", chat), {}, fields.pop("model", "m"), turns, **fields)


NEW = Standing()

FIRST = scenario(
    """
    name: first
    steps:
      - {name: rain, when: {user: "*rain*"}, reply: {text: wet}}
      - {name: wind, when: {user: "*wind*", stream: true, model: "m*"}, reply: {text: strong}}
    """
)
SECOND = scenario(
    """
    name: second
    steps:
      - {name: rain, when: {user: "*rain*"}, reply: {text: never}}
      - {name: sun, when: {user: "*sun*", model: other}, reply: {text: warm}}
    """
)


@pytest.mark.parametrize(
    ("request_", "step"),
    [
        (asks("rain"), "first/rain"),
        (asks("rain and wind", stream=True), "first/rain"),
        (asks("wind", stream=True), "first/wind"),
        (asks("sun", model="other"), "second/sun"),
    ],
)
def test_the_first_step_that_fits_answers_in_the_order_of_loading(request_: Request, step: str) -> None:
    found = choose([FIRST, SECOND], request_, NEW)
    assert isinstance(found, Hit)
    assert step == found.step.name


def test_a_miss_names_the_nearest_step_first_and_its_first_failing_condition() -> None:
    found = choose([FIRST, SECOND], asks("windy"), NEW)
    assert isinstance(found, Miss)
    assert [
        "  first/wind (s.yaml:6) stream: the request does not ask for a stream",
        "  first/rain (s.yaml:5) user: 'windy' does not match '*rain*'",
        "  second/rain (s.yaml:5) user: 'windy' does not match '*rain*'",
        "  and 1 more step",
    ] == str(found).splitlines()


def test_a_miss_without_any_step_says_so() -> None:
    assert "  no scenario is loaded" == str(choose([], asks("x"), NEW))


SCRIPT = """
name: s
order: sequence
{more}
steps:
  - {{name: a, when: {{user: "a*"}}, times: 2, reply: {{text: a}}}}
  - {{name: b, reply: {{text: b}}}}
"""


def due(loaded: Scenario, done: int, **more: Any) -> str:
    """The step that answers after so many calls have been answered, in their order."""
    [a, b] = loaded.steps
    rounds, rest = divmod(done, 3)
    standing = Standing({a: 2 * rounds + min(rest, 2), b: rounds + max(0, rest - 2)}, **more)
    found = choose([loaded], asks("ab"), standing)
    return found.step.name if isinstance(found, Hit) else "-"


@pytest.mark.parametrize(
    ("more", "steps"),
    [
        ("", ["s/a", "s/a", "s/b", "-", "-"]),
        ("on_end: repeat", ["s/a", "s/a", "s/b", "s/a", "s/a", "s/b", "s/a"]),
    ],
)
def test_a_sequence_answers_step_after_step(more: str, steps: list[str]) -> None:
    loaded = scenario(SCRIPT.format(more=more))
    assert steps == [due(loaded, done) for done in range(len(steps))]


def test_the_last_step_of_a_sequence_can_go_on() -> None:
    loaded = scenario(SCRIPT.format(more="on_end: last"))
    [a, b] = loaded.steps
    for answered in (0, 1, 9):
        found = choose([loaded], asks("ab"), Standing({a: 2, b: answered}))
        assert isinstance(found, Hit)
        assert b is found.step


def test_the_steps_after_the_one_due_are_not_tried_and_the_miss_says_which_is_due() -> None:
    loaded = scenario(SCRIPT.format(more=""))
    assert [
        "  s/a (s.yaml:7) user: 'x' does not match 'a*'",
        "  s/b (s.yaml:8) order: in this sequence 'a' is due",
    ] == str(choose([loaded], asks("x"), NEW)).splitlines()
    [a, b] = loaded.steps
    over = str(choose([loaded], asks("a"), Standing({a: 2, b: 1}))).splitlines()
    assert ["order: the sequence is over: each of its steps has answered"] * 2 == [
        line.partition(") ")[2] for line in over
    ]


def test_a_step_that_is_used_up_is_passed_over_but_not_by_its_retries() -> None:
    loaded = scenario("steps: [{name: once, times: 1, reply: {text: a}}, {name: rest, reply: {text: b}}]\nname: s")
    [once, rest] = loaded.steps

    def answers(standing: Standing) -> Step | None:
        found = choose([loaded], asks("x"), standing)
        return found.step if isinstance(found, Hit) else None

    assert [once, rest, once] == [
        answers(NEW),
        answers(Standing({once: 1})),
        answers(Standing({once: 1}, retried=once)),
    ]
    why = {near.step: str(near) for near in nearest([loaded], asks("x"), Standing({once: 1}))}
    assert {once: "s/once (s.yaml:2) times: it has answered its 1 call"} == why


def test_calls_are_counted_for_every_step_whose_conditions_hold_be_it_another_that_answers() -> None:
    loaded = scenario(
        """
        name: s
        steps:
          - {name: third, when: {user: "*", call: 3}, reply: {text: a}}
          - {name: other, when: {user: "b", call: 1}, reply: {text: a}}
          - {name: rest, reply: {text: b}}
        """
    )
    third, other, rest = loaded.steps
    assert Hit(rest, loaded, 1, (third,)) == choose([loaded], asks("a"), NEW)
    assert Hit(other, loaded, 1, (third, other)) == choose([loaded], asks("b"), NEW)
    assert Hit(third, loaded, 3, (third,)) == choose([loaded], asks("a"), Standing(met={third: 2}))
    near = str(nearest([loaded], asks("a"), Standing(met={third: 4}))[0])
    assert "s/third (s.yaml:5) call: 5 is not 3" == near


def test_conditions_see_the_state_of_the_session() -> None:
    loaded = scenario(
        """
        name: s
        steps:
          - {name: known, when: {state: {city: "B*"}}, reply: {text: a}}
          - {name: rest, reply: {text: b}}
        """
    )
    known, rest = loaded.steps
    states: list[Any] = [{}, {"city": "Berlin"}, {"city": 3}]
    found = [choose([loaded], asks("x"), Standing(state=state)) for state in states]
    assert [rest, known, rest] == [hit.step for hit in found if isinstance(hit, Hit)]
