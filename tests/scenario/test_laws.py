"""What holds for any file at all."""

import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from emulator.scenario import load_text
from tests.scenario.tables import NAMES, request, sections
from tests.scenario.test_schema import nearly_good

SIGNS = [
    *"ab:-?,[]{}#&*!|>'\"%@`~<=\\ \n\t/0159.é今🎉",
    "\n  ",
    "\n- ",
    ": ",
    " #",
    "---\n",
    "...\n",
    "<<",
    "*x",
    "&x ",
    "!!int ",
]
SIGNS += [
    "version: 1\n",
    "steps:\n",
    "  - reply: {text: a}\n",
    "when: ",
    "user: ",
    "regex: ",
    "null",
    "{{ a }}",
    "\\u00e9",
    "1e9",
]
ROWS = [row[1] for row in sections("problems.txt")]


def check(data: bytes) -> None:
    """Load it: either a scenario or problems in our words, each with a place that is in the file."""
    loaded = load_text(data, "s.yaml", NAMES)
    assert (len(loaded.scenarios) == 1) != bool(loaded.problems)
    lines = data.count(b"\n") + data.count(b"\r") + data.count(b"\x85") + data.count(b"\xe2\x80") + 1
    for problem in loaded.problems:
        assert problem.message.endswith((".", "?"))
        assert problem.message[0].islower() or problem.message[0] not in "ABCDEFGHIJKLMNOPQSTUVWXYZ"
        assert 1 <= problem.line <= lines + 1
        assert 1 <= problem.column
        assert str(problem).startswith(f"s.yaml:{problem.line}:{problem.column}: ")
    for scenario in loaded.scenarios:
        for one in scenario.steps:
            whys = [check.fails(request(), {}) for check in one.checks]
            assert all(why is None or why() for why in whys)


@given(st.binary(max_size=200))
@example(b"\xff\xfe")
@example(b"\xef\xbb\xbf")
def test_no_bytes_raise(data: bytes) -> None:
    check(data)


@given(st.lists(st.sampled_from(SIGNS), max_size=40).map("".join))
def test_no_signs_of_yaml_raise(text: str) -> None:
    check(text.encode())


@given(st.sampled_from(ROWS), st.data())
def test_no_slip_of_the_pen_raises(text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text)))
    width = data.draw(st.integers(0, 3))
    check((text[:at] + data.draw(st.sampled_from(["", *SIGNS])) + text[at + width :]).encode())


@given(nearly_good())
def test_no_structure_raises(document: Any) -> None:
    check(json.dumps(document, ensure_ascii=False).encode())
