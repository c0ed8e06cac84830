"""The pages on the scenario language are those of the schema: every key, every word, every example, every number."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from emulator.clock import CLOCKS, EPOCH
from emulator.protocols import PROTOCOLS
from emulator.providers import PROVIDERS
from emulator.scenario import json_schema, load_text, yamltree
from emulator.scenario.artefacts import MAX_BYTES as MAX_BESIDE
from emulator.scenario.load import MOST
from emulator.scenario.load import read as read_scenario
from emulator.scenario.patterns import MAX_LENGTH
from emulator.scenario.templates import NAMES as TEMPLATE_NAMES
from emulator.scenario.templates import bounds, compiled, scope
from emulator.scenario.templates.checks import TESTS
from emulator.scenario.templates.filters import FILTERS
from emulator.scenario.templates.grammar import MAX_SOURCE
from emulator.scenario.templates.methods import METHODS
from emulator.scenario.templates.operations import FIELDS, FUNCTIONS
from emulator.scenario.templates.scope import Asked, Random, Result
from emulator.scenario.yamltext import _MAX_DIGITS, MAX_BYTES
from emulator.scenario.yamltree import MAX_DEPTH, MAX_NODES, MAX_REPEATED
from emulator.session import Memory
from emulator.types import ERROR_NAMES, Call, Completion, Reply, Stamp, Text, count_tokens
from tests.live import NAMES
from tests.pages import BLOCKS, README, REPLIES, SCENARIOS, TEMPLATES, Block, code, each, read, section, table, tables

# ---------------------------------------------------------------- the language

EXAMPLES: Mapping[str, tuple[str, ...]] = {
    # the header of a column of examples: the files that an example makes, one of which must load
    "at the top": (
        "version: 1\nsteps: [{reply: {text: a}}]\n~",
        "steps: [{reply: {text: a}}]\n~",
        "version: 1\n~",
        "version: 1\norder: sequence\nsteps: [{reply: {text: a}}]\n~",
    ),
    "in `defaults`": ("version: 1\ndefaults: {~}\nsteps: [{reply: {text: a}}]",),
    "in `limits`": ("version: 1\nlimits: {~}\nsteps: [{reply: {text: a}}]",),
    "in `chaos`": (
        "version: 1\nchaos: {error: timeout, chance: 1%, ~}\nsteps: [{reply: {text: a}}]",
        "version: 1\nchaos: {error: timeout, ~}\nsteps: [{reply: {text: a}}]",
        "version: 1\nchaos: {chance: 1%, ~}\nsteps: [{reply: {text: a}}]",
    ),
    "in a step": ("version: 1\nsteps: [{reply: {text: a}, ~}]", "version: 1\nsteps: [{~}]"),
    "in `when`": ("version: 1\nsteps: [{reply: {text: a}, when: {~}}]",),
    "in `tool_result`": ("version: 1\nsteps: [{reply: {text: a}, when: {tool_result: {~}}}]",),
    "as a predicate": ("version: 1\nsteps: [{reply: {text: a}, when: {headers: {x-a: ~}}}]",),
    "in a reply": ("version: 1\nsteps: [{reply: {text: a, ~}}]", "version: 1\nsteps: [{reply: {~}}]"),
    "in a block": ("version: 1\nsteps: [{reply: {content: [{~}]}}]",),
    "in `reasoning`": (
        "version: 1\nsteps: [{reply: {reasoning: {~}}}]",
        "version: 1\nsteps: [{reply: {reasoning: {text: a, ~}}}]",
    ),
    "in a call": (
        "version: 1\nsteps: [{reply: {tool_calls: [{~}]}}]",
        "version: 1\nsteps: [{reply: {tool_calls: [{name: a, ~}]}}]",
    ),
    "in `web_search`": (
        "version: 1\nsteps: [{reply: {content: [{web_search: {~}}]}}]",
        "version: 1\nsteps: [{reply: {content: [{web_search: {query: a, ~}}]}}]",
    ),
    "in one of `results`": (
        "version: 1\nsteps: [{reply: {content: [{web_search: {query: a, results: [{~}]}}]}}]",
        "version: 1\nsteps: [{reply: {content: [{web_search: {query: a, results: [{url: b, ~}]}}]}}]",
    ),
    "for what is no text": ("version: 1\nsteps: [{reply: {~}}]",),
    "in `usage`": ("version: 1\nsteps: [{reply: {text: a, usage: {~}}}]",),
    "in one of `logprobs`": (
        "version: 1\nsteps: [{reply: {text: a, logprobs: [{token: a, logprob: -1, ~}]}}]",
        "version: 1\nsteps: [{reply: {text: a, logprobs: [{token: a, ~}]}}]",
        "version: 1\nsteps: [{reply: {text: a, logprobs: [{logprob: -1, ~}]}}]",
    ),
    "beside `error`": ("version: 1\nsteps: [{reply: {error: timeout, ~}}]",),
    "in `error`": (
        "version: 1\nsteps: [{reply: {error: {name: timeout, ~}}}]",
        "version: 1\nsteps: [{reply: {error: {~}}}]",
        "version: 1\nsteps: [{reply: {error: {status: 418, ~}}}]",
    ),
    "in `raw`": ("version: 1\nsteps: [{reply: {raw: {~}}}]", "version: 1\nsteps: [{reply: {raw: {body: a, ~}}}]"),
    "in one of `replies`": ("version: 1\nsteps: [{replies: [{text: a, ~}, {text: b}]}]",),
    "in `stream`": ("version: 1\nsteps: [{reply: {text: a, stream: {~}}}]",),
    "in `at`": ("version: 1\nsteps: [{reply: {text: a, stream: {at: [{~}]}}}]",),
    "as a `chunk`": (),
}
EXPLAINED: Mapping[str, tuple[str, ...]] = {
    # the header of a column of examples: the parts of the schema whose keys it shows, all and no others
    "at the top": ("File",),
    "in `defaults`": ("Defaults",),
    "in `limits`": ("Limits",),
    "in `chaos`": ("Chaos",),
    "in a step": ("StepForm",),
    "in `when`": ("When",),
    "in `tool_result`": ("ResultForm",),
    "as a predicate": ("Form",),
    "in a reply": (
        *("TextReply", "BlockReply", "ChoicesReply", "MediaReply", "BlockedReply", "RawReply", "ErrorReply"),
        *("TextChoice", "BlockChoice", "FaultForm"),
    ),
    "in a block": ("Block",),
    "in `reasoning`": ("ReasoningForm",),
    "in a call": ("CallForm",),
    "in `web_search`": ("SearchForm",),
    "in one of `results`": ("FoundForm",),
    "for what is no text": ("EmbeddingsForm", "ImageForm", "AudioForm"),
    "in `usage`": ("UsageForm",),
    "in one of `logprobs`": ("LogprobForm",),
    "beside `error`": (),
    "in `error`": ("NamedError", "LiteralError"),
    "in `raw`": ("RawForm",),
    "in one of `replies`": (),
    "in `stream`": ("StreamForm",),
    "in `at`": ("HappeningForm",),
    "as a `chunk`": ("Chars",),
}
BESIDE = {"in a reply": ("beside `error`", "in one of `replies`")}
"""Where more of the keys are shown."""
NO_KEYS = {"in a reply": {"reset", "close", "empty", "hang"}, "as a predicate": {"true"}}
"""Words whose examples stand among those of keys."""


def examples() -> Iterator[tuple[str, str, str]]:
    """(where, key, example) of every row with an example."""
    for file in (SCENARIOS, REPLIES):
        for header, rows in tables(read(file)):
            if header[-1].startswith("example, "):
                for row in rows:
                    [example] = code(row[-1])
                    yield header[-1].removeprefix("example, "), code(row[0])[0] if "`" in row[0] else "", example


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files that examples name."""
    made = tmp_path_factory.mktemp("scenarios")
    for name, content in (("cat.png", b"PNG"), ("recorded.http", b"HTTP/1.1 200 OK\nx-a: b\n\nhello")):
        (made / name).write_bytes(content)
    return made


@pytest.mark.parametrize(("where", "key", "example"), list(examples()))
def test_an_example_loads_and_shows_its_key(where: str, key: str, example: str, folder: Path) -> None:
    files = [frame.replace("~", example) for frame in EXAMPLES[where]]
    found = {
        file: [str(one) for one in read_scenario(file.encode(), "s.yaml", NAMES, folder).problems] for file in files
    }
    good = [file for file, wrong in found.items() if not wrong]
    assert good, found
    assert [] == refused(good[0])
    assert not key or re.search(rf"(?<!\w){key}\b", example) or where == "as a predicate"


def test_every_place_has_examples() -> None:
    assert set(EXAMPLES) == set(EXPLAINED)
    assert {where for where, frames in EXAMPLES.items() if frames} == {where for where, _, _ in examples()}


SCHEMA = Draft202012Validator(json_schema(NAMES))


def refused(text: str) -> list[str]:
    """What an editor that knows the JSON Schema marks in a file."""
    root, flaws = yamltree.read(text.encode())
    assert (True, []) == (root is not None, flaws)
    return [error.message for error in SCHEMA.iter_errors(root.plain if root else None)]


@each("request")
def test_a_request_can_be_read(block: Block) -> None:
    assert "Ada" in asked(block.text).user


@each("yaml")
def test_an_editor_finds_nothing_wrong_with_a_scenario(block: Block) -> None:
    assert [] == refused(block.text)


def words_of(schema: Any) -> Iterator[str]:
    """Every key and every fixed word of the JSON Schema of scenario files."""
    if isinstance(schema, list):
        for item in schema:
            yield from words_of(item)
    elif isinstance(schema, dict):
        yield from schema.get("properties", {})
        yield from (word for word in (*schema.get("enum", ()), schema.get("const")) if isinstance(word, str))
        for item in schema.values():
            yield from words_of(item)


def test_every_key_and_word_of_the_language_is_explained() -> None:
    known = {*words_of(json_schema(NAMES))}
    assert [] == sorted(known - {*ERROR_NAMES} - {*code(read(SCENARIOS)), *code(read(REPLIES))})


def test_every_key_of_the_language_has_an_example() -> None:
    known = json_schema()
    parts = {"File": known, **known["$defs"]}
    assert sorted(parts) == sorted(part for parts in EXPLAINED.values() for part in parts)
    shown: dict[str, list[str]] = {where: [] for where in EXAMPLES}
    for where, key, _ in examples():
        shown[where] += [key] if key and key not in NO_KEYS.get(where, ()) else []
    for where, names in EXPLAINED.items():
        keys = [key for name in names for key in parts[name]["properties"]]
        if len(names) == 1 and EXAMPLES[where]:
            assert keys == shown[where]
        elif names and EXAMPLES[where]:
            there = [*shown[where], *(key for other in BESIDE.get(where, ()) for key in shown[other])]
            assert {*keys} == {*there}, where


def test_every_condition_is_in_the_readme() -> None:
    rows = table(read(README), "key of `when`", "holds if")
    assert list(json_schema()["$defs"]["When"]["properties"]) == [key for row in rows for key in code(row[0])]
    forms = re.findall(r"[{ ](\w+)[}:]", section(read(README), "Conditions").partition("boolean, or one of")[2])
    assert {*json_schema()["$defs"]["Form"]["properties"]} <= {*forms}


def test_the_pieces_of_a_stream_are_as_described() -> None:
    [(header, rows)] = [found for found in tables(read(SCENARIOS)) if found[0][0] == "`chunk`"]
    [text] = code(header[2])
    for chunk, _, pieces in rows:
        [written], [joined] = code(chunk), code(pieces)
        reply = f"{{text: '{text}', stream: {{chunk: {written}}}}}"
        [scenario] = load_text(f"version: 1\nsteps: [{{reply: {reply}}}]".encode(), "s.yaml", NAMES).scenarios
        match scenario.steps[0].replies[0].reply:
            case Reply(answer=Completion(parts=(Text() as said,))):
                assert joined == "/".join(said.deltas)
            case other:
                raise AssertionError(other)


def test_the_estimates_and_the_limits_are_as_described() -> None:
    text = read(SCENARIOS)
    counts = re.findall(r"`([^`]+)`\s+counts (\d+)", read(REPLIES))
    assert [("Hello", "2"), *((words, str(count_tokens(words))) for words, _ in counts[1:])] == counts
    limits = [MAX_BYTES // 1024**2, MAX_DEPTH, MAX_NODES, MAX_REPEATED, MAX_BYTES, MAX_LENGTH, _MAX_DIGITS, MOST]
    assert f"at most {MAX_BESIDE // 1024**2} MiB." in read(REPLIES)
    written = " ".join(row[1] for row in table(text, "what", "limit")[:-1])
    assert limits == [int(number.replace(",", "")) for number in re.findall(r"(?<![\w-])\d[\d,]*", written)]


def test_the_clocks_are_those_that_there_are() -> None:
    rows = table(read(SCENARIOS), "`serve --clock`", "what replies say of time", "waits, and the minute of a quota")
    assert [*CLOCKS] == [code(row[0])[0] for row in rows]


# ---------------------------------------------------------------- templates


def asked(body: str) -> Any:
    """The request of the page on templates."""
    call = Call(
        "POST",
        "/v1/ai/hunyuan-exp/chat/completions",
        headers={"authorization": "Bearer k", "x-tenant": "acme"},
        body=body.encode(),
        host="my-env.api.tcloudbasegateway.com",
    )
    endpoint = PROVIDERS["cloudbase"]().resolve(call, STAMP)
    return PROTOCOLS["chat"].decode(call, endpoint, Memory())  # type: ignore[arg-type]


STAMP = Stamp(seed=0, serial=3, created=EPOCH + 3)


def rendered(example: str) -> str:
    [request] = [block.text for block in BLOCKS if block.kind == "request"]
    names = scope(
        asked(request),
        match={"name": "Ada"},
        vars={"unit": "°C", "towns": ["Bath", "York", "Ayr"]},
        state={"visits": 2},
        call=3,
        stamp=STAMP,
    )
    return compiled(example).text(names)


def shown_in_templates() -> dict[str, list[list[str]]]:
    """The rows with an example and what it gives, by the first word of their table."""
    return {header[0]: rows for header, rows in tables(read(TEMPLATES)) if header[-1] == "gives"}


@pytest.mark.parametrize(
    ("example", "gives"), [(row[-2], row[-1]) for rows in shown_in_templates().values() for row in rows]
)
def test_a_template_gives_what_the_page_says(example: str, gives: str) -> None:
    assert gives[1:-1] == rendered(example[1:-1])


def test_every_word_of_templates_is_on_their_page() -> None:
    text, found = read(TEMPLATES), shown_in_templates()
    words = {table: [code(row[0])[0] for row in rows] for table, rows in found.items()}
    assert {*TEMPLATE_NAMES} == {*words["name"]}
    assert [*FIELDS[Asked]] == words["field of `request`"]
    assert [*FIELDS[Result]] == words["field of a result"]
    assert [*METHODS[Random]] == words["method of `random`"]
    assert [*FUNCTIONS] == words["function"]
    assert [*FILTERS] == words["filter"]
    [tests] = re.findall(r"After `is` there can be ((?s:.*?))\.", text)
    assert [*TESTS] == code(tests)
    methods = [table for kind, table in METHODS.items() if kind is not Random]
    fields = [FIELDS[kind] for kind in METHODS if kind in FIELDS and kind is not Random]
    listed = [code(row[1]) for row in table(text, "of", "methods")]
    assert sorted([*(word for one in methods for word in one), *(word for one in fields for word in one)]) == sorted(
        word for row in listed for word in row
    )


def test_the_bounds_of_templates_are_as_described() -> None:
    numbers = [int(number.replace(",", "")) for number in re.findall(r"\d[\d,]*", section(read(TEMPLATES), "Bounds"))]
    assert [MAX_SOURCE, bounds.MAX_OUTPUT, bounds.MAX_TEXT, bounds.MAX_ITEMS, bounds.MAX_TURNS] == numbers
