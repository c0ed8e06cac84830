"""Answers of the Gemini API.

Every chunk of a stream is a whole GenerateContentResponse with the next piece as its part. The last one says why the
stream ends and has an empty text for a part, which is where a signature is (recorded: gemini-3-pro-preview and
gemini-3.7-flash, fixtures of vercel/ai).
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Final

from emulator import jsontext
from emulator.protocols.gemini.tokens import by_modality, usage
from emulator.types import (
    Completion,
    Finish,
    Frame,
    Json,
    Part,
    Reasoning,
    Refusal,
    Request,
    Stamp,
    Text,
    Tokens,
    ToolCall,
)
from emulator.types.conversation import count_part

__all__ = ["body", "frames"]

# There is no value for a turn of function calls: it ends with STOP (types.FinishReason, google-genai 3.4; recorded).
_FINISHES: Final[dict[Finish, str]] = {
    "stop": "STOP",
    "length": "MAX_TOKENS",
    "tool_calls": "STOP",
    "content_filter": "SAFETY",
    "stop_sequence": "STOP",  # "natural stopping point or a configured stop sequence" – types.FinishReason
    "refusal": "SAFETY",
    "pause": "STOP",
}

_MALFORMED: Final = "MALFORMED_FUNCTION_CALL"
"""The model wrote a call "that is syntactically invalid and can't be parsed" – types.FinishReason."""

_RATINGS: Final = [{"category": "HARM_CATEGORY_DANGEROUS_CONTENT", "probability": "HIGH", "blocked": True}]
"""The shape is recorded; inferred: which category it is."""


def body(done: Completion, request: Request, stamp: Stamp) -> Json:
    """Write a whole answer; the same content as often as answers are asked for."""
    tokens = done.tokens(request)
    candidates = [_ended(done, _content(done, number, stamp), number) for number in range(request.count)]
    return _response(candidates, usage(tokens, by_modality(request, tokens.input)), _identity(done, request, stamp))


def frames(done: Completion, request: Request, stamp: Stamp) -> Iterator[Frame]:
    """Write the same answer as a stream: one chunk for all candidates, for they say the same.

    Usage is cumulative, on every chunk (recorded: Developer API).
    """
    tokens, identity = done.tokens(request), _identity(done, request, stamp)
    prompt = by_modality(request, tokens.input)
    output = reasoning = 0
    for parts in zip(*(_parts(done, number, stamp, cut=True) for number in range(request.count)), strict=True):
        said = parts[0][0]
        output = min(tokens.output, output + count_part(said))
        reasoning = min(tokens.reasoning, reasoning + count_part(said) * isinstance(said, Reasoning))
        candidates = [{"content": _said([part]), "index": number} for number, (_, part) in enumerate(parts)]
        so_far = Tokens(tokens.input, output, tokens.cached_input, tokens.cache_write, reasoning)
        yield Frame(_response(candidates, usage(so_far, prompt), identity), beat=True)
    candidates = [_ended(done, _closing(done, stamp), number) for number in range(request.count)]
    yield Frame(_response(candidates, usage(tokens, prompt), identity))


# ---------------------------------------------------------------- what is said


def _parts(done: Completion, candidate: int, stamp: Stamp, *, cut: bool) -> Iterator[tuple[Part, Json]]:
    """Each part and what is written for it; a stream has texts cut into pieces, and calls whole."""
    calls = 0
    for part in done.parts:
        match part:
            case Text() | Refusal():
                yield from ((Text(text), {"text": text}) for text in _texts(part, cut=cut))
            case Reasoning():
                yield from ((Reasoning(text), {"text": text, "thought": True}) for text in _texts(part, cut=cut))
            case ToolCall() if (arguments := _arguments(part)) is not None:
                # Since Gemini 3 every call has an id (recorded, 2026-11).
                identity = part.id or stamp.hex(f"call/{candidate}/{calls}", 8)
                written: dict[str, Json] = {"functionCall": {"name": part.name, "args": arguments, "id": identity}}
                if calls == 0:
                    # Of parallel calls the first one has the signature – ai.google.dev, thought-signatures (2026-11)
                    written["thoughtSignature"] = _signature(done, stamp)
                calls += 1
                yield part, written


def _texts(part: Text | Refusal | Reasoning, *, cut: bool) -> Iterator[str]:
    return part.deltas if cut else iter([part.text] * bool(part.text))


def _content(done: Completion, candidate: int, stamp: Stamp) -> Json:
    parts = [part for _, part in _parts(done, candidate, stamp, cut=False)]
    if _is_signed_at_the_end(done):
        if not parts or "thought" in parts[-1]:
            parts.append({"text": ""})
        parts[-1]["thoughtSignature"] = _signature(done, stamp)
    return _said(parts) if parts else _nothing(done)


def _closing(done: Completion, stamp: Stamp) -> Json:
    """The content of the last chunk."""
    if _is_signed_at_the_end(done):
        return _said([{"text": "", "thoughtSignature": _signature(done, stamp)}])
    said = any(_parts(done, 0, stamp, cut=False))
    return _said([{"text": ""}]) if said and not _is_stopped(done) else _nothing(done)


def _said(parts: list[Json]) -> Json:
    return {"parts": parts, "role": "model"}


def _nothing(done: Completion) -> Json:
    """The content of a candidate that says nothing."""
    if _is_stopped(done):
        return {}  # "the content field is empty if content filters block the output" – types.FinishReason; recorded
    if done.finish == "length":
        return {"role": "model"}  # recorded: the limit was reached while the model was thinking
    return _said([{"text": ""}])


def _is_stopped(done: Completion) -> bool:
    return _finish(done) in {"SAFETY", _MALFORMED}


def _is_signed_at_the_end(done: Completion) -> bool:
    """Whether reasoning is shown, and neither a call carries its signature nor is the answer stopped."""
    shown = any(isinstance(part, Reasoning) for part in done.parts)
    return shown and not _is_stopped(done) and not any(isinstance(part, ToolCall) for part in done.parts)


def _signature(done: Completion, stamp: Stamp) -> str:
    """The scenario's signature, or one of our own; clients decode it, so that what is not base64 is encoded."""
    given = next((part.signature for part in done.parts if isinstance(part, Reasoning) and part.signature), "")
    if not given:
        return base64.b64encode(bytes.fromhex(stamp.hex("signature", 64))).decode()
    try:
        base64.b64decode(given, validate=True)
    except ValueError:
        return base64.b64encode(given.encode()).decode()
    return given


def _arguments(call: ToolCall) -> Json:
    """The arguments as the object that they are here; None: they are malformed."""
    try:
        arguments = jsontext.loads(call.arguments.encode() or b"{}")
    except ValueError:
        return None
    return arguments if isinstance(arguments, dict) else None


# ---------------------------------------------------------------- what is around it


def _response(candidates: list[Json], usage: Json, identity: dict[str, str]) -> Json:
    return {"candidates": candidates, "usageMetadata": usage, **identity}


def _ended(done: Completion, content: Json, number: int) -> Json:
    """Write a candidate that ends here."""
    reason = _finish(done)
    written = {"content": content, "finishReason": reason, "index": number}
    if reason == "SAFETY":
        written["safetyRatings"] = _RATINGS
    if reason == _MALFORMED:
        calls = [part for part in done.parts if isinstance(part, ToolCall) and _arguments(part) is None]
        written["finishMessage"] = f"Malformed function call: {calls[0].name}({calls[0].arguments})"
    return written


def _identity(done: Completion, request: Request, stamp: Stamp) -> dict[str, str]:
    # recorded: 22 letters of base64url or more
    response = base64.urlsafe_b64encode(bytes.fromhex(stamp.hex("response", 32))).decode().rstrip("=")
    return {"modelVersion": done.model or request.model, "responseId": response}


def _finish(done: Completion) -> str:
    malformed = any(isinstance(part, ToolCall) and _arguments(part) is None for part in done.parts)
    return _MALFORMED if malformed else _FINISHES[done.finish]
