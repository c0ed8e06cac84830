"""The table of rules, and what all of them say of a session."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias

from msgspec import Struct

from emulator.journal import Exchange
from emulator.types import Json
from emulator.verdict.history import every_tool_call_answered, history_grows_consistently, tool_result_ids_match
from emulator.verdict.reading import Finding, Grade, numbers
from emulator.verdict.retries import (
    backs_off,
    gave_up_too_early,
    no_retry_storm,
    non_retryable_not_retried,
    retry_after_honoured,
)
from emulator.verdict.streams import stream_closed_after_abort, truncated_stream_noticed

__all__ = ["RULES", "Judged", "Rule", "Verdict", "judge"]

Rule: TypeAlias = Callable[[Sequence[Exchange]], Iterator[Finding]]
"""Gives what it finds in the exchanges of a session, in the order of arrival. Its first line says what is good."""


class Judged(Struct, frozen=True):
    """One rule and what it found; nothing: it passes."""

    rule: str
    says: str
    """What a good client does."""
    findings: tuple[Finding, ...]

    @property
    def grade(self) -> Grade:
        """The worst of the findings."""
        grades = {finding.grade for finding in self.findings}
        return "fail" if "fail" in grades else "warn" if "warn" in grades else "pass"


class Verdict(Struct, frozen=True):
    """What all rules say of a session."""

    judged: tuple[Judged, ...]

    @property
    def ok(self) -> bool:
        """Whether no rule fails. A warning is no failure."""
        return all(one.grade != "fail" for one in self.judged)

    def __str__(self) -> str:
        lines = [f"{finding.grade}: {one.rule}: {finding.sentence}" for one in self.judged for finding in one.findings]
        return "\n".join(lines) if lines else f"all {len(self.judged)} rules pass"

    def as_json(self) -> Json:
        """For the control API."""
        return {
            "ok": self.ok,
            "rules": [
                {
                    "rule": one.rule,
                    "says": one.says,
                    "grade": one.grade,
                    "findings": [
                        {"grade": found.grade, "sentence": found.sentence, "requests": list(found.exchanges)}
                        for found in one.findings
                    ],
                }
                for one in self.judged
            ],
        }


def judge(exchanges: Sequence[Exchange]) -> Verdict:
    """Judge the client by the exchanges of its session, in the order of arrival."""
    return Verdict(tuple(Judged(name, _says(rule), tuple(rule(exchanges))) for name, rule in RULES.items()))


def credentials_not_leaked_in_url(exchanges: Sequence[Exchange]) -> Iterator[Finding]:
    """A client keeps its key out of the URL, where logs and proxies see it."""
    leaking: dict[str, list[Exchange]] = {}
    for one in exchanges:
        for name in one.leaked:
            leaking.setdefault(name, []).append(one)
    for name, found in leaking.items():
        count = f"request {found[0].serial}"
        count += f" and {len(found) - 1} more have their" if len(found) > 1 else " has its"
        sentence = (
            f"{count} credentials in the URL, as '{name}', where logs and proxies keep them. Send them in a header."
        )
        # A service that takes `key` documents it so: whoever does as told is warned, and no more.
        yield Finding("warn" if name == "key" else "fail", sentence, numbers(found))


RULES: Final[Mapping[str, Rule]] = {
    rule.__name__: rule
    for rule in (
        retry_after_honoured,
        no_retry_storm,
        backs_off,
        non_retryable_not_retried,
        gave_up_too_early,
        truncated_stream_noticed,
        stream_closed_after_abort,
        every_tool_call_answered,
        tool_result_ids_match,
        history_grows_consistently,
        credentials_not_leaked_in_url,
    )
}
"""Every rule by its name."""


def _says(rule: Rule) -> str:
    return (rule.__doc__ or "").strip().partition("\n")[0]
