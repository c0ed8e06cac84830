"""From a call to actions: the flow of the whole emulator, read top to bottom. Nothing here waits or reads a clock."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from difflib import get_close_matches
from functools import partial
from typing import Final

from msgspec import Struct

from emulator import timeline
from emulator.engine import Hit, Miss, Standing, choose
from emulator.journal import Exchange, Outcome
from emulator.plans import Plans
from emulator.scenario import Scenario, Unanswerable
from emulator.server.front import Visit
from emulator.server.writing import Said, Work, Writer, delay
from emulator.session import Attempt, Session
from emulator.timeline import Going
from emulator.types import (
    Action,
    Broken,
    Completion,
    Drop,
    Failure,
    Headers,
    Insert,
    Page,
    Raw,
    Ready,
    Rejected,
    Repeat,
    Reply,
    Request,
    Stamp,
    Text,
)

__all__ = ["Answer", "Asked", "answer", "asked"]


class Answer(Struct):
    """What happens on the socket, and what the journal knows of it."""

    actions: Iterable[Action] | Ready
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
        return Exchange(
            number=number,
            session=visit.session,
            serial=stamp.serial,
            created=stamp.created,
            call=visit.call,
            heading=visit.heading,
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
            on_ended=self.attempt.end if self.attempt else None,
            time=time,
        )


class Options(Struct, frozen=True):
    """How calls are answered, beside what their sessions say."""

    echo: bool = False
    """What no step answers is answered by the user's own words."""
    plans: Plans | None = None
    """Answers written once. None: each is written anew."""


WRITTEN: Final = Options()
"""Each answer is written anew."""


def answer(
    visit: Visit, session: Session, loaded: tuple[Scenario, ...], unread: Failure | None, options: Options = WRITTEN
) -> tuple[Answer, Stamp]:
    """Answer a call. `unread` is why its body could not be read, if it could not."""
    stamp = session.stamp()
    view = session.view(loaded)
    scenarios = view.scenarios
    visit = visit.listing(view.models)
    speaker = _Speaker(visit, session, stamp, options.plans)
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
                said = speaker.miss(_wording(miss, visit, session, loaded), read.request, echo=options.echo)
        said.warnings = warnings
    except Rejected as rejected:
        said = speaker.rejection(rejected.failure)
    if isinstance(read, Asked):
        said.request, said.attempt = read.request, read.attempt
    return said, stamp


class Asked(Struct, frozen=True):
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


class _Speaker(Struct, frozen=True):
    """Says things in the words of the visit's provider."""

    visit: Visit
    session: Session
    stamp: Stamp
    plans: Plans | None = None

    @property
    def writer(self) -> Writer:
        """Writes what is not planned."""
        return Writer(self.visit.provider, self.visit.call, self.stamp, self.session.id)

    def judged(self, request: Request, found: Hit | Miss) -> tuple[str, ...]:
        """What the service would note of a request. Raises Rejected where it refuses one and nobody wants otherwise."""
        mode = self.session.requests
        if isinstance(found, Hit) and found.scenario.requests is not None:
            mode = found.scenario.requests
        if mode == "off":
            return ()
        warnings = []
        for rule in self.visit.provider.rules(request.endpoint.protocol).concerning(request):
            for breach in rule.check.look(request):
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
        # A reply that is made for this one request does not come again; nor does what else is told with this one.
        fixed = len(headers) == 1 and any(turned.reply is reply for turned in hit.step.replies)
        planned = self._planned(reply, request, headers) if fixed else None
        return planned or self.reply(reply, request, headers)

    def reply(self, reply: Reply, request: Request, headers: Headers) -> Answer:
        """A reply, written for this request."""
        protocol, writer = request.endpoint.protocol, self.writer
        headers = {**headers, **reply.headers}
        going = Going(reply.pace, reply.happenings, self.stamp, protocol.PING)
        done = reply.answer
        if isinstance(done, Completion) and done.blocked:
            done = protocol.blocked(done)
        match done:
            case Failure() as failure:
                said = writer.failure(failure, headers, delay(reply.pace))
            case Raw() as raw:
                said = writer.raw(raw, going, headers)
            case Completion():
                said = self._completion(Work(done, request, going, headers), reply)
        actions = said.actions if reply.fault is None else timeline.faulty(said.actions, reply.fault)
        made = Answer(actions, said.status, "hit", request)
        if isinstance(done, Completion) and said.status == 200:  # noqa: PLR2004
            made.said = done if not request.stream or _as_written(reply) else None
        elif not isinstance(done, Raw):
            failures = (done, *(one.act for one in reply.happenings))
            made.error = next(one.name for one in failures if isinstance(one, Failure))
        return made

    def _completion(self, work: Work, reply: Reply) -> Said:
        """Write what the model says, and keep what later requests can refer to."""
        keep = partial(work.request.endpoint.protocol.keep, work.done, work.request, self.session.memory, self.stamp)
        said = self.writer.completion(work)
        if reply.fault is not None or said.status != 200:  # noqa: PLR2004 - an error came in its place
            return said
        if work.request.stream and any(one.ends for one in reply.happenings):
            return Said(_with_end(said.actions, keep), said.status)
        keep()
        return said

    def _planned(self, reply: Reply, request: Request, headers: Headers) -> Answer | None:
        """The answer by a plan, that is made once for all requests which get the same; None: there can be none."""
        done, key = reply.answer, self._key(reply, request)
        if self.plans is None or key is None or not isinstance(done, Completion):
            return None
        visit, protocol = self.visit, request.endpoint.protocol

        def write(stamp: Stamp, session: str) -> Iterable[Action]:
            work = Work(done, request, Going(reply.pace, (), stamp, protocol.PING), {**headers, **reply.headers})
            return Writer(visit.provider, visit.call, stamp, session).completion(work).actions

        protocol.keep(done, request, self.session.memory, self.stamp)
        actions = self.plans.actions(key, (reply, visit.provider), self.stamp, self.session.id, write)
        return Answer(actions, 200, "hit", request, said=done)

    def _key(self, reply: Reply, request: Request) -> Hashable:
        """What the answer depends on, beside its stamp and its session. None: more than that, so it is written anew."""
        done = reply.answer
        if self.plans is None or not isinstance(done, Completion) or done.blocked:
            return None
        if reply.fault or reply.happenings or reply.pace.jitter:
            return None
        endpoint, visit = request.endpoint, self.visit
        varies = endpoint.protocol.varies(request)
        if varies is None:
            return None
        where = (id(visit.provider), endpoint.protocol.NAME, visit.call.path, endpoint.target, visit.telling)
        return (id(reply), where, request.stream, request.model, request.input_tokens, varies)

    def miss(self, explanation: str, request: Request, *, echo: bool) -> Answer:
        """A 4xx that SDKs do not retry: one miss is one request. Or the echo that somebody wants in its place."""
        headers = {"x-should-retry": "false", "x-emulator-step": "none", "x-emulator-miss": "1"}
        said = Completion((Text(request.user),), "stop") if echo else Failure("no_step", explanation)
        answer = self.reply(Reply(said), request, headers)
        answer.outcome, answer.explanation = "miss", explanation
        return answer

    def rejection(self, failure: Failure) -> Answer:
        said = self.writer.failure(failure, {"x-emulator-step": "none"})
        explanation = f"{failure.name}: {failure.message or 'rejected'}"
        return Answer(said.actions, said.status, "rejected", explanation=explanation, error=failure.name)

    def page(self, page: Page) -> Answer:
        said = self.writer.page(page, {"x-emulator-step": "none"})
        return Answer(said.actions, said.status, "page")


def _with_end(actions: Iterable[Action], keep: Callable[[], None]) -> Iterator[Action]:
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


def _wording(miss: Miss, visit: Visit, session: Session, loaded: tuple[Scenario, ...]) -> str:
    """The sentence for the developer of the client: what was asked of which steps, and why none fits."""
    who = f"no scenario step matched (session '{session.id}', request {session.serial})"
    names = [scenario.name for scenario in (*session.own, *loaded)]
    if visit.only is not None and visit.only not in names:
        close = get_close_matches(visit.only, names, 1)
        meant = f" Did you mean '{close[0]}'?" if close else f" There are: {', '.join(names) or 'none'}."
        return f"{who}: the key asks for the scenario '{visit.only}', which is not loaded.{meant}"
    return f"{who}, nearest first:\n{miss}"
