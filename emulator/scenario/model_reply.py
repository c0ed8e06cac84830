"""The schema of replies: what is said, or which error is reported, and when it goes out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import BeforeValidator, Discriminator, Field, Tag, WithJsonSchema

from emulator.scenario.closed import Closed, Fault, Given, said
from emulator.scenario.model_error import ErrorInStream, ErrorValue, error_shape
from emulator.scenario.scalars import (
    NO_TEMPLATE,
    Amount,
    Count,
    Duration,
    Named,
    Percent,
    Rate,
    ReplyHeaders,
    Words,
)
from emulator.types import Finish, Json

__all__ = [
    "Block",
    "BlockReply",
    "CallForm",
    "Chars",
    "Chunk",
    "ErrorReply",
    "Happening",
    "ReasoningForm",
    "ReplyForm",
    "StreamForm",
    "TextReply",
    "TurnedForm",
    "UsageForm",
]


def _shape(value: Json) -> str:
    return "<form>" if isinstance(value, dict) else "<plain>"


# ---------------------------------------------------------------- when it goes out


class Chars(Closed):
    """Pieces of equal length."""

    chars: Count
    """How many characters a piece has."""


def _chunk_shape(value: Json) -> str:
    return "<pieces>" if isinstance(value, list) else _shape(value)


Chunk: TypeAlias = Annotated[
    Annotated[Literal["token", "word", "char", "whole"], Tag("<plain>")]
    | Annotated[Chars, Tag("<form>")]
    | Annotated[list[Words], Field(min_length=1), Tag("<pieces>")],
    Discriminator(_chunk_shape),
]


class Happening(Closed):
    """What happens on the way of a stream."""

    chunk: Annotated[int, Field(ge=0)]
    """Once so many pieces have gone out; 0: before the first. A call of a function opens with a piece of its own."""
    error: ErrorInStream
    """The error, in the protocol's own form for the middle of a stream: its name, or its name with fields replaced."""

    LATER: ClassVar = frozenset(
        {
            *("text", "after", "stall", "gate", "reset", "close", "truncate", "garbage", "split", "duplicate", "drop"),
            "comment",
        }
    )


def _only_one(value: Json) -> Json:
    if isinstance(value, list) and len(value) > 1:
        raise said("an error ends the stream, so there is one entry at most.")
    return value


class StreamForm(Closed):
    """How a reply goes out piece by piece."""

    first_token: Given[Duration] = None
    """From the request's arrival to the first piece, such as `300ms`."""
    rate: Given[Rate] = None
    """Pieces a second, such as `40/s`."""
    every: Given[Duration] = None
    """From one piece to the next, such as `20ms`: the other way to write `rate`."""
    chunk: Given[Chunk] = None
    """What a piece is: `token` (default), `word`, `char`, `{chars: 8}`, `whole`, or the exact pieces of the text."""
    jitter: Given[Percent] = None
    """How far each gap strays at most, such as `20%`; the same in every run of the same seed."""

    at: Given[Annotated[list[Happening], Field(min_length=1, max_length=1), BeforeValidator(_only_one)]] = None
    """What happens on the way: an error after so many pieces."""

    LATER: ClassVar = frozenset({"profile", "keep_alive"})
    NOT_BOTH: ClassVar = ("rate", "every")


# ---------------------------------------------------------------- what is said


class UsageForm(Closed):
    """Token counts. What is not given is estimated."""

    input: Given[Amount] = None
    """Tokens of the request."""
    output: Given[Amount] = None
    """Tokens of the reply, reasoning included."""
    cached_input: Given[Amount] = None
    """Tokens of the request that came from a cache (default: 0)."""
    cache_write: Given[Amount] = None
    """Tokens of the request that were put into a cache (default: 0)."""
    reasoning: Given[Amount] = None
    """Tokens of the reply that are reasoning."""


class ReasoningForm(Closed):
    """Reasoning with a signature."""

    text: Words
    """The reasoning."""
    signature: Given[Words] = None
    """What proves where the reasoning comes from, in the protocols that have it."""


def _mapping_or_text(value: Json) -> Json:
    if isinstance(value, dict | str):
        return value
    raise said("arguments are a mapping, or a text that goes out as it stands.")


_Arguments = Annotated[
    Json,
    BeforeValidator(_mapping_or_text),
    WithJsonSchema({"anyOf": [{"type": "object"}, {"type": "string", **NO_TEMPLATE}]}),
]


class CallForm(Closed):
    """A call of a function that the request offers."""

    name: Named
    """The name of the function."""
    arguments: Given[_Arguments] = None
    """A mapping, sent as JSON; or a text, sent as it stands, be it malformed. Default: no arguments."""
    id: Given[Named] = None
    """The id of the call. Default: made from the session's seed."""

    LATER: ClassVar = frozenset({"input"})


_Reasoning: TypeAlias = Annotated[
    Annotated[Words, Tag("<plain>")] | Annotated[ReasoningForm, Tag("<form>")],
    Discriminator(_shape),
]


class Block(Closed):
    """One block of a reply. Exactly one key is there."""

    text: Given[Words] = None
    """Words."""
    reasoning: Given[_Reasoning] = None
    """Thinking that is shown: a text, or a text with a signature."""
    refusal: Given[Words] = None
    """Words with which the model declines."""
    tool_call: Given[CallForm] = None
    """A call of a function."""

    LATER: ClassVar = frozenset({"web_search"})
    ONE_OF: ClassVar = ("text", "reasoning", "refusal", "tool_call")
    LACKING: ClassVar = "this block is empty; give it text, reasoning, refusal or tool_call."


_Finish = Literal["auto", Finish]
_LATER = frozenset(
    {
        *("json", "from_schema", "choices", "embeddings", "images", "audio", "echo", "logprobs", "blocked"),
        *("metadata", "set", "raw", "fault", "chance"),
    },
)
_SAYS = ("text", "reasoning", "refusal", "tool_calls", "content", "finish", "stop_sequence", "usage", "model")
_TIMES = "this belongs to a reply in 'replies'."
_WITH_ERROR = "this does not go with 'error': an error is all that is said."
_WITH_CONTENT = "this does not go with 'content'; write it as a block."
_ONLY_ERROR = "this goes with 'error' alone."


class Timing(Closed):
    """What any reply may have."""

    delay: Given[Duration] = None
    """From the request's arrival to the first byte of the response, such as `250ms`, streamed or not."""
    headers: Given[ReplyHeaders] = None
    """Headers of the response, beside those of the provider."""


class Content(Timing):
    """What any reply that says something may have."""

    finish: Given[_Finish] = None
    """Why the model stops. `auto` (default): tool_calls or refusal where there is one, else stop."""
    stop_sequence: Given[Named] = None
    """With `finish: stop_sequence`: the sequence that was hit."""
    usage: Given[UsageForm] = None
    """Token counts. Default: estimated."""
    model: Given[Named] = None
    """The model that says it is answering. Default: the model asked for."""
    stream: Given[StreamForm] = None
    """How the reply goes out piece by piece. A reply that is not streamed takes as long."""

    LATER: ClassVar = _LATER


class TextReply(Content):
    """What the model says, in its short form: reasoning, then text, then a refusal, then tool calls."""

    reasoning: Given[_Reasoning] = None
    """Thinking that is shown before the text: a text, or a text with a signature."""
    text: Given[Words] = None
    """What the model says."""
    refusal: Given[Words] = None
    """The words with which the model declines."""
    tool_calls: Given[Annotated[list[CallForm], Field(min_length=1)]] = None
    """Calls of functions, after the text. Several are parallel calls."""

    ELSEWHERE: ClassVar = {"times": _TIMES, "message": _ONLY_ERROR, "retry_after": _ONLY_ERROR}
    SOME_OF: ClassVar = ("reasoning", "text", "refusal", "tool_calls")
    LACKING: ClassVar = "this reply says nothing; give it text, reasoning, refusal, tool_calls, content or error."

    @classmethod
    def faults(cls, value: Mapping[str, Json]) -> Iterable[Fault]:
        """Give exact pieces that are not the text."""
        return _piece_faults(value, value.get("text", ""))


class BlockReply(Content):
    """What the model says, as a list of blocks in the order it says them."""

    content: Annotated[list[Block], Field(min_length=1)]
    """The blocks: text, reasoning, refusal and tool_call."""

    ELSEWHERE: ClassVar = {
        **dict.fromkeys(("text", "reasoning", "refusal", "tool_calls"), _WITH_CONTENT),
        "times": _TIMES,
        "message": _ONLY_ERROR,
        "retry_after": _ONLY_ERROR,
    }

    @classmethod
    def faults(cls, value: Mapping[str, Json]) -> Iterable[Fault]:
        """Give exact pieces that are not the texts."""
        blocks = value["content"] if isinstance(value["content"], list) else ()
        texts = [block.get("text", "") for block in blocks if isinstance(block, dict)]
        return _piece_faults(value, "".join(text for text in texts if isinstance(text, str)))


def _piece_faults(value: Mapping[str, Json], text: Json) -> Iterable[Fault]:
    stream = value.get("stream")
    pieces = stream.get("chunk") if isinstance(stream, dict) else None
    if not isinstance(pieces, list) or not isinstance(text, str):
        return
    if all(isinstance(piece, str) for piece in pieces) and "".join(pieces) != text:
        yield Fault(("stream", "chunk"), "these pieces, joined, are not the text of the reply.", "value")


# ---------------------------------------------------------------- errors


class ErrorReply(Timing):
    """An error that the provider reports."""

    error: ErrorValue
    """The error: its name, its name with fields replaced, or a literal status and body."""
    message: Given[Words] = None
    """The sentence for people, beside the name of an error. Default: the provider's own."""
    retry_after: Given[Duration] = None
    """How long the client is told to wait, such as `2s`."""

    LATER: ClassVar = _LATER
    ELSEWHERE: ClassVar = {
        **dict.fromkeys(_SAYS, _WITH_ERROR),
        "times": _TIMES,
        "stream": "an error is not streamed; 'delay' says when it goes out.",
    }

    @classmethod
    def faults(cls, value: Mapping[str, Json]) -> Iterable[Fault]:
        """Give what the form of the error leaves no room for."""
        shape = error_shape(value["error"])
        if shape != "<plain>" and "message" in value:
            yield Fault(("message",), "this goes with the name of an error alone; write it within 'error'.")
        if shape == "<literal>" and "retry_after" in value:
            yield Fault(("retry_after",), "a literal error says it in its headers.")


# ---------------------------------------------------------------- replies


class TurnedText(TextReply):
    """A reply of a list, in short form."""

    times: Given[Count] = None
    """How many requests it answers before the next has its turn (default: 1)."""


class TurnedBlocks(BlockReply):
    """A reply of a list, as blocks."""

    times: Given[Count] = None
    """How many requests it answers before the next has its turn (default: 1)."""


class TurnedError(ErrorReply):
    """A reply of a list, an error."""

    times: Given[Count] = None
    """How many requests it answers before the next has its turn (default: 1)."""


def _reply_shape(value: Json) -> str:
    if isinstance(value, dict) and "error" in value:
        return "<error>"
    return "<blocks>" if isinstance(value, dict) and "content" in value else "<text>"


ReplyForm: TypeAlias = Annotated[
    Annotated[TextReply, Tag("<text>")]
    | Annotated[BlockReply, Tag("<blocks>")]
    | Annotated[ErrorReply, Tag("<error>")],
    Discriminator(_reply_shape),
]
TurnedForm: TypeAlias = Annotated[
    Annotated[TurnedText, Tag("<text>")]
    | Annotated[TurnedBlocks, Tag("<blocks>")]
    | Annotated[TurnedError, Tag("<error>")],
    Discriminator(_reply_shape),
]
