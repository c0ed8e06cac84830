"""Emulates the HTTP APIs of model services, scripted by scenario files."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from emulator.testing.builders import error, refusal, reply, text, tool_call, tool_calls
    from emulator.testing.exchange import Exchange
    from emulator.testing.judgement import Verdict
    from emulator.testing.server import Emulator, Server
    from emulator.testing.session import Session
    from emulator.types import EmulatorError

__all__ = [
    "Emulator",
    "EmulatorError",
    "Exchange",
    "Server",
    "Session",
    "Verdict",
    "__version__",
    "error",
    "refusal",
    "reply",
    "text",
    "tool_call",
    "tool_calls",
]

__version__ = "0.1.0"

_HOMES: Final = {
    "Emulator": "testing.server",
    "EmulatorError": "types",
    "Exchange": "testing.exchange",
    "Server": "testing.server",
    "Session": "testing.session",
    "Verdict": "testing.judgement",
    **dict.fromkeys(("error", "refusal", "reply", "text", "tool_call", "tool_calls"), "testing.builders"),
}
"""Where each name comes from. It is loaded when it is asked for: importing the package alone costs next to nothing."""


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'emulator' has no attribute '{name}'")
    return getattr(import_module(f"emulator.{_HOMES[name]}"), name)
