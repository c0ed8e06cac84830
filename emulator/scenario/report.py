"""How problems are written for whoever reads them: people, programs, and GitHub's annotations."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Final

from msgspec.structs import asdict

from emulator.scenario.load import Problem

__all__ = ["as_github", "as_json", "as_text"]

# escapeData, escapeProperty – https://github.com/actions/toolkit, packages/core/src/command.ts (2026-11-20)
_DATA: Final = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_PROPERTY: Final = {**_DATA, ":": "%3A", ",": "%2C"}


def as_text(problems: Iterable[Problem], paint: Callable[[str, str], str]) -> str:
    """Write one problem a line. `paint` gives a text the look of something `bad`, of a `key`, or `faint`."""
    return "\n".join(_line(problem, paint) for problem in problems)


def _line(problem: Problem, paint: Callable[[str, str], str]) -> str:
    place = paint("faint", f"{problem.file}:{problem.line}:{problem.column}:")
    look = "key" if problem.severity == "warning" else "bad"
    words = [paint(look, "warning:")] if problem.severity == "warning" else []
    words += [paint(look, f"{problem.where}:")] if problem.where else []
    return " ".join((place, *words, problem.message))


def as_json(problems: Iterable[Problem]) -> str:
    """Write a list of objects: file, line, column, where, message and severity."""
    return json.dumps([asdict(problem) for problem in problems], indent=2, ensure_ascii=False)


def as_github(problems: Iterable[Problem]) -> str:
    """Write workflow commands, which GitHub shows beside the lines they are about."""
    return "\n".join(_command(problem) for problem in problems)


def _command(problem: Problem) -> str:
    within = f"{problem.where}: " if problem.where else ""
    place = f"file={_escaped(problem.file, _PROPERTY)},line={problem.line},col={problem.column}"
    return f"::{problem.severity} {place}::{_escaped(within + problem.message, _DATA)}"


def _escaped(text: str, signs: dict[str, str]) -> str:
    return "".join(signs.get(letter, letter) for letter in text)
