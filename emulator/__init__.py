"""Emulates the HTTP APIs of model services, scripted by scenario files."""

from emulator.types import EmulatorError

__all__ = ["EmulatorError", "__version__"]

__version__ = "0.1.0"
