"""From a reply to what happens on the socket, and when. Pure: no test of pacing ever sleeps."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from itertools import count

from emulator import jsontext
from emulator.types import Action, Frame, Pace, Send, Stamp, Start, Wait

__all__ = ["sse", "stream", "whole"]


def stream(frames: Iterable[Frame], pace: Pace, stamp: Stamp, start: Start) -> Iterator[Action]:
    """Send each frame as one server-sent event.

    Waits are absolute, in seconds since the request arrived, and come only before the head and before beats.
    """
    if pace.delay:
        yield Wait(pace.delay)
    yield start
    now = pace.delay
    due = _schedule(pace, stamp)
    for frame in frames:
        if frame.beat and (moment := next(due)) > now:
            now = moment
            yield Wait(now)
        yield Send(sse(frame), beats=int(frame.beat))


def whole(body: bytes, beats: int, pace: Pace, stamp: Stamp, start: Start) -> Iterator[Action]:
    """Send a whole body when the last of its beats, streamed, would have gone out.

    `beats` is how many the same reply has as a stream.
    """
    due = _schedule(pace, stamp)
    moment = pace.delay
    for _ in range(beats):
        moment = next(due)
    if moment:
        yield Wait(moment)
    yield start
    yield Send(body)


def sse(frame: Frame) -> bytes:
    """Write one server-sent event; the space after `data:` is not optional for every client."""
    data = frame.data.encode() if isinstance(frame.data, str) else jsontext.dumps(frame.data)
    event = b"" if frame.event is None else b"event: %b\n" % frame.event.encode()
    return b"%bdata: %b\n\n" % (event, data)


def _schedule(pace: Pace, stamp: Stamp) -> Iterator[float]:
    """When each beat is due, without end. Jitter strays each gap, from the session's seed."""
    first = max(pace.first, pace.delay)
    if not pace.jitter:
        yield from (first + number * pace.gap for number in count())
    draw = random.Random(f"{stamp.seed}/{stamp.serial}/jitter")  # noqa: S311 - repeatable on purpose
    moment = first
    while True:
        yield moment
        moment += pace.gap * (1 + pace.jitter * draw.uniform(-1, 1))
