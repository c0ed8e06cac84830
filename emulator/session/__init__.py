"""Sessions: each client's private run, found by its API key."""

from emulator.session.calls import Attempt, Calls
from emulator.session.memory import Budget, Memory
from emulator.session.quota import Window
from emulator.session.session import Session, Sessions, key_id

__all__ = ["Attempt", "Budget", "Calls", "Memory", "Session", "Sessions", "Window", "key_id"]
