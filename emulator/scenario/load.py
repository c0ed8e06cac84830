"""From paths to scenarios, or to every problem of every file with its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path as FilePath
from typing import Literal

from msgspec import Struct, field
from msgspec.structs import replace
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from emulator.scenario import files, yamltree
from emulator.scenario.build import built, compiled_templates
from emulator.scenario.lint import Lint, doubts, unset, unworkable
from emulator.scenario.model import File
from emulator.scenario.model_when import Names
from emulator.scenario.scalars import NAME
from emulator.scenario.script import Scenario
from emulator.scenario.tree import TOP, Flaw, Mark, Node
from emulator.scenario.tree import Path as Keys
from emulator.scenario.wording import where, worded

__all__ = ["Loaded", "Problem", "Read", "joined", "load", "load_text", "lost", "read", "unreadable"]

MOST = 1000
"""How many problems of one file are listed."""


class Problem(Struct, frozen=True):
    """What is wrong with a scenario file, and where."""

    file: str
    """Relative to the working directory where possible."""
    line: int
    column: int
    where: str
    """The path within the file, such as `steps[0].reply.finish`; empty where the file as a whole is meant."""
    message: str
    """What is wrong, and what would be right."""
    severity: Literal["error", "warning"] = "error"
    """A warning keeps nothing from being loaded."""

    def __str__(self) -> str:
        """Write it for people and for the tools that jump to a place."""
        kind = "warning: " if self.severity == "warning" else ""
        within = f"{self.where}: " if self.where else ""
        return f"{self.file}:{self.line}:{self.column}: {kind}{within}{self.message}"


class Loaded(Struct, frozen=True):
    """What came of loading: scenarios or problems, never both."""

    scenarios: tuple[Scenario, ...]
    """In the order of the paths, and by name within a folder."""
    problems: tuple[Problem, ...]
    """By place: the files in their order, the lines in theirs."""
    files: tuple[FilePath, ...]
    """Every file that was read, absolute."""
    warnings: tuple[Problem, ...] = ()
    """What is doubtful about the files that can be used, in the same order."""


class Read(Struct, frozen=True):
    """What came of one file."""

    file: str
    scenario: Scenario | None
    problems: tuple[Problem, ...]
    """Empty where there is a scenario."""
    named_at: Mark = TOP
    """Where the name of the scenario stands."""
    lint: Lint = field(default_factory=Lint)
    """What is doubtful about it."""

    def warnings(self, more: Iterable[Flaw] = ()) -> tuple[Problem, ...]:
        """Give what is doubtful, and what else turned out to be."""
        flaws = sorted(dict.fromkeys((*self.lint.doubts, *more)), key=lambda flaw: flaw.mark)
        return tuple(replace(problem, severity="warning") for problem in _problems(self.file, flaws))


def load(paths: Iterable[str | FilePath], names: Names) -> Loaded:
    """Load scenario files and folders of them. With a problem in one of them nothing is loaded."""
    found, missing = files.find(paths)
    results = []
    for file in found:
        try:
            results.append(read(files.contents(file), file.shown, names, file.path.parent))
        except OSError as error:
            results.append(unreadable(file.shown, error))
    return joined(results, lost(missing), [file.path for file in found])


def load_text(data: bytes, file: str, names: Names) -> Loaded:
    """Load one scenario from the bytes of a file; `file` is what problems call it. Nothing lies beside it."""
    return joined([read(data, file, names, None)], (), ())


def joined(results: Iterable[Read], missing: Iterable[Problem], paths: Iterable[FilePath]) -> Loaded:
    """Put what came of several files together. Two scenarios of one name are a problem of the second."""
    results = list(results)
    scenarios: list[Scenario] = []
    problems = list(missing)
    first: dict[str, str] = {}
    for result in results:
        problems += result.problems
        if result.scenario is None:
            continue
        scenarios.append(result.scenario)
        name = result.scenario.name
        if name in first:
            message = f"the scenario '{name}' is in {first[name]} already; give this one another name."
            problems.append(Problem(result.file, *result.named_at, "name", message))
        first.setdefault(name, result.file)
    return Loaded(() if problems else tuple(scenarios), tuple(problems), tuple(paths), _doubtful(results))


def _doubtful(results: list[Read]) -> tuple[Problem, ...]:
    usable = [result for result in results if result.scenario is not None]
    # What a broken file sets and reads nobody knows.
    more = unset([result.lint for result in usable]) if len(usable) == len(results) else [[] for _ in usable]
    return tuple(problem for result, flaws in zip(usable, more, strict=True) for problem in result.warnings(flaws))


def lost(missing: Iterable[files.NotFound]) -> tuple[Problem, ...]:
    """Make problems of paths at which there is nothing."""
    return tuple(Problem(one.shown, *TOP, "", one.message) for one in missing)


def unreadable(file: str, error: OSError) -> Read:
    """Make a problem of a file that can't be opened."""
    return Read(file, None, (Problem(file, *TOP, "", f"this can't be read: {error.strerror}."),))


def read(data: bytes, file: str, names: Names, folder: FilePath | None) -> Read:
    """Read one file. `folder`: where the files lie that it names."""
    root, flaws = yamltree.read(data)
    if root is not None and root.plain is None and not flaws:
        flaws = [Flaw(TOP, (), "the file is empty.")]
    elif root is not None:
        templates, unfit = compiled_templates(root)
        form, more = _checked(root, names)
        flagged = {flaw.mark for flaw in flaws}
        flaws = [*flaws, *(flaw for flaw in (*unfit, *more) if flaw.mark not in flagged)]
        if form is not None and not form.name and not NAME.fullmatch(FilePath(file).stem):
            flaws.append(Flaw(TOP, ("name",), "the file's own name can't be the scenario's; write one."))
        if form is not None and not flaws:
            scenario, flaws = built(form, root, file, templates, folder)
            flaws += unworkable(form, root, templates)
            named = root.children.get("name")
            if not flaws:
                return Read(file, scenario, (), named.mark if named else TOP, doubts(form, root, templates, scenario))
    return Read(file, None, tuple(_problems(file, sorted(flaws, key=lambda flaw: flaw.mark))))


def _problems(file: str, flaws: list[Flaw]) -> Iterator[Problem]:
    for flaw in flaws[:MOST]:
        yield Problem(file, *flaw.mark, where(flaw.path), flaw.message)
    if len(flaws) > MOST:
        yield Problem(file, *flaws[MOST].mark, "", f"{len(flaws) - MOST:,} more problems are not listed.")


# ---------------------------------------------------------------- tree → schema


def _checked(root: Node, names: Names) -> tuple[File | None, list[Flaw]]:
    try:
        return File.model_validate(root.plain, context=names), []
    except ValidationError as error:
        return None, [_flaw(root, line) for line in error.errors(include_url=False)]


def _flaw(root: Node, line: ErrorDetails) -> Flaw:
    mark, path = _place(root, line["loc"], at_key=line["type"] == "key")
    return Flaw(mark, path, worded(line["type"], line["input"], line.get("ctx", {})))


def _place(root: Node, loc: Keys, *, at_key: bool) -> tuple[Mark, Keys]:
    """Find where a problem stands.

    The schema's own tags, which are in angle brackets, are no part of the path, nor is the index of the only item where
    one item stands for a list of it.
    """
    node, mark = root, root.mark
    path: list[str | int] = []
    for item in loc:
        child = node.children.get(item)
        if child is None and (str(item).startswith("<") or (item == 0 and not isinstance(node.plain, list))):
            continue
        path.append(item)
        if child is None:
            break
        mark = node.keys.get(str(item), child.mark) if at_key else child.mark
        node = child
    return mark, tuple(path)
