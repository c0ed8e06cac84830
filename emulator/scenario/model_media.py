"""The schema of what a model makes that is no text: vectors, images and sounds."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Final, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, WithJsonSchema

from emulator.scenario.closed import Closed, Given, said
from emulator.scenario.scalars import Duration
from emulator.scenario.wording import show
from emulator.types import Json

__all__ = ["AudioForm", "AudioValue", "EmbeddingsForm", "ImageForm", "ImagesValue"]

_MOST_DIMENSIONS: Final = 4096
_MOST_PIXELS: Final = 4096
_SIZE: Final = r"[0-9]{1,4}x[0-9]{1,4}"
_MOST_SECONDS: Final = 60.0


def _size(value: Json) -> tuple[int, int]:
    if isinstance(value, str) and re.fullmatch(_SIZE, value):
        width, height = map(int, value.split("x"))
        if 1 <= width <= _MOST_PIXELS and 1 <= height <= _MOST_PIXELS:
            return width, height
    raise said(f"{show(value)} is not a size up to {_MOST_PIXELS}x{_MOST_PIXELS}; write it like 64x64.")


def _short(seconds: float) -> float:
    if 0 < seconds <= _MOST_SECONDS:
        return seconds
    raise said(f"a generated sound lasts more than nothing and {_MOST_SECONDS:.0f}s at most.")


_Size = Annotated[
    tuple[int, int],
    BeforeValidator(_size),
    WithJsonSchema({"type": "string", "pattern": f"^{_SIZE}$"}),
]
_Seconds = Annotated[Duration, AfterValidator(_short)]
_File = Annotated[str, Field(min_length=1)]


class EmbeddingsForm(Closed):
    """Vectors, one for each input, made from its text: equal texts have equal vectors."""

    dimensions: Annotated[int, Field(ge=1, le=_MOST_DIMENSIONS)] = 1024
    """How many numbers a vector has where the request does not say (default: 1024)."""


class ImageForm(Closed):
    """One image. Exactly one key is there."""

    size: Given[_Size] = None
    """A generated PNG of so many pixels, such as `64x64`."""
    file: Given[_File] = None
    """A file beside the scenario, such as `cat.png`."""

    ONE_OF: ClassVar = ("size", "file")
    LACKING: ClassVar = "this image is empty; give it size or file, or write 'generated'."


class AudioForm(Closed):
    """A sound. Exactly one key is there."""

    duration: Given[_Seconds] = None
    """A generated WAV that lasts so long, such as `1s`."""
    file: Given[_File] = None
    """A file beside the scenario, such as `hello.wav`."""

    ONE_OF: ClassVar = ("duration", "file")
    LACKING: ClassVar = "this sound is empty; give it duration or file, or write 'generated'."


def _generated(value: Json) -> Json:
    if isinstance(value, str) and value != "generated":
        raise said(f"{show(value)} is not 'generated'; a file beside the scenario is written {{file: {value:.40}}}.")
    return value


def _shape(value: Json) -> str:
    return "<form>" if isinstance(value, dict) else "<plain>"


def _listed(value: Json) -> str:
    return "<list>" if isinstance(value, list) else _shape(value)


_Generated: TypeAlias = Annotated[
    Literal["generated"], BeforeValidator(_generated), Field(description="Made by the emulator, the same every time.")
]
_Image: TypeAlias = Annotated[
    Annotated[_Generated, Tag("<plain>")] | Annotated[ImageForm, Tag("<form>")],
    Discriminator(_shape),
]
ImagesValue: TypeAlias = Annotated[
    Annotated[_Generated, Tag("<plain>")]
    | Annotated[ImageForm, Tag("<form>")]
    | Annotated[list[_Image], Field(min_length=1, description="Several pictures."), Tag("<list>")],
    Discriminator(_listed),
]
"""`generated`, one image, or a list of images."""
AudioValue: TypeAlias = Annotated[
    Annotated[_Generated, Tag("<plain>")] | Annotated[AudioForm, Tag("<form>")],
    Discriminator(_shape),
]
"""`generated`, or what the sound is."""
