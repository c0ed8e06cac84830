"""Rules on what a client does after an error."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from emulator.journal import Exchange
from emulator.verdict.reading import Finding, attempts, numbers

__all__ = ["backs_off", "gave_up_too_early", "no_retry_storm", "non_retryable_not_retried", "retry_after_honoured"]

_STORM: Final = 10
"""How many attempts of one call are no storm yet."""
_AT_ONCE: Final = 0.05
"""Seconds within which a client has not waited at all."""
_EARLY: Final = 0.95
"""How much of the time it was told a client must wait: clocks are not exact."""
_PATIENT: Final = 60.0
"""Seconds that a client can be expected to wait."""
_REFUSED: Final = 400
_BROKEN: Final = 500
# "Connection errors, 408 Request Timeout, 409 Conflict, 429 Rate Limit, and >=500 Internal errors are all retried by
# default" – README of the openai package, 3.51; the anthropic package says the same.
_PASSING: Final = frozenset({408, 409, 425, 429})
_LASTING: Final = frozenset({"quota_exhausted"})
"""Errors that no retry mends, whatever their status."""


def retry_after_honoured(exchanges: Sequence[Exchange]) -> Iterator[Finding]:
    """A client that is told to wait waits as long."""
    for before, after in _retries(exchanges):
        told, waited = before.retry_after, _pause(before, after)
        if before.status >= _REFUSED and told is not None and waited < told * _EARLY:
            sentence = (
                f"request {before.serial} was answered {before.status} with Retry-After: {told:g}, and request "
                f"{after.serial} repeats it {_after(waited)}. Wait as many seconds as Retry-After says."
            )
            yield Finding("fail", sentence, numbers([before, after]))


def no_retry_storm(exchanges: Sequence[Exchange]) -> Iterator[Finding]:
    """A client gives up after a few attempts."""
    for call in attempts(exchanges):
        if len(call) > _STORM:
            sentence = (
                f"requests {call[0].serial} to {call[-1].serial} are {len(call)} attempts of the same call. "
                "Give up after a few, and let the error through."
            )
            yield Finding("fail", sentence, numbers(call))


def backs_off(exchanges: Sequence[Exchange]) -> Iterator[Finding]:
    """A client waits before it tries again, at the latest before the second time."""
    for call in attempts(exchanges):
        for first, second, third in zip(call, call[1:], call[2:], strict=False):
            if _is_at_once(first, second) and _is_at_once(second, third):
                sentence = (
                    f"requests {first.serial}, {second.serial} and {third.serial} are attempts of the same call with "
                    "no pause between them. Wait before each retry, longer every time."
                )
                yield Finding("warn", sentence, numbers([first, second, third]))
                break


def non_retryable_not_retried(exchanges: Sequence[Exchange]) -> Iterator[Finding]:
    """A client does not repeat a request that can only fail again."""
    for before, after in _retries(exchanges):
        if before.status >= _REFUSED and not _passes(before):
            sentence = (
                f"request {before.serial} was answered {_answer(before)}, and request {after.serial} repeats it "
                "unchanged. Retry only after 408, 409, 429 and 5xx; whatever else is wrong stays wrong."
            )
            yield Finding("fail", sentence, numbers([before, after]))


def gave_up_too_early(exchanges: Sequence[Exchange]) -> Iterator[Finding]:
    """A client tries again after an error that passes."""
    for call in attempts(exchanges):
        one = call[-1]
        expected = _passes(one) and one.error not in _LASTING and (one.retry_after or 0.0) <= _PATIENT
        # An explanation means that no step could answer: the emulator tells the client not to try again.
        if len(call) > 1 or not expected or one.explanation or one.ended != "delivered":
            continue
        # Another model, another key or an answer in one piece are ways to try again as well.
        if one.turns and any(other.serial > one.serial and other.turns == one.turns for other in exchanges):
            continue
        sentence = (
            f"request {one.serial} was answered {_answer(one)}, and was never tried again. "
            "Such an error passes: retry after a pause."
        )
        yield Finding("warn", sentence, (one.serial,))


# ---------------------------------------------------------------- what they read


def _retries(exchanges: Sequence[Exchange]) -> Iterator[tuple[Exchange, Exchange]]:
    for call in attempts(exchanges):
        yield from pairwise(call)


def _passes(exchange: Exchange) -> bool:
    return exchange.status in _PASSING or exchange.status >= _BROKEN


def _pause(before: Exchange, after: Exchange) -> float:
    return after.arrived - before.left


def _is_at_once(before: Exchange, after: Exchange) -> bool:
    """Whether a client that was told nothing and has waited for nothing comes back at once."""
    return before.retry_after is None and before.ended != "client_left" and _pause(before, after) < _AT_ONCE


def _after(seconds: float) -> str:
    return "at once" if seconds < _AT_ONCE else f"after {seconds:.1f} s"


def _answer(exchange: Exchange) -> str:
    return f"{exchange.status} ({exchange.error})" if exchange.error else str(exchange.status)
