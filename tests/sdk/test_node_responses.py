"""The released `openai` package of Node speaks Responses over a socket. The driver in tests/node runs one case."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from emulator import Session
from tests.driving import origin, printed

pytestmark = [pytest.mark.node, pytest.mark.scenario("errors.yaml", "hello.yaml", "weather-tool-loop.yaml")]

HELLO = "Hello! How can I help you today?"


@pytest.fixture
def alone(emulator_factory: Callable[..., Session]) -> Session:
    """A session that knows what the test tells it."""
    return emulator_factory()


def drive(case: str, emulator: Session, model: str = "m") -> Any:
    """What the client saw of one case."""
    return printed("responses", case, origin(emulator), emulator.key, model)


@pytest.mark.parametrize("case", ["whole", "stream"])
def test_it_reads_text_and_usage(emulator: Session, case: str) -> None:
    seen = drive(case, emulator)
    assert ("completed", HELLO) == (seen["status"], seen["text"])
    assert (2, 8, 10) == tuple(seen["usage"][name] for name in ("input_tokens", "output_tokens", "total_tokens"))
    assert [{"retry": 0, "status": 200}] == seen["attempts"]


def test_it_reads_the_request_id(emulator: Session) -> None:
    assert drive("whole", emulator)["request_id"]


def test_it_reads_events_that_are_numbered_without_a_gap(emulator: Session) -> None:
    events = drive("events", emulator)["events"]
    assert list(range(len(events))) == [number for number, _ in events]
    assert ("response.created", "response.completed") == (events[0][1], events[-1][1])


@pytest.mark.parametrize("case", ["reasoning", "reasoning_stream"])
def test_it_reads_reasoning(emulator: Session, case: str) -> None:
    seen = drive(case, emulator)
    assert ("9.9 is larger than 9.11.", "9.9 is 9.90, and 90 hundredths are more than 11.") == (
        seen["text"],
        seen["reasoning"],
    )


@pytest.mark.parametrize("case", ["tools", "tools_stream"])
def test_it_goes_through_the_tool_loop_with_the_new_items_alone(emulator: Session, case: str) -> None:
    asked, told = drive(case, emulator)["steps"]
    [call] = asked["calls"]
    assert ("get_current_weather", {"location": "Beijing"}) == (call["name"], json.loads(call["arguments"]))
    assert ("It is 25℃ and sunny in Beijing.", asked["id"]) == (told["text"], told["previous_response_id"])


@pytest.mark.parametrize("case", ["parallel_tools", "parallel_tools_stream"])
def test_it_tells_parallel_calls_apart(emulator: Session, case: str) -> None:
    asked, told = drive(case, emulator)["steps"]
    assert [{"location": "Beijing"}, {"location": "Shanghai"}] == [
        json.loads(call["arguments"]) for call in asked["calls"]
    ]
    assert ("Let me look at both.", "It is sunny in both cities.") == (asked["text"], told["text"])


@pytest.mark.parametrize("case", ["parsed", "parsed_stream"])
def test_it_reads_structured_output(alone: Session, case: str) -> None:
    alone.on(has="schema").reply('{"city": "Paris"}', stream={"chunk": "char"})
    seen = drive(case, alone)
    assert '{"city": "Paris"}' == seen["text"]
    if case == "parsed":  # the stream helper parses from version 7 on
        assert {"city": "Paris"} == seen["parsed"]


def test_it_shows_a_picture(alone: Session) -> None:
    alone.on(has="image").reply("A cat.")
    assert "A cat." == drive("picture", alone)["text"]


def test_it_finds_what_is_stored_until_it_is_deleted(emulator: Session) -> None:
    seen = drive("stored", emulator)
    assert (True, ["Hello"], "NotFoundError") == (
        seen["same"],
        [item["content"][0]["text"] for item in seen["items"]],
        seen["error"]["class"],
    )


def test_it_polls_what_is_made_in_the_background(emulator: Session) -> None:
    steps = drive("background", emulator)["steps"]
    assert [("queued", ""), ("completed", HELLO)] == [(step["status"], step["text"]) for step in steps]


def test_it_counts_tokens(emulator: Session) -> None:
    assert {"object": "response.input_tokens", "input_tokens": 2} == drive("tokens", emulator)


@pytest.mark.parametrize(
    ("name", "error", "status", "attempts"),
    [
        ("invalid_api_key", "AuthenticationError", 401, 1),
        ("model_not_found", "NotFoundError", 404, 1),
        ("rate_limited", "RateLimitError", 429, 3),
        ("server_error", "InternalServerError", 500, 3),
    ],
)
def test_it_throws_the_class_of_an_error_after_the_right_number_of_attempts(
    emulator: Session, name: str, error: str, status: int, attempts: int
) -> None:
    seen = drive("error", emulator, f"error/{name}")
    for way, count in (("no_retries", 1), ("default_retries", attempts)):
        assert (error, status) == (seen[way]["error"]["class"], seen[way]["error"]["status"])
        assert [status] * count == [attempt["status"] for attempt in seen[way]["attempts"]]
        assert seen[way]["error"]["request_id"]


def test_it_gets_through_when_it_retries(emulator: Session) -> None:
    seen = drive("retries", emulator, "error/flaky")
    assert ("Third time lucky.", [429, 429, 200]) == (seen["text"], [one["status"] for one in seen["attempts"]])
