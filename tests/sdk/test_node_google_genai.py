"""The released `@google/genai` of Node over a socket. The driver in tests/node runs one case and prints what it saw."""

import json
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from tests.live import ROOT, Live

pytestmark = pytest.mark.node

HELLO = "Hello! How can I help you today?"
TOLD = "It is 25℃ and sunny in Beijing."
MODEL = "gemini-2.5-flash"
WAYS = ["", "_stream"]


def drive(case: str, live: Live, model: str = MODEL) -> Any:
    """What the client saw of one case."""
    command = ["node", str(ROOT / "tests" / "node" / "google-genai.mjs"), case, live.origin, live.key, model]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert 0 == done.returncode, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("case", "version"), [("whole", "v1beta"), ("v1", "v1")])
def test_it_reads_text_on_every_version_of_the_path(examples: Live, case: str, version: str, way: str) -> None:
    seen = drive(case + way, examples)
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
def test_it_reads_thoughts_and_their_signature(examples: Live, way: str) -> None:
    seen = drive(f"reasoning{way}", examples)
    assert ("9.9 is larger than 9.11.", "9.9 is 9.90, and 90 hundredths are more than 11.", 12, 1) == (
        seen["text"],
        seen["reasoning"],
        seen["usage"]["thoughtsTokenCount"],
        len(seen["signatures"]),
    )


@pytest.mark.parametrize("way", WAYS)
def test_it_goes_through_the_tool_loop(examples: Live, way: str) -> None:
    asked, told = drive(f"tools{way}", examples)["steps"]
    [call] = asked["tool_calls"]
    assert ("get_current_weather", {"location": "Beijing"}, ["STOP"], 1) == (
        call["name"],
        call["args"],
        asked["finish_reasons"],
        len(asked["signatures"]),
    )
    assert (TOLD, ["STOP"]) == (told["text"], told["finish_reasons"])


@pytest.mark.parametrize("way", WAYS)
def test_its_own_tool_loop_runs_the_tool_once(examples: Live, way: str) -> None:
    seen = drive(f"run_tools{way}", examples)
    assert TOLD in seen["text"]
    assert [{"name": "get_current_weather", "arguments": {"location": "Beijing"}}] == seen["tool_runs"]
    assert [200, 200] == [attempt["status"] for attempt in seen["attempts"]]


@pytest.mark.parametrize("way", WAYS)
def test_it_tells_parallel_calls_apart(examples: Live, way: str) -> None:
    seen = drive(f"parallel_tools{way}", examples)
    assert "Let me look at both." == seen["text"]
    assert [{"location": "Beijing"}, {"location": "Shanghai"}] == [call["args"] for call in seen["tool_calls"]]
    assert 2 == len({call["id"] for call in seen["tool_calls"]})


def test_a_chat_keeps_what_was_streamed(examples: Live) -> None:
    seen = drive("chat", examples)
    assert (HELLO, "9.9 is larger than 9.11.") == (seen["first"]["text"], seen["second"]["text"])
    # A turn that it finds incomplete it would leave out.
    assert ["user", *["model"] * seen["first"]["count"], "user", "model"] == seen["roles"]


SEEN = """
steps:
  - {when: {has: [schema]}, reply: {text: '{"name": "Li Bai"}', stream: {chunk: {chars: 4}}}}
  - {when: {has: [image]}, reply: {text: A picture.}}
"""


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("case", "text"), [("structured", '{"name": "Li Bai"}'), ("vision", "A picture.")])
def test_schemas_and_images_arrive(scripted: Callable[..., Live], case: str, text: str, way: str) -> None:
    assert text == drive(case + way, scripted(SEEN))["text"]


@pytest.mark.parametrize("way", WAYS)
def test_it_reads_several_candidates(examples: Live, way: str) -> None:
    seen = drive(f"candidates{way}", examples)
    assert (HELLO, 2) == (seen["text"], seen["candidates"])


def test_it_counts_tokens(examples: Live) -> None:
    seen = drive("count_tokens", examples)
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
def test_it_throws_what_the_service_says(examples: Live, name: str, status: int, code: str, way: str) -> None:
    seen = drive(f"error{way}", examples, f"error/{name}")
    assert ("ApiError", status) == (seen["error"]["class"], seen["error"]["status"])
    error = json.loads(seen["error"]["message"])["error"]
    assert (status, code) == (error["code"], error["status"])
    assert [status] == [attempt["status"] for attempt in seen["attempts"]]


@pytest.mark.parametrize("way", WAYS)
def test_it_gets_through_when_it_retries(examples: Live, way: str) -> None:
    seen = drive(f"retries{way}", examples, "error/flaky")
    assert "Third time lucky." == seen["text"]
    assert [429, 429, 200] == [attempt["status"] for attempt in seen["attempts"]]


@pytest.mark.parametrize("way", WAYS)
def test_a_miss_is_one_request_and_explains_itself(scripted: Callable[..., Live], way: str) -> None:
    seen = drive(f"retries{way}", scripted("steps: [{when: {user: nobody}, reply: {text: never}}]"))
    assert 404 == seen["error"]["status"]
    assert "no scenario step matched" in seen["error"]["message"]
    assert [404] == [attempt["status"] for attempt in seen["attempts"]]
