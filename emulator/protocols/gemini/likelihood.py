"""How likely tokens were, as the Gemini API writes it (types.LogprobsResult, google-genai 3.4)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

from emulator.types import Json, Logprob

__all__ = ["average", "result"]

_VOCABULARY: Final = 262_144
"""inferred: how many tokens Gemma 3 has."""


def result(tokens: Sequence[Logprob], top: int) -> Json:
    """Write `logprobsResult`; without `top` it lists the chosen tokens alone (inferred)."""
    written: dict[str, Json] = {}
    if top:
        written["topCandidates"] = [{"candidates": [_candidate(*other) for other in token.top]} for token in tokens]
    written["chosenCandidates"] = [_candidate(token.token, token.logprob) for token in tokens]
    return written


def average(tokens: Sequence[Logprob]) -> float:
    """Write `avgLogprobs`."""
    return sum(token.logprob for token in tokens) / len(tokens)


def _candidate(token: str, logprob: float) -> Json:
    digest = hashlib.blake2b(token.encode(), digest_size=8).digest()
    return {"token": token, "tokenId": int.from_bytes(digest) % _VOCABULARY, "logProbability": logprob}
