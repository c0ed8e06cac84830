"""Token counts as the Gemini API writes them."""

from __future__ import annotations

from collections import Counter
from typing import Final

from emulator.types import Json, Media, Request, Tokens
from emulator.types.conversation import count_part

__all__ = ["by_modality", "of_prompt", "usage"]

_MODALITIES: Final = {"image": "IMAGE", "audio": "AUDIO", "video": "VIDEO", "file": "DOCUMENT"}


def by_modality(request: Request, total: int) -> list[Json]:
    """The tokens of a prompt, kind by kind; together they are `total`."""
    counts = Counter[str]()
    for turn in request.turns:
        for part in turn.parts:
            if isinstance(part, Media):
                counts[_MODALITIES[part.kind]] += count_part(part)
    text = total - counts.total()
    if text < 0:  # a scenario's number is smaller than our estimate of the media alone
        return [{"modality": "TEXT", "tokenCount": total}]
    return [{"modality": name, "tokenCount": count} for name, count in {"TEXT": text, **counts}.items() if count]


def usage(tokens: Tokens, prompt: list[Json]) -> Json:
    """Write the usage of an answer, or of what has been said of it so far.

    totalTokenCount = prompt + candidates + thoughts: thoughts are not inside candidates (recorded), and cached tokens
    are inside the prompt (types.GenerateContentResponseUsageMetadata, google-genai 3.4).
    """
    thoughts = min(tokens.reasoning, tokens.output)
    written: dict[str, Json] = {
        "promptTokenCount": tokens.input,
        "candidatesTokenCount": tokens.output - thoughts,
        "totalTokenCount": tokens.input + tokens.output,
    }
    if tokens.cached_input:
        written["cachedContentTokenCount"] = tokens.cached_input
    written["promptTokensDetails"] = prompt
    if thoughts:
        written["thoughtsTokenCount"] = thoughts
    return written


def of_prompt(tokens: Tokens, prompt: list[Json]) -> Json:
    """Write the usage of a prompt that nothing is answered to: no candidates are counted (recorded)."""
    return {"promptTokenCount": tokens.input, "totalTokenCount": tokens.input, "promptTokensDetails": prompt}
