"""Where a test's scenarios come from: files, texts, and values made in Python at a line of the test."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import Final

from msgspec import Struct

from emulator.types import EmulatorError, Json

__all__ = ["Source", "from_code", "from_file", "place_of", "shown"]

_ENDINGS: Final = (".yaml", ".yml", ".json")


class Source(Struct, frozen=True):
    """The text of one scenario."""

    file: str
    """What problems and places call it."""
    text: str
    folder: Path | None = None
    """Where the files lie that it names."""

    def as_json(self) -> Json:
        """For the control API."""
        folder = {} if self.folder is None else {"folder": str(self.folder)}
        return {"file": self.file, "text": self.text, **folder}


def from_file(file: Path) -> Source:
    """Read a file. Raises EmulatorError where that is not possible."""
    if file.suffix.lower() not in _ENDINGS:
        raise EmulatorError(f"{shown(file)}: this is not a .yaml, .yml or .json file")
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise EmulatorError(f"{shown(file)}: there is no such file") from None
    except UnicodeDecodeError:
        raise EmulatorError(f"{shown(file)}: this file is not UTF-8") from None
    except OSError as error:
        raise EmulatorError(f"{shown(file)}: this can't be read: {error.strerror}") from None
    return Source(shown(file), text, file.resolve().parent)


def from_code(scenario: Mapping[str, Json], place: tuple[str, int]) -> Source:
    """Write a value as the JSON that it is, on the very line of the file where the code stands that made it.

    So a problem in it, and its steps in every report, name that line.
    """
    file, line = place
    # DEL is the one character that JSON leaves as it is and YAML does not know.
    text = json.dumps(scenario).replace("\x7f", "\\u007f")
    return Source(file, "\n" * (line - 1) + text)


def place_of(frame: FrameType | None) -> tuple[str, int]:
    """The file and the line where code stands."""
    return (shown(Path(frame.f_code.co_filename)), frame.f_lineno) if frame else ("code", 1)


def shown(file: Path) -> str:
    """The path as people read it: relative to the working directory where it is below it."""
    here = Path.cwd()
    return str(file.relative_to(here)) if file.is_relative_to(here) else str(file)
