"""Vercel's AI SDK (`ai`) over a socket, with its providers for chat, Responses and Messages."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from emulator import Session
from tests.driving import origin, printed

pytestmark = [pytest.mark.node, pytest.mark.scenario("errors.yaml", "hello.yaml", "weather-tool-loop.yaml")]

SERVICES = [
    "cloudbase_chat",
    "cloudbase_messages",
    "plain_compatible",
    "plain_chat",
    "plain_responses",
    "plain_messages",
]

THOUGHT = "9.9 is 9.90, and 90 hundredths are more than 11."
BEIJING, SHANGHAI = {"location": "Beijing"}, {"location": "Shanghai"}

OBJECT = """
    version: 1
    name: test
    steps:
      - name: by-schema
        when: {has: schema}
        reply: {text: '{"city": "Beijing", "celsius": 25}'}
      # What the Anthropic provider does for a model of which it does not know that it takes a schema.
      - name: by-tool
        when: {tools: json, tool_choice: required}
        reply: {tool_calls: [{name: json, arguments: {city: Beijing, celsius: 25}}]}
    """


@pytest.fixture
def alone(emulator_factory: Callable[..., Session]) -> Session:
    """A session that knows what the test tells it."""
    return emulator_factory()


def drive(case: str, emulator: Session, home: Path, model: str = "hy3-preview") -> Any:
    """What the SDK saw of a group of cases."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(home)}
    return printed("ai-sdk", case, origin(emulator), emulator.key, model, environment=environment)


def answer(text: str, usage: tuple[int, int], *locations: dict[str, str], thought: str | None = None) -> Any:
    seen: dict[str, Any] = {
        "text": text,
        "reasoning": thought,
        "finish_reason": "stop",
        "usage": {"input": usage[0], "output": usage[1]},
        "tool_calls": [{"name": "get_current_weather", "input": location} for location in locations],
        "statuses": [200, 200] if locations else [200],
    }
    return seen | {"tool_runs": list(locations)} if locations else seen


@pytest.mark.parametrize("service", SERVICES)
def test_the_ai_sdk_reads_answers_and_runs_its_tools(emulator: Session, tmp_path: Path, service: str) -> None:
    hello = answer("Hello! How can I help you today?", (2, 8))
    # The provider for OpenAI's own chat does not read `reasoning_content`.
    thought = None if service == "plain_chat" else THOUGHT
    larger = answer("9.9 is larger than 9.11.", (8, 18), thought=thought)
    # Two rounds: an estimate, a token for every four bytes.
    told = answer("It is 25℃ and sunny in Beijing.", (48, 20), BEIJING)
    both = answer("It is sunny in both cities.", (71, 34), BEIJING, SHANGHAI)
    assert {
        "whole": hello,
        "stream": hello | {"pieces": 9},
        "reasoning": larger,
        "reasoning_stream": larger | {"pieces": 10},
        "tools": told,
        "tools_stream": told | {"pieces": 9},
        "parallel_tools": both,
        "parallel_tools_stream": both | {"pieces": 13},
    } == drive(f"{service}.answers", emulator, tmp_path)


@pytest.mark.parametrize(
    ("service", "model", "step"),
    [
        ("cloudbase_chat", "hy3-preview", "by-schema"),
        ("cloudbase_messages", "hy3-preview", "by-tool"),
        ("cloudbase_messages", "claude-sonnet-4-5", "by-schema"),
        ("plain_compatible", "hy3-preview", "by-schema"),
        ("plain_chat", "hy3-preview", "by-schema"),
        ("plain_responses", "hy3-preview", "by-schema"),
        ("plain_messages", "hy3-preview", "by-tool"),
        ("plain_messages", "claude-sonnet-4-5", "by-schema"),
    ],
)
def test_the_ai_sdk_gets_an_object(alone: Session, tmp_path: Path, service: str, model: str, step: str) -> None:
    alone.load(OBJECT)
    seen = {"object": {"city": "Beijing", "celsius": 25}, "finish_reason": "stop", "statuses": [200]}
    assert {"whole": seen, "stream": seen | {"partial": True}} == drive(f"{service}.objects", alone, tmp_path, model)
    assert [f"test/{step}"] * 2 == [entry.step for entry in alone.requests]


@pytest.mark.parametrize(
    ("name", "status", "retryable"),
    [("invalid_api_key", 401, False), ("rate_limited", 429, True), ("server_error", 500, True)],
)
@pytest.mark.parametrize("service", SERVICES)
def test_the_ai_sdk_knows_which_errors_to_retry(
    emulator: Session, tmp_path: Path, service: str, name: str, status: int, retryable: bool
) -> None:
    seen = drive(f"{service}.error", emulator, tmp_path, f"error/{name}")["once"]
    error = seen["error"]
    assert ("AI_APICallError", status, retryable) == (error["name"], error["status"], error["retryable"])
    assert [status] == seen["statuses"]


@pytest.mark.parametrize("service", SERVICES)
def test_the_ai_sdk_gets_through_when_it_retries(emulator: Session, tmp_path: Path, service: str) -> None:
    seen = drive(f"{service}.retries", emulator, tmp_path, "error/flaky")["whole"]
    assert answer("Third time lucky.", (2, 5)) | {"statuses": [429, 429, 200]} == seen
