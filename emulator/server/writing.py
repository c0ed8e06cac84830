"""Writes answers: from a reply to actions, in the words of a protocol and of the provider that is asked. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from emulator import jsontext, timeline
from emulator.timeline import Going
from emulator.types import (
    Action,
    Call,
    Completion,
    Failure,
    Frame,
    Headers,
    Media,
    Pace,
    Page,
    Provider,
    Raw,
    Request,
    Stamp,
    Start,
    Wait,
)

__all__ = ["Said", "Work", "Writer", "delay"]


class Work(Struct, frozen=True):
    """An answer of a model that is to be written."""

    done: Completion
    request: Request
    going: Going
    headers: Headers


class Said(Struct, frozen=True):
    """An answer that is written."""

    actions: Iterable[Action]
    status: int


class Writer(Struct, frozen=True):
    """Writes the answers of one exchange."""

    provider: Provider
    call: Call
    stamp: Stamp
    session: str
    """The session's id, as answers tell it."""

    def completion(self, work: Work) -> Said:
        """What the model says, streamed or not. An error on the way of an answer that is not streamed is the answer."""
        return self._streamed(work) if work.request.stream else self._at_once(work)

    def failure(self, failure: Failure, headers: Headers, before: Iterable[Action] = ()) -> Said:
        """An error of the provider."""
        return self.page(self.provider.failure(failure, self.call, self.stamp), headers, before)

    def page(self, page: Page, headers: Headers, before: Iterable[Action] = ()) -> Said:
        """A whole answer."""
        match page.body:
            case None:
                head, body = {}, b""
            case str() as text:  # as a scenario wrote it
                head, body = {"content-type": "text/plain; charset=utf-8"}, text.encode()
            case value:
                head, body = {"content-type": "application/json; charset=utf-8"}, jsontext.dumps(value)
        start = Start(page.status, self._headers(head, {**page.headers, **headers}), len(body))
        return Said(timeline.whole(body, before, start), page.status)

    def raw(self, raw: Raw, going: Going, headers: Headers) -> Said:
        """An answer as a scenario wrote it."""
        if raw.streamed:
            start = Start(raw.status, self._headers(raw.headers, headers), None)
            frames = (Frame(piece, beat=True, text=piece.decode(errors="replace")) for piece in raw.pieces)
            # The protocol's own sign of life would be an event that the scenario has not written.
            quiet = replace(going, ping=None)
            return Said(timeline.stream(frames, "raw", quiet, start, lambda _, __: ()), raw.status)
        body = b"".join(raw.pieces)
        kind = {} if "content-type" in raw.headers or not body else {"content-type": _kind(body)}
        start = Start(raw.status, self._headers({**kind, **raw.headers}, headers), len(body))
        return Said(timeline.whole(body, delay(going.pace), start), raw.status)

    def _streamed(self, work: Work) -> Said:
        protocol = work.request.endpoint.protocol
        framing = protocol.framing(work.request)
        start = Start(200, self._headers(timeline.FRAMINGS[framing].headers, work.headers), None)
        ending = partial(protocol.broken, stamp=self.stamp)
        return Said(timeline.stream(self._frames(work), framing, work.going, start, ending), 200)

    def _at_once(self, work: Work) -> Said:
        done, request, going = work.done, work.request, work.going
        before = delay(going.pace)
        if going.pace.waits or going.happenings:
            before, failure = timeline.waits(self._frames(work), going)
            if failure is not None:
                return self.failure(failure, work.headers, before)
        written = request.endpoint.protocol.body(done, request, self.stamp)
        body = self.provider.body(written, request, self.stamp)
        if done.metadata and isinstance(body, dict):
            body = {**body, **done.metadata}
        if isinstance(body, bytes):
            kind = next((part.mime for part in done.parts if isinstance(part, Media)), "application/octet-stream")
            start = Start(200, self._headers({"content-type": kind}, work.headers), len(body))
            return Said(timeline.whole(body, before, start), 200)
        return self.page(Page(200, body), work.headers, before)

    def _frames(self, work: Work) -> Iterator[Frame]:
        done, request = work.done, work.request
        frames = request.endpoint.protocol.frames(done, request, self.stamp)
        frames = self.provider.frames(frames, done, request, self.stamp)
        if not done.metadata:
            return frames
        return (
            replace(frame, data={**frame.data, **done.metadata}) if isinstance(frame.data, dict) else frame
            for frame in frames
        )

    def _headers(self, head: Headers, more: Headers) -> Headers:
        """In the order of their authority: what comes later replaces what came before."""
        return {
            **head,
            "date": self.stamp.date(),
            **self.provider.headers(self.call, self.stamp),
            "x-emulator-session": self.session,
            **more,
        }


def delay(pace: Pace) -> list[Action]:
    """What comes before the head."""
    return [Wait(pace.delay)] if pace.delay else []


def _kind(body: bytes) -> str:
    """What a body is whose scenario does not say so."""
    try:
        jsontext.loads(body)
    except ValueError:
        return "text/plain; charset=utf-8"
    return "application/json; charset=utf-8"
