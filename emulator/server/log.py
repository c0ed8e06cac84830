"""What an operator reads on stderr: one line an event, as text or as JSON."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from emulator import jsontext
from emulator.journal import Exchange
from emulator.types import Json

__all__ = ["Log", "count"]


def count(number: int, noun: str) -> str:
    """`1 step`, `2 steps`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


class Log(Struct, frozen=True):
    """Writes events. Answered requests are only said when asked for; misses and rejections always."""

    form: Literal["text", "json"] = "text"
    verbose: bool = False

    def exchange(self, exchange: Exchange) -> None:
        """Say what a request was answered."""
        if exchange.outcome in {"hit", "page"} and not self.verbose:
            return
        path, what = exchange.call.path, exchange.step or exchange.explanation or exchange.outcome
        self._say(
            f"{exchange.provider} {exchange.call.method} {path} {exchange.status} {what}",
            event=exchange.outcome,
            provider=exchange.provider,
            method=exchange.call.method,
            path=path,
            status=exchange.status,
            session=exchange.session,
            step=exchange.step or None,
            explanation=exchange.explanation or None,
        )

    def reloaded(self, scenarios: int, problems: Iterable[object]) -> None:
        """Say what came of a change on disk."""
        lines = [str(problem) for problem in problems]
        if not lines:
            self._say(f"reloaded: {count(scenarios, 'scenario')}", event="reloaded", scenarios=scenarios)
            return
        last = f"{count(len(lines), 'problem')}; the scenarios loaded before stay in force"
        self._say("\n".join((*lines, last)), event="not_reloaded", problems=lines)

    def doubts(self, warnings: Iterable[object]) -> None:
        """Say what is doubtful about the files that are in force."""
        for warning in warnings:
            self._say(str(warning), event="warning", warning=str(warning))

    def _say(self, text: str, **fields: Json) -> None:
        print(text if self.form == "text" else jsontext.dumps(fields).decode(), file=sys.stderr, flush=True)  # noqa: T201
