"""The index of what steps want in a text: it lets through whatever fits, and keeps the order."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.scenario import load_text
from emulator.scenario.sieve import Sieve
from emulator.types import Text, Turn
from tests.live import NAMES
from tests.scenario.tables import request, scenario

LETTERS = "ab*?\\ "
WORDS = st.text(LETTERS, max_size=8)
PREDICATES = st.one_of(
    WORDS,
    st.builds(lambda text: {"contains": text}, WORDS),
    st.builds(lambda text: {"equals": text}, WORDS),
    st.builds(lambda text: {"contains": text, "ignore_case": True}, WORDS),
    st.builds(lambda some: {"any": some}, st.lists(WORDS, min_size=1, max_size=3)),
    st.builds(lambda text: {"not": text}, WORDS),
)
WHENS = st.lists(st.one_of(st.none(), st.builds(lambda user: {"user": user}, PREDICATES)), min_size=1, max_size=12)


def fits(when: Any, text: str) -> bool:
    """Whether a request with this user text meets the conditions, by their own word."""
    document = {"version": 1, "steps": [{"reply": {"text": "a"}, **({"when": when} if when else {})}]}
    loaded = load_text(json.dumps(document).encode(), "s.json", NAMES)
    assert [] == [str(problem) for problem in loaded.problems]
    asked = request(Turn("user", (Text(text),)))
    return all(check.fails(asked, {}) is None for check in loaded.scenarios[0].steps[0].checks)


@given(WHENS, st.text("ab ", max_size=12))
def test_what_fits_comes_through_in_the_order_of_the_file(whens: list[Any], text: str) -> None:
    passing = Sieve.over(whens).passing(text)
    fitting = [place for place, when in enumerate(whens) if fits(when, text)]
    assert passing == sorted(set(passing))
    assert [] == [place for place in fitting if place not in passing]


@pytest.mark.parametrize(
    ("user", "text", "passes"),
    [
        ("hello", "hello", True),
        ("hello", "hello there", False),
        ("*weather*", "the weather", True),
        ("*weather*", "the news", False),
        (r"what\?", "what?", True),
        ({"contains": "sun"}, "sunny", True),
        ({"any": ["a", "*b*"]}, "abc", True),
        ({"any": ["a", "*b*"]}, "c", False),
        ({"regex": "x"}, "c", True),
    ],
)
def test_one_step_passes_or_not(user: Any, text: str, passes: bool) -> None:
    assert ([0] if passes else []) == Sieve.over([{"user": user}]).passing(text)


def test_thousands_of_steps_are_looked_up_by_their_rarest_piece() -> None:
    whens = [{"user": f"*needle-{number:06}-end*"} for number in range(5000)]
    assert [4999] == Sieve.over([*whens, None]).passing("find needle-004999-end")[:1]
    assert [4999, 5000] == Sieve.over([*whens, None]).passing("find needle-004999-end")


def test_a_scenario_without_words_passes_every_step() -> None:
    assert [0, 1] == scenario("steps: [{reply: {text: a}}, {reply: {text: b}}]").sieve.passing("x")
