"""OpenAI's audio: speech from a text, and the text of a recording, which a call asks for by its path."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Final

from emulator.protocols.media import rules
from emulator.protocols.media.answering import ERRORS, blocked, broken, failure, framing, keep, unfit, varies
from emulator.protocols.media.reading import fields, model, text
from emulator.types import Call, Completion, Endpoint, Frame, Json, Media, Memory, Part, Request, Stamp, Text, Turn

__all__ = [
    "ERRORS",
    "NAME",
    "PING",
    "RULES",
    "blocked",
    "body",
    "broken",
    "decode",
    "failure",
    "frames",
    "framing",
    "keep",
    "varies",
]

NAME: Final = "audio"
PING: Final = None
RULES: Final = rules.AUDIO


def decode(call: Call, endpoint: Endpoint, memory: Memory) -> Request:  # noqa: ARG001 - nothing is referred to
    """Read a request: the user says what is to be spoken, or gives what is to be written down."""
    content = fields(call)
    written = _is_transcription(call)
    return Request(
        call=call,
        endpoint=endpoint,
        body=content,
        model=model(content, endpoint),
        turns=(Turn("user", tuple(_recorded(content))),) if written else tuple(_spoken(content)),
        # In a form it is a text. Only transcriptions are streamed here.
        stream=written and content.get("stream") in (True, "true"),
    )


def body(done: Completion, request: Request, stamp: Stamp) -> Json:  # noqa: ARG001 - nothing in it is of one exchange
    """Give the bytes of the sound, or what was heard in the words that the request wants."""
    if _is_transcription(request.call):
        heard = _heard(done)
        if request.body.get("response_format") == "text":
            return heard
        return {"text": heard}
    for part in done.parts:
        if isinstance(part, Media) and part.kind == "audio":
            return base64.b64decode(part.source)
    raise unfit(done, "audio is", "audio")


def frames(done: Completion, request: Request, stamp: Stamp) -> Iterator[Frame]:
    """Write a transcription as a stream (types.TranscriptionStreamEvent, openai 3.51); a sound is one piece."""
    if _is_transcription(request.call):
        return _written_down(done, _heard(done), request)
    body(done, request, stamp)
    return iter([Frame(None, beat=True)])


def _written_down(done: Completion, heard: str, request: Request) -> Iterator[Frame]:
    for part in done.parts:
        if isinstance(part, Text):
            for piece in part.deltas:
                yield Frame({"type": "transcript.text.delta", "delta": piece}, beat=True, text=piece)
    tokens = done.tokens(request)
    usage = {
        "type": "tokens",
        "input_tokens": tokens.input,
        "output_tokens": tokens.output,
        "total_tokens": tokens.input + tokens.output,
    }
    yield Frame({"type": "transcript.text.done", "text": heard, "usage": usage})


def _is_transcription(call: Call) -> bool:
    return call.path.rstrip("/").endswith("/transcriptions")


def _spoken(content: Json) -> Iterator[Turn]:
    """How to speak is an instruction: "Control the voice of your generated audio" – types.SpeechCreateParams."""
    match content.get("instructions"):
        case str() as instructions if instructions:
            yield Turn("system", (Text(instructions),))
    yield Turn("user", (Text(text(content, "input")),))


def _recorded(content: Json) -> Iterator[Part]:
    """The recording, which is known by the name of its file, and the text that guides the model."""
    match content.get("prompt"):
        case str() as prompt if prompt:
            yield Text(prompt)
    yield Media("audio", text(content, "file"))


def _heard(done: Completion) -> str:
    texts = [part.text for part in done.parts if isinstance(part, Text)]
    if not texts:
        raise unfit(done, "a transcription is", "text")
    return "".join(texts)
