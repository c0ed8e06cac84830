"""What is doubtful about a file that loads: steps that nothing reaches, moments that never come, names nobody reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from msgspec import Struct

from emulator.scenario.build import in_line, templates_of
from emulator.scenario.captures import captured
from emulator.scenario.covers import Comparing, fitting_text
from emulator.scenario.model import File
from emulator.scenario.model_content import BlockWords, Ended, TextWords
from emulator.scenario.model_reply import ChoicesReply
from emulator.scenario.model_stream import HappeningForm
from emulator.scenario.model_when import When
from emulator.scenario.predicates import MISSING, compiled
from emulator.scenario.replies import Form
from emulator.scenario.script import Scenario, Turned
from emulator.scenario.tree import Flaw, Mark, Node
from emulator.scenario.tree import Path as Keys
from emulator.scenario.wording import known_keys, show, suggestion
from emulator.types import Completion, Part, Raw, Reasoning, Refusal, Reply, Text

if TYPE_CHECKING:
    from emulator.scenario.templates import Template

__all__ = ["Lint", "doubts", "unset", "unworkable"]

_MOST_COMPARED: Final = 20_000
_MOST_GATES: Final = 200
_SHORTEST: Final = 5
"""How long names are at least of which one may be a slip for another."""

Templates: TypeAlias = Mapping[str, "Template"]


class Lint(Struct, frozen=True):
    """What is doubtful about a file."""

    doubts: tuple[Flaw, ...] = ()
    """Whatever other files say."""
    asked: Mapping[str, Flaw] | None = None
    """By the name of a state that a step or a template can't do without: what to say where no file sets it."""
    kept: Mapping[str, Flaw] | None = None
    """By the name of a state that a reply sets: what to say where no file reads it."""
    read: frozenset[str] = frozenset()
    """The names of the states that it reads."""
    opaque: bool = False
    """Whether it reads states of which nobody knows the names."""


class _Page(NamedTuple):
    """A file in all its forms."""

    form: File
    root: Node
    templates: Templates
    made: Scenario


class _Spot(NamedTuple):
    """A reply and where it stands."""

    path: Keys
    form: Form
    node: Node
    turned: Turned


def doubts(form: File, root: Node, templates: Templates, made: Scenario) -> Lint:
    """Give what is doubtful about a file that can be used."""
    page = _Page(form, root, templates, made)
    spots = list(_spots(page))
    found = [
        *_unreachable(page),
        *(flaw for spot in spots for flaw in (*_ends(spot), *_moments(spot), *_gate_again(spot))),
        *_chances(page),
        *_gates_alike(page, spots),
        *_unread_vars(page),
    ]
    return Lint(
        tuple(found),
        _asked(page),
        _kept(spots),
        frozenset(_read(page)),
        opaque=any("state" in template.opaque for template in templates.values()),
    )


def unset(lints: list[Lint]) -> list[list[Flaw]]:
    """Give, for each of several files that are used together, what it asks of the state and what it keeps in vain."""
    kept = {name for lint in lints for name in lint.kept or ()}
    read = {name for lint in lints for name in lint.read}
    opaque = any(lint.opaque for lint in lints)
    found = []
    for lint in lints:
        asked = [flaw for name, flaw in (lint.asked or {}).items() if name not in kept]
        vain = [flaw for name, flaw in (lint.kept or {}).items() if name not in read and not opaque]
        found.append(asked + vain)
    return found


def _spots(page: _Page) -> Iterator[_Spot]:
    for index, (step, made) in enumerate(zip(page.form.steps, page.made.steps, strict=True)):
        node = _steps(page.root)[index]
        if step.reply is not None:
            yield _Spot(("steps", index, "reply"), step.reply, node.children["reply"], made.replies[0])
        for number, reply in enumerate(step.replies or ()):
            path = ("steps", index, "replies", number)
            yield _Spot(path, reply, node.children["replies"].children[number], made.replies[number])


def _steps(root: Node) -> Mapping[str | int, Node]:
    return root.children["steps"].children


# ---------------------------------------------------------------- templates that can't work


def unworkable(form: File, root: Node, templates: Templates) -> Iterator[Flaw]:
    """Give the templates that need a constant or a group that is not there."""
    if not templates:
        return
    groups = [captured(step.when) if step.when else frozenset() for step in form.steps]
    all_groups = frozenset(name for names in groups for name in names)
    known = {"vars": frozenset(form.vars or {})}
    for path, node in templates_of(root):
        template = templates[node.plain]
        # Defaults are under the replies of all steps; an error by chance is of none.
        index = path[1] if path[0] == "steps" and isinstance(path[1], int) else None
        of_step = groups[index] if index is not None else all_groups if path[0] == "defaults" else frozenset()
        for name, key, line in template.needs:
            if name != "state" and key not in {**known, "match": of_step}[name]:
                words = _no_var(key, known["vars"]) if name == "vars" else _no_group(key, of_step, index)
                yield Flaw(node.mark, path, in_line(node.plain, line) + words)


def _no_var(key: str, known: frozenset[str]) -> str:
    names = sorted(known)
    there = suggestion(key, names) or (known_keys(names) if names else " This file has no vars.")
    return f"{show(key)} is no key of vars.{there}"


def _no_group(key: str, known: frozenset[str], index: int | None) -> str:
    where = "this step" if index is not None else "a step"
    meant = suggestion(key, sorted(known)) or f" A group is written (?P<{key}>…), in a regex of 'when'."
    return f"no regex of {where} has a group {show(key)}.{meant}"


# ---------------------------------------------------------------- steps and replies that nothing reaches


def _unreachable(page: _Page) -> Iterator[Flaw]:
    if page.form.order != "any":
        return
    comparing = Comparing(_MOST_COMPARED)
    takers: dict[int, When | None] = {}
    everything = False
    for index, step in enumerate(page.form.steps):
        if not everything and comparing.left < 0:
            takers = {}
        rivals = _rivals(page, step.when, takers) if takers else ()
        found = next((taker for taker in rivals if comparing.takes(takers[taker], step.when)), None)
        if found is not None:
            yield Flaw(_steps(page.root)[index].mark, ("steps", index), _taken(page, found, everything=everything))
        elif step.times is None:
            everything = comparing.takes(step.when, None)
            takers = {} if everything else takers
            takers[index] = step.when


def _rivals(page: _Page, when: When | None, takers: Mapping[int, When | None]) -> Iterable[int]:
    """Those that may take all that a step takes. Where a text that fits it is plain to see, they fit that text too."""
    text = fitting_text(when)
    return takers if text is None else (place for place in page.made.sieve.passing(text) if place in takers)


def _taken(page: _Page, index: int, *, everything: bool) -> str:
    name = page.made.steps[index].name.rpartition("/")[2]
    step = f"'{name}' (line {_steps(page.root)[index].mark.line})"
    if everything:
        return f"nothing gets to this step: {step} takes every request; put that one last."
    return f"nothing gets to this step: {step} takes every request that this one could; put this one above it."


def _chances(page: _Page) -> Iterator[Flaw]:
    for index, step in enumerate(page.form.steps):
        for number, reply in enumerate(step.replies or ()):
            node = _steps(page.root)[index].children["replies"].children[number]
            path = ("steps", index, "replies", number)
            if reply.chance == 0:
                yield Flaw(node.children["chance"].mark, (*path, "chance"), "with a chance of 0% this never answers.")
            if reply.chance == 1 and reply.times is None:
                message = "with a chance of 100% this answers every time, and nothing gets to the replies after it."
                yield Flaw(node.children["chance"].mark, (*path, "chance"), message)


# ---------------------------------------------------------------- how an answer ends


def _ends(spot: _Spot) -> Iterator[Flaw]:
    if isinstance(spot.form, ChoicesReply):
        for index, choice in enumerate(spot.form.choices):
            node = spot.node.children["choices"].children[index]
            yield from _end(choice, node, (*spot.path, "choices", index))
    elif isinstance(spot.form, Ended):
        yield from _end(spot.form, spot.node, spot.path)


def _end(form: Ended, node: Node, path: Keys) -> Iterator[Flaw]:
    if form.stop_sequence is not None and form.finish != "stop_sequence":
        yield Flaw(node.keys["stop_sequence"], (*path, "stop_sequence"), "this goes with finish: stop_sequence.")
    if form.finish == "stop_sequence" and not form.stop_sequence:
        message = "the answer does not say which sequence was hit; 'stop_sequence' beside this does."
        yield Flaw(node.children["finish"].mark, (*path, "finish"), message)
    if form.finish == "tool_calls" and not _calls(form):
        yield Flaw(node.children["finish"].mark, (*path, "finish"), "the answer calls no tool.")


def _calls(form: Ended) -> bool:
    match form:
        case TextWords():
            return bool(form.tool_calls or form.from_schema)
        case BlockWords():
            return any(block.tool_call or block.from_schema for block in form.content)
        case _:
            return True


# ---------------------------------------------------------------- what happens on the way


class _Entry(NamedTuple):
    form: HappeningForm
    node: Node
    path: Keys


def _entries(form: object, node: Node, path: Keys) -> list[_Entry]:
    """Give what happens on the way of a reply that says so itself."""
    stream = getattr(form, "stream", None)
    if stream is None or stream.at is None:
        return []
    nodes = node.children["stream"].children["at"].children
    return [_Entry(one, nodes[index], (*path, "stream", "at", index)) for index, one in enumerate(stream.at)]


def _moments(spot: _Spot) -> Iterator[Flaw]:
    entries = _entries(spot.form, spot.node, spot.path)
    answer = spot.turned.reply.answer if isinstance(spot.turned.reply, Reply) else None
    pieces = _pieces(answer)
    for form, node, path in entries:
        if pieces is not None and form.chunk is not None and form.chunk > pieces:
            there = f"{pieces} piece{'s'[: pieces != 1]}"
            message = f"this reply goes out in {there}, so this moment never comes."
            yield Flaw(node.children["chunk"].mark, (*path, "chunk"), message)
        if form.text is not None and not _may_say(answer, form.text):
            message = f"this reply never says {show(form.text)}, so this moment never comes."
            yield Flaw(node.children["text"].mark, (*path, "text"), message)
    for earlier, later in pairwise(entries):
        for key in ("chunk", "after"):
            first, second = getattr(earlier.form, key), getattr(later.form, key)
            if first is not None and second is not None and second < first:
                message = "the entry before has a later moment, and entries happen in their order; put this first."
                yield Flaw(later.node.children[key].mark, (*later.path, key), message)


def _pieces(answer: object) -> int | None:
    """How many pieces an answer goes out in; None where that depends."""
    match answer:
        case Raw(pieces=pieces, streamed=True):
            return len(pieces)
        case Completion(parts=parts, others=()) if parts and all(isinstance(part, Text) for part in parts):
            return sum(len(part.cuts) + 1 for part in parts if isinstance(part, Text) and part.text)
        case _:
            return None


def _may_say(answer: object, text: str) -> bool:
    match answer:
        case Raw(pieces=pieces, streamed=True):
            return text in "".join(piece.decode(errors="replace") for piece in pieces)
        case Completion(parts=parts):
            # A protocol that has no place for reasoning or for a refusal may say it as text.
            kinds: tuple[tuple[type[Part], ...], ...] = ((Text,), (Text, Refusal), (Text, Refusal, Reasoning))
            return any(text in "".join(_said(part) for part in parts if isinstance(part, kind)) for kind in kinds)
        case _:
            return True


def _said(part: Part) -> str:
    return part.text if isinstance(part, Text | Refusal | Reasoning) else ""


# ---------------------------------------------------------------- gates


def _gate_again(spot: _Spot) -> Iterator[Flaw]:
    seen: set[str] = set()
    for form, node, path in _entries(spot.form, spot.node, spot.path):
        if form.gate in seen:
            message = f"the gate {show(form.gate)} stays open once it is opened, so nothing waits here; give it a name."
            yield Flaw(node.children["gate"].mark, (*path, "gate"), message)
        seen |= {form.gate} if form.gate else set()


def _gates_alike(page: _Page, spots: list[_Spot]) -> Iterator[Flaw]:
    places: dict[str, tuple[Mark, Keys]] = {}
    defaults = page.root.children.get("defaults")
    entries = _entries(page.form.defaults, defaults, ("defaults",)) if defaults else []
    entries += [entry for spot in spots for entry in _entries(spot.form, spot.node, spot.path)]
    for form, node, path in entries:
        if form.gate:
            places.setdefault(form.gate, (node.children["gate"].mark, (*path, "gate")))
    names = sorted(places, key=lambda name: places[name][0])[:_MOST_GATES]
    for index, name in enumerate(names):
        other = next((one for one in names[:index] if _is_slip(one, name)), None)
        if other is not None:
            line = places[other][0].line
            message = f"this is not the gate {show(other)} of line {line}; if it is meant to be, write it alike."
            yield Flaw(*places[name], message)


def _is_slip(one: str, other: str) -> bool:
    """Whether two names are alike but for upper and lower case, or for one letter that is no digit."""
    if one.casefold() == other.casefold():
        return True
    short, long = sorted((one, other), key=len)
    if len(short) < _SHORTEST or len(long) - len(short) > 1:
        return False
    at = next((place for place, pair in enumerate(zip(short, long, strict=False)) if pair[0] != pair[1]), len(short))
    if len(short) == len(long):
        return short[at + 1 :] == long[at + 1 :] and short[at].isalpha() and long[at].isalpha()
    return short[at:] == long[at + 1 :] and long[at].isalpha()


# ---------------------------------------------------------------- names that nobody reads


def _unread_vars(page: _Page) -> Iterator[Flaw]:
    if any("vars" in template.opaque for template in page.templates.values()):
        return
    read = {key for template in page.templates.values() for name, key in template.reads if name == "vars"}
    for name in page.form.vars or {}:
        if name not in read:
            yield Flaw(page.root.children["vars"].keys[name], ("vars", name), "no template of this file reads this.")


def _asked(page: _Page) -> dict[str, Flaw]:
    found: dict[str, Flaw] = {}
    for index, step in enumerate(page.form.steps):
        for name, predicate in ((step.when.state if step.when else None) or {}).items():
            if compiled(predicate)(MISSING) is not None:
                node = _steps(page.root)[index].children["when"].children["state"]
                message = f"no reply sets the state {show(name)}, so this never holds."
                found.setdefault(name, Flaw(node.keys[name], ("steps", index, "when", "state", name), message))
    for path, node in templates_of(page.root) if page.templates else ():
        for name, key, line in page.templates[node.plain].needs:
            if name == "state":
                message = f"{in_line(node.plain, line)}no reply sets the state {show(key)}, so this template fails."
                found.setdefault(key, Flaw(node.mark, path, message))
    return found


def _kept(spots: list[_Spot]) -> dict[str, Flaw]:
    found: dict[str, Flaw] = {}
    for spot in spots:
        for name in spot.form.set or {}:
            path = (*spot.path, "set", name)
            message = "nothing reads this state: no 'state' of a step, and no template."
            found.setdefault(name, Flaw(spot.node.children["set"].keys[name], path, message))
    return found


def _read(page: _Page) -> Iterator[str]:
    for template in page.templates.values():
        yield from template.state
    for step in page.form.steps:
        when = step.when
        while when is not None:
            yield from when.state or {}
            when = when.not_
