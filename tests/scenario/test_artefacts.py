"""Pictures and sounds of scenarios: what is generated can be opened, and what is read is beside the scenario."""

import base64
import io
import os
import re
import struct
import wave
import zlib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from emulator.scenario.artefacts import MAX_BYTES, beside, picture, sound
from emulator.scenario.model_media import AudioForm, AudioValue, EmbeddingsForm, ImageForm, ImagesValue
from emulator.types import Media

VALUES: dict[str, TypeAdapter[Any]] = {
    "embeddings": TypeAdapter(EmbeddingsForm),
    "images": TypeAdapter(ImagesValue),
    "audio": TypeAdapter(AudioValue),
}

READ: list[tuple[str, Any, Any]] = [
    ("embeddings", {}, EmbeddingsForm(dimensions=1024)),
    ("embeddings", {"dimensions": 8}, EmbeddingsForm(dimensions=8)),
    ("images", "generated", "generated"),
    ("images", {"file": "cat.png"}, ImageForm(file="cat.png")),
    ("audio", "generated", "generated"),
    ("audio", {"file": "hello.wav"}, AudioForm(file="hello.wav")),
]


@pytest.mark.parametrize(("key", "value", "expected"), READ)
def test_a_value_is_read(key: str, value: Any, expected: Any) -> None:
    assert expected == VALUES[key].validate_python(value)


def test_sizes_and_durations_are_read() -> None:
    images = VALUES["images"].validate_python(["generated", {"size": "2x3"}])
    assert ("generated", (2, 3), 0.2) == (
        images[0],
        images[1].size,
        VALUES["audio"].validate_python({"duration": "200ms"}).duration,
    )


REFUSED: list[tuple[str, Any, str]] = [
    ("embeddings", {"dimensions": 0}, "Input should be greater than or equal to 1"),
    ("embeddings", {"dimensions": 10**9}, "Input should be less than or equal to 4096"),
    ("images", {}, "this image is empty; give it size or file, or write 'generated'."),
    ("images", {"size": "1x1", "file": "a.png"}, "'file' does not go with 'size'; write one of them."),
    ("images", {"size": "64"}, "'64' is not a size up to 4096x4096; write it like 64x64."),
    ("images", {"size": "0x64"}, "'0x64' is not a size up to 4096x4096; write it like 64x64."),
    ("images", {"size": "4097x1"}, "'4097x1' is not a size up to 4096x4096; write it like 64x64."),
    ("images", "painted", "'painted' is not 'generated'; a file beside the scenario is written {file: painted}."),
    ("images", [], "List should have at least 1 item after validation, not 0"),
    ("audio", {}, "this sound is empty; give it duration or file, or write 'generated'."),
    ("audio", {"duration": "61s"}, "a generated sound lasts more than nothing and 60s at most."),
    ("audio", {"duration": "0s"}, "a generated sound lasts more than nothing and 60s at most."),
    ("audio", {"duration": 1}, "1 is not a duration; write it like 300ms, 1.5s or 2m."),
]


@pytest.mark.parametrize(("key", "value", "sentence"), REFUSED)
def test_a_value_that_cannot_be_made_is_refused(key: str, value: Any, sentence: str) -> None:
    with pytest.raises(ValidationError) as refused:
        VALUES[key].validate_python(value)
    assert [sentence] == [error["msg"] for error in refused.value.errors()]


# ---------------------------------------------------------------- what is generated


def image(**fields: Any) -> ImageForm:
    made: ImageForm = VALUES["images"].validate_python(fields)
    return made


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The chunks of a PNG, whose sums are right."""
    assert b"\x89PNG\r\n\x1a\n" == data[:8]
    place = 8
    while place < len(data):
        [length] = struct.unpack_from(">I", data, place)
        name, content = data[place + 4 : place + 8], data[place + 8 : place + 8 + length]
        assert (zlib.crc32(name + content),) == struct.unpack_from(">I", data, place + 8 + length)
        yield name, content
        place += 12 + length


@pytest.mark.parametrize(
    ("form", "width", "height"),
    [("generated", 64, 64), (image(size="1x1"), 1, 1), (image(size="100x30"), 100, 30), (image(size="17x9"), 17, 9)],
)
def test_a_generated_picture_is_a_png_of_its_size(form: Any, width: int, height: int) -> None:
    made = picture(form, None)
    assert ("image", "image/png") == (made.kind, made.mime)
    found = dict(chunks(base64.b64decode(made.source)))
    assert [b"IHDR", b"PLTE", b"IDAT", b"IEND"] == list(found)
    assert (width, height, 1, 3, 0, 0, 0) == struct.unpack(">IIBBBBB", found[b"IHDR"])
    rows = zlib.decompress(found[b"IDAT"])
    stride = 1 + -(-width // 8)
    assert (height * stride, {0}) == (len(rows), set(rows[::stride]))


def test_squares_alternate() -> None:
    rows = zlib.decompress(dict(chunks(base64.b64decode(picture(image(size="24x9"), None).source)))[b"IDAT"])
    assert [b"\x00\xff\x00\xff"] * 8 + [b"\x00\x00\xff\x00"] == [rows[y * 4 : y * 4 + 4] for y in range(9)]


def test_a_picture_is_the_same_in_every_run_and_each_number_has_colours_of_its_own() -> None:
    assert picture("generated", None) == picture(image(size="64x64"), None)
    assert 3 == len({picture("generated", None, number).source for number in range(3)})


@pytest.mark.parametrize(("form", "samples"), [("generated", 24_000), ({"duration": "200ms"}, 4_800)])
def test_a_generated_sound_is_a_wav_that_lasts_as_long(form: Any, samples: int) -> None:
    made = sound(VALUES["audio"].validate_python(form), None)
    assert ("audio", "audio/wav") == (made.kind, made.mime)
    with wave.open(io.BytesIO(base64.b64decode(made.source))) as file:
        assert (1, 2, 24_000, samples) == file.getparams()[:4]
        levels = struct.unpack("<120h", file.readframes(120))
    assert (-8000, 8000) == (min(levels), max(levels))
    assert levels[:60] == levels[60:]
    assert {533, -533, 0} >= {later - level for level, later in pairwise(levels)} - {534, -534}


# ---------------------------------------------------------------- files


def exactly(sentence: str) -> str:
    return f"^{re.escape(sentence)}$"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with files, and a secret beside it."""
    (tmp_path / "secret.png").write_bytes(b"secret")
    folder = tmp_path / "scenarios"
    (folder / "pictures").mkdir(parents=True)
    (folder / "pictures" / "cat.PNG").write_bytes(b"cat")
    (folder / "hello.mp3").write_bytes(b"hello")
    (folder / "notes.txt").write_bytes(b"notes")
    (folder / "within.png").symlink_to("pictures/cat.PNG")
    (folder / "out.png").symlink_to("../secret.png")
    (folder / "up").symlink_to("..")
    (folder / "nowhere.png").symlink_to("nobody.png")
    (folder / "circle.png").symlink_to("circle.png")
    with (folder / "large.png").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    os.mkfifo(folder / "pipe.png")
    return folder


def test_a_file_beside_the_scenario_is_read(folder: Path) -> None:
    assert Media("image", "Y2F0", "image/png") == picture(image(file="pictures/cat.PNG"), folder)
    assert Media("audio", "aGVsbG8=", "audio/mpeg") == sound(AudioForm(file="hello.mp3"), folder)
    assert (b"cat", b"notes") == (beside("within.png", folder), beside("notes.txt", folder))


def test_the_folder_itself_may_be_a_link(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "linked").symlink_to(folder)
    assert b"hello" == beside("hello.mp3", tmp_path / "linked")


OUTSIDE = "is not a path within the scenario's folder; write it like pictures/cat.png."
LOST: list[tuple[str, str]] = [
    ("nobody.png", "there is no file 'nobody.png' beside the scenario."),
    ("nowhere.png", "there is no file 'nowhere.png' beside the scenario."),
    ("../secret.png", f"'../secret.png' {OUTSIDE}"),
    ("pictures/../hello.mp3", f"'pictures/../hello.mp3' {OUTSIDE}"),
    ("/etc/passwd", f"'/etc/passwd' {OUTSIDE}"),
    ("out.png", "'out.png' is a link that leads out of the scenario's folder."),
    ("up/secret.png", "'up/secret.png' is a link that leads out of the scenario's folder."),
    ("pictures", "'pictures' is not a file."),
    ("pipe.png", "'pipe.png' is not a file."),
    ("large.png", "'large.png' is larger than 10 MiB."),
    ("hello.mp3/x", "'hello.mp3/x' can't be read: Not a directory."),
    ("a" * 300, f"'{'a' * 79}…' can't be read: File name too long."),
    ("a\x00b", f"'a\\x00b' {OUTSIDE}"),
]


@pytest.mark.parametrize(("name", "sentence"), LOST, ids=[name[:20] for name, _ in LOST])
def test_a_file_that_is_not_there_or_elsewhere_is_refused(folder: Path, name: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=exactly(sentence)):
        beside(name, folder)


def test_links_that_lead_in_a_circle_are_refused(folder: Path) -> None:
    with pytest.raises(ValueError, match=r"^'circle\.png' can't be read: "):
        beside("circle.png", folder)


def test_a_scenario_without_a_folder_has_no_files() -> None:
    with pytest.raises(ValueError, match="this scenario was not read from a folder"):
        picture(image(file="cat.png"), None)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (
            lambda folder: picture(image(file="notes.txt"), folder),
            "'notes.txt' is no picture by its name; it ends with .gif, .jpeg, .jpg, .png, .webp.",
        ),
        (
            lambda folder: sound(AudioForm(file="notes.txt"), folder),
            "'notes.txt' is no sound by its name; it ends with .aac, .flac, .mp3, .ogg, .opus, .wav.",
        ),
    ],
)
def test_a_file_tells_by_its_name_what_it_is(folder: Path, make: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=exactly(sentence)):
        make(folder)
