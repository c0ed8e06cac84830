"""Rules on the conversation that a client keeps, and on the functions that it runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from emulator import jsontext
from emulator.journal import Exchange
from emulator.scenario.wording import show
from emulator.types import Completion, Json, Text, ToolCall, Turn
from emulator.verdict.reading import Finding, calls_of, continued, numbers, results_of, words_of

__all__ = ["every_tool_call_answered", "history_grows_consistently", "tool_result_ids_match"]


def every_tool_call_answered(exchanges: Sequence[Exchange]) -> Iterator[Finding]:
    """A client answers every call of a function."""
    seen: set[tuple[str, str, int]] = set()
    for one in exchanges:
        for call, place in _unanswered(one.turns or ()):
            if (key := (call.id, call.name, place)) not in seen:
                seen.add(key)
                named = f"'{call.name}' (id '{call.id}')" if call.id else f"'{call.name}'"
                sentence = (
                    f"request {one.serial} goes on without a result for the model's call of {named}. Send one result "
                    "for every call before anything else, be it that the function failed."
                )
                yield Finding("fail", sentence, (one.serial,))
    carried_on = {one.serial for found in continued(exchanges) if calls_of(found.turn.parts) for one in found.asked}
    for number, one in enumerate(exchanges):
        names = {call.name for call in calls_of(one.said.parts)} if one.said else set()
        if not names or not _wants_results(one) or one.serial in carried_on:
            continue
        if not any(_may_answer(later, names) for later in exchanges[number + 1 :]):
            listed = ", ".join(f"'{name}'" for name in sorted(names))
            sentence = (
                f"the answer to request {one.serial} calls {listed}, and no later request carries a result. "
                "Run the function, and send the conversation with its result."
            )
            yield Finding("fail", sentence, (one.serial,))


def _unanswered(turns: Sequence[Turn]) -> Iterator[tuple[ToolCall, int]]:
    """Find calls within a conversation that has gone on without their results, and the places of their turns."""
    for place, turn in enumerate(turns[:-1]):
        calls = calls_of(turn.parts)
        if turn.role != "assistant" or not calls:
            continue
        ids = {result.call_id for result in results_of(turns[place + 1 :])}
        following = turns[place + 1]
        names = Counter(result.name for result in results_of([following]))
        for call in calls:
            # Where calls have no ids, results find theirs by name and order.
            if call.id and call.id not in ids:
                yield call, place
            elif not call.id:
                names[call.name] -= 1
                if names[call.name] < 0:
                    yield call, place


def _wants_results(one: Exchange) -> bool:
    """Whether the model has stopped for results that a client can give.

    A call that the request forces is all that the client wants; and arguments that are no JSON are nothing to run.
    """
    if one.said is None or one.forced or not one.is_good:
        return False
    calls = calls_of(one.said.parts)
    return one.said.finish == "tool_calls" and all(call.free or _json(call.arguments) is not None for call in calls)


def _may_answer(later: Exchange, names: set[str]) -> bool:
    """Whether a request answers these functions, or can, for its conversation is not known."""
    if later.turns is None:
        return later.endpoint is not None
    return names <= {result.name for result in results_of(later.turns)}


def tool_result_ids_match(exchanges: Sequence[Exchange]) -> Iterator[Finding]:
    """A tool's result names the call that it answers, and no two name the same."""
    seen: set[str] = set()
    for one in exchanges:
        turns = one.turns or ()
        calls = Counter(call.id for turn in turns for call in calls_of(turn.parts) if call.id)
        results = Counter(result.call_id for result in results_of(turns) if result.call_id)
        # Where the service keeps the conversation and we do not, the calls are not known.
        if not calls and one.endpoint is not None and not one.endpoint.restores:
            continue
        for identity in (results - calls).keys() - seen:
            seen.add(identity)
            known = ", ".join(f"'{name}'" for name in list(calls)[-5:]) or "none"
            what = (
                f"{results[identity]} tool results for '{identity}', which is called {_times(calls[identity])}"
                if identity in calls
                else f"a tool result for '{identity}', which is no call in it (there: {known})"
            )
            sentence = f"request {one.serial} carries {what}. Give each result the id of the call that it answers."
            yield Finding("fail", sentence, (one.serial,))


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def history_grows_consistently(exchanges: Sequence[Exchange]) -> Iterator[Finding]:
    """A client sends back what the model said, as it said it."""
    for found in continued(exchanges):
        good = [one for one in found.asked if one.is_good]
        # An answer that broke off may be the one; and so may one that is not known, which differs from nothing.
        if not good or len(good) < len(found.asked):
            continue
        differing = [_difference(one, found.turn) for one in good]
        if all(differing):
            one, later = good[-1], found.later
            sentence = (
                f"request {later.serial} carries the model's answer to request {one.serial} changed: {differing[-1]}. "
                "Send back what the model said, as it said it."
            )
            yield Finding("warn", sentence, numbers([one, later]))
    for one, later in _forgotten(exchanges):
        sentence = (
            f"request {later.serial} goes on after what was asked in request {one.serial}, without the model's answer "
            "to it. Append each answer to the conversation before what comes next."
        )
        yield Finding("warn", sentence, numbers([one, later]))


def _difference(one: Exchange, turn: Turn) -> str:
    """Say how a turn differs from every answer that a request got; empty where it is one of them."""
    said = one.said
    ways = [_unlike(answer, turn) for answer in (said, *said.others)] if said else [""]
    return "" if "" in ways else ways[0]


def _unlike(said: Completion, turn: Turn) -> str:
    words, text = words_of(said), words_of(turn)
    calls, sent = calls_of(said.parts), calls_of(turn.parts)
    # Beside calls, many clients leave the words out; and some keep what they hear as a call.
    if words != text and (text or not sent):
        return f"{show(text)} for {show(words)}"
    if [call.name for call in calls] != [call.name for call in sent]:
        return f"calls of {show([call.name for call in sent])} for {show([call.name for call in calls])}"
    for call, other in zip(calls, sent, strict=True):
        if not _is_same(call.arguments, other.arguments):
            return f"'{call.name}' called with {show(other.arguments)} for {show(call.arguments)}"
    return ""


def _is_same(said: str, sent: str) -> bool:
    """Whether two arguments are the same JSON. What is none can come back as anything."""
    wanted = _json(said)
    return wanted is None or bool(_json(sent) == wanted)


def _json(text: str) -> Json:
    """Read arguments; None where they are no JSON."""
    try:
        return jsontext.loads(text.encode(errors="replace"))
    except ValueError:
        return None


def _forgotten(exchanges: Sequence[Exchange]) -> Iterator[tuple[Exchange, Exchange]]:
    """Find requests whose last turn an earlier request ended with, and which say more in the same breath."""
    asked: dict[int, Exchange] = {}
    for one in exchanges:
        spoken = [turn for turn in one.turns or () if turn.role != "system"]
        so_far = 0
        for turn in spoken[:-1]:
            so_far = hash((so_far, turn))
        if not spoken or spoken[-1].role != "user":
            continue
        parts = spoken[-1].parts
        for length in range(1, len(parts)):
            before = asked.get(hash((so_far, Turn("user", parts[:length]))))
            if before is not None and all(isinstance(part, Text) for part in parts[length:]):
                yield before, one
                break
        if one.is_good and one.said is not None and words_of(one.said):
            asked[hash((so_far, spoken[-1]))] = one
