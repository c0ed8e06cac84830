"""Released clients of Node over a socket: `openai`, `@cloudbase/node-sdk`, `@cloudbase/js-sdk`.

The drivers in tests/node run one case each and print what the client saw.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest

from emulator import Session
from tests.driving import origin, printed

pytestmark = [
    pytest.mark.node,
    pytest.mark.scenario("errors.yaml", "hello.yaml", "weather-tool-loop.yaml", "documentation.yaml"),
]

HELLO = "Hello! How can I help you today?"
TOLD = "It is 25℃ and sunny in Beijing."
SDKS = ["node-sdk", "js-sdk"]


@pytest.fixture
def alone(emulator_factory: Callable[..., Session]) -> Session:
    """A session that knows what the test tells it."""
    return emulator_factory()


def drive(client: str, case: str, emulator: Session, model: str = "hy3-preview") -> Any:
    """What a client saw of one case."""
    return printed(client, case, origin(emulator), emulator.key, model)


# ---------------------------------------------------------------- openai


@pytest.mark.parametrize("case", ["whole", "stream", "usage_stream"])
def test_openai_reads_text(emulator: Session, case: str) -> None:
    seen = drive("openai", case, emulator)
    assert (HELLO, "stop") == (seen["text"], seen["finish_reason"])
    usage = {"prompt_tokens": 2, "completion_tokens": 8, "total_tokens": 10}
    assert (None if case == "stream" else usage) == seen["usage"]
    assert [200] == [request.status for request in emulator.requests]
    assert [{"retry": 0, "status": 200}] == seen["attempts"]
    assert seen["request_id"]


@pytest.mark.parametrize("case", ["reasoning", "reasoning_stream"])
def test_openai_reads_reasoning(emulator: Session, case: str) -> None:
    seen = drive("openai", case, emulator)
    assert ("9.9 is larger than 9.11.", "9.9 is 9.90, and 90 hundredths are more than 11.") == (
        seen["text"],
        seen["reasoning"],
    )


@pytest.mark.parametrize("case", ["tools", "tools_stream"])
def test_openai_goes_through_the_tool_loop(emulator: Session, case: str) -> None:
    asked, told = drive("openai", case, emulator)["steps"]
    [call] = asked["tool_calls"]
    assert ("tool_calls", "get_current_weather") == (asked["finish_reason"], call["name"])
    assert {"location": "Beijing"} == json.loads(call["arguments"])
    assert ("stop", TOLD) == (told["finish_reason"], told["text"])


@pytest.mark.parametrize("case", ["run_tools", "run_tools_stream"])
def test_openais_own_tool_loop_runs_the_tool_once(emulator: Session, case: str) -> None:
    seen = drive("openai", case, emulator)
    assert TOLD == seen["text"]
    assert [{"name": "get_current_weather", "arguments": {"location": "Beijing"}}] == seen["tool_runs"]


@pytest.mark.parametrize("case", ["parallel_tools", "parallel_tools_stream"])
def test_openai_tells_parallel_calls_apart(emulator: Session, case: str) -> None:
    calls = drive("openai", case, emulator)["tool_calls"]
    assert [{"location": "Beijing"}, {"location": "Shanghai"}] == [json.loads(call["arguments"]) for call in calls]
    assert 2 == len({call["id"] for call in calls})


def test_openai_shows_a_picture(emulator: Session) -> None:
    assert drive("openai", "vision", emulator)["text"].startswith("This is an image of a hamburger.")


@pytest.mark.parametrize("case", ["structured", "structured_stream"])
def test_openai_reads_structured_output(alone: Session, case: str) -> None:
    alone.on(has="schema").reply('{"city": "Beijing"}')
    assert {"city": "Beijing"} == json.loads(drive("openai", case, alone)["text"])


@pytest.mark.parametrize(
    ("name", "error", "status", "attempts"),
    [
        ("invalid_api_key", "AuthenticationError", 401, 1),
        ("permission_denied", "PermissionDeniedError", 403, 1),
        ("model_not_found", "NotFoundError", 404, 1),
        ("quota_exhausted", "RateLimitError", 429, 3),
        ("server_error", "InternalServerError", 500, 3),
    ],
)
def test_openai_throws_the_class_of_an_error_after_the_right_number_of_attempts(
    emulator: Session, name: str, error: str, status: int, attempts: int
) -> None:
    seen = drive("openai", "error", emulator, f"error/{name}")
    for way, count in (("no_retries", 1), ("default_retries", attempts)):
        assert (error, status) == (seen[way]["error"]["class"], seen[way]["error"]["status"])
        assert [status] * count == [attempt["status"] for attempt in seen[way]["attempts"]]
        assert seen[way]["error"]["request_id"]


def test_openai_gets_through_when_it_retries(emulator: Session) -> None:
    seen = drive("openai", "retries", emulator, "error/flaky")
    assert "Third time lucky." == seen["text"]
    assert [429, 429, 200] == [attempt["status"] for attempt in seen["attempts"]]


# ---------------------------------------------------------------- the CloudBase SDKs


@pytest.mark.parametrize("sdk", SDKS)
@pytest.mark.parametrize("case", ["whole", "stream"])
def test_a_cloudbase_sdk_reads_text_and_usage(emulator: Session, sdk: str, case: str) -> None:
    seen = drive(sdk, case, emulator)
    assert (HELLO, "stop", None, None) == tuple(
        seen[name] for name in ("text", "finish_reason", "error", "stored_error")
    )
    assert {"prompt_tokens": 2, "completion_tokens": 8, "total_tokens": 10} == seen["usage"]


@pytest.mark.parametrize("sdk", SDKS)
@pytest.mark.parametrize("case", ["reasoning", "reasoning_stream"])
def test_a_cloudbase_sdk_reads_reasoning(emulator: Session, sdk: str, case: str) -> None:
    seen = drive(sdk, case, emulator)
    assert ("9.9 is larger than 9.11.", "9.9 is 9.90, and 90 hundredths are more than 11.") == (
        seen["text"],
        seen["reasoning"],
    )


@pytest.mark.parametrize("sdk", SDKS)
@pytest.mark.parametrize("case", ["tools", "tools_stream"])
def test_a_cloudbase_sdks_own_tool_loop_runs_the_tool_once(emulator: Session, sdk: str, case: str) -> None:
    seen = drive(sdk, case, emulator)
    assert (TOLD, None) == (seen["text"], seen["stored_error"])
    assert [{"name": "get_current_weather", "arguments": {"location": "Beijing"}}] == seen["tool_runs"]
    # Two rounds: an estimate, a token for every four bytes.
    assert {"prompt_tokens": 48, "completion_tokens": 20, "total_tokens": 68} == seen["usage"]
    assert 2 == len(emulator.requests)


@pytest.mark.parametrize("sdk", SDKS)
@pytest.mark.parametrize("case", ["parallel_tools", "parallel_tools_stream"])
def test_a_cloudbase_sdk_runs_the_first_of_several_calls(emulator: Session, sdk: str, case: str) -> None:
    """It runs no more than one by itself, so that is all that can be asked of the emulator."""
    seen = drive(sdk, case, emulator)
    assert ("It is sunny in both cities.", None) == (seen["text"], seen["stored_error"])
    assert [{"location": "Beijing"}] == [run["arguments"] for run in seen["tool_runs"]]


@pytest.mark.parametrize("name", ["rate_limited", "invalid_api_key", "server_error"])
def test_the_node_sdk_throws_what_the_gateway_says(emulator: Session, name: str) -> None:
    whole = drive("node-sdk", "error", emulator, f"error/{name}")["error"]
    streamed = drive("node-sdk", "error_stream", emulator, f"error/{name}")["error"]
    first, second = emulator.requests
    # Of a whole answer it keeps the status alone, of a stream the body.
    assert (str(first.status), f"Request failed with status code {first.status}") == (whole["code"], whole["message"])
    body = second.reply
    assert (body["code"], body["message"], body["requestId"]) == (
        streamed["code"],
        streamed["message"],
        streamed["request_id"],
    )
    assert whole["request_id"] == first.reply["requestId"]


@pytest.mark.parametrize("case", ["error", "error_stream"])
def test_the_js_sdk_throws_what_the_gateway_says(emulator: Session, case: str) -> None:
    message = drive("js-sdk", case, emulator, "error/rate_limited")["error"]["message"]
    assert "EXCEED_RATELIMIT" in message
    assert "Requests exceeded rate limit." in message


@pytest.mark.parametrize("sdk", SDKS)
def test_a_cloudbase_sdk_is_answered_on_every_path_it_builds(emulator: Session, sdk: str) -> None:
    answers = drive(sdk, "providers", emulator)
    expected = {"whole": {"text": HELLO, "error": None}, "stream": {"text": HELLO, "error": None}}
    assert 13 == len(answers)
    assert dict.fromkeys(answers, expected) == answers
