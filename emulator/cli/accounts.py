"""The settings of providers' accounts, as `--set` names them."""

from __future__ import annotations

import difflib
import typing
from collections.abc import Sequence
from typing import Any, cast

from emulator.cli.options import WORDS
from emulator.providers import PROVIDERS
from emulator.types import EmulatorError

__all__ = ["provider_settings", "settable"]


def settable() -> dict[str, Any]:
    """The account that each setting is of, by `PROVIDER.NAME`."""
    return {
        f"{name}.{field}": make for name, make in PROVIDERS.items() for field in cast("Any", make).__struct_fields__
    }


def provider_settings(words: Sequence[str]) -> dict[str, dict[str, object]]:
    """Read `PROVIDER.NAME=VALUE` words. Raises EmulatorError for a name or a value that is not known."""
    known = settable()
    settings: dict[str, dict[str, object]] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or name not in known:
            close = difflib.get_close_matches(name, known, 1)
            meant = f"did you mean '{close[0]}'?" if close else f"known are {', '.join(known)}"
            raise EmulatorError(f"--set {word}: unknown setting; {meant}")
        provider, _, field = name.partition(".")
        kind = typing.get_type_hints(known[name])[field]
        settings.setdefault(provider, {})[field] = _value(word, kind, value)
    return settings


def _value(word: str, kind: Any, value: str) -> object:
    if kind is bool:
        if value.lower() not in WORDS:
            raise EmulatorError(f"--set {word}: '{value}' came, true or false is wanted")
        return WORDS[value.lower()]
    choices = typing.get_args(kind)
    if typing.get_origin(kind) is tuple:
        return tuple(piece for piece in value.split("+") if piece)
    if choices and value not in choices:
        raise EmulatorError(f"--set {word}: '{value}' is not one of {', '.join(choices)}")
    return value
