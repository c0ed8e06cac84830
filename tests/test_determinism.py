"""The law: the same scenario, seed and requests give the same bytes, in another process and in another session."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.live import ROOT, Live, Thread
from tests.meanwhile import session
from tests.snippets import ROUTES, exchanged, loaded, scenarios


def in_a_process(folder: Path, hash_seed: str) -> list[str]:
    """What a server of its own answers."""
    ran = subprocess.run(
        [sys.executable, "-m", "tests.same_bytes", str(folder)],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        timeout=90,
        check=False,
    )
    assert (0, b"") == (ran.returncode, ran.stderr)
    answers: list[str] = json.loads(ran.stdout)
    return answers


def test_two_processes_give_the_same_bytes(tmp_path: Path) -> None:
    first, second = (in_a_process(tmp_path, hash_seed) for hash_seed in "12")
    for one, two in zip(first, second, strict=True):
        assert one == two
    # All that draws has drawn: errors by chance, chaos, faults, made-up values.
    said = "".join(first)
    for sign in (
        "overloaded",
        "retry-after: 2",
        "HTTP/1.1 500",
        "timeout",
        "keep-alive",
        "Hm",
        "logprob",
        "embedding",
        "reset",
    ):
        assert sign in said, sign


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("determinism")


async def open_gate(live: Live) -> None:
    session(live).gate("open").set()


def run(live: Live) -> list[tuple[str, bytes, str]]:
    """Every request twice, so that there are retries. What is told of the session is taken out."""
    live.run(open_gate(live))
    mine = session(live).id.encode()
    answers = []
    for route in (*ROUTES, *ROUTES[::3], *ROUTES[::3]):
        data, end = exchanged(live, route)
        answers.append((route[0], data.replace(mine, b"session"), end))
    return answers


@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(scenario=scenarios())
def test_two_sessions_with_the_same_scenario_and_requests_are_told_the_same_bytes(
    scenario: Any, thread: Thread, folder: Path
) -> None:
    live = thread.start(loaded(scenario, folder))
    try:
        assert run(Live(live.server, live.loop, "key-of-one")) == run(Live(live.server, live.loop, "key-of-two"))
    finally:
        live.run(live.server.stop())
