"""Catalogues of models: what each can do, as data, and what is refused because a model can't do it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, Literal

from msgspec import Struct

from emulator import jsontext
from emulator.refusals import words
from emulator.refusals.checks import about
from emulator.types import Breach, Check, EmulatorError, Json, Media, Request

__all__ = ["Catalogue", "Model", "able", "read", "roomy"]


class Model(Struct, frozen=True):
    """What is known of a model. What is not said it can do, and has no limit."""

    name: str
    series: str = ""
    context: int | None = None
    """The most tokens of input and output together."""
    input: int | None = None
    output: int | None = None
    tools: bool = True
    images: bool | Literal["base64"] = True
    """`base64`: no URLs that lead elsewhere."""
    audio: bool = True
    video: bool = True
    reasoning: bool = True
    responses: bool = True
    """Whether it speaks Responses."""


Catalogue = Mapping[str, Model]

_FIELDS: Final = frozenset(Model.__struct_fields__)
_NOTHING: Final[Sequence[Breach]] = ()
_KINDS: Final = {"image": "image_url", "audio": "input_audio", "video": "video_url"}


def read(file: Path) -> Catalogue:
    """Read a catalogue: `{"models": [{"name": …, …}]}`; other keys, and a model's `source`, are for people.

    Raises EmulatorError with a sentence.
    """
    try:
        content = jsontext.loads_object(file.read_bytes())
    except OSError as error:
        raise EmulatorError(f"{file}: {error.strerror}") from None
    except ValueError as error:
        raise EmulatorError(f"{file}: {error}") from None
    rows = content.get("models")
    if not isinstance(rows, list):
        raise EmulatorError(f"{file}: models: a list is wanted")
    made = [_model(row, f"{file}: models[{number}]") for number, row in enumerate(rows)]
    return {model.name: model for model in made}


def _model(row: Json, where: str) -> Model:
    if not isinstance(row, dict) or not isinstance(row.get("name"), str):
        raise EmulatorError(f"{where}: an object with a name is wanted")
    known = {name: value for name, value in row.items() if name != "source"}
    if strange := [name for name in known if name not in _FIELDS]:
        raise EmulatorError(f"{where}.{strange[0]}: unknown; there are {', '.join(sorted(_FIELDS))}, source")
    return Model(**known)


def able(catalogue: Catalogue) -> Check:
    """Whether the model can do what is asked. The words are OpenAI's for images, and made after them for the rest."""

    @about("tools", said=True)
    def check(request: Request) -> Sequence[Breach]:
        model = catalogue.get(request.model)
        return _NOTHING if model is None else list(_lacking(model, request))

    return check


def _lacking(model: Model, request: Request) -> Iterator[Breach]:
    if request.tools and not model.tools:
        yield words.said(f"Invalid parameter: 'tools' is not supported with the model '{model.name}'.", "tools")
    if model.images is True and model.audio and model.video:
        return
    for turn in request.turns:
        for part in turn.parts:
            if isinstance(part, Media) and part.kind in _KINDS and (wrong := _unseen(model, part)):
                yield words.said(wrong)


def _unseen(model: Model, part: Media) -> str:
    """Why a model does not take a picture, a sound or a film; empty: it does."""
    allowed = {"image": model.images, "audio": model.audio, "video": model.video}[part.kind]
    if allowed is False:
        return f"Invalid content type. {_KINDS[part.kind]} is only supported by certain models."
    if allowed == "base64" and not part.source.startswith("data:"):
        return "Invalid content type. image_url must be a base64-encoded data URL with this model."
    return ""


def roomy(catalogue: Catalogue, *names: str) -> Check:
    """Whether the model can say as much as is asked for. `names`: of the parameters that say how much."""

    @about(*names)
    def check(request: Request) -> Sequence[Breach]:
        model = catalogue.get(request.model)
        if model is None or model.output is None:
            return _NOTHING
        for name in names:
            value = request.body.get(name)
            if type(value) is int and value > model.output:
                message = (
                    f"{name} is too large: {value}. This model supports at most {model.output} completion tokens, "
                    f"whereas you provided {value}."
                )
                return [words.said(message, name, "invalid_value")]
        return _NOTHING

    return check
