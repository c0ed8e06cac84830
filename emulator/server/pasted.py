"""A request as people have it at hand: a JSON body, or a curl command."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from emulator import jsontext
from emulator.server import curl
from emulator.types import Call, EmulatorError

__all__ = ["Pasted", "pasted"]

_PATHS: Final = {
    "messages": "/v1/ai/cloudbase/chat/completions",
    "input": "/plain/v1/responses",
    "contents": "/plain/v1beta/models/gemini-2.5-flash:generateContent",
}
"""The path that a body is taken for, by a key that it has."""
_KEY: Final = "explain"
_HEADERS: Final = {"anthropic-version": "2023-06-01"}
"""What a client would have sent beside the body that somebody pastes."""


class Pasted(Struct, frozen=True):
    """A request that was read."""

    call: Call
    notes: tuple[str, ...] = ()
    """What of a command has not been followed."""
    guessed_by: str = ""
    """The key of the body that its path was guessed by; empty: the path was given."""


def pasted(data: bytes, path: str | None, file: curl.Reader | None = None) -> Pasted:
    """Read a request. `path` is where a body goes; `file` reads the files that a command names.

    Raises EmulatorError with a sentence where it can't be read.
    """
    data = data.removeprefix(b"\xef\xbb\xbf").strip()
    if not data.startswith((b"{", b"[")):
        if path is not None:
            raise EmulatorError("a curl command has a URL; a path goes with a JSON body")
        command = curl.read(data.decode(errors="replace"), file)
        return Pasted(curl.call_of(command), tuple(command.notes))
    if path is not None and not path.startswith("/"):
        raise EmulatorError(f"the path '{path}' does not begin with a slash")
    guessed_by = "" if path is not None else _guess(data)
    url = f"http://127.0.0.1{path or _PATHS[guessed_by]}"
    headers = {"authorization": f"Bearer {_KEY}", "content-type": "application/json", **_HEADERS}
    return Pasted(curl.call_of(curl.Command("POST", url, headers, data)), guessed_by=guessed_by)


def _guess(data: bytes) -> str:
    try:
        body = jsontext.loads_object(data)
    except ValueError as error:
        raise EmulatorError(str(error)) from None
    for key in _PATHS:
        if key in body:
            return key
    raise EmulatorError(f"the body has none of {', '.join(_PATHS)}, so that its path can't be guessed; name it")
