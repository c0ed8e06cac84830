"""A search that the service made itself, as blocks of an answer, and what the text after it cites.

Recorded: fixture anthropic-web-search-tool of vercel/ai, packages/anthropic (read 2026-11).
"""

from __future__ import annotations

from typing import Final

from emulator.types import Json, Search, Stamp

__all__ = ["citations", "opened", "results"]

_MOST_CITED: Final = 150
"""Up to so many characters of what was found are cited, and three dots where there are more (recorded)."""


def opened(place: int, stamp: Stamp) -> Json:
    """Write the block of the question as a stream opens it; `place` is its number in the answer."""
    identity = f"srvtoolu_01{stamp.hex(f'search/{place}', 22)}"
    return {"type": "server_tool_use", "id": identity, "name": "web_search", "input": {}}


def results(search: Search, use: Json, stamp: Stamp) -> Json:
    """Write the block of what was found, which a stream sends whole."""
    found = [
        {
            "type": "web_search_result",
            "title": result.title,
            "url": result.url,
            "encrypted_content": _sealed(f"{use['id']}/{number}", stamp),
            "page_age": None,
        }
        for number, result in enumerate(search.results)
    ]
    return {"type": "web_search_tool_result", "tool_use_id": use["id"], "content": found}


def citations(search: Search, place: int, stamp: Stamp) -> tuple[Json, ...]:
    """Cite every result, in the text block of this number (which text cites which result: inferred)."""
    return tuple(
        {
            "type": "web_search_result_location",
            "cited_text": _quoted(result.text),
            "url": result.url,
            "title": result.title,
            "encrypted_index": _sealed(f"citation/{place}/{number}", stamp),
        }
        for number, result in enumerate(search.results)
    )


def _quoted(text: str) -> str:
    return text if len(text) <= _MOST_CITED else f"{text[:_MOST_CITED]}..."


def _sealed(label: str, stamp: Stamp) -> str:
    """What clients send back as it is, and nobody reads."""
    return stamp.base64(label, 32)
