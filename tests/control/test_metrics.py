"""What a monitoring system reads."""

import http.client
import subprocess
import sys
from collections.abc import Callable

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.control.common import control
from tests.live import Live

STEPS = """
steps:
  - name: busy
    when: {user: busy}
    replies: [{error: rate_limited}, {text: Free.}]
  - name: cut
    when: {user: cut}
    reply: {text: one two three, stream: {chunk: word, every: 50ms, at: [{chunk: 2, close: true}]}}
"""


@pytest.fixture
def live(scripted: Callable[..., Live]) -> Live:
    return scripted(STEPS)


def samples(live: Live) -> dict[str, float]:
    """Every sample, by its name and the values of its labels."""
    reply = control(live, "GET", "metrics")
    assert (200, "text/plain; version=0.0.4; charset=utf-8") == (reply.status, reply.headers["content-type"])
    families = text_string_to_metric_families(reply.body.decode())
    return {
        "|".join([one.name.removeprefix("maas_emulator_"), *one.labels.values()]): one.value
        for family in families
        for one in family.samples
    }


def test_requests_retries_and_endings_are_counted(live: Live) -> None:
    for user in ("busy", "busy", "nobody"):
        live.ask(user)
    assert b"one" in cut(live)
    live.send("GET", "/v1/ai/cloudbase/models")
    found = samples(live)
    assert {
        "requests_total|hit|chat|cloudbase|200": 2,
        "requests_total|hit|chat|cloudbase|429": 1,
        "requests_total|miss|chat|cloudbase|404": 1,
        "requests_total|page||cloudbase|200": 1,
        "retries_total|chat|cloudbase": 1,
        "answers_total|broken_off": 1,
        "answers_total|delivered": 4,
        "open_answers": 0,
        "sessions": 1,
        "scenarios": 1,
        "journal_exchanges": 5,
        "journal_listeners": 0,
    } == {name: value for name, value in found.items() if not name.startswith(("beat", "journal_bytes", "build"))}
    assert live.server.app.journal.bytes == found["journal_bytes"]


def cut(live: Live) -> bytes:
    try:
        return live.ask("cut", stream=True).body
    except http.client.IncompleteRead as error:
        return error.partial


def test_lateness_is_counted_by_beats(live: Live) -> None:
    cut(live)
    found = samples(live)
    assert (2, 2) == (found["beat_lateness_seconds_count"], found["beat_lateness_seconds_bucket|+Inf"])
    buckets = [value for name, value in found.items() if name.startswith("beat_lateness_seconds_bucket")]
    assert sorted(buckets) == buckets
    assert found["beat_lateness_seconds_sum"] < 2


def test_two_servers_of_one_process_count_apart(live: Live, scripted: Callable[..., Live]) -> None:
    live.ask("busy")
    other = samples(scripted(STEPS))
    assert [] == [name for name in other if name.startswith("requests_total")]


def test_nothing_of_it_is_loaded_before_somebody_asks() -> None:
    code = "import sys, emulator.server.app; sys.exit('prometheus_client' in sys.modules)"
    assert 0 == subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode
