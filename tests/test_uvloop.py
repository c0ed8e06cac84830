"""What a connection goes through, on uvloop: the tests of connections and of faults again, and which loop it is.

Where uvloop is installed, every command that a test starts runs on it as well.
"""

import asyncio
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from emulator.server import loop
from tests.live import Live, Thread

uvloop = pytest.importorskip("uvloop")

from tests.faults.conftest import servers  # noqa: E402, F401 - a fixture of the tests below
from tests.faults.test_raw import *  # noqa: E402, F403
from tests.test_broken_connections import *  # noqa: E402, F403


@pytest.fixture(scope="session")
def thread() -> Iterator[Thread]:
    """The thread of every server here."""
    thread = Thread(uvloop.new_event_loop)
    yield thread
    thread.close()


async def module_of_the_loop() -> str:
    return type(asyncio.get_running_loop()).__module__


def test_servers_of_these_tests_run_on_uvloop(thread: Thread) -> None:
    assert isinstance(thread.loop, uvloop.Loop)


def test_uvloop_is_used_where_it_is_installed_and_never_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "uvloop" == loop.run(module_of_the_loop())
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert loop.run(module_of_the_loop()).startswith("asyncio.")


def test_connections_do_not_wait_a_turn_for_each_other(scripted: Callable[..., Live]) -> None:
    live = scripted("steps: [{reply: {text: a}}]\n")
    runner = live.server._runner
    assert runner is not None
    server = runner.server
    assert server is not None

    async def turns() -> int:
        with ExitStack() as clients:
            for _ in range(32):
                clients.enter_context(socket.create_connection(("127.0.0.1", live.server.port)))
            number = 0
            while len(server.connections) < 32 and number < 1000:
                await asyncio.sleep(0)
                number += 1
            return number

    assert live.run(turns()) < 32
