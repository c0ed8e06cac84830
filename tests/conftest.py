"""What the tests share: servers in a thread of their own, scripted in the test, and golden files."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.live import ROOT, Live, Thread, library_of

FRAMEWORKS = ROOT / ".venv" / "frameworks" / "bin" / "python"
NODE_CLIENTS = ROOT / "tests" / "node" / "node_modules"

settings.register_profile(
    "steady", derandomize=True, deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")


@pytest.fixture(scope="session")
def thread() -> Iterator[Thread]:
    thread = Thread()
    yield thread
    thread.close()


@pytest.fixture(scope="session")
def examples_server(thread: Thread) -> Iterator[Live]:
    live = thread.start(library_of(ROOT / "scenarios"))
    yield live
    live.run(live.server.stop())


@pytest.fixture
def examples(examples_server: Live) -> Live:
    """A session of its own on a server with the project's scenarios; waits last no time."""
    return Live(examples_server.server, examples_server.loop)


@pytest.fixture
def scripted(thread: Thread, tmp_path: Path) -> Iterator[Callable[..., Live]]:
    """Starts a server with a scenario written in the test; other arguments are the server's settings."""
    started: list[Live] = []

    def start(text: str, **options: Any) -> Live:
        file = tmp_path / f"scenario-{len(started)}.yaml"
        file.write_text("version: 1\nname: test\n" + dedent(text), encoding="utf-8")
        live = thread.start(library_of(file), **options)
        started.append(live)
        return live

    yield start
    for live in started:
        live.run(live.server.stop())


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, bytes, str], None]:
    """Compares bytes with a golden file, whose first line says where they come from."""

    def compare(name: str, actual: bytes, origin: str) -> None:
        file = ROOT / "tests" / "golden" / name
        expected = b"# origin: " + origin.encode() + b"\n" + actual
        if request.config.getoption("--golden-update"):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(expected)
        assert file.read_bytes() == expected

    return compare


def node_is_here() -> bool:
    return shutil.which("node") is not None and NODE_CLIENTS.is_dir()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--golden-update", action="store_true", help="write the golden files anew")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if node_is_here():
        return
    for item in items:
        if item.get_closest_marker("node"):
            item.add_marker(pytest.mark.skip(reason="Node 20 and its clients are not here (make test installs them)"))


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "node: needs Node and the clients of tests/node")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not FRAMEWORKS.exists():
        terminalreporter.write_line("The frameworks are not here: their tests were skipped.", yellow=True)
    if not node_is_here():
        terminalreporter.write_line("Node is not here: the Node client tests were skipped.", yellow=True)
