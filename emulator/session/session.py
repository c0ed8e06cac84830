"""A client's private run, found by its API key: counters, state, seed, clock, limits, gates."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections import OrderedDict
from collections.abc import Callable, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from emulator.clock import Clock
from emulator.engine import Hit, Miss, Standing
from emulator.scenario import Limits, Scenario, Scene, State, Step
from emulator.session.calls import Attempt, Calls
from emulator.session.memory import Budget, Memory
from emulator.session.quota import Window
from emulator.types import Failure, Quota, Reply, Request, RequestMode, Stamp

__all__ = ["Session", "Sessions", "key_id"]


class View(Struct, frozen=True, eq=False):
    """What a session sees, as long as nobody changes its own scenarios or the loaded ones."""

    own: tuple[Scenario, ...]
    loaded: tuple[Scenario, ...]
    scenarios: tuple[Scenario, ...]
    """Those that it sees, in the order in which they are asked."""
    models: tuple[str, ...]
    """The models that they list."""
    steps: frozenset[Step]
    """All steps, be they hidden from it."""


class Session(Struct):
    """One client's private run."""

    id: str
    seed: int
    clock: Clock
    memory: Memory
    only: tuple[str, ...] | None = None
    """Which of the loaded scenarios this session sees; None: all."""
    own: tuple[Scenario, ...] = ()
    """Scenarios that no other session sees. They are asked before the loaded ones, and in place of one so called."""
    key: str = ""
    """The API key that was made for it; empty: none was."""
    limits: Limits | None = None
    """What it may ask, beside what its scenarios allow."""
    requests: RequestMode = "strict"
    """What becomes of a request that the service would refuse, where its scenario does not say."""
    serial: int = 0
    """How many requests it has made."""
    state: State = field(default_factory=dict)
    answers: set[Callable[[], None]] = field(default_factory=set)
    """What cuts each of its answers that are under way."""
    used: dict[Step, int] = field(default_factory=dict)
    """How many calls each step has answered."""
    _met: dict[Step, int] = field(default_factory=dict)
    _turns: dict[Step, list[int]] = field(default_factory=dict)
    """How many requests each reply of a step has answered."""
    _calls: Calls = field(default_factory=Calls)
    _windows: dict[str, Window] = field(default_factory=dict)
    _gates: dict[str, asyncio.Event] = field(default_factory=dict)
    _seen: View | None = None

    def stamp(self) -> Stamp:
        """The stamp of the next request."""
        self.serial += 1
        return Stamp(self.seed, self.serial, self.clock.created(self.serial))

    # ---------------------------------------------------------------- calls

    def attempt(self, route: str, body: bytes) -> Attempt:
        """Begin a request: a call of its own, or one more attempt of the call before it on this route."""
        return self._calls.begin(route, body, self.state)

    def standing(self, attempt: Attempt) -> Standing:
        """How far the session had come before this call."""
        met = self._met
        if attempt.met:
            met = {**met, **{step: number - 1 for step, number in attempt.met.items()}}
        return Standing(self.used, met, attempt.state, self._known(attempt.step))

    def _known(self, step: Step | None) -> Step | None:
        """A step, if it is still there."""
        return step if step is None or (self._seen is not None and step in self._seen.steps) else None

    def chosen(self, found: Hit | Miss, attempt: Attempt) -> None:
        """Count a call, once, for the step that answers it and for those that count theirs."""
        if found.met:
            new = {step: self._met.get(step, 0) + 1 for step in found.met if step not in attempt.met}
            self._met.update(new)
            attempt.met = {**attempt.met, **new}
        answers = found.step if isinstance(found, Hit) else None
        if answers is not None and answers is not attempt.step:
            self.used[answers] = self.used.get(answers, 0) + 1
        attempt.step = answers

    def take(self, hit: Hit, attempt: Attempt, request: Request, stamp: Stamp) -> Reply:
        """The reply of the step whose turn it is; the last one goes on without end. Raises Unanswerable."""
        replies = hit.step.replies
        index = len(replies) - 1
        turns = self._turns.get(hit.step)
        if turns is None:
            turns = self._turns[hit.step] = [0] * len(replies)
        if index:
            index = self._due(hit.step, attempt, turns)
        turns[index] += 1
        reply = replies[index].reply
        made = reply if isinstance(reply, Reply) else reply(Scene(request, attempt.state, hit.call, stamp))
        if made.sets:
            self.state = {**self.state, **made.sets}
        return made

    def _due(self, step: Step, attempt: Attempt, turns: list[int]) -> int:
        """Which of several replies has its turn."""
        for number, turned in enumerate(step.replies[:-1]):
            if turned.times is not None and turns[number] >= turned.times:
                continue
            if turned.chance is None or self.draw(self.seed, attempt, f"{step.name}/{number}") < turned.chance:
                return number
        return len(step.replies) - 1

    def struck(self, hit: Hit, attempt: Attempt, request: Request, stamp: Stamp) -> Failure | None:
        """The error that comes in place of the step's reply this time; None: there is none."""
        for number, one in enumerate(hit.scenario.chaos):
            seed = self.seed if one.seed is None else one.seed
            if self.draw(seed, attempt, f"{hit.scenario.name}/chaos/{number}") < one.chance:
                if isinstance(one.failure, Failure):
                    return one.failure
                return one.failure(Scene(request, attempt.state, hit.call, stamp))
        return None

    @staticmethod
    def draw(seed: int, attempt: Attempt, label: str) -> float:
        """A number from 0 to 1 that is the same for the same seed, call, attempt and label."""
        return random.Random(f"{seed}/{attempt.call}/{attempt.number}/{label}").random()  # noqa: S311 - repeatable

    # ---------------------------------------------------------------- limits and gates

    def over(self, scenario: Scenario, tokens: int) -> tuple[Failure | None, Quota | None]:
        """Count a request of so many tokens against the limits of the session and of a scenario.

        Gives the error where it is over one of them, and then counts it for none; and where the session stands.
        """
        quota = None
        counted: list[Window] = []
        for owner, limits in (("", self.limits), (scenario.name, scenario.limits)):
            if limits is None:
                continue
            window = self._windows.setdefault(owner, Window())
            failure, quota = window.count(limits, self.clock.now(), tokens, len(self.answers))
            if failure is not None:
                for other in counted:
                    other.refund(tokens)
                return failure, quota
            counted.append(window)
        return None, quota

    def spend(self, scenario: Scenario, tokens: int) -> None:
        """Count the tokens of a reply."""
        for owner in ("", scenario.name):
            if owner in self._windows:
                self._windows[owner].tokens += tokens

    def gate(self, name: str) -> asyncio.Event:
        """A gate, closed until somebody opens it."""
        return self._gates.setdefault(name, asyncio.Event())

    @property
    def gates(self) -> Mapping[str, bool]:
        """The gates that have been named, and whether each is open."""
        return {name: gate.is_set() for name, gate in self._gates.items()}

    # ---------------------------------------------------------------- life

    def view(self, loaded: tuple[Scenario, ...]) -> View:
        """What this session sees: its own scenarios and the loaded ones. Steps of those that changed start over."""
        seen = self._seen
        if seen is None or seen.own is not self.own or seen.loaded is not loaded:
            seen = self._seen = self._look(loaded)
            steps = seen.steps
            self.used = {step: count for step, count in self.used.items() if step in steps}
            self._met = {step: count for step, count in self._met.items() if step in steps}
            self._turns = {step: turns for step, turns in self._turns.items() if step in steps}
        return seen

    def _look(self, loaded: tuple[Scenario, ...]) -> View:
        named = {scenario.name for scenario in self.own}
        every = (*self.own, *(scenario for scenario in loaded if scenario.name not in named))
        only = self.only
        shown = every if only is None else tuple(one for one in every if one.name in only or one.name in named)
        models = tuple(model for scenario in shown for model in scenario.models)
        return View(self.own, loaded, shown, models, frozenset(step for scenario in every for step in scenario.steps))

    def fork(self) -> Session:
        """A session that stands where this one does; what is asked of it leaves no trace in this one."""
        return replace(
            self,
            memory=self.memory.fork(),
            used=dict(self.used),
            _met=dict(self._met),
            _turns={step: list(turns) for step, turns in self._turns.items()},
            _calls=self._calls.fork(),
            _windows={owner: replace(window) for owner, window in self._windows.items()},
        )

    def reset(self) -> None:
        """Start over, as if no request had been made. The clock goes on; whoever waits at a gate is let through."""
        self.serial = 0
        self.state = {}
        self.used.clear()
        self._met.clear()
        self._turns.clear()
        self._calls = Calls()
        self._windows.clear()
        for gate in self._gates.values():
            gate.set()
        self._gates.clear()
        self.memory.clear()


class Sessions:
    """All sessions of a server, bounded in number and in what they remember: the one idle longest goes first."""

    def __init__(self, make: Callable[[str, str | None], Session], budget: Budget, *, most: int) -> None:
        self._make = make
        self._budget = budget
        self._most = most
        self._sessions: OrderedDict[str, Session] = OrderedDict()

    def __len__(self) -> int:
        return len(self._sessions)

    def get(self, identity: str, only: str | None) -> Session:
        """The session of this id, made where it is not there yet; `only` is the one scenario it sees."""
        session = self._sessions.get(identity)
        if session is None:
            session = self._make(identity, only)
        self.add(session)
        return session

    def new(self, identity: str, only: str | None = None) -> Session:
        """A session as `get` makes them, which nobody finds before it is added."""
        return self._make(identity, only)

    def add(self, session: Session) -> None:
        """Let this session be found, as the one that was asked last; another of its id is forgotten."""
        self._sessions[session.id] = session
        self._sessions.move_to_end(session.id)
        while len(self._sessions) > self._most or (self._budget.spent and len(self._sessions) > 1):
            self._sessions.popitem(last=False)[1].memory.clear()
        while self._budget.spent and len(session.memory):
            session.memory.drop_oldest()

    def end(self, identity: str) -> None:
        """Forget a session, and cut its answers that are under way."""
        session = self._sessions.pop(identity)
        for cut in tuple(session.answers):
            cut()
        session.memory.clear()

    def find(self, identity: str) -> Session | None:
        """The session of this id, if it is there."""
        return self._sessions.get(identity)


def key_id(key: str) -> str:
    """The session id of an API key: four characters and a hash, so that the key itself is never shown.

    A short key shows less: at most a third of it.
    """
    shown = "".join(letter for letter in key[: min(4, len(key) // 3)] if letter.isascii() and letter.isalnum())
    digest = hashlib.sha256(key.encode(errors="replace")).hexdigest()[:8]
    return f"{shown}-{digest}" if shown else digest
