"""From a reply to what happens on the socket, and when. Pure: no test of pacing ever sleeps."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from typing import Final, NamedTuple

from emulator import jsontext
from emulator.types import Action, Frame, Framing, Headers, Pace, Send, Stamp, Start, Wait

__all__ = ["FRAMINGS", "broken_off", "stream", "whole"]


class _Framing(NamedTuple):
    """How frames go over the wire."""

    headers: Headers
    event: Callable[[Frame], bytes]
    before: bytes = b""
    between: bytes = b""
    after: bytes = b""


def stream(frames: Iterable[Frame], framing: Framing, pace: Pace, stamp: Stamp, start: Start) -> Iterator[Action]:
    """Send frame after frame.

    Waits are absolute, in seconds since the request arrived, and come only before the head and before beats.
    """
    if pace.delay:
        yield Wait(pace.delay)
    yield start
    form = FRAMINGS[framing]
    now, due, sign = pace.delay, _schedule(pace, stamp), form.before
    for frame in frames:
        if frame.beat and (moment := next(due)) > now:
            now = moment
            yield Wait(now)
        yield Send(sign + form.event(frame), beats=int(frame.beat))
        sign = form.between
    if form.after:
        yield Send(form.after)


def broken_off(frames: Iterable[Frame], beats: int, end: Callable[[int], Iterable[Frame]]) -> Iterator[Frame]:
    """Let so many beats through, and in place of the next one and all that follows what `end` makes.

    `end` is told how many frames have gone out. A stream with fewer beats stays as it is.
    """
    left = beats
    for sent, frame in enumerate(frames):
        if frame.beat:
            if left == 0:
                yield from end(sent)
                return
            left -= 1
        yield frame


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


def _sse(frame: Frame) -> bytes:
    """Write one server-sent event; the space after `data:` is not optional for every client."""
    event = b"" if frame.event is None else b"event: %b\n" % frame.event.encode()
    return b"%bdata: %b\n\n" % (event, _text(frame))


def _text(frame: Frame) -> bytes:
    return frame.data.encode() if isinstance(frame.data, str) else jsontext.dumps(frame.data)


_EVENTS: Final = {"content-type": "text/event-stream", "cache-control": "no-cache"}

FRAMINGS: Final[dict[Framing, _Framing]] = {
    "sse": _Framing(_EVENTS, _sse),
    "sse-crlf": _Framing(_EVENTS, lambda frame: b"data: %b\r\n\r\n" % _text(frame)),
    "json-array": _Framing(
        {"content-type": "application/json; charset=utf-8"}, _text, before=b"[", between=b",\r\n", after=b"]"
    ),
}


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
