"""What editors show of the schema beside what it allows: titles in plain words, and what every word means."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from emulator.types import Json

__all__ = ["dressed"]

_TITLES: Final = {"File": "scenario", "Form": "predicate"}
"""Where the name of the class says it less well."""

_MEANINGS: Final[tuple[Mapping[str, str], ...]] = (
    {
        "any": "The first step that fits a request answers it.",
        "sequence": "The steps answer one after the other.",
    },
    {
        "repeat": "The sequence starts over.",
        "last": "The last step goes on without end.",
    },
    {
        "strict": "The service's own error.",
        "warn": "A note in the journal and a header; the request passes.",
        "off": "Nothing.",
    },
    {
        "auto": "tool_calls or refusal where there is one, else stop.",
        "stop": "The model is done.",
        "length": "The answer is as long as it may be.",
        "tool_calls": "The model waits for the results of tools.",
        "content_filter": "The rest is kept back.",
        "stop_sequence": "A sequence that the request names was hit.",
        "refusal": "The model declines.",
        "pause": "The model pauses a long turn; the client sends it back to go on.",
    },
    {
        "token": "About what a tokenizer would make of it.",
        "word": "A word with the white space before it.",
        "char": "One character.",
        "whole": "All at once.",
    },
    {
        "reset": "A TCP reset in place of a response.",
        "close": "The connection closes without a response.",
        "empty": "The headers, and a body of nothing.",
        "hang": "Nothing, for as long as the client waits.",
    },
    {
        "none": "The newest messages carry no tool result.",
        "any": "The newest messages carry a tool result.",
    },
    {
        "image": "A message has an image.",
        "audio": "A message has a sound.",
        "video": "A message has a film.",
        "file": "A message has a file.",
        "tools": "Functions are offered.",
        "reasoning": "Thinking is asked for.",
        "schema": "Structured output is asked for.",
    },
    {
        "invalid_api_key": "The key is not known.",
        "missing_api_key": "There is no key.",
        "expired_api_key": "The key was valid once.",
        "permission_denied": "The key may not do this.",
        "model_not_found": "There is no such model.",
        "model_not_enabled": "There is such a model, but not for this account.",
        "environment_not_found": "There is no such environment.",
        "invalid_request": "The request does not fit.",
        "context_length_exceeded": "The conversation is too long for the model.",
        "content_filtered": "What is asked, or what would be said, is blocked.",
        "payload_too_large": "The request's body is too large.",
        "rate_limited": "Too many requests for now.",
        "quota_exhausted": "What was paid for is used up.",
        "concurrency_limited": "Too many requests at the same time.",
        "timeout": "The model took too long.",
        "overloaded": "The model has too much to do.",
        "server_error": "Something broke within the service.",
        "bad_gateway": "The service got no good answer from the model.",
    },
)
"""What the words of each list mean."""


def dressed(schema: dict[str, Any]) -> dict[str, Any]:
    """Give a schema with what editors show."""
    for part in _parts(schema):
        if isinstance(title := part.get("title"), str):
            part["title"] = _title(title)
        if "enum" in part:
            _explain(part)
        if isinstance(said := part.get("description"), str):
            part["description"] = " ".join(said.split())
            # Editors show a description as it stands; this is the one whose backticks they understand.
            part["markdownDescription"] = part["description"]
    for part in list(_parts(schema)):
        for alternative in (*part.get("oneOf", ()), *part.get("anyOf", ())):
            _describe(alternative, part.get("description", ""), schema["$defs"])
    return schema


def _describe(alternative: dict[str, Any], whole: str, known: Mapping[str, Any]) -> None:
    """Say what an alternative is. Editors show that in place of what the key is, so the key's words come first."""
    name = alternative.get("$ref", "").rpartition("/")[2]
    own = alternative.get("description") or (known[name]["description"] if name else "")
    if own:
        alternative["description"] = own
        alternative["markdownDescription"] = f"{whole} {own}".strip()


def _explain(part: dict[str, Any]) -> None:
    words: list[str] = part["enum"]
    meanings = next((table for table in _MEANINGS if table.keys() == set(words)), None)
    if meanings is None:
        return
    part["enumDescriptions"] = [meanings[word] for word in words]
    part.setdefault("description", "One of these words.")


def _title(name: str) -> str:
    words = re.findall("[A-Z][a-z]+", name.removesuffix("Form"))
    return _TITLES.get(name) or " ".join(words).lower()


def _parts(schema: Json) -> Iterator[dict[str, Any]]:
    """Give every schema within a schema. What stands under `properties` by a key of the language is one itself."""
    match schema:
        case dict():
            for key, inner in schema.items():
                if key in ("properties", "$defs"):
                    for one in inner.values():
                        yield from _parts(one)
                elif key not in ("enum", "const", "required"):
                    yield from _parts(inner)
            yield schema
        case list():
            for inner in schema:
                yield from _parts(inner)
