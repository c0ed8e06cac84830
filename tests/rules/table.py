"""How a refused request is written down: what is sent, the exact reply, and where that is known from.

A test file has a table of rows, made by a small function of its own that knows the service's error body, and one test:

    @pytest.mark.parametrize("row", ROWS, ids=name_of)
    def test_what_is_refused(live: Live, row: Row) -> None:
        assert refused(row) == answered(live, row)
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import ANY

from emulator.types import Origin
from tests.live import Live, Reply

__all__ = ["ANY", "GONE", "Row", "answered", "changed", "name_of", "noted", "refused"]

GONE = object()
"""The value of a field that is to be left out."""


@dataclass(frozen=True)
class Row:
    """One request that is refused."""

    name: str
    """Unique within its table, and the id of its test."""
    path: str
    """With the provider's prefix: `/plain/v1/chat/completions`."""
    body: Any
    """The whole body; see `changed`."""
    status: int
    error: Any
    """The whole body of the reply. ANY stands for what is of one exchange, such as an id."""
    origin: Origin
    """How the words are known."""
    source: str
    """Where they stand, and when that was read."""
    rule: str = ""
    """The name of the rule that refuses it; empty: it can't even be read, and no mode lets it pass."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Beside the key and the content type."""


def changed(valid: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    """Give a valid body with other fields, and without those that are GONE."""
    return {name: value for name, value in {**valid, **fields}.items() if value is not GONE}


def refused(row: Row) -> tuple[int, Any]:
    """What is to come back."""
    return row.status, row.error


def answered(live: Live, row: Row) -> tuple[int, Any]:
    """What comes back."""
    reply = _sent(live, row)
    return reply.status, reply.json


def noted(live: Live, row: Row) -> tuple[int, tuple[str, ...]]:
    """The status of what comes back, and what the journal has against the request: `RULE: MESSAGE`."""
    return _sent(live, row).status, live.journal[-1].warnings


def _sent(live: Live, row: Row) -> Reply:
    headers = {"authorization": live.bearer, "content-type": "application/json", **row.headers}
    return live.send("POST", row.path, row.body, headers)


def name_of(row: Row) -> str:
    """The id of a row's test."""
    return row.name
