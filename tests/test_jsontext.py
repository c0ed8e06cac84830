import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator import jsontext

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(values)
def test_what_is_written_is_read_again(value: object) -> None:
    assert value == jsontext.loads(jsontext.dumps(value))


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "the body is not JSON: Expecting value at line 1 column 1"),
        (b"{", "the body is not JSON: Expecting property name enclosed in double quotes at line 1 column 2"),
        (b"\xff\xfe", "the body is not UTF-8: invalid start byte at byte 0"),
        (b'"\xe4\xbd"', "the body is not UTF-8: invalid continuation byte at byte 1"),
        (b"[NaN]", "the body is not JSON: NaN is not a JSON value"),
        (b"[-Infinity]", "the body is not JSON: -Infinity is not a JSON value"),
        (b"1e999", "the body has a number out of range: 1e999"),
        (b"1" * 5000, "the body has a number of 5000 digits"),
        (b"[" * 200_000, "the body is nested more than 200 levels deep"),
        (b"[" * 201 + b"]" * 201, "the body is nested more than 200 levels deep"),
    ],
)
def test_what_cannot_be_read_is_said_in_a_sentence(body: bytes, sentence: str) -> None:
    with pytest.raises(ValueError, match="the body") as caught:
        jsontext.loads(body)
    assert sentence == str(caught.value)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (rb'{"\ud800": ["\udfff!", 1]}', {"�": ["�!", 1]}),
        (rb'"\uD83D\uDE00"', "😀"),
        (rb'"\\ud800"', r"\ud800"),
        (b"[" * 200 + b"]" * 200, json.loads("[" * 200 + "]" * 200)),
        (b"[" + b"[]," * 999 + b"[]]", [[]] * 1000),
    ],
)
def test_what_is_odd_but_json_is_read_and_can_be_written(body: bytes, value: object) -> None:
    assert value == jsontext.loads(body)
    assert value == jsontext.loads(jsontext.dumps(value))


# ---------------------------------------------------------------- whichever reader is there, the same is read


READERS = {"pydantic's": jsontext._jiter, "the quickest that is here": jsontext._quick}

anything = st.text(st.characters(exclude_categories=()))
documents = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | anything,
    lambda inner: st.lists(inner) | st.dictionaries(anything, inner),
)
written = st.builds(
    lambda value, ascii_, indent: json.dumps(value, ensure_ascii=ascii_, indent=indent).encode(errors="surrogatepass"),
    documents,
    st.booleans(),
    st.none() | st.just(1),
)
numbers = st.from_regex(r"-?(0|[1-9][0-9]{0,40})([.][0-9]{1,40})?([eE][+-]?[0-9]{1,3})?", fullmatch=True) | st.builds(
    lambda sign, power, more, end: f"{sign}{2**power + more}{end}",
    st.sampled_from(["", "-"]),
    st.sampled_from([53, 63, 64, 100]),
    st.integers(-2, 2),
    st.sampled_from(["", ".0", "e0", "E+1", ".5"]),
)
pieces = st.sampled_from(
    [
        *(b"{", b"}", b"[", b"]", b",", b":", b'"', b" ", b"\n", b"\x00", b"\xef\xbb\xbf"),
        *(b'"a"', b'"a":', b'"\\ud800"', b'"\\uDC00x"', b'"\\ud83d\\ude00"', b'"\\\\ud800"', b'"\\u12"', b'"\\x"'),
        *(b'"\t"', b'"\x7f"', b'"\xc3\xbf"', b"\xff", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80", b"\xe4\xbd"),
        *(b"1", b"-0", b"-0.0", b"1e5", b"1E400", b"-1e-400", b"+1", b"01", b"1.", b".5", b"NaN", b"-Infinity"),
        *(b"9" * 20, b"9" * 400, b"9" * 401, b"9" * 5000, b"0." + b"1" * 500, b"null", b"true", b"//"),
    ]
)


def spoilt(body: bytes, wrongs: list[tuple[int, bytes, int]]) -> bytes:
    """A body with a few bytes put in the place of others."""
    for place, put, over in wrongs:
        at = place % (len(body) + 1)
        body = body[:at] + put + body[at + over :]
    return body


wrongs = st.lists(st.tuples(st.integers(0, 999), pieces, st.integers(0, 3)), max_size=3)
bodies = (
    st.builds(spoilt, written, wrongs)
    | st.lists(pieces, max_size=8).map(b"".join)
    | st.lists(numbers, min_size=1, max_size=4).map(lambda row: f"[{','.join(row)}]".encode())
)


def outcome(read: Callable[[bytes], Any], body: bytes) -> str:
    """What is read, with the types of numbers and the order of names; or what is said of it."""
    try:
        return repr(read(body))
    except ValueError as error:
        return str(error)


@pytest.fixture(scope="module", params=READERS)
def loads(request: pytest.FixtureRequest) -> Iterator[Callable[[bytes], Any]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jsontext, "_quick", READERS[request.param])
        yield jsontext.loads


@settings(max_examples=1000, deadline=None)
@given(body=bodies)
def test_a_body_is_read_as_if_it_were_read_with_care(loads: Callable[[bytes], Any], body: bytes) -> None:
    assert outcome(jsontext._careful, body) == outcome(loads, body)


@pytest.mark.parametrize("depth", [199, 200, 201, 330, 1000, 1024, 1025, 100_000])
@pytest.mark.parametrize("within", [b"", b"1", b'"\\ud800"', b"NaN", b"9" * 401, b"1e999"])
@pytest.mark.parametrize(("opened", "closed"), [(b"[", b"]"), (b'{"a":', b"}"), (b"[", b"")])
def test_a_nested_body_is_read_as_if_it_were_read_with_care(
    loads: Callable[[bytes], Any], opened: bytes, within: bytes, closed: bytes, depth: int
) -> None:
    body = opened * depth + within + closed * depth
    assert outcome(jsontext._careful, body) == outcome(loads, body)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"18446744073709551615", 2**64 - 1),
        (b"18446744073709551616", 2**64),
        (b"-9223372036854775809", -(2**63) - 1),
        (b"[123456789012345678901234567890]", [123456789012345678901234567890]),
        (b"1e19", 1e19),
        (b"-0.0", -0.0),
        (b"[1.0, 1, true]", [1.0, 1, True]),
        (b'{"b": 1, "a": 2, "b": 3}', {"b": 3, "a": 2}),
        (rb'["\uDC00", "\uD83Dx"]', ["\N{REPLACEMENT CHARACTER}", "\N{REPLACEMENT CHARACTER}x"]),
        (rb'["\ud83d\ude00 \ud83d"]', ["\N{GRINNING FACE} \N{REPLACEMENT CHARACTER}"]),
    ],
)
def test_what_readers_differ_in_is_read_as_it_is_written(
    loads: Callable[[bytes], Any], body: bytes, value: object
) -> None:
    assert repr(value) == repr(loads(body))
