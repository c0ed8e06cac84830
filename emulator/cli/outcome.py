"""What came of a run: which requests no step answered, which steps nothing asked for, how the client behaved."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from emulator.server.log import count
from emulator.verdict import Verdict, judge

if TYPE_CHECKING:
    from emulator.cli.look import Paint
    from emulator.journal import Exchange
    from emulator.scenario import Scenario, Step
    from emulator.server.app import App

__all__ = ["Outcome"]

_MOST: Final = 10
"""How many of a kind are said."""
_NAME: Final = "maas-emulator"


class Outcome(Struct, frozen=True):
    """What came of a run."""

    requests: int
    forgotten: int
    """How many of them the journal has no more, because their session was ended."""
    misses: tuple[Exchange, ...]
    unused: tuple[Step, ...]
    """Those of a sequence, or with `times`, that answered nothing."""
    verdicts: tuple[tuple[str, Verdict], ...]
    """Of each session."""

    @classmethod
    def of(cls, app: App) -> Outcome:
        """Look back over everything that came to a server."""
        exchanges = list(app.journal.read())
        identities = tuple(dict.fromkeys(one.session for one in exchanges))
        for identity in identities:
            app.journal.notice(identity)
        sessions = [found for found in map(app.sessions.find, identities) if found is not None]
        scenarios = [*app.library.scenarios, *(own for session in sessions for own in session.own)]
        used = {step for session in sessions for step, calls in session.used.items() if calls}
        forgotten = app.journal.total - len(exchanges)
        unused = (step for scenario in scenarios for step in _wanted(scenario) if step not in used)
        return cls(
            app.journal.total,
            forgotten,
            tuple(one for one in exchanges if one.outcome == "miss"),
            # Nobody knows which of them the forgotten requests have used.
            () if forgotten else tuple(unused),
            tuple((name, judge([one for one in exchanges if one.session == name])) for name in identities),
        )

    @property
    def good(self) -> bool:
        """Whether something was asked, everything was answered, and nothing is left over."""
        return not any(self._short())

    def lines(self, paint: Paint, *, lenient: bool) -> Iterator[str]:
        """For people; `lenient`: there is an option that would let a run pass that fell short."""
        for one in self.misses[:_MOST]:
            yield f"{paint('bad', 'miss:')} {one.call.method} {one.call.path}: {one.explanation}"
        if more := len(self.misses[_MOST:]):
            yield f"  and {more} more"
        for step in self.unused if self.requests else ():
            yield f"{paint('bad', 'unused:')} {step.name} {paint('faint', f'({step.place})')} answered nothing"
        for session, verdict in self.verdicts:
            findings = str(verdict).splitlines() if any(one.findings for one in verdict.judged) else []
            where = f" in session '{session}'" if len(self.verdicts) > 1 else ""
            for line in findings:
                grade, _, rest = line.partition(": ")
                yield f"{paint('bad' if grade == 'fail' else 'key', f'{grade}:')} {rest}{where}"
        if self.forgotten:
            yield f"{count(self.forgotten, 'request')} of sessions that were ended can't be judged"
        short = "; ".join(self._short())
        asked = count(self.requests, "request")
        if not short:
            yield f"{_NAME}: {asked}, {paint('good', 'all good')}"
        else:
            lets = "; --no-strict lets that pass" if lenient else ""
            yield f"{_NAME}: {asked}, {paint('bad', 'the run fell short')}: {short}{lets}"

    def _short(self) -> Iterator[str]:
        """In what the run fell short."""
        if not self.requests:
            yield "the command has asked the emulator nothing"
        if self.misses:
            yield f"{count(len(self.misses), 'request')} found no step"
        if self.unused and self.requests:
            yield f"{count(len(self.unused), 'step')} answered nothing"
        failed = sum(one.grade == "fail" for _, verdict in self.verdicts for one in verdict.judged)
        if failed:
            yield f"{count(failed, 'rule')} of the verdict failed"


def _wanted(scenario: Scenario) -> Iterator[Step]:
    """The steps that are sure to be asked for, by what the scenario says."""
    for step in scenario.steps:
        if step.times is not None or scenario.order == "sequence":
            yield step
