"""What the service at home refuses in requests of this protocol."""

from __future__ import annotations

from typing import Final

from emulator.types import Rule

__all__ = ["RULES"]

RULES: Final[tuple[Rule, ...]] = ()
