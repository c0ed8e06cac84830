"""The law: a scenario that loads answers every request, whatever goes wrong on the way."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.live import Live, Thread
from tests.meanwhile import session, under_way, until
from tests.snippets import ROUTES, complaints, exchanged, loaded, scenarios


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("robust")


async def open_gate(live: Live) -> None:
    session(live).gate("open").set()


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(scenario=scenarios())
def test_a_scenario_that_loads_answers_every_request_in_bounded_time_and_without_a_fault_of_ours(
    scenario: Any, thread: Thread, folder: Path
) -> None:
    live = thread.start(loaded(scenario, folder))
    try:
        live.run(open_gate(live))
        with complaints() as heard:
            for route in ROUTES:
                data, end = exchanged(live, route)
                assert [] == heard, route
                assert (b"HTTP/1.1 ", False) == (data[:9] or b"HTTP/1.1 ", b"Traceback" in data), (route, end)
        until(live, lambda: under_way(live) == 0)
        assert set() == {entry.ended for entry in live.journal} - {"delivered", "broken_off"}
    finally:
        live.run(live.server.stop())
