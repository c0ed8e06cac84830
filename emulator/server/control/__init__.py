"""The control API below `/_emulator/`: what tests and people look at and turn. Errors are RFC 9457 documents."""

from emulator.server.control.control import Control
from emulator.server.control.question import Fellows, Held

__all__ = ["Control", "Fellows", "Held"]
