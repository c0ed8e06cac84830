"""The forms in which a request carries images and sounds."""

from __future__ import annotations

import binascii
from typing import Final

__all__ = ["IMAGES", "is_base64", "unlike_image"]

IMAGES: Final = ("image/png", "image/jpeg", "image/jpg", "image/gif", "image/webp")
""""PNG, JPEG, WEBP, non-animated GIF" – https://platform.openai.com/docs/guides/images-vision (2026-11-20)."""

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
    head, comma, data = url[5:].partition(",")
    kind, *parameters = head.split(";")
    if not comma or "base64" not in parameters:
        return _DATA_URL.format("a value without the ';base64' separator.")
    if kind.lower() not in kinds:
        return _DATA_URL.format(f"unsupported MIME type '{kind}'.")
    if not data:
        return _DATA_URL.format("empty base64-encoded bytes.")
    return "" if is_base64(data) else _DATA_URL.format("an invalid base64-encoded value.")


def is_base64(data: str) -> bool:
    """Whether a text is base64 and nothing else; line ends, and padding that is left out, do no harm."""
    packed = "".join(data.split())
    try:
        binascii.a2b_base64(f"{packed}{'=' * (-len(packed) % 4)}".encode("ascii"), strict_mode=True)
    except (binascii.Error, UnicodeEncodeError):
        return False
    return True
