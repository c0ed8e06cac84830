"""What the released `google-genai` package raises where the service says no: the class and the words of production."""

from collections.abc import Iterator
from typing import Any

import pytest
from google import genai
from google.genai import errors, types

from emulator import Session

MODEL = "gemini-2.5-flash"
FUNCTION = types.FunctionDeclaration(name="f")
CALL = types.Part(function_call=types.FunctionCall(name="f", args={}))
RESULT = types.Part(function_response=types.FunctionResponse(name="f", response={"output": "4"}))
USER = types.UserContent("Hello")


def declared(*functions: types.FunctionDeclaration) -> types.GenerateContentConfig:
    return types.GenerateContentConfig(tools=[types.Tool(function_declarations=list(functions))])


def checked(where: str, sentence: str) -> str:
    return f"* GenerateContentRequest.{where}: {sentence}\n"


def content(role: str, *parts: types.Part) -> types.Content:
    return types.Content(role=role, parts=list(parts))


SCHEMA = types.Schema(type=types.Type.OBJECT, properties={"a": types.Schema(type=types.Type.ARRAY)})
COUNT = (
    "Please ensure that the number of function response parts is equal to the number of function call parts of the "
    "function call turn."
)
UNSIGNED = (
    "Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly, "
    "and missing thought_signature may lead to degraded model performance. Additional data, function call "
    "`default_api:f` , position 2. Please refer to https://ai.google.dev/gemini-api/docs/thought-signatures for more "
    "details."
)
Config = types.GenerateContentConfig | None

REFUSED: list[tuple[str, Any, Config, str]] = [
    (MODEL, [content("system", types.Part(text="Hi"))], None, "Please use a valid role: user, model."),
    (MODEL, [content("user")], None, checked("contents[0].parts", "contents.parts must not be empty.")),
    (
        MODEL,
        [content("user", types.Part(thought=True))],
        None,
        checked("contents[0].parts[0].data", "required oneof field 'data' must have one initialized field"),
    ),
    (
        MODEL,
        "Hello",
        types.GenerateContentConfig(temperature=2.5),
        checked("generation_config.temperature", "temperature must be in the range [0.0, 2.0]."),
    ),
    (
        MODEL,
        "Hello",
        types.GenerateContentConfig(candidate_count=9),
        checked("generation_config.candidate_count", "candidate_count must be in the range [1, 8]."),
    ),
    (
        MODEL,
        "Hello",
        types.GenerateContentConfig(stop_sequences=list("abcdef")),
        checked("generation_config.stop_sequences", "at most 5 stop sequences are allowed."),
    ),
    (
        MODEL,
        "Hello",
        types.GenerateContentConfig(response_mime_type="text/html"),
        checked(
            "generation_config.response_mime_type",
            "allowed mimetypes are `text/plain`, `application/json`, `application/xml`, `application/yaml` and "
            "`text/x.enum`.",
        ),
    ),
    (
        MODEL,
        "Hello",
        types.GenerateContentConfig(
            thinking_config=types.ThinkingConfig(thinking_budget=9, thinking_level=types.ThinkingLevel.LOW)
        ),
        "You can only set only one of thinking budget and thinking level.",
    ),
    (MODEL, "Hello", declared(FUNCTION, FUNCTION), "Duplicate function declaration found: f"),
    (
        MODEL,
        "Hello",
        declared(types.FunctionDeclaration(name="f", parameters=SCHEMA)),
        checked("tools[0].function_declarations[0].parameters.properties[a].items", "missing field."),
    ),
    (MODEL, [USER, content("model", CALL, CALL), content("user", RESULT)], None, COUNT),
    (
        MODEL,
        [USER, content("model", types.Part(text="4.")), content("user", RESULT)],
        None,
        "Please ensure that function response turn comes immediately after a function call turn.",
    ),
    ("gemini-3.5-flash", [USER, content("model", CALL), content("user", RESULT)], None, UNSIGNED),
]


@pytest.fixture
def client(emulator: Session) -> Iterator[genai.Client]:
    with genai.Client(**emulator.plain.gemini) as client:
        yield client


@pytest.mark.parametrize(("model", "contents", "config", "message"), REFUSED, ids=[row[3][:50] for row in REFUSED])
def test_it_is_a_client_error_with_the_services_words(
    client: genai.Client, emulator: Session, model: str, contents: Any, config: Config, message: str
) -> None:
    with pytest.raises(errors.ClientError) as caught:
        client.models.generate_content(model=model, contents=contents, config=config)
    assert (400, "INVALID_ARGUMENT", message) == (caught.value.code, caught.value.status, caught.value.message)
    assert ["rejected"] == [exchange.outcome for exchange in emulator.requests]


def test_a_stream_is_refused_before_it_begins(client: genai.Client) -> None:
    with pytest.raises(errors.ClientError) as caught:
        list(client.models.generate_content_stream(model=MODEL, contents=[content("user")]))
    assert "INVALID_ARGUMENT" == caught.value.status


def test_an_unknown_field_has_its_place_as_a_detail(client: genai.Client) -> None:
    options = types.HttpOptions(extra_body={"generationConfig": {"maxTokens": 9}})
    with pytest.raises(errors.ClientError) as caught:
        client.models.generate_content(
            model=MODEL, contents="Hello", config=types.GenerateContentConfig(http_options=options)
        )
    sentence = "Invalid JSON payload received. Unknown name \"maxTokens\" at 'generation_config': Cannot find field."
    [detail] = caught.value.details["error"]["details"]
    assert [{"field": "generation_config", "description": sentence}] == detail["fieldViolations"]
