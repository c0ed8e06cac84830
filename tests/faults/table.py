"""The faults that are tried, how a client's end is told, and the tables of docs/faults.md."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import pytest

from tests.live import ROOT

TEXT = "北京今天晴朗。"
ARRIVED = "北京今"
"""What has gone out when the fault strikes: three pieces."""
NEXT = "天".encode()

PATIENCE = 2.0
"""How long a client is told to wait for bytes, in seconds, where none will come."""
WATCHED = 4.0
"""How long a client is watched before it counts as one that waits on."""

# What comes on the way of a stream, as the scenario writes it. A happening without an end is followed by all the rest.
STREAMED = {
    "error": "{chunk: 3, error: overloaded}",
    "reset": "{chunk: 3, reset: true}",
    "close": "{chunk: 3, close: true}",
    "truncate": "{chunk: 3, truncate: true}",
    "garbage": r'{chunk: 3, garbage: "data: {oops\n\n"}',
    "split": "{chunk: 3, split: N}",
    "duplicate": "{chunk: 3, duplicate: true}",
    "drop": "{chunk: 3, drop: true}",
    "comment": "{chunk: 3, comment: hi}",
    "keep_alive": "keep_alive: 10s, at: [{chunk: 3, stall: 30s}]",
    "gate": "{chunk: 3, gate: nobody-opens-it}",
    "stall": "{chunk: 3, stall: 30s}",
}
# What becomes of a response as a whole.
WHOLE = {
    "reset": "reset",
    "close": "close",
    "empty": "empty",
    "truncate": "{truncate: 50%}",
    "garbage": "{garbage: <html>}",
    "hang": "hang",
}
WAITING = {"gate", "stall", "hang"}
"""Nothing comes any more: the client's own time limit ends it, or nothing does."""
ASKED_AGAIN = ("503", "reset", "close", "hang")
"""What clients that retry as they are made to get, again and again."""


@dataclass(frozen=True)
class Case:
    """One request of one client."""

    kind: str
    """streamed, whole, or retried."""
    fault: str

    @property
    def name(self) -> str:
        return f"{self.kind}-{self.fault}"

    @property
    def timeout(self) -> float:
        """Of the client, in seconds: generous where bytes come, so that a busy machine makes no difference."""
        return (1 if self.kind == "retried" else PATIENCE) if self.fault in WAITING else 20


@dataclass(frozen=True)
class Seen:
    """What the user of a client saw."""

    text: str
    end: str
    """The class of the exception, or how else it ended."""
    asked: int = 1
    """How many requests reached the server."""


Observed: TypeAlias = dict[tuple[str, Case], Seen]
"""By the name of the client."""

CASES = [
    Case(kind, fault)
    for kind, faults in (("streamed", STREAMED), ("whole", WHOLE), ("retried", ASKED_AGAIN))
    for fault in faults
]
ENDS = "ends"
"""As if all was well."""


def scenario(cuts: Mapping[tuple[str, str], int]) -> str:
    """A step for each case, found by a header, so that all bodies are alike.

    `cuts` says where `split` cuts, by provider and protocol.
    """
    steps = [_step("streamed-nothing", ""), _step("whole-nothing", "")]
    steps.append(_step("streamed-at-once", "at: [{chunk: 0, reset: true}]"))
    steps += [_step(f"streamed-{name}", _stream(entry)) for name, entry in STREAMED.items() if name != "split"]
    for (provider, protocol), cut in cuts.items():
        entry = _stream(STREAMED["split"].replace("N", str(cut)))
        steps.append(_step("streamed-split", entry, f", provider: {provider}, protocol: {protocol}"))
    steps += [_step(f"whole-{name}", "", fields=f", fault: {fault}") for name, fault in WHOLE.items()]
    steps += [_step(f"retried-{name}", "", fields=f", fault: {name}") for name in ASKED_AGAIN if name != "503"]
    unavailable = "error: {name: overloaded, status: 503}"
    steps.append(f"  - {{when: {{headers: {{x-case: retried-503}}}}, reply: {{{unavailable}}}}}")
    return "version: 1\nname: faults\nsteps:\n" + "\n".join(steps) + "\n"


def _stream(entry: str) -> str:
    return f"at: [{entry}]" if entry.startswith("{") else entry


def _step(case: str, happenings: str, conditions: str = "", fields: str = "") -> str:
    stream = f"{{chunk: char, {happenings}}}"
    when = f"{{headers: {{x-case: {case}}}{conditions}}}"
    return f"  - {{when: {when}, reply: {{text: {TEXT}, stream: {stream}{fields}}}}}"


# ---------------------------------------------------------------- the page

PAGE = ROOT / "docs" / "faults.md"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


def shown(seen: Seen) -> str:
    end = seen.end if seen.end.startswith(("ends", "waits", "an ")) else f"`{seen.end}`"
    return f"`{seen.text}`, {end}" if seen.text else end


def compare(name: str, actual: str, request: pytest.FixtureRequest) -> None:
    """Compare a table with the one on the page between `<!-- NAME -->` and the next comment."""
    page = PAGE.read_text(encoding="utf-8")
    place = re.compile(rf"(?<=^<!-- {name} -->\n\n)((?:\|.*\n)*)\n?(?=<!-- end -->$)", re.MULTILINE)
    if request.config.getoption("--golden-update"):
        page = place.sub(lambda _: f"{actual}\n", page)
        PAGE.write_text(page, encoding="utf-8")
    assert [actual] == place.findall(page)
