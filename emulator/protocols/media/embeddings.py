"""OpenAI's embeddings, and those of the Gemini API, which a call asks for by its path."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from emulator.protocols.media import google, rules
from emulator.protocols.media.answering import ERRORS, blocked, broken, failure, framing, keep, unfit, varies
from emulator.protocols.media.google import Input, dimensions
from emulator.protocols.media.reading import fields, model
from emulator.protocols.media.vectors import packed, vector
from emulator.refusals import words
from emulator.types import (
    Call,
    Completion,
    Embedding,
    Endpoint,
    Failure,
    Frame,
    Json,
    Memory,
    Rejected,
    Request,
    Stamp,
    Text,
    Turn,
)

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

NAME: Final = "embeddings"
PING: Final = None
RULES: Final = rules.EMBEDDINGS

_MOST_INPUTS: Final = 2048
""""any array must be 2048 dimensions or less" – types.EmbeddingCreateParams (openai 3.51)."""


def decode(call: Call, endpoint: Endpoint, memory: Memory) -> Request:  # noqa: ARG001 - nothing is referred to
    """Read a request: what is to be embedded is what the user says."""
    content = fields(call)
    inputs = _inputs(call, content)
    turns = (Turn("user", tuple(Text(one.text) for one in inputs)),) if inputs else ()
    return Request(call=call, endpoint=endpoint, body=content, model=model(content, endpoint), turns=turns)


def body(done: Completion, request: Request, stamp: Stamp) -> Json:  # noqa: ARG001 - equal texts, equal vectors
    """Write a vector for each input: as long as the request says, else as the scenario does."""
    size = next((part.dimensions for part in done.parts if isinstance(part, Embedding)), 0)
    if not size:
        raise unfit(done, "embeddings are", "embeddings")
    vectors = [vector(one.text, one.dimensions or size) for one in _inputs(request.call, request.body)]
    tokens = done.tokens(request).input
    if google.asked(request.call):
        return google.body([each.tolist() for each in vectors], tokens, request.call)
    plain = request.body.get("encoding_format") != "base64"
    return {
        "object": "list",
        "data": [
            {"object": "embedding", "index": number, "embedding": each.tolist() if plain else packed(each)}
            for number, each in enumerate(vectors)
        ],
        "model": done.model or request.model,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


def frames(done: Completion, request: Request, stamp: Stamp) -> Iterator[Frame]:
    """Write the answer as one piece: it is never streamed, and a scenario's pace is that of its pieces."""
    yield Frame(body(done, request, stamp), beat=True)


def _inputs(call: Call, content: Json) -> list[Input]:
    inputs = list(google.inputs(call, content) if google.asked(call) else _openai(content))
    if len(inputs) > _MOST_INPUTS:
        raise Rejected(Failure("invalid_request", f"{len(inputs)} inputs came, {_MOST_INPUTS} are the most"))
    return inputs


def _openai(content: Json) -> Iterator[Input]:
    """A text, tokens, or a list of either: "encoded as a string or array of tokens" – types.EmbeddingCreateParams."""
    size = dimensions(content.get("dimensions"), "dimensions")
    match content.get("input"):
        case str() as text:
            yield Input(text, size)
        case [int(), *_] as tokens:
            yield Input(_of_tokens(tokens, "input"), size)
        case list() as items:
            for number, item in enumerate(items):
                yield Input(item if isinstance(item, str) else _of_tokens(item, f"input[{number}]"), size)
        case None:
            raise words.refuse(words.missing("input"))
        case other:
            raise words.refuse(words.invalid_type("input", "one of a string or array", other))  # inferred


def _of_tokens(tokens: Json, where: str) -> str:
    """Tokens stand for a text that nobody here knows; written out they are one."""
    if not isinstance(tokens, list) or not all(isinstance(token, int) for token in tokens):
        raise words.refuse(words.said("'$.input' is invalid.", where))  # inferred: the same words as for an empty one
    return " ".join(map(str, tokens))
