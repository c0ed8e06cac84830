"""The rows of the benchmark: what each measures, and what is wanted of it."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Final, TypeVar

from benchmarks.asks import BEATS, GAP_MS, PROTOCOLS, Ask, Files, Kind, Subject, ask, last_of, write_files
from benchmarks.servers import Load, Server, Yard
from emulator import Emulator

__all__ = ["ROWS", "Line", "Plan"]

K = TypeVar("K", bound=Hashable)

_EMULATORS: Final[tuple[Subject, ...]] = ("standard", "fast")
_ALL: Final[tuple[Subject, ...]] = ("bare", *_EMULATORS, "aimock")
_MIB: Final = 1024
"""KiB in one."""


@dataclass
class Line:
    """One line of the table: what was measured round by round, of each subject."""

    what: str
    unit: str
    values: dict[Subject, list[float]]
    wanted: Mapping[Subject, float] = field(default_factory=dict)
    """At most this."""


@dataclass
class Plan:
    """How much is measured."""

    yard: Yard
    quick: bool = False
    requests: int = 200_000
    """How many the memory row asks."""

    @property
    def rounds(self) -> int:
        """How often each thing is measured."""
        return 3 if self.quick else 9

    @property
    def seconds(self) -> float:
        """How long each time."""
        return 0.25 if self.quick else 0.5

    @property
    def warm_seconds(self) -> float:
        """How long a server is asked before it is measured: a compiler at run time takes its time."""
        return 0.5 if self.quick else 1.5

    @property
    def files(self) -> Files:
        """Every kind of reply, after other steps."""
        return write_files(self.yard.folder)

    def subjects(self, names: Iterable[Subject]) -> list[Subject]:
        """Those that are here; a quick run has one emulator and no peer."""
        left_out = ("aimock", "standard" if self.yard.has("fast") else "fast") if self.quick else ()
        return [name for name in names if self.yard.has(name) and name not in left_out]


@dataclass(frozen=True)
class _Entry:
    """A request, and the server that it is for. Entries of one subject and one file share a server."""

    subject: Subject
    files: Files
    ask: Ask


def _costs(
    plan: Plan,
    entries: Mapping[K, _Entry],
    *,
    connections: int = 64,
    count: Callable[[Load], int] = lambda load: load.done,
) -> dict[K, list[float]]:
    """Give microseconds of the servers' processor time, one entry after the other, round after round."""
    found: dict[K, list[float]] = {name: [] for name in entries}
    with ExitStack() as stack:
        servers: dict[tuple[Subject, Files], Server] = {}
        for entry in entries.values():
            if (entry.subject, entry.files) not in servers:
                server = stack.enter_context(plan.yard.running(entry.subject, entry.files, entry.ask))
                servers[entry.subject, entry.files] = server
                plan.yard.closed(server, entry.ask, seconds=plan.warm_seconds, connections=connections)
        names = list(entries)
        for number in range(plan.rounds):
            first = number % len(names)
            for name in names[first:] + names[:first]:
                entry = entries[name]
                server = servers[entry.subject, entry.files]
                load = plan.yard.closed(server, entry.ask, seconds=plan.seconds, connections=connections)
                found[name].append(load.cpu / count(load) * 1e6)
    return found


def _ratios(found: Sequence[float], base: Sequence[float]) -> list[float]:
    """Compare what was measured in the same round."""
    return [one / other for one, other in zip(found, base, strict=True)]


def _both(most: float) -> dict[Subject, float]:
    return {"standard": most, "fast": most}


# ---------------------------------------------------------------- beside bare aiohttp


def chat(plan: Plan) -> list[Line]:
    """A plain chat reply over 64 connections."""
    found = _costs(plan, _of_kind(plan, "chat", _ALL))
    what = "plain chat reply, 64 connections"
    return [
        Line(what, "CPU per request, × bare aiohttp", _beside(found), {"standard": 1.5, "fast": 1.25}),
        Line(what, "CPU per request, µs", found),
    ]


def stream(plan: Plan) -> list[Line]:
    """A streamed reply of 100 chunks without delay."""
    found = _costs(plan, _of_kind(plan, "stream", _ALL), count=lambda load: load.events)
    what = "streamed reply, 100 chunks, no delay"
    return [
        Line(what, "CPU per event, × bare aiohttp", _beside(found), _both(0.08)),
        Line(what, "CPU per event, µs", found),
    ]


def bodies(plan: Plan) -> list[Line]:
    """Large bodies, read and parsed."""
    lines = []
    for mib in (1, 10):
        entries = _of_kind(plan, "chat", ("bare", *_EMULATORS), picture_bytes=mib << 20)
        found = _costs(plan, entries, connections=4)
        lines.append(
            Line(f"request body of {mib} MB", "CPU per request, × bare aiohttp and orjson", _beside(found), _both(1.5))
        )
    return lines


def _of_kind(plan: Plan, kind: Kind, names: Iterable[Subject], picture_bytes: int = 0) -> dict[Subject, _Entry]:
    return {one: _Entry(one, plan.files, ask(kind, one, picture_bytes=picture_bytes)) for one in plan.subjects(names)}


def _beside(found: Mapping[Subject, list[float]]) -> dict[Subject, list[float]]:
    return {name: _ratios(costs, found["bare"]) for name, costs in found.items()}


# ---------------------------------------------------------------- beside the plain reply


def kinds(plan: Plan) -> list[Line]:
    """Other kinds of replies, and the other protocols."""
    names: dict[Kind, str] = {"template": "templated reply", "tool": "tool-call reply"}
    names |= {protocol: f"plain reply, {protocol}" for protocol in PROTOCOLS}
    subjects = plan.subjects(_EMULATORS)
    asked: tuple[Kind, ...] = ("chat", *names)
    found = _costs(plan, {(one, kind): _Entry(one, plan.files, ask(kind, one)) for kind in asked for one in subjects})
    unit = "CPU per request, × plain chat reply"
    return [
        Line(name, unit, {one: _ratios(found[one, kind], found[one, "chat"]) for one in subjects}, _both(1.6))
        for kind, name in names.items()
    ]


def steps(plan: Plan) -> list[Line]:
    """Many steps, of which the last one answers."""
    most = {100: 1.5, 1000: 1.5} if plan.quick else {100: 1.5, 1000: 1.5, 10_000: 3}
    values: dict[int, dict[Subject, list[float]]] = {size: {} for size in most}
    for subject in plan.subjects((*_EMULATORS, "aimock")):
        entries = {
            size: _Entry(subject, write_files(plan.yard.folder, size), ask("chat", subject, last_of(size)))
            for size in (10, *most)
        }
        found = _costs(plan, entries)
        for size in most:
            values[size][subject] = _ratios(found[size], found[10])
    unit = "CPU per request, × 10 steps"
    return [Line(f"{size:,} steps, the last one answers", unit, values[size], _both(most[size])) for size in most]


# ---------------------------------------------------------------- on schedule


def paced(plan: Plan) -> list[Line]:
    """A thousand streams, a chunk every 50 ms."""
    return _paced(plan, 1000, (*_EMULATORS, "aimock"), {"p99_ms": _both(10), "kib": _both(24)})


def paced_2000(plan: Plan) -> list[Line]:
    """Two thousand of them."""
    return _paced(plan, 2000, _EMULATORS, {"p99_ms": _both(25)})


def _paced(
    plan: Plan, streams: int, names: Iterable[Subject], wanted: Mapping[str, Mapping[Subject, float]]
) -> list[Line]:
    units = {
        "p50_ms": "late, ms: median",
        "p99_ms": "late, ms: p99",
        "max_ms": "late, ms: at most",
        "drift_ms": "late, ms: median of the last quarter less that of the first",
        "kib": "KiB a stream",
        "cores": "cores",
        "failed": "streams that fail",
    }
    found: dict[str, dict[Subject, list[float]]] = {name: {} for name in units}
    for _ in range(1 if plan.quick else 3):
        for one in plan.subjects(names):
            asked = ask("paced", one)
            # The emulator opens a stream at once, with a chunk that carries no output; aimock paces every chunk.
            skip, counted = (0, BEATS + 2) if one == "aimock" else (1, BEATS)
            with plan.yard.running(one, plan.files, asked) as server:
                load = plan.yard.paced(server, asked, streams, (1000.0, GAP_MS, GAP_MS, skip, counted))
            figures = {**load.figures, "kib": load.peak_kib / streams, "cores": load.cpu / load.seconds}
            for name in units:
                found[name].setdefault(one, []).append(figures[name])
    what = f"{streams:,} streams, a chunk every {GAP_MS} ms"
    bounds = {"drift_ms": _both(5), "failed": _both(0), **wanted}
    return [Line(what, unit, found[name], bounds.get(name, {})) for name, unit in units.items()]


# ---------------------------------------------------------------- starting, fixtures, memory


def start(plan: Plan) -> list[Line]:
    """From the start of the process to the end of its first answer."""
    lines = []
    for size, most in ((10, 150), (1000, 450)):
        found: dict[Subject, list[float]] = {one: [] for one in plan.subjects(_ALL)}
        for _ in range(plan.rounds):
            for one, values in found.items():
                files, asked = write_files(plan.yard.folder, size), ask("chat", one, last_of(size))
                with plan.yard.running(one, files, asked) as server:
                    values.append(server.first_seconds * 1e3)
        beyond = {
            one: [mine - bare for mine, bare in zip(values, found["bare"], strict=True)]
            for one, values in found.items()
        }
        what = f"start of the process to its first reply, {size:,} steps"
        lines += [Line(what, "ms beyond bare aiohttp", beyond, _both(most)), Line(what, "ms", found)]
    return lines


def session(plan: Plan) -> list[Line]:
    """What a test pays for a session of its own: getting it and the first request in it, less another request."""
    what = "new session on a running server"
    seen = Line(what, "ms: a key that is seen for the first time", {}, _both(3))
    made = Line(what, "ms: POST /_emulator/sessions", {}, _both(3))
    for subject in plan.subjects(_EMULATORS):
        asked = ask("chat", subject)
        with plan.yard.running(subject, plan.files, asked) as server:
            client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
            for number in range(plan.rounds * 30):
                known = _asking_ms(client, asked, "bench")
                fresh = _asking_ms(client, asked, f"new-{number}") - known
                seen.values.setdefault(subject, []).append(fresh)
                making, key = _making_ms(client)
                if key is not None:
                    made.values.setdefault(subject, []).append(making + _asking_ms(client, asked, key) - known)
            client.close()
    whole = Line(what, "ms: all that the pytest fixture asks of it", {"standard": _fixture_ms(plan)}, {"standard": 3.0})
    return [line for line in (seen, made, whole) if line.values]


def _fixture_ms(plan: Plan) -> list[float]:
    """A session of the fixture's server, which is in the same process: made, looked over at the test's end, ended."""
    found = []
    emulator = Emulator(plan.files.scenario, time_scale=0)
    with emulator:
        for _ in range(plan.rounds * 30):
            began = time.perf_counter()
            one = emulator.server.session(scenarios=[])
            one.shortfall  # noqa: B018 - it is asked for
            one.end()
            found.append((time.perf_counter() - began) * 1e3)
    return found


def _asking_ms(client: http.client.HTTPConnection, asked: Ask, key: str) -> float:
    began = time.perf_counter()
    client.request("POST", asked.path, asked.body, {"authorization": f"Bearer {key}"})
    client.getresponse().read()
    return (time.perf_counter() - began) * 1e3


def _making_ms(client: http.client.HTTPConnection) -> tuple[float, str | None]:
    """Make a session; None: this server makes none."""
    began = time.perf_counter()
    client.request("POST", "/_emulator/sessions", b"{}", {"content-type": "application/json"})
    reply = client.getresponse()
    body = reply.read()
    key = json.loads(body)["api_key"] if reply.status < 300 else None
    return (time.perf_counter() - began) * 1e3, key


def memory(plan: Plan) -> list[Line]:
    """Resident memory, idle and after many requests."""
    count = 30_000 if plan.quick else plan.requests
    lines = [
        Line("resident memory", "MiB: idle", {}, _both(80)),
        Line("resident memory", f"MiB: after {count // 2:,} requests", {}),
        Line("resident memory", f"MiB: what {count // 2:,} more add", {}, _both(2)),
    ]
    for subject in plan.subjects((*_EMULATORS, "aimock")):
        asked = ask("chat", subject)
        with plan.yard.running(subject, plan.files, asked) as server:
            idle = server.kib / _MIB
            plan.yard.closed(server, asked, seconds=3600, count=count // 2)
            half = server.kib / _MIB
            plan.yard.closed(server, asked, seconds=3600, count=count // 2)
            for line, value in zip(lines, (idle, half, server.kib / _MIB - half), strict=True):
                line.values[subject] = [value]
    return lines


ROWS: Final[Mapping[str, Callable[[Plan], list[Line]]]] = {
    "chat": chat,
    "stream": stream,
    "paced": paced,
    "paced-2000": paced_2000,
    "kinds": kinds,
    "steps": steps,
    "bodies": bodies,
    "start": start,
    "session": session,
    "memory": memory,
}
"""By the word for it on the command line."""
