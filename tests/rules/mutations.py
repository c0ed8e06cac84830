"""Requests that are valid but for one place, for the laws of the rules."""

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

__all__ = ["mutated", "places"]

Place = tuple[str | int, ...]

_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from(
        [0.5, 10**30, -(10**30), 1e300, "", " ", "a", "ANY", "object", "base64", "tool_use", "\0", "é" * 300]
    )
)
ANYTHING = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "text", "name", "parts", "content", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)


def places(value: Any, here: Place = ()) -> Iterator[Place]:
    """Every place in a value but the value itself."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in items:
        yield (*here, name)
        yield from places(inner, (*here, name))


@st.composite
def mutated(draw: st.DrawFn, bodies: list[Any]) -> Any:
    """A body with one field or item that is gone, doubled, added or anything else."""
    body = copy.deepcopy(draw(st.sampled_from(bodies)))
    *before, last = draw(st.sampled_from(list(places(body))))
    inner: Any = body
    for step in before:
        inner = inner[step]
    match draw(st.sampled_from(["gone", "doubled", "added", "another"])):
        case "gone":
            del inner[last]
        case "doubled" if isinstance(last, int):
            inner.insert(last, copy.deepcopy(inner[last]))
        case "added" if isinstance(inner, dict):
            inner[draw(st.sampled_from(["x", "type", "id", "role", "cache_control"]))] = draw(ANYTHING)
        case _:
            inner[last] = draw(ANYTHING)
    return body
