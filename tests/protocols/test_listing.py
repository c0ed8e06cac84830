"""Lists of models: three shapes, told apart by headers, in pages."""

from typing import Any

import pytest

from emulator.protocols import listing
from emulator.types import Call, Failure, Rejected

NAMES = ("gpt-6-luna", "claude-haiku-4-5-20251001", "gemini-2.5-flash", "gpt-4o-2024-11-20")
SHAPES: list[listing.Shape] = ["chat", "messages", "gemini"]


def ask(shape: listing.Shape, wanted: str = "", **query: str) -> Any:
    page = listing.page(NAMES, "openai", Call("GET", "/v1/models", query), shape, wanted)
    assert (200, {}) == (page.status, page.headers)
    return page.body


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (Call("GET", "/"), "chat"),
        (Call("GET", "/", headers={"authorization": "Bearer k"}), "chat"),
        (Call("GET", "/", headers={"anthropic-version": "2026-10-21"}), "messages"),
        (Call("GET", "/", headers={"x-goog-api-key": "k"}), "gemini"),
        (Call("GET", "/", {"key": "k"}), "gemini"),
    ],
)
def test_the_headers_tell_whose_list_is_wanted(call: Call, expected: str) -> None:
    assert expected == listing.shape(call)


def test_openai_lists_ids_and_when_they_were_made() -> None:
    assert {
        "object": "list",
        "data": [
            {"id": "gpt-6-luna", "object": "model", "created": 0, "owned_by": "openai"},
            {"id": "claude-haiku-4-5-20251001", "object": "model", "created": 1_759_276_800, "owned_by": "openai"},
            {"id": "gemini-2.5-flash", "object": "model", "created": 0, "owned_by": "openai"},
            {"id": "gpt-4o-2024-11-20", "object": "model", "created": 1_732_060_800, "owned_by": "openai"},
        ],
    } == ask("chat")


def haiku() -> Any:
    return {
        "type": "model",
        "id": "claude-haiku-4-5-20251001",
        "display_name": "Claude Haiku 4.5",
        "created_at": "2025-10-01T00:00:00Z",
        "lifecycle": "active",
    }


def flash() -> Any:
    return {
        "name": "models/gemini-2.5-flash",
        "version": "001",
        "displayName": "Gemini 2.5 Flash",
        "supportedGenerationMethods": ["generateContent", "countTokens"],
    }


def test_anthropic_and_google_list_titles_too() -> None:
    listed = ask("messages")
    assert (haiku(), False, NAMES[0], NAMES[-1]) == (
        listed["data"][1],
        listed["has_more"],
        listed["first_id"],
        listed["last_id"],
    )
    assert flash() == ask("gemini")["models"][2]
    assert ["models"] == list(ask("gemini"))


@pytest.mark.parametrize(
    ("query", "ids", "more"),
    [
        ({"limit": "2"}, NAMES[:2], True),
        ({"limit": "4"}, NAMES, False),
        ({"limit": "0"}, NAMES, False),
        ({"limit": "2", "after_id": NAMES[1]}, NAMES[2:], False),
        ({"limit": "1", "after_id": NAMES[1]}, NAMES[2:3], True),
        ({"limit": "2", "before_id": NAMES[3]}, NAMES[1:3], True),
        ({"limit": "9", "before_id": NAMES[2]}, NAMES[:2], False),
        ({"after_id": NAMES[3]}, (), False),
        ({"after_id": "unknown", "limit": "many"}, NAMES, False),
    ],
)
def test_anthropic_pages_by_ids(query: dict[str, str], ids: tuple[str, ...], more: bool) -> None:
    listed = ask("messages", **query)
    ends = (ids[0], ids[-1]) if ids else (None, None)
    assert (list(ids), more, ends) == (
        [model["id"] for model in listed["data"]],
        listed["has_more"],
        (listed["first_id"], listed["last_id"]),
    )


@pytest.mark.parametrize(
    ("query", "ids", "token"),
    [
        ({"pageSize": "3"}, NAMES[:3], "3"),
        ({"pageSize": "3", "pageToken": "3"}, NAMES[3:], None),
        ({"pageSize": "4"}, NAMES, None),
        ({"pageSize": "0"}, NAMES, None),
        ({"pageSize": "", "pageToken": "²"}, NAMES, None),
        ({"pageToken": "9" * 30}, NAMES, None),
        ({"pageToken": "99"}, (), None),
    ],
)
def test_google_pages_by_tokens(query: dict[str, str], ids: tuple[str, ...], token: str | None) -> None:
    listed = ask("gemini", **query)
    assert ([f"models/{name}" for name in ids], token) == (
        [model["name"] for model in listed["models"]],
        listed.get("nextPageToken"),
    )


def test_one_model_is_its_row_of_the_list() -> None:
    assert ask("chat")["data"][0] == ask("chat", NAMES[0])
    assert haiku() == ask("messages", NAMES[1])
    assert flash() == ask("gemini", NAMES[2])


@pytest.mark.parametrize("shape", SHAPES)
def test_an_unknown_model_is_not_found(shape: listing.Shape) -> None:
    with pytest.raises(Rejected) as caught:
        listing.page(NAMES, "openai", Call("GET", "/v1/models/x"), shape, "x")
    assert Failure("model_not_found", "The model 'x' does not exist") == caught.value.failure


@pytest.mark.parametrize(
    ("name", "title", "created"),
    [
        ("claude-opus-5-5", "Claude Opus 5.5", "1970-01-01T00:00:00Z"),
        ("claude-opus-5", "Claude Opus 5", "1970-01-01T00:00:00Z"),
        ("gpt-4o-2024-11-20", "Gpt 4o", "2024-11-20T00:00:00Z"),
        ("odd-20251399", "Odd 20251399", "1970-01-01T00:00:00Z"),
        ("odd-20250231", "Odd", "1970-01-01T00:00:00Z"),
        ("x", "X", "1970-01-01T00:00:00Z"),
    ],
)
def test_a_name_tells_a_title_and_a_day(name: str, title: str, created: str) -> None:
    body = listing.page([name], "o", Call("GET", "/"), "messages", name).body
    assert (title, created) == (body["display_name"], body["created_at"])
