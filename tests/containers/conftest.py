"""The engine that the container tests need: one that runs, or one that CONTAINER_ENGINE starts and stops."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.containers import engine

WHY = "no container engine answers: neither does `docker info`, nor is CONTAINER_ENGINE a command that starts one"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "containers: needs a container engine (make test-containers)")


@pytest.fixture(scope="session")
def running_engine() -> Iterator[None]:
    """An engine that answers."""
    if engine.answers():
        yield
        return
    starter = os.environ.get("CONTAINER_ENGINE", "")
    if not starter or not Path(starter).exists():
        pytest.skip(WHY)
    done = engine.run([starter, "up"], 500)
    if done.returncode or not engine.answers():
        pytest.fail(f"{starter} up: {done.stdout}{done.stderr}")
    yield
    engine.run([starter, "down"])


@pytest.fixture(scope="session")
def base_image(running_engine: None) -> str:
    """The image is built; the image that it is built on."""
    return engine.build()


@pytest.fixture(scope="session")
def compose(running_engine: None) -> list[str]:
    """The command of compose."""
    found = engine.compose()
    if found is None:
        pytest.skip("compose is not here")
    return found


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if any(WHY in str(report.longrepr) for report in terminalreporter.stats.get("skipped", [])):
        terminalreporter.write_line("No container engine: the image and compose were NOT tested.", yellow=True)
