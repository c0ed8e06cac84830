"""Which files hold scenarios: folders are searched, files are taken as they are."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from emulator.scenario.yamltext import MAX_BYTES

__all__ = ["Found", "NotFound", "contents", "find"]

_ENDINGS = (".yaml", ".yml", ".json")


class Found(Struct, frozen=True):
    """A file that is there."""

    path: Path
    """Absolute, without symbolic links."""
    shown: str
    """As people read it: relative to the working directory where it is below it."""
    stamp: tuple[int, int]
    """The time of its last change in nanoseconds, and its size: another file has another stamp."""


class NotFound(Struct, frozen=True):
    """A path at which there is nothing to read, and why."""

    shown: str
    message: str


def find(paths: Iterable[str | Path]) -> tuple[list[Found], list[NotFound]]:
    """Find the files that paths mean, each once, in the order of the paths and by name within a folder.

    A folder means the .yaml, .yml and .json files in it and below it. Hidden files and folders are passed over, and so
    is a symbolic link that leads out of the folder.
    """
    found: dict[Path, Found] = {}
    lost: list[NotFound] = []
    for path in paths:
        for one in _at(Path(path)):
            if isinstance(one, NotFound):
                lost.append(one)
            else:
                found.setdefault(one.path, one)
    return list(found.values()), lost


def contents(file: Found) -> bytes:
    """Read a file, or as much of it as shows that it is too large. Raises OSError."""
    with file.path.open("rb") as stream:
        return stream.read(MAX_BYTES + 1)


def _at(path: Path) -> Iterator[Found | NotFound]:
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        yield NotFound(_shown(path), _reason(error))
        return
    if stat.S_ISDIR(mode):
        yield from _within(path)
    elif path.suffix.lower() not in _ENDINGS:
        yield NotFound(_shown(path), "this is not a .yaml, .yml or .json file.")
    else:
        yield _file(path)


def _within(folder: Path) -> Iterator[Found | NotFound]:
    lost: list[NotFound] = []
    fitting: list[Path] = []
    top = folder.resolve()

    def note(error: OSError) -> None:
        lost.append(NotFound(_shown(Path(error.filename)), _reason(error)))

    for parent, folders, names in os.walk(folder, onerror=note):
        folders[:] = [name for name in folders if not name.startswith(".")]
        paths = (Path(parent, name) for name in names if not name.startswith("."))
        fitting += [path for path in paths if path.suffix.lower() in _ENDINGS and _stays(path, top)]
    yield from lost
    yield from (_file(path) for path in sorted(fitting))
    if not fitting and not lost:
        yield NotFound(_shown(folder), "there is no .yaml, .yml or .json file in this folder.")


def _stays(path: Path, top: Path) -> bool:
    """Whether a path leads to something below the top, whatever links are on the way."""
    return path.resolve().is_relative_to(top)


def _file(path: Path) -> Found | NotFound:
    try:
        status = path.stat()
    except OSError as error:
        return NotFound(_shown(path), _reason(error))
    if not stat.S_ISREG(status.st_mode):
        return NotFound(_shown(path), "this is neither a file nor a folder.")
    return Found(path.resolve(), _shown(path), (status.st_mtime_ns, status.st_size))


def _shown(path: Path) -> str:
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - without following links, as it was asked for
    here = Path.cwd()
    shown = absolute.relative_to(here) if absolute.is_relative_to(here) else absolute
    return os.fsencode(shown).decode(errors="replace")


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file or folder."
    if isinstance(error, OSError):
        return f"this can't be read: {error.strerror}."
    return "this can't be a path: it has a null character."
