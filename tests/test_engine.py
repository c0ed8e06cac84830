from textwrap import dedent
from typing import Any

import pytest

from emulator.engine import Hit, Miss, choose
from emulator.protocols import chat
from emulator.scenario import Scenario, load_text
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
    found = choose([FIRST, SECOND], request_)
    assert isinstance(found, Hit)
    assert step == found.step.name


def test_a_miss_names_the_nearest_step_first_and_its_first_failing_condition() -> None:
    found = choose([FIRST, SECOND], asks("windy"))
    assert isinstance(found, Miss)
    assert [
        "  first/wind (s.yaml:6) stream: the request does not ask for a stream",
        "  first/rain (s.yaml:5) user: 'windy' does not match '*rain*'",
        "  second/rain (s.yaml:5) user: 'windy' does not match '*rain*'",
        "  and 1 more step",
    ] == str(found).splitlines()


def test_a_miss_without_any_step_says_so() -> None:
    assert "  no scenario is loaded" == str(choose([], asks("x")))
