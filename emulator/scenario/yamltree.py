"""YAML as a tree that knows where everything stands. The one room that reads YAML.

The scalars are those of YAML 1.2's core schema: `on`, `yes`, `12:30`, `1_000` and `2020-01-01` are texts. The tree is
made from the parser's events in one pass; no value is ever constructed by a tag.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NoReturn

import yaml

from emulator.scenario.tree import TOP, Flaw, Mark, Node, Unreadable, collection
from emulator.scenario.wording import show
from emulator.scenario.yamltext import MAX_BYTES, constructed, decoded, kind
from emulator.types import Json

__all__ = ["MAX_DEPTH", "MAX_NODES", "MAX_REPEATED", "read"]

MAX_DEPTH = 64
MAX_NODES = 250_000
"""How many values a file may have. What can be wrong with a file grows with this number."""
MAX_REPEATED = 100_000
"""How many values the aliases of a file may stand for; how much text: MAX_BYTES characters."""


def read(data: bytes) -> tuple[Node | None, list[Flaw]]:
    """Read a file: the tree, and everything that is wrong with it. No tree where nothing can be made of the rest."""
    composer = _Composer()
    try:
        return composer.document(decoded(data)), composer.flaws
    except Unreadable as stop:
        return None, [*composer.flaws, stop.flaw]


# ---------------------------------------------------------------- text → events → tree

_LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CORE = "tag:yaml.org,2002:"
_SCALAR_TAGS = {"str", "int", "float", "bool", "null"}
_SURROGATE = re.compile("[\ud800-\udfff]")


class _Composer:
    """One file being read."""

    def __init__(self) -> None:
        self.flaws: list[Flaw] = []
        self._anchors: dict[str, Node | None] = {}
        """None: the anchored value is still being read."""
        self._nodes = 0
        self._repeated = 0
        self._letters = 0
        self._mark = TOP
        self._path: list[str | int] = []
        self._events: Iterator[Any] = iter(())

    def document(self, text: str) -> Node:
        """Read the one document of a file."""
        self._events = self._parsed(text)
        next(self._events)  # the start of the stream
        if not isinstance(next(self._events), yaml.DocumentStartEvent):
            raise Unreadable(TOP, "the file is empty.")
        node = self._node(next(self._events))
        next(self._events)  # the end of the document
        if not isinstance(next(self._events), yaml.StreamEndEvent):
            raise Unreadable(self._mark, "a second document begins here; a file holds one.")
        return node

    def _parsed(self, text: str) -> Iterator[Any]:
        try:
            parser = _LOADER(text)
            while True:
                event = parser.get_event()
                self._mark = _mark(event.start_mark)
                yield event
        except yaml.MarkedYAMLError as error:
            raise Unreadable(*_in_plain_words(error, text), tuple(self._path)) from None
        except (yaml.YAMLError, ValueError, OverflowError):
            # The pure Python parser stumbles over escapes and versions far out of range.
            raise Unreadable(self._mark, "what follows here is not YAML.", tuple(self._path)) from None

    def _node(self, event: Any) -> Node:
        if isinstance(event, yaml.AliasEvent):
            return self._alias(str(event.anchor))
        self._nodes += 1
        if self._nodes > MAX_NODES:
            self._stop(f"the file has more than {MAX_NODES:,} values.")
        if len(self._path) >= MAX_DEPTH:
            self._stop(f"this is nested more than {MAX_DEPTH} levels deep.")
        if event.anchor:
            self._anchors[event.anchor] = None
        match event:
            case yaml.ScalarEvent():
                node = self._scalar(event)
            case yaml.SequenceStartEvent():
                node = self._sequence(event)
            case _:
                node = self._mapping(event)
        if event.anchor:
            self._anchors[event.anchor] = node
        return node

    def _alias(self, name: str) -> Node:
        if name not in self._anchors:
            self._flaw(f"the alias *{name} has no anchor &{name} before it; if it is text, put it in quotes.")
            return Node(self._mark, None)
        node = self._anchors[name]
        if node is None:
            self._stop(f"the alias *{name} stands within what it stands for.")
        self._repeated += node.size
        self._letters += node.letters
        if self._repeated > MAX_REPEATED or self._letters > MAX_BYTES:
            most = f"{MAX_REPEATED:,} values and {MAX_BYTES:,} characters"
            self._stop(f"the aliases of this file stand for too much; at most for {most}.")
        if len(self._path) + node.height > MAX_DEPTH:
            self._stop(f"with the alias *{name} this is nested more than {MAX_DEPTH} levels deep.")
        return node

    def _scalar(self, event: Any) -> Node:
        tag = self._tag(event.tag, _SCALAR_TAGS)
        text: str = event.value
        value: Json = text
        if tag not in ("", "str"):
            value = self._forced(tag, text)
        elif tag == "" and event.implicit[0]:
            value = self._constructed(text)
        if isinstance(value, str) and _SURROGATE.search(value):
            self._flaw("half a surrogate pair is no character.")
        return Node(self._mark, value, letters=len(text))

    def _sequence(self, event: Any) -> Node:
        mark = self._mark
        self._tag(event.tag, {"seq"})
        items: list[Node] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            self._path.append(len(items))
            items.append(self._node(event))
            self._path.pop()
        return collection(mark, dict(enumerate(items)))

    def _mapping(self, event: Any) -> Node:
        mark = self._mark
        self._tag(event.tag, {"map"})
        own: dict[str | int, Node] = {}
        keys: dict[str, Mark] = {}
        merged: list[Node] = []
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            merge = isinstance(event, yaml.ScalarEvent) and event.value == "<<" and event.implicit[0]
            at = self._mark
            key = self._key(event)
            if key is not None and key in keys:
                self._flaw(f"this key stands here twice; the first is in line {keys[key].line}.", at, key)
            self._path.append("?" if key is None else key)
            value = self._node(next(self._events))
            if merge:
                merged.extend(self._sources(value))
            elif key is not None:
                own.setdefault(key, value)
            self._path.pop()
            if key is not None:
                keys.setdefault(key, at)
        if merged:
            return self._merged(mark, own, keys, merged)
        return collection(mark, own, keys)

    def _key(self, event: Any) -> str | None:
        at = self._mark
        before = len(self.flaws)
        self._path.append("?")
        node = self._node(event)
        self._path.pop()
        if isinstance(node.plain, str):
            return node.plain
        if isinstance(node.plain, list | dict):
            del self.flaws[before:]
            self._flaw("a key must be text; if '{' or '[' begins a text here, put the text in quotes.", at)
        else:
            written = event.value if isinstance(event, yaml.ScalarEvent) else node.plain
            self._flaw(f"a key must be text; put {written!s:.80} in quotes." if written else "a key is missing.", at)
        return None

    def _sources(self, value: Node) -> list[Node]:
        """Give what a merge key takes its entries from, the strongest first."""
        nodes = list(value.children.values()) if isinstance(value.plain, list) else [value]
        if not all(isinstance(node.plain, dict) for node in nodes):
            self._flaw("a merge key takes the alias of a mapping, or a list of such aliases.", value.mark)
            return []
        return nodes

    def _merged(self, mark: Mark, own: dict[str | int, Node], keys: dict[str, Mark], sources: list[Node]) -> Node:
        children = dict(own)
        marks = dict(keys)
        for source in sources:
            # An alias under a merge key is counted where it stands; what it gives is no larger.
            for key, node in source.children.items():
                children.setdefault(key, node)
            for key, at in source.keys.items():
                marks.setdefault(key, at)
        return collection(mark, children, marks)

    def _tag(self, tag: str | None, known: set[str]) -> str:
        """Give the name of a core tag; empty where there is none."""
        if tag is None:
            return ""
        if tag == "!":
            return "str" if "str" in known else ""
        name = tag.removeprefix(_CORE)
        if name != tag and name in known:
            return name
        written = f"!!{name}" if name != tag else tag
        self._flaw(f"the tag {written:.80} has no meaning here.")
        return ""

    def _forced(self, tag: str, text: str) -> Json:
        if kind(text) == tag:
            return self._constructed(text)
        if tag == "float" and kind(f"{text}.0") == "float":
            return self._constructed(f"{text}.0")
        self._flaw(f"{show(text)} is no {tag}.")
        return text

    def _constructed(self, text: str) -> Json:
        try:
            return constructed(text)
        except ValueError as error:
            self._flaw(str(error))
            return 0

    def _flaw(self, message: str, mark: Mark | None = None, *more: str) -> None:
        self.flaws.append(Flaw(mark or self._mark, (*self._path, *more), message))

    def _stop(self, message: str) -> NoReturn:
        raise Unreadable(self._mark, message, tuple(self._path))


# ---------------------------------------------------------------- the parser's complaints in plain words

_PLAIN_WORDS = (
    ("tab character", "a tab can't indent YAML; use spaces."),
    ("mapping values are not allowed", "a ':' can't stand here; check the indentation, or put the text in quotes."),
    ("could not find expected ':'", "the line before has no ':' after its key."),
    ("unexpected end of stream", "the quote that opens in line {opened} is not closed."),
    ("expected ',' or ']'", "the '[' of line {opened} is not closed, or a ',' is missing."),
    ("expected ',' or '}'", "the '{{' of line {opened} is not closed, or a ',' is missing."),
    ("unknown escape character", "this escape is not known; write a backslash as \\\\, or use single quotes."),
    ("invalid Unicode character escape", "this escape is no character."),
    ("entries are not allowed", "a list item can't begin here; put it on a line of its own."),
    ("expected alphabetic or numeric", "a text that begins with '*' or '&' must stand in quotes."),
    ("undefined tag handle", "a text that begins with '!' must stand in quotes."),
    ("expected '-' indicator", "this fits nothing above; check the indentation and the quotes."),
    ("node content", "a value is missing here."),
    ("incompatible YAML document", "this version of YAML is not known."),
    ("expected key", "this fits nothing above; check the indentation and the quotes."),
    ("expected <block end>", "this fits nothing above; check the indentation and the quotes."),
    ("<document start>", "this can't stand here: the document ended above, or begins with '---'."),
)


def _mark(place: Any) -> Mark:
    return Mark(place.line + 1, place.column + 1)


def _in_plain_words(error: Any, text: str) -> tuple[Mark, str]:
    place = error.problem_mark
    opened = error.context_mark.line + 1 if error.context_mark else place.line + 1
    mark = _mark(place)
    found = text[place.index : place.index + 1]
    if "cannot start any token" in error.problem:
        if found == "\t":
            return mark, "a tab can't indent YAML; use spaces."
        return mark, f"a text that begins with '{found}' must stand in quotes."
    for theirs, ours in _PLAIN_WORDS:
        if theirs in error.problem:
            return mark, ours.format(opened=opened)
    return mark, f"this is not YAML: {error.problem}."
