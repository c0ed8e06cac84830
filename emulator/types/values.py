"""What the other types are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

__all__ = ["EmulatorError", "Headers", "Json"]

Json: TypeAlias = Any
"""Whatever `json.loads` gives: dict, list, str, int, float, bool or None."""

Headers: TypeAlias = Mapping[str, str]
"""Header fields by name in lower case."""


class EmulatorError(Exception):
    """What a user of the emulator did wrong, in a sentence for them."""
