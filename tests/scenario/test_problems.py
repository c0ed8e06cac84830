"""Every problem, with its place and its sentence. The table is problems.txt."""

from pathlib import Path

import pytest

from emulator.scenario import load, load_text
from emulator.scenario.load import MOST
from emulator.scenario.wording import worded
from tests.scenario.tables import NAMES, problems, sections

ROWS = sections("problems.txt")


@pytest.mark.parametrize(("text", "said"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_a_problem_is_said_where_it_is_and_in_our_words(text: str, said: list[str]) -> None:
    assert said == problems(text.encode())


@pytest.mark.parametrize("what", [row[0] for row in ROWS])
def test_no_problem_stands_in_the_table_twice(what: str) -> None:
    assert 1 == [row[0] for row in ROWS].count(what)


def test_a_file_with_a_problem_gives_no_scenario() -> None:
    loaded = load_text(b"version: 1\nsteps:\n  - reply: {text: a}\n  - reply: {}\n", "s.yaml", NAMES)
    assert ((), 1) == (loaded.scenarios, len(loaded.problems))


def test_a_problem_has_its_parts() -> None:
    [problem] = load_text(b"version: 1\nsteps:\n  - reply: {text: 5}\n", "s.yaml", NAMES).problems
    actual = (problem.file, problem.line, problem.column, problem.where, problem.message)
    assert ("s.yaml", 3, 19, "steps[0].reply.text", problem.message) == actual


def test_the_problems_of_all_files_come_at_once_and_in_their_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("b.yaml").write_text("version: 2\nsteps: []\n")
    Path("a.yaml").write_text("version: 1\nsteps: 5\nname: 5\n")
    expected = [
        "a.yaml:2:8: steps: the number 5 stands where a list is wanted.",
        "a.yaml:3:7: name: the number 5 stands where text is wanted. Put it in quotes.",
        "b.yaml:1:10: version: 2 is not a version of the language that is read here; write version: 1.",
        "b.yaml:2:8: steps: this is empty; at least one is wanted.",
    ]
    assert expected == [str(problem) for problem in load(["."], NAMES).problems]


def test_a_very_long_list_of_problems_is_cut() -> None:
    steps = "".join(f"  - reply: {{text: {number}}}\n" for number in range(MOST + 500))
    said = problems(f"version: 1\nsteps:\n{steps}")
    expected = (MOST + 1, f"s.yaml:{MOST + 3}:19: 500 more problems are not listed.")
    assert expected == (len(said), said[-1])


def test_a_name_that_a_file_can_t_give_has_to_be_written() -> None:
    said = ["a\nb.yaml:1:1: name: the file's own name can't be the scenario's; write one."]
    assert said == problems("version: 1\nsteps: [{reply: {text: a}}]", "a\nb.yaml")


def test_what_pydantic_may_say_one_day_still_makes_a_sentence() -> None:
    assert "the number 5 does not fit here." == worded("unheard_of", 5, {})
