"""What a client and the emulator said to each other, for people: as text below a failing test."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Final

from emulator.testing.exchange import Exchange
from emulator.types import Json

__all__ = ["answered", "asked", "body", "text"]

_MOST: Final = 1200
"""How many letters of a body are shown."""


def text(exchanges: Sequence[Exchange]) -> str:
    """Write the exchanges one below the other."""
    if not exchanges:
        return "no request came"
    return "\n\n".join("\n".join(_lines(one)) for one in exchanges)


def asked(one: Exchange) -> str:
    """The line that says what was asked."""
    whose = ", ".join(filter(None, (one.provider, one.protocol, one.model and f"model '{one.model}'")))
    return f"request {one.number}: {one.method} {one.path} ({whose})"


def answered(one: Exchange) -> str:
    """The line that says what it was answered, and by which step."""
    who = f"by {one.step} ({one.place})" if one.step else "by no step"
    error = f" {one.error}" if one.error else ""
    again = f", attempt {one.attempt} of this call" if one.attempt > 1 else ""
    ended = "" if one.ended == "delivered" else f", {one.ended.replace('_', ' ')}"
    return f"{one.status}{error} {who}{again}{ended}"


def body(value: Json, *, indent: int | None = None, most: int = _MOST) -> str:
    """A body as text, cut where it is long."""
    written = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=indent)
    cut = len(written) - most
    return f"{written[:most]}… ({cut:,} more letters)" if cut > 0 else written


def _lines(one: Exchange) -> Iterator[str]:
    yield asked(one)
    if one.body is not None:
        yield f"  > {_indented(body(one.body))}"
    yield f"  {answered(one)}"
    # To a miss the reply says what the explanation does.
    if one.reply is not None and one.outcome != "miss":
        yield f"  < {_indented(body(one.reply))}"
    for line in (one.explanation if one.outcome != "hit" else "", *one.warnings):
        if line:
            yield f"  ! {_indented(line)}"


def _indented(written: str) -> str:
    return written.rstrip("\n").replace("\n", "\n    ")
