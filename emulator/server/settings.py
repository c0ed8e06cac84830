"""What a server is told when it starts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct, field

from emulator.clock import ClockKind
from emulator.types import RequestMode

__all__ = ["Settings"]


class Settings(Struct, frozen=True):
    """What a server is told when it starts. `maas-emulator serve --help` explains the options they come from."""

    host: str = "127.0.0.1"
    port: int = 8080
    """0: a free one."""
    seed: int = 0
    clock: ClockKind = "deterministic"
    time_scale: float = 1.0
    ids: Literal["deterministic", "random"] = "deterministic"
    """random: each session has a seed that nobody has chosen."""
    requests: RequestMode = "strict"
    """What becomes of a request that the service would refuse."""
    fallback: Literal["error", "echo"] = "error"
    """What answers a request that no step answers."""
    api_keys: tuple[str, ...] = ()
    """The valid keys; none: any key is valid."""
    control_token: str = ""
    reads_folders: bool = False
    """Whether a scenario that is put may name a folder, whose files it uses: where all callers are this process."""
    providers: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    """Fields of the providers' accounts that are not their defaults, by provider."""
    max_body_bytes: int = 64 * 1024 * 1024
    body_seconds: float = 60.0
    """How long a request's body may take to arrive."""
    max_sessions: int = 10_000
    memory_bytes: int = 64 * 1024 * 1024
    """What sessions may remember of their answers, together."""
    journal_entries: int = 10_000
    journal_bytes: int = 64 * 1024 * 1024
