"""Two hundred tests in eight processes against one server: each has its own run, and none sees another's."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.live import Live

RUNS = int(os.environ.get("EMULATOR_TEST_PARALLEL_RUNS", "1"))
"""Ten for the whole proof, each in another order."""
SECONDS = 100

CONFTEST = """
import os
import random


def pytest_collection_modifyitems(items):
    # Every worker needs the same order.
    random.Random(os.environ["ORDER"]).shuffle(items)
"""

TESTS = '''
import http.client
import json
import threading
from urllib.parse import urlsplit

import pytest

from emulator import error, text

NUMBERS = range(50)


def request(session, user):
    """What is answered to a user's message; all tests say the same."""
    url = urlsplit(session.plain.url)
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": user}]})
    connection = http.client.HTTPConnection(url.netloc, timeout=60)
    try:
        headers = {"authorization": f"Bearer {session.key}", "content-type": "application/json"}
        connection.request("POST", f"{url.path}/chat/completions", body, headers)
        reply = connection.getresponse()
        said = json.loads(reply.read())
        return said["choices"][0]["message"]["content"] if reply.status == 200 else reply.status
    except ConnectionError as broken:
        return type(broken).__name__
    finally:
        connection.close()


def users(session):
    return [one.body["messages"][0]["content"] for one in session.requests]


@pytest.mark.parametrize("number", NUMBERS)
def test_scenarios_and_counters(emulator, number):
    emulator.load(f"""
        version: 1
        name: shared-name
        steps:
          - name: first
            when: {{user: hello, call: 1}}
            reply: {{text: "{number} first", set: {{mine: "{number}"}}}}
          - name: later
            when: {{user: hello}}
            reply: {{text: "{number} again, {{{{ call }}}}, {{{{ state.mine }}}}"}}
            times: {1 + number % 3}
    """)
    calls = 1 + number % 3
    said = []
    for _ in range(1 + calls):
        said.append(request(emulator, "hello"))
    assert said == [f"{number} first", *(f"{number} again, {call}, {number}" for call in range(2, calls + 2))]
    assert emulator.state == {"mine": str(number)}
    assert users(emulator) == ["hello"] * (1 + calls)
    assert [one.number for one in emulator.requests] == list(range(1, 2 + calls))


@pytest.mark.parametrize("number", NUMBERS)
def test_faults(emulator, number):
    times = 1 + number % 4
    emulator.on(user="hello").replies(error("overloaded", times=times), text(f"got {number}"))
    emulator.on(user="break").reply(text("never"), fault="reset")
    assert [request(emulator, "hello") for _ in range(times + 1)] == [503] * times + [f"got {number}"]
    assert request(emulator, "break") in {"ConnectionResetError", "RemoteDisconnected"}
    assert [one.attempt for one in emulator.requests] == [*range(1, times + 2), 1]
    assert [one.ended for one in emulator.requests][-1] == "broken_off"


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.emulator(clock="manual")
def test_clocks(emulator, number):
    emulator.on(user="hello").reply(f"late {number}", delay=f"{number + 1}s")
    said = []
    asking = threading.Thread(target=lambda: said.append(request(emulator, "hello")))
    asking.start()
    emulator.clock.until_waiting(60)
    assert (emulator.clock.now, emulator.clock.waiting) == (0.0, (number + 1.0,))
    emulator.clock.advance(f"{number + 1}s")
    asking.join(60)
    assert said == [f"late {number}"]


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.emulator(limits={"requests_per_minute": 2}, seed=3)
def test_limits_and_the_verdict(emulator, number):
    emulator.on(user="hello").reply(f"mine {number}")
    assert [request(emulator, "hello") for _ in range(3)] == [f"mine {number}"] * 2 + [429]
    emulator.assert_requested(user="hello", times=3)
    assert emulator.verdict.ok, emulator.verdict
'''


@pytest.mark.parametrize("order", range(RUNS))
def test_two_hundred_tests_share_a_server_and_nothing_else(
    scripted: Callable[..., Live], tmp_path: Path, order: int
) -> None:
    live = scripted("steps: [{when: {user: hello}, reply: {text: the server's own}}]")
    (tmp_path / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    (tmp_path / "test_many.py").write_text(TESTS, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n", encoding="utf-8")
    options = [
        "-q",
        "-n",
        "8",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:asyncio",
        "-p",
        "no:aiohttp",
        "-p",
        "no:hypothesispytest",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "--emulator-url", live.origin],
        cwd=tmp_path,
        env={**os.environ, "ORDER": str(order)},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert "200 passed" in done.stdout, done.stdout + done.stderr
    assert (0, 0) == (len(live.server.app.sessions), len(live.server.app.journal))
