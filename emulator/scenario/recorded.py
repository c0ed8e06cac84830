"""Recorded responses: a status line, headers, a blank line and the body, as `curl -i` writes them."""

from __future__ import annotations

import re
from typing import Final

from emulator.types import Raw

__all__ = ["recorded"]

_STATUS: Final = re.compile(rb"HTTP/[0-9.]+ ([2-5][0-9][0-9])( .*)?\r?")
_FIELD: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*\r?")
_FRAMING: Final = frozenset({b"connection", b"content-length", b"keep-alive", b"transfer-encoding"})
"""Headers that tell where the recorded body ended; the server writes its own."""
_EVENT: Final = re.compile(rb".*?(?:\r?\n\r?\n|\r\r|\Z)", re.DOTALL)


def recorded(data: bytes) -> Raw:
    """Read a recorded response. A body of server-sent events is cut at its blank lines, and each event is a beat.

    Raises ValueError with a sentence.
    """
    first, *lines = data.split(b"\n")
    status = _STATUS.fullmatch(first)
    if status is None:
        raise ValueError("this file is no recorded response: it does not begin with a line such as HTTP/1.1 200 OK.")
    headers: dict[str, str] = {}
    length = len(first) + 1
    for number, line in enumerate(lines, 2):
        length += len(line) + 1
        if line in (b"", b"\r"):
            break
        found = _FIELD.fullmatch(line)
        if found is None:
            raise ValueError(f"line {number} of this file is no header; the body begins after a blank line.")
        if found[1].lower() not in _FRAMING:
            headers[found[1].decode().lower()] = found[2].decode(errors="replace")
    body = data[length:]
    streamed = headers.get("content-type", "").startswith("text/event-stream")
    pieces = tuple(filter(None, _EVENT.findall(body))) if streamed else (body,)
    return Raw(int(status[1]), headers, pieces, streamed)
