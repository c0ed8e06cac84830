"""What the other types are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

__all__ = ["EmulatorError", "Headers", "Json", "kind_of", "once"]

if TYPE_CHECKING:
    from functools import cached_property as once
else:

    class once:  # noqa: N801 - it is written as `cached_property` is
        """`cached_property` for what each request is asked; the standard library's takes a lock before Python 3.12."""

        def __init__(self, find: Callable[[Any], Any]) -> None:
            self.find = find
            self.name = find.__name__
            self.__doc__ = find.__doc__

        def __get__(self, owner: Any, kind: type | None = None) -> Any:
            """Find it out, and let it stand in the way from then on."""
            if owner is None:
                return self
            found = owner.__dict__[self.name] = self.find(owner)
            return found


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
