"""The released `google-genai` package over a socket against Cloudsway, unmodified: the recipe and the alias."""

from collections.abc import Iterator
from typing import Any

import pytest
from google import genai

from emulator import Emulator, Session
from tests.live import ROOT

pytestmark = pytest.mark.scenario("errors.yaml", "hello.yaml", "weather-tool-loop.yaml", "documentation.yaml")

EP = "RkBOAlaWzKcubSji"
THINKING = "9.9 is 9.90, and 90 hundredths are more than 11."
LARGER, LARGER_IS = "Which is larger, 9.11 or 9.9?", "9.9 is larger than 9.11."
WEATHER_TODAY, TOLD = "Please check the weather in Beijing for me today.", "It is 25℃ and sunny in Beijing."
RESULT = {"temperature": "25℃", "weather": "sunny"}
NAME = "get_current_weather"
PARAMETERS: Any = {"type": "object", "properties": {"location": {"type": "string"}}, "required": ["location"]}


@pytest.fixture(autouse=True)
def own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's own settings must not steer the client: with a key it appends the path of the model."""
    for name in ("GEMINI_API_KEY", "GOOGLE_API_KEY", "GOOGLE_GEMINI_BASE_URL", "GOOGLE_GENAI_USE_VERTEXAI"):
        monkeypatch.delenv(name, raising=False)
    for name in ("GOOGLE_CLOUD_PROJECT", "GOOGLE_CLOUD_LOCATION"):
        monkeypatch.delenv(name, raising=False)


def gemini_client(emulator: Session, verb: str, endpoint: str = EP) -> genai.Client:
    """The recipe for the exact URLs: no key, project or location, the verb in the base URL, the key in a header."""
    options: Any = {
        "base_url": f"{emulator.cloudsway(endpoint).url}/{verb}",
        "headers": {"Authorization": f"Bearer {emulator.key}"},
    }
    return genai.Client(vertexai=True, http_options=options)


def alias_client(emulator: Session, endpoint: str = EP, **options: Any) -> genai.Client:
    ready = emulator.cloudsway(endpoint).gemini
    ready["http_options"] |= options
    return genai.Client(**ready)


def test_gemini_answers_on_the_exact_path_of_the_recipe(emulator: Session) -> None:
    with gemini_client(emulator, "generateContent") as client:
        done = client.models.generate_content(model="m", contents=LARGER)
    assert LARGER_IS == done.text
    [candidate] = done.candidates or []
    assert candidate.content is not None
    assert [THINKING, LARGER_IS] == [part.text for part in candidate.content.parts or []]
    assert done.usage_metadata is not None
    assert "ON_DEMAND" == done.usage_metadata.traffic_type
    assert done.create_time is not None


def test_gemini_streams_on_the_exact_path_of_the_recipe(emulator: Session) -> None:
    with gemini_client(emulator, "streamGenerateContent?alt=sse") as client:
        chunks = list(client.models.generate_content_stream(model="m", contents="Introduce yourself"))
    assert "I am an emulated model, and I say what my scenario file says." == "".join(c.text or "" for c in chunks)
    assert len(chunks) > 2
    totals = [chunk.usage_metadata.total_token_count for chunk in chunks if chunk.usage_metadata]
    assert totals[-1]
    assert not any(totals[:-1])


@pytest.mark.parametrize("version", ["v1", "v1beta", ""])
@pytest.mark.parametrize("stream", [False, True])
def test_gemini_calls_tools_on_the_alias_below_a_base_url(emulator: Session, stream: bool, version: str) -> None:
    tool: Any = {"function_declarations": [{"name": NAME, "parameters_json_schema": PARAMETERS}]}
    config: Any = {"tools": [tool], "automatic_function_calling": {"disable": True}}

    def turn(client: Any, contents: Any) -> Any:
        fields: Any = {"model": "gemini-3-pro", "contents": contents, "config": config}
        if not stream:
            return client.models.generate_content(**fields).candidates[0].content.parts
        chunks = list(client.models.generate_content_stream(**fields))
        return [part for chunk in chunks for part in chunk.candidates[0].content.parts or []]

    question = {"role": "user", "parts": [{"text": WEATHER_TODAY}]}
    with alias_client(emulator, api_version=version) as client:
        asked = turn(client, [question])
        [call] = [part.function_call for part in asked if part.function_call]
        assert (NAME, {"location": "Beijing"}) == (call.name, call.args)
        result = {"function_response": {"name": NAME, "id": call.id, "response": RESULT}}
        before = [part for part in asked if part.function_call]
        told = turn(client, [question, {"role": "model", "parts": before}, {"role": "user", "parts": [result]}])
    assert TOLD == "".join(part.text or "" for part in told)


def test_gemini_counts_tokens_on_the_alias(emulator: Session) -> None:
    with alias_client(emulator) as client:
        assert 2 == client.models.count_tokens(model="m", contents="12345678").total_tokens


@pytest.mark.parametrize(
    ("name", "error", "status"),
    [
        ("rate_limited", genai.errors.ClientError, 429),
        ("invalid_request", genai.errors.ClientError, 400),
        ("overloaded", genai.errors.ServerError, 503),
    ],
)
def test_an_error_raises_its_class_of_google_genai(
    emulator: Session, name: str, error: type[genai.errors.APIError], status: int
) -> None:
    with alias_client(emulator) as client, pytest.raises(error) as caught:
        client.models.generate_content(model=f"error/{name}", contents="Hello")
    assert str(status) == str(caught.value.code)


@pytest.fixture
def claude() -> Iterator[Session]:
    """A server whose account has one endpoint, for Claude."""
    table = {"endpoints": (f"{EP}=MaaS_Cl_Sonnet_4.6_20260217",)}
    with Emulator(ROOT / "scenarios", time_scale=0, providers={"cloudsway": table}) as session:
        yield session


def test_an_endpoint_of_another_series_is_not_found(claude: Session) -> None:
    with gemini_client(claude, "generateContent") as client, pytest.raises(genai.errors.ClientError, match="404"):
        client.models.generate_content(model="m", contents="Hello")
