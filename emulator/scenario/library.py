"""The scenarios in force: kept up to date with the files they come from, and what is put beside those."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from msgspec import Struct

from emulator.scenario import files
from emulator.scenario.files import Found, NotFound
from emulator.scenario.load import Problem, Read, joined, lost, read, unreadable
from emulator.scenario.model_when import Names
from emulator.scenario.script import Scenario

__all__ = ["Library"]

_MOST_TEXTS: Final = 256
"""How many scenarios that were put are kept read, the newest."""


class _Entry(Struct, frozen=True):
    """A file as it was read last."""

    stamp: tuple[int, int]
    data: bytes
    result: Read


class Library:
    """Scenario files that may change, and scenarios that are put beside them.

    What is in force is always a whole good set; a broken file or text never replaces one. A scenario that was put
    stands in the place of a file's of the same name, and otherwise after the files.
    """

    def __init__(self, paths: Iterable[str | Path], names: Names) -> None:
        self.scenarios: tuple[Scenario, ...] = ()
        """Those in force."""
        self.problems: tuple[Problem, ...] = ()
        """What is wrong with the files as they are. Not empty: what is in force is older than the files."""
        self.warnings: tuple[Problem, ...] = ()
        """What is doubtful about the files as they are."""
        self.files: tuple[Path, ...] = ()
        """Every file that was found, absolute."""
        self._paths = tuple(paths)
        self._names = names
        self._seen: tuple[list[Found], list[NotFound]] | None = None
        self._read: dict[Path, _Entry] = {}
        self._in_force: dict[Path, _Entry] = {}
        self._of_files: tuple[Scenario, ...] = ()
        self._put: dict[str, tuple[bytes, Scenario]] = {}
        self._texts: dict[tuple[bytes, str, Path | None], Read] = {}
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
        self.warnings = loaded.warnings
        if not loaded.problems:
            self._of_files = loaded.scenarios
            self._in_force = self._read
            self._join()
        return loaded.problems

    @property
    def source(self) -> tuple[tuple[str | Path, ...], Names]:
        """What it is made of, so that another process can make it too: not what was put."""
        return self._paths, self._names

    @property
    def put_names(self) -> tuple[str, ...]:
        """The names of the scenarios that were put, in their order."""
        return tuple(self._put)

    def text(self, data: bytes, file: str, folder: Path | None = None) -> Read:
        """Read a scenario that is put: `file` is what problems call it, `folder` where the files lie that it names.

        The same text again gives the very same Scenario, so that a test suite pays for its files once.
        """
        key = data, file, folder
        result = self._texts.pop(key, None) or read(data, file, self._names, folder)
        if result.scenario is not None:
            self._texts[key] = result
        if len(self._texts) > _MOST_TEXTS:
            self._texts.pop(next(iter(self._texts)))
        return result

    def read(self, name: str, data: bytes) -> tuple[Scenario | None, tuple[Problem, ...]]:
        """Read a scenario of this name that is in no file: the scenario, or what is wrong with it."""
        file = f"{name}.yaml"
        result = self.text(data, file)
        if result.scenario is None or result.scenario.name == name:
            return result.scenario, result.problems
        message = f"this scenario is called '{result.scenario.name}', and '{name}' is to be put; write the same name."
        return None, (Problem(file, *result.named_at, "name", message),)

    def put(self, name: str, data: bytes) -> tuple[Problem, ...]:
        """Put a scenario in force, beside the files or in place of one. With problems, what was in force stays.

        The same text again keeps its very Scenario and Step objects.
        """
        if name in self._put and self._put[name][0] == data:
            return ()
        scenario, problems = self.read(name, data)
        if scenario is not None:
            self._put[name] = data, scenario
            self._join()
        return problems

    def remove(self, name: str) -> bool:
        """Take away a scenario that was put; whether there was one. A file's of the same name is in force again."""
        gone = self._put.pop(name, None)
        if gone is not None:
            self._join()
        return gone is not None

    def _join(self) -> None:
        put = {name: scenario for name, (_, scenario) in self._put.items()}
        beside = [put.pop(scenario.name, scenario) for scenario in self._of_files]
        self.scenarios = (*beside, *put.values())

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
        return _Entry(file.stamp, data, read(data, file.shown, self._names, file.path.parent))
