"""A file as a tree that knows where everything stands, and what is wrong with a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

from msgspec import Struct, field

from emulator.types import Json

__all__ = ["TOP", "Flaw", "Mark", "Node", "Path", "Unreadable", "collection"]

Path: TypeAlias = tuple[str | int, ...]
"""Keys and indexes from the top of the file."""


class Mark(NamedTuple):
    """A place in a file, counted from 1, the column in characters."""

    line: int
    column: int


TOP = Mark(1, 1)


class Flaw(Struct, frozen=True):
    """What is wrong at a place of a file."""

    mark: Mark
    path: Path
    message: str


class Unreadable(Exception):  # noqa: N818 - what a file is, not what went wrong here
    """A file of which nothing can be made from some place on."""

    def __init__(self, mark: Mark, message: str, path: Path = ()) -> None:
        super().__init__(message)
        self.flaw = Flaw(mark, path, message)


class Node(Struct, frozen=True):
    """A value and where it stands. An alias gives the very node of its anchor."""

    mark: Mark
    plain: Json
    """The value as Python has it."""
    children: Mapping[str | int, Node] = field(default_factory=dict)
    """The nodes within, by key or index."""
    keys: Mapping[str, Mark] = field(default_factory=dict)
    """Where each key stands."""
    size: int = 1
    """How many nodes this is, with those within."""
    height: int = 1
    """How many levels this is."""
    letters: int = 0
    """How many characters of text are in it."""


def collection(mark: Mark, children: Mapping[str | int, Node], keys: Mapping[str, Mark] | None = None) -> Node:
    """Make the node of a mapping; without keys, of a list."""
    if keys is None:
        plain: Json = [node.plain for node in children.values()]
    else:
        plain = {key: node.plain for key, node in children.items()}
    size, height, letters = 1, 1, sum(map(len, keys or ()))
    for node in children.values():
        size += node.size
        height = max(height, 1 + node.height)
        letters += node.letters
    return Node(mark, plain, children, keys or {}, size, height, letters)
