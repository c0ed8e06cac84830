"""The released `openai` package reads several answers, log probabilities, free tool calls, citations, images, sound."""

import base64
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import openai
import pytest
from openai import OpenAI

from emulator import Session

SCENARIO = """
    version: 1
    steps:
      - when: {user: two}
        reply:
          choices:
            - {text: First of all.}
            - {text: Second.}
      - when: {user: likely}
        reply:
          text: Hello
          logprobs:
            - {token: Hel, logprob: -0.5, top: [[Hel, -0.5], [Hal, -1.5]]}
            - {token: lo, logprob: -0.25}
      - when: {user: patch}
        reply:
          tool_calls:
            - {name: patch, input: "*** Begin Patch", id: call_1}
      - when: {user: rain}
        reply:
          content:
            - web_search:
                query: rain in Beijing
                results:
                  - {url: "https://a.test", title: A, text: wet}
                  - {url: "https://b.test", title: B, text: dry}
            - text: It pours.
      - when: {user: draw}
        reply: {images: [generated]}
      - when: {user: speak}
        reply: {audio: generated}
      - when: {user: secret}
        reply: {blocked: SAFETY}
      - reply: {text: "Hello, big world."}
"""

SERVICES: dict[str, Callable[[Session], dict[str, Any]]] = {
    "plain": lambda emulator: emulator.plain.openai,
    "cloudbase": lambda emulator: emulator.cloudbase.openai,
    "cloudsway": lambda emulator: emulator.cloudsway("RkBOAlaWzKcubSji").openai,
}
"""Chat Completions at its home, and at two providers that send less."""

Connect = Callable[..., OpenAI]


@pytest.fixture
def connect(emulator: Session) -> Iterator[Connect]:
    """Connects a client to a service, which answers by the scenario above."""
    emulator.load(SCENARIO)
    with ExitStack() as stack:

        def client(service: str, *, strict: bool = False) -> OpenAI:
            options: Any = {"max_retries": 0, "_strict_response_validation": strict}
            return stack.enter_context(OpenAI(**SERVICES[service](emulator), **options))

        yield client


@pytest.fixture
def client(connect: Connect) -> OpenAI:
    """Strict validation makes it refuse what its own types do not allow."""
    return connect("plain", strict=True)


def said(text: str) -> Any:
    return [{"role": "user", "content": text}]


# ---------------------------------------------------------------- several answers


@pytest.mark.parametrize("service", SERVICES)
def test_two_answers_differ_whole_and_streamed(connect: Connect, service: str) -> None:
    client = connect(service, strict=service == "plain")
    done = client.chat.completions.create(model="m", messages=said("two"), n=2)
    assert ["First of all.", "Second."] == [choice.message.content for choice in done.choices]
    assert done.usage is not None
    assert 4 + 2 == done.usage.completion_tokens
    with client.chat.completions.stream(model="m", messages=said("two"), n=2) as stream:
        for _ in stream:
            pass
        streamed = stream.get_final_completion()
    assert ["First of all.", "Second."] == [choice.message.content for choice in streamed.choices]


# ---------------------------------------------------------------- log probabilities


@pytest.mark.parametrize("service", SERVICES)
def test_log_probabilities_of_chat_are_parsed_and_joined(connect: Connect, service: str) -> None:
    client = connect(service, strict=service == "plain")
    asked: Any = {"model": "m", "messages": said("likely"), "logprobs": True, "top_logprobs": 2}
    [choice] = client.chat.completions.create(**asked).choices
    assert choice.logprobs is not None
    assert choice.logprobs.content is not None
    first, second = choice.logprobs.content
    assert ("Hel", -0.5, list(b"Hel")) == (first.token, first.logprob, first.bytes)
    assert [("Hel", -0.5), ("Hal", -1.5)] == [(top.token, top.logprob) for top in first.top_logprobs]
    assert ("lo", -0.25, []) == (second.token, second.logprob, second.top_logprobs)
    with client.chat.completions.stream(**asked) as stream:
        events = [event.type for event in stream]
        streamed = stream.get_final_completion()
    assert "logprobs.content.delta" in events
    assert "logprobs.content.done" in events
    assert streamed.choices[0].logprobs is not None
    assert choice.logprobs.content == streamed.choices[0].logprobs.content


def test_log_probabilities_that_nobody_wrote_are_made_for_the_text(client: OpenAI) -> None:
    asked: Any = {"model": "m", "messages": said("hi"), "logprobs": True, "top_logprobs": 3}
    [choice] = client.chat.completions.create(**asked).choices
    assert choice.logprobs is not None
    tokens = choice.logprobs.content or []
    assert ["Hello", ",", " big", " world", "."] == [one.token for one in tokens]
    assert all(3 == len(one.top_logprobs) and one.logprob < 0 for one in tokens)
    for chunk in client.chat.completions.create(**asked, stream=True):
        [part] = chunk.choices
        if part.delta.content:
            assert part.logprobs is not None
            assert part.delta.content == "".join(one.token for one in part.logprobs.content or [])


def test_log_probabilities_of_responses_are_parsed_whole_and_streamed(client: OpenAI) -> None:
    asked: Any = {"model": "m", "input": "likely", "include": ["message.output_text.logprobs"], "top_logprobs": 1}
    [item] = client.responses.create(**asked).output
    assert "message" == item.type
    [part] = item.content
    assert "output_text" == part.type
    assert [("Hel", -0.5, 1), ("lo", -0.25, 0)] == [
        (one.token, one.logprob, len(one.top_logprobs)) for one in part.logprobs or []
    ]
    with client.responses.stream(**asked) as stream:
        told = [one.token for event in stream if event.type == "response.output_text.delta" for one in event.logprobs]
        final = stream.get_final_response()
    assert ["Hel", "lo"] == told
    assert "Hello" == final.output_text


# ---------------------------------------------------------------- free tool calls

PATCH: Any = {"type": "custom", "custom": {"name": "patch", "description": "Patches a file."}}


def test_a_free_tool_call_of_chat_is_parsed_and_its_answer_is_taken(client: OpenAI) -> None:
    done = client.chat.completions.create(model="m", messages=said("patch"), tools=[PATCH])
    [choice] = done.choices
    [call] = choice.message.tool_calls or []
    assert call.type == "custom"
    assert ("tool_calls", "call_1", "patch", "*** Begin Patch") == (
        choice.finish_reason,
        call.id,
        call.custom.name,
        call.custom.input,
    )
    result = {"role": "tool", "tool_call_id": call.id, "content": "done"}
    messages: Any = [*said("hi"), choice.message.to_dict(), result]
    after = client.chat.completions.create(model="m", messages=messages)
    assert "Hello, big world." == after.choices[0].message.content


def test_a_free_tool_call_of_chat_is_joined_from_a_stream(connect: Connect) -> None:
    # The types of its chunks know no custom calls: a strict client refuses them (openai 3.51).
    client = connect("plain")
    calls: list[Any] = [
        call
        for chunk in client.chat.completions.create(model="m", messages=said("patch"), tools=[PATCH], stream=True)
        for call in chunk.choices[0].delta.tool_calls or []
    ]
    assert ("custom", "call_1") == (calls[0].type, calls[0].id)
    assert "*** Begin Patch" == "".join(call.custom["input"] for call in calls)


def test_a_free_tool_call_of_responses_is_parsed_whole_and_streamed(client: OpenAI) -> None:
    tool: Any = {"type": "custom", "name": "patch"}
    [item] = client.responses.create(model="m", input="patch", tools=[tool]).output
    assert item.type == "custom_tool_call"
    assert ("call_1", "patch", "*** Begin Patch") == (item.call_id, item.name, item.input)
    with client.responses.stream(model="m", input="patch", tools=[tool]) as stream:
        pieces = [event.delta for event in stream if event.type == "response.custom_tool_call_input.delta"]
        [streamed] = stream.get_final_response().output
    assert "*** Begin Patch" == "".join(pieces)
    assert item.to_dict()["input"] == streamed.to_dict()["input"]


# ---------------------------------------------------------------- searches


def test_citations_of_chat_are_parsed_whole_and_streamed(client: OpenAI) -> None:
    message = client.chat.completions.create(model="m", messages=said("rain")).choices[0].message
    cited = [one.url_citation for one in message.annotations or []]
    assert [("https://a.test", "A"), ("https://b.test", "B")] == [(one.url, one.title) for one in cited]
    assert {"It pours."} == {(message.content or "")[one.start_index : one.end_index] for one in cited}
    *_, last, finish = client.chat.completions.create(model="m", messages=said("rain"), stream=True)
    assert [one.to_dict() for one in message.annotations or []] == last.choices[0].delta.to_dict()["annotations"]
    assert "stop" == finish.choices[0].finish_reason


def test_a_search_of_responses_is_parsed_whole_and_streamed(client: OpenAI) -> None:
    asked: Any = {"model": "m", "input": "rain", "include": ["web_search_call.action.sources"]}
    search, message = client.responses.create(**asked).output
    assert search.type == "web_search_call"
    assert search.action.type == "search"
    assert "rain in Beijing" == search.action.query
    assert ["https://a.test", "https://b.test"] == [one.url for one in search.action.sources or []]
    assert message.type == "message"
    assert message.content[0].type == "output_text"
    assert ["A", "B"] == [one.title for one in message.content[0].annotations if one.type == "url_citation"]


def test_the_events_of_a_search_come_in_order(client: OpenAI) -> None:
    with client.responses.stream(model="m", input="rain") as stream:
        names = [event.type for event in stream]
        final = stream.get_final_response()
    steps = [name for name in names if "web_search_call" in name or "annotation" in name]
    assert [
        *(f"response.web_search_call.{step}" for step in ("in_progress", "searching", "completed")),
        *["response.output_text.annotation.added"] * 2,
    ] == steps
    assert "It pours." == final.output_text


# ---------------------------------------------------------------- images and sound


def test_an_image_of_responses_is_parsed_whole_and_streamed(client: OpenAI) -> None:
    [item] = client.responses.create(model="m", input="draw").output
    assert item.type == "image_generation_call"
    assert item.result is not None
    assert base64.b64decode(item.result).startswith(b"\x89PNG")
    with client.responses.stream(model="m", input="draw") as stream:
        names = [event.type for event in stream]
        [streamed] = stream.get_final_response().output
    assert "response.image_generation_call.completed" in names
    assert item.result == streamed.to_dict()["result"]


def test_sound_of_chat_is_parsed_whole_and_streamed(client: OpenAI) -> None:
    asked: Any = {"model": "m", "messages": said("speak"), "modalities": ["text", "audio"]}
    message = client.chat.completions.create(**asked).choices[0].message
    assert message.audio is not None
    assert base64.b64decode(message.audio.data).startswith(b"RIFF")
    chunks = [chunk.choices[0].delta.audio for chunk in client.chat.completions.create(**asked, stream=True)]
    told = [chunk for chunk in chunks if chunk]
    assert (told[0].id or "").startswith("audio_")
    assert message.audio.data == "".join(chunk.data or "" for chunk in told)
    assert message.audio.transcript == "".join(chunk.transcript or "" for chunk in told)
    assert told[-1].expires_at


# ---------------------------------------------------------------- blocked


@pytest.mark.parametrize(
    ("service", "status", "code"),
    [
        ("plain", 400, "content_filter"),
        ("cloudbase", 451, None),
        ("cloudsway", 400, "Bad Request"),
    ],
)
def test_a_blocked_prompt_is_the_providers_error_of_its_filter(
    connect: Connect, service: str, status: int, code: str | None
) -> None:
    with pytest.raises(openai.APIStatusError) as caught:
        connect(service).chat.completions.create(model="m", messages=said("secret"))
    assert status == caught.value.status_code
    assert code is None or code == caught.value.code
