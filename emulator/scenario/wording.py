"""How problems are worded: paths, values, and what pydantic found in our own words."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from re import fullmatch
from typing import Any

from emulator.types import Json

__all__ = ["known_keys", "one_of", "show", "suggestion", "where", "worded"]

_WIDTH = 80
_FEW = 8


def show(value: Json) -> str:
    """Write a value as a sentence can hold it: a text in quotes, anything else as JSON, cut to about 80 characters."""
    if isinstance(value, str):
        return repr(_cut(value[: _WIDTH + 1]))
    if not isinstance(value, list | dict):
        return _cut(json.dumps(value))
    # Piece by piece, because the value may be as large and as deep as a request's body.
    text = ""
    for piece in json.JSONEncoder(ensure_ascii=False).iterencode(value):
        text += piece
        if len(text) > _WIDTH:
            break
    return _cut(text)


def where(path: tuple[str | int, ...]) -> str:
    """Write a path: `steps[0].reply.stream`. A key that is no plain word stands in brackets and quotes."""
    text = "".join(_step(item) for item in path).removeprefix(".")
    return _cut(text)


def suggestion(word: str, known: list[str]) -> str:
    """Give ` Did you mean 'x'?`, or nothing where no word is near."""
    near = get_close_matches(word[:_WIDTH], known, n=1)
    return f" Did you mean '{near[0]}'?" if near else ""


def one_of(value: Json, known: list[str]) -> str:
    """Say that a value is not among a few known words, or which of many it may have meant."""
    if len(known) == 1:
        return f"{show(value)} is not known here; only '{known[0]}' is."
    near = suggestion(value, known) if isinstance(value, str) and len(known) > _FEW else ""
    return f"{show(value)} is not known here.{near}" if near else f"{show(value)} is not one of {', '.join(known)}."


def known_keys(known: list[str]) -> str:
    """List the keys of a mapping."""
    return f" Known here: {', '.join(known)}."


def worded(kind: str, value: Json, facts: Mapping[str, Any]) -> str:
    """Say what pydantic found, given the type of its error, the value it is about and the facts of the error."""
    words = _WORDS.get(kind)
    return words(value, facts) if words else f"{_came(value)} does not fit here."


def _step(item: str | int) -> str:
    if isinstance(item, int):
        return f"[{item}]"
    return f".{item}" if fullmatch(r"[\w-]+", item) else f"[{show(item)}]"


def _cut(text: str) -> str:
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"


def _came(value: Json) -> str:
    match value:
        case None:
            return "null"
        case list():
            return "a list"
        case dict():
            return "a mapping"
        case str():
            return f"the text {show(value)}"
        case bool():
            return show(value)
        case _:
            return f"the number {show(value)}"


def _wanted(what: str) -> Callable[[Json, Mapping[str, Any]], str]:
    return lambda value, _: f"{_came(value)} stands where {what} is wanted."


def _text(value: Json, _: Mapping[str, Any]) -> str:
    hint = "" if value is None or isinstance(value, list | dict) else " Put it in quotes."
    return f"{_came(value)} stands where text is wanted.{hint}"


def _literal(value: Json, facts: Mapping[str, Any]) -> str:
    return one_of(value, _expected(facts["expected"]))


def _expected(expected: str) -> list[str]:
    """Take the words out of pydantic's `'a', 'b' or 'c'`."""
    return [word.strip("'") for word in expected.replace(" or ", ", ").split(", ")]


_WORDS: Mapping[str, Callable[[Json, Mapping[str, Any]], str]] = {
    "value": lambda _, facts: str(facts["sentence"]),
    "key": lambda _, facts: str(facts["sentence"]),
    "missing": lambda _, __: "this key is missing.",
    "string_type": _text,
    "int_type": _wanted("a whole number"),
    "float_type": _wanted("a number"),
    "bool_type": _wanted("true or false"),
    "list_type": _wanted("a list"),
    "dict_type": _wanted("a mapping"),
    "model_type": _wanted("a mapping"),
    "literal_error": _literal,
    "greater_than_equal": lambda value, facts: f"{show(value)} is less than {facts['ge']}, the least there is.",
    "less_than_equal": lambda value, facts: f"{show(value)} is more than {facts['le']}, the most there is.",
    "too_short": lambda _, __: "this is empty; at least one is wanted.",
    "string_too_short": lambda _, __: "this text is empty; at least one character is wanted.",
}
