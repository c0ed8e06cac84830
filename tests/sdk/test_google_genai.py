"""The released `google-genai` package over a socket, unmodified: only base URL and key are set."""

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest
from google import genai
from google.genai import errors, types
from pydantic import BaseModel

from emulator import Session

pytestmark = pytest.mark.scenario("errors.yaml", "hello.yaml", "weather-tool-loop.yaml", "documentation.yaml")

HELLO = "Hello! How can I help you today?"
WEATHER_TODAY = "Please check the weather in Beijing for me today."
BOTH_CITIES = "Compare the weather in Beijing and Shanghai."
LARGER = "Which is larger, 9.11 or 9.9?"
THOUGHT = "9.9 is 9.90, and 90 hundredths are more than 11."
TOLD = "It is 25℃ and sunny in Beijing."
MODEL = "gemini-2.5-flash"

WEATHER = types.Tool(
    function_declarations=[
        types.FunctionDeclaration(
            name="get_current_weather",
            description="Obtain the weather forecast for a specified city",
            parameters=types.Schema(
                type=types.Type.OBJECT,
                properties={"location": types.Schema(type=types.Type.STRING)},
                required=["location"],
            ),
        )
    ]
)
OFFERED = types.GenerateContentConfig(tools=[WEATHER])


@pytest.fixture
def alone(emulator_factory: Callable[..., Session]) -> Session:
    """A session that knows what the test tells it."""
    return emulator_factory()


def connect(emulator: Session, **options: Any) -> genai.Client:
    """A client as the documentation makes it, against the emulator."""
    ready = emulator.plain.gemini
    ready["http_options"] |= options
    return genai.Client(**ready)


@pytest.fixture
def client(emulator: Session) -> Iterator[genai.Client]:
    with connect(emulator) as client:
        yield client


def parts(response: types.GenerateContentResponse) -> list[types.Part]:
    assert response.candidates is not None
    content = response.candidates[0].content
    return (content.parts if content else None) or []


def usage(response: types.GenerateContentResponse) -> tuple[int | None, int | None, int | None]:
    counted = response.usage_metadata
    assert counted is not None
    return counted.prompt_token_count, counted.candidates_token_count, counted.total_token_count


def finish(response: types.GenerateContentResponse) -> types.FinishReason | None:
    assert response.candidates is not None
    return response.candidates[0].finish_reason


# ---------------------------------------------------------------- text


def test_a_whole_answer_is_parsed(client: genai.Client) -> None:
    done = client.models.generate_content(model=MODEL, contents="Tell me about Li Bai")
    assert "Li Bai (701-762), courtesy name Taibai, was a renowned Tang dynasty poet..." == done.text
    assert (types.FinishReason.STOP, MODEL, (10, 150, 160)) == (finish(done), done.model_version, usage(done))
    assert done.response_id


@pytest.mark.parametrize("version", [None, "v1", "v1beta", "v1alpha"])
def test_every_version_of_the_path_is_served(emulator: Session, version: str | None) -> None:
    with connect(emulator, **({"api_version": version} if version else {})) as client:
        assert HELLO == client.models.generate_content(model=MODEL, contents="Hello").text
        chunks = client.models.generate_content_stream(model=MODEL, contents="Hello")
        assert HELLO == "".join(chunk.text or "" for chunk in chunks)
    # Current ones ask for v1 where nothing is said.
    assert [version or "v1"] * 2 == [entry.path.split("/")[1] for entry in emulator.requests]


def test_a_stream_is_parsed_and_says_the_same(client: genai.Client) -> None:
    whole = client.models.generate_content(model=MODEL, contents="Introduce yourself")
    *chunks, last = client.models.generate_content_stream(model=MODEL, contents="Introduce yourself")
    assert 13 == len(chunks)
    assert whole.text == "".join(chunk.text or "" for chunk in chunks)
    assert [None] * 13 == [finish(chunk) for chunk in chunks]
    assert (types.FinishReason.STOP, "", usage(whole)) == (finish(last), last.text, usage(last))
    assert 1 == len({chunk.response_id for chunk in [*chunks, last]})


def test_a_stream_without_events_is_one_json_array(emulator: Session) -> None:
    body = {"contents": [{"parts": [{"text": "Hello"}]}]}
    home = emulator.plain.gemini["http_options"]["base_url"]
    url = f"{home}/v1beta/models/{MODEL}:streamGenerateContent"
    reply = httpx2.post(url, params={"key": emulator.key}, json=body)
    assert "application/json" in reply.headers["content-type"]
    answers = [types.GenerateContentResponse.model_validate(item) for item in reply.json()]
    assert HELLO == "".join(answer.text or "" for answer in answers)
    key = {"x-goog-api-key": emulator.key}  # and no type of content
    events = httpx2.post(url, params={"alt": "sse"}, content=json.dumps(body), headers=key)
    assert "text/event-stream" in events.headers["content-type"]
    lines = events.content.decode().removesuffix("\r\n\r\n").split("\r\n\r\n")
    assert HELLO == "".join(
        json.loads(line.removeprefix("data: "))["candidates"][0]["content"]["parts"][0]["text"] for line in lines
    )


@pytest.mark.parametrize("stream", [False, True])
def test_a_chat_remembers_what_was_said(emulator: Session, client: genai.Client, stream: bool) -> None:
    chat = client.chats.create(model=MODEL, config=types.GenerateContentConfig(system_instruction="Be brief."))
    for message in ("Introduce yourself", "Hello"):
        if stream:
            list(chat.send_message_stream(message))
        else:
            chat.send_message(message)
    model = "".join(part.text or "" for content in chat.get_history() for part in content.parts or [])
    assert f"Introduce yourselfI am an emulated model, and I say what my scenario file says.Hello{HELLO}" == model
    _, second = emulator.requests
    said = second.body
    # A streamed answer goes back chunk by chunk.
    assert ["user", *["model"] * (14 if stream else 1), "user"] == [content["role"] for content in said["contents"]]
    assert [{"text": "Be brief."}] == said["systemInstruction"]["parts"]


CONTINUED = """
version: 1
steps:
  - {when: {turn: 2}, reply: {text: Once more.}}
  - {reply: {text: one two three, stream: {chunk: word}}}
"""


def test_a_turn_that_comes_back_in_pieces_is_one_turn(alone: Session) -> None:
    alone.load(CONTINUED)
    with connect(alone) as client:
        chat = client.chats.create(model=MODEL)
        assert 4 == len(list(chat.send_message_stream("Count.")))
        assert "Once more." == chat.send_message("Go on.").text


# ---------------------------------------------------------------- reasoning


def thoughts(found: list[types.Part]) -> str:
    return "".join(part.text or "" for part in found if part.thought)


THINKING = types.GenerateContentConfig(thinking_config=types.ThinkingConfig(include_thoughts=True))


def test_thoughts_come_before_the_answer(client: genai.Client) -> None:
    whole = client.models.generate_content(model=MODEL, contents=LARGER, config=THINKING)
    chunks = list(client.models.generate_content_stream(model=MODEL, contents=LARGER, config=THINKING))
    streamed = [part for chunk in chunks for part in parts(chunk)]
    assert THOUGHT == thoughts(parts(whole)) == thoughts(streamed)
    assert "9.9 is larger than 9.11." == whole.text == "".join(chunk.text or "" for chunk in chunks)
    counted = whole.usage_metadata
    assert counted is not None
    assert (12, 6) == (counted.thoughts_token_count, counted.candidates_token_count)
    assert counted == chunks[-1].usage_metadata
    # The signature is on the last part that is no thought, and goes back as it came.
    assert parts(whole)[-1].thought_signature
    assert streamed[-1].thought_signature


def test_the_signature_of_a_scenario_arrives(alone: Session) -> None:
    thinking = {"reasoning": {"text": "hm", "signature": "not base64"}}
    alone.on().reply(content=[thinking, {"tool_call": {"name": "f", "arguments": {}}}])
    with connect(alone) as client:
        thought, call = parts(client.models.generate_content(model=MODEL, contents="?"))
    assert (True, b"not base64") == (thought.thought, call.thought_signature)


# ---------------------------------------------------------------- tools


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("with_id", [True, False])
def test_the_tool_loop_takes_two_requests(client: genai.Client, stream: bool, with_id: bool) -> None:
    def turn(contents: list[types.Content]) -> list[types.GenerateContentResponse]:
        asked: Any = {"model": MODEL, "contents": contents, "config": OFFERED}
        models = client.models
        return list(models.generate_content_stream(**asked)) if stream else [models.generate_content(**asked)]

    contents: list[types.Content] = [types.UserContent(WEATHER_TODAY)]
    asked = turn(contents)
    [call] = [call for response in asked for call in response.function_calls or []]
    assert ("get_current_weather", {"location": "Beijing"}) == (call.name, call.args)
    assert types.FinishReason.STOP == finish(asked[-1])
    assert parts(asked[0])[0].thought_signature
    contents += [types.ModelContent(parts(response)) for response in asked]
    result = types.FunctionResponse(
        id=call.id if with_id else None, name=call.name, response={"temperature": "25℃", "weather": "sunny"}
    )
    told = turn([*contents, types.UserContent(types.Part(function_response=result))])
    assert TOLD == "".join(response.text or "" for response in told)


@pytest.mark.parametrize("stream", [False, True])
def test_automatic_function_calling_runs_the_function_once(
    emulator: Session, client: genai.Client, stream: bool
) -> None:
    asked: list[str] = []

    def get_current_weather(location: str) -> dict[str, str]:
        """Obtain the weather forecast for a specified city."""
        asked.append(location)
        return {"temperature": "25℃", "weather": "sunny"}

    request: Any = {"model": MODEL, "contents": WEATHER_TODAY, "config": {"tools": [get_current_weather]}}
    if stream:
        said = "".join(chunk.text or "" for chunk in client.models.generate_content_stream(**request))
    else:
        said = client.models.generate_content(**request).text or ""
    assert (TOLD, ["Beijing"]) == (said, asked)
    assert 2 == len(emulator.requests)


def test_a_chat_runs_functions_too(client: genai.Client) -> None:
    def get_current_weather(location: str) -> str:
        """Obtain the weather forecast for a specified city."""
        return json.dumps({"location": location, "weather": "sunny"})

    chat = client.chats.create(model=MODEL, config=types.GenerateContentConfig(tools=[get_current_weather]))
    assert TOLD == chat.send_message(WEATHER_TODAY).text


def test_parallel_calls_are_told_apart_by_their_ids(client: genai.Client) -> None:
    whole = client.models.generate_content(model=MODEL, contents=BOTH_CITIES, config=OFFERED)
    chunks = list(client.models.generate_content_stream(model=MODEL, contents=BOTH_CITIES, config=OFFERED))
    for found in (parts(whole), [part for chunk in chunks for part in parts(chunk)]):
        calls = [part for part in found if part.function_call]
        assert "Let me look at both." == "".join(part.text or "" for part in found)
        assert [{"location": "Beijing"}, {"location": "Shanghai"}] == [
            part.function_call.args for part in calls if part.function_call
        ]
        assert 2 == len({part.function_call.id for part in calls if part.function_call})
        assert [True, False] == [bool(part.thought_signature) for part in calls]


def test_a_malformed_call_ends_as_the_api_ends_it(alone: Session) -> None:
    alone.on().reply(tool_calls=[{"name": "f", "arguments": '{"a": '}])
    with connect(alone) as client:
        done = client.models.generate_content(model=MODEL, contents="?")
        *_, last = client.models.generate_content_stream(model=MODEL, contents="?")
    for response in (done, last):
        assert (types.FinishReason.MALFORMED_FUNCTION_CALL, [], None) == (
            finish(response),
            parts(response),
            response.function_calls,
        )


# ---------------------------------------------------------------- other input and output


class Poet(BaseModel):
    name: str
    born: int


POET = """
version: 1
steps:
  - when: {has: [schema]}
    reply: {text: '{"name": "Li Bai", "born": 701}', stream: {chunk: {chars: 4}}}
"""


@pytest.mark.parametrize(
    "config",
    [
        {"response_mime_type": "application/json", "response_schema": Poet},
        {"response_mime_type": "application/json", "response_json_schema": Poet.model_json_schema()},
    ],
)
def test_structured_output_is_parsed(alone: Session, config: Any) -> None:
    alone.load(POET)
    with connect(alone) as client:
        done = client.models.generate_content(model=MODEL, contents="Who?", config=config)
        *_, last = client.models.generate_content_stream(model=MODEL, contents="Who?", config=config)
    expected = Poet(name="Li Bai", born=701)
    assert (expected if "response_schema" in config else expected.model_dump()) == done.parsed
    assert types.FinishReason.STOP == finish(last)


MEDIA = """
version: 1
steps:
  - {when: {has: [image, video]}, reply: {text: Both.}}
  - {when: {has: [image]}, reply: {text: A picture.}}
  - {when: {has: [audio]}, reply: {text: A sound.}}
"""


def test_images_and_sounds_are_seen(alone: Session) -> None:
    alone.load(MEDIA)
    pixel = base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    )
    image = types.Part.from_bytes(data=pixel, mime_type="image/png")
    film = types.Part.from_uri(file_uri="gs://bucket/film.mp4", mime_type="video/mp4")
    sound = types.Part.from_bytes(data=b"\x00" * 9, mime_type="audio/wav")
    with connect(alone) as client:

        def said(*content: Any) -> Any:
            return client.models.generate_content(model=MODEL, contents=list(content))

        done = said("See", image)
        assert ("A picture.", "Both.", "A sound.") == (done.text, said(image, film).text, said(sound).text)
    modalities = {detail.modality: detail.token_count for detail in done.usage_metadata.prompt_tokens_details}
    assert {types.MediaModality.TEXT: 1, types.MediaModality.IMAGE: 256} == modalities


def test_several_candidates_are_told_apart(client: genai.Client) -> None:
    config = types.GenerateContentConfig(candidate_count=2)
    done = client.models.generate_content(model=MODEL, contents="Hello", config=config)
    assert [(0, HELLO), (1, HELLO)] == [
        (candidate.index, candidate.content.parts[0].text)
        for candidate in done.candidates or []
        if candidate.content and candidate.content.parts
    ]
    chunks = client.models.generate_content_stream(model=MODEL, contents="Hello", config=config)
    assert HELLO == "".join(chunk.text or "" for chunk in chunks)


def test_tokens_are_counted(client: genai.Client) -> None:
    counted = client.models.count_tokens(model=MODEL, contents="12345678")
    done = client.models.generate_content(model=MODEL, contents="Hello, what is this?")
    again = client.models.count_tokens(model=MODEL, contents="Hello, what is this?")
    assert (2, usage(done)[0]) == (counted.total_tokens, again.total_tokens)


ENDS = """
version: 1
steps:
  - {when: {user: long}, reply: {text: so far, finish: length}}
  - {when: {user: bad}, reply: {text: so far, finish: content_filter}}
  - {when: {user: nothing}, reply: {text: ""}}
"""


@pytest.mark.parametrize(
    ("prompt", "reason", "text"),
    [
        ("long", types.FinishReason.MAX_TOKENS, "so far"),
        ("bad", types.FinishReason.SAFETY, "so far"),
        ("nothing", types.FinishReason.STOP, ""),
    ],
)
def test_why_an_answer_ends_is_told(alone: Session, prompt: str, reason: types.FinishReason, text: str) -> None:
    alone.load(ENDS)
    with connect(alone) as client:
        done = client.models.generate_content(model=MODEL, contents=prompt)
        chunks = list(client.models.generate_content_stream(model=MODEL, contents=prompt))
    assert (reason, text) == (finish(done), done.text)
    assert (reason, text) == (finish(chunks[-1]), "".join(chunk.text or "" for chunk in chunks))


# ---------------------------------------------------------------- async


# The client itself inherits from what aiohttp would rather have left alone.
@pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")
async def test_the_async_client_does_all_of_it_too(emulator: Session) -> None:
    def get_current_weather(location: str) -> dict[str, str]:
        """Obtain the weather forecast for a specified city."""
        return {"location": location, "weather": "sunny"}

    async with connect(emulator).aio as client:
        assert HELLO == (await client.models.generate_content(model=MODEL, contents="Hello")).text
        chunks = await client.models.generate_content_stream(model=MODEL, contents="Hello")
        assert HELLO == "".join([chunk.text or "" async for chunk in chunks])
        tools: Any = {"tools": [get_current_weather]}
        told = await client.models.generate_content(model=MODEL, contents=WEATHER_TODAY, config=tools)
        assert TOLD == told.text
        assert 1 == (await client.models.count_tokens(model=MODEL, contents="Hi")).total_tokens
        with pytest.raises(errors.ClientError):
            await client.models.generate_content(model="error/rate_limited", contents="Hello")
        with pytest.raises(errors.ServerError):
            await anext(await client.models.generate_content_stream(model="error/overloaded", contents="Hello"))
