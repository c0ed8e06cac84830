"""Servers on which every fault can be had, and what the clients saw of them."""

import fcntl
import os
import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.asking import ASK, CELLS
from tests.faults import raw
from tests.faults.table import NEXT, Case, Observed, scenario
from tests.live import Live, Thread, library_of

Once: TypeAlias = Callable[[str, Callable[[], Observed]], Observed]


@dataclass(frozen=True)
class Servers:
    """Waits last no time on one, and as long as written on the other."""

    quick: Live
    slow: Live

    def of(self, case: Case) -> Live:
        """The server on which a fault shows."""
        return self.slow if case.fault == "stall" else self.quick


@pytest.fixture(scope="session")
def servers(thread: Thread, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    folder = tmp_path_factory.mktemp("faults")
    calm = thread.start(library_of(_written(folder / "calm.yaml", scenario({}))))
    cuts = {cell: _middle(calm, *cell) for cell, paths in CELLS.items() if paths}
    calm.run(calm.server.stop())
    library = library_of(_written(folder / "faults.yaml", scenario(cuts)))
    found = Servers(thread.start(library), thread.start(library, time_scale=1.0))
    yield found
    for live in (found.quick, found.slow):
        live.run(live.server.stop())


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Once:
    """Lets the first of pytest's workers that comes observe, and the others read what it saw."""
    base = tmp_path_factory.getbasetemp()
    folder = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def observe(name: str, see: Callable[[], Observed]) -> Observed:
        with (folder / f"faults-{name}.pickle").open("a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            if not (known := file.read()):
                known = pickle.dumps(see())
                file.write(known)
                file.flush()
        found: Observed = pickle.loads(known)  # noqa: S301 - written a moment ago by another worker
        return found

    return observe


def _written(file: Path, text: str) -> Path:
    file.write_text(text, encoding="utf-8")
    return file


def _middle(live: Live, provider: str, protocol: str) -> int:
    """Where in its event the fourth piece of the text, a Chinese character, is cut in half."""
    cell = CELLS[provider, protocol]
    assert cell is not None
    heard = raw.ask(live, cell[1], ASK[protocol]("Hello", stream=True), "streamed-nothing")
    return next(chunk.index(NEXT) for chunk in heard.chunks if NEXT in chunk) + 1
