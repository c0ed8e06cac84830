"""The verdict on a client, as a test asserts it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.types import Json

if TYPE_CHECKING:
    from emulator.verdict import Judged

__all__ = ["Verdict"]


class Verdict(str):
    """How the client behaved, in words: a finding a line.

    It is a text because pytest shows of anything else than a text only the beginning and the end:
    `assert emulator.verdict.ok, emulator.verdict`.
    """

    __slots__ = ("judged",)

    judged: tuple[Judged, ...]
    """Each rule and what it found."""

    @classmethod
    def of(cls, said: Json) -> Verdict:
        """Read the answer of the control API."""
        from emulator import verdict  # noqa: PLC0415 - what a test without it need not load

        judged = tuple(
            verdict.Judged(
                rule["rule"],
                rule["says"],
                tuple(
                    verdict.Finding(one["grade"], one["sentence"], tuple(one["requests"])) for one in rule["findings"]
                ),
            )
            for rule in said["rules"]
        )
        made = cls(verdict.Verdict(judged))
        made.judged = judged
        return made

    @property
    def ok(self) -> bool:
        """Whether no rule fails. A warning is no failure."""
        return not self.failed

    @property
    def failed(self) -> tuple[str, ...]:
        """The rules that fail."""
        return tuple(one.rule for one in self.judged if one.grade == "fail")
