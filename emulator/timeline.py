"""From a reply to what happens on the socket, and when. Pure: no test of pacing ever sleeps."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate, count
from typing import Final, NamedTuple, TypeAlias

from msgspec import Struct, field
from msgspec.structs import replace

from emulator import jsontext
from emulator.types import (
    Act,
    Action,
    Broken,
    CutOff,
    Drop,
    End,
    Failure,
    Fault,
    Frame,
    Framing,
    Gate,
    Hang,
    Happening,
    Headers,
    Hold,
    Insert,
    Pace,
    Repeat,
    Send,
    Split,
    Stall,
    Stamp,
    Start,
    Wait,
)

__all__ = ["FRAMINGS", "Ending", "Going", "faulty", "stream", "waits", "whole"]

Ending: TypeAlias = Callable[[Failure, int], Iterable[Frame]]
"""Writes an error in the middle of a stream of which so many frames have gone out."""


class _Framing(NamedTuple):
    """How frames go over the wire."""

    headers: Headers
    event: Callable[[Frame], bytes]
    before: bytes = b""
    between: bytes = b""
    after: bytes = b""
    newline: bytes = b""
    """How lines end, where there are lines and so comments; empty: there are none."""
    sign: bytes = b""
    """A sign of life; empty: there is none."""


def stream(frames: Iterable[Frame], framing: Framing, going: Going, start: Start, ending: Ending) -> Iterator[Action]:
    """Send frame after frame, and let happen what happens on the way.

    Waits are absolute, in seconds since the request arrived, and come only before the head, before beats, and for what
    happens. Once its moment has come, a happening comes before any other frame; chunk 0 comes before the first beat.
    One whose moment never comes never happens.
    """
    run = _Run(going, FRAMINGS[framing])
    if going.pace.delay:
        yield Wait(going.pace.delay)
    yield start
    for frame in frames:
        if run.queue:
            yield from run.strike(frame, ending)
            if run.over:
                return
        yield from run.send(frame)
    if run.queue:
        yield from run.strike(None, ending)
    if not run.over and run.form.after:
        yield Send(run.form.after)


def whole(body: bytes, before: Iterable[Action], start: Start) -> Iterator[Action]:
    """Send a whole body once all waits are over."""
    yield from before
    yield start
    yield Send(body)


def waits(frames: Iterable[Frame], going: Going) -> tuple[list[Action], Failure | None]:
    """Give what a whole answer waits for: the same as the same answer as a stream; and the error it ends in, if any.

    Of what happens on the way, pauses, gates and errors happen to it.
    """
    kept = tuple(one for one in going.happenings if isinstance(one.act, Stall | Gate | Failure))
    ended: list[Failure] = []

    def ending(failure: Failure, _: int) -> Iterable[Frame]:
        ended.append(failure)
        return ()

    quiet = replace(going, happenings=kept, pace=replace(going.pace, keep_alive=0.0))
    found: list[Action] = []
    for action in stream(frames, "sse", quiet, Start(200, {}, None), ending):
        if isinstance(action, Wait) and found and isinstance(found[-1], Wait):
            found[-1] = action
        elif isinstance(action, Wait | Hold):
            found.append(action)
    return found, ended[0] if ended else None


def faulty(actions: Iterable[Action], fault: Fault) -> Iterator[Action]:
    """Perform a response that something becomes of."""
    if fault.kind == "hang":
        yield from (Broken(), Hang())
        return
    left = -1
    if fault.kind == "truncate":
        actions = list(actions)
        left = int(fault.share * sum(len(action.data) for action in actions if isinstance(action, Send)))
    for action in actions:
        match action:
            case Start() if fault.kind in ("reset", "close"):
                yield from (Broken(), End(reset=fault.kind == "reset"))
                return
            case Start() if fault.kind in ("empty", "garbage"):
                yield from (Broken(), replace(action, length=len(fault.data)), Send(fault.data))
                return
            case Send(data=data) if len(data) > left:
                yield from (Broken(), Send(data[:left]), End(reset=False))
                return
            case Send(data=data):
                left -= len(data)
        yield action
    yield from (Broken(), End(reset=False))


class Going(Struct, frozen=True):
    """How a reply goes out: its pace, what happens on the way, and whose draws jitter takes."""

    pace: Pace
    happenings: tuple[Happening, ...]
    stamp: Stamp
    ping: Frame | None = None
    """The protocol's own sign of life."""


class _Run(Struct):
    """A stream on its way."""

    going: Going
    form: _Framing
    queue: deque[Happening] = field(default_factory=deque)
    over: bool = False
    _schedule: Iterator[float] = iter(())
    _sign: bytes = b""
    _due: float | None = None
    """When the coming beat is due by the schedule alone, once that was asked."""
    _now: float = 0.0
    _late: float = 0.0
    """How much later than scheduled beats are, for the pauses there were."""
    _frames: int = 0
    _beats: int = 0
    _said: str = ""
    _twists: list[Act] = field(default_factory=list)
    """What is to become of the next beat."""

    def __post_init__(self) -> None:
        self.queue = deque(self.going.happenings)
        self._schedule = _schedule(self.going.pace, self.going.stamp)
        self._sign = self.form.before
        self._now = self.going.pace.delay

    def strike(self, frame: Frame | None, ending: Ending) -> Iterator[Action]:
        """Let happen what comes before this frame, or after the last one."""
        beat = frame is not None and frame.beat
        while self.queue and self._has_come(self.queue[0], self._moment() if beat else self._now, beat=beat):
            happening = self.queue.popleft()
            if happening.after is not None and happening.after > self._now:
                yield from self._wait(happening.after)
            yield from self._act(happening.act, ending)
            if self.over:
                return

    def send(self, frame: Frame) -> Iterator[Action]:
        """Send a frame, a beat when it is due."""
        if not frame.beat:
            yield Send(self._written(frame))
            return
        moment, self._due = self._moment(), None
        if moment > self._now:
            yield from self._wait(moment)
        self._beats += 1
        if self.queue and Drop() not in self._twists:
            self._said += frame.text
        if not self._twists:
            yield Send(self._written(frame), beats=1)
            return
        twists, self._twists = self._twists, []
        yield from self._twisted(frame, twists)

    def _twisted(self, frame: Frame, twists: list[Act]) -> Iterator[Action]:
        if Drop() in twists:
            return
        data = self._written(frame)
        at = next((twist.at for twist in twists if isinstance(twist, Split)), len(data))
        yield Send(data[:at], beats=1)
        if at < len(data):
            yield Send(data[at:], alone=True)
        for _ in range(twists.count(Repeat())):
            yield Send(self._written(frame))

    def _has_come(self, happening: Happening, moment: float, *, beat: bool) -> bool:
        if happening.chunk is not None:
            return self._beats >= happening.chunk and (beat or happening.chunk > 0)
        if happening.after is not None:
            return happening.after <= moment
        return happening.text is not None and happening.text in self._said

    def _act(self, act: Act, ending: Ending) -> Iterator[Action]:
        match act:
            case Stall(seconds):
                self._late += seconds
                yield from self._wait(self._now + seconds)
            case Gate(name):
                yield Hold(name, self._ping(), self.going.pace.keep_alive)
            case Failure():
                self.over = True
                yield Broken()
                for frame in ending(act, self._frames):
                    yield Send(self._written(frame))
                if self.form.after:
                    yield Send(self.form.after)
            case CutOff(how):
                self.over = True
                yield Broken()
                if how != "truncate":
                    yield End(reset=how == "reset")
            case Insert():
                yield from self._insert(act)
            case _:
                self._twists.append(act)

    def _insert(self, act: Insert) -> Iterator[Action]:
        if not act.comment:
            yield Send(act.data)
        elif self.form.newline:
            yield Send(act.data.replace(b"\n", self.form.newline))

    def _moment(self) -> float:
        """When the coming beat is due."""
        if self._due is None:
            self._due = next(self._schedule)
        return max(self._now, self._due + self._late)

    def _wait(self, until: float) -> Iterator[Action]:
        """Wait, with a sign of life now and then."""
        every, ping = self.going.pace.keep_alive, self._ping()
        while ping and every and self._now + every < until:
            self._now += every
            yield Wait(self._now)
            yield Send(ping)
        self._now = until
        yield Wait(until)

    def _ping(self) -> bytes:
        own = self.going.ping
        return self.form.sign if own is None or not self.form.newline else self.form.event(own)

    def _written(self, frame: Frame) -> bytes:
        self._frames += 1
        sign, self._sign = self._sign, self.form.between
        return sign + self.form.event(frame)


def _sse(frame: Frame) -> bytes:
    """Write one server-sent event; the space after `data:` is not optional for every client."""
    event = b"" if frame.event is None else b"event: %b\n" % frame.event.encode()
    return b"%bdata: %b\n\n" % (event, _text(frame))


def _text(frame: Frame) -> bytes:
    return frame.data.encode() if isinstance(frame.data, str) else jsontext.dumps(frame.data)


def _raw(frame: Frame) -> bytes:
    data: bytes = frame.data
    return data


_EVENTS: Final = {"content-type": "text/event-stream", "cache-control": "no-cache"}

FRAMINGS: Final[dict[Framing, _Framing]] = {
    "sse": _Framing(_EVENTS, _sse, newline=b"\n", sign=b": keep-alive\n\n"),
    # No sign of life: a comment breaks google-genai (measured with 3.4), and no such thing is known of the service.
    "sse-crlf": _Framing(_EVENTS, lambda frame: b"data: %b\r\n\r\n" % _text(frame), newline=b"\r\n"),
    "json-array": _Framing(
        {"content-type": "application/json; charset=utf-8"}, _text, before=b"[", between=b",\r\n", after=b"]"
    ),
    "raw": _Framing({}, _raw, newline=b"\n", sign=b": keep-alive\n\n"),
}


def _schedule(pace: Pace, stamp: Stamp) -> Iterator[float]:
    """When each beat is due, without end. Jitter strays each gap, from the session's seed."""
    first = max(pace.first, pace.delay)
    if pace.jitter:
        yield from _straying(first, pace, stamp)
    gaps = pace.gaps or (0.0,)
    so_far = tuple(accumulate(gaps, initial=0.0))
    for number in count():
        rounds, place = divmod(number, len(gaps))
        yield first + rounds * so_far[-1] + so_far[place]


def _straying(moment: float, pace: Pace, stamp: Stamp) -> Iterator[float]:
    draw = random.Random(f"{stamp.seed}/{stamp.serial}/jitter")  # noqa: S311 - repeatable on purpose
    gaps = pace.gaps or (0.0,)
    for number in count():
        yield moment
        moment += gaps[number % len(gaps)] * (1 + pace.jitter * draw.uniform(-1, 1))
