"""The released `openai` package over a socket, unmodified: only base URL and key are set."""

import json
from collections.abc import Callable
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel

from emulator import Session

pytestmark = pytest.mark.scenario("errors.yaml", "hello.yaml", "weather-tool-loop.yaml", "documentation.yaml")

WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "get_current_weather",
        "description": "Obtain the weather forecast for a specified city",
        "parameters": {"type": "object", "properties": {"location": {"type": "string"}}, "required": ["location"]},
    },
}
WEATHER_TODAY = "Please check the weather in Beijing for me today."
BOTH_CITIES = "Compare the weather in Beijing and Shanghai."
RESULT = json.dumps({"temperature": "25℃", "weather": "sunny"}, ensure_ascii=False)


@pytest.fixture
def alone(emulator_factory: Callable[..., Session]) -> Session:
    """A session that knows what the test tells it."""
    return emulator_factory()


@pytest.fixture
def client(emulator: Session) -> OpenAI:
    # Strict validation makes the client refuse what its own types do not allow.
    return OpenAI(**emulator.cloudbase.openai, max_retries=0)


def said(text: str) -> Any:
    return [{"role": "user", "content": text}]


def test_a_whole_answer_is_parsed(client: OpenAI) -> None:
    done = client.chat.completions.create(model="hy3-preview", messages=said("Tell me about Li Bai"))
    [choice] = done.choices
    assert "Li Bai (701-762), courtesy name Taibai, was a renowned Tang dynasty poet..." == choice.message.content
    assert ("assistant", "stop", "hy3-preview") == (choice.message.role, choice.finish_reason, done.model)
    assert done.usage is not None
    assert (10, 150, 160) == (done.usage.prompt_tokens, done.usage.completion_tokens, done.usage.total_tokens)
    assert done._request_id


def test_a_stream_is_parsed_and_says_the_same(client: OpenAI) -> None:
    whole = client.chat.completions.create(model="m", messages=said("Introduce yourself"))
    chunks = list(client.chat.completions.create(model="m", messages=said("Introduce yourself"), stream=True))
    pieces = [chunk.choices[0].delta.content or "" for chunk in chunks]
    assert whole.choices[0].message.content == "".join(pieces)
    assert 13 == sum(bool(piece) for piece in pieces)
    assert [None] * 13 + ["stop"] == [chunk.choices[0].finish_reason for chunk in chunks]
    assert 1 == len({chunk.id for chunk in chunks})


def test_usage_comes_last_where_it_is_asked_for(client: OpenAI) -> None:
    chunks = list(
        client.chat.completions.create(
            model="m", messages=said("Tell me about Li Bai"), stream=True, stream_options={"include_usage": True}
        )
    )
    usage = chunks[-1].usage
    assert usage is not None
    assert (10, 150, []) == (usage.prompt_tokens, usage.completion_tokens, chunks[-1].choices)
    assert all(chunk.usage is None for chunk in chunks[:-1])


def test_reasoning_comes_before_the_answer(client: OpenAI) -> None:
    messages = said("Which is larger, 9.11 or 9.9?")
    whole = client.chat.completions.create(model="m", messages=messages).choices[0].message
    chunks = list(client.chat.completions.create(model="m", messages=messages, stream=True))
    deltas = [chunk.choices[0].delta for chunk in chunks]
    thinking = "".join(getattr(delta, "reasoning_content", None) or "" for delta in deltas)
    assert "9.9 is 9.90, and 90 hundredths are more than 11." == thinking
    assert thinking == whole.reasoning_content  # type: ignore[attr-defined]
    assert "9.9 is larger than 9.11." == whole.content == "".join(delta.content or "" for delta in deltas)


@pytest.mark.parametrize("stream", [False, True])
def test_the_tool_loop_takes_two_requests(client: OpenAI, stream: bool) -> None:
    def turn(messages: Any) -> Any:
        if not stream:
            return client.chat.completions.create(model="hy3-preview", messages=messages, tools=[WEATHER]).choices[0]
        with client.chat.completions.stream(model="hy3-preview", messages=messages, tools=[WEATHER]) as events:
            return events.get_final_completion().choices[0]

    messages = said(WEATHER_TODAY)
    asked = turn(messages)
    [call] = asked.message.tool_calls
    assert ("tool_calls", "get_current_weather") == (asked.finish_reason, call.function.name)
    assert {"location": "Beijing"} == json.loads(call.function.arguments)
    messages += [asked.message, {"role": "tool", "tool_call_id": call.id, "content": RESULT}]
    told = turn(messages)
    assert ("stop", "It is 25℃ and sunny in Beijing.") == (told.finish_reason, told.message.content)


def test_parallel_calls_are_told_apart_by_their_index(client: OpenAI) -> None:
    whole = client.chat.completions.create(model="m", messages=said(BOTH_CITIES), tools=[WEATHER]).choices[0].message
    with client.chat.completions.stream(model="m", messages=said(BOTH_CITIES), tools=[WEATHER]) as events:
        streamed = events.get_final_completion().choices[0].message
    for message in (whole, streamed):
        calls: Any = message.tool_calls
        assert "Let me look at both." == message.content
        assert [{"location": "Beijing"}, {"location": "Shanghai"}] == [
            json.loads(call.function.arguments) for call in calls
        ]
        assert 2 == len({call.id for call in calls})


class Weather(BaseModel):
    city: str
    degrees: int


STRUCTURED = """
version: 1
steps:
  - when: {has: schema, body: {/response_format/json_schema/name: Weather}}
    reply: {text: '{"city": "Beijing", "degrees": 25}'}
"""


@pytest.mark.parametrize("stream", [False, True])
def test_structured_output_is_parsed(alone: Session, stream: bool) -> None:
    alone.load(STRUCTURED)
    messages = said("What is the weather?")
    with OpenAI(**alone.cloudbase.openai) as client:
        if stream:
            with client.chat.completions.stream(model="m", messages=messages, response_format=Weather) as events:
                done = events.get_final_completion()
        else:
            done = client.chat.completions.parse(model="m", messages=messages, response_format=Weather)
    assert Weather(city="Beijing", degrees=25) == done.choices[0].message.parsed


@pytest.mark.parametrize("url", ["https://example.org/burger.png", "data:image/png;base64,iVBORw0KGgo="])
def test_a_picture_is_seen(client: OpenAI, url: str) -> None:
    picture: Any = {"type": "image_url", "image_url": {"url": url}}
    messages: Any = [
        {"role": "system", "content": "You are a food expert"},
        {"role": "user", "content": [{"type": "text", "text": "What is it?"}, picture]},
    ]
    done = client.chat.completions.create(model="m", messages=messages)
    assert (done.choices[0].message.content or "").startswith("This is an image of a hamburger.")


ERRORS: list[tuple[str, int, type[openai.APIStatusError], str, int]] = [
    ("invalid_api_key", 401, openai.AuthenticationError, "INVALID_CREDENTIALS", 1),
    ("permission_denied", 403, openai.PermissionDeniedError, "PERMISSION_DENIED", 1),
    ("model_not_found", 404, openai.NotFoundError, "AI_MODEL_NOT_FOUND", 1),
    ("invalid_request", 400, openai.BadRequestError, "AI_MODEL_PARAM_INVALID", 1),
    ("quota_exhausted", 429, openai.RateLimitError, "EXCEED_TOKEN_QUOTA_LIMIT", 3),
    ("server_error", 500, openai.InternalServerError, "SYS_ERR", 3),
    ("overloaded", 503, openai.InternalServerError, "AI_MODEL_REQUEST_FAILED", 3),
]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client's own pauses between its attempts last no time."""
    monkeypatch.setattr("time.sleep", lambda _seconds: None)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(("name", "status", "error", "code", "attempts"), ERRORS)
def test_an_error_raises_its_class_after_the_right_number_of_attempts(
    emulator: Session, name: str, status: int, error: type[openai.APIStatusError], code: str, attempts: int
) -> None:
    client = OpenAI(**emulator.cloudbase.openai)
    with pytest.raises(error) as caught:
        client.chat.completions.create(model=f"error/{name}", messages=said("Hello"))
    assert error is type(caught.value)
    assert (status, code) == (caught.value.status_code, caught.value.code)
    assert caught.value.request_id == caught.value.body["requestId"]  # type: ignore[index]
    assert attempts == len(emulator.requests)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_retries_gets_through(emulator: Session, stream: bool) -> None:
    client = OpenAI(**emulator.cloudbase.openai)
    answer: Any = client.chat.completions.create(model="error/flaky", messages=said("Hello"), stream=stream)
    if stream:
        assert "Third time lucky." == "".join(chunk.choices[0].delta.content or "" for chunk in answer)
    else:
        assert "Third time lucky." == answer.choices[0].message.content
    assert [429, 429, 200] == [entry.status for entry in emulator.requests]


@pytest.mark.emulator(strict=False)
@pytest.mark.parametrize("stream", [False, True])
def test_a_miss_is_one_request_and_explains_itself(emulator: Session, stream: bool) -> None:
    client = OpenAI(**emulator.cloudbase.openai)
    with pytest.raises(openai.NotFoundError, match="no scenario step matched") as caught:
        client.chat.completions.create(model="m", messages=said("Good evening"), stream=stream)
    assert "NO_SCENARIO_STEP" == caught.value.code
    assert "1" == caught.value.response.headers["x-emulator-miss"]
    assert ["miss"] == [entry.outcome for entry in emulator.requests]


async def test_the_async_client_does_all_of_it_too(emulator: Session) -> None:
    async with AsyncOpenAI(**emulator.cloudbase.openai, max_retries=0) as client:
        whole = await client.chat.completions.create(model="m", messages=said("Hello"))
        assert "Hello! How can I help you today?" == whole.choices[0].message.content
        stream = await client.chat.completions.create(model="m", messages=said("Hello"), stream=True)
        pieces = [chunk.choices[0].delta.content or "" async for chunk in stream]
        assert whole.choices[0].message.content == "".join(pieces)
        async with client.chat.completions.stream(model="m", messages=said(WEATHER_TODAY), tools=[WEATHER]) as events:
            final = await events.get_final_completion()
        assert "tool_calls" == final.choices[0].finish_reason
        with pytest.raises(openai.RateLimitError):
            await client.chat.completions.create(model="error/rate_limited", messages=said("Hello"))


def test_the_older_spelling_of_the_path_is_the_same(emulator: Session) -> None:
    client = OpenAI(base_url=f"{emulator.cloudbase.url}/v1", api_key=emulator.key)
    done = client.chat.completions.create(model="m", messages=said("Hello"))
    assert "Hello! How can I help you today?" == done.choices[0].message.content


def test_strict_validation_of_the_client_finds_only_what_cloudbase_leaves_out(emulator: Session) -> None:
    """CloudBase sends neither `refusal` nor `logprobs`; nothing else may be missing or of a wrong type."""
    client = OpenAI(**emulator.cloudbase.openai, _strict_response_validation=True)
    done = client.chat.completions.create(model="m", messages=said("Hello"))
    assert "Hello! How can I help you today?" == done.choices[0].message.content
