"""The forms in which a request carries images and sounds."""

from __future__ import annotations

import binascii
from typing import Final

__all__ = ["BASE64", "IMAGES", "is_base64", "rest_of", "unlike_image"]

IMAGES: Final = ("image/png", "image/jpeg", "image/jpg", "image/gif", "image/webp")
""""PNG, JPEG, WEBP, non-animated GIF" – https://platform.openai.com/docs/guides/images-vision (2026-11-20)."""

BASE64: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_BLOCK: Final = 64 * 1024
"""Letters that are looked at in one go, in whole groups of four."""

# recorded: error reports on input_image and image_url, 2026
_DATA_URL: Final = (
    "Expected a base64-encoded data URL with an image MIME type (e.g. 'data:image/png;base64,aW1nIGJ5dGVzIGhlcmU='), "
    "but got {}"
)
_NO_URL: Final = "Expected a valid URL, but got a value with an invalid format."


def unlike_image(url: str, kinds: tuple[str, ...] = IMAGES, schemes: tuple[str, ...] = ("http:", "https:")) -> str:
    """What is wrong with the URL of an image; empty: nothing. Whether it leads anywhere nobody looks."""
    if url[:5].lower() != "data:":
        return "" if url.lower().startswith(schemes) and url.partition("://")[2] else _NO_URL
    comma = url.find(",")
    kind, *parameters = url[5:comma].split(";")
    if comma < 0 or "base64" not in parameters:
        return _DATA_URL.format("a value without the ';base64' separator.")
    if kind.lower() not in kinds:
        return _DATA_URL.format(f"unsupported MIME type '{kind}'.")
    if comma + 1 == len(url):
        return _DATA_URL.format("empty base64-encoded bytes.")
    return "" if is_base64(url, comma + 1) else _DATA_URL.format("an invalid base64-encoded value.")


def is_base64(text: str, start: int = 0) -> bool:
    """Whether a text is base64 from `start` on, and nothing else.

    Line ends, and padding that is left out, do no harm.
    """
    packed = "".join(rest_of(text, BASE64, start).split())
    try:
        binascii.a2b_base64(f"{packed}{'=' * (-len(packed) % 4)}".encode("ascii"), strict_mode=True)
    except (binascii.Error, UnicodeEncodeError):
        return False
    return True


def rest_of(text: str, letters: bytes, start: int = 0) -> str:
    """What is left of a text from `start` on without blocks of nothing but these letters, in groups of four.

    It is base64, or letters and an end, if and only if the whole is; and letters are looked up ten times as quickly as
    they are decoded, and four times as quickly as they are matched. At least the last two groups stay.
    """
    if not _BLOCK < len(text) <= _LONGEST_KEPT:
        return text[_groups(text, letters, start) :]
    slot = len(text) % len(_LOOKED_AT)
    known, end = _LOOKED_AT[slot]
    if known != (text, letters, start):
        end = _groups(text, letters, start)
        _LOOKED_AT[slot] = (text, letters, start), end
    return text[end:]


_LOOKED_AT: Final[list[tuple[tuple[str, bytes, int], int]]] = [(("", b"", 0), 0)] * 5
"""Long texts and the end of their letters: a conversation sends its pictures with every turn, a suite the same few.

Where one is kept its length tells, so that there is nothing to search.
"""
_LONGEST_KEPT: Final = 2 * 1024 * 1024


def _groups(text: str, letters: bytes, start: int) -> int:
    """Where the rest of a text begins."""
    while (size := min(_BLOCK, (len(text) - start) // 4 * 4 - 4)) > 4:  # noqa: PLR2004 - a group
        if text[start : start + size].encode(errors="replace").translate(None, letters):
            break
        start += size - 4  # a rest begins with letters, as the whole does: base64 can't begin with padding
    return start
