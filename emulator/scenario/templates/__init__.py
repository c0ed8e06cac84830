"""Templates in the texts of scenario files: sandboxed Jinja2 with strict names, compiled at load, bounded at run.

`scope` makes what a template can read and knows nothing of Jinja; `syntax` checks what was written and turns every
operation into one of ours (`operations`, `filters`, `methods`), which `bounds` counts; `sandbox` compiles and runs.
Jinja is imported when the first template is compiled: a scenario without templates starts without it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from emulator.scenario.templates.outcome import Failed, Misfit
from emulator.scenario.templates.scope import NAMES, scope
from emulator.types import Json

__all__ = ["NAMES", "Failed", "Misfit", "Template", "compiled", "scope"]


@dataclass(frozen=True, slots=True)
class Template:
    """A text with expressions in it, ready to run."""

    source: str
    names: frozenset[str]
    """The top-level names it reads, a subset of NAMES."""
    state: frozenset[str]
    """The keys of `state` it reads, as far as they are literal."""
    reads: frozenset[tuple[str, str]]
    """(name, key) of what it reads of `match`, `vars` and `state` by a literal key."""
    needs: tuple[tuple[str, str, int], ...]
    """Those without which it fails where it comes to them, and the line of each."""
    opaque: frozenset[str]
    """Which of `match`, `vars` and `state` it reads in other ways too, so that nobody knows which keys."""
    _text: Callable[[Mapping[str, object]], str] = field(repr=False, compare=False)
    _value: Callable[[Mapping[str, object]], Json] = field(repr=False, compare=False)

    def text(self, scope: Mapping[str, object]) -> str:
        """What it says. Raises Failed."""
        return self._text(scope)

    def value(self, scope: Mapping[str, object]) -> Json:
        """What its expression gives, as JSON, where it is one expression and nothing else; else the text.

        Raises Failed.
        """
        return self._value(scope)


def compiled(source: str) -> Template:
    """Compile a text. Raises Misfit where it can't work."""
    from emulator.scenario.templates import sandbox  # noqa: PLC0415 - Jinja takes long to import

    made = sandbox.compiled(source)
    return Template(source, *made.facts, made.text, made.value)
