"""What YAML is written in: the text of a file, and the scalars of YAML 1.2's core schema."""

from __future__ import annotations

import math
import re
from typing import Literal, TypeAlias

from emulator.scenario.tree import TOP, Mark, Unreadable
from emulator.scenario.wording import show
from emulator.types import Json

__all__ = ["MAX_BYTES", "Kind", "constructed", "decoded", "kind"]

MAX_BYTES = 4 * 1024 * 1024
_MAX_DIGITS = 400


# ---------------------------------------------------------------- bytes → text

_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_UTF8_MARK = b"\xef\xbb\xbf"
# What is not "c-printable" – https://yaml.org/spec/1.2.2/#51-character-set – and the byte order mark. Written the other
# way round it takes ten times longer to compile.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
_PAIR = re.compile(r"(?<!\\)((?:\\\\)*)\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")


def decoded(data: bytes) -> str:
    """Read the bytes of a file as text. Raises Unreadable.

    JSON writes a character beyond U+FFFF as two escapes, which YAML does not know: they become one, and what follows
    in the line moves two columns to the left.
    """
    if len(data) > MAX_BYTES:
        raise Unreadable(TOP, f"the file is larger than {MAX_BYTES // 1024 // 1024} MiB.")
    if data.startswith(_UTF16):
        raise Unreadable(TOP, "the file is UTF-16; save it as UTF-8.")
    if data.startswith(_UTF8_MARK):
        raise Unreadable(TOP, "the file begins with a byte order mark; save it as UTF-8 without one.")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        message = f"the file is not UTF-8: byte 0x{data[error.start]:02x} can't stand here."
        raise Unreadable(_after(data[: error.start].decode()), message) from None
    if odd := _UNPRINTABLE.search(text):
        message = f"the character U+{ord(odd.group()):04X} can't stand in YAML; is this a text file?"
        raise Unreadable(_after(text[: odd.start()]), message)
    return _PAIR.sub(_join_pair, text) if text.lstrip().startswith("{") else text


def _after(before: str) -> Mark:
    lines = _BREAK.split(before)
    return Mark(len(lines), len(lines[-1]) + 1)


def _join_pair(pair: re.Match[str]) -> str:
    character = 0x10000 + ((int(pair[2], 16) & 0x3FF) << 10) + (int(pair[3], 16) & 0x3FF)
    return f"{pair[1]}\\U{character:08X}"


# ---------------------------------------------------------------- scalars

Kind: TypeAlias = Literal["null", "bool", "int", "float", "str"]
# "10.3.2. Tag Resolution" – https://yaml.org/spec/1.2.2/#1032-tag-resolution
_KINDS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("null", re.compile("null|Null|NULL|~|")),
    ("bool", re.compile("true|True|TRUE|false|False|FALSE")),
    ("int", re.compile("[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")),
    ("float", re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")),
    ("float", re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")),
)


_BEGINNINGS = frozenset("nNtTfF~+-.0123456789")


def kind(text: str) -> Kind:
    """Tell what a plain scalar is."""
    if text and text[0] not in _BEGINNINGS:
        return "str"
    return next((name for name, pattern in _KINDS if pattern.fullmatch(text)), "str")


def constructed(text: str) -> Json:
    """Give the value of a plain scalar. Raises ValueError with a sentence at a number that JSON can't write."""
    match kind(text):
        case "null":
            return None
        case "bool":
            return text.lower() == "true"
        case "int":
            if len(text) > _MAX_DIGITS:
                raise ValueError(f"this number has {len(text):,} digits; at most {_MAX_DIGITS} are read.")
            return int(text, 0 if text[1:2] in ("o", "x") else 10)
        case "float":
            value = math.inf if text[-1] in "fFnN" else float(text)
            if not math.isfinite(value):
                raise ValueError(f"{show(text)} is not a number that JSON can write.")
            return value
        case _:
            return text
