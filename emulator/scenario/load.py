"""From paths to scenarios, or to every problem of every file with its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from emulator.scenario import files, yamltree
from emulator.scenario.conditions import checks
from emulator.scenario.model import Defaults, File, StepForm
from emulator.scenario.model_when import Names
from emulator.scenario.replies import reply
from emulator.scenario.scalars import NAME, TEMPLATE
from emulator.scenario.script import Scenario, Step, Turned
from emulator.scenario.tree import TOP, Flaw, Mark, Node
from emulator.scenario.tree import Path as Keys
from emulator.scenario.wording import where, worded
from emulator.types import Json

__all__ = ["Loaded", "Problem", "Read", "joined", "load", "load_text", "lost", "read", "unreadable"]

MOST = 1000
"""How many problems of one file are listed."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a scenario file, and where."""

    file: str
    """Relative to the working directory where possible."""
    line: int
    column: int
    where: str
    """The path within the file, such as `steps[0].reply.finish`; empty where the file as a whole is meant."""
    message: str
    """What is wrong, and what would be right."""

    def __str__(self) -> str:
        """Write it for people and for the tools that jump to a place."""
        within = f"{self.where}: " if self.where else ""
        return f"{self.file}:{self.line}:{self.column}: {within}{self.message}"


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came of loading: scenarios or problems, never both."""

    scenarios: tuple[Scenario, ...]
    """In the order of the paths, and by name within a folder."""
    problems: tuple[Problem, ...]
    """By place: the files in their order, the lines in theirs."""
    files: tuple[Path, ...]
    """Every file that was read, absolute."""


@dataclass(frozen=True, slots=True)
class Read:
    """What came of one file."""

    file: str
    scenario: Scenario | None
    problems: tuple[Problem, ...]
    """Empty where there is a scenario."""
    named_at: Mark = TOP
    """Where the name of the scenario stands."""


def load(paths: Iterable[str | Path], names: Names) -> Loaded:
    """Load scenario files and folders of them. With a problem in one of them nothing is loaded."""
    found, missing = files.find(paths)
    results = []
    for file in found:
        try:
            results.append(read(files.contents(file), file.shown, names))
        except OSError as error:
            results.append(unreadable(file.shown, error))
    return joined(results, lost(missing), [file.path for file in found])


def load_text(data: bytes, file: str, names: Names) -> Loaded:
    """Load one scenario from the bytes of a file; `file` is what problems call it."""
    return joined([read(data, file, names)], (), ())


def joined(results: Iterable[Read], missing: Iterable[Problem], paths: Iterable[Path]) -> Loaded:
    """Put what came of several files together. Two scenarios of one name are a problem of the second."""
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
    return Loaded(() if problems else tuple(scenarios), tuple(problems), tuple(paths))


def lost(missing: Iterable[files.NotFound]) -> tuple[Problem, ...]:
    """Make problems of paths at which there is nothing."""
    return tuple(Problem(one.shown, *TOP, "", one.message) for one in missing)


def unreadable(file: str, error: OSError) -> Read:
    """Make a problem of a file that can't be opened."""
    return Read(file, None, (Problem(file, *TOP, "", f"this can't be read: {error.strerror}."),))


def read(data: bytes, file: str, names: Names) -> Read:
    """Read one file."""
    root, flaws = yamltree.read(data)
    if root is not None and root.plain is None and not flaws:
        flaws = [Flaw(TOP, (), "the file is empty.")]
    elif root is not None:
        form, more = _checked(root, names)
        flagged = {flaw.mark for flaw in flaws}
        flaws = [*flaws, *(flaw for flaw in more if flaw.mark not in flagged)]
        if form is not None and not form.name and not NAME.fullmatch(Path(file).stem):
            flaws.append(Flaw(TOP, ("name",), "the file's own name can't be the scenario's; write one."))
        if form is not None and not flaws:
            scenario = _scenario(form, root, file)
            named = root.children.get("name")
            return Read(file, scenario, (), named.mark if named else TOP)
    return Read(file, None, tuple(_problems(file, sorted(flaws, key=lambda flaw: flaw.mark))))


def _problems(file: str, flaws: list[Flaw]) -> Iterator[Problem]:
    for flaw in flaws[:MOST]:
        yield Problem(file, *flaw.mark, where(flaw.path), flaw.message)
    if len(flaws) > MOST:
        yield Problem(file, *flaws[MOST].mark, "", f"{len(flaws) - MOST:,} more problems are not listed.")


# ---------------------------------------------------------------- tree → schema


def _checked(root: Node, names: Names) -> tuple[File | None, list[Flaw]]:
    templates = list(_templates(root))
    try:
        return File.model_validate(root.plain, context=names), templates
    except ValidationError as error:
        return None, templates + [_flaw(root, line) for line in error.errors(include_url=False)]


def _flaw(root: Node, line: ErrorDetails) -> Flaw:
    mark, path = _place(root, line["loc"], at_key=line["type"] == "key")
    return Flaw(mark, path, worded(line["type"], line["input"], line.get("ctx", {})))


def _place(root: Node, loc: Keys, *, at_key: bool) -> tuple[Mark, Keys]:
    """Find where a problem stands. The schema's own tags, which are in angle brackets, are no part of the path."""
    node, mark = root, root.mark
    path: list[str | int] = []
    for item in loc:
        child = node.children.get(item)
        if child is None and str(item).startswith("<"):
            continue
        path.append(item)
        if child is None:
            break
        mark = node.keys.get(str(item), child.mark) if at_key else child.mark
        node = child
    return mark, tuple(path)


def _templates(root: Node) -> Iterator[Flaw]:
    """Find the texts of replies that are templates."""
    waiting = list(_replies(root))
    while waiting:
        path, node = waiting.pop()
        if isinstance(node.plain, str) and (sign := TEMPLATE.search(node.plain)):
            message = f"a template, '{sign.group()}', is part of the language but not of this version yet."
            yield Flaw(node.mark, path, message)
        waiting += [((*path, key), child) for key, child in node.children.items()]


def _replies(root: Node) -> Iterator[tuple[Keys, Node]]:
    if "defaults" in root.children:
        yield ("defaults",), root.children["defaults"]
    steps = root.children["steps"].children if "steps" in root.children else {}
    for index, step in steps.items():
        for key in ("reply", "replies"):
            if key in step.children:
                yield ("steps", index, key), step.children[key]


# ---------------------------------------------------------------- schema → scenario


def _scenario(form: File, root: Node, file: str) -> Scenario:
    name = form.name or Path(file).stem
    defaults = form.defaults or Defaults()
    nodes = root.children["steps"].children.values()
    steps = [
        _step(step, node, f"{name}/{step.name or f'step-{number}'}", f"{file}:{node.mark.line}", defaults)
        for number, (step, node) in enumerate(zip(form.steps, nodes, strict=True), 1)
    ]
    return Scenario(name, file, form.description, tuple(steps))


def _step(form: StepForm, node: Node, name: str, place: str, defaults: Defaults) -> Step:
    when: Json = node.children["when"].plain if form.when else None
    conditions = checks(form.when, when) if form.when else ()
    if form.reply is not None:
        return Step(name, place, conditions, (Turned(reply(form.reply, defaults)),), when)
    turned = [Turned(reply(one, defaults), one.times or 1) for one in form.replies or ()]
    return Step(name, place, conditions, tuple(turned), when)
