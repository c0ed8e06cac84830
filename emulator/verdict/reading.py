"""What rules read in a journal, and what they find."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, TypeAlias

from msgspec import Struct, field

from emulator.journal import Exchange
from emulator.types import Completion, Part, Refusal, Text, ToolCall, ToolResult, Turn

__all__ = ["Continued", "Finding", "Grade", "attempts", "calls_of", "continued", "numbers", "results_of", "words_of"]

Grade: TypeAlias = Literal["pass", "warn", "fail"]


class Finding(Struct, frozen=True):
    """What a rule found in one or more exchanges."""

    grade: Grade
    sentence: str
    """What the client did, in which requests, and what a good one does."""
    exchanges: tuple[int, ...]
    """The requests that show it, by their numbers in the session."""


def attempts(exchanges: Sequence[Exchange]) -> list[list[Exchange]]:
    """Give each call as its attempts: the first one, and the retries, each of which follows one that failed.

    A request is a retry where the one before it on its route had the same body. Of several equal ones at once, the
    first that failed is the first that is tried again; one that has not ended yet is not.
    """
    found: list[list[Exchange]] = []
    runs: dict[tuple[str, str], _Run] = {}
    for one in exchanges:
        if one.call.method != "POST":
            continue
        route = (one.provider, one.call.path)
        run = runs.get(route)
        if run is None or not _is_again(run.first, one):
            run = runs[route] = _Run(one)
        call = next((call for call in run.failed if _is_over(call[-1], one)), None)
        if call is None:
            found.append(call := [])
        else:
            run.failed.remove(call)
        call.append(one)
        if not one.is_good:
            run.failed.append(call)
    return found


class _Run(Struct):
    """Requests on one route that are the same."""

    first: Exchange
    failed: list[list[Exchange]] = field(default_factory=list)
    """The calls whose newest attempt failed, or has not ended."""


def _is_again(before: Exchange, after: Exchange) -> bool:
    """Whether it is the same request. With other credentials it is another one."""
    return (
        before.credentials == after.credentials
        and before.received_bytes == after.received_bytes
        and before.call.query == after.call.query
        and before.call.body == after.call.body
    )


def _is_over(before: Exchange, after: Exchange) -> bool:
    return before.ended != "open" and before.left <= after.arrived


class Continued(Struct, frozen=True):
    """A request that carries on a conversation: one turn of the model in it, and whose answer that is."""

    asked: tuple[Exchange, ...]
    """The earlier requests that asked for this turn."""
    later: Exchange
    turn: Turn
    last: bool
    """Whether nothing comes after the turn."""


def continued(exchanges: Sequence[Exchange]) -> Iterator[Continued]:
    """Find the model's turns that were answers to earlier requests, each in the first request that has it."""
    asked: dict[int, list[Exchange]] = {}
    seen: set[int] = set()
    for one in exchanges:
        if not one.turns:
            continue
        # What the client is may change as time goes by, such as the date in its instructions.
        spoken = [turn for turn in one.turns if turn.role != "system"]
        so_far = 0
        for number, turn in enumerate(spoken):
            before, so_far = so_far, hash((so_far, turn))
            if turn.role == "assistant" and before in asked and so_far not in seen:
                seen.add(so_far)
                yield Continued(tuple(asked[before]), one, turn, number == len(spoken) - 1)
        asked.setdefault(so_far, []).append(one)


def calls_of(parts: Sequence[Part]) -> list[ToolCall]:
    """Give the calls of functions."""
    return [part for part in parts if isinstance(part, ToolCall)]


def results_of(turns: Sequence[Turn]) -> list[ToolResult]:
    """Give the results of functions."""
    return [part for turn in turns for part in turn.parts if isinstance(part, ToolResult)]


def words_of(said: Completion | Turn) -> str:
    """Give the text, without what stands around it: a client may cut that off."""
    return "".join(part.text for part in said.parts if isinstance(part, Text | Refusal)).strip()


def numbers(exchanges: Sequence[Exchange]) -> tuple[int, ...]:
    """Give the numbers of requests."""
    return tuple(one.serial for one in exchanges)
