"""Streams that break off: an error on the way at every provider, and what the emulator remembers of them.

What each client sees of each fault is in tests/faults.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from http.client import IncompleteRead
from typing import Any

import anthropic
import openai
import pytest
from google import genai
from google.genai import errors

from tests.live import Live

STEPS = """
steps:
  - reply:
      text: one two three
      stream:
        chunk: word
        at: [{chunk: 2, error: overloaded}]
"""
ASKED: Any = [{"role": "user", "content": "count"}]


@pytest.fixture
def live(scripted: Callable[..., Live]) -> Live:
    return scripted(STEPS)


def read(seen: list[str], pieces: Any, text: Callable[[Any], str | None]) -> None:
    seen.extend(text(piece) or "" for piece in pieces)


@pytest.mark.parametrize("path", ["v1/ai/cloudbase", "v1/ai/RkBOAlaWzKcubSji", "api/v1", "plain/v1"])
def test_openai_chat_raises_after_the_text(live: Live, path: str) -> None:
    client = openai.OpenAI(base_url=f"{live.origin}/{path}", api_key=live.key)
    seen: list[str] = []
    stream = client.chat.completions.create(model="m", messages=ASKED, stream=True)
    with pytest.raises(openai.APIError, match="overloaded"):
        read(seen, stream, lambda chunk: chunk.choices[0].delta.content)
    assert ("one two", 1) == ("".join(seen), len(live.journal))


def test_openai_responses_yields_the_error_after_the_text(live: Live) -> None:
    client = openai.OpenAI(base_url=f"{live.origin}/plain/v1", api_key=live.key)
    events = list(client.responses.create(model="m", input="count", stream=True))
    assert "one two" == "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert ("error", len(events) - 1) == (events[-1].type, events[-1].sequence_number)


@pytest.mark.parametrize("path", ["v1/ai/cloudbase", "RkBOAlaWzKcubSji", "plain"])
def test_anthropic_raises_after_the_text(live: Live, path: str) -> None:
    client = anthropic.Anthropic(base_url=f"{live.origin}/{path}", auth_token=live.key, api_key=None)
    seen: list[str] = []
    stream = client.messages.create(model="m", max_tokens=9, messages=ASKED, stream=True)
    with pytest.raises(anthropic.APIStatusError) as caught:
        read(seen, stream, lambda event: getattr(getattr(event, "delta", None), "text", ""))
    assert ("one two", "overloaded_error") == ("".join(seen), caught.value.body["error"]["type"])  # type: ignore[index]


@pytest.mark.parametrize("path", ["plain"])
def test_google_genai_raises_after_the_text(live: Live, path: str) -> None:
    options: Any = {"base_url": f"{live.origin}/{path}"}
    client = genai.Client(api_key=live.key, http_options=options)
    seen: list[str] = []
    with pytest.raises(errors.ServerError) as caught:
        read(seen, client.models.generate_content_stream(model="m", contents="count"), lambda chunk: chunk.text)
    assert ("one two", 503) == ("".join(seen), caught.value.code)


def test_an_answer_that_is_not_streamed_is_the_error(live: Live) -> None:
    assert (503, "AI_MODEL_REQUEST_FAILED") == (live.ask().status, live.ask().json["code"])


STREAMED = """
steps:
  - when: {user: error}
    reply: &reply {text: one two three four, stream: {chunk: word, at: [{chunk: 2, error: overloaded}]}}
  - {when: {user: truncate}, reply: {<<: *reply, stream: {chunk: word, at: [{chunk: 2, truncate: true}]}}}
  - {when: {user: reset}, reply: {<<: *reply, stream: {chunk: word, at: [{chunk: 2, reset: true}]}}}
  - {when: {user: close}, reply: {<<: *reply, stream: {chunk: word, at: [{chunk: 2, close: true}]}}}
  - {when: {user: drop}, reply: {<<: *reply, stream: {chunk: word, at: [{chunk: 2, drop: true}]}}}
  - {when: {user: duplicate}, reply: {<<: *reply, stream: {chunk: word, at: [{chunk: 2, duplicate: true}]}}}
  - {when: {user: nothing}, reply: {<<: *reply, fault: empty, stream: {chunk: word}}}
"""


@pytest.mark.parametrize(
    ("fault", "beats", "ended"),
    [
        ("error", 2, "broken_off"),
        ("truncate", 2, "broken_off"),
        ("reset", 2, "broken_off"),
        ("close", 2, "broken_off"),
        ("nothing", 0, "broken_off"),
        ("drop", 3, "delivered"),
        ("duplicate", 4, "delivered"),
    ],
)
def test_the_journal_knows_what_went_out(scripted: Callable[..., Live], fault: str, beats: int, ended: str) -> None:
    live = scripted(STREAMED)
    with suppress(ConnectionResetError, IncompleteRead):
        live.ask(fault, stream=True)
    [entry] = live.journal
    assert (beats, ended) == (sum(beat.beats for beat in entry.beats), entry.ended)


@pytest.mark.parametrize(
    ("fault", "status"), [("error", 404), ("truncate", 404), ("nothing", 404), ("drop", 200), ("duplicate", 200)]
)
def test_a_response_that_broke_off_cannot_be_referred_to(
    scripted: Callable[..., Live], fault: str, status: int
) -> None:
    live, calm = scripted(STREAMED), scripted(STREAMED)
    body = {"model": "m", "input": fault, "stream": True}
    live.send("POST", "/plain/v1/responses", body)
    # The same request of another session has the same id, which an empty answer does not show.
    events = calm.send("POST", "/plain/v1/responses", {**body, "input": "drop"}).body.decode()
    [identity, *_] = re.findall('"(resp_[0-9a-f]+)"', events)
    assert status == live.send("GET", f"/plain/v1/responses/{identity}").status
