"""The JSON Schema that editors use: it says what the loader says, as far as JSON Schema can."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from emulator.scenario import json_schema, load_text, yamltree
from tests.scenario.tables import NAMES, sections
from tests.scenario.test_conditions import FAILS as UNMET
from tests.scenario.test_conditions import HOLDS as MET
from tests.scenario.test_predicates import FAILS, HOLDS

SCHEMA = json_schema(NAMES)
VALIDATOR = Draft202012Validator(SCHEMA)

GOOD_REPLIES = [
    "text: hi",
    "text: ''",
    "reasoning: {text: a, signature: b}, text: c, tool_calls: [{name: d, arguments: {e: [1]}, id: f}]",
    "tool_calls: [{name: a, arguments: '{'}, {name: b}]",
    "content: [{text: a}, {reasoning: b}, {reasoning: {text: c}}, {tool_call: {name: d}}]",
    "text: a, finish: auto, usage: {input: 0, output: 1, cached_input: 2, reasoning: 3}, model: m, headers: {x-a: b}",
    "text: a, delay: 300ms, stream: {first_token: 1.5s, rate: 40/s, chunk: word, jitter: 20%}",
    "text: a, stream: {every: 2m, chunk: {chars: 3}}",
    "text: ab, stream: {chunk: [a, b]}",
    "error: rate_limited, retry_after: 1s, message: m, delay: 1s, headers: {x-a: b}",
    "error: {name: overloaded, status: 529, message: m, code: c, type: t, headers: {x-a: b}}, retry_after: 1s",
    "error: {status: 503, body: {a: 1}, headers: {x-a: b}}",
    "error: {status: 503, body: text}",
]
GOOD = [
    *[f"{{version: 1, steps: [{{reply: {{{reply}}}}}]}}" for reply in GOOD_REPLIES],
    *[f"{{version: 1, steps: [{{replies: [{{{reply}, times: 2}}, {{{reply}}}]}}]}}" for reply in GOOD_REPLIES],
    *[f"{{version: 1, steps: [{{when: {{{when}}}, reply: {{text: a}}}}]}}" for when, *_ in (*MET, *UNMET)],
    *[f"{{version: 1, steps: [{{when: {{user: {one}}}, reply: {{text: a}}}}]}}" for one, *_ in (*HOLDS, *FAILS)],
    "{version: 1, name: n, description: d, order: any, steps: [{name: s, when: {}, reply: {text: a}}]}",
    "{version: 1, defaults: {}, steps: [{reply: {text: a}}]}",
    "{version: 1, defaults: {delay: 1s, model: m, headers: {x-a: b}}, steps: [{reply: {text: a}}]}",
    "{version: 1, defaults: {usage: {input: 1}, stream: {rate: 1/s}}, steps: [{reply: {text: a}}]}",
]

UNSAID = {
    "steps of one name",
    "a step named as another would be",
    "pieces that are not the text",
    "pieces in the defaults",
    "a message beside the long form",
    "what JSON Schema counts as 1",
    "a version with a point",
    "a header twice",
    "case of what is no text",
    "a regex with look-around",
}
"""Problems that JSON Schema can't see, or that this one leaves to the loader."""


def plain(text: str) -> Any:
    root, _ = yamltree.read(text.encode())
    return root.plain if root else None


def accepts(value: Any) -> bool:
    return bool(VALIDATOR.is_valid(value))


def loads(text: str) -> list[str]:
    return [str(problem) for problem in load_text(text.encode(), "s.yaml", NAMES).problems]


def test_it_is_a_valid_schema_of_the_draft_it_names() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert "https://json-schema.org/draft/2020-12/schema" == SCHEMA["$schema"]


def test_it_can_be_written_and_is_the_same_each_time() -> None:
    assert json.dumps(SCHEMA) == json.dumps(json_schema(NAMES))


@pytest.mark.parametrize("text", GOOD)
def test_what_loads_is_accepted(text: str) -> None:
    assert ([], []) == (loads(text), [error.message for error in VALIDATOR.iter_errors(plain(text))])


BROKEN = [row for row in sections("problems.txt") if not yamltree.read(row[1].encode())[1]]
"""The rows of the table whose YAML is whole."""


@pytest.mark.parametrize(("what", "text"), [row[:2] for row in BROKEN], ids=[row[0] for row in BROKEN])
def test_what_does_not_load_is_not_accepted(what: str, text: str) -> None:
    assert (what in UNSAID) == accepts(plain(text))


def test_names_are_listed_where_they_are_known() -> None:
    conditions = SCHEMA["$defs"]["When"]["properties"]
    assert (["north", "south"], ["chat", "letters"]) == (conditions["provider"]["enum"], conditions["protocol"]["enum"])


def test_names_are_free_where_they_are_not_known() -> None:
    assert "enum" not in json_schema()["$defs"]["When"]["properties"]["provider"]


def objects(schema: Any) -> Iterator[Any]:
    """Every schema of a mapping whose keys are known."""
    if isinstance(schema, dict):
        if "properties" in schema:
            yield schema
        for child in schema.values():
            yield from objects(child)


def test_every_mapping_is_closed_and_every_key_is_described() -> None:
    found = list(objects(SCHEMA))
    undescribed = [
        f"{one['title']}.{key}"
        for one in found
        for key, value in one["properties"].items()
        if not value.get("description")
    ]
    assert ([], []) == (undescribed, [one["title"] for one in found if one["additionalProperties"] is not False])
    assert [] == [one["title"] for one in found if not one.get("description")]


def test_keys_of_later_are_not_in_it() -> None:
    keys = {key for one in objects(SCHEMA) for key in one["properties"]}
    later = {
        "vars",
        "models",
        "limits",
        "chaos",
        "on_end",
        "call",
        "state",
        "set",
        "raw",
        "fault",
        "chance",
        "profile",
    }
    assert set() == keys & later


# ---------------------------------------------------------------- a law: it never refuses what loads


def vocabulary() -> list[str]:
    keys = {key for one in objects(SCHEMA) for key in one["properties"]}
    return sorted(keys | {"x-a", "/a", "", "X-A", "stray", "set", "times"})


WORDS = [
    "a",
    "",
    "*",
    "none",
    "any",
    "auto",
    "stop",
    "image",
    "1s",
    "40/s",
    "20%",
    "token",
    "timeout",
    "north",
    "{{ a }}",
    "\n",
]
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-2, 600), st.floats(0, 2), st.sampled_from(WORDS))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(vocabulary()), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def nearly_good(draw: st.DrawFn) -> Any:
    """A good file with a few values replaced, added or taken out."""
    document = json.loads(json.dumps(plain(draw(st.sampled_from(GOOD)))))
    for _ in range(draw(st.integers(0, 3))):
        place: Any = draw(st.sampled_from(list(containers(document))))
        exchange = draw(st.booleans()) and len(place) > 0
        if isinstance(place, list):
            if exchange:
                place[draw(st.integers(0, len(place) - 1))] = draw(VALUES)
            else:
                place.append(draw(VALUES))
        elif exchange:
            place.pop(draw(st.sampled_from(sorted(place))))
        else:
            place[draw(st.sampled_from([*place, *vocabulary()]))] = draw(VALUES)
    return document


def containers(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        yield value
        for child in value.values() if isinstance(value, dict) else value:
            yield from containers(child)


@given(nearly_good())
def test_it_never_refuses_what_loads(document: Any) -> None:
    text = json.dumps(document)
    if not loads(text):
        assert [] == [error.message for error in VALIDATOR.iter_errors(plain(text))]
