"""The event loop that commands run on."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

__all__ = ["run"]

Given = TypeVar("Given")


def run(main: Coroutine[Any, Any, Given]) -> Given:
    """What a coroutine gives, run on uvloop where that is installed, and else on asyncio's own loop."""
    try:
        import uvloop  # noqa: PLC0415 - the extra `fast`; there is none for Windows
    except ImportError:
        return asyncio.run(main)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)
