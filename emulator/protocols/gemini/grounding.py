"""What an answer says of the searches that it stands on.

"segment … measured in bytes. Offset from the start of the Part" – types.Segment, google-genai 3.4. A field that is 0 is
not written (recorded, as everywhere in proto3 JSON).
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable
from urllib.parse import quote_plus

from emulator.types import Json, Part, Search, Text

__all__ = ["grounding"]


def grounding(parts: Iterable[Part], is_shown: Callable[[Part], bool]) -> Json:
    """Write the metadata; None: nothing was searched.

    Every text after a search is supported by all that it found (inferred). `is_shown`: which parts have a place in the
    content.
    """
    queries: list[str] = []
    chunks: list[Json] = []
    supports: list[Json] = []
    found: list[int] = []
    place = 0
    for part in parts:
        match part:
            case Search():
                queries.append(part.query)
                found = list(range(len(chunks), len(chunks) + len(part.results)))
                chunks += [{"web": {"uri": result.url, "title": result.title}} for result in part.results]
            case Text(text) if text and found:
                supports.append({"segment": _segment(text, place), "groundingChunkIndices": found})
        place += is_shown(part)
    if not queries:
        return None
    written: dict[str, Json] = {"searchEntryPoint": {"renderedContent": _chips(queries)}}
    if chunks:
        written["groundingChunks"] = chunks
    if supports:
        written["groundingSupports"] = supports
    return {**written, "webSearchQueries": queries}


def _segment(text: str, place: int) -> Json:
    return ({"partIndex": place} if place else {}) | {"endIndex": len(text.encode()), "text": text}


def _chips(queries: list[str]) -> str:
    """The links that an application shows; at home they have a style sheet as well (recorded)."""
    links = (
        f'<a class="chip" href="https://www.google.com/search?q={quote_plus(query)}">{html.escape(query)}</a>'
        for query in queries
    )
    return f'<div class="container">{"".join(links)}</div>'
