"""Starting servers and asking them: each on a core of its own, and what that takes of time and memory."""

from __future__ import annotations

import importlib.util
import json
import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

from benchmarks.asks import AIMOCK_CHUNK, Ask, Files, Subject

__all__ = ["LOAD", "Load", "Server", "Trouble", "Yard"]

_ROOT: Final = Path(__file__).parents[1]
LOAD: Final = Path(sys.prefix) / "load"
"""The load generator, which the Makefile builds."""
_AIMOCK: Final = _ROOT / "benchmarks/node_modules/@copilotkit/aimock/dist/cli.js"
_START_SECONDS: Final = 120
_PAGE_KIB: Final = os.sysconf("SC_PAGE_SIZE") // 1024
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_SAMPLE_SECONDS: Final = 0.1


class Trouble(Exception):  # noqa: N818 - a row that can't be measured
    """What keeps a row from being measured, in a sentence."""


@dataclass(frozen=True)
class Load:
    """What came of one run of the load generator."""

    done: int
    events: int
    seconds: float
    cpu: float
    """Seconds of processor time that the server took."""
    peak_kib: int
    """How much memory more than before it had at most."""
    figures: dict[str, float]
    """All that the generator says."""


@dataclass
class Server:
    """A running server."""

    subject: Subject
    port: int
    process: subprocess.Popen[bytes]
    output: IO[bytes]
    first_seconds: float = 0.0
    """From the start of its process to the end of its first answer."""

    @property
    def cpu(self) -> float:
        """Seconds of processor time so far, children's too."""
        # The number of a process's clock: "CPUCLOCK_SCHED", include/linux/posix-timers.h.
        return sum(time.clock_gettime((~number) << 3 | 2) for number in self._numbers())

    @property
    def kib(self) -> int:
        """Resident memory, children's too."""
        return sum(int(Path(f"/proc/{number}/statm").read_text().split()[1]) * _PAGE_KIB for number in self._numbers())

    def _numbers(self) -> list[int]:
        number = self.process.pid
        return [number, *map(int, Path(f"/proc/{number}/task/{number}/children").read_text().split())]

    def trouble(self, words: str) -> Trouble:
        """Say what is wrong with it, and what it has said itself."""
        self.output.seek(0)
        return Trouble(f"{self.subject}: {words}\n{self.output.read().decode(errors='replace')[-2000:]}")

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@dataclass
class Yard:
    """Where servers are started and asked, and what is to be had here."""

    folder: Path
    nice: int = 0
    """What is added to the priority of servers and generator: less than 0 keeps neighbours away, for root."""
    cores: tuple[int, ...] = tuple(sorted(os.sched_getaffinity(0)))
    foreign: list[float] = field(default_factory=list)
    """How many cores others used, measurement by measurement."""
    aimock: bool = _AIMOCK.exists() and shutil.which("node") is not None
    fast: bool = all(map(importlib.util.find_spec, ("uvloop", "orjson")))

    def __post_init__(self) -> None:
        os.nice(self.nice)
        os.sched_setaffinity(0, self.cores[-1:])  # what runs here, and the generator that it starts
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # for servers too: a stream is a file
        hidden = self.folder / "without"
        hidden.mkdir()
        for name in ("uvloop", "orjson"):
            (hidden / f"{name}.py").write_text(f"raise ModuleNotFoundError('hidden', name='{name}')\n")

    def has(self, subject: Subject) -> bool:
        """Whether this one can be measured here."""
        return {"aimock": self.aimock, "fast": self.fast}.get(subject, True)

    @contextmanager
    def running(self, subject: Subject, files: Files, ask: Ask) -> Iterator[Server]:
        """Run a server that has answered once."""
        port = _free_port()
        # As where it is installed, with byte code: a checkout may be told to have none.
        env = {**os.environ, "PYTHONPYCACHEPREFIX": str(self.folder / "code"), "PYTHONDONTWRITEBYTECODE": ""}
        if subject == "standard":
            env["PYTHONPATH"] = str(self.folder / "without")
        with tempfile.TemporaryFile() as output:
            began = time.perf_counter()
            os.sched_setaffinity(0, self.cores[:1])  # a child and its threads begin where we are
            command = _command(subject, port, files)
            process = subprocess.Popen(
                command, cwd=_ROOT, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
            os.sched_setaffinity(0, self.cores[-1:])
            server = Server(subject, port, process, output)
            try:
                _answered(server, ask, began)
                server.first_seconds = time.perf_counter() - began
                yield server
            finally:
                server.stop()

    def closed(self, server: Server, ask: Ask, *, seconds: float, connections: int = 64, count: int = 0) -> Load:
        """Ask over so many connections, each as soon as it is answered, for so long, or so often in all."""
        return self._load(server, ask, connections, "closed", seconds, count)

    def paced(self, server: Server, ask: Ask, streams: int, schedule: tuple[float, ...]) -> Load:
        """Ask for so many streams. The schedule: ramp, first, gap in ms; how many events to skip, how many count."""
        return self._load(server, ask, streams, "paced", *schedule)

    def _load(self, server: Server, ask: Ask, connections: int, *how: float | str) -> Load:
        request = self.folder / "request"
        request.write_bytes(ask.written())
        before, memory, busy, own = server.cpu, server.kib, _busy(), sum(os.times()[:4])
        command = [str(LOAD), str(server.port), str(request), str(connections), *map(str, how)]
        generator = subprocess.Popen(command, stdout=subprocess.PIPE)
        peak = memory
        while generator.poll() is None:
            with suppress(subprocess.TimeoutExpired):
                generator.wait(_SAMPLE_SECONDS)
            peak = max(peak, server.kib)
        found: dict[str, Any] = json.loads(generator.communicate()[0] or b"{}")
        if generator.returncode or not found["done"] or (found["failed"] and "closed" in how):
            raise server.trouble(f"the load generator ends with {generator.returncode}: {found}")
        cpu = server.cpu - before
        ours = cpu + sum(os.times()[:4]) - own
        self.foreign.append(max(0.0, (_busy() - busy - ours) / found["seconds"]))
        return Load(found["done"], found["events"], found["seconds"], cpu, peak - memory, found)


def _command(subject: Subject, port: int, files: Files) -> list[str]:
    match subject:
        case "bare":
            return [sys.executable, "-m", "benchmarks.bare", str(port)]
        case "aimock":
            what = ["--fixtures", str(files.aimock), "--log-level", "silent", "--chunk-size", str(AIMOCK_CHUNK)]
            return ["node", str(_AIMOCK), "--port", str(port), *what]
        case _:
            return [sys.executable, "-m", "emulator", "serve", str(files.scenario), "--port", str(port)]


def _free_port() -> int:
    with socket.socket() as some:
        some.bind(("127.0.0.1", 0))
        port: int = some.getsockname()[1]
        return port


def _answered(server: Server, ask: Ask, began: float) -> None:
    """Return when it has answered a request."""
    while time.perf_counter() - began < _START_SECONDS:
        if server.process.poll() is not None:
            raise server.trouble(f"it ended with {server.process.returncode}")
        with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", server.port), 30) as asking:
            asking.sendall(ask.written().replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n", 1))
            answer = b"".join(iter(lambda: asking.recv(65536), b""))
            if not answer.startswith(b"HTTP/1.1 200"):
                raise server.trouble(f"it answers {answer[:300]!r}")
            return
        time.sleep(0.001)
    raise server.trouble(f"it does not answer within {_START_SECONDS} s")


def _busy() -> float:
    """Seconds in which processors had something to do, all together."""
    user, nice, system, _, _, irq, softirq = map(int, Path("/proc/stat").read_text().split(None, 8)[1:8])
    return (user + nice + system + irq + softirq) / _TICKS
