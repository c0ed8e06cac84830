"""A session as a test holds it: what it replies, what it was asked, and how its clients get there."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from types import FrameType
from typing import Final

from msgspec import Struct

from emulator.providers import PROVIDERS
from emulator.providers.cloudbase import CloudBase
from emulator.providers.cloudsway import Cloudsway
from emulator.providers.enveloped import Enveloped
from emulator.providers.plain import Plain
from emulator.testing import sources
from emulator.testing.clients import Clients, variables
from emulator.testing.control import Line, path
from emulator.testing.exchange import Exchange, Miss, Unused
from emulator.testing.judgement import Verdict
from emulator.testing.sources import Source
from emulator.types import EmulatorError, Json

__all__ = ["Session", "Setup", "opened"]

_PAUSE: Final = 0.005
"""Seconds between two looks at a clock."""


class Setup(Struct, frozen=True, kw_only=True):
    """What a session is made with. What is not given is as the server has it."""

    texts: tuple[Source, ...] = ()
    """Scenarios that it alone sees."""
    scenarios: tuple[str, ...] | None = None
    """Which of the server's own scenarios it sees as well. None: all."""
    time_scale: float | None = None
    clock: str | None = None
    seed: int | None = None
    requests: str | None = None
    limits: Mapping[str, Json] | None = None

    def as_json(self) -> Json:
        """For the control API."""
        names = ("scenarios", "time_scale", "clock", "seed", "requests", "limits")
        given = {name: getattr(self, name) for name in names}
        texts = [text.as_json() for text in self.texts]
        return {**{name: value for name, value in given.items() if value is not None}, "texts": texts}


def opened(line: Line, setup: Setup) -> Session:
    """Make a session. Raises EmulatorError with every problem of its scenarios."""
    made = line.call("POST", path("sessions"), setup.as_json())
    return Session(line, made["session"], made["api_key"])


@dataclass(slots=True)
class Session:
    """One client's private run on a server: scenarios, counters, state, clock and journal of its own.

    Its key leads to it: whoever sends that, in any process, is answered by this session alone.
    """

    _line: Line = field(repr=False)
    id: str
    key: str = field(repr=False)
    _written: int = field(default=0, repr=False)
    """How many scenarios were written in code."""
    _begun: list[On] = field(default_factory=list, repr=False)
    """What `on` gave and nobody has given a reply yet."""
    _last: Mapping[str, Json] | None = field(default=None, repr=False)
    """Where it stood when it was ended."""

    # ---------------------------------------------------------------- how clients get there

    @property
    def url(self) -> str:
        """Where the session is found without its key: a base URL of any provider, by its path, goes after it."""
        return f"{self._line.url}/s/{self.id}"

    @property
    def cloudbase(self) -> Clients:
        """Clients of CloudBase."""
        return self.provider(CloudBase.name)

    def cloudsway(self, endpoint: str = "") -> Clients:
        """Clients of an endpoint of Cloudsway."""
        return self.provider(Cloudsway.name, endpoint)

    @property
    def enveloped(self) -> Clients:
        """Clients of the API whose whole answers come in an envelope."""
        return self.provider(Enveloped.name)

    @property
    def plain(self) -> Clients:
        """Clients of the protocols at home."""
        return self.provider(Plain.name)

    def provider(self, name: str, target: str = "") -> Clients:
        """Clients of any provider. `target`: the segment of its paths that varies, such as a group or an endpoint."""
        if name not in PROVIDERS:
            raise EmulatorError(f"'{name}' is no provider; there are {', '.join(PROVIDERS)}")
        return Clients(name, PROVIDERS[name]().base_urls(self._line.url, target), self.key)

    @property
    def environment(self) -> dict[str, str]:
        """The variables that official SDKs read, for a child process or for this one."""
        return variables(self.cloudbase, self.plain)

    # ---------------------------------------------------------------- what it replies

    def on(self, **when: Json) -> On:
        """Begin a step: what a request must look like, by the keys of `when`. Its reply follows.

        Steps are asked in the order in which they were written, before those of files that come later.
        """
        begun = On(self, when, sources.place_of(_caller()))
        self._begun.append(begun)
        return begun

    def load(self, scenario: str | Path | Mapping[str, Json]) -> None:
        """Give the session one more scenario: a file, a YAML text, or a value. Raises EmulatorError.

        A text has more than one line, a path has one.
        """
        if isinstance(scenario, Mapping):
            self._write(scenario, sources.place_of(_caller()))
        elif isinstance(scenario, Path) or "\n" not in scenario:
            self._teach(sources.from_file(Path(scenario)))
        else:
            self._written += 1
            self._teach(Source(f"text-{self._written}.yaml", dedent(scenario)))

    def _write(self, scenario: Mapping[str, Json], place: tuple[str, int]) -> None:
        self._written += 1
        named = {"version": 1, "name": f"on-{self._written}", **scenario}
        try:
            self._teach(sources.from_code(named, place))
        except TypeError as error:
            raise EmulatorError(f"{place[0]}:{place[1]}: this can't be written as JSON: {error}") from None

    def _teach(self, source: Source) -> None:
        self._call("POST", "scenarios", body={"texts": [source.as_json()]})

    # ---------------------------------------------------------------- what it was asked

    @property
    def requests(self) -> tuple[Exchange, ...]:
        """Every request so far, in the order of arrival."""
        entries = self._line.call("GET", path("journal", session=self.id))["exchanges"]
        return tuple(map(Exchange.of, entries))

    @property
    def misses(self) -> tuple[Miss, ...]:
        """The requests that found no step."""
        return self.shortfall[0]

    @property
    def unused(self) -> tuple[Unused, ...]:
        """The steps with `times`, or in a sequence, that have not answered yet."""
        return self.shortfall[1]

    @property
    def unfinished(self) -> tuple[str, ...]:
        """`FILE:LINE` of every `on` that was never given a reply."""
        return tuple(f"{file}:{line}" for file, line in (begun.place for begun in self._begun))

    @property
    def shortfall(self) -> tuple[tuple[Miss, ...], tuple[Unused, ...], tuple[str, ...]]:
        """Misses, unused steps and unfinished ones, asked for at once."""
        shown = self._shown
        unused = (Unused(step["step"], step["place"], step["times"]) for step in shown["unused"])
        return tuple(Miss(**miss) for miss in shown["misses"]), tuple(unused), self.unfinished

    @property
    def steps(self) -> tuple[tuple[str, str], ...]:
        """Every step that it sees, and its place."""
        return tuple((step["step"], step["place"]) for step in self._shown["steps"])

    @property
    def verdict(self) -> Verdict:
        """How the client behaved: whether it waited, gave up, answered tool calls, and so on."""
        return Verdict.of(self._line.call("GET", path("verdict", session=self.id)))

    def assert_requested(self, *, times: int | None = None, at_least: int | None = None, **when: Json) -> None:
        """Raise AssertionError unless so many requests fit these conditions: exactly `times`, or at least one."""
        wanted: Json = times if times is not None else {"at_least": 1 if at_least is None else at_least}
        said = self._line.call("POST", path("verify", session=self.id), {"when": when, "times": wanted})
        if not said["holds"]:
            raise AssertionError(_unheld(when, wanted, said))

    # ---------------------------------------------------------------- where it stands

    @property
    def state(self) -> Mapping[str, Json]:
        """What the session remembers by name."""
        state: Mapping[str, Json] = self._shown["state"]
        return state

    @property
    def clock(self) -> Clock:
        """The session's clock."""
        return Clock(self)

    @property
    def gates(self) -> Gates:
        """The gates at which streams wait."""
        return Gates(self)

    def reset(self) -> None:
        """Start over: counters, state, clock and journal. Its scenarios stay."""
        self._call("POST", "reset")

    def beside(self, *files: str | Path, **setup: Json) -> Session:
        """Make another session on the same server. Raises EmulatorError.

        The keywords are those of `Setup`, such as `clock="manual"`.
        """
        texts = tuple(sources.from_file(Path(file)) for file in files)
        return opened(self._line, Setup(texts=texts, **setup))

    def end(self) -> None:
        """End the session: answers that are under way are cut, and the server keeps nothing of it.

        Where it stood can be asked all the same, but not its requests. A second time does nothing.
        """
        if self._last is None:
            self._last = self._call("DELETE")

    @property
    def _shown(self) -> Mapping[str, Json]:
        shown: Mapping[str, Json] = self._call("GET") if self._last is None else self._last
        return shown

    def _call(self, method: str, *segments: str, body: Json = None) -> Json:
        return self._line.call(method, path("sessions", self.id, *segments), body)


class On(Struct):
    """A step that lacks its reply."""

    _session: Session
    _when: Mapping[str, Json]
    place: tuple[str, int]

    def reply(self, reply: str | Mapping[str, Json] = "", /, *, times: int | None = None, **keys: Json) -> None:
        """Reply this every time: a text, what a builder gives, or the keys of a reply. `times`: for so many calls."""
        said = {"text": reply} if isinstance(reply, str) and reply else dict(reply or {})
        self._finish({"reply": {**said, **keys}}, times)

    def replies(self, *replies: str | Mapping[str, Json], times: int | None = None) -> None:
        """Reply these one after the other, each as often as its `times` says; the last one goes on without end."""
        said = [{"text": reply} if isinstance(reply, str) else dict(reply) for reply in replies]
        self._finish({"replies": said}, times)

    def _finish(self, said: Json, times: int | None) -> None:
        step = {**({"when": self._when} if self._when else {}), **said, **({} if times is None else {"times": times})}
        self._session._write({"steps": [step]}, self.place)  # noqa: SLF001 - one thing in two classes
        self._session._begun.remove(self)  # noqa: SLF001


class Clock(Struct, frozen=True):
    """The clock of a session."""

    _session: Session

    def advance(self, by: str) -> None:
        """Move a manual clock, such as by `30s`: whoever waits for a moment that has come goes on."""
        self._session._call("POST", "clock", body={"advance": by})  # noqa: SLF001

    def until_waiting(self, seconds: float = 10.0) -> None:
        """Return when somebody waits for a moment of a manual clock, so that it can be moved.

        Raises EmulatorError after so many seconds of the wall. An async test asks in a thread:
        `await asyncio.to_thread(emulator.clock.until_waiting)`.
        """
        last = time.monotonic() + seconds
        while not self.waiting:
            if time.monotonic() > last:
                raise EmulatorError(f"after {seconds:g} s nobody waits for this clock")
            time.sleep(_PAUSE)

    @property
    def now(self) -> float:
        """Seconds since some start; of a manual clock, since the session began."""
        return float(self._session._shown["clock"]["now"])  # noqa: SLF001

    @property
    def waiting(self) -> tuple[float, ...]:
        """The moments of a manual clock that somebody waits for, the earliest first."""
        return tuple(self._session._shown["clock"]["waiting"])  # noqa: SLF001


class Gates(Struct, frozen=True):
    """The gates of a session."""

    _session: Session

    def open(self, name: str) -> None:
        """Open a gate, be it before anybody has come to it."""
        self._session._call("POST", "gates", name)  # noqa: SLF001

    @property
    def named(self) -> Mapping[str, bool]:
        """The gates that somebody has come to or opened, and whether each is open."""
        gates: Mapping[str, bool] = self._session._shown["gates"]  # noqa: SLF001
        return gates


def _caller() -> FrameType | None:
    """Where the code stands that called one of our methods."""
    return sys._getframe(2)  # noqa: SLF001 - a step written in code is found again by its line


def _unheld(when: Mapping[str, Json], wanted: Json, said: Json) -> str:
    """The sentence for a check of requests that does not hold, and the requests that come nearest."""
    exactly = isinstance(wanted, int)
    count = wanted if exactly else wanted["at_least"]
    conditions = ", ".join(f"{name}={value!r}" for name, value in when.items()) or "anything"
    many = f"{'exactly' if exactly else 'at least'} {count} request{'' if count == 1 else 's'}"
    lines = [f"{many} with {conditions} expected, {said['count']} came"]
    lines += [f"  request {number} fits" for number in said["requests"]]
    lines += [f"  request {near['request']} {near['condition']}: {near['why']}" for near in said["nearest"]]
    lines += [f"  request {one['request']} can't be told: {one['why']}" for one in said["unverifiable"]]
    return "\n".join(lines)
