"""From a call to actions: the flow of the whole emulator, read top to bottom. Nothing here waits or reads a clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from email.utils import formatdate
from functools import partial

from emulator import jsontext, timeline
from emulator.engine import Hit, Miss, choose
from emulator.journal import Exchange, Outcome
from emulator.scenario import Scenario
from emulator.server.front import Visit
from emulator.session import Session
from emulator.types import Action, Completion, Failure, Headers, Pace, Page, Rejected, Reply, Request, Stamp, Start

__all__ = ["Answer", "answer"]


@dataclass(slots=True)
class Answer:
    """What happens on the socket, and what the journal knows of it."""

    actions: Iterator[Action]
    status: int
    outcome: Outcome
    request: Request | None = None
    step: str = ""
    place: str = ""
    explanation: str = ""

    def exchange(self, number: int, visit: Visit, stamp: Stamp) -> Exchange:
        """The journal's entry."""
        request = self.request
        return Exchange(
            number=number,
            session=visit.session,
            serial=stamp.serial,
            created=stamp.created,
            call=visit.call,
            provider=visit.provider.name,
            outcome=self.outcome,
            status=self.status,
            protocol=request.endpoint.protocol.NAME if request else "",
            target=request.endpoint.target if request else "",
            model=request.model if request else "",
            stream=bool(request and request.stream and self.outcome == "hit" and self.status == 200),  # noqa: PLR2004
            step=self.step,
            place=self.place,
            explanation=self.explanation,
        )


def answer(
    visit: Visit, session: Session, loaded: tuple[Scenario, ...], unread: Failure | None
) -> tuple[Answer, Stamp]:
    """Answer a call. `unread` is why its body could not be read, if it could not."""
    stamp = session.stamp()
    speaker = _Speaker(visit, session, stamp)
    if unread is not None:
        return speaker.rejection(unread), stamp
    try:
        endpoint = visit.provider.resolve(visit.call, stamp)
        if isinstance(endpoint, Page):
            return speaker.page(endpoint), stamp
        if endpoint.page is not None:
            return speaker.page(endpoint.page(visit.call, endpoint, session.memory, stamp)), stamp
        request = endpoint.protocol.decode(visit.call, endpoint, session.memory)
        scenarios = session.view(loaded)
        match choose(scenarios, request):
            case Hit(step):
                said = speaker.reply(session.take(step), request, step.name)
                said.step, said.place = step.name, step.place
            case Miss() as miss:
                said = speaker.miss(_wording(miss, visit, session, loaded), request)
    except Rejected as rejected:
        said = speaker.rejection(rejected.failure)
    return said, stamp


@dataclass(frozen=True, slots=True)
class _Speaker:
    """Says things in the words of the visit's provider."""

    visit: Visit
    session: Session
    stamp: Stamp

    def reply(self, reply: Reply, request: Request, step: str) -> Answer:
        provider, protocol, stamp = self.visit.provider, request.endpoint.protocol, self.stamp
        headers = {**reply.headers, "x-emulator-step": step}
        broken = reply.broken
        match reply.answer if broken is None or request.stream else broken.failure:
            case Failure() as failure:
                page = provider.failure(failure, self.visit.call, stamp)
                return Answer(self._whole(page, reply.pace, headers), page.status, "hit", request)
            case Completion() as done if request.stream:
                if broken is None:  # what was never said to its end can't be referred to
                    protocol.keep(done, request, self.session.memory, stamp)
                frames = provider.frames(protocol.frames(done, request, stamp), done, request, stamp)
                if broken is not None:
                    end = partial(protocol.broken, broken.failure, stamp=stamp)
                    frames = timeline.broken_off(frames, broken.beats, end)
                framing = protocol.framing(request)
                start = Start(200, self._headers(timeline.FRAMINGS[framing].headers, headers), None)
                return Answer(timeline.stream(frames, framing, reply.pace, stamp, start), 200, "hit", request)
            case Completion() as done:
                protocol.keep(done, request, self.session.memory, stamp)
                page = Page(200, provider.body(protocol.body(done, request, stamp), request, stamp))
                beats = 0
                if reply.pace.first or reply.pace.gap:
                    frames = provider.frames(protocol.frames(done, request, stamp), done, request, stamp)
                    beats = sum(frame.beat for frame in frames)
                return Answer(self._whole(page, reply.pace, headers, beats), 200, "hit", request)

    def miss(self, explanation: str, request: Request) -> Answer:
        """A 4xx that SDKs do not retry: one miss is one request."""
        page = self.visit.provider.failure(Failure("no_step", explanation), self.visit.call, self.stamp)
        headers = {"x-should-retry": "false", "x-emulator-step": "none", "x-emulator-miss": "1"}
        return Answer(self._whole(page, Pace(), headers), page.status, "miss", request, explanation=explanation)

    def rejection(self, failure: Failure) -> Answer:
        page = self.visit.provider.failure(failure, self.visit.call, self.stamp)
        actions = self._whole(page, Pace(), {"x-emulator-step": "none"})
        return Answer(actions, page.status, "rejected", explanation=f"{failure.name}: {failure.message or 'rejected'}")

    def page(self, page: Page) -> Answer:
        return Answer(self._whole(page, Pace(), {"x-emulator-step": "none"}), page.status, "page")

    def _whole(self, page: Page, pace: Pace, headers: Headers, beats: int = 0) -> Iterator[Action]:
        match page.body:
            case None:
                head, body = {}, b""
            case str() as text:  # as a scenario wrote it
                head, body = {"content-type": "text/plain; charset=utf-8"}, text.encode()
            case value:
                head, body = {"content-type": "application/json; charset=utf-8"}, jsontext.dumps(value)
        start = Start(page.status, self._headers(head, {**page.headers, **headers}), len(body))
        return timeline.whole(body, beats, pace, self.stamp, start)

    def _headers(self, head: Headers, more: Headers) -> Headers:
        """In the order of their authority: what comes later replaces what came before."""
        return {
            **head,
            "date": formatdate(self.stamp.created, usegmt=True),
            **self.visit.provider.headers(self.visit.call, self.stamp),
            "x-emulator-session": self.session.id,
            **more,
        }


def _wording(miss: Miss, visit: Visit, session: Session, loaded: tuple[Scenario, ...]) -> str:
    """The sentence for the developer of the client: what was asked of which steps, and why none fits."""
    who = f"no scenario step matched (session '{session.id}', request {session.serial})"
    if visit.only is not None and visit.only not in (names := [scenario.name for scenario in loaded]):
        close = get_close_matches(visit.only, names, 1)
        meant = f" Did you mean '{close[0]}'?" if close else f" There are: {', '.join(names) or 'none'}."
        return f"{who}: the key asks for the scenario '{visit.only}', which is not loaded.{meant}"
    return f"{who}, nearest first:\n{miss}"
