"""Rules for the conversation: its contents, their parts, and the order of calls and responses."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from emulator.protocols.gemini.names import get, listed, struct
from emulator.protocols.gemini.walking import contents, parts, turns
from emulator.protocols.gemini.wording import checked
from emulator.refusals.checks import about
from emulator.types import Breach, Json, Request

__all__ = [
    "call_turns",
    "empty_parts",
    "mime_types",
    "none",
    "part_data",
    "plain",
    "response_counts",
    "response_names",
    "response_turns",
    "signatures",
]

_DATA: Final = (
    "text",
    "inlineData",
    "functionCall",
    "functionResponse",
    "fileData",
    "executableCode",
    "codeExecutionResult",
    "toolCall",
    "toolResponse",
)
_MEMBERS: Final = frozenset({"parts", "role"})
_NO_DATA: Final = "required oneof field 'data' must have one initialized field"
_STARTS: Final = ("image/", "audio/", "video/", "text/")
_APPLICATIONS: Final = frozenset(
    {
        "application/pdf",
        "application/json",
        "application/rtf",
        "application/x-javascript",
        "application/x-python",
        "application/x-typescript",
        "application/xml",
    }
)
_SIGNING: Final = re.compile(r"(models/)?gemini-([3-9]|\d\d)")
"""Models that want their signatures back: since Gemini 3 (ai.google.dev, thought signatures, 2026-11-20)."""


def plain(request: Request) -> bool:
    """Whether there is nothing in the contents, and in the system instruction, but who speaks and texts."""
    said, system = request.body.get("contents"), get(request.body, "systemInstruction")
    if type(said) is not list or not said:
        return False
    for content in said:
        if not _is_text(content):
            return False
    return system is None or _is_text(system)


def _is_text(content: Json) -> bool:
    if type(content) is not dict or not content.keys() <= _MEMBERS:
        return False
    parts = content.get("parts")
    if type(parts) is not list:
        return False
    for part in parts:
        if type(part) is not dict or len(part) != 1 or "text" not in part:
            return False
    return bool(parts)


@about(said=True)
def none(request: Request) -> Iterable[Breach]:
    """No contents."""
    return () if contents(request) else checked([("contents", "contents is not specified")])


@about(said=True)
def empty_parts(request: Request) -> Iterable[Breach]:
    """A content without parts."""
    flaws = [
        (f"contents[{number}].parts", "contents.parts must not be empty.")
        for number, content in enumerate(contents(request))
        if not content.get("parts")
    ]
    return checked(flaws) if flaws else ()


@about(said=True)
def part_data(request: Request) -> Iterable[Breach]:
    """A part that says nothing at all; an empty text passes."""
    flaws = [
        (f"contents[{number}].parts[{place}].data", _NO_DATA)
        for number, place, part in parts(request)
        if "text" not in part and _says_nothing(part)
    ]
    system = get(request.body, "systemInstruction")
    for place, part in enumerate(listed(struct(system).get("parts")) if system is not None else ()):
        if "text" not in part and _says_nothing(part):
            flaws.append((f"system_instruction.parts[{place}].data", _NO_DATA))
    return checked(flaws) if flaws else ()


def _says_nothing(part: Json) -> bool:
    return all(get(part, name) is None for name in _DATA)


@about(said=True)
def response_names(request: Request) -> Iterable[Breach]:
    """A function response without name."""
    flaws = [
        (f"contents[{number}].parts[{place}].function_response.name", "Name cannot be empty.")
        for number, place, part in parts(request)
        if isinstance(response := get(part, "functionResponse"), dict) and not response.get("name")
    ]
    return checked(flaws) if flaws else ()


@about(said=True)
def mime_types(request: Request) -> Iterable[Breach]:
    """A file of a kind that no model can see."""
    for _, _, part in parts(request):
        inline = get(part, "inlineData")
        kind = get(inline, "mimeType") if isinstance(inline, dict) else ""
        kind = kind.partition(";")[0].strip().lower() if isinstance(kind, str) else ""
        if kind and not kind.startswith(_STARTS) and kind not in _APPLICATIONS:
            return (Breach(f"Unsupported MIME type: {kind}"),)
    return ()


# ---------------------------------------------------------------- calls and responses


def _count(parts: list[Json], name: str) -> int:
    return sum(get(part, name) is not None for part in parts)


@about(said=True)
def call_turns(request: Request) -> Iterable[Breach]:
    """A call in the first turn."""
    said = turns(request)
    if not said or not said[0].model or not _count(said[0].parts, "functionCall"):
        return ()
    sentence = "function call turn comes immediately after a user turn or after a function response turn."
    return (Breach(f"Please ensure that {sentence}"),)


@about(said=True)
def response_turns(request: Request) -> Iterable[Breach]:
    """A response that follows no call."""
    calls = 0
    for _, model, said in turns(request):
        if not model and not calls and _count(said, "functionResponse"):
            return (Breach("Please ensure that function response turn comes immediately after a function call turn."),)
        calls = _count(said, "functionCall") if model else 0
    return ()


@about(said=True)
def response_counts(request: Request) -> Iterable[Breach]:
    """More or fewer responses than calls."""
    calls = 0
    for _, model, said in turns(request):
        if calls and not model and _count(said, "functionResponse") != calls:
            sentence = (
                "Please ensure that the number of function response parts is equal to the number of function call "
                "parts of the function call turn."
            )
            return (Breach(sentence),)
        calls = _count(said, "functionCall") if model else 0
    return ()


@about(said=True)
def signatures(request: Request) -> Iterable[Breach]:
    """The first call of a step without its signature, in the user's newest turn, since Gemini 3.

    "Validation is … enforced for all function calls within the current turn" – ai.google.dev, thought signatures.
    """
    if not _SIGNING.match(request.model):
        return ()
    found: tuple[Breach, ...] = ()
    for number, model, said in turns(request):
        if not model:
            if not _count(said, "functionResponse"):
                found = ()  # a new turn of the user begins
            continue
        first = next((part for part in said if get(part, "functionCall") is not None), None)
        if first is not None and not get(first, "thoughtSignature") and not found:
            name = struct(get(first, "functionCall")).get("name")
            sentence = (
                "Function call is missing a thought_signature in functionCall parts. This is required for tools to "
                "work correctly, and missing thought_signature may lead to degraded model performance. Additional "
                f"data, function call `default_api:{name}` , position {number + 1}. Please refer to "
                "https://ai.google.dev/gemini-api/docs/thought-signatures for more details."
            )
            found = (Breach(sentence),)
    return found
