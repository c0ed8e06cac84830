"""OpenAI's images: made from a prompt, or from a prompt and other images."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from emulator.protocols.media import rules
from emulator.protocols.media.answering import ERRORS, blocked, broken, failure, framing, keep, unfit, varies
from emulator.protocols.media.reading import count, fields, model, text
from emulator.types import Call, Completion, Endpoint, Frame, Json, Media, Memory, Request, Stamp, Text, Turn
from emulator.types.conversation import count_part

__all__ = [
    "ERRORS",
    "NAME",
    "PING",
    "RULES",
    "blocked",
    "body",
    "broken",
    "decode",
    "failure",
    "frames",
    "framing",
    "keep",
    "varies",
]

NAME: Final = "images"
PING: Final = None
RULES: Final = rules.IMAGES

_MOST: Final = 10
""""The number of images to generate. Must be between 1 and 10." – types.ImageGenerateParams (openai 3.51)."""

_SHOWN: Final = ("image", "image[]", "images", "mask")
"""Where the images of an edit are: files of a form, or references in JSON (package: openai 3.51)."""


def decode(call: Call, endpoint: Endpoint, memory: Memory) -> Request:  # noqa: ARG001 - nothing is referred to
    """Read a request: the prompt is what the user says, and the images to be edited what they show."""
    content = fields(call)
    shown = (Media("image", source) for name in _SHOWN for source in _sources(content.get(name)))
    return Request(
        call=call,
        endpoint=endpoint,
        body=content,
        model=model(content, endpoint),
        turns=(Turn("user", (Text(text(content, "prompt")), *shown)),),
        count=count(content.get("n"), _MOST),
    )


def body(done: Completion, request: Request, stamp: Stamp) -> Json:
    """Write as many images as are asked for; where the step has fewer they start over."""
    pictures = [part for part in done.parts if isinstance(part, Media) and part.kind == "image"]
    if not pictures:
        raise unfit(done, "images are", "images")
    chosen = [pictures[number % len(pictures)] for number in range(request.count)]
    tokens = done.tokens(request)
    shown = sum(count_part(part) for turn in request.turns for part in turn.parts if isinstance(part, Media))
    shown = min(shown, tokens.input)
    return {
        "created": stamp.created,
        "data": [_written(picture, request) for picture in chosen],
        "output_format": chosen[0].mime.partition("/")[2],
        "usage": {
            "input_tokens": tokens.input,
            "input_tokens_details": {"image_tokens": shown, "text_tokens": tokens.input - shown},
            "output_tokens": tokens.output,
            "total_tokens": tokens.input + tokens.output,
        },
    }


def frames(done: Completion, request: Request, stamp: Stamp) -> Iterator[Frame]:
    """Write the answer as one piece: it is not streamed, and a scenario's pace is that of its pieces."""
    yield Frame(body(done, request, stamp), beat=True)


def _written(picture: Media, request: Request) -> dict[str, str]:
    """Write one image: GPT image models "always return base64-encoded images", a URL is of older ones.

    types.ImageGenerateParams, response_format (openai 3.51).
    """
    if request.body.get("response_format") == "url":
        # inferred: there is nothing to fetch from here, and a data URL is one that needs no fetching.
        return {"url": f"data:{picture.mime};base64,{picture.source}"}
    return {"b64_json": picture.source}


def _sources(shown: Json) -> Iterator[str]:
    match shown:
        case str():
            yield shown
        case {"image_url": str() as source} | {"file_id": str() as source}:
            yield source
        case list():
            for one in shown:
                yield from _sources(one)
