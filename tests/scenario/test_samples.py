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
