"""What a worker is told by the process that starts it, and what it says back."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from emulator.scenario import Names
from emulator.server.log import Log
from emulator.server.settings import Settings
from emulator.server.workers.post import Numbers

__all__ = ["READY", "Job"]

READY = b"ready\n"
"""What a worker says when it listens."""


class Job(Struct, frozen=True):
    """What a worker is told. Sockets and pipes are file descriptors that it has inherited."""

    me: int
    settings: Settings
    log: Log
    source: tuple[tuple[str | Path, ...], Names]
    """What the library is made of."""
    watches: bool
    listening: tuple[int, ...]
    inbox: int
    boxes: tuple[int, ...]
    numbers: Numbers
