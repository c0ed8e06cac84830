"""The schema of time and of faults: how a reply goes out piece by piece, and what goes wrong on the way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, WithJsonSchema

from emulator.scenario.closed import Closed, Fault, Given, said
from emulator.scenario.model_error import ErrorInStream
from emulator.scenario.scalars import Count, Duration, Label, Percent, Rate, Words
from emulator.scenario.wording import show
from emulator.types import Json

__all__ = ["Chars", "Chunk", "FaultForm", "FaultValue", "HappeningForm", "StreamForm", "Yes"]


def _yes(value: Json) -> Json:
    if value is True:
        return value
    raise said(f"{show(value)} does not fit here; write true, or leave the key out.")


Yes = Annotated[bool, BeforeValidator(_yes), WithJsonSchema({"const": True})]
"""true, and nothing else."""


class Chars(Closed):
    """Pieces of equal length."""

    chars: Count
    """How many characters a piece has."""


def _shape(value: Json) -> str:
    return "<form>" if isinstance(value, dict) else "<plain>"


def _chunk_shape(value: Json) -> str:
    return "<pieces>" if isinstance(value, list) else _shape(value)


Chunk: TypeAlias = Annotated[
    Annotated[Literal["token", "word", "char", "whole"], Tag("<plain>")]
    | Annotated[Chars, Tag("<form>")]
    | Annotated[list[Words], Field(min_length=1, description="The exact pieces, which are the text."), Tag("<pieces>")],
    Discriminator(_chunk_shape),
]

_MOMENTS = ("chunk", "text", "after")
_ACTS = (
    *("stall", "gate", "error", "reset", "close", "truncate", "garbage", "split", "duplicate", "drop"),
    "comment",
)
_ENDS = ("error", "reset", "close", "truncate")
_FAULTS = ("reset", "close", "empty", "hang")


class HappeningForm(Closed):
    """What happens on the way of a stream: a moment, and what happens then."""

    chunk: Given[Annotated[int, Field(ge=0)]] = None
    """Once so many pieces have gone out; 0: before the first. A call of a function opens with a piece of its own."""
    text: Given[Annotated[str, Field(min_length=1)]] = None
    """Once this text has gone out."""
    after: Given[Duration] = None
    """Once so much time has passed since the request arrived."""
    stall: Given[Duration] = None
    """Nothing goes out for so long; all that follows is as much later."""
    gate: Given[Label] = None
    """Nothing goes out until a test opens the gate of this name."""
    error: Given[ErrorInStream] = None
    """The protocol's own error in the middle of a stream, and its end: a name, or a name with fields replaced."""
    reset: Given[Yes] = None
    """A TCP reset."""
    close: Given[Yes] = None
    """The connection closes without the end of the response."""
    truncate: Given[Yes] = None
    """The response ends cleanly, but too early and without the end marker."""
    garbage: Given[Annotated[str, Field(min_length=1)]] = None
    """These bytes go out, as they stand."""
    split: Given[Count] = None
    """The next piece's event goes out in two writes, cut after so many bytes."""
    duplicate: Given[Yes] = None
    """The next piece's event goes out twice."""
    drop: Given[Yes] = None
    """The next piece's event does not go out."""
    comment: Given[str] = None
    """A comment of server-sent events goes out."""

    ONE_OF: ClassVar = _ACTS
    SOME_OF: ClassVar = _MOMENTS
    NOT_BOTH: ClassVar = _MOMENTS
    LACKING: ClassVar = f"this needs a moment ({', '.join(_MOMENTS)}) and what happens then ({', '.join(_ACTS)})."


def _lasting(seconds: float) -> float:
    if seconds > 0:
        return seconds
    raise said("a sign of life after no time would never stop; leave the key out.")


class StreamForm(Closed):
    """How a reply goes out piece by piece."""

    first_token: Given[Duration] = None
    """From the request's arrival to the first piece, such as `300ms`."""
    rate: Given[Rate] = None
    """Pieces a second, such as `40/s`."""
    every: Given[Duration] = None
    """From one piece to the next, such as `20ms`: another way to write `rate`."""
    profile: Given[Annotated[list[Duration], Field(min_length=1)]] = None
    """From one piece to the next, one after the other and over again: recorded gaps, in place of `rate`."""
    chunk: Given[Chunk] = None
    """What a piece is: `token` (default), `word`, `char`, `{chars: 8}`, `whole`, or the exact pieces of the text."""
    jitter: Given[Percent] = None
    """How far each gap strays at most, such as `20%`; the same in every run of the same seed."""
    keep_alive: Given[Annotated[Duration, AfterValidator(_lasting)]] = None
    """How long the stream is silent at most before a sign of life goes out: the protocol's ping, or a comment."""
    at: Given[Annotated[list[HappeningForm], Field(min_length=1)]] = None
    """What happens on the way, in order."""

    NOT_BOTH: ClassVar = ("rate", "every", "profile")

    @classmethod
    def faults(cls, value: Mapping[str, Json]) -> Iterable[Fault]:
        """Give what would happen after the end."""
        entries = value.get("at")
        listed = [entry if isinstance(entry, dict) else {} for entry in entries] if isinstance(entries, list) else []
        for index, entry in enumerate(listed[:-1]):
            ending = next((key for key in _ENDS if key in entry), None)
            if ending:
                message = f"'{ending}' in the entry before ends the stream: nothing can happen after it; put it last."
                yield Fault(("at", index + 1), message, "value")
                return


class FaultForm(Closed):
    """The body breaks off, or is something else. Exactly one key is there."""

    truncate: Given[Percent] = None
    """How much of the body goes out before the connection closes, such as `50%`."""
    garbage: Given[str] = None
    """The body, as it stands, in place of the reply's own."""

    ONE_OF: ClassVar = ("truncate", "garbage")
    LACKING: ClassVar = "this breaks nothing; write reset, close, empty or hang, or give it truncate or garbage."
    ELSEWHERE: ClassVar = {word: f"this stands alone: write fault: {word}." for word in _FAULTS}


FaultValue: TypeAlias = Annotated[
    Annotated[Literal["reset", "close", "empty", "hang"], Tag("<plain>")] | Annotated[FaultForm, Tag("<form>")],
    Discriminator(_shape),
]
"""What becomes of a response as a whole."""
