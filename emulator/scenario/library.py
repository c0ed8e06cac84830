"""The scenarios in force, kept up to date with the files they come from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from emulator.scenario import files
from emulator.scenario.files import Found, NotFound
from emulator.scenario.load import Problem, Read, joined, lost, read, unreadable
from emulator.scenario.model_when import Names
from emulator.scenario.script import Scenario

__all__ = ["Library"]


@dataclass(frozen=True, slots=True)
class _Entry:
    """A file as it was read last."""

    stamp: tuple[int, int]
    data: bytes
    result: Read


class Library:
    """Scenario files that may change. What is in force is always a whole good set; a broken file never replaces one."""

    def __init__(self, paths: Iterable[str | Path], names: Names) -> None:
        self.scenarios: tuple[Scenario, ...] = ()
        """Those in force."""
        self.problems: tuple[Problem, ...] = ()
        """What is wrong with the files as they are. Not empty: what is in force is older than the files."""
        self.files: tuple[Path, ...] = ()
        """Every file that was found, absolute."""
        self._paths = tuple(paths)
        self._names = names
        self._seen: tuple[list[Found], list[NotFound]] | None = None
        self._read: dict[Path, _Entry] = {}
        self._in_force: dict[Path, _Entry] = {}
        self.refresh()

    def refresh(self) -> tuple[Problem, ...] | None:
        """Read what changed on disk. None: nothing did. Problems: the last good set stays. Empty: a new one is.

        A file whose bytes are those in force keeps its very Scenario and Step objects.
        """
        seen = files.find(self._paths)
        if seen == self._seen:
            return None
        self._seen = seen
        found, missing = seen
        self._read = {file.path: self._entry(file) for file in found}
        results = [entry.result for entry in self._read.values()]
        loaded = joined(results, lost(missing), [file.path for file in found])
        self.files = loaded.files
        self.problems = loaded.problems
        if not loaded.problems:
            self.scenarios = loaded.scenarios
            self._in_force = self._read
        return loaded.problems

    def _entry(self, file: Found) -> _Entry:
        last = self._read.get(file.path)
        if last and last.stamp == file.stamp:
            return last
        try:
            data = files.contents(file)
        except OSError as error:
            return _Entry(file.stamp, b"", unreadable(file.shown, error))
        for known in (last, self._in_force.get(file.path)):
            if known and known.data == data and known.result.scenario:
                return _Entry(file.stamp, data, known.result)
        return _Entry(file.stamp, data, read(data, file.shown, self._names))
