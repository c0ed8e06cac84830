"""The sentences with which the API refuses a request: of its parser, and of what checks the request that it read.

Recorded: "Invalid JSON payload received. Unknown name "const" at 'tools[0].function_declarations[5].parameters': Cannot
find field." (zed-industries/zed, issue 44875), "* GenerateContentRequest.contents[33].parts[0].data: required oneof
field 'data' must have one initialized field" (boldsoftware/sketch, issue 68); read 2026-11-20.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final

from emulator.types import Breach, Call, Failure, Json, Rejected

__all__ = ["checked", "invalid", "kind", "parsed", "unknown", "unreadable"]

_VERSIONS: Final = ("v1", "v1alpha")
_MOST: Final = 200
"""How many characters of a value are said again (inferred)."""


def kind(name: str, call: Call | None = None) -> str:
    """The full name of a type, in the version of the API that is asked."""
    start = call.path.split("/")[1] if call and call.path.count("/") > 1 else ""
    version = start if start in _VERSIONS else "v1beta"
    return f"type.googleapis.com/google.ai.generativelanguage.{version}.{name}"


def unknown(name: str, where: str) -> str:
    """The line about a field that there is not; `where` is empty at the top."""
    at = f" at '{where}'" if where else ""
    return f'Invalid JSON payload received. Unknown name "{name}"{at}: Cannot find field.'


def invalid(where: str, kind: str, value: Json, reason: str = "") -> str:
    """The line about a value that is of another type."""
    if isinstance(value, list) and not reason:
        before, _, name = where.rpartition(".")
        at = f" at '{before}'" if before else ""
        said = f'Unknown name "{name}"{at}: Proto field is not repeating, cannot start list.'
        return f"Invalid JSON payload received. {said}"
    said = json.dumps(value, ensure_ascii=False)
    said = said if len(said) <= _MOST else f"{said[:_MOST]}…"
    return f"Invalid value at '{where}' ({kind}), {reason}{said}"


def parsed(lines: Iterable[str]) -> tuple[Breach, ...]:
    """What the parser refuses: all of it, line by line."""
    found = tuple(lines)
    return (Breach("\n".join(found)),) if found else ()


def checked(flaws: Iterable[tuple[str, str]]) -> tuple[Breach, ...]:
    """What is refused of a request that could be parsed: each place with its sentence."""
    found = tuple(flaws)
    if not found:
        return ()
    return (Breach("".join(f"* GenerateContentRequest.{where}: {sentence}\n" for where, sentence in found)),)


def unreadable(where: str, came: Json, wanted: str) -> Rejected:
    """The refusal of what can't be read at all; `wanted` is a type."""
    return Rejected(Failure("invalid_request", invalid(where, wanted, came)))
