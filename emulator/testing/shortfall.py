"""What keeps a test from passing although nothing in it failed, in words for whoever wrote it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from emulator.testing.exchange import Miss, Unused

__all__ = ["NOTHING_LOADED", "said"]

NOTHING_LOADED = "no scenario is loaded"
"""How the explanation of a miss ends where there is no step at all."""

_ALLOWED = "@pytest.mark.emulator(strict=False)"


def said(misses: Sequence[Miss], unused: Sequence[Unused], unfinished: Sequence[str]) -> str:
    """Say what fell short, and what can be done about it. Empty: nothing did."""
    return "\n\n".join((*_misses(misses), *_unused(unused), *_unfinished(unfinished)))


def _misses(misses: Sequence[Miss]) -> Iterator[str]:
    if not misses:
        return
    count = len(misses)
    yield f"{count} request{'s' if count > 1 else ''} found no step that answers."
    for miss in misses:
        yield f"request {miss.request}, {miss.asked}:\n{miss.explanation}"
    if all(miss.explanation.rstrip().endswith(NOTHING_LOADED) for miss in misses):
        yield (
            'This test has no scenario. Give it one: @pytest.mark.scenario("FILE.yaml") above the test, '
            "or emulator.on(…).reply(…) in it."
        )
        return
    yield (
        "Each line says the first thing that keeps a step from answering: change the step or the request, or add a "
        f"step.\nWhere a request is meant to find none: {_ALLOWED}."
    )


def _unused(unused: Sequence[Unused]) -> Iterator[str]:
    if not unused:
        return
    count = len(unused)
    lines = [f"{count} step{'s' if count > 1 else ''} that should have answered never did."]
    lines += [f"  {step} is to answer {_number(step.times)}" for step in unused]
    yield "\n".join(lines)
    yield (
        "The client asked less than the scenario expects, or something else: its requests are listed below.\n"
        "A step is expected to answer where it says 'times', or stands in a sequence. Where it need not: "
        f"{_ALLOWED}."
    )


def _unfinished(places: Sequence[str]) -> Iterator[str]:
    for place in places:
        yield f"{place}: this on(…) replies nothing. End it with .reply(…) or .replies(…)."


def _number(times: int) -> str:
    return "once" if times == 1 else f"{times} times"
