"""Released clients over a socket against Cloudsway, unmodified: only base URL and key are set."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import anthropic
import openai
import pytest
from anthropic import Anthropic
from openai import OpenAI
from pydantic import BaseModel

from emulator import Emulator, Server, Session
from tests.live import ROOT

pytestmark = pytest.mark.scenario("errors.yaml", "hello.yaml", "weather-tool-loop.yaml", "documentation.yaml")

EP = "RkBOAlaWzKcubSji"
GP, CL, GE = "GpGpGpGpGpGpGpGp", "ClClClClClClClCl", "GeGeGeGeGeGeGeGe"
MODELS = {
    GP: "MaaS_GP_5.4_20260305",
    CL: "MaaS_Cl_Sonnet_4.6_20260217",
    GE: "MaaS_Ge_3.1_pro_preview_20260219",
}
HELLO = "Hello! How can I help you today?"
THINKING = "9.9 is 9.90, and 90 hundredths are more than 11."
LARGER, LARGER_IS = "Which is larger, 9.11 or 9.9?", "9.9 is larger than 9.11."
WEATHER_TODAY, TOLD = "Please check the weather in Beijing for me today.", "It is 25℃ and sunny in Beijing."
BOTH_CITIES = "Compare the weather in Beijing and Shanghai."
RESULT = {"temperature": "25℃", "weather": "sunny"}
NAME = "get_current_weather"
PARAMETERS: Any = {"type": "object", "properties": {"location": {"type": "string"}}, "required": ["location"]}


@pytest.fixture(autouse=True)
def own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's own settings must not steer the clients; their pauses between attempts last no time."""
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("time.sleep", lambda _seconds: None)


def chat_client(emulator: Session, endpoint: str = EP, **options: Any) -> OpenAI:
    return OpenAI(**emulator.cloudsway(endpoint).openai, **{"max_retries": 0, **options})


def claude_client(emulator: Session, endpoint: str = EP, **options: Any) -> Anthropic:
    return Anthropic(**emulator.cloudsway(endpoint).anthropic, **{"max_retries": 0, **options})


def said(text: str) -> Any:
    return [{"role": "user", "content": text}]


@pytest.fixture
def alone(emulator_factory: Callable[..., Session]) -> Session:
    """A session that knows what the test tells it."""
    return emulator_factory()


@pytest.fixture(scope="module")
def tabled_server() -> Iterator[Server]:
    """A server whose account has three endpoints and knows no other."""
    table = {"endpoints": tuple(f"{path}={model}" for path, model in MODELS.items()), "strict_endpoints": True}
    own = Emulator(ROOT / "scenarios", time_scale=0, providers={"cloudsway": table})
    with own:
        yield own.server


@pytest.fixture
def tabled(tabled_server: Server) -> Iterator[Session]:
    """The test's own session on it."""
    session = tabled_server.session()
    yield session
    session.end()


# ---------------------------------------------------------------- openai, chat

TOOL: Any = {"type": "function", "function": {"name": NAME, "parameters": PARAMETERS}}


def test_chat_answers_an_empty_model_with_null(emulator: Session) -> None:
    """Seed 004: `model=""`."""
    done: Any = chat_client(emulator).chat.completions.create(model="", messages=said("Hello"))
    assert (HELLO, "stop", None) == (done.choices[0].message.content, done.choices[0].finish_reason, done.model)
    assert (None, None) == (done.system_fingerprint, done.choices[0].message.tool_calls)
    assert done.usage is not None
    assert done._request_id


@pytest.mark.parametrize("path", [f"v1/ai/{EP}", f"v1/ai/{EP}/google", f"v2/ai/{EP}/claude"])
def test_chat_says_the_same_streamed_on_every_path(emulator: Session, emulator_server: Server, path: str) -> None:
    client = OpenAI(base_url=f"{emulator_server.url}/{path}", api_key=emulator.key, max_retries=0)
    whole = client.chat.completions.create(model="m", messages=said(LARGER)).choices[0].message
    with client.chat.completions.stream(model="m", messages=said(LARGER)) as events:
        streamed = events.get_final_completion().choices[0].message
    for message in (whole, streamed):
        assert (LARGER_IS, THINKING) == (message.content, message.reasoning_content)  # type: ignore[attr-defined]


def test_usage_comes_last_where_it_is_asked_for(emulator: Session) -> None:
    options: Any = {"stream": True, "stream_options": {"include_usage": True}}
    *chunks, last = chat_client(emulator).chat.completions.create(
        model="m", messages=said("Tell me about Li Bai"), **options
    )
    assert last.usage is not None
    assert (10, 150, []) == (last.usage.prompt_tokens, last.usage.completion_tokens, last.choices)
    assert all(chunk.usage is None for chunk in chunks)


@pytest.mark.parametrize("stream", [False, True])
def test_the_tool_loop_takes_two_requests(emulator: Session, stream: bool) -> None:
    client = chat_client(emulator)

    def turn(messages: Any) -> Any:
        if not stream:
            return client.chat.completions.create(model="", messages=messages, tools=[TOOL]).choices[0]
        with client.chat.completions.stream(model="", messages=messages, tools=[TOOL]) as events:
            return events.get_final_completion().choices[0]

    messages = said(WEATHER_TODAY)
    asked = turn(messages)
    [call] = asked.message.tool_calls
    assert ("tool_calls", NAME, '{"location": "Beijing"}') == (
        asked.finish_reason,
        call.function.name,
        call.function.arguments,
    )
    messages += [asked.message, {"role": "tool", "tool_call_id": call.id, "content": json.dumps(RESULT)}]
    told = turn(messages)
    assert ("stop", TOLD) == (told.finish_reason, told.message.content)


def test_gemini_signs_parallel_calls_and_takes_the_signatures_back(tabled: Session) -> None:
    client = chat_client(tabled, GE)
    messages = said(BOTH_CITIES)
    asked: Any = client.chat.completions.create(model="", messages=messages, tools=[TOOL]).choices[0].message
    assert [NAME, NAME] == [item["text"] for item in asked.reasoning_details]
    messages.append(asked)
    for call in asked.tool_calls:
        messages.append({"role": "tool", "tool_call_id": call.id, "content": json.dumps(RESULT)})
    told = client.chat.completions.create(model="", messages=messages, tools=[TOOL])
    assert "It is sunny in both cities." == told.choices[0].message.content


def test_a_gp_model_counts_its_reasoning_and_does_not_show_it(tabled: Session) -> None:
    client = chat_client(tabled, GP)
    done = client.chat.completions.create(model="", messages=said(LARGER))
    assert LARGER_IS == done.choices[0].message.content
    assert not hasattr(done.choices[0].message, "reasoning_content")
    assert done.usage is not None
    assert done.usage.completion_tokens_details is not None
    assert done.usage.completion_tokens_details.reasoning_tokens


class Where(BaseModel):
    location: str


@pytest.mark.parametrize("stream", [False, True])
def test_structured_output_is_parsed(alone: Session, stream: bool) -> None:
    alone.on(user="where").reply('{"location": "Beijing"}')
    client = chat_client(alone)
    if stream:
        with client.chat.completions.stream(model="", messages=said("where"), response_format=Where) as events:
            parsed = events.get_final_completion().choices[0].message.parsed
    else:
        done = client.chat.completions.parse(model="", messages=said("where"), response_format=Where)
        parsed = done.choices[0].message.parsed
    assert Where(location="Beijing") == parsed


ERRORS: list[tuple[str, int, type[openai.APIStatusError], str, int]] = [
    ("invalid_api_key", 401, openai.AuthenticationError, "401", 1),
    ("permission_denied", 403, openai.PermissionDeniedError, "403", 1),
    ("model_not_found", 404, openai.NotFoundError, "404", 1),
    ("environment_not_found", 400, openai.BadRequestError, "NO_ENDPOINT", 1),
    ("invalid_request", 400, openai.BadRequestError, "400", 1),
    ("rate_limited", 429, openai.RateLimitError, "429", 3),
    ("server_error", 500, openai.InternalServerError, "500", 3),
    ("overloaded", 503, openai.InternalServerError, "503", 3),
]


@pytest.mark.parametrize("protocol", ["chat", "responses"])
@pytest.mark.parametrize(("name", "status", "error", "code", "attempts"), ERRORS)
def test_an_error_raises_its_class_of_openai_after_the_right_number_of_attempts(
    emulator: Session,
    name: str,
    status: int,
    error: type[openai.APIStatusError],
    code: str,
    attempts: int,
    protocol: str,
) -> None:
    client = chat_client(emulator, max_retries=2)
    ask: Any = {"chat": client.chat.completions.create, "responses": client.responses.create}[protocol]
    fields: Any = {"messages": said("Hello")} if protocol == "chat" else {"input": "Hello"}
    with pytest.raises(error) as caught:
        ask(model=f"error/{name}", **fields)
    assert error is type(caught.value)
    assert (status, code) == (caught.value.status_code, caught.value.code)
    assert caught.value.request_id
    assert attempts == len(emulator.requests)


@pytest.mark.emulator(strict=False)
def test_a_miss_is_one_request_and_explains_itself(emulator: Session) -> None:
    client = chat_client(emulator, max_retries=2)
    with pytest.raises(openai.NotFoundError, match="no scenario step matched") as caught:
        client.chat.completions.create(model="m", messages=said("Good evening"))
    assert "NO_SCENARIO_STEP" == caught.value.code
    assert ["miss"] == [entry.outcome for entry in emulator.requests]


def test_a_url_that_does_not_fit_the_series_is_not_found(tabled: Session) -> None:
    with pytest.raises(openai.NotFoundError):
        chat_client(tabled, CL).responses.create(model="", input="Hello")
    with pytest.raises(anthropic.NotFoundError):
        claude_client(tabled, GP).messages.create(model="m", max_tokens=9, messages=said("Hello"))
    with pytest.raises(openai.BadRequestError) as caught:
        chat_client(tabled, EP).chat.completions.create(model="m", messages=said("Hello"))
    assert "NO_ENDPOINT" == caught.value.code


def test_unified_access_lists_its_models_and_wants_one_named(tabled: Session, tabled_server: Server) -> None:
    client = OpenAI(base_url=f"{tabled_server.url}/v1", api_key=tabled.key, max_retries=0)
    listed: Any = client.models.list()
    assert [(model, "1720089491") for model in MODELS.values()] == [(item.id, item.created) for item in listed]
    done = client.chat.completions.create(model=MODELS[CL], messages=said("Hello"))
    assert HELLO == done.choices[0].message.content
    with pytest.raises(openai.BadRequestError, match="model"):
        client.chat.completions.create(model="", messages=said("Hello"))
    with pytest.raises(openai.NotFoundError, match="gpt-4"):
        client.chat.completions.create(model="gpt-4", messages=said("Hello"))


# ---------------------------------------------------------------- openai, Responses


@pytest.mark.parametrize("stream", [False, True])
def test_responses_answer_reason_and_call_tools(emulator: Session, stream: bool) -> None:
    client = chat_client(emulator)
    tool: Any = {"type": "function", "name": NAME, "parameters": PARAMETERS, "strict": False}

    def turn(**fields: Any) -> Any:
        if not stream:
            return client.responses.create(model="m", tools=[tool], **fields)
        with client.responses.stream(model="m", tools=[tool], **fields) as events:
            return events.get_final_response()

    assert LARGER_IS == turn(input=LARGER).output_text
    asked = turn(input=WEATHER_TODAY)
    [call] = [item for item in asked.output if item.type == "function_call"]
    assert ({"location": "Beijing"}, None) == (json.loads(call.arguments), asked.content_filters)
    result = {"type": "function_call_output", "call_id": call.call_id, "output": json.dumps(RESULT)}
    told = turn(input=[result], previous_response_id=asked.id)
    assert TOLD == told.output_text


def test_a_response_in_the_background_is_fetched_when_it_is_done(emulator: Session) -> None:
    client = chat_client(emulator)
    begun = client.responses.create(model="m", input="Hello", background=True)
    assert "queued" == begun.status
    done = client.responses.retrieve(begun.id)
    assert ("completed", HELLO, begun.id) == (done.status, done.output_text, done.id)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve("resp_nothing")


# ---------------------------------------------------------------- anthropic

CLAUDE_TOOL: Any = {"name": NAME, "input_schema": PARAMETERS}


@pytest.mark.parametrize("auth", ["api_key", "auth_token", "x-api-key"])
@pytest.mark.parametrize("beta", [False, True])
def test_messages_answer_with_either_header_and_beta_or_not(emulator: Session, auth: str, beta: bool) -> None:
    keys: dict[str, Any] = {auth: emulator.key}
    if auth == "x-api-key":  # what versions before 1.0 send
        keys = {"api_key": "unused", "default_headers": {"x-api-key": emulator.key, "authorization": ""}}
    client = Anthropic(base_url=emulator.cloudsway(EP).anthropic["base_url"], max_retries=0, **keys)
    resource: Any = client.beta.messages if beta else client.messages
    done = resource.create(model="m", max_tokens=64, messages=said("Hello"))
    assert (HELLO, "end_turn", "m") == (done.content[0].text, done.stop_reason, done.model)
    assert done._request_id


@pytest.mark.parametrize("stream", [False, True])
def test_messages_think_and_sign(emulator: Session, stream: bool) -> None:
    client = claude_client(emulator)
    fields: Any = {"model": "m", "max_tokens": 4096, "messages": said(LARGER)}
    fields["thinking"] = {"type": "enabled", "budget_tokens": 4000}
    if stream:
        with client.messages.stream(**fields) as events:
            done: Any = events.get_final_message()
    else:
        done = client.messages.create(**fields)
    thinking, text = done.content
    assert (THINKING, LARGER_IS) == (thinking.thinking, text.text)
    assert thinking.signature


@pytest.mark.parametrize("stream", [False, True])
def test_the_tool_loop_of_messages_takes_two_requests(emulator: Session, stream: bool) -> None:
    client = claude_client(emulator)

    def turn(messages: Any) -> Any:
        fields: Any = {"model": "m", "max_tokens": 64, "messages": messages, "tools": [CLAUDE_TOOL]}
        if not stream:
            return client.messages.create(**fields)
        with client.messages.stream(**fields) as events:
            return events.get_final_message()

    messages = said(BOTH_CITIES)
    asked = turn(messages)
    calls = [block for block in asked.content if block.type == "tool_use"]
    assert ("tool_use", ["Beijing", "Shanghai"]) == (asked.stop_reason, [call.input["location"] for call in calls])
    results = [{"type": "tool_result", "tool_use_id": call.id, "content": json.dumps(RESULT)} for call in calls]
    told = turn([*messages, {"role": "assistant", "content": asked.content}, {"role": "user", "content": results}])
    assert "It is sunny in both cities." == told.content[0].text


def test_tokens_are_counted_and_the_one_model_is_listed(tabled: Session) -> None:
    client = claude_client(tabled, CL)
    assert 2 == client.messages.count_tokens(model="m", messages=said("12345678")).input_tokens
    assert [MODELS[CL]] == [model.id for model in client.models.list()]


CLAUDE_ERRORS: list[tuple[str, int, type[anthropic.APIStatusError], int]] = [
    ("invalid_api_key", 401, anthropic.AuthenticationError, 1),
    ("permission_denied", 403, anthropic.PermissionDeniedError, 1),
    ("model_not_found", 404, anthropic.NotFoundError, 1),
    ("invalid_request", 400, anthropic.BadRequestError, 1),
    ("rate_limited", 429, anthropic.RateLimitError, 3),
    ("server_error", 500, anthropic.InternalServerError, 3),
]


@pytest.mark.parametrize(("name", "status", "error", "attempts"), CLAUDE_ERRORS)
def test_an_error_raises_its_class_of_anthropic_after_the_right_number_of_attempts(
    emulator: Session, name: str, status: int, error: type[anthropic.APIStatusError], attempts: int
) -> None:
    client = claude_client(emulator, max_retries=2)
    with pytest.raises(error) as caught:
        client.messages.create(model=f"error/{name}", max_tokens=9, messages=said("Hello"))
    assert status == caught.value.status_code
    assert caught.value.request_id
    assert attempts == len(emulator.requests)
