"""Answers of Cloudsway that no scenario is asked for.

Facts are marked as in the package's docstring.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from emulator.protocols import responses
from emulator.providers.cloudsway import quirks
from emulator.types import Call, Endpoint, Memory, Page, Stamp

__all__ = ["retrieve", "unified_models"]

_CREATED: Final = 1_720_089_491
"""When every model was made: the time of the documented example."""


def retrieve(call: Call, endpoint: Endpoint, memory: Memory, stamp: Stamp) -> Page:
    """A stored response, in Cloudsway's form."""
    page = responses.retrieve(call, endpoint, memory, stamp)
    return replace(page, body=quirks.with_filters(page.body))


def unified_models(models: tuple[str, ...], *, as_text: bool) -> Page:
    """The models of unified access: here `created` is a string – scenes/multiendpoint (documented)."""
    created = str(_CREATED) if as_text else _CREATED
    items = [{"id": model, "created": created, "object": "model", "owned_by": "system"} for model in models]
    return Page(200, {"data": items, "object": "list"})
