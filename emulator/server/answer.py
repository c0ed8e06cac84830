"""From a call to actions: the flow of the whole emulator, read top to bottom. Nothing here waits or reads a clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches
from email.utils import formatdate
from functools import partial

from emulator import jsontext, timeline
from emulator.engine import Hit, Miss, Standing, choose
from emulator.journal import Exchange, Outcome
from emulator.scenario import Scenario, Unanswerable
from emulator.server.front import Visit
from emulator.session import Attempt, Session
from emulator.timeline import Going
from emulator.types import (
    Action,
    Broken,
    Completion,
    Drop,
    Failure,
    Frame,
    Headers,
    Insert,
    Media,
    Pace,
    Page,
    Raw,
    Rejected,
    Repeat,
    Reply,
    Request,
    Stamp,
    Start,
    Text,
    Wait,
)

__all__ = ["Answer", "Asked", "answer", "asked"]


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
    attempt: Attempt | None = None
    warnings: tuple[str, ...] = ()
    """What the service would have noted or refused."""
    said: Completion | None = None
    """What the client gets to read, where that is what the model says."""
    error: str = ""
    """The name of the error that the client gets."""

    def exchange(self, number: int, visit: Visit, stamp: Stamp, time: Callable[[], float]) -> Exchange:
        """The journal's entry. `time` is how it tells when the request came and when its answer ended."""
        request = self.request
        good = self.attempt if 200 <= self.status < 300 else None  # noqa: PLR2004 - RFC 9110, 15.3
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
            stream=bool(request and request.stream and self.status == 200),  # noqa: PLR2004
            number_of_call=self.attempt.call if self.attempt else 0,
            attempt=self.attempt.number if self.attempt else 0,
            arrived=time(),
            endpoint=request.endpoint if request else None,
            turns=request.turns if request else None,
            forced=bool(request and request.tool_choice not in {"auto", "none"}),
            said=self.said,
            error=self.error,
            step=self.step,
            place=self.place,
            explanation=self.explanation,
            warnings=self.warnings,
            on_delivered=good.deliver if good else None,
            time=time,
        )


def answer(
    visit: Visit, session: Session, loaded: tuple[Scenario, ...], unread: Failure | None, *, echo: bool = False
) -> tuple[Answer, Stamp]:
    """Answer a call. `unread` is why its body could not be read, if it could not; `echo` answers what no step does."""
    stamp = session.stamp()
    scenarios = session.view(loaded)
    if models := tuple(model for scenario in scenarios for model in scenario.models):
        visit = replace(visit, provider=visit.provider.listing(models))
    speaker = _Speaker(visit, session, stamp)
    if unread is not None:
        return speaker.rejection(unread), stamp
    read: Page | Asked | None = None
    try:
        read = asked(visit, session, scenarios, stamp)
        if isinstance(read, Page):
            return speaker.page(read), stamp
        warnings = speaker.judged(read.request, read.found)
        session.chosen(read.found, read.attempt)
        match read.found:
            case Hit() as hit:
                said = speaker.hit(hit, read.attempt, read.request, warnings)
                said.step, said.place = hit.step.name, hit.step.place
            case Miss() as miss:
                said = speaker.miss(_wording(miss, visit, session, loaded), read.request, echo=echo)
        said.warnings = warnings
    except Rejected as rejected:
        said = speaker.rejection(rejected.failure)
    if isinstance(read, Asked):
        said.request, said.attempt = read.request, read.attempt
    return said, stamp


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that was put to the steps, how the session stood, and the step that answers."""

    request: Request
    attempt: Attempt
    standing: Standing
    found: Hit | Miss


def asked(visit: Visit, session: Session, scenarios: tuple[Scenario, ...], stamp: Stamp) -> Page | Asked:
    """Read a call and find the step that answers it; a page, where no step is asked. Raises Rejected."""
    endpoint = visit.provider.resolve(visit.call, stamp)
    if isinstance(endpoint, Page):
        return endpoint
    if endpoint.page is not None:
        return endpoint.page(visit.call, endpoint, session.memory, stamp)
    request = endpoint.protocol.decode(visit.call, endpoint, session.memory)
    attempt = session.attempt(f"{endpoint.provider} {visit.call.path}", visit.call.body)
    standing = session.standing(attempt)
    return Asked(request, attempt, standing, choose(scenarios, request, standing))


@dataclass(frozen=True, slots=True)
class _Speaker:
    """Says things in the words of the visit's provider."""

    visit: Visit
    session: Session
    stamp: Stamp

    def judged(self, request: Request, found: Hit | Miss) -> tuple[str, ...]:
        """What the service would note of a request. Raises Rejected where it refuses one and nobody wants otherwise."""
        mode = self.session.requests
        if isinstance(found, Hit) and found.scenario.requests is not None:
            mode = found.scenario.requests
        if mode == "off":
            return ()
        warnings = []
        for rule in self.visit.provider.rules(request.endpoint.protocol):
            for breach in rule.check(request):
                if rule.refused and mode == "strict":
                    raise Rejected(breach.failure())
                warnings.append(f"{rule.name}: {breach.message}")
        return tuple(warnings)

    def hit(self, hit: Hit, attempt: Attempt, request: Request, warnings: tuple[str, ...]) -> Answer:
        """What comes first: a limit that is reached, an error by chance, the step's reply."""
        session = self.session
        headers = {"x-emulator-step": hit.step.name}
        if warnings:
            headers["x-emulator-warnings"] = str(len(warnings))
        limited = session.limits is not None or hit.scenario.limits is not None
        if limited:
            failure, quota = session.over(hit.scenario, request.input_tokens)
            if quota is not None:
                headers |= self.visit.provider.quota(quota, request.endpoint.protocol.NAME, self.stamp)
            if failure is not None:
                return self.reply(Reply(failure), request, headers)
        if failure := session.struck(hit, attempt, request, self.stamp):
            return self.reply(Reply(failure), request, headers)
        try:
            reply = session.take(hit, attempt, request, self.stamp)
        except Unanswerable as error:
            said = self.reply(
                Reply(Failure("template_failed", f"{hit.step.name} ({hit.step.place}): {error}")),
                request,
                {"x-should-retry": "false", **headers},
            )
            said.explanation = str(error)
            return said
        if limited and isinstance(reply.answer, Completion):
            session.spend(hit.scenario, reply.answer.tokens(request).output)
        return self.reply(reply, request, headers)

    def reply(self, reply: Reply, request: Request, headers: Headers) -> Answer:
        headers = {**headers, **reply.headers}
        going = Going(reply.pace, reply.happenings, self.stamp, request.endpoint.protocol.PING)
        done = reply.answer
        if isinstance(done, Completion) and done.blocked:
            done = request.endpoint.protocol.blocked(done)
        match done:
            case Failure() as failure:
                page = self.visit.provider.failure(failure, self.visit.call, self.stamp)
                actions, status = self._whole(page, headers, _delay(reply.pace)), page.status
            case Raw() as raw:
                actions, status = self._raw(raw, going, headers), raw.status
            case Completion() if request.stream:
                actions, status = self._streamed(done, request, going, headers, kept=reply.fault is None), 200
            case Completion():
                actions, status = self._at_once(done, request, going, headers, kept=reply.fault is None)
        if reply.fault is not None:
            actions = timeline.faulty(actions, reply.fault)
        made = Answer(actions, status, "hit", request)
        if isinstance(done, Completion) and status == 200:  # noqa: PLR2004
            made.said = done if not request.stream or _as_written(reply) else None
        elif not isinstance(done, Raw):
            failures = (done, *(one.act for one in reply.happenings))
            made.error = next(one.name for one in failures if isinstance(one, Failure))
        return made

    def _streamed(
        self, done: Completion, request: Request, going: Going, headers: Headers, *, kept: bool
    ) -> Iterator[Action]:
        protocol, stamp = request.endpoint.protocol, self.stamp
        framing = protocol.framing(request)
        start = Start(200, self._headers(timeline.FRAMINGS[framing].headers, headers), None)
        ending = partial(protocol.broken, stamp=stamp)
        actions = timeline.stream(self._frames(done, request), framing, going, start, ending)
        keep = partial(protocol.keep, done, request, self.session.memory, stamp)
        if kept and any(one.ends for one in going.happenings):
            return _with_end(actions, keep)
        if kept:
            keep()
        return actions

    def _at_once(
        self, done: Completion, request: Request, going: Going, headers: Headers, *, kept: bool
    ) -> tuple[Iterator[Action], int]:
        protocol, stamp = request.endpoint.protocol, self.stamp
        before = _delay(going.pace)
        if going.pace.waits or going.happenings:
            before, failure = timeline.waits(self._frames(done, request), going)
            if failure is not None:
                page = self.visit.provider.failure(failure, self.visit.call, stamp)
                return self._whole(page, headers, before), page.status
        if kept:
            protocol.keep(done, request, self.session.memory, stamp)
        body = self.visit.provider.body(protocol.body(done, request, stamp), request, stamp)
        if done.metadata and isinstance(body, dict):
            body = {**body, **done.metadata}
        if isinstance(body, bytes):
            kind = next((part.mime for part in done.parts if isinstance(part, Media)), "application/octet-stream")
            start = Start(200, self._headers({"content-type": kind}, headers), len(body))
            return timeline.whole(body, before, start), 200
        return self._whole(Page(200, body), headers, before), 200

    def _frames(self, done: Completion, request: Request) -> Iterator[Frame]:
        frames = request.endpoint.protocol.frames(done, request, self.stamp)
        frames = self.visit.provider.frames(frames, done, request, self.stamp)
        if not done.metadata:
            return frames
        return (
            replace(frame, data={**frame.data, **done.metadata}) if isinstance(frame.data, dict) else frame
            for frame in frames
        )

    def _raw(self, raw: Raw, going: Going, headers: Headers) -> Iterator[Action]:
        if raw.streamed:
            start = Start(raw.status, self._headers(raw.headers, headers), None)
            frames = (Frame(piece, beat=True, text=piece.decode(errors="replace")) for piece in raw.pieces)
            # The protocol's own sign of life would be an event that the scenario has not written.
            return timeline.stream(frames, "raw", replace(going, ping=None), start, lambda _, __: ())
        body = b"".join(raw.pieces)
        kind = {} if "content-type" in raw.headers or not body else {"content-type": _kind(body)}
        start = Start(raw.status, self._headers({**kind, **raw.headers}, headers), len(body))
        return timeline.whole(body, _delay(going.pace), start)

    def miss(self, explanation: str, request: Request, *, echo: bool) -> Answer:
        """A 4xx that SDKs do not retry: one miss is one request. Or the echo that somebody wants in its place."""
        headers = {"x-should-retry": "false", "x-emulator-step": "none", "x-emulator-miss": "1"}
        said = Completion((Text(request.user),), "stop") if echo else Failure("no_step", explanation)
        answer = self.reply(Reply(said), request, headers)
        answer.outcome, answer.explanation = "miss", explanation
        return answer

    def rejection(self, failure: Failure) -> Answer:
        page = self.visit.provider.failure(failure, self.visit.call, self.stamp)
        actions = self._whole(page, {"x-emulator-step": "none"})
        explanation = f"{failure.name}: {failure.message or 'rejected'}"
        return Answer(actions, page.status, "rejected", explanation=explanation, error=failure.name)

    def page(self, page: Page) -> Answer:
        return Answer(self._whole(page, {"x-emulator-step": "none"}), page.status, "page")

    def _whole(self, page: Page, headers: Headers, before: Iterable[Action] = ()) -> Iterator[Action]:
        match page.body:
            case None:
                head, body = {}, b""
            case str() as text:  # as a scenario wrote it
                head, body = {"content-type": "text/plain; charset=utf-8"}, text.encode()
            case value:
                head, body = {"content-type": "application/json; charset=utf-8"}, jsontext.dumps(value)
        start = Start(page.status, self._headers(head, {**page.headers, **headers}), len(body))
        return timeline.whole(body, before, start)

    def _headers(self, head: Headers, more: Headers) -> Headers:
        """In the order of their authority: what comes later replaces what came before."""
        return {
            **head,
            "date": formatdate(self.stamp.created, usegmt=True),
            **self.visit.provider.headers(self.visit.call, self.stamp),
            "x-emulator-session": self.session.id,
            **more,
        }


def _with_end(actions: Iterator[Action], keep: Callable[[], None]) -> Iterator[Action]:
    """Keep an answer once it was said to its end: what broke off can't be referred to."""
    broken = False
    for action in actions:
        broken = broken or isinstance(action, Broken)
        yield action
    if not broken:
        keep()


def _as_written(reply: Reply) -> bool:
    """Whether a stream says what the model says, as far as it goes."""
    return not any(
        isinstance(one.act, Drop | Repeat) or (isinstance(one.act, Insert) and not one.act.comment)
        for one in reply.happenings
    )


def _delay(pace: Pace) -> list[Action]:
    return [Wait(pace.delay)] if pace.delay else []


def _kind(body: bytes) -> str:
    """What a body is whose scenario does not say so."""
    try:
        jsontext.loads(body)
    except ValueError:
        return "text/plain; charset=utf-8"
    return "application/json; charset=utf-8"


def _wording(miss: Miss, visit: Visit, session: Session, loaded: tuple[Scenario, ...]) -> str:
    """The sentence for the developer of the client: what was asked of which steps, and why none fits."""
    who = f"no scenario step matched (session '{session.id}', request {session.serial})"
    names = [scenario.name for scenario in (*session.own, *loaded)]
    if visit.only is not None and visit.only not in names:
        close = get_close_matches(visit.only, names, 1)
        meant = f" Did you mean '{close[0]}'?" if close else f" There are: {', '.join(names) or 'none'}."
        return f"{who}: the key asks for the scenario '{visit.only}', which is not loaded.{meant}"
    return f"{who}, nearest first:\n{miss}"
