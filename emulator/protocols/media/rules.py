"""What the services at home refuse in requests for embeddings, images and audio. Google's have rules of their own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from msgspec.structs import replace

from emulator.protocols.media import google
from emulator.refusals import fields, words
from emulator.refusals.checks import about, always
from emulator.types import Breach, Check, Json, Request, Rule, Rulebook

__all__ = ["AUDIO", "EMBEDDINGS", "IMAGES"]

_NOTHING: Final[Sequence[Breach]] = ()
_MEASURED: Final = "api.openai.com, gpt-image-2, measured 2026-08-30 by a public test suite (code index 61530534345)"
_REPORTS: Final = "openai/openai-python issue 576, aryn-ai/sycamore pull request 943 (2024-10-17)"

_SIZE: Final = re.compile(r"([1-9]\d*)x([1-9]\d*)")
_STEP: Final = 16
_LONGEST_SPEECH: Final = 4096
_SLOWEST, _FASTEST = 0.25, 4.0


@always
def _empty_input(request: Request) -> Sequence[Breach]:
    """Nothing to embed, or an empty text among others."""
    given = request.body.get("input")
    if google.asked(request.call) or (given and not (isinstance(given, list) and "" in given)):
        return _NOTHING
    message = "'$.input' is invalid. Please check the API reference: https://platform.openai.com/docs/api-reference."
    return [words.said(message)]


def _in_json(check: Check) -> Check:
    """The same where the body is JSON: in a form everything is a text."""

    def look(request: Request) -> Iterable[Breach]:
        return check.look(request) if request.call.body[:1] != b"-" else _NOTHING

    return replace(check, look=look)


@about("prompt")
def _empty_prompt(request: Request) -> Sequence[Breach]:
    return [words.empty_string("prompt")] if request.body.get("prompt") == "" else _NOTHING


@about("n")
def _count(request: Request) -> Sequence[Breach]:
    value = _number(request.body.get("n"))
    if value is None:
        return _NOTHING
    if value < 1:
        return [words.below("n", "integer", 1, value)]
    return [words.above("n", "integer", 10, value)] if value > 10 else _NOTHING  # noqa: PLR2004 - as recorded


def _number(value: Json) -> int | None:
    """In a form a number is written in digits."""
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,9}", value):
        return int(value)
    return value if type(value) is int else None


@about("size")
def _size(request: Request) -> Sequence[Breach]:
    """A size that is none; which sizes a model makes nobody knows here."""
    size = request.body.get("size")
    if size is None or size == "auto" or not isinstance(size, str):
        return _NOTHING
    found = _SIZE.fullmatch(size)
    if found and all(int(edge) % _STEP == 0 for edge in found.groups() if len(edge) < 9):  # noqa: PLR2004
        return _NOTHING
    wrong = (
        "Width and height must both be divisible by 16." if found else "Expected WIDTHxHEIGHT, for example '1824x1024'."
    )
    message = f"Invalid size '{size}'. {wrong}"
    return [Breach(message, "size", code="invalid_value", type="image_generation_user_error")]


@about("input")
def _speech(request: Request) -> Sequence[Breach]:
    """A text that is too long to be spoken, or none."""
    text = request.body.get("input")
    if not isinstance(text, str):
        return _NOTHING  # a transcription
    if not text:
        return [words.empty_string("input")]
    return [words.long_string("input", _LONGEST_SPEECH, len(text))] if len(text) > _LONGEST_SPEECH else _NOTHING


EMBEDDINGS: Final = Rulebook(
    (
        Rule("empty-input", _empty_input, "recorded", _REPORTS),
        Rule(
            "encoding-format",
            fields.one_of("encoding_format", ("float", "base64")),
            "inferred",
            "the words; types.EmbeddingCreateParams (openai 3.51.0)",
        ),
    )
)
IMAGES: Final = Rulebook(
    (
        Rule("empty-prompt", _empty_prompt, "recorded", _MEASURED),
        Rule("n-type", _in_json(fields.typed({"n": fields.INTEGER, "size": fields.STRING})), "recorded", _MEASURED),
        Rule("n-range", _count, "recorded", _MEASURED),
        Rule("size", _size, "recorded", _MEASURED),
    )
)
AUDIO: Final = Rulebook(
    (
        Rule("speech-length", _speech, "inferred", "the words; 4096: types.audio.SpeechCreateParams (openai 3.51.0)"),
        Rule(
            "speed-range",
            _in_json(fields.between("speed", "decimal", _SLOWEST, _FASTEST)),
            "inferred",
            "the words; 0.25 to 4.0: types.audio.SpeechCreateParams (openai 3.51.0)",
        ),
    )
)
