"""What is said of files that load and are doubtful. The table is warnings.txt."""

import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from emulator.protocols import PROTOCOLS
from emulator.scenario import load, load_text
from emulator.scenario.covers import Comparing
from emulator.scenario.load import MOST
from emulator.scenario.model_when import When
from emulator.scenario.patterns import covers, signs, wildcards
from emulator.types import Completion, Request, Stamp, Text, Tool, ToolResult, Turn
from tests.live import NAMES as REAL
from tests.live import ROOT
from tests.scenario.tables import NAMES, request, sections, step, warnings

ROWS = sections("warnings.txt")


@pytest.mark.parametrize(("text", "said"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_a_doubt_is_said_where_it_is_and_in_our_words(text: str, said: list[str]) -> None:
    assert said == warnings(text)


@pytest.mark.parametrize("what", [row[0] for row in ROWS])
def test_no_doubt_stands_in_the_table_twice(what: str) -> None:
    assert 1 == [row[0] for row in ROWS].count(what)


def test_the_examples_are_beyond_doubt() -> None:
    loaded = load([ROOT / "scenarios"], REAL)
    assert ((), ()) == (loaded.problems, loaded.warnings)


def test_a_doubt_has_its_parts() -> None:
    text = b"version: 1\nsteps:\n  - reply: {text: a, finish: tool_calls}\n"
    [doubt] = load_text(text, "s.yaml", NAMES).warnings
    actual = (doubt.file, doubt.line, doubt.column, doubt.where, doubt.message, doubt.severity)
    assert ("s.yaml", 3, 30, "steps[0].reply.finish", "the answer calls no tool.", "warning") == actual


def test_a_file_with_doubts_is_loaded() -> None:
    loaded = load_text(b"version: 1\nsteps: [{reply: {text: a}}, {reply: {text: b}}]\n", "s.yaml", NAMES)
    assert (1, 0, 1) == (len(loaded.scenarios), len(loaded.problems), len(loaded.warnings))


def test_a_very_long_list_of_doubts_is_cut() -> None:
    said = warnings("version: 1\nsteps:\n" + "  - reply: {text: a}\n" * (MOST + 51))
    expected = (MOST + 1, f"s.yaml:{MOST + 4}:5: warning: 50 more problems are not listed.")
    assert expected == (len(said), said[-1])


@pytest.mark.parametrize("name", ["chat", "responses", "messages", "gemini"])
def test_a_text_goes_out_in_as_many_pieces_as_the_doubts_take_it_to(name: str) -> None:
    done = Completion((Text("a b c", (1, 3)), Text(""), Text("d e", (1,))), "stop")
    protocol = PROTOCOLS[name]
    beats = [frame for frame in protocol.frames(done, request(protocol=protocol), Stamp(1, 1, 1)) if frame.beat]
    assert (5, "a b cd e") == (len(beats), "".join(frame.text for frame in beats))


# ---------------------------------------------------------------- files that are used together

SETS = "version: 1\nsteps: [{reply: {text: a, set: {city: Beijing}}}]\n"
READS = "version: 1\nsteps: [{when: {state: {city: Beijing}}, reply: {text: a}}]\n"
TELLS = "version: 1\nsteps: [{reply: {text: 'In {{ state.city }}'}}]\n"
BROKEN = "version: 1\n"
UNREAD = "nothing reads this state: no 'state' of a step, and no template."


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"a": SETS, "b": READS}, []),
        ({"a": SETS, "b": TELLS}, []),
        (
            {"a": SETS},
            [f"a.yaml:2:33: warning: steps[0].reply.set.city: {UNREAD}"],
        ),
        (
            {"a": READS, "b": TELLS},
            [
                "a.yaml:2:25: warning: steps[0].when.state.city: no reply sets the state 'city', so this never holds.",
                "b.yaml:2:24: warning: steps[0].reply.text: no reply sets the state 'city', so this template fails.",
            ],
        ),
        ({"a": READS, "b": BROKEN}, []),
    ],
)
def test_a_state_may_be_set_in_one_file_and_read_in_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], expected: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in files.items():
        Path(f"{name}.yaml").write_text(text)
    assert expected == [str(doubt) for doubt in load(["."], NAMES).warnings]


# ---------------------------------------------------------------- a law: a step that is called unreachable is

LETTERS = "ab"
PATTERNS = st.text("ab*?", max_size=4)
SCALARS = st.one_of(PATTERNS, st.integers(0, 2), st.booleans(), st.none())
PREDICATES = st.recursive(
    st.one_of(
        SCALARS,
        PATTERNS.map(lambda text: {"equals": text}),
        SCALARS.map(lambda value: {"equals": value}),
        st.text(LETTERS, max_size=2).map(lambda text: {"contains": text}),
        st.text(LETTERS, max_size=2).map(lambda text: {"contains": text.upper(), "ignore_case": True}),
        st.sampled_from(["a", "b+", "^a", "b$"]).map(lambda text: {"regex": text}),
        st.integers(0, 2).map(lambda number: {"at_least": number}),
        st.integers(0, 2).map(lambda number: {"below": number}),
        st.booleans().map(lambda there: {"exists": there}),
    ),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=2).map(lambda some: {"any": some}),
        st.lists(inner, min_size=1, max_size=2).map(lambda some: {"all": some}),
        inner.map(lambda one: {"not": one}),
    ),
    max_leaves=3,
)
POINTED = st.dictionaries(st.sampled_from(["/x", "/y"]), PREDICATES, min_size=1, max_size=2)
CONDITIONS: dict[str, st.SearchStrategy[Any]] = {
    "user": PREDICATES,
    "model": PREDICATES,
    "any_message": PREDICATES,
    "turn": st.one_of(st.integers(1, 2), st.integers(1, 2).map(lambda number: {"at_least": number})),
    "tools": st.one_of(st.just("none"), st.lists(st.sampled_from(LETTERS), min_size=1, max_size=2)),
    "tool_result": st.one_of(
        st.sampled_from(["none", "any"]),
        st.fixed_dictionaries({"name": PREDICATES}, optional={"text": PREDICATES, "json": POINTED}),
    ),
    "stream": st.booleans(),
    "body": POINTED,
    "state": st.dictionaries(st.sampled_from(LETTERS), PREDICATES, min_size=1, max_size=2),
}
FLAT = st.dictionaries(st.sampled_from(sorted(CONDITIONS)), st.none(), max_size=2)


@st.composite
def conditions(draw: st.DrawFn, depth: int = 1) -> dict[str, Any]:
    """A `when` with a condition or two."""
    when = {key: draw(CONDITIONS[key]) for key in draw(FLAT)}
    if depth and draw(st.booleans()):
        when["not"] = draw(conditions(depth - 1))
    return when


@st.composite
def asked(draw: st.DrawFn) -> tuple[Request, dict[str, Any]]:
    """A request, and a state."""
    texts = st.text(LETTERS, max_size=3)
    values = st.one_of(texts, st.integers(0, 2), st.booleans(), st.none(), st.lists(texts, max_size=2))
    turns = [Turn("user", (Text(draw(texts)),))]
    if draw(st.booleans()):
        results = st.builds(ToolResult, st.just("c"), texts, st.one_of(texts, st.just('{"x": "a", "y": 1}')))
        turns.append(Turn("assistant", (Text(draw(texts)),)))
        turns.append(Turn("tool", tuple(draw(st.lists(results, min_size=1, max_size=2)))))
    made = request(
        *turns,
        model=draw(texts),
        tools=tuple(Tool(name) for name in draw(st.sets(st.sampled_from(LETTERS)))),
        stream=draw(st.booleans()),
        body=draw(st.dictionaries(st.sampled_from("xy"), values, max_size=2)),
    )
    return made, draw(st.dictionaries(st.sampled_from(LETTERS), values, max_size=2))


def holds(when: dict[str, Any], request_: Request, state: dict[str, Any]) -> bool:
    return all(check.fails(request_, state) is None for check in step(repr(when).replace("True", "true")
               .replace("False", "false").replace("None", "null")).checks)  # fmt: skip


@given(conditions(), conditions(), st.lists(asked(), min_size=1, max_size=4))
@example({"user": {"equals": 1}}, {"user": {"equals": True}}, [])
def test_a_step_that_takes_all_that_another_could_does(
    one: dict[str, Any], other: dict[str, Any], asks: list[tuple[Request, dict[str, Any]]]
) -> None:
    read = [When.model_validate(when, context=NAMES) for when in (one, other)]
    if Comparing(10_000).takes(*read):
        assert [] == [ask for ask in asks if holds(other, *ask) and not holds(one, *ask)]


@given(conditions())
def test_a_step_takes_all_that_the_same_step_could(when: dict[str, Any]) -> None:
    read = [When.model_validate(when, context=NAMES) for _ in range(2)]
    assert Comparing(10_000).takes(*read)


@given(PATTERNS, PATTERNS, st.lists(st.text(LETTERS, max_size=4), max_size=8))
@example("*a*", "?*a", [])
def test_a_pattern_that_has_another_in_it_does(outer: str, inner: str, texts: list[str]) -> None:
    if covers(signs(outer), signs(inner)):
        assert [] == [text for text in texts if wildcards(inner)(text) and not wildcards(outer)(text)]


@pytest.mark.parametrize(
    ("outer", "inner", "expected"),
    [
        ("*", "", True),
        ("*", "*?*", True),
        ("a*", "ab?*", True),
        ("?", "*", False),
        ("?*", "*?", False),
        ("*b*", "a*b*c", True),
        ("*b*c", "a*b*", False),
        (r"\*", "*", False),
        ("*", r"\*", True),
        ("a?c", "abc", True),
        ("a?c", "a?c", True),
        ("a?c", "a*c", False),
    ],
)
def test_which_pattern_has_which_in_it(outer: str, inner: str, expected: bool) -> None:
    assert expected is covers(signs(outer), signs(inner))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ({"body": {"/x": {"contains": "a"}}}, {"body": {"/x": {"contains": "ab"}}}, False),
        ({"user": {"contains": "a"}}, {"user": {"contains": "ab"}}, True),
        ({"body": {"/x": {"contains": "a"}}}, {"body": {"/x": "*ab*"}}, True),
        ({"body": {"/x": {"exists": True}}}, {"body": {"/x": {"exists": False}}}, False),
        ({"body": {"/x": {"exists": True}}}, {"body": {"/x": {"not": 1}}}, False),
        ({"body": {"/x": {"exists": True}}}, {"body": {"/x": {"above": 1}}}, True),
        ({"user": {"equals": "a"}}, {"user": {"equals": "a", "ignore_case": True}}, False),
        ({"user": {"equals": "A", "ignore_case": True}}, {"user": "a"}, True),
        ({"call": 1}, {"call": 1, "user": "a"}, False),
        ({"user": {"regex": "^a"}}, {"user": "ab"}, True),
        ({"user": {"regex": "^a"}}, {"user": "a*"}, False),
        ({"user": {"all": ["a*", "*b"]}}, {"user": "ab"}, True),
        ({"user": "a*"}, {"user": {"all": ["*b", "a*"]}}, True),
        ({"user": "*" + "a" * 500}, {"user": "b" + "a" * 500}, False),
    ],
)
def test_which_conditions_take_all_that_which_could(one: Any, other: Any, expected: bool) -> None:
    read = [When.model_validate(when, context=NAMES) for when in (one, other)]
    assert expected is Comparing(1_000).takes(*read)


def test_comparing_has_a_bound() -> None:
    many = When.model_validate({"user": {"any": ["a*", "b*"] * 50}}, context=NAMES)
    other = When.model_validate({"user": {"any": ["c*"] * 100}}, context=NAMES)
    comparing = Comparing(200)
    assert (True, False, False) == (
        Comparing(20_000).takes(many, many),
        comparing.takes(other, many),
        comparing.takes(many, many),
    )


def test_many_steps_are_compared_soon() -> None:
    steps = "".join(
        f"  - {{when: {{user: '*-{number}-*a?', model: m}}, reply: {{text: a}}}}\n" for number in range(2_000)
    )
    start = time.perf_counter()
    assert [] == warnings(f"version: 1\nsteps:\n{steps}")
    assert time.perf_counter() - start < 20.0


def test_a_step_that_nothing_gets_to_is_found_among_thousands() -> None:
    steps = "".join(f"  - {{when: {{user: '*word {number} *'}}, reply: {{text: a}}}}\n" for number in range(3_000))
    last = "  - {when: {user: say word 1 again}, reply: {text: b}}\n"
    taken = "'step-2' (line 4) takes every request that this one could; put this one above it."
    assert [f"s.yaml:3003:5: warning: steps[3000]: nothing gets to this step: {taken}"] == warnings(
        f"version: 1\nsteps:\n{steps}{last}"
    )
