"""The control API below `/_emulator/`: what tests and people look at and turn. Errors are RFC 9457 documents."""

from emulator.server.control.question import Held
from emulator.server.control.table import Control

__all__ = ["Control", "Held"]
