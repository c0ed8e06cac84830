"""The released `@anthropic-ai/sdk` over a socket: the API at its home, and CloudBase.

The driver tests/node/anthropic.mjs runs one case and prints what the client saw.
"""

from collections.abc import Callable
from typing import Any

import pytest

from emulator import Session
from tests.driving import printed

pytestmark = [pytest.mark.node, pytest.mark.scenario("errors.yaml", "hello.yaml", "weather-tool-loop.yaml")]

HELLO = "Hello! How can I help you today?"
TOLD = "It is 25℃ and sunny in Beijing."
SERVICES = ["plain", "cloudbase"]


@pytest.fixture(params=SERVICES)
def service(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def alone(emulator_factory: Callable[..., Session]) -> Session:
    """A session that knows what the test tells it."""
    return emulator_factory()


def drive(case: str, emulator: Session, service: str, model: str = "hy3-preview") -> Any:
    """What the client saw of one case."""
    base_url = emulator.provider(service).anthropic["base_url"]
    return printed("anthropic", case, base_url, emulator.key, model)


@pytest.mark.parametrize("case", ["whole", "stream"])
def test_it_reads_text_and_usage(emulator: Session, service: str, case: str) -> None:
    seen = drive(case, emulator, service)
    assert (HELLO, "end_turn", 2, 8) == (
        seen["text"],
        seen["stop_reason"],
        seen["usage"]["input_tokens"],
        seen["usage"]["output_tokens"],
    )
    assert [{"retry": 0, "status": 200}] == seen["attempts"]


@pytest.mark.parametrize("case", ["events", "beta_events"])
def test_it_reads_every_event_of_a_stream_but_the_ping(emulator: Session, service: str, case: str) -> None:
    seen = drive(case, emulator, service)
    kinds = [event["type"] for event in seen["events"] if event["type"] != "content_block_delta"]
    assert [
        "message_start",
        "content_block_start",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ] == kinds
    deltas = [event["delta"] for event in seen["events"] if event["type"] == "content_block_delta"]
    assert HELLO == "".join(delta["text"] for delta in deltas)


def test_the_request_id_is_where_the_client_reads_it(emulator: Session) -> None:
    assert drive("whole", emulator, "plain")["request_id"]
    assert drive("events", emulator, "plain")["request_id"]


@pytest.mark.parametrize("case", ["reasoning", "reasoning_stream"])
def test_it_reads_thinking_and_its_signature(emulator: Session, service: str, case: str) -> None:
    seen = drive(case, emulator, service)
    assert ("9.9 is larger than 9.11.", "9.9 is 9.90, and 90 hundredths are more than 11.") == (
        seen["text"],
        seen["reasoning"],
    )
    assert seen["signature"]


@pytest.mark.parametrize("case", ["tools", "tools_stream"])
def test_it_goes_through_the_tool_loop(emulator: Session, service: str, case: str) -> None:
    asked, told = drive(case, emulator, service)["steps"]
    [call] = asked["tool_calls"]
    assert ("tool_use", "get_current_weather", {"location": "Beijing"}) == (
        asked["stop_reason"],
        call["name"],
        call["input"],
    )
    assert ("end_turn", TOLD) == (told["stop_reason"], told["text"])


@pytest.mark.parametrize("case", ["parallel_tools", "parallel_tools_stream"])
def test_it_tells_parallel_calls_apart(emulator: Session, service: str, case: str) -> None:
    calls = drive(case, emulator, service)["tool_calls"]
    assert [{"location": "Beijing"}, {"location": "Shanghai"}] == [call["input"] for call in calls]
    assert 2 == len({call["id"] for call in calls})


@pytest.mark.parametrize("case", ["tool_runner", "tool_runner_stream"])
def test_its_own_tool_loop_falls_back_to_the_whole_history(emulator: Session, service: str, case: str) -> None:
    seen = drive(case, emulator, service)
    assert (TOLD, [{"location": "Beijing"}]) == (seen["text"], seen["tool_runs"])
    # Its first request is a message thread.
    assert [400, 200, 200] == [attempt["status"] for attempt in seen["attempts"]]


def test_structured_output_is_parsed(alone: Session, service: str) -> None:
    alone.on(has="schema").reply('{"name": "Beijing", "people": 21858000}')
    beijing = {"name": "Beijing", "people": 21_858_000}
    assert {"whole": beijing, "streamed": beijing} == drive("structured", alone, service)


def test_a_picture_is_seen(alone: Session, service: str) -> None:
    alone.on(has="image", user="Hello").reply("A cat.")
    assert "A cat." == drive("vision", alone, service)["text"]


def test_tokens_are_counted(emulator: Session, service: str) -> None:
    count = {"input_tokens": 2}
    assert {"plain": count, "beta": count} == drive("count_tokens", emulator, service)


@pytest.mark.parametrize(
    ("name", "error", "status", "kind", "attempts"),
    [
        ("invalid_api_key", "AuthenticationError", 401, "authentication_error", 1),
        ("permission_denied", "PermissionDeniedError", 403, "permission_error", 1),
        ("model_not_found", "NotFoundError", 404, "not_found_error", 1),
        ("quota_exhausted", "RateLimitError", 429, "rate_limit_error", 3),
        ("server_error", "InternalServerError", 500, "api_error", 3),
        ("overloaded", "OverloadedError", 529, "overloaded_error", 3),
    ],
)
def test_it_throws_the_class_of_an_error_after_the_right_number_of_attempts(
    emulator: Session, name: str, error: str, status: int, kind: str, attempts: int
) -> None:
    seen = drive("error", emulator, "plain", f"error/{name}")
    for way, count in (("no_retries", 1), ("default_retries", attempts)):
        thrown = seen[way]["error"]
        assert (error, status, kind) == (thrown["class"], thrown["status"], thrown["type"])
        assert [status] * count == [attempt["status"] for attempt in seen[way]["attempts"]]
        assert thrown["request_id"]
        assert thrown["request_id"] == thrown["body"]["request_id"]


@pytest.mark.parametrize(("name", "error", "status"), [("invalid_api_key", "AuthenticationError", 401)])
def test_an_error_of_the_gateway_throws_the_class_of_its_status(
    emulator: Session, name: str, error: str, status: int
) -> None:
    thrown = drive("error", emulator, "cloudbase", f"error/{name}")["no_retries"]["error"]
    assert (error, status) == (thrown["class"], thrown["status"])


def test_it_gets_through_when_it_retries(emulator: Session, service: str) -> None:
    seen = drive("retries", emulator, service, "error/flaky")
    assert "Third time lucky." == seen["text"]
    assert [429, 429, 200] == [attempt["status"] for attempt in seen["attempts"]]


@pytest.mark.emulator(strict=False)
def test_a_miss_is_one_request_and_says_why(emulator: Session, service: str) -> None:
    seen = drive("miss", emulator, service)
    assert ("NotFoundError", [404]) == (seen["error"]["class"], [attempt["status"] for attempt in seen["attempts"]])
    assert "no scenario step matched" in seen["error"]["message"]
