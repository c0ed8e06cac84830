"""What the enveloped API refuses. No error of a request is published (inferred): it is as the protocol's own service.

Facts are marked as in the package's docstring.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from emulator.protocols import chat, gemini, messages
from emulator.protocols.media import embeddings
from emulator.refusals.tables import taken
from emulator.types import Rulebook

__all__ = ["TABLES"]

_SOURCE: Final = "no error of this API is published; as the protocol's own service"

# Of parameters that the reference page of chat does not have, or that some models may well take.
_NOTED: Final = ("unknown-parameter", "json-word", "parallel-without-tools", "stream-options", "tool-count")
_WITHOUT: Final = ("reasoning-models", "both-limits")

# Of versions of Anthropic's API, whose header the reference page does not have.
_OF_VERSIONS: Final = ("sampling-removed", "assistant-document", "user-citations")

TABLES: Final[Mapping[str, Rulebook]] = {
    chat.NAME: taken(chat.RULES, "inferred", _SOURCE, without=_WITHOUT, noted=_NOTED),
    messages.NAME: taken(messages.RULES, "inferred", _SOURCE, without=_OF_VERSIONS),
    gemini.NAME: taken(gemini.RULES, "inferred", _SOURCE),
    embeddings.NAME: taken(embeddings.RULES, "inferred", _SOURCE),
}
"""By the name of the protocol."""
