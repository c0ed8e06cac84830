"""Scenarios that are kept up to date with their files. Times are set, never waited for."""

import os
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from emulator.scenario import Library, Scenario
from tests.scenario.tables import NAMES

_clock = count(1_700_000_000)


def write(path: Path, text: str = "a", extra: str = "") -> None:
    path.write_text(f"version: 1\nsteps: [{{reply: {{text: {text}}}}}]\n{extra}")
    touch(path)


def touch(path: Path) -> None:
    os.utime(path, (next(_clock), next(_clock)))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "a.yaml")
    write(tmp_path / "b.yaml")
    return tmp_path


@pytest.fixture
def library(folder: Path) -> Library:
    return Library([folder], NAMES)


def names(library: Library) -> list[str]:
    return [scenario.name for scenario in library.scenarios]


def texts(library: Library) -> list[str]:
    replies: list[Any] = [scenario.steps[0].replies[0].reply for scenario in library.scenarios]
    return [reply.answer.parts[0].text for reply in replies]


def kept(before: tuple[Scenario, ...], library: Library) -> list[bool]:
    return [one is other and one.steps is other.steps for one, other in zip(before, library.scenarios, strict=True)]


def said(library: Library) -> list[str] | None:
    problems = library.refresh()
    return None if problems is None else [str(problem) for problem in problems]


def test_a_library_begins_with_what_is_there(library: Library, folder: Path) -> None:
    assert (["a", "b"], (), (folder / "a.yaml", folder / "b.yaml")) == (names(library), library.problems, library.files)


def test_nothing_changed(library: Library) -> None:
    before = library.scenarios
    assert (None, True) == (library.refresh(), before is library.scenarios)


def test_a_changed_file_is_read_anew_and_the_others_keep_their_very_steps(library: Library, folder: Path) -> None:
    before = library.scenarios
    write(folder / "b.yaml", "changed")
    assert ([], [True, False], ["a", "changed"]) == (said(library), kept(before, library), texts(library))


def test_a_change_of_the_time_alone_changes_nothing_in_force(library: Library, folder: Path) -> None:
    before = library.scenarios
    touch(folder / "a.yaml")
    assert ([], [True, True], None) == (said(library), kept(before, library), said(library))


def test_a_change_of_the_size_alone_is_seen(library: Library, folder: Path) -> None:
    stamp = (folder / "a.yaml").stat().st_mtime_ns
    write(folder / "a.yaml", "longer")
    os.utime(folder / "a.yaml", ns=(stamp, stamp))
    assert ([], ["longer", "a"]) == (said(library), texts(library))


def test_a_new_file_and_a_file_that_is_gone(library: Library, folder: Path) -> None:
    before = library.scenarios
    write(folder / "c.yaml")
    assert ([], ["a", "b", "c"]) == (said(library), names(library))
    (folder / "a.yaml").unlink()
    assert ([], ["b", "c"], True) == (said(library), names(library), before[1] is library.scenarios[0])


def test_a_broken_file_replaces_nothing_until_it_is_mended(library: Library, folder: Path) -> None:
    before = library.scenarios
    write(folder / "a.yaml", extra="stpes: []\n")
    sentence = "a.yaml:3:1: stpes: unknown key. Did you mean 'steps'?"
    assert ([sentence], True) == (said(library), before is library.scenarios)
    assert (None, [sentence]) == (said(library), [str(problem) for problem in library.problems])
    write(folder / "b.yaml", "changed")
    assert ([sentence], True) == (said(library), before is library.scenarios)
    write(folder / "a.yaml", "mended")
    assert ([], (), ["mended", "changed"]) == (said(library), library.problems, texts(library))


def test_a_file_that_is_as_it_was_keeps_its_very_steps(library: Library, folder: Path) -> None:
    before = library.scenarios
    write(folder / "a.yaml", extra="stpes: []\n")
    library.refresh()
    write(folder / "a.yaml")
    assert ([], [True, True]) == (said(library), kept(before, library))


def test_a_folder_that_is_emptied_replaces_nothing(library: Library, folder: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        (folder / name).unlink()
    expected = [".:1:1: there is no .yaml, .yml or .json file in this folder."]
    assert (expected, ["a", "b"]) == (said(library), names(library))


def test_a_second_scenario_of_one_name_replaces_nothing(library: Library, folder: Path) -> None:
    write(folder / "c.yaml", extra="name: a\n")
    expected = ["c.yaml:3:7: name: the scenario 'a' is in a.yaml already; give this one another name."]
    assert (expected, ["a", "b"]) == (said(library), names(library))


def test_doubts_are_those_of_the_files_as_they_are(library: Library, folder: Path) -> None:
    write(folder / "a.yaml", "a, finish: tool_calls")
    assert ([], ["a.yaml:2:35: warning: steps[0].reply.finish: the answer calls no tool."]) == (
        said(library),
        [str(doubt) for doubt in library.warnings],
    )
    write(folder / "a.yaml")
    assert ([], ()) == (said(library), library.warnings)


def test_a_library_that_begins_broken_has_nothing_in_force(folder: Path) -> None:
    write(folder / "a.yaml", extra="stpes: []\n")
    library = Library(["."], NAMES)
    assert ((), 1, None) == (library.scenarios, len(library.problems), library.refresh())


def test_a_path_that_turns_up_later(folder: Path) -> None:
    library = Library(["later.yaml"], NAMES)
    assert ["later.yaml:1:1: there is no such file or folder."] == [str(problem) for problem in library.problems]
    write(folder / "later.yaml")
    assert ([], ["later"]) == (said(library), names(library))


def test_a_file_that_can_t_be_opened_is_a_problem(
    library: Library, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch(folder / "a.yaml")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", refuse)
        assert ["a.yaml:1:1: this can't be read: Permission denied."] == said(library)
    touch(folder / "a.yaml")
    assert ([], ["a", "b"]) == (said(library), names(library))
