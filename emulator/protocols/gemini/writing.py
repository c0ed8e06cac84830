"""Answers of the Gemini API.

Every chunk of a stream is a whole GenerateContentResponse with the next piece as its part. The last one says why the
stream ends and has an empty text for a part, which is where a signature is (recorded: gemini-3-pro-preview and
gemini-3.7-flash, fixtures of vercel/ai).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from itertools import zip_longest
from typing import Final

from emulator.protocols.gemini.candidates import RATINGS, Candidate
from emulator.protocols.gemini.reading import likelihoods
from emulator.protocols.gemini.tokens import by_modality, of_prompt, usage
from emulator.types import Completion, Frame, Json, Media, Reasoning, Request, Stamp, Text, Tokens
from emulator.types.conversation import count_part

__all__ = ["PING", "blocked", "body", "frames", "varies"]

PING: Final[Frame | None] = None
"""A comment does (inferred: no recording has a sign of life)."""


def blocked(done: Completion) -> Completion:
    """Give what a blocked prompt is answered with: an answer, which has no candidates."""
    return done


def varies(request: Request) -> Hashable:
    """What an answer depends on: the fields beside the conversation, and what media the conversation carries."""
    media = tuple(part.kind for turn in request.turns for part in turn.parts if isinstance(part, Media))
    return media, request.rest("contents", "systemInstruction", "system_instruction")


def body(done: Completion, request: Request, stamp: Stamp) -> Json:
    """Write a whole answer, with as many candidates as are asked for."""
    if done.blocked:
        return _blocked(done, request, stamp)
    tokens = done.tokens(request)
    candidates = [candidate.whole() for candidate in _candidates(done, request, stamp)]
    return _response(candidates, usage(tokens, by_modality(request, tokens.input)), _identity(done, request, stamp))


def frames(done: Completion, request: Request, stamp: Stamp) -> Iterator[Frame]:
    """Write the same answer as a stream: each chunk has the next piece of every candidate that goes on.

    Usage is cumulative, on every chunk (recorded: Developer API).
    """
    if done.blocked:
        yield Frame(_blocked(done, request, stamp))
        return
    tokens, identity = done.tokens(request), _identity(done, request, stamp)
    prompt = by_modality(request, tokens.input)
    output = reasoning = ended = 0
    for pieces in zip_longest(*(candidate.pieces() for candidate in _candidates(done, request, stamp))):
        going = [piece for piece in pieces if piece is not None]
        said = [piece.part for piece in going if piece.part is not None]
        ended += len(going) - len(said)
        output = min(tokens.output, output + sum(map(count_part, said)))
        thought = sum(count_part(part) for part in said if isinstance(part, Reasoning))
        reasoning = min(tokens.reasoning, reasoning + thought)
        so_far = Tokens(tokens.input, output, tokens.cached_input, tokens.cache_write, reasoning)
        counted = usage(tokens if ended == request.count else so_far, prompt)
        first = pieces[0].part if pieces[0] is not None else None
        chunk = _response([piece.written for piece in going], counted, identity)
        yield Frame(chunk, beat=bool(said), text=first.text if isinstance(first, Text) else "")


def _candidates(done: Completion, request: Request, stamp: Stamp) -> list[Candidate]:
    top = likelihoods(request)
    return [Candidate(done.choice(number), number, stamp, top) for number in range(request.count)]


def _response(candidates: list[Json], usage: Json, identity: dict[str, str]) -> Json:
    return {"candidates": candidates, "usageMetadata": usage, **identity}


def _blocked(done: Completion, request: Request, stamp: Stamp) -> Json:
    """Write what is said of a prompt that is blocked: the one chunk of a stream is the same.

    Recorded: fixtures issue-19758 of vercel/ai, whose reason is PROHIBITED_CONTENT and has no ratings. The reason goes
    out as the scenario has it; clients know SAFETY, OTHER, BLOCKLIST, PROHIBITED_CONTENT and IMAGE_SAFETY
    (types.BlockedReason, google-genai 3.4).
    """
    feedback: dict[str, Json] = {"blockReason": done.blocked}
    if done.blocked == "SAFETY":
        feedback["safetyRatings"] = RATINGS
    tokens = done.tokens(request)
    counted = of_prompt(tokens, by_modality(request, tokens.input))
    return {"promptFeedback": feedback, "usageMetadata": counted, **_identity(done, request, stamp)}


def _identity(done: Completion, request: Request, stamp: Stamp) -> dict[str, str]:
    # recorded: 22 letters of base64url or more
    response = stamp.base64url("response", 16)
    return {"modelVersion": done.model or request.model, "responseId": response}
