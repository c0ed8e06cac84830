"""What happens on the way of an answer: pauses, gates, and everything that can go wrong with a connection."""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

from emulator.types.failure import Failure

__all__ = ["Act", "CutOff", "Drop", "Fault", "Gate", "Happening", "Insert", "Repeat", "Split", "Stall"]


class Stall(Struct, frozen=True):
    """Nothing goes out for so long; all that follows is as much later."""

    seconds: float


class Gate(Struct, frozen=True):
    """Nothing goes out until a test opens the gate; all that follows is as much later."""

    name: str


class CutOff(Struct, frozen=True):
    """The stream ends: by a TCP reset, by a FIN without the end of the body, or cleanly but too early."""

    how: Literal["reset", "close", "truncate"]


class Insert(Struct, frozen=True):
    """These bytes go out, as they stand."""

    data: bytes
    comment: bool = False
    """They are a comment of server-sent events, and nothing where there are none."""


class Split(Struct, frozen=True):
    """The next beat goes out in two writes."""

    at: int
    """After so many bytes."""


class Repeat(Struct, frozen=True):
    """The next beat goes out twice."""


class Drop(Struct, frozen=True):
    """The next beat does not go out."""


Act: TypeAlias = Failure | Stall | Gate | CutOff | Insert | Split | Repeat | Drop
"""A failure is the protocol's own error in the middle of a stream, and its end."""


class Happening(Struct, frozen=True):
    """An act and its moment, of which one is given."""

    act: Act
    chunk: int | None = None
    """Once so many beats have gone out; 0: before the first."""
    text: str | None = None
    """Once this text has gone out."""
    after: float | None = None
    """Seconds since the request arrived."""

    @property
    def ends(self) -> bool:
        """Whether nothing comes after it."""
        return isinstance(self.act, Failure | CutOff)


class Fault(Struct, frozen=True):
    """What becomes of a response as a whole, when its moment has come.

    reset: a TCP reset in place of an answer. close: the connection closes without an answer. empty: the head, and a
    body of no bytes. truncate: the head, a share of the body, and the connection closes. garbage: the head, and these
    bytes for a body. hang: nothing, for as long as the client waits.
    """

    kind: Literal["reset", "close", "empty", "truncate", "garbage", "hang"]
    share: float = 0.5
    data: bytes = b""
