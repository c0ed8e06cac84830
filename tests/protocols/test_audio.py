"""Speech and transcriptions, read and written without a server."""

import json
from typing import Any

import pytest

from emulator.protocols.media import audio
from emulator.session import Memory
from emulator.types import (
    Call,
    Completion,
    Endpoint,
    Failure,
    Frame,
    Media,
    Rejected,
    Request,
    Stamp,
    Text,
    Turn,
    Usage,
)

STAMP = Stamp(seed=0, serial=1, created=1_767_225_601)
SPEECH, WRITTEN = "/v1/ai/ep/audio/speech", "/v1/audio/transcriptions"
SOUND = Completion((Media("audio", "AAEC", "audio/wav"),), "stop")
WORDS = Completion((Text("Hello there", (5,)),), "stop", Usage(input=9, output=3))


def asked(path: str, **fields: Any) -> Request:
    call = Call("POST", path, body=json.dumps({"model": "m", **fields}).encode())
    return audio.decode(call, Endpoint("p", audio), Memory(most=9))


def recorded(*fields: tuple[str, str]) -> Request:
    """A form as the openai package writes it."""
    parts = [('name="model"', "m"), *fields, ('name="file"; filename="hello.wav"', "RIFF\r\n\x00")]
    body = "".join(f"--b0\r\nContent-Disposition: form-data; {head}\r\n\r\n{text}\r\n" for head, text in parts)
    headers = {"content-type": "multipart/form-data; boundary=b0"}
    call = Call("POST", WRITTEN, headers=headers, body=f"{body}--b0--\r\n".encode())
    return audio.decode(call, Endpoint("p", audio), Memory(most=9))


def test_what_is_to_be_spoken_is_what_the_user_says() -> None:
    assert (Turn("user", (Text("hi"),)),) == asked(SPEECH, input="hi", voice="alloy").turns
    whispered = asked(SPEECH, input="hi", instructions="Whisper.", stream=True)
    assert ("Whisper.", "hi", False) == (whispered.system, whispered.user, whispered.stream)


def test_a_recording_is_known_by_its_file_and_comes_with_a_prompt() -> None:
    heard = recorded(('name="prompt"', "Names: Li Bai"), ('name="stream"', "true"))
    assert (Turn("user", (Text("Names: Li Bai"), Media("audio", "hello.wav"))),) == heard.turns
    assert ({"model": "m", "prompt": "Names: Li Bai", "stream": "true", "file": "hello.wav"}, True) == (
        heard.body,
        heard.stream,
    )
    assert ((Turn("user", (Media("audio", "hello.wav"),)),), False) == (recorded().turns, recorded().stream)


@pytest.mark.parametrize(
    ("path", "message"),
    [(SPEECH, "Missing required parameter: 'input'."), (WRITTEN, "Missing required parameter: 'file'.")],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(path: str, message: str) -> None:
    with pytest.raises(Rejected) as rejected:
        asked(path)
    assert message == rejected.value.failure.message


def test_speech_is_the_bytes_of_the_sound_and_one_beat() -> None:
    request = asked(SPEECH, input="hi")
    assert b"\x00\x01\x02" == audio.body(SOUND, request, STAMP)
    assert [Frame(None, beat=True)] == list(audio.frames(SOUND, request, STAMP))


def test_a_transcription_is_the_text_of_the_step() -> None:
    assert {"text": "Hello there"} == audio.body(WORDS, recorded(), STAMP)
    assert "Hello there" == audio.body(WORDS, recorded(('name="response_format"', "text")), STAMP)


def test_a_transcription_is_streamed_piece_by_piece() -> None:
    usage = {"type": "tokens", "input_tokens": 9, "output_tokens": 3, "total_tokens": 12}
    assert [
        Frame({"type": "transcript.text.delta", "delta": "Hello"}, beat=True, text="Hello"),
        Frame({"type": "transcript.text.delta", "delta": " there"}, beat=True, text=" there"),
        Frame({"type": "transcript.text.done", "text": "Hello there", "usage": usage}),
    ] == list(audio.frames(WORDS, recorded(), STAMP))


def test_a_transcription_needs_words() -> None:
    for write in (audio.body, audio.frames):  # before the first frame, for then it is too late to say so
        with pytest.raises(Rejected) as rejected:
            write(SOUND, recorded(), STAMP)
        message = "the step answers with audio, but a transcription is asked for; give its reply 'text'"
        assert Failure("no_step", message) == rejected.value.failure
