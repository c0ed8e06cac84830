"""The schema of replies: what is said, or which error is reported, or what goes out as it stands, and when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import Discriminator, Field, Tag

from emulator.scenario.closed import Closed, Fault, Given
from emulator.scenario.model_content import (
    SHORT,
    BlockWords,
    ChoiceForm,
    Ended,
    LogprobForm,
    TextWords,
    UsageForm,
    exact_pieces,
    piece_faults,
)
from emulator.scenario.model_error import ErrorValue, error_shape
from emulator.scenario.model_media import AudioValue, EmbeddingsForm, ImagesValue
from emulator.scenario.model_stream import FaultValue, StreamForm
from emulator.scenario.scalars import Anything, Count, Duration, Named, Percent, ReplyHeaders, Words
from emulator.types import Json

__all__ = [
    "BlockReply",
    "BlockedReply",
    "ChoicesReply",
    "ErrorReply",
    "MediaReply",
    "RawReply",
    "ReplyForm",
    "TextReply",
]

_ENDED = ("finish", "stop_sequence")
_ABOUT = ("usage", "model", "logprobs", "metadata")
_KINDS = ("content", "choices", "embeddings", "images", "audio", "blocked", "raw", "error")
"""Beside the short form: what a reply is told by."""
_ONLY_ERROR = dict.fromkeys(("message", "retry_after"), "this goes with 'error' alone.")


def _without(keys: Iterable[str], kind: str, why: str) -> dict[str, str]:
    others = (other for other in _KINDS if other not in kind)
    return dict.fromkeys((*keys, *others), f"this does not go with '{kind}': {why}.")


_Logprobs: TypeAlias = Annotated[
    Annotated[Literal["auto"], Field(description="Made up from the text and the seed."), Tag("<plain>")]
    | Annotated[list[LogprobForm], Field(description="Those of the tokens, in their order."), Tag("<list>")],
    Discriminator(lambda value: "<list>" if isinstance(value, list) else "<plain>"),
]


class Timing(Closed):
    """What any reply may have."""

    delay: Given[Duration] = None
    """From the request's arrival to the first byte of the response, such as `250ms`, streamed or not."""
    headers: Given[ReplyHeaders] = None
    """Headers of the response, beside those of the provider."""
    fault: Given[FaultValue] = None
    """What becomes of the response as a whole: `reset`, `close`, `empty`, `hang`, `{truncate: 50%}`, `{garbage: …}`."""
    set: Given[Annotated[dict[str, Anything], Field(min_length=1)]] = None
    """What the session's state becomes once this reply was chosen, name by name."""
    times: Given[Count] = None
    """In 'replies': how many requests it answers before the next has its turn (default: 1)."""
    chance: Given[Percent] = None
    """In 'replies': how likely it is to answer, drawn for each request; where it does not, the next one does."""


class Content(Timing):
    """What any reply that says something may have."""

    usage: Given[UsageForm] = None
    """Token counts. Default: estimated."""
    model: Given[Named] = None
    """The model that says it is answering. Default: the model asked for."""
    stream: Given[StreamForm] = None
    """How the reply goes out piece by piece. A reply that is not streamed takes as long."""
    logprobs: Given[_Logprobs] = None
    """How likely each token of the text was, where the request asks for it. `auto` (default): made up."""
    metadata: Given[Annotated[dict[str, Anything], Field(min_length=1)]] = None
    """More fields at the top of the body, and of every event of a stream."""


class TextReply(Content, TextWords, Ended):
    """What the model says, in its short form: reasoning, then text, then a refusal, then tool calls."""

    ELSEWHERE: ClassVar = _ONLY_ERROR

    @classmethod
    def faults(cls, value: Mapping[str, Json]) -> Iterable[Fault]:
        """Give exact pieces that are not the text."""
        return piece_faults(value, [value])


class BlockReply(Content, BlockWords, Ended):
    """What the model says, as a list of blocks in the order it says them."""

    ELSEWHERE: ClassVar = {**BlockWords.ELSEWHERE, **_ONLY_ERROR}

    @classmethod
    def faults(cls, value: Mapping[str, Json]) -> Iterable[Fault]:
        """Give exact pieces that are not the texts."""
        return piece_faults(value, value["content"] if isinstance(value["content"], list) else ())


class ChoicesReply(Content):
    """Several answers, for a request that asks for more than one."""

    choices: Annotated[list[ChoiceForm], Field(min_length=1)]
    """What the first answer says, the second, and so on; where more are asked for, they start over."""

    ELSEWHERE: ClassVar = {
        **_without((*SHORT, *_ENDED), "choices", "write it within one of them"),
        **_ONLY_ERROR,
    }

    @classmethod
    def faults(cls, value: Mapping[str, Json]) -> Iterable[Fault]:
        """Give exact pieces, which fit one text only."""
        return no_pieces(value, "exact pieces are those of one text, and choices have several.")


class MediaReply(Content):
    """What the model makes, for the routes of embeddings, images and audio."""

    embeddings: Given[EmbeddingsForm] = None
    """A vector for each input, made from its text."""
    images: Given[ImagesValue] = None
    """Pictures: `generated`, or what they are, or a list of it."""
    audio: Given[AudioValue] = None
    """A sound: `generated`, or what it is."""

    ONE_OF: ClassVar = ("embeddings", "images", "audio")
    ELSEWHERE: ClassVar = {
        **_without((*SHORT, *_ENDED), "embeddings, images or audio", "it belongs to a reply in words"),
        **_ONLY_ERROR,
    }

    @classmethod
    def faults(cls, value: Mapping[str, Json]) -> Iterable[Fault]:
        """Give exact pieces, of which there is no text."""
        return no_pieces(value, "exact pieces are those of a text, and there is none here.")


class BlockedReply(Timing):
    """The prompt is blocked: nothing is said."""

    blocked: Named
    """The reason, such as SAFETY, where the protocol has room for one; else it is the error content_filtered."""

    ELSEWHERE: ClassVar = {
        **_without((*SHORT, *_ENDED, *_ABOUT, "stream"), "blocked", "nothing is said"),
        **_ONLY_ERROR,
    }


class RawForm(Closed):
    """A response as it stands, past every protocol and provider."""

    status: Given[Annotated[int, Field(ge=200, le=599)]] = None
    """The HTTP status (default: 200)."""
    headers: Given[ReplyHeaders] = None
    """The headers of the response."""
    body: Given[Words] = None
    """The body."""
    sse: Given[Annotated[list[Words], Field(min_length=1)]] = None
    """The body of a stream, one piece after the other."""
    file: Given[Named] = None
    """A file beside the scenario with a recorded response: status line, headers, blank line, body."""

    ONE_OF: ClassVar = ("body", "sse", "file")
    LACKING: ClassVar = "this answers nothing; give it body, sse or file."

    @classmethod
    def faults(cls, value: Mapping[str, Json]) -> Iterable[Fault]:
        """Give what a recorded response says itself."""
        if "file" in value:
            yield from (Fault((key,), "the file says this.") for key in ("status", "headers") if key in value)


class RawReply(Timing):
    """An answer as it stands."""

    raw: RawForm
    """Status, headers and body as they stand; or the pieces of a stream; or a recorded response."""
    stream: Given[StreamForm] = None
    """When the pieces of `sse` go out."""

    ELSEWHERE: ClassVar = {
        **_without((*SHORT, *_ENDED, *_ABOUT), "raw", "the body says it all"),
        **_ONLY_ERROR,
    }

    @classmethod
    def faults(cls, value: Mapping[str, Json]) -> Iterable[Fault]:
        """Give pieces beside the pieces."""
        stream = value.get("stream")
        if isinstance(stream, dict) and "chunk" in stream:
            yield Fault(("stream", "chunk"), "a raw answer goes out in the pieces of its 'sse'.")


class ErrorReply(Timing):
    """An error that the provider reports."""

    error: ErrorValue
    """The error: its name, its name with fields replaced, or a literal status and body."""
    message: Given[Words] = None
    """The sentence for people, beside the name of an error. Default: the provider's own."""
    retry_after: Given[Duration] = None
    """How long the client is told to wait, such as `2s`."""

    ELSEWHERE: ClassVar = {
        **_without((*SHORT, *_ENDED, *_ABOUT), "error", "an error is all that is said"),
        "stream": "an error is not streamed; 'delay' says when it goes out.",
    }

    @classmethod
    def faults(cls, value: Mapping[str, Json]) -> Iterable[Fault]:
        """Give what the form of the error leaves no room for."""
        return error_faults(value)


def no_pieces(value: Mapping[str, Json], why: str) -> Iterable[Fault]:
    """Give exact pieces where none can be."""
    if exact_pieces(value) is not None:
        yield Fault(("stream", "chunk"), why, "value")


def error_faults(value: Mapping[str, Json]) -> Iterable[Fault]:
    """Give what the form of an error leaves no room for beside it."""
    shape = error_shape(value.get("error"))
    if shape != "<plain>" and "message" in value:
        yield Fault(("message",), "this goes with the name of an error alone; write it within 'error'.")
    if shape == "<literal>" and "retry_after" in value:
        yield Fault(("retry_after",), "a literal error says it in its headers.")


# ---------------------------------------------------------------- replies

_TAGS: Mapping[str, str] = {
    "error": "<error>",
    "raw": "<raw>",
    "blocked": "<blocked>",
    "choices": "<choices>",
    "embeddings": "<media>",
    "images": "<media>",
    "audio": "<media>",
    "content": "<blocks>",
}


def _reply_shape(value: Json) -> str:
    if not isinstance(value, dict):
        return "<text>"
    return next((tag for key, tag in _TAGS.items() if key in value), "<text>")


ReplyForm: TypeAlias = Annotated[
    Annotated[TextReply, Tag("<text>")]
    | Annotated[BlockReply, Tag("<blocks>")]
    | Annotated[ChoicesReply, Tag("<choices>")]
    | Annotated[MediaReply, Tag("<media>")]
    | Annotated[BlockedReply, Tag("<blocked>")]
    | Annotated[RawReply, Tag("<raw>")]
    | Annotated[ErrorReply, Tag("<error>")],
    Discriminator(_reply_shape),
]
