"""`maas-emulator validate`: what it prints for people, programs and GitHub, and what `serve` says of doubts."""

import json
import os
import pty
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from emulator import cli
from emulator.scenario import Problem
from emulator.scenario.report import as_github, as_json, as_text
from tests.test_cli import environment, run

GOOD = "version: 1\nsteps: [{reply: {text: a}}]\n"
DOUBTFUL = "version: 1\nsteps:\n  - reply: {text: a, finish: tool_calls}\n"
BROKEN = "version: 1\nsteps:\n  - reply: {txet: a}\n"

DOUBT = "doubtful.yaml:3:30: warning: steps[0].reply.finish: the answer calls no tool."
PROBLEM = "broken.yaml:3:13: steps[0].reply.txet: unknown key. Did you mean 'text'?"
SAYS_NOTHING = "broken.yaml:3:12: steps[0].reply: this reply says nothing"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EMULATOR_FORMAT", raising=False)
    monkeypatch.delenv("EMULATOR_STRICT", raising=False)
    for name, text in (("good", GOOD), ("doubtful", DOUBTFUL), ("broken", BROKEN)):
        Path(f"{name}.yaml").write_text(text)


Captured = pytest.CaptureFixture[str]


def validated(capsys: Captured, *arguments: str) -> tuple[int, list[str], str]:
    code = cli.main(["validate", *arguments])
    said = capsys.readouterr()
    return code, said.out.splitlines(), said.err


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("good.yaml",), (0, [], "1 scenario, 1 step: no problems.\n")),
        (("doubtful.yaml",), (0, [DOUBT], "1 scenario, 1 step: 1 warning.\n")),
        (("doubtful.yaml", "--strict"), (1, [DOUBT.replace("warning: ", "")], "1 scenario, 1 step: 1 problem.\n")),
        (("good.yaml", "--strict"), (0, [], "1 scenario, 1 step: no problems.\n")),
        (("broken.yaml",), (1, [PROBLEM], "1 problem.\n")),
        (("doubtful.yaml", "broken.yaml"), (1, [PROBLEM, DOUBT], "1 problem and 1 warning.\n")),
        (("nowhere",), (1, ["nowhere:1:1: there is no such file or folder."], "1 problem.\n")),
    ],
)
def test_problems_and_doubts_are_lines_and_their_number_is_said_aside(
    capsys: Captured, arguments: tuple[str, ...], expected: tuple[int, list[str], str]
) -> None:
    assert expected == validated(capsys, *arguments)


def test_strict_and_the_format_are_variables_too(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMULATOR_STRICT", "true")
    monkeypatch.setenv("EMULATOR_FORMAT", "github")
    line = "::error file=doubtful.yaml,line=3,col=30::steps[0].reply.finish: the answer calls no tool."
    assert (1, [line]) == validated(capsys, "doubtful.yaml")[:2]
    assert 0 == validated(capsys, "doubtful.yaml", "--no-strict")[0]


def test_a_format_that_is_none_is_wrong_usage(capsys: Captured) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["validate", "good.yaml", "--format", "xml"])
    assert (2, True) == (caught.value.code, "'xml' is not one of text, json, github" in capsys.readouterr().err)


def test_json_is_one_list(capsys: Captured) -> None:
    code, lines, errors = validated(capsys, "--format", "json", "doubtful.yaml", "broken.yaml")
    expected = [
        {
            "file": "broken.yaml",
            "line": 3,
            "column": 13,
            "where": "steps[0].reply.txet",
            "message": "unknown key. Did you mean 'text'?",
            "severity": "error",
        },
        {
            "file": "doubtful.yaml",
            "line": 3,
            "column": 30,
            "where": "steps[0].reply.finish",
            "message": "the answer calls no tool.",
            "severity": "warning",
        },
    ]
    assert (1, expected, "1 problem and 1 warning.\n") == (code, json.loads("\n".join(lines)), errors)
    assert (0, []) == (cli.main(["validate", "--format", "json", "good.yaml"]), json.loads(capsys.readouterr().out))


def test_github_is_told_in_its_commands(capsys: Captured) -> None:
    code, lines, _ = validated(capsys, "--format", "github", "doubtful.yaml", "broken.yaml")
    expected = [
        "::error file=broken.yaml,line=3,col=13::steps[0].reply.txet: unknown key. Did you mean 'text'?",
        "::warning file=doubtful.yaml,line=3,col=30::steps[0].reply.finish: the answer calls no tool.",
    ]
    assert (1, expected) == (code, lines)
    assert (0, []) == validated(capsys, "--format", "github", "good.yaml")[:2]


def test_what_would_break_a_command_is_escaped() -> None:
    problem = Problem("a,b:c%\n.yaml", 1, 2, "", "100%,\r\nso: it is.")
    assert "::error file=a%2Cb%3Ac%25%0A.yaml,line=1,col=2::100%25,%0D%0Aso: it is." == as_github([problem])


def test_a_place_in_no_key_has_no_path() -> None:
    problem = Problem("é.yaml", 1, 2, "", "m.", "warning")
    plain: Callable[[str, str], str] = lambda _, text: text  # noqa: E731 - a stand-in
    assert str(problem) == as_text([problem], plain)
    assert "é.yaml" in as_json([problem])


# ---------------------------------------------------------------- in a terminal


def in_terminal(**variables: str) -> str:
    """What the command prints where a terminal reads it."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "emulator", "validate", "doubtful.yaml", "broken.yaml"]
    env = environment(**{"TERM": "xterm", "NO_COLOR": "", **variables})
    done = subprocess.run(command, stdout=theirs, stderr=subprocess.DEVNULL, timeout=60, check=False, env=env)
    os.close(theirs)
    said = b""
    try:
        while piece := os.read(ours, 4096):
            said += piece
    except OSError:  # the end, as Linux says it of a terminal
        pass
    os.close(ours)
    assert 1 == done.returncode
    return said.decode().replace("\r\n", "\n")


def test_a_terminal_gets_colours_and_nothing_else_that_is_new() -> None:
    said = in_terminal()
    assert "\033[" in said
    assert f"{PROBLEM}\n{DOUBT}\n" == re.sub("\033\\[[0-9;]*m", "", said)


@pytest.mark.parametrize("variables", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_whoever_wants_no_colours_gets_none(variables: dict[str, str]) -> None:
    assert f"{PROBLEM}\n{DOUBT}\n" == in_terminal(**variables)


def test_a_pipe_gets_plain_lines() -> None:
    code, output, errors = run("validate", "doubtful.yaml", "broken.yaml", cwd=Path.cwd())
    assert (1, f"{PROBLEM}\n{DOUBT}\n", "1 problem and 1 warning.\n") == (code, output, errors)


# ---------------------------------------------------------------- serve


def test_serve_says_what_is_doubtful_at_its_start_and_after_a_change() -> None:
    command = [sys.executable, "-m", "emulator", "serve", "doubtful.yaml", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment())
    try:
        assert process.stderr is not None
        assert process.stdout is not None
        assert f"{DOUBT}\n" == process.stderr.readline()
        assert process.stdout.readline().startswith("maas-emulator ")
        os.utime("doubtful.yaml", (time.time(), 5))
        assert ["reloaded: 1 scenario\n", f"{DOUBT}\n"] == [process.stderr.readline() for _ in range(2)]
    finally:
        process.terminate()
        process.communicate(timeout=20)
