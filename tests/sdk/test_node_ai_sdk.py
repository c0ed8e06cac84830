"""Vercel's AI SDK (`ai`) over a socket, with its providers for chat, Responses and Messages."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.live import ROOT, Live

pytestmark = pytest.mark.node

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
    steps:
      - name: by-schema
        when: {has: schema}
        reply: {text: '{"city": "Beijing", "celsius": 25}'}
      # What the Anthropic provider does for a model of which it does not know that it takes a schema.
      - name: by-tool
        when: {tools: json, tool_choice: required}
        reply: {tool_calls: [{name: json, arguments: {city: Beijing, celsius: 25}}]}
    """


def drive(case: str, live: Live, home: Path, model: str = "hy3-preview") -> Any:
    """What the SDK saw of a group of cases."""
    command = ["node", str(ROOT / "tests" / "node" / "ai-sdk.mjs"), case, live.origin, live.key, model]
    environment = {"PATH": os.environ["PATH"], "HOME": str(home)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert 0 == done.returncode, done.stderr
    return json.loads(done.stdout)


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
def test_the_ai_sdk_reads_answers_and_runs_its_tools(examples: Live, tmp_path: Path, service: str) -> None:
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
    } == drive(f"{service}.answers", examples, tmp_path)


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
def test_the_ai_sdk_gets_an_object(
    scripted: Callable[..., Live], tmp_path: Path, service: str, model: str, step: str
) -> None:
    live = scripted(OBJECT)
    seen = {"object": {"city": "Beijing", "celsius": 25}, "finish_reason": "stop", "statuses": [200]}
    assert {"whole": seen, "stream": seen | {"partial": True}} == drive(f"{service}.objects", live, tmp_path, model)
    assert [f"test/{step}"] * 2 == [entry.step for entry in live.server.app.journal.read()]


@pytest.mark.parametrize(
    ("name", "status", "retryable"),
    [("invalid_api_key", 401, False), ("rate_limited", 429, True), ("server_error", 500, True)],
)
@pytest.mark.parametrize("service", SERVICES)
def test_the_ai_sdk_knows_which_errors_to_retry(
    examples: Live, tmp_path: Path, service: str, name: str, status: int, retryable: bool
) -> None:
    seen = drive(f"{service}.error", examples, tmp_path, f"error/{name}")["once"]
    error = seen["error"]
    assert ("AI_APICallError", status, retryable) == (error["name"], error["status"], error["retryable"])
    assert [status] == seen["statuses"]


@pytest.mark.parametrize("service", SERVICES)
def test_the_ai_sdk_gets_through_when_it_retries(examples: Live, tmp_path: Path, service: str) -> None:
    seen = drive(f"{service}.retries", examples, tmp_path, "error/flaky")["whole"]
    assert answer("Third time lucky.", (2, 5)) | {"statuses": [429, 429, 200]} == seen
