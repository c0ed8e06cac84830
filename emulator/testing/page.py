"""The transcript of one test as a web page that needs nothing beside itself."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

from emulator.testing import transcript
from emulator.testing.exchange import Exchange

__all__ = ["file_name", "page"]

_MOST: Final = 100_000
"""How many letters of a body are shown."""

_LOOK: Final = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
h1 { font-size: 1.2rem; overflow-wrap: anywhere; }
h2 { font-size: 1rem; margin: 2rem 0 .3rem; overflow-wrap: anywhere; }
pre { background: #f3f3f3; border-radius: 4px; overflow: auto; padding: .6rem; white-space: pre-wrap; }
summary { cursor: pointer; }
.passed { color: #186a3b; } .failed, .miss, .rejected { color: #a61b1b; }
@media (prefers-color-scheme: dark) { body { background: #181818; color: #ddd; } pre { background: #262626; }
  .passed { color: #7ddc9f; } .failed, .miss, .rejected { color: #ff9a9a; } }
"""


def file_name(test: str) -> str:
    """The name of a test's file: readable, and no other test's."""
    readable = re.sub(r"[^\w.-]+", "-", test, flags=re.ASCII).strip("-.")[-100:]
    return f"{readable}-{hashlib.sha256(test.encode(errors='replace')).hexdigest()[:8]}.html"


def page(test: str, outcome: str, failure: str, sessions: Sequence[Sequence[Exchange]]) -> str:
    """Write the page. Everything that a client or a model said is text in it, whatever it looks like."""
    return "\n".join(_lines(test, outcome, failure, sessions)) + "\n"


def _lines(test: str, outcome: str, failure: str, sessions: Sequence[Sequence[Exchange]]) -> Iterator[str]:
    yield '<!DOCTYPE html>\n<html lang="en">\n<meta charset="utf-8">'
    # Nothing is loaded and nothing runs, even if something were not escaped.
    yield """<meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'unsafe-inline'">"""
    yield f"<title>{escape(test)}</title>\n<style>{_LOOK}</style>"
    yield f'<h1>{escape(test)} <span class="{escape(outcome)}">{escape(outcome)}</span></h1>'
    if failure:
        yield f"<pre>{escape(failure)}</pre>"
    for number, exchanges in enumerate(sessions, 1):
        if len(sessions) > 1:
            yield f"<h2>session {number}</h2>"
        if not exchanges:
            yield "<p>No request came.</p>"
        for one in exchanges:
            yield from _exchange(one)
    yield "</html>"


def _exchange(one: Exchange) -> Iterator[str]:
    yield f"<h2>{escape(transcript.asked(one))}</h2>"
    headers = "\n".join(f"{name}: {value}" for name, value in one.headers.items())
    yield f"<details><summary>headers</summary><pre>{escape(headers)}</pre></details>"
    if one.body is not None:
        yield f"<pre>{escape(transcript.body(one.body, indent=2, most=_MOST))}</pre>"
    yield f'<p class="{escape(one.outcome)}">{escape(transcript.answered(one))}</p>'
    if one.reply is not None:
        yield f"<pre>{escape(transcript.body(one.reply, indent=2, most=_MOST))}</pre>"
    if one.beats:
        beats = "\n".join(f"{due:.3f} s  {went:.3f} s  {pieces}" for due, went, pieces in one.beats)
        yield f"<details><summary>when it was due and when it went out</summary><pre>{escape(beats)}</pre></details>"
    for line in (one.explanation, *one.warnings):
        if line:
            yield f"<pre>{escape(line)}</pre>"
