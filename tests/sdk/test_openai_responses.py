"""The released `openai` package speaks Responses over a socket, strict: only base URL and key are set."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel

from emulator import Session

pytestmark = pytest.mark.scenario("errors.yaml", "hello.yaml", "weather-tool-loop.yaml")

WEATHER: Any = {
    "type": "function",
    "name": "get_current_weather",
    "description": "Obtain the weather forecast for a specified city",
    "parameters": {"type": "object", "properties": {"location": {"type": "string"}}, "required": ["location"]},
    "strict": False,
}
WEATHER_TODAY = "Please check the weather in Beijing for me today."
BOTH_CITIES = "Compare the weather in Beijing and Shanghai."
RESULT = json.dumps({"temperature": "25℃", "weather": "sunny"}, ensure_ascii=False)
HELLO = "Hello! How can I help you today?"

Connect = Callable[..., OpenAI]


@pytest.fixture
def alone(emulator_factory: Callable[..., Session]) -> Session:
    """A session that knows what the test tells it."""
    return emulator_factory()


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Makes clients, and closes their connections at the end."""
    with ExitStack() as stack:

        def open_client(emulator: Session, **options: Any) -> OpenAI:
            # Strict validation makes the client refuse what its own types do not allow.
            settings = {"max_retries": 0, "_strict_response_validation": True, **options}
            return stack.enter_context(OpenAI(**emulator.plain.openai, **settings))

        yield open_client


@pytest.fixture
def client(emulator: Session, connect: Connect) -> OpenAI:
    return connect(emulator)


def result_of(call: Any) -> Any:
    return {"type": "function_call_output", "call_id": call.call_id, "output": RESULT}


# ---------------------------------------------------------------- text


def test_a_whole_answer_is_parsed(client: OpenAI) -> None:
    done = client.responses.create(model="gpt-6-sol", input="Tell me about Li Bai", metadata={"a": "b"})
    assert "Li Bai (701-762), courtesy name Taibai, was a renowned Tang dynasty poet..." == done.output_text
    assert ("completed", "gpt-6-sol", {"a": "b"}) == (done.status, done.model, done.metadata)
    assert done.usage is not None
    assert (10, 150, 160) == (done.usage.input_tokens, done.usage.output_tokens, done.usage.total_tokens)
    assert done._request_id


def test_a_stream_is_parsed_and_says_the_same(client: OpenAI) -> None:
    whole = client.responses.create(model="m", input="Introduce yourself")
    events = list(client.responses.create(model="m", input="Introduce yourself", stream=True))
    pieces = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert (13, whole.output_text) == (len(pieces), "".join(pieces))
    assert list(range(len(events))) == [event.sequence_number for event in events]
    last = events[-1]
    assert "response.completed" == last.type
    assert whole.output_text == last.response.output_text


def test_the_stream_helper_accumulates(client: OpenAI) -> None:
    with client.responses.stream(model="m", input="Introduce yourself") as stream:
        snapshots = [event.snapshot for event in stream if event.type == "response.output_text.delta"]
        done = stream.get_final_response()
    assert "I am an emulated model, and I say what my scenario file says." == done.output_text == snapshots[-1]


def test_reasoning_comes_before_the_answer(client: OpenAI) -> None:
    asked: Any = {"model": "m", "input": "Which is larger, 9.11 or 9.9?", "reasoning": {"summary": "auto"}}
    whole = client.responses.create(**asked)
    with client.responses.stream(**asked) as stream:
        deltas = [event.delta for event in stream if event.type == "response.reasoning_summary_text.delta"]
        streamed = stream.get_final_response()
    for done in (whole, streamed):
        thinking, message = done.output
        assert ("reasoning", "message", "9.9 is larger than 9.11.") == (thinking.type, message.type, done.output_text)
        assert ["9.9 is 9.90, and 90 hundredths are more than 11."] == [part.text for part in thinking.summary]  # type: ignore[union-attr]
    assert "9.9 is 9.90, and 90 hundredths are more than 11." == "".join(deltas)
    assert whole.usage is not None
    assert 12 == whole.usage.output_tokens_details.reasoning_tokens


@pytest.mark.parametrize(("finish", "reason"), [("length", "max_output_tokens"), ("content_filter", "content_filter")])
def test_an_answer_cut_short_is_incomplete(connect: Connect, alone: Session, finish: str, reason: str) -> None:
    alone.on().reply("Once upon a", finish=finish)
    client = connect(alone)
    whole = client.responses.create(model="m", input="hi")
    assert whole.incomplete_details is not None
    assert ("incomplete", reason, "Once upon a") == (whole.status, whole.incomplete_details.reason, whole.output_text)
    *_, last = client.responses.create(model="m", input="hi", stream=True)
    assert "response.incomplete" == last.type
    assert whole.output_text == last.response.output_text


def test_a_refusal_is_a_part_of_its_own(connect: Connect, alone: Session) -> None:
    alone.on().reply(refusal="I can't help with that.", stream={"chunk": "word"})
    client = connect(alone)
    whole = client.responses.create(model="m", input="hi")
    with client.responses.stream(model="m", input="hi") as stream:
        deltas = [event.delta for event in stream if event.type == "response.refusal.delta"]
        streamed = stream.get_final_response()
    for done in (whole, streamed):
        content: Any = done.output[0].content  # type: ignore[union-attr]
        assert [("refusal", "I can't help with that.")] == [(part.type, part.refusal) for part in content]
    assert ("completed", "I can't help with that.", 5) == (whole.status, "".join(deltas), len(deltas))


# ---------------------------------------------------------------- tools


@pytest.mark.parametrize("stream", [False, True])
def test_the_tool_loop_goes_on_with_the_new_items_alone(client: OpenAI, stream: bool) -> None:
    def turn(given: Any, **fields: Any) -> Any:
        if not stream:
            return client.responses.create(model="m", input=given, tools=[WEATHER], **fields)
        with client.responses.stream(model="m", input=given, tools=[WEATHER], **fields) as events:
            return events.get_final_response()

    asked = turn(WEATHER_TODAY)
    [call] = asked.output
    assert ("function_call", "get_current_weather", {"location": "Beijing"}) == (
        call.type,
        call.name,
        json.loads(call.arguments),
    )
    assert call.id != call.call_id
    told = turn([result_of(call)], previous_response_id=asked.id)
    assert ("It is 25℃ and sunny in Beijing.", asked.id) == (told.output_text, told.previous_response_id)


@pytest.mark.parametrize("as_reference", [False, True])
def test_the_tool_loop_goes_on_with_everything_written_out(client: OpenAI, as_reference: bool) -> None:
    given: Any = [{"role": "user", "content": WEATHER_TODAY}]
    asked = client.responses.create(model="m", input=given, tools=[WEATHER])
    call: Any = asked.output[0]
    said: Any = {"type": "item_reference", "id": call.id} if as_reference else call
    told = client.responses.create(model="m", input=[*given, said, result_of(call)], tools=[WEATHER])
    assert "It is 25℃ and sunny in Beijing." == told.output_text


def test_a_tool_loop_that_is_not_stored_is_written_out(client: OpenAI) -> None:
    given: Any = [{"role": "user", "content": WEATHER_TODAY}]
    asked = client.responses.create(model="m", input=given, tools=[WEATHER], store=False)
    call: Any = asked.output[0]
    with pytest.raises(openai.BadRequestError, match="not found") as caught:
        client.responses.create(model="m", input=[result_of(call)], previous_response_id=asked.id)
    assert ("previous_response_not_found", "previous_response_id") == (caught.value.code, caught.value.param)
    told = client.responses.create(model="m", input=[*given, call, result_of(call)], store=False)
    assert "It is 25℃ and sunny in Beijing." == told.output_text


def test_parallel_calls_are_told_apart(client: OpenAI) -> None:
    whole = client.responses.create(model="m", input=BOTH_CITIES, tools=[WEATHER])
    with client.responses.stream(model="m", input=BOTH_CITIES, tools=[WEATHER]) as stream:
        streamed = stream.get_final_response()
    for done in (whole, streamed):
        calls: Any = [item for item in done.output if item.type == "function_call"]
        assert "Let me look at both." == done.output_text
        assert [{"location": "Beijing"}, {"location": "Shanghai"}] == [json.loads(call.arguments) for call in calls]
        assert 2 == len({call.call_id for call in calls})
        told = client.responses.create(model="m", input=list(map(result_of, calls)), previous_response_id=done.id)
        assert "It is sunny in both cities." == told.output_text


# ---------------------------------------------------------------- what is asked for


class Place(BaseModel):
    city: str
    people: int


def test_structured_output_is_parsed(connect: Connect, alone: Session) -> None:
    alone.on(has="schema").reply('{"city": "Paris", "people": 2}', stream={"chunk": "char"})
    client = connect(alone)
    whole = client.responses.parse(model="m", input="Where?", text_format=Place)
    with client.responses.stream(model="m", input="Where?", text_format=Place) as stream:
        streamed = stream.get_final_response()
    place = Place(city="Paris", people=2)
    assert (place, place) == (whole.output_parsed, streamed.output_parsed)
    schema = alone.requests[0].body["text"]["format"]["schema"]
    assert ["city", "people"] == schema["required"]


def test_a_picture_is_seen(connect: Connect, alone: Session) -> None:
    alone.on(has="image", user="*this*").reply("A cat.")
    client = connect(alone)
    content: Any = [
        {"type": "input_text", "text": "What is this?"},
        {"type": "input_image", "image_url": "data:image/png;base64,AAAA", "detail": "low"},
    ]
    done = client.responses.create(model="m", input=[{"role": "user", "content": content}])
    assert "A cat." == done.output_text
    [item] = client.responses.input_items.list(done.id)
    assert ("message", "input_image") == (item.type, item.content[1].type)  # type: ignore[union-attr,index]


def test_instructions_are_of_one_request_alone(connect: Connect, alone: Session) -> None:
    alone.on(system="be brief").reply("Hi.")
    alone.on().reply("Good day.")
    client = connect(alone)
    first = client.responses.create(model="m", instructions="be brief", input="hi")
    second = client.responses.create(model="m", input="hi", previous_response_id=first.id)
    assert ("Hi.", "Good day.") == (first.output_text, second.output_text)


# ---------------------------------------------------------------- what is kept


def test_a_stored_response_is_there_until_it_is_deleted(client: OpenAI) -> None:
    done = client.responses.create(model="m", input="Hello")
    assert done.to_dict() == client.responses.retrieve(done.id).to_dict()
    [item] = client.responses.input_items.list(done.id)
    assert "Hello" == item.content[0].text  # type: ignore[union-attr,index]
    client.responses.delete(done.id)
    for ask in (client.responses.retrieve, client.responses.delete, client.responses.input_items.list):
        with pytest.raises(openai.NotFoundError):
            ask(done.id)


def test_a_response_is_another_sessions_secret(connect: Connect, alone: Session, client: OpenAI) -> None:
    done = client.responses.create(model="m", input="Hello")
    with pytest.raises(openai.NotFoundError):
        connect(alone).responses.retrieve(done.id)


def test_a_response_that_is_not_stored_is_not_found(client: OpenAI) -> None:
    done = client.responses.create(model="m", input="Hello", store=False)
    assert (HELLO, False) == (done.output_text, done.to_dict()["store"])
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(done.id)


def test_input_items_are_read_page_by_page(client: OpenAI) -> None:
    given: Any = [{"role": "user", "content": f"Hello {number}"} for number in range(7)]
    done = client.responses.create(model="m", input=given)
    items = list(client.responses.input_items.list(done.id, limit=3, order="asc"))
    assert [f"Hello {number}" for number in range(7)] == [item.content[0].text for item in items]  # type: ignore[union-attr,index]


def test_what_is_made_in_the_background_is_polled(client: OpenAI) -> None:
    queued = client.responses.create(model="m", input="Hello", background=True)
    assert ("queued", "") == (queued.status, queued.output_text)
    done = client.responses.retrieve(queued.id)
    assert ("completed", HELLO) == (done.status, done.output_text)
    other = client.responses.create(model="m", input="Hello", background=True)
    assert "cancelled" == client.responses.cancel(other.id).status


def test_a_stream_made_in_the_background_is_taken_up_again(client: OpenAI) -> None:
    with client.responses.stream(model="m", input="Introduce yourself", background=True) as stream:
        events = list(stream)
        done = stream.get_final_response()
    with client.responses.stream(response_id=done.id, starting_after=4) as again:
        again_read = [(event.sequence_number, event.type) for event in again]
    assert [(event.sequence_number, event.type) for event in events[5:]] == again_read


def test_tokens_are_counted_as_they_will_be_used(client: OpenAI) -> None:
    done = client.responses.create(model="m", input="Hello")
    counted = client.responses.input_tokens.count(model="m", input="Hello")
    assert done.usage is not None
    assert done.usage.input_tokens == counted.input_tokens


def test_a_conversation_is_compacted(connect: Connect, emulator: Session) -> None:
    # The types of the client know no user message in an output, though the API reference shows it there.
    client = connect(emulator, _strict_response_validation=False)
    done = client.responses.create(model="m", input="Hello")
    raw = client.responses.with_raw_response.compact(model="m", previous_response_id=done.id)
    assert ("response.compaction", ["message", "compaction"]) == (
        raw.parse().object,
        [item.type for item in raw.parse().output],
    )
    again = client.responses.create(model="m", input=raw.http_response.json()["output"])
    assert HELLO == again.output_text
    with pytest.raises(openai.BadRequestError):
        client.responses.compact(model="", input="Hello")


def test_a_conversation_object_holds_what_was_said(client: OpenAI) -> None:
    made = client.conversations.create(items=[{"role": "user", "content": WEATHER_TODAY}], metadata={"a": "b"})
    assert made.to_dict() == client.conversations.retrieve(made.id).to_dict()
    asked = client.responses.create(model="m", conversation=made.id, tools=[WEATHER])
    told = client.responses.create(model="m", conversation=made.id, input=[result_of(asked.output[0])])
    assert "It is 25℃ and sunny in Beijing." == told.output_text
    assert told.conversation is not None
    assert made.id == told.conversation.id


# ---------------------------------------------------------------- errors


ERRORS: list[tuple[str, int, type[openai.APIStatusError], str | None, int]] = [
    ("invalid_api_key", 401, openai.AuthenticationError, "invalid_api_key", 1),
    ("permission_denied", 403, openai.PermissionDeniedError, None, 1),
    ("model_not_found", 404, openai.NotFoundError, "model_not_found", 1),
    ("context_length_exceeded", 400, openai.BadRequestError, "context_length_exceeded", 1),
    ("rate_limited", 429, openai.RateLimitError, "rate_limit_exceeded", 3),
    ("quota_exhausted", 429, openai.RateLimitError, "insufficient_quota", 3),
    ("server_error", 500, openai.InternalServerError, None, 3),
]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client's own pauses between its attempts last no time."""
    monkeypatch.setattr("time.sleep", lambda _seconds: None)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("name", "status", "error", "code", "attempts"), ERRORS)
def test_an_error_raises_its_class_after_the_right_number_of_attempts(
    connect: Connect,
    emulator: Session,
    name: str,
    status: int,
    error: type[openai.APIStatusError],
    code: str | None,
    attempts: int,
    stream: bool,
) -> None:
    client = connect(emulator, max_retries=2)
    with pytest.raises(error) as caught:
        client.responses.create(model=f"error/{name}", input="Hello", stream=stream)
    assert error is type(caught.value)
    assert (status, code) == (caught.value.status_code, caught.value.code)
    assert caught.value.request_id
    assert attempts == len(emulator.requests)


@pytest.mark.usefixtures("impatient")
def test_a_client_that_retries_gets_through(connect: Connect, emulator: Session) -> None:
    done = connect(emulator, max_retries=2).responses.create(model="error/flaky", input="Hello")
    assert "Third time lucky." == done.output_text
    assert [429, 429, 200] == [entry.status for entry in emulator.requests]


@pytest.mark.emulator(strict=False)
@pytest.mark.usefixtures("impatient")
def test_a_miss_is_one_request_and_says_why(connect: Connect, emulator: Session) -> None:
    with pytest.raises(openai.NotFoundError, match="no scenario step matched") as caught:
        connect(emulator, max_retries=2).responses.create(model="m", input="Nobody answers this")
    assert "no_scenario_step" == caught.value.code
    assert 1 == len(emulator.requests)


@pytest.mark.parametrize(
    ("body", "message", "param"),
    [
        ({"input": "hi"}, "Missing required parameter: 'model'.", "model"),
        (
            {"model": "m", "input": 1},
            "Invalid type for 'input': expected one of a string or array of input items, but got an integer instead.",
            "input",
        ),
    ],
)
def test_a_bad_body_is_refused(client: OpenAI, body: Any, message: str, param: str | None) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.post("/responses", body=body, cast_to=object)
    assert (message, param) == (caught.value.body["message"], caught.value.param)  # type: ignore[index]


# ---------------------------------------------------------------- async


async def test_the_async_client_does_the_same(emulator: Session) -> None:
    async with AsyncOpenAI(**emulator.plain.openai, max_retries=0, _strict_response_validation=True) as client:
        whole = await client.responses.create(model="m", input="Introduce yourself")
        async with client.responses.stream(model="m", input="Introduce yourself") as stream:
            streamed = await stream.get_final_response()
        assert whole.output_text == streamed.output_text
        asked = await client.responses.create(model="m", input=WEATHER_TODAY, tools=[WEATHER])
        told = await client.responses.create(
            model="m", input=[result_of(asked.output[0])], previous_response_id=asked.id
        )
        assert "It is 25℃ and sunny in Beijing." == told.output_text
        items = [item async for item in client.responses.input_items.list(told.id, order="asc")]
        assert ["message", "function_call", "function_call_output"] == [item.type for item in items]
        await client.responses.delete(told.id)
        with pytest.raises(openai.NotFoundError):
            await client.responses.retrieve(told.id)
        with pytest.raises(openai.RateLimitError):
            await client.responses.create(model="error/rate_limited", input="Hello")
