"""Commands to begin with: `init`, which writes, and `scenarios`, which lists."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from emulator import cli
from tests.live import ROOT
from tests.test_cli import environment

SEQUENCE = "version: 1\nname: b\norder: sequence\nsteps:\n  - {name: one, reply: {text: 'Yes.'}}\n"
DESCRIBED = """version: 1
description: |
  What the whole file is about.
  And more of it.
steps:
  - {name: hi, when: {user: Hi}, reply: {text: Hello!}}
  - {name: ho, when: {user: Ho}, reply: {text: Hello!}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, and the one that commands run in."""
    for name in ("EMULATOR_FORMAT", "EMULATOR_STRICT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


# ---------------------------------------------------------------- init


@pytest.mark.parametrize("at", [".", "deep/down"])
def test_what_init_writes_passes_as_it_stands(folder: Path, capsys: pytest.CaptureFixture[str], at: str) -> None:
    assert 0 == cli.main(["init", at])
    assert f"  pytest {Path(at) / 'test_greeting.py'}\n" in capsys.readouterr().out
    assert 0 == cli.main(["validate", "--strict", str(Path(at) / "scenarios")])
    options = ("-p", "no:cacheprovider", "-W", "ignore::pytest.PytestDeprecationWarning")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--quiet", *options, at],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (0, True) == (done.returncode, "2 passed" in done.stdout), done.stdout + done.stderr


def test_init_overwrites_nothing_and_then_writes_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "test_greeting.py").write_text("mine")
    assert 1 == cli.main(["init"])
    assert "test_greeting.py is there already; nothing was written\n" == capsys.readouterr().err
    assert ["mine"] == [file.read_text() for file in folder.rglob("*") if file.is_file()]


def test_a_folder_that_can_not_be_written_to_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "file").write_text("")
    assert 1 == cli.main(["init", "file"])
    assert "'file' can't be written to: Not a directory\n" == capsys.readouterr().err


# ---------------------------------------------------------------- scenarios


def test_scenarios_are_listed_in_columns_with_the_first_line_of_what_they_say(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "a-long-name.yaml").write_text(DESCRIBED)
    (folder / "b.yaml").write_text(SEQUENCE)
    assert 0 == cli.main(["scenarios", "b.yaml", "a-long-name.yaml"])
    said, errors = capsys.readouterr()
    wanted = [
        "b            1 step in sequence  b.yaml",
        "a-long-name  2 steps             a-long-name.yaml  What the whole file is about.",
    ]
    assert (wanted, "") == (said.splitlines(), errors)


def test_scenarios_are_listed_for_programs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "scenarios").mkdir()
    (folder / "scenarios" / "b.yaml").write_text(SEQUENCE)
    assert 0 == cli.main(["scenarios", "--format", "json"])
    one = {"step": "b/one", "place": "scenarios/b.yaml:5"}
    wanted = {"name": "b", "file": "scenarios/b.yaml", "description": "", "order": "sequence", "steps": [one]}
    assert [wanted] == json.loads(capsys.readouterr().out)


def test_without_a_folder_of_ones_own_it_is_the_tour_that_is_listed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 0 == cli.main(["scenarios"])
    names = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert sorted(file.stem for file in (ROOT / "scenarios").glob("*.yaml")) == sorted(names)


def test_what_is_wrong_with_a_file_is_said_instead(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "b.yaml").write_text(SEQUENCE.replace("steps", "stepz"))
    assert 1 == cli.main(["scenarios", "."])
    said, errors = capsys.readouterr()
    assert ("", True) == (said, errors.startswith("b.yaml:4:1: stepz: unknown key. Did you mean 'steps'?"))
