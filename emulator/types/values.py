"""What the other types are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

__all__ = ["EmulatorError", "Headers", "Json", "kind_of"]

Json: TypeAlias = Any
"""Whatever `json.loads` gives: dict, list, str, int, float, bool or None."""

Headers: TypeAlias = Mapping[str, str]
"""Header fields by name in lower case."""


class EmulatorError(Exception):
    """What a user of the emulator did wrong, in a sentence for them."""


def kind_of(value: Json) -> str:
    """Say what kind of value this is, and of a string the string itself."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return f"'{value[:40]}'"
        case list():
            return "a list"
        case _:
            return "an object"
