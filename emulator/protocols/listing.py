"""Lists of models: three shapes for one catalogue of names, told apart by the headers of the call.

No codec, and no row in PROTOCOLS: whoever has models to list calls `page`. What a name does not say is not made up:
the day is the one in the name, or 1970 ("May be set to an epoch value if the release date is unknown." – anthropic
2.11.0, types/model_info.py), titles are the words of the name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, Literal, TypeAlias

from emulator.types import Call, Failure, Json, Page, Rejected

__all__ = ["Shape", "page", "shape"]

Shape: TypeAlias = Literal["chat", "messages", "gemini"]
"""The protocol in whose manner models are listed."""

_DAY: Final = re.compile(r"-(20\d\d)-?([01]\d)-?([0-3]\d)$")
_UNKNOWN: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MOST: Final = 1000
"""What no page exceeds."""


def shape(call: Call) -> Shape:
    """`GET /v1/models` is one path for three protocols: their clients' headers tell them apart (package, 2026-11)."""
    if "x-goog-api-key" in call.headers or "key" in call.query:
        return "gemini"
    return "messages" if "anthropic-version" in call.headers else "chat"


def page(names: Sequence[str], owner: str, call: Call, shape: Shape, wanted: str) -> Page:
    """The model `wanted`, or all where that is empty. Raises Rejected where there is no such model."""
    if wanted:
        if wanted not in names:
            raise Rejected(Failure("model_not_found", f"The model '{wanted}' does not exist"))
        return Page(200, _model(wanted, owner, shape))
    match shape:
        case "chat":  # GET /v1/models, schema ListModelsResponse of OpenAI's OpenAPI description (2026-11-20)
            return Page(200, {"object": "list", "data": [_model(name, owner, shape) for name in names]})
        case "messages":
            return Page(200, _messages_list(names, call.query))
        case "gemini":
            return Page(200, _gemini_list(names, call.query))


def _model(name: str, owner: str, shape: Shape) -> Json:
    match shape:
        case "chat":  # openai 3.51.0, types/model.py: these four are always there
            created = int(_released(name).timestamp())
            return {"id": name, "object": "model", "created": created, "owned_by": owner}
        case "messages":
            return _messages_model(name)
        case "gemini":
            return _gemini_model(name)


def _messages_list(names: Sequence[str], query: Mapping[str, str]) -> Json:
    """Give one page: "limit … Defaults to `20`. Ranges from `1` to `1000`." – anthropic 2.11.0, model_list_params."""
    first, last = 0, len(names)
    limit = _number(query.get("limit")) or 20
    if (after := query.get("after_id")) in names:
        first = names.index(after) + 1
    if (before := query.get("before_id")) in names:
        last = names.index(before)
        first = max(first, last - limit)
        more = first > 0
    else:
        more = first + limit < last
    window = names[first : min(last, first + limit)]
    return {
        "data": [_messages_model(name) for name in window],
        "has_more": more,
        "first_id": window[0] if window else None,
        "last_id": window[-1] if window else None,
    }


def _messages_model(name: str) -> Json:
    # "lifecycle" is required by the types of anthropic 2.x (package, 2026-11).
    return {
        "type": "model",
        "id": name,
        "display_name": _title(name),
        "created_at": _released(name).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "lifecycle": "active",
    }


def _gemini_list(names: Sequence[str], query: Mapping[str, str]) -> Json:
    """Give one page; its token is the number of the next one's first model (inferred: a token says nothing)."""
    # "If unspecified, 50 models will be returned per page." – ai.google.dev/api/models, models.list (2026-11-20)
    first, size = _number(query.get("pageToken")), _number(query.get("pageSize")) or 50
    models = [_gemini_model(name) for name in names[first : first + size]]
    return {"models": models} | ({"nextPageToken": str(first + size)} if first + size < len(names) else {})


def _gemini_model(name: str) -> Json:
    # The fields that google-genai 3.4 reads (models.py, _Model_from_mldev) and that a name can tell.
    return {
        "name": f"models/{name}",
        "version": "001",
        "displayName": _title(name),
        "supportedGenerationMethods": ["generateContent", "countTokens"],
    }


def _number(word: str | None) -> int:
    """A whole number; 0 for anything else."""
    return min(int(word), _MOST) if word and re.fullmatch("[0-9]{1,6}", word) else 0


def _released(name: str) -> datetime:
    """The day that a name ends with, else the beginning of 1970."""
    if found := _DAY.search(name):
        year, month, day = map(int, found.groups())
        try:
            return datetime(year, month, day, tzinfo=UTC)
        except ValueError:
            return _UNKNOWN
    return _UNKNOWN


def _title(name: str) -> str:
    """Word a name: `claude-haiku-4-5-20251001` is Claude Haiku 4.5."""
    plain = re.sub(r"(?<=-\d)-(?=\d(-|$))", ".", _DAY.sub("", name))
    return " ".join(word[:1].upper() + word[1:] for word in plain.split("-"))
