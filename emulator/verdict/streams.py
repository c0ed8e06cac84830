"""Rules on what a client does with an answer as it comes in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from emulator.journal import Exchange
from emulator.scenario.wording import show
from emulator.types import Turn
from emulator.verdict.reading import Finding, calls_of, continued, numbers, words_of

__all__ = ["stream_closed_after_abort", "truncated_stream_noticed"]


def truncated_stream_noticed(exchanges: Sequence[Exchange]) -> Iterator[Finding]:
    """A client does not take half an answer for a whole one."""
    for found in continued(exchanges):
        # A last turn is one that the model is to go on with: the client has noticed.
        if found.last or any(one.is_good for one in found.asked):
            continue
        for one in found.asked:
            half = _half_of(one, found.turn)
            if one.ended == "broken_off" and half:
                sentence = (
                    f"the answer to request {one.serial} broke off, and request {found.later.serial} carries the part "
                    f"that had arrived as if it were whole: {show(half)}. Take a stream that ends without its end "
                    "marker, or with an error, for a failure."
                )
                yield Finding("fail", sentence, numbers([one, found.later]))
                break


def _half_of(one: Exchange, turn: Turn) -> str:
    """What a turn has of an answer; empty where it has nothing or all of it."""
    if one.said is None:
        return ""
    whole, text = words_of(one.said), words_of(turn)
    if text and whole != text and whole.startswith(text):
        return text
    for call in calls_of(one.said.parts):
        for part in calls_of(turn.parts):
            cut = part.arguments != call.arguments and call.arguments.startswith(part.arguments)
            if part.name == call.name and part.arguments and cut:
                return part.arguments
    return ""


def stream_closed_after_abort(exchanges: Sequence[Exchange]) -> Iterator[Finding]:
    """A client that has enough of an answer closes the connection, and leaves none open."""
    left_behind = set()
    for found in continued(exchanges):
        one = found.asked[-1]
        if all(other.ended == "open" for other in found.asked):
            left_behind.add(one.serial)
            sentence = (
                f"request {found.later.serial} goes on with the conversation of request {one.serial}, whose answer is "
                "still open. Close a stream that is not read to its end."
            )
            yield Finding("fail", sentence, numbers([one, found.later]))
    for one in exchanges:
        if one.ended == "open" and one.serial not in left_behind:
            sentence = (
                f"the answer to request {one.serial} is still open. "
                "Read a stream to its end or close it, and give requests a timeout."
            )
            yield Finding("warn", sentence, (one.serial,))
