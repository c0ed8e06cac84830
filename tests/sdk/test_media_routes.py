"""Embeddings, images and audio through the released `openai` and `google-genai` packages, unmodified."""

import base64
import io
import math
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openai
import pytest
from google import genai
from openai import OpenAI

from emulator import Session

SCENARIO = """
    version: 1
    steps:
      - name: vectors
        when: {protocol: embeddings, user: "*weather*"}
        reply: {embeddings: {dimensions: 8}}
      - name: one
        when: {protocol: images, has: [image]}
        reply: {images: {file: red.gif}}
      - name: pictures
        when: {protocol: images}
        reply: {images: [generated, {size: 17x9}]}
      - name: heard
        when: {protocol: audio, has: [audio]}
        reply: {text: It is sunny.}
      - name: speech
        when: {protocol: audio, user: Hello}
        reply: {audio: {duration: 200ms}}
      - name: words
        reply: {text: Hello!}
    """
PNG, GIF = b"\x89PNG\r\n\x1a\n", b"GIF89a"
SERVICES: dict[str, Callable[[Session], dict[str, Any]]] = {
    "plain": lambda emulator: emulator.plain.openai,
    "cloudsway": lambda emulator: emulator.cloudsway("RkBOAlaWzKcubSji").openai,
}


@pytest.fixture
def emulator(emulator: Session, tmp_path: Path) -> Session:
    """The test's own session, with the scenario above and the picture that it names beside it."""
    (tmp_path / "red.gif").write_bytes(GIF)
    file = tmp_path / "test.yaml"
    file.write_text(SCENARIO, encoding="utf-8")
    emulator.load(file)
    return emulator


@pytest.fixture(params=SERVICES)
def service(emulator: Session, request: pytest.FixtureRequest) -> dict[str, Any]:
    """The arguments that lead a client to the service."""
    return SERVICES[request.param](emulator)


@pytest.fixture
def client(service: dict[str, Any]) -> OpenAI:
    return connect(service)


def connect(service: dict[str, Any], *, strict: bool = True) -> OpenAI:
    # Strict validation makes the client refuse what its own types do not allow.
    return OpenAI(**service, max_retries=0, _strict_response_validation=strict)


def test_embeddings_are_floats_of_length_one(service: dict[str, Any]) -> None:
    texts, model = ["the weather in Beijing", "Beijing"], "text-embedding-3-small"
    # By itself the client asks for base64, which its own types do not allow, and unpacks it.
    packed = connect(service, strict=False).embeddings.create(model=model, input=texts)
    strict = connect(service).embeddings
    plain = strict.create(model=model, input=texts, encoding_format="float")
    assert [item.embedding for item in plain.data] == [item.embedding for item in packed.data]
    assert [8, 8] == [len(item.embedding) for item in packed.data]
    assert 1 == pytest.approx(math.hypot(*packed.data[0].embedding), abs=1e-6)
    assert ([0, 1], 8, 8) == (
        [item.index for item in packed.data],
        packed.usage.prompt_tokens,
        packed.usage.total_tokens,
    )
    short = strict.create(model=model, input=texts[0], dimensions=3, encoding_format="float")
    assert [3] == [len(item.embedding) for item in short.data]


def test_images_are_pngs_and_start_over(client: OpenAI) -> None:
    made = client.images.generate(model="gpt-image-2", prompt="a cat", n=3)
    assert made.data is not None
    assert made.usage is not None
    pictures = [base64.b64decode(image.b64_json or "") for image in made.data]
    assert [PNG] * 3 == [picture[:8] for picture in pictures]
    assert (True, False, "png") == (pictures[0] == pictures[2], pictures[0] == pictures[1], made.output_format)


def test_an_image_is_edited_in_a_form(client: OpenAI) -> None:
    made = client.images.edit(model="gpt-image-2", prompt="make it red", image=("cat.png", PNG, "image/png"))
    assert made.data is not None
    assert [(GIF, None)] == [(base64.b64decode(image.b64_json or ""), image.url) for image in made.data]


def test_speech_is_a_wav_that_opens(client: OpenAI) -> None:
    spoken = client.audio.speech.create(model="gpt-4o-mini-tts", voice="alloy", input="Hello", response_format="wav")
    assert "audio/wav" == spoken.response.headers["content-type"]
    with wave.open(io.BytesIO(spoken.content)) as file:
        assert 4_800 == file.getnframes()


def test_a_recording_is_written_down(client: OpenAI) -> None:
    recording = ("weather.wav", b"RIFF", "audio/wav")
    heard = client.audio.transcriptions.create(model="gpt-4o-transcribe", file=recording)
    assert "It is sunny." == heard.text
    events = list(client.audio.transcriptions.create(model="gpt-4o-transcribe", file=recording, stream=True))
    assert "It is sunny." == "".join(event.delta for event in events if event.type == "transcript.text.delta")
    assert ["transcript.text.done"] == [event.type for event in events[-1:]]
    text = client.audio.transcriptions.create(model="gpt-4o-transcribe", file=recording, response_format="text")
    assert "It is sunny." == str(text)


def test_cloudbase_gives_urls(emulator: Session) -> None:
    client = connect(emulator.provider("cloudbase", "hunyuan-image").openai)
    made = client.images.generate(model="hunyuan-image", prompt="a cat")
    assert made.data is not None
    [image] = made.data
    assert ("a cat", True) == (image.revised_prompt, (image.url or "").startswith("data:image/png;base64,"))


def test_google_genai_asks_for_batches(emulator: Session) -> None:
    with genai.Client(**emulator.plain.gemini) as client:
        texts = ["the weather in Beijing", "Beijing"]
        made = client.models.embed_content(model="gemini-embedding-001", contents=texts)
        short = client.models.embed_content(
            model="gemini-embedding-001", contents=texts[0], config={"output_dimensionality": 3}
        )
    values = [[item.values for item in answer.embeddings or ()] for answer in (made, short)]
    asked = connect(emulator.plain.openai).embeddings.create(model="e", input=texts, encoding_format="float")
    assert [item.embedding for item in asked.data] == values[0]
    assert [3] == [len(value or ()) for value in values[1]]
    assert ["test/vectors"] * 3 == [exchange.step for exchange in emulator.requests]


@pytest.mark.emulator(strict=False)
def test_a_step_that_says_something_else_is_a_miss_that_says_so(emulator: Session) -> None:
    with pytest.raises(openai.NotFoundError) as missed:
        connect(emulator.plain.openai).embeddings.create(model="e", input="something else")
    assert (
        "the step answers with text, but embeddings are asked for; give its reply 'embeddings'"
        in missed.value.body["message"]  # type: ignore[index]
    )
