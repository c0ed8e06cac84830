"""A server that answers everything it does not refuse."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live import Live, Thread, library_of

_ANYTHING = """
version: 1
name: anything
steps:
  - reply: {text: "Hello!"}
"""


@pytest.fixture(scope="session")
def lenient_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("rules") / "anything.yaml"
    file.write_text(_ANYTHING, encoding="utf-8")
    return file


@pytest.fixture(scope="session")
def strict_server(thread: Thread, lenient_library: Path) -> Iterator[Live]:
    live = thread.start(library_of(lenient_library))
    yield live
    live.run(live.server.stop())


@pytest.fixture(scope="session")
def warning_server(thread: Thread, lenient_library: Path) -> Iterator[Live]:
    live = thread.start(library_of(lenient_library), requests="warn")
    yield live
    live.run(live.server.stop())


@pytest.fixture
def live(strict_server: Live) -> Live:
    """A session of its own on a server that refuses what the services refuse."""
    return Live(strict_server.server, strict_server.loop)


@pytest.fixture
def warned(warning_server: Live) -> Live:
    """A session of its own on a server that lets everything pass, and notes it."""
    return Live(warning_server.server, warning_server.loop)
