"""What the other types are made of."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

__all__ = ["EmulatorError", "Headers", "Json", "kind_of", "value"]

_Class = TypeVar("_Class")

if TYPE_CHECKING:
    from dataclasses import dataclass as value
else:

    def value(*, frozen: bool, slots: bool) -> Callable[[type[_Class]], type[_Class]]:
        """`dataclass` for values of which each request makes many.

        The type checker sees that nobody changes one. At run time nothing does: a class that is frozen there takes
        three times as long to make an object of, and they were a fifth of what a request costs.
        """
        return dataclasses.dataclass(slots=slots, unsafe_hash=frozen)


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
