"""What docs/pytest.md says is true: its files run, and its tables are those of the code."""

import inspect
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from emulator import Emulator, Exchange, Session, Verdict
from emulator.testing import builders, plugin
from emulator.testing.clients import Clients
from emulator.testing.session import Clock, Gates, Setup
from tests.live import ROOT
from tests.pages import BLOCKS, Block, code, each, read, table

PAGE = ROOT / "docs" / "pytest.md"


def file_of(block: Block) -> str:
    found = re.match(r"# (\S+)\n", block.text)
    assert found
    return found[1]


@pytest.fixture
def folder(pytester: pytest.Pytester) -> Path:
    """A folder with the scenarios of the page."""
    for block in BLOCKS:
        if block.place.startswith("docs/pytest.md:") and block.kind == "yaml":
            file = pytester.path / file_of(block)
            file.parent.mkdir(exist_ok=True)
            file.write_text(block.text, encoding="utf-8")
    pytester.makeini("[pytest]\nfilterwarnings =\n    error\n    ignore:unclosed <socket:ResourceWarning\n")
    return pytester.path


def failure_after(block: Block) -> str:
    found = [other.text for other in BLOCKS if other.before is block and other.kind == "failure"]
    return found[0] if found else ""


@each("file")
def test_a_file_of_the_page_runs(block: Block, folder: Path, pytester: pytest.Pytester) -> None:
    name = file_of(block)
    (folder / name).write_text(block.text, encoding="utf-8")
    if "import unittest" in block.text or not name.startswith("test_"):
        words = ["-m", "unittest", name.removesuffix(".py")] if name.startswith("test_") else [name]
        command = [sys.executable, *words]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=100, check=False)
        assert 0 == done.returncode, done.stderr
        assert re.findall(r"^# prints: (.*)$", block.text, re.MULTILINE) == done.stdout.splitlines()
        return
    options = ("-p", "no:cacheprovider", "-p", "no:asyncio", "-p", "no:aiohttp")
    result = pytester.runpytest_inprocess(*options, name)
    failure = failure_after(block)
    assert bool(failure) == result.ret
    printed = "\n".join(result.outlines)
    assert re.sub(r"em-\w{8}", "", failure) in re.sub(r"em-\w{8}", "", printed)


@each("failure")
def test_a_failure_is_of_the_file_before(block: Block) -> None:
    assert block.before is not None
    assert "file" == block.before.kind


@each("pytest")
def test_the_options_of_a_command_are_there(block: Block, folder: Path, pytester: pytest.Pytester) -> None:
    [test] = [other.text for other in BLOCKS if other.kind == "file" and file_of(other) == "test_weather.py"]
    (folder / "test_weather.py").write_text(test, encoding="utf-8")
    options = ("-p", "no:cacheprovider", "-p", "no:asyncio", "-p", "no:aiohttp")
    result = pytester.runpytest_inprocess(*block.text.split()[1:], *options)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["steps: 2 of 2 answered"])
    assert 1 == len(list((folder / "transcripts").iterdir()))


def public(kind: type) -> set[str]:
    return {name for name in (*vars(kind), *getattr(kind, "__annotations__", ())) if name[0] != "_"}


def names(cells: str) -> set[str]:
    return {re.split(r"\(", words)[0] for words in code(cells)}


def test_the_table_of_the_session_names_all_that_it_has() -> None:
    rows = {row[0]: row[1] for row in table(read(PAGE), "of a session", "is")}
    assert public(Session) == set().union(*map(names, rows))
    lists = {", ".join(sorted(names(first))): " ".join(code(second)) for first, second in rows.items()}

    def listed(row: str) -> set[str]:
        return set(re.findall(r"\.(\w+)", lists[row]))

    assert {field.name for field in fields(Exchange)} - {"number"} == listed("requests")
    assert public(Clock) == listed("clock")
    assert public(Gates) == listed("gates")
    assert public(Verdict) - {"of"} == listed("verdict")
    assert {"openai", "anthropic", "gemini", "url", "key"} == listed(
        "cloudbase, cloudsway, enveloped, plain, provider"
    ) & public(Clients)


def test_the_tables_of_settings_are_those_of_the_plugin(pytestconfig: pytest.Config) -> None:
    text = read(PAGE)
    marks = [row[0].strip("`") for row in table(text, "mark", "does")]
    assert {"scenario", "emulator"} == {mark.partition("(")[0] for mark in marks}
    settings = {mark.partition("(")[2].partition("=")[0] for mark in marks[1:]}
    assert set(plugin._SETTINGS) == settings
    assert settings - {"strict"} == set(Setup.__struct_fields__) - {"texts", "scenarios"}
    fixtures = [name for name in plugin.__all__ if name.startswith("emulator")]
    assert sorted(fixtures) == sorted(row[0].strip("`") for row in table(text, "fixture", "is"))
    options = [code(row[0])[0].split()[0] for row in table(text, "option", "does")]
    assert [] == [option for option in options if pytestconfig.getoption(option, default=...) is ...]
    assert 3 == len(options)


def test_the_builders_and_the_arguments_are_those_of_the_code() -> None:
    said = " ".join(read(PAGE).split())
    named = re.findall(r"`(\w+)\(", said)
    assert set(builders.__all__) <= set(named)
    given = re.search(r"`Emulator\((.*?)\)`, with the meaning", said)
    assert given
    signature = inspect.signature(Emulator.__init__)
    parameters = [
        f"*{name}" if one.kind is one.VAR_POSITIONAL else f"{name}={one.default!r}".replace("'", '"')
        for name, one in signature.parameters.items()
        if name != "self"
    ]
    assert ", ".join(parameters) == given[1]
