"""Where a stream cuts a text."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.scenario import cuts
from emulator.types import Text


def pieces(text: str, at: tuple[int, ...]) -> list[str]:
    return list(Text(text, at).deltas)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("Hello, world!", ["Hello", ",", " world", "!"]),
        ("It is 25 °C.", ["It", " is", " 25", " °", "C", "."]),
        ("internationalization", ["internat", "ionaliza", "tion"]),
        ("1234567890", ["12345678", "90"]),
        ("今天天气很好。", ["今", "天", "天", "气", "很", "好", "。"]),
        ("北京 is warm", ["北", "京", " is", " warm"]),
        ("ひらがなカタカナ한글", list("ひらがなカタカナ한글")),
        ("𠀀a", ["𠀀", "a"]),
        ("naïve Ünïcödé", ["naïve", " Ünïcödé"]),
        ("snake_case", ["snake", "_", "case"]),
        ("🎉🎉", ["🎉", "🎉"]),
        ('{"location": "Beijing"}', ["{", '"', "location", '"', ":", ' "', "Beijing", '"', "}"]),
        ("  two  spaces", ["  two", "  spaces"]),
        ("a\n\nb\n", ["a", "\n\nb\n"]),
        ("end  ", ["end  "]),
        ("   ", ["   "]),
        ("\n", ["\n"]),
    ],
)
def test_tokens(text: str, expected: list[str]) -> None:
    assert expected == pieces(text, cuts.by_token(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("Hello, world!", ["Hello,", " world!"]),
        ("  a\tb\n", ["  a", "\tb\n"]),
        ("今天 很好", ["今天", " 很好"]),
        ("  ", ["  "]),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert expected == pieces(text, cuts.by_word(text))


def test_characters_lengths_and_the_whole() -> None:
    text = "a🎉cde"
    expected = [["a", "🎉", "c", "d", "e"], ["a🎉", "cd", "e"], [text], [text]]
    ways = [cuts.by_char(text), cuts.by_length(text, 2), cuts.by_length(text, 9), cuts.whole(text)]
    assert expected == [pieces(text, at) for at in ways]


@pytest.mark.parametrize(
    ("texts", "given_pieces", "expected"),
    [
        (["hello"], ["hel", "lo"], [(3,)]),
        (["hello"], ["hello"], [()]),
        (["hello"], ["", "hel", "", "lo", ""], [(3,)]),
        (["ab", "cd"], ["a", "bc", "d"], [(1,), (1,)]),
        (["ab", "", "cd"], ["ab", "cd"], [(), (), ()]),
        ([], [""], []),
    ],
)
def test_exact_pieces(texts: list[str], given_pieces: list[str], expected: list[tuple[int, ...]]) -> None:
    assert expected == list(cuts.by_pieces(texts, given_pieces))


@given(st.text(), st.sampled_from(sorted(cuts.NAMED)), st.integers(1, 9))
def test_cuts_ascend_within_the_text_and_the_pieces_are_the_text(text: str, way: str, chars: int) -> None:
    for at in (cuts.NAMED[way](text), cuts.by_length(text, chars)):
        bounds = (0, *at, len(text)) if text else at
        assert [] == [pair for pair in pairwise(bounds) if pair[0] >= pair[1]]
        assert text == "".join(pieces(text, at))


@given(st.lists(st.text(max_size=5)), st.lists(st.integers(0, 20)))
def test_exact_pieces_cut_every_text_within_itself(texts: list[str], lengths: list[int]) -> None:
    whole = "".join(texts)
    edges = [0, *sorted(min(length, len(whole)) for length in lengths), len(whole)]
    at = list(cuts.by_pieces(texts, [whole[start:end] for start, end in pairwise(edges)]))
    assert texts == ["".join(pieces(text, cut)) for text, cut in zip(texts, at, strict=True)]
