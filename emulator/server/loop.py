"""The event loop that commands run on."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

__all__ = ["run"]

Given = TypeVar("Given")

_THRESHOLDS: Final = (10_000, 20, 50)
"""How often cycles are looked for. The journal keeps some 100,000 objects that have none: looking through them all
takes tens of milliseconds, in which no stream goes on. Young ones are still looked through, every 10,000."""


def run(main: Coroutine[Any, Any, Given]) -> Given:
    """What a coroutine gives, run on uvloop where that is installed, and else on asyncio's own loop.

    What was loaded before is there to stay: nobody looks for cycles in it any more.
    """
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
    gc.enable()  # the command begins without
    try:
        import uvloop  # noqa: PLC0415 - the extra `fast`; there is none for Windows
    except ImportError:
        return asyncio.run(main)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)
