"""A conversation: turns, and the parts they are made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import attrgetter, eq
from typing import Final, Literal, TypeAlias

from msgspec import Struct

__all__ = [
    "Embedding",
    "Found",
    "Media",
    "Part",
    "Reasoning",
    "Refusal",
    "Role",
    "Search",
    "Text",
    "ToolCall",
    "ToolResult",
    "Turn",
    "conversation",
    "count_part",
    "count_tokens",
]


class Text(Struct, frozen=True):
    """Words, said by anyone. A stream is cut at `cuts` (offsets into `text`); a whole answer ignores them."""

    text: str
    cuts: tuple[int, ...] = ()

    @property
    def deltas(self) -> Iterator[str]:
        """The pieces a stream sends; joined they are `text`. No text, no pieces."""
        return _pieces(self.text, self.cuts)


class Reasoning(Struct, frozen=True):
    """Thinking that is shown to the client."""

    text: str
    cuts: tuple[int, ...] = ()
    signature: str = ""

    @property
    def deltas(self) -> Iterator[str]:
        """The pieces a stream sends; joined they are `text`. No text, no pieces."""
        return _pieces(self.text, self.cuts)


class Refusal(Struct, frozen=True):
    """Words with which the model declines. Where a protocol has no place of its own for them they are text."""

    text: str
    cuts: tuple[int, ...] = ()

    @property
    def deltas(self) -> Iterator[str]:
        """The pieces a stream sends; joined they are `text`. No text, no pieces."""
        return _pieces(self.text, self.cuts)


class ToolCall(Struct, frozen=True):
    """The model asks the client to run a function."""

    name: str
    arguments: str
    """JSON text as it travels; malformed where a scenario says so."""
    id: str = ""
    """Empty: made from the session's seed when the reply is rendered."""
    cuts: tuple[int, ...] = ()
    free: bool = False
    """The arguments are a text of no form, not JSON: a custom tool, in the protocols that have it."""

    @property
    def deltas(self) -> Iterator[str]:
        """The pieces of `arguments` a stream sends. No arguments, no pieces."""
        return _pieces(self.arguments, self.cuts)


class ToolResult(Struct, frozen=True):
    """What the client's function gave. `name` is found through the call; empty where no call has this id."""

    call_id: str
    name: str
    text: str


class Media(Struct, frozen=True):
    """An image, a sound, a film or a file within a message."""

    kind: Literal["image", "audio", "video", "file"]
    source: str
    """A URL, a data URL, bare base64 or a file id, as it came; of an answer always bare base64."""
    mime: str = ""
    """Of an answer: what the bytes are, such as `image/png`."""


class Found(Struct, frozen=True):
    """One result of a search."""

    url: str
    title: str
    text: str


class Search(Struct, frozen=True):
    """A search that the service itself made; the text after it cites the results."""

    query: str
    results: tuple[Found, ...]


class Embedding(Struct, frozen=True):
    """A vector for each input, made from its text."""

    dimensions: int


Part: TypeAlias = Text | Reasoning | Refusal | ToolCall | ToolResult | Media | Search | Embedding
Role: TypeAlias = Literal["system", "user", "assistant", "tool"]


class Turn(Struct, frozen=True):
    """One role's say. Neighbouring turns of one role are one turn; tool results stand in turns of their own."""

    role: Role
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        """The words of this turn, texts joined by a line break, without reasoning."""
        return "\n".join([part.text for part in self.parts if isinstance(part, _SPOKEN)])


_SPOKEN: Final = (Text, Refusal, ToolResult)


def conversation(turns: Iterable[Turn]) -> tuple[Turn, ...]:
    """Merge neighbouring turns of one role, so that a conversation is the same value in every protocol."""
    said = tuple(turns)
    roles = [turn.role for turn in said]
    if not any(map(eq, roles, roles[1:])):  # they take turns, as in nearly every request
        return said
    runs = groupby(said, key=attrgetter("role"))
    return tuple([Turn(role, tuple([part for turn in run for part in turn.parts])) for role, run in runs])


def count_tokens(text: str) -> int:
    """Estimate the tokens of a text: one for every four bytes of its UTF-8, rounded up."""
    return -(-(len(text) if text.isascii() else len(text.encode())) // 4)


def count_part(part: Part) -> int:
    """Estimate the tokens of a part; whatever is no text is 256."""
    match part:
        case Text() | Reasoning() | Refusal() | ToolResult():
            return count_tokens(part.text)
        case ToolCall():
            return count_tokens(part.name) + count_tokens(part.arguments)
        case Media():
            return 256
        case Search():
            return count_tokens(part.query)
        case Embedding():
            return 0


def _pieces(text: str, cuts: tuple[int, ...]) -> Iterator[str]:
    start = 0
    for cut in cuts:
        yield text[start:cut]
        start = cut
    if start < len(text):
        yield text[start:]
