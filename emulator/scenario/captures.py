"""What the named groups of a step's regexes found in a request: `match.NAME` in templates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from emulator import jsontext
from emulator.scenario.model_when import Form, ResultForm, When
from emulator.scenario.patterns import group_names, groups
from emulator.scenario.predicates import looked_up, pointer_keys
from emulator.types import Json, Request, ToolResult

__all__ = ["Captures", "captured", "captures"]

Captures: TypeAlias = Callable[[Request], Mapping[str, str]]

_READ: Mapping[str, Callable[[Request], Json]] = {
    "target": lambda request: request.endpoint.target,
    "environment": lambda request: request.endpoint.environment,
    "model": lambda request: request.model,
    "user": lambda request: request.user,
    "system": lambda request: request.system,
}


def captures(when: When) -> Captures:
    """Make the search for all named groups of a step's conditions. A group that took no part is left out."""
    finders = list(_finders(when))

    def found(request: Request) -> Mapping[str, str]:
        return {name: text for finder in finders for name, text in finder(request).items()}

    return found


def captured(when: When) -> frozenset[str]:
    """Give the names that the search can find something for."""
    predicates = [getattr(when, key) for key in (*_READ, "any_message")]
    predicates += [*(when.headers or {}).values(), *(when.body or {}).values()]
    if isinstance(when.tool_result, ResultForm):
        result = when.tool_result
        predicates += [result.name, result.id, result.text, *(result.json_ or {}).values()]
    return frozenset(name for predicate in predicates for name in _names(predicate))


def _names(predicate: Json) -> Iterator[str]:
    if not isinstance(predicate, Form):
        return
    for inner in (*(predicate.any or ()), *(predicate.all or ())):
        yield from _names(inner)
    if predicate.regex is not None:
        yield from group_names(predicate.regex)


def _finders(when: When) -> Iterator[Captures]:
    for key, read in _READ.items():
        yield from _on(getattr(when, key), read)
    for name, predicate in (when.headers or {}).items():
        yield from _on(predicate, _header(name))
    for pointer, predicate in (when.body or {}).items():
        yield from _on(predicate, _place(pointer))
    if search := _search(when.any_message):
        yield lambda request: _first(search, (turn.text for turn in request.turns))
    if isinstance(when.tool_result, ResultForm):
        yield from _in_results(when.tool_result)


def _header(name: str) -> Callable[[Request], Json]:
    return lambda request: request.call.headers.get(name)


def _place(pointer: str) -> Callable[[Request], Json]:
    keys = pointer_keys(pointer)
    return lambda request: looked_up(request.body, keys)


def _within(pointer: str) -> Callable[[ToolResult], Json]:
    keys = pointer_keys(pointer)
    return lambda result: looked_up(_parsed(result), keys)


def _of_results(search: _Search, read: Callable[[ToolResult], Json]) -> Captures:
    return lambda request: _first(search, map(read, request.tool_results))


def _on(predicate: Json, read: Callable[[Request], Json]) -> Iterator[Captures]:
    if search := _search(predicate):
        yield lambda request: search(read(request))


def _in_results(form: ResultForm) -> Iterator[Captures]:
    reads: list[tuple[Json, Callable[[ToolResult], Json]]] = [
        (form.name, lambda result: result.name),
        (form.id, lambda result: result.call_id),
        (form.text, lambda result: result.text),
    ]
    for pointer, predicate in (form.json_ or {}).items():
        reads.append((predicate, _within(pointer)))
    for predicate, read in reads:
        if search := _search(predicate):
            yield _of_results(search, read)


def _parsed(result: ToolResult) -> Json:
    try:
        return jsontext.loads(result.text.encode())
    except ValueError:
        return None


_Search: TypeAlias = Callable[[Json], Mapping[str, str]]


def _search(predicate: Json) -> _Search | None:
    """Give what looks for a predicate's groups in a value; None where it has none."""
    if not isinstance(predicate, Form):
        return None
    searches = [search for inner in (*(predicate.any or ()), *(predicate.all or ())) if (search := _search(inner))]
    if predicate.regex is not None and group_names(predicate.regex):
        searches.append(_in_text(groups(predicate.regex, ignore_case=bool(predicate.ignore_case))))
    if not searches:
        return None
    return lambda value: {name: text for search in searches for name, text in search(value).items()}


def _in_text(search: Callable[[str], Mapping[str, str]]) -> _Search:
    return lambda value: search(value) if isinstance(value, str) else {}


def _first(search: _Search, values: Iterator[Json]) -> Mapping[str, str]:
    return next((found for value in values if (found := search(value))), {})
