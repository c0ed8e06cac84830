"""Pictures and sounds: generated, the same in every run, or read from a file beside the scenario."""

from __future__ import annotations

import base64
import hashlib
import io
import struct
import wave
import zlib
from pathlib import Path
from typing import Final

from emulator.scenario.model_media import AudioForm, ImageForm
from emulator.scenario.wording import show
from emulator.types import Media

__all__ = ["MAX_BYTES", "beside", "picture", "sound"]

MAX_BYTES: Final = 10 * 2**20
"""How large a file beside a scenario is at most."""

_PICTURES: Final = {
    ".gif": "image/gif",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
}
_SOUNDS: Final = {
    ".aac": "audio/aac",
    ".flac": "audio/flac",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".wav": "audio/wav",
}

_RATE: Final = 24_000
"""Samples a second: what services of speech send."""
_PERIOD: Final = 60
"""Samples of one wave: the tone is of 400 Hz."""
_LOUDNESS: Final = 8_000
"""Of 32767."""
_SQUARE: Final = 8
"""Pixels along a side of the squares in a picture."""


def picture(form: ImageForm | str, folder: Path | None, number: int = 0) -> Media:
    """Make an image, or read it. Each number has colours of its own. Raises ValueError with a sentence."""
    if isinstance(form, ImageForm) and form.file is not None:
        return Media("image", _read(form.file, folder), _type(form.file, _PICTURES, "picture"))
    size = form.size if isinstance(form, ImageForm) else None
    return Media("image", base64.b64encode(_png(*(size or (64, 64)), number)).decode(), "image/png")


def sound(form: AudioForm | str, folder: Path | None) -> Media:
    """Make a sound, or read it. Raises ValueError with a sentence."""
    if isinstance(form, AudioForm) and form.file is not None:
        return Media("audio", _read(form.file, folder), _type(form.file, _SOUNDS, "sound"))
    seconds = form.duration if isinstance(form, AudioForm) else None
    return Media("audio", base64.b64encode(_wav(seconds or 1.0)).decode(), "audio/wav")


def beside(name: str, folder: Path | None) -> bytes:
    """Read a file that is in the scenario's folder or below it. Raises ValueError with a sentence."""
    if folder is None:
        raise ValueError(f"{show(name)} can't be found: this scenario was not read from a folder.")
    if "\0" in name or Path(name).is_absolute() or ".." in Path(name).parts:
        raise ValueError(f"{show(name)} is not a path within the scenario's folder; write it like pictures/cat.png.")
    try:
        path = (folder / name).resolve()
        if not path.is_relative_to(folder.resolve()):
            raise ValueError(f"{show(name)} is a link that leads out of the scenario's folder.")
        if path.exists() and not path.is_file():
            raise ValueError(f"{show(name)} is not a file.")
        with path.open("rb") as stream:
            found = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ValueError(f"there is no file {show(name)} beside the scenario.") from None
    except (OSError, RuntimeError) as error:  # RuntimeError: before Python 3.13, links that lead in a circle
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "it leads nowhere"
        raise ValueError(f"{show(name)} can't be read: {reason}.") from None
    if len(found) > MAX_BYTES:
        raise ValueError(f"{show(name)} is larger than {MAX_BYTES // 2**20} MiB.")
    return found


def _read(name: str, folder: Path | None) -> str:
    return base64.b64encode(beside(name, folder)).decode()


def _type(name: str, types: dict[str, str], kind: str) -> str:
    known = types.get(Path(name).suffix.lower())
    if known is None:
        raise ValueError(f"{show(name)} is no {kind} by its name; it ends with {', '.join(types)}.")
    return known


# ---------------------------------------------------------------- what is generated


def _png(width: int, height: int, number: int) -> bytes:
    """A PNG with squares of two colours – https://www.w3.org/TR/png-3/ (2025-06-24): one bit a pixel, a palette."""
    colours = hashlib.blake2b(f"picture/{number}".encode(), digest_size=6).digest()
    row = (b"\xff\x00" * (width // (2 * _SQUARE) + 1))[: -(-width // 8)]
    inverted = bytes(255 - byte for byte in row)
    # Each row is preceded by its filter, of which 0 is none.
    rows = b"".join(b"\x00" + (inverted if y // _SQUARE % 2 else row) for y in range(height))
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 3, 0, 0, 0)),
            _chunk(b"PLTE", colours),
            _chunk(b"IDAT", zlib.compress(rows, 9)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def _wav(seconds: float) -> bytes:
    """A WAV with a tone, one channel of 16 bits: a triangle, because a sine is not the same on every machine."""
    half = _PERIOD // 2
    up = [_LOUDNESS * (2 * step - half) // half for step in range(half)]
    period = struct.pack(f"<{_PERIOD}h", *up, *(-level for level in up))
    samples = max(1, round(seconds * _RATE))
    written = io.BytesIO()
    with wave.open(written, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(_RATE)
        file.writeframes((period * (samples // _PERIOD + 1))[: 2 * samples])
    return written.getvalue()
