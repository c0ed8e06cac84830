"""The released `@google/genai` of Node over a socket. The driver in tests/node runs one case and prints what it saw."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from emulator import Session
from tests.driving import origin, printed

pytestmark = [pytest.mark.node, pytest.mark.scenario("errors.yaml", "hello.yaml", "weather-tool-loop.yaml")]

HELLO = "Hello! How can I help you today?"
TOLD = "It is 25℃ and sunny in Beijing."
MODEL = "gemini-2.5-flash"
WAYS = ["", "_stream"]


@pytest.fixture
def alone(emulator_factory: Callable[..., Session]) -> Session:
    """A session that knows what the test tells it."""
    return emulator_factory()


def drive(case: str, emulator: Session, model: str = MODEL) -> Any:
    """What the client saw of one case."""
    return printed("google-genai", case, origin(emulator), emulator.key, model)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("case", "version"), [("whole", "v1beta"), ("v1", "v1")])
def test_it_reads_text_on_every_version_of_the_path(emulator: Session, case: str, version: str, way: str) -> None:
    seen = drive(case + way, emulator)
    assert (HELLO, ["STOP"], 1) == (seen["text"], seen["finish_reasons"], len(seen["ids"]))
    details = [{"modality": "TEXT", "tokenCount": 2}]
    assert {
        "promptTokenCount": 2,
        "candidatesTokenCount": 8,
        "totalTokenCount": 10,
        "promptTokensDetails": details,
    } == seen["usage"]
    verb = "streamGenerateContent" if way else "generateContent"
    assert [{"path": f"/plain/{version}/models/{MODEL}:{verb}", "status": 200}] == seen["attempts"]
    assert (seen["count"] > 1) == bool(way)


@pytest.mark.parametrize("way", WAYS)
def test_it_reads_thoughts_and_their_signature(emulator: Session, way: str) -> None:
    seen = drive(f"reasoning{way}", emulator)
    assert ("9.9 is larger than 9.11.", "9.9 is 9.90, and 90 hundredths are more than 11.", 12, 1) == (
        seen["text"],
        seen["reasoning"],
        seen["usage"]["thoughtsTokenCount"],
        len(seen["signatures"]),
    )


@pytest.mark.parametrize("way", WAYS)
def test_it_goes_through_the_tool_loop(emulator: Session, way: str) -> None:
    asked, told = drive(f"tools{way}", emulator)["steps"]
    [call] = asked["tool_calls"]
    assert ("get_current_weather", {"location": "Beijing"}, ["STOP"], 1) == (
        call["name"],
        call["args"],
        asked["finish_reasons"],
        len(asked["signatures"]),
    )
    assert (TOLD, ["STOP"]) == (told["text"], told["finish_reasons"])


@pytest.mark.parametrize("way", WAYS)
def test_its_own_tool_loop_runs_the_tool_once(emulator: Session, way: str) -> None:
    seen = drive(f"run_tools{way}", emulator)
    assert TOLD in seen["text"]
    assert [{"name": "get_current_weather", "arguments": {"location": "Beijing"}}] == seen["tool_runs"]
    assert [200, 200] == [attempt["status"] for attempt in seen["attempts"]]


@pytest.mark.parametrize("way", WAYS)
def test_it_tells_parallel_calls_apart(emulator: Session, way: str) -> None:
    seen = drive(f"parallel_tools{way}", emulator)
    assert "Let me look at both." == seen["text"]
    assert [{"location": "Beijing"}, {"location": "Shanghai"}] == [call["args"] for call in seen["tool_calls"]]
    assert 2 == len({call["id"] for call in seen["tool_calls"]})


def test_a_chat_keeps_what_was_streamed(emulator: Session) -> None:
    seen = drive("chat", emulator)
    assert (HELLO, "9.9 is larger than 9.11.") == (seen["first"]["text"], seen["second"]["text"])
    # A turn that it finds incomplete it would leave out.
    assert ["user", *["model"] * seen["first"]["count"], "user", "model"] == seen["roles"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("case", "text"), [("structured", '{"name": "Li Bai"}'), ("vision", "A picture.")])
def test_schemas_and_images_arrive(alone: Session, case: str, text: str, way: str) -> None:
    alone.on(has="schema").reply('{"name": "Li Bai"}', stream={"chunk": {"chars": 4}})
    alone.on(has="image").reply("A picture.")
    assert text == drive(case + way, alone)["text"]


@pytest.mark.parametrize("way", WAYS)
def test_it_reads_several_candidates(emulator: Session, way: str) -> None:
    seen = drive(f"candidates{way}", emulator)
    assert (HELLO, 2) == (seen["text"], seen["candidates"])


def test_it_counts_tokens(emulator: Session) -> None:
    seen = drive("count_tokens", emulator)
    assert 2 == seen["totalTokens"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("invalid_api_key", 400, "INVALID_ARGUMENT"),
        ("rate_limited", 429, "RESOURCE_EXHAUSTED"),
        ("overloaded", 503, "UNAVAILABLE"),
    ],
)
def test_it_throws_what_the_service_says(emulator: Session, name: str, status: int, code: str, way: str) -> None:
    seen = drive(f"error{way}", emulator, f"error/{name}")
    assert ("ApiError", status) == (seen["error"]["class"], seen["error"]["status"])
    error = json.loads(seen["error"]["message"])["error"]
    assert (status, code) == (error["code"], error["status"])
    assert [status] == [attempt["status"] for attempt in seen["attempts"]]


@pytest.mark.parametrize("way", WAYS)
def test_it_gets_through_when_it_retries(emulator: Session, way: str) -> None:
    seen = drive(f"retries{way}", emulator, "error/flaky")
    assert "Third time lucky." == seen["text"]
    assert [429, 429, 200] == [attempt["status"] for attempt in seen["attempts"]]


@pytest.mark.emulator(strict=False)
@pytest.mark.parametrize("way", WAYS)
def test_a_miss_is_one_request_and_explains_itself(alone: Session, way: str) -> None:
    alone.on(user="nobody").reply("never")
    seen = drive(f"retries{way}", alone)
    assert 404 == seen["error"]["status"]
    assert "no scenario step matched" in seen["error"]["message"]
    assert [404] == [attempt["status"] for attempt in seen["attempts"]]
