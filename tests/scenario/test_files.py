"""Which files are loaded."""

import os
from pathlib import Path

import pytest

from emulator.scenario import load
from tests.scenario.tables import NAMES

GOOD = "version: 1\nsteps: [{reply: {text: a}}]\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(*names: str) -> None:
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(GOOD)


def names(*paths: str | Path) -> list[str]:
    loaded = load(paths, NAMES)
    assert [] == [str(problem) for problem in loaded.problems]
    return [scenario.place for scenario in loaded.scenarios]


def said(*paths: str | Path) -> list[str]:
    loaded = load(paths, NAMES)
    assert () == loaded.scenarios
    return [str(problem) for problem in loaded.problems]


def test_a_folder_is_searched_in_order_and_what_is_hidden_is_passed_over() -> None:
    write(
        "s/b.yaml",
        "s/a.yml",
        "s/c.JSON",
        "s/deep/er/d.yaml",
        "s/notes.txt",
        "s/.hidden.yaml",
        "s/.git/e.yaml",
        "s/yaml",
    )
    assert ["s/a.yml", "s/b.yaml", "s/c.JSON", "s/deep/er/d.yaml"] == names("s")


def test_paths_keep_their_order_and_a_file_is_loaded_once() -> None:
    write("s/b.yaml", "s/a.yaml", "c.yaml")
    assert ["s/b.yaml", "c.yaml", "s/a.yaml"] == names("s/b.yaml", Path("c.yaml"), "s", "./s/../c.yaml")


def test_json_is_read() -> None:
    Path("a.json").write_text('{\n\t"version": 1,\n\t"steps": [{"reply": {"text": "\\ud83c\\udf89"}}]\n}')
    assert ["a.json"] == names("a.json")


def test_every_file_is_named_by_its_absolute_path(tmp_path: Path) -> None:
    write("s/a.yaml")
    assert (tmp_path.resolve() / "s" / "a.yaml",) == load(["s"], NAMES).files


def test_a_file_elsewhere_is_shown_in_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write("s/a.yaml")
    Path("other").mkdir()
    monkeypatch.chdir("other")
    assert [str(tmp_path / "s" / "a.yaml")] == names("../s")


def test_links_are_followed_within_the_folder_and_not_out_of_it() -> None:
    write("s/..data/real.yaml", "outside/o.yaml")
    Path("s/a.yaml").symlink_to("..data/real.yaml")
    Path("s/out.yaml").symlink_to("../outside/o.yaml")
    Path("s/folder").symlink_to("../outside")
    Path("s/loop").symlink_to(".")
    assert ["s/a.yaml"] == names("s")


def test_a_link_that_is_named_is_followed() -> None:
    write("outside/o.yaml")
    Path("a.yaml").symlink_to("outside/o.yaml")
    Path("all").symlink_to("outside")
    assert (["a.yaml"], ["all/o.yaml"]) == (names("a.yaml"), names("all"))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("nope", "nope:1:1: there is no such file or folder."),
        ("nope.yaml", "nope.yaml:1:1: there is no such file or folder."),
        ("empty", "empty:1:1: there is no .yaml, .yml or .json file in this folder."),
        ("notes.txt", "notes.txt:1:1: this is not a .yaml, .yml or .json file."),
        ("pipe.yaml", "pipe.yaml:1:1: this is neither a file nor a folder."),
        ("a.yaml/b.yaml", "a.yaml/b.yaml:1:1: this can't be read: Not a directory."),
        ("nul\0.yaml", "nul\0.yaml:1:1: this can't be a path: it has a null character."),
        ("lost", "lost/link.yaml:1:1: there is no such file or folder."),
    ],
)
def test_a_path_at_which_there_is_nothing_is_a_problem(path: str, expected: str) -> None:
    write("a.yaml", "notes.txt", "empty/.hidden.yaml")
    os.mkfifo("pipe.yaml")
    Path("lost").mkdir()
    Path("lost/link.yaml").symlink_to("gone.yaml")
    assert [expected] == said(path)


def test_a_file_that_may_not_be_read_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    write("a.yaml")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert ["a.yaml:1:1: this can't be read: Permission denied."] == said("a.yaml")


def test_a_folder_that_may_not_be_searched_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    write("s/a.yaml", "s/secret/b.yaml")
    search = os.scandir

    def refuse(path: str) -> object:
        if Path(path).name == "secret":
            raise PermissionError(13, "Permission denied", path)
        return search(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert ["s/secret:1:1: this can't be read: Permission denied."] == said("s")


def test_a_name_that_is_no_text_is_shown_all_the_same() -> None:
    Path(os.fsdecode(b"\xff.yaml")).write_text(GOOD)
    assert ["\ufffd.yaml"] == names(".")


def test_two_scenarios_of_one_name_are_a_problem_of_the_second() -> None:
    write("a/same.yaml", "b/same.yaml")
    Path("c.yaml").write_text("version: 1\nname: same\nsteps: [{reply: {text: a}}]\n")
    expected = [
        "b/same.yaml:1:1: name: the scenario 'same' is in a/same.yaml already; give this one another name.",
        "c.yaml:2:7: name: the scenario 'same' is in a/same.yaml already; give this one another name.",
    ]
    assert expected == said(".")


def test_no_path_is_no_problem() -> None:
    assert [] == names()


def test_one_problem_keeps_everything_out() -> None:
    write("a.yaml")
    Path("b.yaml").write_text("version: 1\n")
    assert ["b.yaml:1:1: steps: this key is missing."] == said(".")
