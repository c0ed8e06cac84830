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
    "text: '{{ request.user }}', headers: {x-a: \"{{ now }}\\n\"}",
    "reasoning: {text: a, signature: b}, text: c, tool_calls: [{name: d, arguments: {e: [1]}, id: f}]",
    "tool_calls: [{name: a, arguments: '{'}, {name: b}, {name: c, input: ''}]",
    "content: [{text: a}, {reasoning: b}, {reasoning: {text: c}}, {tool_call: {name: d}}]",
    "content: [{json: null}, {echo: true}, {from_schema: true}, {refusal: a}]",
    "content: [{web_search: {query: q}}, {web_search: {query: q, results: [{url: u, title: t, text: x}]}}]",
    "text: a, finish: auto, usage: {input: 0, output: 1, cached_input: 2, reasoning: 3}, model: m, headers: {x-a: b}",
    "text: a, finish: stop_sequence, stop_sequence: b, delay: 0s, set: {a: {b: null}}",
    "text: a, delay: 300ms, stream: {first_token: 1.5s, rate: 40/s, chunk: word, jitter: 20%, keep_alive: 15s}",
    "text: a, stream: {every: 2m, chunk: {chars: 3}}",
    "text: a, stream: {profile: [0ms, 1s], chunk: whole}",
    "text: ab, stream: {chunk: [a, b]}",
    "text: a, stream: {at: [{chunk: 0, stall: 1s}, {text: a, gate: g}, {after: 1s, comment: ''}]}",
    "text: a, stream: {at: [{chunk: 1, split: 1}, {chunk: 1, truncate: true}]}",
    "text: a, stream: {at: [{chunk: 1, duplicate: true}, {chunk: 1, drop: true}, {chunk: 1, garbage: x}]}",
    "text: a, stream: {at: [{chunk: 1, error: timeout}]}",
    "text: a, stream: {at: [{chunk: 1, error: {name: timeout, message: m, code: 5}}]}",
    "text: a, stream: {at: [{chunk: 1, reset: true}]}",
    "text: a, logprobs: auto, metadata: {a: 1}",
    "text: a, logprobs: [{token: a, logprob: -1, top: [[b, -2]]}]",
    "json: {a: [1]}",
    "json: null",
    "from_schema: true",
    "echo: true, reasoning: a",
    "refusal: a",
    "choices: [{text: a, finish: length}, {content: [{text: b}]}, {json: 1}], usage: {}, model: m",
    "embeddings: {}",
    "embeddings: {dimensions: 3}",
    "images: generated",
    "images: {size: 8x8}",
    "images: [generated, {size: 8x8}]",
    "audio: generated",
    "audio: {duration: 100ms}",
    "blocked: SAFETY, delay: 1s, headers: {x-a: b}, set: {a: 1}",
    "raw: {body: ''}",
    "raw: {status: 204, body: '', headers: {x-a: b}}",
    "raw: {sse: [a]}, stream: {rate: 1/s}",
    "error: rate_limited, retry_after: 1s, message: m, delay: 1s, headers: {x-a: b}",
    "error: {name: overloaded, status: 529, message: m, code: c, type: t, headers: {x-a: b}}, retry_after: 1s",
    "error: {status: 503, body: {a: 1}, headers: {x-a: b}}",
    "error: {status: 503, body: text}",
    *[f"text: a, fault: {fault}" for fault in ("reset", "close", "empty", "hang", "{truncate: 5%}", "{garbage: ''}")],
    "error: timeout, fault: reset",
]
GOOD = [
    *[f"{{version: 1, steps: [{{reply: {{{reply}}}}}]}}" for reply in GOOD_REPLIES],
    *[f"{{version: 1, steps: [{{replies: [{{{reply}, times: 2}}, {{{reply}}}]}}]}}" for reply in GOOD_REPLIES],
    *[f"{{version: 1, steps: [{{replies: [{{{reply}, chance: 5%}}, {{text: a}}]}}]}}" for reply in GOOD_REPLIES],
    *[f"{{version: 1, steps: [{{when: {{{when}}}, reply: {{text: a}}}}]}}" for when, *_ in (*MET, *UNMET)],
    *[f"{{version: 1, steps: [{{when: {{user: {one}}}, reply: {{text: a}}}}]}}" for one, *_ in (*HOLDS, *FAILS)],
    "{version: 1, steps: [{when: {call: 1, state: {a: 1, b: {exists: false}}}, times: 2, reply: {text: a}}]}",
    "{version: 1, steps: [{when: {call: {at_least: 2}, not: {state: {a: b}}}, reply: {text: a}}]}",
    "{version: 1, name: n, description: d, order: any, steps: [{name: s, when: {}, reply: {text: a}}]}",
    "{version: 1, order: sequence, steps: [{times: 2, reply: {text: a}}]}",
    "{version: 1, order: sequence, on_end: repeat, steps: [{reply: {text: a}}]}",
    "{version: 1, order: sequence, on_end: last, vars: {a: [1], b: null}, models: [m, n], steps: [{reply: {text: a}}]}",
    *[
        f"{{version: 1, {top}, steps: [{{reply: {{text: a}}}}]}}"
        for top in (
            "vars: {}",
            "limits: {requests_per_minute: 1, tokens_per_minute: 2, concurrent: 3}",
            "chaos: {error: overloaded, chance: 5%, seed: -7, message: m, retry_after: 1s}",
            "chaos: [{error: {name: timeout}, chance: 0%}, {error: {status: 500, body: {}}, chance: 100%}]",
        )
    ],
    "{version: 1, defaults: {}, steps: [{reply: {text: a}}]}",
    "{version: 1, defaults: {delay: 1s, model: m, headers: {x-a: b}}, steps: [{reply: {text: a}}]}",
    "{version: 1, defaults: {usage: {input: 1}, stream: {rate: 1/s}}, steps: [{reply: {text: a}}]}",
]

UNSAID = {
    "steps of one name",
    "a step named as another would be",
    "pieces that are not the text",
    "pieces in the defaults",
    "exact pieces of a text that is not known yet",
    "exact pieces of what is not one text",
    "a chance of the last reply",
    "something after the end of a stream",
    "a message beside the long form",
    "one chaos with a slip",
    "what JSON Schema counts as 1",
    "a version with a point",
    "a header twice",
    "case of what is no text",
    "a regex with look-around",
    "files of a scenario that lies nowhere",
    "templates that do not parse",
    "templates with names that are not known",
    "templates with constants that are not there",
    "templates with constants where there are none",
    "templates with matches that no regex makes",
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
        if "properties" in schema and "additionalProperties" in schema:
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


def schemas(value: Any) -> Iterator[Any]:
    """Every schema within a schema."""
    if isinstance(value, dict):
        yield value
        for child in value.values():
            yield from schemas(child)
    elif isinstance(value, list):
        for child in value:
            yield from schemas(child)


def test_every_alternative_is_described_and_says_first_what_the_key_is() -> None:
    for one in schemas(SCHEMA):
        for kind in ("oneOf", "anyOf"):
            for alternative in one.get(kind, ()):
                if alternative.keys() != {"required"}:
                    assert alternative.get("description"), one
                    assert alternative["markdownDescription"].startswith(one.get("description", "")), one


def test_every_word_of_the_language_is_explained() -> None:
    names = (sorted(NAMES.providers), sorted(NAMES.protocols))
    enums = [one for one in schemas(SCHEMA) if isinstance(one.get("enum"), list) and one["enum"] not in names]
    assert len(enums) > 8
    for one in enums:
        assert len(one["enum"]) == len(one["enumDescriptions"])
        assert all(words.endswith(".") for words in one["enumDescriptions"])


def test_titles_and_descriptions_are_plain_words_in_one_line() -> None:
    texts = [one[key] for one in schemas(SCHEMA) for key in ("title", "description") if isinstance(one.get(key), str)]
    assert [] == [text for text in texts if "\n" in text or "Form" in text]


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
