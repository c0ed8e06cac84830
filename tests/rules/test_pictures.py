"""Pictures and sounds as they travel: long ones are looked through quickly, and answered as short ones are."""

import binascii
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from emulator.refusals import media
from tests.live import Live

URL_SAFE = media.BASE64 + b"-_"

odd = st.text("Ab0/+=-_ \nÿ\N{IDEOGRAPHIC SPACE}", max_size=6)
texts = st.builds(
    lambda start, groups, within, more, end: f"{start}{'Ab0/' * groups}{within}{'A' * more}{end}",
    odd,
    st.integers(0, 20),
    odd,
    st.integers(0, 40),
    odd,
)


def decoded(text: str) -> bool:
    """Whether the standard library decodes it, without line ends and with padding."""
    packed = "".join(text.split())
    try:
        binascii.a2b_base64(packed.encode("ascii") + b"=" * (-len(packed) % 4), strict_mode=True)
    except (binascii.Error, UnicodeEncodeError):
        return False
    return True


@pytest.fixture(scope="module", autouse=True)
def short_blocks() -> Any:
    """Few letters are many blocks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(media, "_BLOCK", 16)
        yield


@settings(max_examples=1000)
@given(text=texts, head=st.sampled_from(["", "data:image/png;base64,"]))
@example(text="A" * 16 + "====", head="")
def test_a_text_is_base64_where_all_of_it_can_be_decoded(text: str, head: str) -> None:
    assert [decoded(text)] * 2 == [media.is_base64(head + text, len(head)) for _ in range(2)]


@pytest.mark.parametrize(
    ("letters", "pattern"), [(media.BASE64, r"[A-Za-z0-9+/]*={0,2}\s*"), (URL_SAFE, r"[A-Za-z0-9+/_-]*={0,2}")]
)
@settings(max_examples=1000)
@given(text=texts)
def test_a_text_matches_where_its_rest_does(letters: bytes, pattern: str, text: str) -> None:
    whole, rest = (re.fullmatch(pattern, part) is not None for part in (text, media.rest_of(text, letters)))
    assert whole == rest


@pytest.mark.parametrize("length", [4 * number for number in (1, 4, 5, 16, 1000)])
def test_of_what_is_only_letters_at_most_two_groups_are_left(length: int) -> None:
    assert len(media.rest_of("A" * length, media.BASE64)) <= 8


def test_of_long_texts_a_few_are_kept_and_none_that_is_very_long() -> None:
    for length in range(media._LONGEST_KEPT - 99, media._LONGEST_KEPT + 99, 3):
        media.rest_of("A" * length, media.BASE64)
    kept = [len(known[0]) for known, _ in media._LOOKED_AT]
    assert (5, True) == (len(kept), max(kept) <= media._LONGEST_KEPT)


# ---------------------------------------------------------------- what is answered


def chat(data: str) -> tuple[str, Any]:
    picture = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}
    return "/plain/v1/chat/completions", {"model": "m", "messages": [{"role": "user", "content": [picture]}]}


def sound(data: str) -> tuple[str, Any]:
    part = {"type": "input_audio", "input_audio": {"data": data, "format": "wav"}}
    return "/plain/v1/chat/completions", {"model": "m", "messages": [{"role": "user", "content": [part]}]}


def responses(data: str) -> tuple[str, Any]:
    picture = {"type": "input_image", "image_url": f"data:image/png;base64,{data}"}
    return "/plain/v1/responses", {"model": "m", "input": [{"role": "user", "content": [picture]}]}


def messages(data: str) -> tuple[str, Any]:
    picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}}
    said = {"role": "user", "content": [picture]}
    return "/plain/v1/messages", {"model": "m", "max_tokens": 9, "messages": [said]}


def gemini(data: str) -> tuple[str, Any]:
    part = {"inlineData": {"mimeType": "image/png", "data": data}}
    return "/plain/v1beta/models/m:generateContent", {"contents": [{"role": "user", "parts": [part]}]}


LONG = "iVBORw0K" * 30_000


@pytest.mark.parametrize("at", [0, 1, 65_536, 100_001, len(LONG) - 5, len(LONG) - 1])
@pytest.mark.parametrize("asked", [chat, sound, responses, messages, gemini])
def test_a_long_picture_is_refused_for_one_wrong_letter_wherever_it_is(
    live: Live, asked: Callable[[str], tuple[str, Any]], at: int
) -> None:
    spoilt = f"{LONG[:at]}%{LONG[at + 1 :]}"
    assert [200, 400, 200] == [live.send("POST", *asked(data)).status for data in (LONG, spoilt, LONG)]
