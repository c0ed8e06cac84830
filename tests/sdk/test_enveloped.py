"""Released clients over a socket against the enveloped API, unmodified: only base URL and key are set."""

from typing import Any

import anthropic
import openai
import pytest
from anthropic import Anthropic
from openai import OpenAI

from emulator import Emulator, Server, Session
from tests.live import ROOT

pytestmark = pytest.mark.scenario("errors.yaml", "hello.yaml", "weather-tool-loop.yaml", "documentation.yaml")

HELLO = "Hello! How can I help you today?"
BOTH_CITIES = "Compare the weather in Beijing and Shanghai."
PARAMETERS: Any = {"type": "object", "properties": {"location": {"type": "string"}}, "required": ["location"]}


def said(text: str) -> Any:
    return [{"role": "user", "content": text}]


@pytest.fixture
def client(emulator: Session) -> OpenAI:
    return OpenAI(**emulator.enveloped.openai, max_retries=0)


def test_a_whole_answer_is_beside_what_the_client_looks_for(client: OpenAI) -> None:
    """`choices` is None, and the answer is in `data`."""
    done = client.chat.completions.create(model="gpt-3.5-turbo", messages=said("Hello!"))
    assert done.choices is None
    extra: Any = done.model_extra
    assert (True, "200", "successful") == (extra["success"], extra["code"], extra["message"])
    assert HELLO == extra["data"]["choices"][0]["message"]["content"]


def test_a_streamed_answer_is_what_the_client_looks_for(client: OpenAI) -> None:
    options: Any = {"stream_options": {"include_usage": True}}
    with client.chat.completions.stream(model="m", messages=said("Tell me about Li Bai"), **options) as events:
        done = events.get_final_completion()
    assert "Li Bai (701-762), courtesy name Taibai, was a renowned Tang dynasty poet..." == (
        done.choices[0].message.content
    )
    assert done.usage is not None
    assert (10, 150) == (done.usage.prompt_tokens, done.usage.completion_tokens)


def test_streamed_parallel_calls_are_whole(client: OpenAI) -> None:
    tool: Any = {"type": "function", "function": {"name": "get_current_weather", "parameters": PARAMETERS}}
    with client.chat.completions.stream(model="m", messages=said(BOTH_CITIES), tools=[tool]) as events:
        [choice] = events.get_final_completion().choices
    calls: Any = choice.message.tool_calls
    assert ["Beijing", "Shanghai"] == [call.function.arguments[14:-2] for call in calls]


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("invalid_api_key", openai.AuthenticationError),
        ("model_not_found", openai.NotFoundError),
        ("invalid_request", openai.BadRequestError),
        ("rate_limited", openai.RateLimitError),
        ("server_error", openai.InternalServerError),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_an_error_raises_its_class(client: OpenAI, name: str, error: type[openai.APIStatusError], stream: bool) -> None:
    with pytest.raises(error) as caught:
        client.chat.completions.create(model=f"error/{name}", messages=said("Hello"), stream=stream)
    assert error is type(caught.value)
    body: Any = caught.value.body
    assert (False, str(caught.value.status_code), None) == (body["success"], body["code"], body["data"])


def test_the_style_of_the_introduction_gives_the_client_a_message() -> None:
    settings: Any = {"api_keys": ("right",), "providers": {"enveloped": {"errors": "intro"}}}
    with Emulator(ROOT / "scenarios", time_scale=0, **settings) as emulator:
        client = OpenAI(base_url=emulator.enveloped.url, api_key="wrong", max_retries=0)
        with pytest.raises(openai.AuthenticationError, match=r"Invalid API key\.") as caught:
            client.chat.completions.create(model="m", messages=said("Hello"))
        assert "unauthorized" == caught.value.code


@pytest.mark.parametrize("base", ["/api", "/api/anthropic"])
def test_anthropic_streams_from_both_of_its_bases(emulator: Session, emulator_server: Server, base: str) -> None:
    client = Anthropic(base_url=f"{emulator_server.url}{base}", api_key=emulator.key, max_retries=0)
    with client.messages.stream(model="m", max_tokens=64, messages=said("Hello")) as events:
        done = events.get_final_message()
    assert (HELLO, "end_turn") == ("".join(getattr(block, "text", "") for block in done.content), done.stop_reason)
    whole: Any = client.messages.create(model="m", max_tokens=64, messages=said("Hello"))
    assert HELLO == whole.data["content"][0]["text"]
    with pytest.raises(anthropic.RateLimitError):
        client.messages.create(model="error/rate_limited", max_tokens=64, messages=said("Hello"))
