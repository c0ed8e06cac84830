"""The search for what steps want in a text: whatever fits comes through, in the order of the file."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.engine import Hit, Standing, choose
from emulator.scenario import Scenario, load_text
from emulator.scenario.patterns import among
from emulator.scenario.sieve import Sieve
from emulator.types import Text, Turn
from tests.live import NAMES
from tests.scenario.tables import request, scenario

LETTERS = "abB*?\\ .+(\nßé\0"
WORDS = st.text(LETTERS, max_size=8)
FORMS = st.one_of(
    st.builds(lambda key, text: {key: text}, st.sampled_from(["equals", "contains"]), WORDS),
    st.builds(lambda regex: {"regex": regex}, st.sampled_from(["a", "b.a", "^b", "b$", "[ab]+ ", "(?i)AB"])),
).flatmap(lambda form: st.sampled_from([form, {**form, "ignore_case": True}, {**form, "ignore_case": False}]))
PREDICATES = st.recursive(
    st.one_of(WORDS, FORMS),
    lambda inner: st.one_of(
        st.builds(lambda key, some: {key: some}, st.sampled_from(["any", "all"]), st.lists(inner, min_size=1)),
        st.builds(lambda one: {"not": one}, inner),
        st.builds(lambda one, other: {"contains": one, "any": [other]}, WORDS, inner),
    ),
    max_leaves=4,
)
WHENS = st.lists(
    st.one_of(
        st.none(),
        st.just({"model": "m"}),
        st.builds(lambda user, more: {"user": user, **more}, PREDICATES, st.sampled_from([{}, {"stream": True}])),
    ),
    min_size=1,
    max_size=12,
)
FEW_OR_MANY = st.sampled_from([[], [{"user": f"*{number}*"} for number in range(20)]])
"""What stands beside the steps: few words are looked for one by one, many at once."""


def loaded(whens: list[Any]) -> Scenario:
    steps = [{"reply": {"text": "a"}, **({"when": when} if when else {})} for when in whens]
    found = load_text(json.dumps({"version": 1, "steps": steps}).encode(), "s.json", NAMES)
    assert [] == [str(problem) for problem in found.problems]
    return found.scenarios[0]


@given(WHENS, FEW_OR_MANY, st.text("abB *.(\nßs1\0", max_size=12))
def test_the_steps_that_fit_come_through_in_the_order_of_the_file(whens: list[Any], more: list[Any], text: str) -> None:
    held = loaded([*whens, *more])
    asked = request(Turn("user", (Text(text),)))
    fitting = [
        place for place, step in enumerate(held.steps) if not any(check.fails(asked, {}) for check in step.checks)
    ]
    passing = held.sieve.passing(text)
    assert sorted(set(passing)) == list(passing)
    assert fitting == [place for place in passing if place in fitting]
    found = choose([held], asked, Standing())
    assert [held.steps[place] for place in fitting[:1]] == ([found.step] if isinstance(found, Hit) else [])


@given(
    st.lists(st.text("aAb.\\*ß\n\0\ud800\U0001f600", max_size=5), max_size=30),
    st.text("aAb.\\*ß\n\0\ud800\U0001f600", max_size=60),
)
def test_words_looked_for_at_once_are_those_found_one_by_one(some: list[str], text: str) -> None:
    words = ["", *some, *(f"{number}!" for number in range(20))]
    assert [number for number, word in enumerate(words) if word in text] == sorted(among(words)(text))


def test_words_too_large_to_be_looked_for_at_once_are_found() -> None:
    large = "".join(map(str, range(400_000)))
    words = ["", *(f"word-{number}." for number in range(20)), large]
    found = among(words)
    assert [0, 8] == found("word-7. " + large[1:])
    assert [0, 8, 21] == found("word-7. " + large)


@pytest.mark.parametrize(
    ("user", "text", "passes"),
    [
        ("hello", "hello", True),
        ("hello", "hello there", False),
        ("*weather*", "the weather", True),
        ("*weather*", "the news", False),
        ("h*weather*", "ho weather", True),
        ("h*weather*", "the news", False),
        (r"what\?", "what?", True),
        (r"what\?", "whats", False),
        ({"equals": "*"}, "*", True),
        ({"equals": "*"}, "x", False),
        ({"contains": "sun"}, "sunny", True),
        ({"contains": "*"}, "sunny", False),
        ({"any": ["a", "*b*"]}, "abc", True),
        ({"any": ["a", "*b*"]}, "c", False),
        ({"all": [{"regex": "x"}, "*b*"]}, "c", False),
        ({"all": [{"regex": "x"}, {"not": "b"}]}, "c", True),
        ({"contains": "SUN", "ignore_case": True}, "sun", True),
        ({"equals": "SUN", "ignore_case": True}, "sun", True),
        ({"regex": "x"}, "c", True),
        (None, "c", True),
    ],
)
def test_one_step_passes_or_not(user: Any, text: str, passes: bool) -> None:
    assert ([0] if passes else []) == Sieve.over([{"user": user}]).passing(text)


def test_thousands_of_steps_are_told_apart() -> None:
    sentence = "Of all the sentences that begin alike this is number "
    sieve = Sieve.over([*({"user": f"*{sentence}{number:06}*"} for number in range(5000)), None])
    assert [4999, 5000] == sieve.passing(f"Well: {sentence}004999!")
    assert [5000] == sieve.passing(sentence)


def test_a_scenario_without_words_passes_every_step() -> None:
    assert [0, 1] == scenario("steps: [{reply: {text: a}}, {reply: {text: b}}]").sieve.passing("x")
