"""Gemini as Vertex AI writes it, which is what stands behind Cloudsway (inferred from the words of its errors).

Source of all of it: recordings of 127 whole answers and 5 streams of Vertex AI (upstream, 2026-11).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from emulator.types import Frame, Json, Stamp

__all__ = ["body", "frames"]

_TRAFFIC: Final = {"trafficType": "ON_DEMAND"}
_USAGE: Final = (
    "promptTokenCount",
    "candidatesTokenCount",
    "totalTokenCount",
    "cachedContentTokenCount",
    "trafficType",
    "promptTokensDetails",
    "cacheTokensDetails",
    "candidatesTokensDetails",
    "thoughtsTokenCount",
)


def body(answer: Json, stamp: Stamp) -> Json:
    """A whole answer, or the last chunk of a stream."""
    return _written(answer, stamp, _usage(answer.get("usageMetadata") or {}))


def frames(frames: Iterator[Frame], stamp: Stamp) -> Iterator[Frame]:
    """A stream: usage is nothing but the kind of traffic until the last chunk."""
    held: Frame | None = None
    for frame in frames:
        if held is not None:
            yield replace(held, data=_written(held.data, stamp, _TRAFFIC))
        held = frame
    if held is not None:
        yield replace(held, data=body(held.data, stamp))


def _written(answer: Json, stamp: Stamp, usage: Json) -> Json:
    written = {name: value for name, value in answer.items() if name not in {"modelVersion", "responseId"}}
    if "candidates" in written:
        written["candidates"] = [_candidate(candidate) for candidate in written["candidates"]]
    written["usageMetadata"] = usage
    for name in ("modelVersion", "createTime", "responseId"):
        if name == "createTime":
            written[name] = _time(stamp)
        elif name in answer:
            written[name] = answer[name]
    return written


def _candidate(candidate: Json) -> Json:
    # No recording has an index, nor more than one candidate; a candidate that is not the first keeps it.
    written = {name: value for name, value in candidate.items() if name != "index" or value}
    if content := candidate.get("content"):  # where thinking ate every token there are no parts at all
        written["content"] = {name: content[name] for name in ("role", "parts") if content.get(name)}
    return written


def _usage(usage: Json) -> Json:
    full = {**usage, **_TRAFFIC}
    if count := usage.get("candidatesTokenCount"):
        full.setdefault("candidatesTokensDetails", [{"modality": "TEXT", "tokenCount": count}])
    return {name: full[name] for name in _USAGE if name in full} | full


def _time(stamp: Stamp) -> str:
    """RFC 3339 with microseconds."""
    return stamp.moment("microseconds")
