import json

import pytest
from hypothesis import given
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
