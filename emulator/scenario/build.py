"""From a file whose schema holds to the scenario it says: templates, steps, replies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Never

from msgspec.structs import replace

from emulator.scenario.captures import captures
from emulator.scenario.conditions import checks, counted
from emulator.scenario.model import Defaults, File, StepForm
from emulator.scenario.replies import Form, Shared, chaos, reply
from emulator.scenario.scalars import TEMPLATE
from emulator.scenario.script import Chaos, Limits, Scenario, Step, Turned
from emulator.scenario.tree import Flaw, Node
from emulator.scenario.tree import Path as Keys
from emulator.scenario.wording import show
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.scenario.templates import Template

__all__ = ["built", "compiled_templates", "in_line", "templates_of"]

# ---------------------------------------------------------------- templates


def compiled_templates(root: Node) -> tuple[Mapping[str, Template], list[Flaw]]:
    """Compile every template of a file, by its text, and say which can't work."""
    written = list(templates_of(root))
    if not written:
        return {}, []
    from emulator.scenario.templates import Misfit, compiled  # noqa: PLC0415 - the engine takes time to load

    templates: dict[str, Template] = {}
    flaws = []
    for path, node in written:
        text: str = node.plain
        if text in templates:
            continue
        try:
            templates[text] = compiled(text)
        except Misfit as error:
            flaws.append(Flaw(node.mark, path, in_line(text, error.line) + error.sentence))
    return templates, flaws


def in_line(text: str, line: int) -> str:
    """Say in which line of a text something is, where it has several."""
    return f"line {line} of this text: " if "\n" in text.rstrip("\n") else ""


def templates_of(root: Node) -> Iterator[tuple[Keys, Node]]:
    """Give the texts that are templates, and where they stand."""
    waiting = list(_replies(root))
    while waiting:
        path, node = waiting.pop()
        if isinstance(node.plain, str) and TEMPLATE.search(node.plain):
            yield path, node
        waiting += [((*path, key), child) for key, child in node.children.items() if key not in ("stream", "fault")]
        happenings = node.children["stream"].children.get("at") if "stream" in node.children else None
        for index, entry in (happenings.children if happenings else {}).items():
            if "error" in entry.children:
                waiting.append(((*path, "stream", "at", index, "error"), entry.children["error"]))


def _replies(root: Node) -> Iterator[tuple[Keys, Node]]:
    for key in ("defaults", "chaos"):
        if key in root.children:
            yield (key,), root.children[key]
    steps = root.children["steps"].children if "steps" in root.children else {}
    for index, step in steps.items():
        for key in ("reply", "replies"):
            if key in step.children:
                yield ("steps", index, key), step.children[key]


# ---------------------------------------------------------------- steps


def built(
    form: File, root: Node, file: str, templates: Mapping[str, Template], folder: FilePath | None
) -> tuple[Scenario, list[Flaw]]:
    """Make the scenario, and say what it names that can't be had. With a flaw the scenario is not to be used."""
    defaults = root.children.get("defaults")
    written = defaults.plain if defaults else None
    shared = Shared(form.defaults or Defaults.model_construct(), written, templates, form.vars or {}, folder)
    name = form.name or FilePath(file).stem
    flaws: list[Flaw] = []
    steps = []
    for index, (step, node) in enumerate(zip(form.steps, root.children["steps"].children.values(), strict=True)):
        label = f"{name}/{step.name or f'step-{index + 1}'}"
        replies = list(_turned(step, node, ("steps", index), shared, flaws))
        steps.append(_step(step, node, label, f"{file}:{node.mark.line}", replies))
    if any("call" in template.names for template in templates.values()):
        steps = [replace(step, counted=True) for step in steps]
    limits = Limits(**form.limits.model_dump()) if form.limits else None
    made = Scenario(
        name,
        file,
        form.description,
        tuple(steps),
        form.order,
        form.on_end or "miss",
        tuple(form.models or ()),
        limits,
        tuple(_chaos(form, root, shared)),
        form.requests,
    )
    return made, flaws


def _step(form: StepForm, node: Node, name: str, place: str, replies: list[Turned]) -> Step:
    if form.when is None:
        return Step(name, place, (), tuple(replies), None, form.times)
    when: Json = node.children["when"].plain
    return Step(name, place, checks(form.when, when), tuple(replies), when, form.times, counted(form.when))


def _turned(form: StepForm, node: Node, path: Keys, shared: Shared, flaws: list[Flaw]) -> Iterator[Turned]:
    found = captures(form.when) if form.when and shared.templates else None

    def made(one: Form, at: Node, place: Keys) -> Turned:
        try:
            times = one.times or (1 if one.chance is None else None)
            return Turned(reply(one, at.plain, found, shared), times, one.chance)
        except ValueError as error:
            where, named = _named_file(at, str(error))
            flaws.append(Flaw(named.mark, (*place, *where), str(error)))
            return Turned(lambda _: _never())

    if form.reply is not None:
        yield made(form.reply, node.children["reply"], (*path, "reply"))
    for index, one in enumerate(form.replies or ()):
        yield made(one, node.children["replies"].children[index], (*path, "replies", index))


def _named_file(reply: Node, message: str) -> tuple[Keys, Node]:
    """Find the file that can't be had: the one whose name the sentence says, else the only one."""
    kind = next(key for key in ("raw", "images", "audio") if key in reply.children)
    given = reply.children[kind]
    holders = given.children.items() if isinstance(given.plain, list) else [(None, given)]
    named = [((kind, *([] if key is None else [key]), "file"), holder.children["file"])
             for key, holder in holders if "file" in holder.children]  # fmt: skip
    return next((one for one in named if show(one[1].plain) in message), named[0])


def _never() -> Never:  # pragma: no cover - a scenario with a flaw is not used
    raise AssertionError


def _chaos(form: File, root: Node, shared: Shared) -> Iterator[Chaos]:
    written = root.children["chaos"].plain if form.chaos else None
    listed = written if isinstance(written, list) else [written]
    for one, plain in zip(form.chaos or (), listed, strict=False):
        yield chaos(one, plain, shared)
