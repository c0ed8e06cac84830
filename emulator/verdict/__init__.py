"""Was the client any good? Rules over the exchanges of one session, each a pure function of what happened."""

from emulator.verdict.judging import RULES, Judged, Rule, Verdict, judge
from emulator.verdict.reading import Finding, Grade

__all__ = ["RULES", "Finding", "Grade", "Judged", "Rule", "Verdict", "judge"]
