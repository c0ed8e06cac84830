"""One candidate of an answer: what is said, and how it ends."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Final, NamedTuple

from msgspec import Struct

from emulator import jsontext
from emulator.protocols.gemini.grounding import grounding
from emulator.protocols.gemini.likelihood import average, result
from emulator.types import (
    Completion,
    Finish,
    Json,
    Logprob,
    Media,
    Part,
    Reasoning,
    Refusal,
    Stamp,
    Text,
    ToolCall,
)
from emulator.types.logprobs import logprobs, shares

__all__ = ["RATINGS", "Candidate", "Piece"]

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

RATINGS: Final = [{"category": "HARM_CATEGORY_DANGEROUS_CONTENT", "probability": "HIGH", "blocked": True}]
"""The shape is recorded; inferred: which category it is."""


class Piece(NamedTuple):
    """What a chunk of a stream has of one candidate."""

    part: Part | None
    """None: this is its end."""
    written: Json


class Candidate(Struct, frozen=True):
    """One of the answers that are asked for."""

    done: Completion
    number: int
    stamp: Stamp
    top: int | None
    """How many tokens are asked for in the place of each; None: their likelihood is not asked for."""

    def whole(self) -> Json:
        """Write it whole."""
        tokens = self._tokens()
        written = self._ended(self._content(), tokens)
        if tokens:
            written["logprobsResult"] = result(tokens, self.top or 0)
        return written

    def pieces(self) -> Iterator[Piece]:
        """Write it piece by piece, and then its end. Each piece has the likelihoods of its own tokens (inferred)."""
        tokens = self._tokens()
        texts = (text for part in self.done.parts if isinstance(part, Text) for text in part.deltas)
        shared = shares([token.token for token in tokens], texts)
        for part, said in self._parts(cut=True):
            written = {"content": _said([said]), "index": self.number}
            if isinstance(part, Text) and (share := tokens[next(shared)]):
                written["logprobsResult"] = result(share, self.top or 0)
            yield Piece(part, written)
        yield Piece(None, self._ended(self._closing(), tokens))

    def _tokens(self) -> tuple[Logprob, ...]:
        said = any(isinstance(part, Text) and part.text for part in self.done.parts)
        return () if self.top is None or not said else logprobs(self.done, self.stamp, self.top)

    def _ended(self, content: Json, tokens: tuple[Logprob, ...]) -> dict[str, Json]:
        """Write the candidate where it ends, with all that is said of it as a whole."""
        reason = _finish(self.done)
        written = {"content": content, "finishReason": reason, "index": self.number}
        if reason == "SAFETY":
            written["safetyRatings"] = RATINGS
        if reason == _MALFORMED:
            calls = [part for part in self.done.parts if isinstance(part, ToolCall) and _arguments(part) is None]
            written["finishMessage"] = f"Malformed function call: {calls[0].name}({calls[0].arguments})"
        if metadata := grounding(self.done.parts, _is_shown):
            written["groundingMetadata"] = metadata
        if tokens:
            written["avgLogprobs"] = average(tokens)
        return written

    def _parts(self, *, cut: bool) -> Iterator[tuple[Part, Json]]:
        """Each part and what is written for it; a stream has texts cut into pieces, and calls and media whole."""
        calls = 0
        for part in self.done.parts:
            match part:
                case Text() | Refusal():
                    yield from ((type(part)(text), {"text": text}) for text in _texts(part, cut=cut))
                case Reasoning():
                    for text in _texts(part, cut=cut):
                        yield Reasoning(text), {"text": text, "thought": True}
                case ToolCall() if (arguments := _arguments(part)) is not None:
                    # Since Gemini 3 every call has an id (recorded, 2026-11).
                    identity = part.id or self.stamp.hex(f"call/{self.number}/{calls}", 8)
                    written: dict[str, Json] = {"functionCall": {"name": part.name, "args": arguments, "id": identity}}
                    if calls == 0:
                        # Of parallel calls the first has the signature – ai.google.dev, thought-signatures (2026-11)
                        written["thoughtSignature"] = self._signature()
                    calls += 1
                    yield part, written
                case Media():
                    yield part, {"inlineData": {"mimeType": part.mime, "data": part.source}}

    def _content(self) -> Json:
        parts = [part for _, part in self._parts(cut=False)]
        if self._is_signed_at_the_end():
            if not parts or "thought" in parts[-1] or "text" not in parts[-1]:
                parts.append({"text": ""})
            parts[-1]["thoughtSignature"] = self._signature()
        return _said(parts) if parts else _nothing(self.done)

    def _closing(self) -> Json:
        """The content of the last chunk."""
        if self._is_signed_at_the_end():
            return _said([{"text": "", "thoughtSignature": self._signature()}])
        said = any(map(_is_shown, self.done.parts))
        return _said([{"text": ""}]) if said and not _is_stopped(self.done) else _nothing(self.done)

    def _is_signed_at_the_end(self) -> bool:
        """Whether reasoning is shown, and neither a call carries its signature nor is the answer stopped."""
        parts = self.done.parts
        shown = any(isinstance(part, Reasoning) for part in parts)
        return shown and not _is_stopped(self.done) and not any(isinstance(part, ToolCall) for part in parts)

    def _signature(self) -> str:
        """The scenario's signature, or one of our own; clients decode it: what is not base64 is encoded."""
        parts = self.done.parts
        given = next((part.signature for part in parts if isinstance(part, Reasoning) and part.signature), "")
        if not given:
            return self.stamp.base64("signature", 32)
        try:
            base64.b64decode(given, validate=True)
        except ValueError:
            return base64.b64encode(given.encode()).decode()
        return given


# ---------------------------------------------------------------- what is said


def _is_shown(part: Part) -> bool:
    """Whether a part has a place in the content."""
    match part:
        case Text(text) | Refusal(text) | Reasoning(text):
            return bool(text)
        case ToolCall():
            return _arguments(part) is not None
        case _:
            return isinstance(part, Media)


def _texts(part: Text | Refusal | Reasoning, *, cut: bool) -> Iterator[str]:
    return part.deltas if cut else iter([part.text] * bool(part.text))


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


def _arguments(call: ToolCall) -> Json:
    """The arguments as the object that they are here; None: they are malformed.

    A text of no form is a field of an object (inferred: no tool of this API takes one).
    """
    if call.free:
        return {"input": call.arguments}
    try:
        arguments = jsontext.loads(call.arguments.encode() or b"{}")
    except ValueError:
        return None
    return arguments if isinstance(arguments, dict) else None


def _finish(done: Completion) -> str:
    malformed = any(isinstance(part, ToolCall) and _arguments(part) is None for part in done.parts)
    return _MALFORMED if malformed else _FINISHES[done.finish]
