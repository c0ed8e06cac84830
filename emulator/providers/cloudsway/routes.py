"""The paths of Cloudsway: what each is for, and for which series of models.

Facts are marked as in the package's docstring.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from emulator.protocols import chat, gemini, messages, responses
from emulator.protocols.media import audio, embeddings, images
from emulator.providers.cloudsway import pages
from emulator.types import PageMaker, WireProtocol

__all__ = ["SERIES", "Route", "Series", "find", "series_of"]

Series = Literal["GP", "Cl", "Ge", "DS"]
SERIES: Final[dict[str, Series]] = {"GP": "GP", "Cl": "Cl", "Ge": "Ge", "DS": "DS"}
"""OpenAI, Claude, Gemini, DeepSeek: the series whose routes are documented."""

_BEARER: Final = ()
# The Anthropic SDK of seed 004 sends its key in x-api-key up to 0.x, as Bearer since (package: measured).
_X_API_KEY: Final = ("x-api-key",)
_GOOGLE_KEY: Final = ("x-goog-api-key",)


class Route(Struct, frozen=True):
    """What a path is for."""

    protocol: WireProtocol
    endpoint: str = ""
    """The endpointPath; empty: unified access, where the body names the model."""
    only: Series | None = None
    """The one series it serves; None: every one."""
    method: Literal["GET", "POST"] = "POST"
    stream: bool | None = None
    model: str = ""
    """The model that the path names."""
    item: str = ""
    page: PageMaker | None = None
    keys: tuple[str, ...] = _BEARER
    """Header fields that carry a key beside Authorization."""
    lists: bool = False
    """Lists models."""


# Of every endpoint, under /v1/ai/{endpointPath}/.
_UNDER_V1_AI: Final[dict[str, Route]] = {
    "chat/completions": Route(chat),  # documented: seed 004
    "google/chat/completions": Route(chat, only="Ge"),  # documented: text/Gemini_openai
    "responses": Route(responses, only="GP"),  # documented: text/response
    "embeddings": Route(embeddings),  # inferred: where clients of OpenAI look for it
    "images/generations": Route(images),  # documented: image
    "images/edits": Route(images),  # documented: image; inferred: the last segment
    "audio/speech": Route(audio),  # documented: audio
    "audio/transcriptions": Route(audio),  # documented: audio
    # documented: seed 004, text/gemini_native; no model in the path, and no verb after a colon
    "generateContent": Route(gemini, only="Ge", stream=False),
    "streamGenerateContent": Route(gemini, only="Ge", stream=True),
}

# Of every endpoint, which is the first segment here: under /{endpointPath}/.
_UNDER_ENDPOINT: Final[dict[str, Route]] = {
    "v1/messages": Route(messages, only="Cl", keys=_X_API_KEY),  # documented: seed 004
    # inferred: what the Anthropic SDK builds below the same base URL (package: measured)
    "v1/messages/count_tokens": Route(messages, only="Cl", keys=_X_API_KEY, page=messages.count_tokens),
    "v1/models": Route(messages, only="Cl", method="GET", keys=_X_API_KEY, lists=True),
}

# Unified access – scenes/multiendpoint (documented).
_UNIFIED: Final[dict[str, Route]] = {
    "/v1/models": Route(chat, method="GET", lists=True),
    "/v1/chat/completions": Route(chat),
}

# What google-genai builds below a base URL, by verb (emulator: the service does not have it).
_VERBS: Final[dict[str, Route]] = {
    "generateContent": Route(gemini, only="Ge", stream=False, keys=_GOOGLE_KEY),
    "streamGenerateContent": Route(gemini, only="Ge", stream=True, keys=_GOOGLE_KEY),
    "countTokens": Route(gemini, only="Ge", keys=_GOOGLE_KEY, page=gemini.count_tokens),
}


@lru_cache(maxsize=256)
def find(path: str) -> Route | None:
    """The route of a path; a slash at its end changes nothing."""
    path = path.removesuffix("/")
    if route := _UNIFIED.get(path):
        return route
    match path.split("/"):
        case ["", "v1", "ai", endpoint, *tail]:
            route = _UNDER_V1_AI.get("/".join(tail)) or _of_one_thing(tail)
        # "native request method" of Claude in the words of chat – text/MaaS_claude_4_x (documented)
        case ["", "v2", "ai", endpoint, "claude", "chat", "completions"]:
            route = Route(chat, only="Cl")
        case ["", endpoint, *tail]:
            route = _UNDER_ENDPOINT.get("/".join(tail))
        case _:
            return None
    return replace(route, endpoint=endpoint) if route and endpoint else None


def series_of(model: str) -> Series | None:
    """The series of `MaaS_Cl_Sonnet_4.6_20260217` is Cl (documented); None: a name that does not say."""
    match model.split("_"):
        case ["MaaS", series, _, *_]:
            return SERIES.get(series)
        case _:
            return None


def _of_one_thing(tail: list[str]) -> Route | None:
    """A route whose path names a stored response or a model."""
    match tail:
        case ["responses", item] if item:  # inferred: what `background: true` is for
            return Route(responses, only="GP", method="GET", item=item, page=pages.retrieve)
        # A model's name can have slashes in it: those of the project's error scenarios do.
        case ["models", *named] | [_, "models", *named] | [_, "publishers", "google", "models", *named]:
            model, _, verb = "/".join(named).rpartition(":")
            route = _VERBS.get(verb)
            return replace(route, model=model) if route and model else None
        case _:
            return None
