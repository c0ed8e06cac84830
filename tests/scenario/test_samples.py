"""Prompts for trying a scenario by hand."""

import pytest

from emulator.scenario import samples
from tests.scenario.tables import scenario


@pytest.mark.parametrize(
    ("when", "sample"),
    [
        ("", [("", "")]),
        ("when: {user: hello}", [("", "hello")]),
        ("when: {user: '*weather*', model: hy3}", [("hy3", "weather")]),
        (r"when: {user: 'what? \*'}", [("", "what? *")]),
        ("when: {user: {equals: a*}}", [("", "a*")]),
        ("when: {user: {contains: a}}", [("", "a")]),
        ("when: {user: {any: [b, c]}}", [("", "b")]),
        ("when: {user: {regex: a+}}", []),
        ("when: {user: hi, model: {not: m}}", []),
    ],
)
def test_a_step_suggests_what_to_ask(when: str, sample: list[tuple[str, str]]) -> None:
    loaded = scenario(f"steps:\n  - reply: {{text: a}}\n    {when}\n")
    assert sample == list(samples([loaded]))


def test_a_step_that_goes_wrong_on_purpose_suggests_nothing() -> None:
    loaded = scenario("""
        steps:
          - {when: {user: a}, reply: {text: a, fault: hang}}
          - {when: {user: b}, reply: {text: b, stream: {at: [{chunk: 0, stall: 1s}]}}}
          - {when: {user: c}, reply: {text: c}}
    """)
    assert [("", "c")] == list(samples([loaded]))
