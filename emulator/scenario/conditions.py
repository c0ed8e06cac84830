"""Conditions: the keys of `when`. One function a condition, which makes its check, and one table of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from emulator import jsontext
from emulator.scenario.model_when import ResultForm, When
from emulator.scenario.predicates import MISSING, Test, compiled, looked_up, pointer_keys
from emulator.scenario.script import Check, State, Why
from emulator.scenario.wording import show
from emulator.types import Json, Media, Request, ToolResult

__all__ = ["CONDITIONS", "checks", "counted"]

Fails: TypeAlias = Callable[[Request], Why | None]


def checks(when: When, order: Iterable[str]) -> tuple[Check, ...]:
    """Make the checks of a `when`, in the order its keys are written. `call` is none of them: see `counted`."""
    return tuple(_check(key, getattr(when, _FIELDS.get(key, key))) for key in order if key != "call")


def _check(key: str, wanted: Json) -> Check:
    match key:
        case "state":
            return Check(key, state(wanted))
        case "not":
            return Check(key, negated(wanted))
        case _:
            fails = CONDITIONS[key](wanted)
            return Check(key, lambda request, _: fails(request))


def counted(when: When) -> Callable[[int], Why | None] | None:
    """Make the condition on the number of a call; None where there is none."""
    return None if when.call is None else compiled(when.call)


def state(wanted: Mapping[str, Json]) -> Callable[[Request, State], Why | None]:
    """Holds if every one of these names of the session's state fits."""
    tests = [(name, compiled(predicate)) for name, predicate in wanted.items()]

    def fails(_: Request, held: State) -> Why | None:
        for name, test in tests:
            why = test(held.get(name, MISSING))
            if why:
                return _prefixed(name, why)
        return None

    return fails


def provider(wanted: str) -> Fails:
    """Holds if this provider is asked."""
    return lambda request: _unlike(request.endpoint.provider, wanted)


def protocol(wanted: str) -> Fails:
    """Holds if this wire protocol is spoken."""
    return lambda request: _unlike(request.endpoint.protocol.NAME, wanted)


def tool_choice(wanted: str) -> Fails:
    """Holds if the request leaves the model this choice."""
    return lambda request: _unlike(request.tool_choice, wanted)


def _unlike(value: str, wanted: str) -> Why | None:
    return None if value == wanted else lambda: f"{show(value)} is not {show(wanted)}"


def _on(read: Callable[[Request], Json]) -> Callable[[Json], Fails]:
    """Make a condition that is a predicate on something of the request."""

    def condition(predicate: Json) -> Fails:
        test = compiled(predicate)
        return lambda request: test(read(request))

    return condition


def any_message(predicate: Json) -> Fails:
    """Holds if the text of at least one message fits."""
    test = compiled(predicate)

    def fails(request: Request) -> Why | None:
        whys = []
        for turn in request.turns:
            why = test(turn.text)
            if why is None:
                return None
            whys.append(why)
        return lambda: f"no message fits; the last: {whys[-1]()}" if whys else "the request carries no message"

    return fails


def turns_since_user(request: Request) -> int:
    """Give 1 + how many assistant turns follow the last user turn."""
    count = 1
    for turn in reversed(request.turns):
        if turn.role == "user":
            break
        count += turn.role == "assistant"
    return count


def tools(wanted: list[str]) -> Fails:
    """Holds if the request offers at least these functions; given none, if it offers no function."""
    if not wanted:
        return lambda request: (lambda: f"the request offers {_listed(request)}") if request.tools else None
    names = frozenset(wanted)

    def fails(request: Request) -> Why | None:
        lacking = names - {tool.name for tool in request.tools}
        if not lacking:
            return None
        return lambda: f"the request offers {_listed(request)}, not {', '.join(sorted(lacking))}"

    return fails


def _listed(request: Request) -> str:
    names = [tool.name for tool in request.tools]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more if names else "no function"


_SHOWN = 5


def tool_result(wanted: Json) -> Fails:
    """Holds if the newest messages carry no tool result, any, or one that fits."""
    if wanted == "none":
        return lambda request: (lambda: "the request carries a tool result") if request.tool_results else None
    if wanted == "any":
        return lambda request: None if request.tool_results else _no_result
    tests = list(_result_tests(wanted))

    def fails(request: Request) -> Why | None:
        why: Why | None = _no_result
        for result in request.tool_results:
            why = next((found for test in tests if (found := test(result))), None)
            if why is None:
                return None
        return why

    return fails


def _no_result() -> str:
    return "the request carries no tool result"


def _result_tests(form: ResultForm) -> Iterable[Callable[[ToolResult], Why | None]]:
    reads: Mapping[str, Callable[[ToolResult], str]] = {
        "name": lambda result: result.name,
        "id": lambda result: result.call_id,
        "text": lambda result: result.text,
    }
    for key, read in reads.items():
        if key in form.model_fields_set:
            yield _named(key, read, compiled(getattr(form, key)))
    if form.json_ is not None:
        pointed = _pointed(form.json_)
        yield lambda result: _in_json(result, pointed)


def _named(key: str, read: Callable[[ToolResult], str], test: Test) -> Callable[[ToolResult], Why | None]:
    return lambda result: _prefixed(key, test(read(result)))


def _in_json(result: ToolResult, pointed: Callable[[Json], Why | None]) -> Why | None:
    try:
        document = jsontext.loads(result.text.encode())
    except ValueError:
        return lambda: f"json: {show(result.text)} is not JSON"
    return _prefixed("json", pointed(document))


def _prefixed(key: str, why: Why | None) -> Why | None:
    return None if why is None else lambda: f"{key}: {why()}"


def has(wanted: list[str]) -> Fails:
    """Holds if the request carries or asks for every one of these."""
    return lambda request: next((_HAS_NOT[thing] for thing in wanted if not _has(request, thing)), None)


def _has(request: Request, thing: str) -> bool:
    match thing:
        case "tools":
            return bool(request.tools)
        case "reasoning":
            return request.reasoning
        case "schema":
            return request.schema is not None
        case _:
            return any(isinstance(part, Media) and part.kind == thing for turn in request.turns for part in turn.parts)


_HAS_NOT: Mapping[str, Why] = {
    "image": lambda: "the request carries no image",
    "audio": lambda: "the request carries no audio",
    "video": lambda: "the request carries no video",
    "file": lambda: "the request carries no file",
    "tools": lambda: "the request offers no function",
    "reasoning": lambda: "the request does not ask for reasoning",
    "schema": lambda: "the request does not ask for structured output",
}


def stream(wanted: bool) -> Fails:  # noqa: FBT001 - the value of the key
    """Holds if the answer is asked for as a stream, or is not."""
    words = "the request does not ask for a stream" if wanted else "the request asks for a stream"
    return lambda request: None if request.stream is wanted else lambda: words


def headers(wanted: Mapping[str, Json]) -> Fails:
    """Holds if every one of these headers fits."""
    tests = [(name, compiled(predicate)) for name, predicate in wanted.items()]

    def fails(request: Request) -> Why | None:
        for name, test in tests:
            why = test(request.call.headers.get(name, MISSING))
            if why:
                return _prefixed(name, why)
        return None

    return fails


def body(wanted: Mapping[str, Json]) -> Fails:
    """Holds if every one of these values of the body fits."""
    pointed = _pointed(wanted)
    return lambda request: pointed(request.body)


def _pointed(wanted: Mapping[str, Json]) -> Test:
    tests = [(pointer, pointer_keys(pointer), compiled(predicate)) for pointer, predicate in wanted.items()]

    def test(document: Json) -> Why | None:
        for pointer, keys, one in tests:
            why = one(looked_up(document, keys))
            if why:
                return _prefixed(pointer or "the whole", why)
        return None

    return test


def negated(wanted: When) -> Callable[[Request, State], Why | None]:
    """Holds if at least one of these conditions does not."""
    keys = [key for key in (*CONDITIONS, "state", "not") if _FIELDS.get(key, key) in wanted.model_fields_set]
    inner = checks(wanted, keys)
    words = f"{', '.join(check.name for check in inner)} {'hold' if len(inner) > 1 else 'holds'}, and must not"
    return lambda request, held: None if any(check.fails(request, held) for check in inner) else lambda: words


_FIELDS = {"not": "not_"}
"""The fields of `When` whose names are not their keys."""

CONDITIONS: Mapping[str, Callable[[Json], Fails]] = {
    "provider": provider,
    "protocol": protocol,
    "target": _on(lambda request: request.endpoint.target),
    "environment": _on(lambda request: request.endpoint.environment),
    "model": _on(lambda request: request.model),
    "user": _on(lambda request: request.user),
    "system": _on(lambda request: request.system),
    "any_message": any_message,
    "turn": _on(lambda request: request.turn),
    "round": _on(turns_since_user),
    "tools": tools,
    "tool_choice": tool_choice,
    "tool_result": tool_result,
    "has": has,
    "stream": stream,
    "headers": headers,
    "body": body,
}
"""Every condition on the request alone, by its key. The others are `state`, `call` and `not`."""
