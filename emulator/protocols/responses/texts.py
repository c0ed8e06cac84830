"""The content of a message: texts with their citations and log probabilities, and refusals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from emulator.types import Completion, Found, Json, Part, Refusal, Request, Search, Stamp, Text
from emulator.types.logprobs import logprobs, shares

__all__ = ["contents", "pieces"]

_MOST_TOP: Final = 20
"""`top_logprobs`: "An integer between 0 and 20" – API reference, responses/create (2026-11-20)."""


def contents(done: Completion, request: Request, stamp: Stamp) -> Iterator[tuple[Part, Json]]:
    """Give each part of an answer and, where it is part of a message, how it is written."""
    tokens = _tokens(done, request, stamp)
    texts = (part.text for part in done.parts if isinstance(part, Text))
    places = shares((one["token"] for one in tokens), texts)
    found: list[Found] = []
    for part in done.parts:
        match part:
            case Text(text):
                # Each result of a search is cited for the whole of the text after it; that the end is behind the last
                # character is inferred.
                cited = [_citation(one, len(text)) for one in found]
                probable = tokens[next(places)]
                yield part, {"type": "output_text", "annotations": cited, "logprobs": probable, "text": text}
                found = []
            case Refusal(text):
                yield part, {"type": "refusal", "refusal": text}
            case Search():
                found += part.results
                yield part, None
            case _:
                yield part, None


def pieces(part: Text, written: Json) -> Iterator[tuple[str, list[Json]]]:
    """Give the pieces of a text, each with the log probabilities of its own tokens.

    An event has no bytes in them (OpenAPI description, schema ResponseLogProb).
    """
    tokens = [_without_bytes(one) for one in written["logprobs"]]
    if not tokens:
        return ((piece, []) for piece in part.deltas)
    places = shares((one["token"] for one in tokens), part.deltas)
    return ((piece, tokens[place]) for piece, place in zip(part.deltas, places, strict=True))


def _citation(one: Found, length: int) -> Json:
    return {"type": "url_citation", "start_index": 0, "end_index": length, "title": one.title, "url": one.url}


def _tokens(done: Completion, request: Request, stamp: Stamp) -> list[Json]:
    include, top = request.body.get("include"), request.body.get("top_logprobs")
    if not isinstance(include, list) or "message.output_text.logprobs" not in include:
        return []
    return [
        {**_token(one.token, one.logprob), "top_logprobs": [_token(*other) for other in one.top]}
        for one in logprobs(done, stamp, top if isinstance(top, int) and 0 <= top <= _MOST_TOP else 0)
    ]


def _token(token: str, logprob: float) -> dict[str, Json]:
    return {"token": token, "bytes": list(token.encode()), "logprob": logprob}


def _without_bytes(token: Json) -> Json:
    brief = {"token": token["token"], "logprob": token["logprob"]}
    if "top_logprobs" not in token:
        return brief
    return {**brief, "top_logprobs": [_without_bytes(one) for one in token["top_logprobs"]]}
