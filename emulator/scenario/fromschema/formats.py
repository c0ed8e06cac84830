"""The formats of JSON Schema: a text of each, and whether a text is one. Others say nothing about a text.

https://json-schema.org/draft/2020-12/json-schema-validation#name-defined-formats; the others are OpenAPI's (byte) and
those that pydantic 2.14 and zod 4 write.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import ipaddress
import re
from collections.abc import Callable, Mapping
from random import Random
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from emulator.scenario.patterns import searcher

__all__ = ["FORMATS", "WORDS", "Format"]

_WORDS: Final = (
    "amber birch cedar delta ember fjord grove harbor island juniper kestrel lagoon "
    "meadow north orchid pebble quartz river summit tundra umber valley willow zephyr"
)
WORDS: Final = tuple(_WORDS.split())


class Format(Struct, frozen=True):
    """One format: `make` gives a text of at least so many characters where it can."""

    make: Callable[[Random, int], str]
    holds: Callable[[str], bool]


def _date(draw: Random, _: int = 0) -> str:
    return f"2026-{draw.randint(1, 12):02}-{draw.randint(1, 28):02}"


def _time(draw: Random, _: int = 0) -> str:
    return f"{draw.randint(8, 18):02}:{draw.randrange(0, 60, 5):02}:00Z"


def _word(draw: Random, least: int = 0) -> str:
    """Give a word, as long as it must be."""
    word = draw.choice(WORDS)
    while len(word) < least:
        word += "-" + draw.choice(WORDS)
    return word


def _uuid(version: int) -> Format:
    def make(draw: Random, _: int) -> str:
        digits = f"{draw.getrandbits(128):032x}"
        return (
            f"{digits[:8]}-{digits[8:12]}-{version}{digits[13:16]}-{draw.choice('89ab')}{digits[17:20]}-{digits[20:]}"
        )

    return Format(make, _like(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"))


def _base64(draw: Random, least: int) -> str:
    return base64.b64encode(_word(draw, -(-least // 4) * 3).encode()).decode()


def _url_base64(draw: Random, least: int) -> str:
    return base64.urlsafe_b64encode(_word(draw, -(-least // 4) * 3).encode()).decode()


def _like(pattern: str) -> Callable[[str], bool]:
    """Whether a text is like this, as a whole. The patterns are our own, and take linear time."""
    found = re.compile(pattern)
    return lambda text: found.fullmatch(text) is not None


def _reads(read: Callable[[str], object]) -> Callable[[str], bool]:
    def holds(text: str) -> bool:
        try:
            read(text)
        except (ValueError, binascii.Error):
            return False
        return True

    return holds


def _is_date(text: str) -> bool:
    return _like(r"\d{4}-\d\d-\d\d")(text) and _reads(dt.date.fromisoformat)(text)


_CLOCK: Final = r"([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([zZ]|[+-]([01]\d|2[0-3]):[0-5]\d)"
_is_time = _like(_CLOCK)
_DURATION: Final = r"P(?=.)(\d+W|(\d+Y)?(\d+M)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+S)?)?)"
_LABEL: Final = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"


def _is_moment(text: str) -> bool:
    return len(text) > 19 and text[10] in "tT " and _is_date(text[:10]) and _is_time(text[11:])  # noqa: PLR2004 - its length


_EMAIL: Final = Format(lambda draw, least: f"{_word(draw, least - 12)}@example.com", _like(r"[^@\s]+@[^@\s]+"))
_HOST: Final = Format(
    lambda draw, least: ".".join(["a" * 60] * max(0, min(3, (least - 12) // 60)) + [f"{_word(draw)}.example.com"]),
    lambda text: len(text) <= 253 and _like(rf"{_LABEL}(\.{_LABEL})*")(text),  # noqa: PLR2004 - RFC 1123
)
_URI: Final = Format(
    lambda draw, least: f"https://example.com/{_word(draw, least - 20)}",
    _like(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]*"),
)
_REFERENCE: Final = Format(lambda draw, least: f"/{_word(draw, least - 1)}", _like(r"[^\s<>\"{}|\\^`]*"))
_POINTER: Final = r"(/([^~/]|~[01])*)*"
_BASE64: Final = Format(_base64, _reads(lambda text: base64.b64decode(text, validate=True)))
_URL_BASE64: Final = Format(_url_base64, _like(r"[A-Za-z0-9_-]*={0,2}"))
_IPV4: Final = Format(
    lambda draw, _: f"192.0.2.{draw.randint(1, 254)}",  # RFC 5737: addresses for documentation
    _reads(ipaddress.IPv4Address),
)
_IPV6: Final = Format(
    lambda draw, _: f"2001:db8::{draw.randint(1, 0xFFFF):x}",  # RFC 3849, likewise
    _reads(ipaddress.IPv6Address),
)
_CIDR4: Final = Format(lambda draw, _: f"192.0.{draw.randint(0, 255)}.0/24", _reads(ipaddress.IPv4Network))
_CIDR6: Final = Format(lambda draw, _: f"2001:db8:{draw.randint(1, 0xFFFF):x}::/48", _reads(ipaddress.IPv6Network))

FORMATS: Final[Mapping[str, Format]] = MappingProxyType(
    {
        "date-time": Format(lambda draw, _: f"{_date(draw)}T{_time(draw)}", _is_moment),
        "date": Format(_date, _is_date),
        "time": Format(_time, _is_time),
        "duration": Format(lambda draw, _: f"PT{draw.randint(1, 11) * 5}M", _like(_DURATION)),
        "email": _EMAIL,
        "idn-email": _EMAIL,
        "hostname": _HOST,
        "idn-hostname": _HOST,
        "ipv4": _IPV4,
        "ipv6": _IPV6,
        "ipvanyaddress": _IPV4,
        "ipv4network": _CIDR4,
        "ipv6network": _CIDR6,
        "ipvanynetwork": _CIDR4,
        "ipv4interface": _CIDR4,
        "ipv6interface": _CIDR6,
        "ipvanyinterface": _CIDR4,
        "cidrv4": _CIDR4,
        "cidrv6": _CIDR6,
        "uri": _URI,
        "iri": _URI,
        "url": _URI,
        "uri-reference": _REFERENCE,
        "iri-reference": _REFERENCE,
        "uri-template": Format(lambda draw, least: f"/{_word(draw, least - 5)}/{{id}}", lambda text: " " not in text),
        "uuid": _uuid(4),
        **{f"uuid{version}": _uuid(version) for version in range(1, 9)},
        "regex": Format(lambda draw, least: f"^{_word(draw, least - 2)}$", _reads(searcher)),
        "json-pointer": Format(lambda draw, least: f"/{_word(draw, least - 1)}", _like(_POINTER)),
        "relative-json-pointer": Format(
            lambda draw, least: f"0/{_word(draw, least - 2)}", _like(rf"(0|[1-9]\d*)(#|{_POINTER})")
        ),
        "byte": _BASE64,
        "base64": _BASE64,
        "base64url": _URL_BASE64,
        "file-path": Format(lambda draw, least: f"{_word(draw, least - 4)}.txt", bool),
        "json-string": Format(lambda draw, least: f'"{_word(draw, least - 2)}"', bool),
    }
)
