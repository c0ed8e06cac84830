"""Every predicate, where it holds and where it does not."""

from typing import Any

import pytest

from emulator.scenario.predicates import MISSING, looked_up, same
from tests.scenario.tables import problems, request, step

HELLO = "hello world"
FIELD = "/it"


def verdict(predicate: str, value: Any) -> str | None:
    """The sentence for a value of the body; None where the predicate holds."""
    [check] = step(f"{{body: {{{FIELD}: {predicate}}}}}").checks
    why = check.fails(request(body={} if value is MISSING else {"it": value}), {})
    return None if why is None else why().removeprefix(f"{FIELD}: ")


HOLDS: list[tuple[str, Any]] = [
    ("hello world", HELLO),
    ("hello*", HELLO),
    ("'*world'", HELLO),
    ("'*o w*'", HELLO),
    ("'*'", HELLO),
    ("'*'", ""),
    ("'**'", "x"),
    ("h*d", HELLO),
    ("h*o*d", HELLO),
    ("'h?llo*'", HELLO),
    ("'*e*o*o*'", HELLO),
    ("'?????'", "héllo"),
    ("'?'", "\n"),
    ("'?'", "🎉"),
    ("'*weather*'", "the\nweather\nnow"),
    ("'a*z*'", "a\n\nz\n"),
    (r"'a\*b'", "a*b"),
    (r"'a\?b'", "a?b"),
    (r"'a\\b'", "a\\b"),
    (r"'a\b'", "a\\b"),
    (r"'a\\*'", "a\\anything"),
    (r"'\**'", "*anything"),
    (r"'a.b*?'", "a.b+c"),
    ("''", ""),
    ("aba*aba", "abaXaba"),
    ("'5'", "5"),
    ("5", 5),
    ("5", 5.0),
    ("1.5", 1.5),
    ("0", -0.0),
    ("true", True),
    ("false", False),
    ("null", None),
    ("{equals: 'a*'}", "a*"),
    ("{equals: {a: [1, {b: null}]}}", {"a": [1.0, {"b": None}]}),
    ("{equals: []}", []),
    ("{equals: null}", None),
    ("{equals: HeLLo WORLD, ignore_case: true}", HELLO),
    ("{equals: STRASSE, ignore_case: true}", "straße"),
    ("{equals: hello world, ignore_case: false}", HELLO),
    ("{contains: 'o w'}", HELLO),
    ("{contains: ''}", ""),
    ("{contains: b}", ["a", "b"]),
    ("{contains: 1}", [1.0]),
    ("{contains: {a: 1}}", [{"a": 1}]),
    ("{contains: key}", {"key": None}),
    ("{contains: 'O W', ignore_case: true}", HELLO),
    ("{contains: B, ignore_case: true}", ["a", "b", 1]),
    ("{contains: KEY, ignore_case: true}", {"key": None}),
    ("{regex: 'w.r'}", HELLO),
    ("{regex: '^hello'}", HELLO),
    ("{regex: '(?P<last>world)$'}", HELLO),
    ("{regex: 'WORLD', ignore_case: true}", HELLO),
    ("{regex: '(?i)WORLD'}", HELLO),
    ("{regex: ''}", ""),
    ("{at_least: 2}", 2),
    ("{at_most: 2}", 1.5),
    ("{above: 2}", 2.5),
    ("{below: 2}", -1),
    ("{at_least: 1, below: 3}", 2),
    ("{any: [a, '*world']}", HELLO),
    ("{any: [{exists: false}, 5]}", MISSING),
    ("{any: [{exists: false}, 5]}", 5),
    ("{all: ['hello*', '*world']}", HELLO),
    ("{not: a}", HELLO),
    ("{not: a}", MISSING),
    ("{not: {not: 'hello*'}}", HELLO),
    ("{not: {exists: true}}", MISSING),
    ("{exists: true}", None),
    ("{exists: false}", MISSING),
]

FAILS: list[tuple[str, Any, str]] = [
    ("hello", HELLO, "'hello world' is not 'hello'"),
    ("Hello world", HELLO, "'hello world' is not 'Hello world'"),
    ("'*weather*'", "hello", "'hello' does not match '*weather*'"),
    ("'hello*'", " hello", "' hello' does not match 'hello*'"),
    ("'*hello'", "hello ", "'hello ' does not match '*hello'"),
    ("aba*aba", "aba", "'aba' does not match 'aba*aba'"),
    ("'?'", "", "'' does not match '?'"),
    ("'?'", "ab", "'ab' does not match '?'"),
    ("'a?c*'", "abbc", "'abbc' does not match 'a?c*'"),
    ("'a?b'", "a?c", "'a?c' does not match 'a?b'"),
    (r"'a\*b'", "axb", r"'axb' does not match 'a\\*b'"),
    ("'*'", 5, "5 does not match '*'"),
    ("hello", ["hello"], "[\"hello\"] is not 'hello'"),
    ("'5'", 5, "5 is not '5'"),
    ("5", "5", "'5' is not 5"),
    ("5", 6, "6 is not 5"),
    ("1", True, "true is not 1"),
    ("0", False, "false is not 0"),
    ("true", 1, "1 is not true"),
    ("true", "true", "'true' is not true"),
    ("null", False, "false is not null"),
    ("null", "", "'' is not null"),
    ("null", MISSING, "it is missing"),
    ("a", MISSING, "it is missing"),
    ("{equals: 'a*'}", "ab", "'ab' is not 'a*'"),
    ("{equals: {a: 1}}", {"a": True}, '{"a": true} is not {"a": 1}'),
    ("{equals: {a: 1}}", {"a": 1, "b": 2}, '{"a": 1, "b": 2} is not {"a": 1}'),
    ("{equals: [1, 2]}", [2, 1], "[2, 1] is not [1, 2]"),
    ("{equals: [1]}", [1, 1], "[1, 1] is not [1]"),
    ("{equals: A, ignore_case: true}", "b", "'b' is not 'A', in upper or lower case"),
    ("{equals: A, ignore_case: true}", 5, "5 is not 'A', in upper or lower case"),
    ("{equals: A, ignore_case: true}", MISSING, "it is missing"),
    ("{contains: x}", HELLO, "'hello world' does not contain 'x'"),
    ("{contains: O}", HELLO, "'hello world' does not contain 'O'"),
    ("{contains: 5}", "5", "'5' does not contain 5"),
    ("{contains: a}", ["ab"], "[\"ab\"] does not contain 'a'"),
    ("{contains: 1}", [True], "[true] does not contain 1"),
    ("{contains: 5}", {"5": 5}, '{"5": 5} does not contain 5'),
    ("{contains: a}", 5, "5 does not contain 'a'"),
    ("{contains: A, ignore_case: true}", 5, "5 does not contain 'A', in upper or lower case"),
    ("{regex: '^world'}", HELLO, "'hello world' does not match the regex '^world'"),
    ("{regex: 'a.b'}", "a\nb", "'a\\nb' does not match the regex 'a.b'"),
    ("{regex: '5'}", 5, "5 does not match the regex '5'"),
    ("{regex: a}", MISSING, "it is missing"),
    ("{at_least: 2}", 1.5, "1.5 is not at least 2"),
    ("{at_most: 2}", 3, "3 is not at most 2"),
    ("{above: 2}", 2, "2 is not above 2"),
    ("{below: 2}", 2.0, "2.0 is not below 2"),
    ("{at_least: 0}", True, "true is not at least 0"),
    ("{at_least: 0}", "1", "'1' is not at least 0"),
    ("{at_least: 0}", MISSING, "it is missing"),
    ("{at_least: 1, below: 3}", 3, "3 is not below 3"),
    ("{any: [a, 'b*']}", "c", "'c' is not 'a'; 'c' does not match 'b*'"),
    ("{any: [a, b, c, d, e, f]}", "g", "'g' is not 'a'; 'g' is not 'b'; 'g' is not 'c'; 'g' is not 'd'; and 2 more"),
    ("{all: ['h*', '*x']}", HELLO, "'hello world' does not match '*x'"),
    ("{not: '*hell*'}", "hello", "'hello' fits '*hell*', and must not"),
    ("{not: {regex: l+}}", "hello", '\'hello\' fits {"regex": "l+"}, and must not'),
    ("{not: {any: [{not: x}, 1]}}", "y", '\'y\' fits {"any": [{"not": "x"}, 1]}, and must not'),
    ("{not: {exists: false}}", MISSING, 'what is missing fits {"exists": false}, and must not'),
    ("{exists: true}", MISSING, "it is missing"),
    ("{exists: false}", None, "null is there, and must not be"),
    ("a", "x" * 200, f"'{'x' * 79}…' is not 'a'"),
    ("a", ["x" * 200], f"[\"{'x' * 77}… is not 'a'"),
    ("a", "it's", "\"it's\" is not 'a'"),
]


@pytest.mark.parametrize(("predicate", "value"), HOLDS)
def test_a_predicate_holds(predicate: str, value: Any) -> None:
    assert verdict(predicate, value) is None


@pytest.mark.parametrize(("predicate", "value", "sentence"), FAILS)
def test_a_predicate_does_not_hold_and_says_why(predicate: str, value: Any, sentence: str) -> None:
    assert sentence == verdict(predicate, value)


@pytest.mark.parametrize(("predicate", "value"), HOLDS)
def test_what_holds_does_not_hold_under_not(predicate: str, value: Any) -> None:
    assert verdict(f"{{not: {predicate}}}", value) is not None


@pytest.mark.parametrize(("predicate", "value", "_"), FAILS)
def test_what_does_not_hold_holds_under_not(predicate: str, value: Any, _: str) -> None:
    assert verdict(f"{{not: {predicate}}}", value) is None


def test_a_check_is_worded_only_when_it_is_read() -> None:
    [check] = step("{user: a}").checks
    why = check.fails(request(), {})
    assert why is not None
    assert "'hello' is not 'a'" == why()


@pytest.mark.parametrize(
    ("document", "keys", "value"),
    [
        ({"a": {"b": 1}}, ("a", "b"), 1),
        ({"a": 1}, (), {"a": 1}),
        ([[1, 2]], ("0", "1"), 2),
        ({"0": "zero"}, ("0",), "zero"),
        ({"": 5}, ("",), 5),
        ([1], ("1",), MISSING),
        ([1], ("01",), MISSING),
        ([1], ("-",), MISSING),
        ([1], ("-1",), MISSING),
        ([1], ("9" * 5000,), MISSING),
        ([1], ("\u0660",), MISSING),
        ({"a": 1}, ("b",), MISSING),
        ({"a": "text"}, ("a", "0"), MISSING),
        (None, ("a",), MISSING),
    ],
)
def test_a_pointer_leads_to_a_value_or_nowhere(document: Any, keys: tuple[str, ...], value: Any) -> None:
    assert value == looked_up(document, keys)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (1, 1.0, True),
        (True, True, True),
        (True, 1, False),
        (0, False, False),
        ({"a": [True]}, {"a": [1]}, False),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        ([], {}, False),
        ("1", 1, False),
        (None, None, True),
        (10**300, 1e300, False),
    ],
)
def test_equality_is_strict_about_types_and_not_about_spelling(one: Any, other: Any, expected: bool) -> None:
    assert (expected, expected) == (same(one, other), same(other, one))


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "(a*)*b", "(.*)*x", "^(([a-z])+.)+[A-Z]([a-z])+$"])
def test_a_regex_that_blows_up_elsewhere_takes_no_time(pattern: str) -> None:
    assert verdict(f"{{regex: '{pattern}'}}", "a" * 50_000 + "!") is not None


def test_wildcards_take_linear_time() -> None:
    assert verdict("'*a*a*a*a*a*a*a*a*a*?b'", "a" * 50_000) is not None


def test_a_pattern_may_not_be_too_long() -> None:
    said = ["s.yaml:1:36: steps[0].when.user: as a regex this has 10,005 characters; at most 10,000 are matched."]
    assert said == problems(f"{{version: 1, steps: [{{when: {{user: '{'a' * 10_000}?'}}, reply: {{text: a}}}}]}}")


def test_a_pattern_may_not_be_too_large() -> None:
    [said] = problems("{version: 1, steps: [{when: {user: {regex: '\\pL{1000}'}}, reply: {text: a}}]}")
    assert "steps[0].when.user.regex: RE2 refuses this pattern: pattern too large" in said


def test_a_long_text_without_wildcards_is_no_pattern() -> None:
    assert verdict("'" + "a" * 50_000 + "'", "a" * 50_000) is None


def test_bytes_of_a_header_that_are_no_text_are_matched_all_the_same() -> None:
    [check] = step("{headers: {x-a: 'a?b*?'}}").checks
    assert check.fails(request(headers={"x-a": "a\udcffbcd"}), {}) is None
