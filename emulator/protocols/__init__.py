"""Wire protocols: one codec a file, one row here."""

from __future__ import annotations

from typing import Final

from emulator.protocols import chat
from emulator.types import WireProtocol

__all__ = ["PROTOCOLS"]

PROTOCOLS: Final[dict[str, WireProtocol]] = {chat.NAME: chat}
