"""Reading what all three codecs are sent: JSON, or a form with files in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

from emulator import jsontext
from emulator.refusals import words
from emulator.types import Call, Endpoint, Failure, Json, Rejected

__all__ = ["count", "fields", "model", "text"]

_FORM: Final = "multipart/form-data"
_MOST_PARTS: Final = 256
"""inferred: far more than any client sends."""
_LONGEST_HEAD: Final = 8192
"""inferred: what is longer is no header of a part."""
# name="value", name=value, and name*=utf-8''value, which RFC 7578 forbids and clients send.
_PARAMETER: Final = re.compile(r';\s*([\w-]+\*?)=(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))')


def fields(call: Call) -> dict[str, Json]:
    """Give the fields of a JSON object, or of a form. Of a file it is the name; what is there twice is a list."""
    kind = call.headers.get("content-type", "")
    if kind.strip().lower().startswith(_FORM):
        return _form(call.body, kind)
    try:
        return jsontext.loads_object(call.body)
    except ValueError as error:
        raise Rejected(Failure("malformed_body", str(error))) from None


def model(content: Json, endpoint: Endpoint) -> str:
    """Give the model that is asked: the path says, else the body must."""
    if endpoint.model is not None:
        return endpoint.model.removeprefix("models/")  # of Google's paths
    match content.get("model"):
        case str() as name if name:
            return name
        case None | "":
            raise Rejected(Failure("missing_model"))
        case other:
            raise words.refuse(words.invalid_type("model", "a string", other))


def text(content: Json, name: str) -> str:
    """Give a text that must be there."""
    value = content.get(name)
    if not isinstance(value, str):
        raise words.refuse(words.missing(name) if name not in content else words.invalid_type(name, "a string", value))
    return value


def count(value: Json, most: int) -> int:
    """Give how many are asked for: in a form it is written in digits. One where it is out of bounds."""
    number = int(value) if isinstance(value, str) and value.isdecimal() and len(value) < 9 else value  # noqa: PLR2004
    return number if isinstance(number, int) and 1 <= number <= most else 1


def _form(data: bytes, kind: str) -> dict[str, Json]:
    boundary = _parameters(kind).get("boundary")
    if not boundary:
        raise Rejected(Failure("malformed_body", f"the body is {_FORM}, but its content type names no boundary"))
    found: dict[str, list[str]] = {}
    for name, value in _parts(data, b"\r\n--" + boundary.encode(errors="surrogateescape")):
        found.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def _parts(data: bytes, mark: bytes) -> Iterator[tuple[str, str]]:
    """The name and the text of each part of a form, or the name of its file (RFC 7578, RFC 2046 section 5.1)."""
    sections = (b"\r\n" + data).split(mark, _MOST_PARTS + 1)
    if len(sections) > _MOST_PARTS + 1:
        raise Rejected(Failure("malformed_body", f"the form has more than {_MOST_PARTS} parts"))
    for section in sections[1:]:
        if section.startswith(b"--"):
            return
        head, blank, content = section.partition(b"\r\n\r\n")
        found = _disposition(head)
        if blank and "name" in found:
            file = found.get("filename")
            yield found["name"], content.decode(errors="replace") if file is None else file
    raise Rejected(Failure("malformed_body", "the form ends before its last boundary"))


def _disposition(head: bytes) -> dict[str, str]:
    lines = head[:_LONGEST_HEAD].decode(errors="replace").split("\r\n")
    return next((_parameters(line) for line in lines if line.lower().startswith("content-disposition:")), {})


def _parameters(header: str) -> dict[str, str]:
    found = {}
    for name, quoted, plain in _PARAMETER.findall(header[:_LONGEST_HEAD]):
        if name.endswith("*"):
            found[name.rstrip("*").lower()] = unquote(plain.rpartition("'")[2])
        else:
            found.setdefault(name.lower(), re.sub(r"\\(.)", r"\1", quoted) or plain)
    return found
