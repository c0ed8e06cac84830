"""YAML as it is read here, by libyaml and by PyYAML's own parser."""

from typing import Any

import pytest
import yaml

from emulator.scenario import yamltree
from emulator.scenario.tree import Flaw, Mark
from tests.scenario.tables import problems, sections

LOADERS = [loader for loader in (getattr(yaml, "CSafeLoader", None), yaml.SafeLoader) if loader]


@pytest.fixture(params=LOADERS, ids=lambda loader: loader.__name__, autouse=True)
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yamltree, "_LOADER", request.param)


def plain(text: str | bytes) -> Any:
    root, flaws = yamltree.read(text if isinstance(text, bytes) else text.encode())
    assert (False, []) == (root is None, flaws)
    return root.plain if root else None


def flaws(text: str | bytes) -> list[tuple[tuple[int, int], str]]:
    _, found = yamltree.read(text if isinstance(text, bytes) else text.encode())
    return [((flaw.mark.line, flaw.mark.column), flaw.message) for flaw in found]


@pytest.mark.parametrize(
    ("scalar", "value"),
    [
        *[(text, None) for text in ("null", "Null", "NULL", "~", "")],
        *[(text, True) for text in ("true", "True", "TRUE")],
        *[(text, False) for text in ("false", "False", "FALSE")],
        *[(text, text) for text in ("on", "off", "On", "yes", "no", "NO", "y", "n", "tRUE", "nULL", "None")],
        *[("0", 0), ("-12", -12), ("+12", 12), ("0x1F", 31), ("0xff", 255), ("0o17", 15), ("017", 17), ("007", 7)],
        *[("1.5", 1.5), ("-1.", -1.0), (".5", 0.5), ("1e3", 1000.0), ("1E-2", 0.01), ("+.5e1", 5.0), ("1e308", 1e308)],
        *[
            (text, text)
            for text in ("12:30", "1_000", "2020-01-01", "0b11", "0x", "0o8", "1e", "e3", ".", "-", "+", "--1")
        ],
        *[(text, text) for text in ("1 2", "infinity", "nan", "inf", "<", "=", "-.5.5", "٣")],
        *[("'5'", "5"), ('"true"', "true"), ("''", ""), ("'null'", "null"), ("|\n  5\n", "5\n"), (">-\n  5\n", "5")],
        *[("!!str 5", "5"), ("!!str", ""), ("! 5", "5"), ("!!int '5'", 5), ("!!float 5", 5.0), ("!!float '1.5'", 1.5)],
        *[
            ("!!bool 'true'", True),
            ("!!null ''", None),
            ("!!seq [1]", [1]),
            ("!!map {a: 1}", {"a": 1}),
            ("! [a]", ["a"]),
        ],
        *[("9" * 400, int("9" * 400)), ('"\\x41\\u00e9\\U0001F389"', "Aé🎉"), ("'🎉'", "🎉"), ("- 1", [1])],
    ],
)
def test_a_scalar_is_read_as_yaml_1_2_has_it(scalar: str, value: Any) -> None:
    actual = plain(f"- {scalar}\n")[0] if scalar != "-" else plain("[-x]")[0].removesuffix("x")
    assert (value, type(value)) == (actual, type(actual))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: &x {b: 1}\nc: *x\n", {"a": {"b": 1}, "c": {"b": 1}}),
        ("a: &x 1\nb: &x 2\nc: *x\n", {"a": 1, "b": 2, "c": 2}),
        ("&k key: 1\nb: *k\n", {"key": 1, "b": "key"}),
        ("&k key: 1\nb: {*k : 2}\n", {"key": 1, "b": {"key": 2}}),
        ("a: &x {b: 1, c: 2}\nd: {<<: *x, c: 3}\n", {"a": {"b": 1, "c": 2}, "d": {"c": 3, "b": 1}}),
        ("- &x {a: 1}\n- &y {a: 2, b: 2}\n- {<<: [*x, *y]}\n", [{"a": 1}, {"a": 2, "b": 2}, {"a": 1, "b": 2}]),
        (
            "- &x {a: 1}\n- &y {<<: *x, b: 2}\n- {<<: *y, c: 3}\n",
            [{"a": 1}, {"b": 2, "a": 1}, {"c": 3, "b": 2, "a": 1}],
        ),
        ("{'<<': 1}", {"<<": 1}),
        ("a: {<<: {b: 1}}", {"a": {"b": 1}}),
        ("%YAML 1.1\n---\na: 1\n...\n", {"a": 1}),
        ("--- # first\n- a # last\n", ["a"]),
        (
            '{"a": ["\\ud83c\\udf89", "\\/", "\\u00e9", "\\\\ud83c\\\\udf89"]}',
            {"a": ["🎉", "/", "é", "\\ud83c\\udf89"]},
        ),
        ("a: '\\ud83c\\udf89'", {"a": "\\ud83c\\udf89"}),
        ("a: 1\r\nb: 2\r\n", {"a": 1, "b": 2}),
        ("? a\n: 1\n", {"a": 1}),
        ("{a, b: }", {"a": None, "b": None}),
    ],
)
def test_a_document_is_read(text: str, value: Any) -> None:
    assert (value, repr(value)) == (plain(text), repr(plain(text)))


def test_every_node_and_key_knows_its_place() -> None:
    root, _ = yamltree.read("a: &x [1, 'b']\nd:\n  'é': {f: *x}\n".encode())
    assert root is not None
    inner = root.children["d"].children["é"].children["f"]
    places = [root.mark, root.children["a"].mark, root.children["a"].children[1].mark, root.keys["d"]]
    places += [root.children["d"].keys["é"], root.children["d"].children["é"].keys["f"], inner.mark]
    assert [(1, 1), (1, 4), (1, 11), (2, 1), (3, 3), (3, 9), (1, 4)] == places
    assert (root.children["a"], 3) == (inner, inner.size)


def test_a_flaw_knows_its_path() -> None:
    _, found = yamltree.read(b"a:\n  - b: {c: !x 1}\n")
    assert [Flaw(Mark(2, 12), ("a", 0, "b", "c"), "the tag !x has no meaning here.")] == found


@pytest.mark.parametrize(
    ("text", "mark", "message"),
    [
        ("", (1, 1), "the file is empty."),
        ("# only this\n", (1, 1), "the file is empty."),
        ("a: 1\n---\nb: 1\n", (2, 1), "a second document begins here; a file holds one."),
        ("a: &x [*x]", (1, 8), "the alias *x stands within what it stands for."),
        ("a: &x {b: {c: *x}}", (1, 15), "the alias *x stands within what it stands for."),
        ("a: 9" + "9" * 400, (1, 4), "this number has 401 digits; at most 400 are read."),
        ("a: 0x" + "f" * 400, (1, 4), "this number has 402 digits; at most 400 are read."),
        ("a: !!int 1.5", (1, 4), "'1.5' is no int."),
        ("a: !!float 0x10", (1, 4), "'0x10' is no float."),
        ("a: !!bool yes", (1, 4), "'yes' is no bool."),
        ("a: !!str [1]", (1, 4), "the tag !!str has no meaning here."),
        ("a: !<tag:example.org,2000:x> 1", (1, 4), "the tag tag:example.org,2000:x has no meaning here."),
        (b"a: \xff", (1, 4), "the file is not UTF-8: byte 0xff can't stand here."),
        ("é: 1\nb: \xe9".encode() + b"\xc3", (2, 5), "the file is not UTF-8: byte 0xc3 can't stand here."),
        ("a: 1".encode("utf-16"), (1, 1), "the file is UTF-16; save it as UTF-8."),
        ("a: 1".encode("utf-16-be"), (1, 1), "the character U+0000 can't stand in YAML; is this a text file?"),
        (b"\xfe\xff\x00a", (1, 1), "the file is UTF-16; save it as UTF-8."),
        (b"\xef\xbb\xbfa: 1", (1, 1), "the file begins with a byte order mark; save it as UTF-8 without one."),
        ("a: 1\r\nb: \x07", (2, 4), "the character U+0007 can't stand in YAML; is this a text file?"),
        ("a: '\ufeff'", (1, 5), "the character U+FEFF can't stand in YAML; is this a text file?"),
    ],
)
def test_what_can_t_be_read_is_refused(text: str | bytes, mark: tuple[int, int], message: str) -> None:
    assert [(mark, message)] == flaws(text)


def test_flaws_that_leave_the_rest_readable_are_all_found() -> None:
    expected = [(1, 4), (2, 1), (3, 1), (4, 4)]
    assert expected == [mark for mark, _ in flaws("a: !x 1\na: 2\n5: 3\nb: .nan\n")]


DIFFERENT = {
    "an escape that is none",
    "half a surrogate pair",
    "text that is true, null, a list or a mapping",
    "a tool choice that is null",
}
"""Rows of the table where the parsers disagree about a column, or one of them can read on."""


@pytest.mark.parametrize(("what", "text", "said"), sections("problems.txt"), ids=lambda value: str(value)[:40])
def test_both_parsers_say_the_same(what: str, text: str, said: list[str]) -> None:
    actual = problems(text.encode())
    if what in DIFFERENT:
        assert len(said) <= len(actual)
    else:
        assert said == actual


@pytest.mark.parametrize(
    "text", ['a: "\\UFFFFFFFF"', "%YAML 1." + "1" * 5000 + "\n---\na: 1", 'a: "\\ud800"', "!%zz a", "!<%ff> a"]
)
def test_what_makes_a_parser_stumble_is_a_problem(text: str) -> None:
    assert 1 == len(flaws(text))


def test_complaints_without_words_of_ours_are_passed_on() -> None:
    [(mark, message)] = flaws("a: |x\n  b\n")
    assert ((1, 5), True) == (mark, message.startswith("this is not YAML: "))
