"""The released `anthropic` package over a socket, unmodified: only base URL and key are set.

It asks two services: the API at its home, whose errors are its own, and CloudBase, which takes a Bearer token only and
has errors of another shape. Every answer is the same.
"""

import json
from collections.abc import Callable
from typing import Any

import anthropic
import pytest
from anthropic import Anthropic, AsyncAnthropic, beta_async_tool, beta_tool
from pydantic import BaseModel

from emulator import Session

pytestmark = pytest.mark.scenario("errors.yaml", "hello.yaml", "weather-tool-loop.yaml", "documentation.yaml")

HELLO = "Hello! How can I help you today?"
THINKING = "9.9 is 9.90, and 90 hundredths are more than 11."
WEATHER: Any = {
    "name": "get_current_weather",
    "description": "Obtain the weather forecast for a specified city",
    "input_schema": {"type": "object", "properties": {"location": {"type": "string"}}, "required": ["location"]},
}
WEATHER_TODAY = "Please check the weather in Beijing for me today."
BOTH_CITIES = "Compare the weather in Beijing and Shanghai."
TOLD = "It is 25℃ and sunny in Beijing."
RESULT = json.dumps({"temperature": "25℃", "weather": "sunny"}, ensure_ascii=False)

SERVICES: dict[str, Callable[[Session], dict[str, Any]]] = {
    # As a key, which the others take as a token.
    "plain": lambda emulator: {"base_url": emulator.plain.anthropic["base_url"], "api_key": emulator.key},
    "cloudbase": lambda emulator: emulator.cloudbase.anthropic,
}

Connect = Callable[..., Anthropic]


@pytest.fixture(autouse=True)
def own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's own settings must not steer the client."""
    for name in ("API_KEY", "AUTH_TOKEN", "BASE_URL", "CUSTOM_HEADERS", "LOG", "PROFILE", "WORKSPACE_ID"):
        monkeypatch.delenv(f"ANTHROPIC_{name}", raising=False)


@pytest.fixture(params=SERVICES)
def service(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def alone(emulator_factory: Callable[..., Session]) -> Session:
    """A session that knows what the test tells it."""
    return emulator_factory()


@pytest.fixture
def client(emulator: Session, service: str) -> Anthropic:
    # Strict validation makes the client refuse what its own types do not allow.
    return Anthropic(**SERVICES[service](emulator), max_retries=0, _strict_response_validation=True)


def asked(*said: Any, model: str = "hy3-preview", **fields: Any) -> Any:
    """The arguments of a call; a text is what the user says."""
    messages = [{"role": "user", "content": one} if isinstance(one, str) else one for one in said]
    return {"model": model, "max_tokens": 2048, "messages": messages, **fields}


def final(resource: Any, arguments: Any, *, stream: bool) -> Any:
    """A message, asked for as a whole or put together by the client's stream helper."""
    if not stream:
        return resource.create(**arguments)
    with resource.stream(**arguments) as events:
        return events.get_final_message()


# ---------------------------------------------------------------- text


def test_a_whole_answer_is_parsed(client: Anthropic, service: str) -> None:
    done = client.messages.create(**asked("Tell me about Li Bai"))
    [block] = done.content
    assert block.type == "text"
    assert "Li Bai (701-762), courtesy name Taibai, was a renowned Tang dynasty poet..." == block.text
    assert ("assistant", "end_turn", None, "hy3-preview") == (
        done.role,
        done.stop_reason,
        done.stop_sequence,
        done.model,
    )
    assert (10, 150, 0, 0) == (
        done.usage.input_tokens,
        done.usage.output_tokens,
        done.usage.cache_read_input_tokens,
        done.usage.cache_creation_input_tokens,
    )
    assert done.id.startswith("msg_01")


def test_the_request_id_is_where_the_client_reads_it(emulator: Session) -> None:
    client = Anthropic(**SERVICES["plain"](emulator))
    done = client.messages.create(**asked("Hello"))
    with client.messages.stream(**asked("Hello")) as events:
        streamed = events.request_id
    assert done._request_id
    assert streamed
    assert done._request_id != streamed


@pytest.mark.parametrize("beta", [False, True])
def test_a_stream_is_parsed_and_says_the_same(client: Anthropic, beta: bool) -> None:
    resource: Any = client.beta.messages if beta else client.messages
    arguments = asked("Introduce yourself")
    whole = resource.create(**arguments)
    events = list(resource.create(**arguments, stream=True))
    assert ["message_start", "content_block_start", *["content_block_delta"] * 13] == [
        event.type for event in events[:15]
    ]
    assert ["content_block_stop", "message_delta", "message_stop"] == [event.type for event in events[15:]]
    assert whole.content[0].text == "".join(event.delta.text for event in events[2:15])
    assert (whole.usage.input_tokens, 1) == (
        events[0].message.usage.input_tokens,
        events[0].message.usage.output_tokens,
    )
    assert ("end_turn", whole.usage.output_tokens) == (events[-2].delta.stop_reason, events[-2].usage.output_tokens)


@pytest.mark.parametrize("beta", [False, True])
def test_the_stream_helper_gives_the_text_and_the_message(client: Anthropic, beta: bool) -> None:
    resource: Any = client.beta.messages if beta else client.messages
    whole = resource.create(**asked("Introduce yourself"))
    with resource.stream(**asked("Introduce yourself")) as events:
        pieces = list(events.text_stream)
        done = events.get_final_message()
    assert (13, whole.content[0].text) == (len(pieces), "".join(pieces))
    same = {"content", "stop_reason", "stop_sequence", "usage", "model", "role", "type"}
    assert whole.model_dump(include=same) == done.model_dump(include=same)


def test_tokens_are_counted_without_asking(client: Anthropic, emulator: Session) -> None:
    arguments = asked("Tell me about Li Bai", system="Be brief.")
    del arguments["max_tokens"]
    counted = (client.messages.count_tokens(**arguments), client.beta.messages.count_tokens(**arguments))
    assert [8, 8] == [count.input_tokens for count in counted]
    assert ["page", "page"] == [exchange.outcome for exchange in emulator.requests]


# ---------------------------------------------------------------- thinking


@pytest.mark.parametrize("stream", [False, True])
def test_thinking_is_signed_and_comes_before_the_answer(client: Anthropic, stream: bool) -> None:
    thinking = {"type": "enabled", "budget_tokens": 1024}
    done = final(client.messages, asked("Which is larger, 9.11 or 9.9?", thinking=thinking), stream=stream)
    thought, said = done.content
    assert (("thinking", THINKING), ("text", "9.9 is larger than 9.11.")) == (
        (thought.type, thought.thinking),
        (said.type, said.text),
    )
    assert thought.signature
    assert 12 == done.usage.output_tokens_details.thinking_tokens
    # What was thought goes back as it came.
    again = asked("Which is larger, 9.11 or 9.9?", {"role": "assistant", "content": done.content}, "Hello again")
    assert HELLO == client.messages.create(**again).content[0].text


# ---------------------------------------------------------------- tools


@pytest.mark.parametrize("stream", [False, True])
def test_the_tool_loop_takes_two_requests(client: Anthropic, stream: bool) -> None:
    question = asked(WEATHER_TODAY, tools=[WEATHER])
    first = final(client.messages, question, stream=stream)
    [call] = first.content
    assert ("tool_use", "get_current_weather", {"location": "Beijing"}) == (first.stop_reason, call.name, call.input)
    assert call.id.startswith("toolu_01")
    question["messages"] += [
        {"role": "assistant", "content": first.content},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call.id, "content": RESULT}]},
    ]
    told = final(client.messages, question, stream=stream)
    assert ("end_turn", TOLD) == (told.stop_reason, told.content[0].text)


@pytest.mark.parametrize("stream", [False, True])
def test_parallel_calls_are_told_apart(client: Anthropic, stream: bool) -> None:
    done = final(client.messages, asked(BOTH_CITIES, tools=[WEATHER]), stream=stream)
    text, *calls = done.content
    assert "Let me look at both." == text.text
    assert [{"location": "Beijing"}, {"location": "Shanghai"}] == [call.input for call in calls]
    assert 2 == len({call.id for call in calls})


def test_the_arguments_of_a_call_arrive_piece_by_piece(client: Anthropic) -> None:
    with client.messages.stream(**asked(WEATHER_TODAY, tools=[WEATHER])) as events:
        pieces = [event.partial_json for event in events if event.type == "input_json"]
    assert "" == pieces[0]
    assert {"location": "Beijing"} == json.loads("".join(pieces))


def a_weather_tool(ran: list[str]) -> Any:
    @beta_tool(name="get_current_weather")
    def get_current_weather(location: str) -> str:
        """Obtain the weather forecast for a specified city."""
        ran.append(location)
        return RESULT

    return get_current_weather


@pytest.mark.parametrize(
    ("question", "cities", "answer"),
    [(WEATHER_TODAY, ["Beijing"], TOLD), (BOTH_CITIES, ["Beijing", "Shanghai"], "It is sunny in both cities.")],
)
def test_the_tool_runner_falls_back_to_the_whole_history(
    client: Anthropic, emulator: Session, question: str, cities: list[str], answer: str
) -> None:
    ran: list[str] = []
    done = client.beta.messages.tool_runner(**asked(question, tools=[a_weather_tool(ran)])).until_done()
    assert (cities, answer) == (ran, done.content[0].text)
    # Its first request is a message thread.
    assert [("rejected", 400), ("hit", 200), ("hit", 200)] == [(one.outcome, one.status) for one in emulator.requests]


def test_the_tool_runner_runs_on_streams_too(client: Anthropic) -> None:
    ran: list[str] = []
    texts = []
    for events in client.beta.messages.tool_runner(**asked(WEATHER_TODAY, tools=[a_weather_tool(ran)]), stream=True):
        texts += list(events.text_stream)
    assert (["Beijing"], TOLD) == (ran, "".join(texts))


MALFORMED = """
    version: 1
    steps:
      - when: {user: go}
        reply: {tool_calls: [{name: f, arguments: '{"a": tru'}], stream: {chunk: {chars: 4}}}
"""


def test_malformed_arguments_are_as_they_are_in_a_stream_and_nothing_in_a_whole_answer(
    alone: Session, service: str
) -> None:
    alone.load(MALFORMED)
    client = Anthropic(**SERVICES[service](alone), max_retries=0)
    assert {} == client.messages.create(**asked("go")).content[0].input
    events: Any = client.messages.create(**asked("go"), stream=True)
    pieces = [event.delta.partial_json for event in events if event.type == "content_block_delta"]
    assert ["", '{"a"', ": tr", "u"] == pieces


# ---------------------------------------------------------------- what is asked for


class City(BaseModel):
    name: str
    people: int


STRUCTURED = """
    version: 1
    steps:
      - when: {has: schema}
        reply: {text: '{"name": "Beijing", "people": 21858000}'}
"""


@pytest.mark.parametrize("beta", [False, True])
def test_structured_output_is_parsed(alone: Session, service: str, beta: bool) -> None:
    alone.load(STRUCTURED)
    client = Anthropic(**SERVICES[service](alone), max_retries=0)
    resource: Any = client.beta.messages if beta else client.messages
    beijing = City(name="Beijing", people=21_858_000)
    assert beijing == resource.parse(**asked("Which city?"), output_format=City).parsed_output
    with resource.stream(**asked("Which city?"), output_format=City) as events:
        assert beijing == events.get_final_message().parsed_output
    schema = {"type": "object", "additionalProperties": False}
    plainly = resource.create(
        **asked("Which city?", output_config={"format": {"type": "json_schema", "schema": schema}})
    )
    assert beijing == City.model_validate_json(plainly.content[0].text)


LOOKED_AT = """
    version: 1
    steps:
      - when: {has: image, user: "what is this?"}
        reply: {text: A cat.}
      - when: {has: file}
        reply: {text: A letter.}
      - when: {has: image, tool_result: any}
        reply: {text: A screen.}
"""
PIXEL = {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}
QUESTION = {"type": "text", "text": "what is this?"}


@pytest.mark.parametrize(
    ("blocks", "answer"),
    [
        ([{"type": "image", "source": PIXEL}, QUESTION], "A cat."),
        ([{"type": "image", "source": {"type": "url", "url": "https://e.org/a.png"}}, QUESTION], "A cat."),
        ([{"type": "document", "source": {**PIXEL, "media_type": "application/pdf"}}, QUESTION], "A letter."),
        (
            [{"type": "tool_result", "tool_use_id": "t", "content": [{"type": "image", "source": PIXEL}]}],
            "A screen.",
        ),
    ],
)
def test_pictures_and_documents_are_seen(alone: Session, service: str, blocks: list[Any], answer: str) -> None:
    alone.load(LOOKED_AT)
    client = Anthropic(**SERVICES[service](alone), max_retries=0)
    call = {"type": "tool_use", "id": "t", "name": "screenshot", "input": {}}
    before = ["Look.", {"role": "assistant", "content": [call]}] if blocks[0]["type"] == "tool_result" else []
    done = client.messages.create(**asked(*before, {"role": "user", "content": blocks}))
    assert answer == done.content[0].text


# ---------------------------------------------------------------- errors


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client's own pauses between its attempts last no time."""
    monkeypatch.setattr("time.sleep", lambda _seconds: None)


# By its own words, at home.
ERRORS: list[tuple[str, int, type[anthropic.APIStatusError], str, int]] = [
    ("invalid_request", 400, anthropic.BadRequestError, "invalid_request_error", 1),
    ("invalid_api_key", 401, anthropic.AuthenticationError, "authentication_error", 1),
    ("permission_denied", 403, anthropic.PermissionDeniedError, "permission_error", 1),
    ("model_not_found", 404, anthropic.NotFoundError, "not_found_error", 1),
    ("payload_too_large", 413, anthropic.ContentTooLargeError, "request_too_large", 1),
    ("rate_limited", 429, anthropic.RateLimitError, "rate_limit_error", 3),
    ("quota_exhausted", 429, anthropic.RateLimitError, "rate_limit_error", 3),
    ("server_error", 500, anthropic.InternalServerError, "api_error", 3),
    ("timeout", 504, anthropic.GatewayTimeoutError, "timeout_error", 3),
    ("overloaded", 529, anthropic.OverloadedError, "overloaded_error", 3),
]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("name", "status", "error", "kind", "attempts"), ERRORS)
def test_an_error_raises_its_class_after_the_right_number_of_attempts(
    emulator: Session,
    name: str,
    status: int,
    error: type[anthropic.APIStatusError],
    kind: str,
    attempts: int,
    stream: bool,
) -> None:
    client = Anthropic(**SERVICES["plain"](emulator))
    with pytest.raises(error) as caught:
        final(client.messages, asked("Hello", model=f"error/{name}"), stream=stream)
    assert error is type(caught.value)
    assert (status, kind) == (caught.value.status_code, caught.value.type)
    assert caught.value.request_id
    assert caught.value.request_id == caught.value.body["request_id"]  # type: ignore[index]
    assert attempts == len(emulator.requests)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("name", "status", "error", "attempts"),
    [
        ("invalid_api_key", 401, anthropic.AuthenticationError, 1),
        ("permission_denied", 403, anthropic.PermissionDeniedError, 1),
        ("model_not_found", 404, anthropic.NotFoundError, 1),
        ("rate_limited", 429, anthropic.RateLimitError, 3),
        ("server_error", 500, anthropic.InternalServerError, 3),
    ],
)
def test_an_error_of_the_gateway_raises_the_class_of_its_status(
    emulator: Session, name: str, status: int, error: type[anthropic.APIStatusError], attempts: int
) -> None:
    client = Anthropic(**SERVICES["cloudbase"](emulator))
    with pytest.raises(error) as caught:
        client.messages.create(**asked("Hello", model=f"error/{name}"))
    assert (error, status) == (type(caught.value), caught.value.status_code)
    assert attempts == len(emulator.requests)


CODED = """
    version: 1
    steps:
      - when: {user: Hello}
        reply: {error: {name: rate_limited, code: ramp_limit_exceeded}}
"""


def test_a_code_of_its_own_is_in_the_details_of_an_error(alone: Session) -> None:
    alone.load(CODED)
    client = Anthropic(**SERVICES["plain"](alone), max_retries=0)
    with pytest.raises(anthropic.RateLimitError) as caught:
        client.messages.create(**asked("Hello"))
    assert ("RampLimitExceededError", "ramp_limit_exceeded") == (type(caught.value).__name__, caught.value.error_code)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_retries_gets_through(emulator: Session, service: str, stream: bool) -> None:
    client = Anthropic(**SERVICES[service](emulator))
    done = final(client.messages, asked("Hello", model="error/flaky"), stream=stream)
    assert "Third time lucky." == done.content[0].text
    assert [429, 429, 200] == [exchange.status for exchange in emulator.requests]


@pytest.mark.emulator(strict=False)
def test_a_miss_is_one_request_and_says_why(emulator: Session, service: str) -> None:
    client = Anthropic(**SERVICES[service](emulator))
    with pytest.raises(anthropic.NotFoundError) as caught:
        client.messages.create(**asked("xyzzy"))
    assert "no scenario step matched" in str(caught.value)
    assert ["miss"] == [exchange.outcome for exchange in emulator.requests]


def test_a_request_whose_max_tokens_is_nothing_is_refused(emulator: Session) -> None:
    client = Anthropic(**SERVICES["plain"](emulator))
    arguments = asked("Hello", extra_body={"max_tokens": None})
    with pytest.raises(anthropic.BadRequestError) as caught:
        client.messages.create(**arguments)
    assert "max_tokens: Input should be a valid integer" == caught.value.api_message


# ---------------------------------------------------------------- async


async def test_the_async_client_sees_the_same(emulator: Session, service: str) -> None:
    async with AsyncAnthropic(**SERVICES[service](emulator), max_retries=0, _strict_response_validation=True) as client:
        whole = await client.messages.create(**asked("Introduce yourself"))
        async with client.messages.stream(**asked("Introduce yourself")) as events:
            pieces = [piece async for piece in events.text_stream]
        stream: Any = await client.beta.messages.create(**asked("Introduce yourself"), stream=True)
        raw = [event.delta.text async for event in stream if event.type == "content_block_delta"]
        assert [whole.content[0].text] * 2 == ["".join(pieces), "".join(raw)]
        with pytest.raises(anthropic.RateLimitError):
            await client.messages.create(**asked("Hello", model="error/rate_limited"))


async def test_the_async_tool_runner_goes_through_the_loop(emulator: Session, service: str) -> None:
    ran: list[str] = []

    @beta_async_tool(name="get_current_weather")
    async def get_current_weather(location: str) -> str:
        """Obtain the weather forecast for a specified city."""
        ran.append(location)
        return RESULT

    async with AsyncAnthropic(**SERVICES[service](emulator), max_retries=0) as client:
        runner = client.beta.messages.tool_runner(**asked(WEATHER_TODAY, tools=[get_current_weather]))
        done: Any = await runner.until_done()
    assert (["Beijing"], TOLD) == (ran, done.content[0].text)
