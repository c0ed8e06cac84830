"""The paths of the protocols at home, and whose words a call understands."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from msgspec import Struct

from emulator.protocols import chat, gemini, listing, messages, responses
from emulator.protocols.media import audio, embeddings, images
from emulator.types import Call, Endpoint, Failure, PageMaker, Rejected, WireProtocol

__all__ = ["find", "protocol_of", "shape_of"]


class _Route(Struct, frozen=True):
    method: str
    pattern: re.Pattern[str]
    protocol: WireProtocol | None
    """None: a list of models, or one of them."""
    page: PageMaker | None = None
    stream: bool | None = None


def _route(
    line: str, protocol: WireProtocol | None, page: PageMaker | None = None, *, stream: bool | None = None
) -> _Route:
    """Read `METHOD /path`; `{item}` is one segment, `{model}` is one or more, `{v}` a version of Google's API."""
    method, _, path = line.partition(" ")
    pattern = path.replace("{v}", "v1(?:beta|alpha)?").replace("{item}", "(?P<item>[^/]+)")
    return _Route(method, re.compile(pattern.replace("{model}", "(?P<model>.+)")), protocol, page, stream)


# The first that fits answers. The paths are those that the published clients ask for (package, 2026-11).
_ROUTES: Final = (
    _route("POST /v1/chat/completions", chat),
    _route("POST /v1/responses", responses),
    _route("POST /v1/responses/input_tokens", responses, responses.input_tokens),
    _route("POST /v1/responses/compact", responses, responses.compact),
    _route("GET /v1/responses/{item}", responses, responses.retrieve),
    _route("DELETE /v1/responses/{item}", responses, responses.delete),
    _route("GET /v1/responses/{item}/input_items", responses, responses.input_items),
    _route("POST /v1/responses/{item}/cancel", responses, responses.cancel),
    _route("POST /v1/conversations", responses, responses.create_conversation),
    _route("GET /v1/conversations/{item}", responses, responses.retrieve_conversation),
    _route("POST /v1/messages", messages),
    _route("POST /v1/messages/count_tokens", messages, messages.count_tokens),
    _route("POST /v1/embeddings", embeddings),
    _route("POST /v1/images/generations", images),
    _route("POST /v1/images/edits", images),
    _route("POST /v1/audio/speech", audio),
    _route("POST /v1/audio/transcriptions", audio),
    # google-genai 3 asks /v1, older ones and other clients /v1beta.
    _route("POST /{v}/models/{model}:generateContent", gemini, stream=False),
    _route("POST /{v}/models/{model}:streamGenerateContent", gemini, stream=True),
    _route("POST /{v}/models/{model}:countTokens", gemini, gemini.count_tokens),
    _route("POST /{v}/models/{model}:embedContent", embeddings),
    _route("POST /{v}/models/{model}:batchEmbedContents", embeddings),
    _route("GET /{v}/models", None),
    _route("GET /{v}/models/{model}", None),
)

_STARTS: Final[dict[str, WireProtocol]] = {
    "v1/chat": chat,
    "v1/responses": responses,
    "v1/conversations": responses,
    "v1/messages": messages,
    "v1/embeddings": embeddings,
    "v1/images": images,
    "v1/audio": audio,
}
_HOSTS: Final[dict[str, listing.Shape]] = {
    "api.openai.com": "chat",
    "api.anthropic.com": "messages",
    "generativelanguage.googleapis.com": "gemini",
}
_SHAPES: Final[dict[listing.Shape, WireProtocol]] = {"chat": chat, "messages": messages, "gemini": gemini}


def find(call: Call, provider: str, models: PageMaker) -> Endpoint:
    """Find the route of a call; `models` answers where models are asked for. Raises Rejected."""
    return _endpoint(call.method, call.path, provider) or _other(call, provider, models)


@lru_cache(maxsize=256)
def _endpoint(method: str, path: str, provider: str) -> Endpoint | None:
    """Where a path leads that is no list of models."""
    for route, named in _fitting(path.rstrip("/")):
        if route.method == method:
            if route.protocol is None:
                break
            model, item = named.get("model"), named.get("item") or ""
            return Endpoint(provider, route.protocol, model=model, stream=route.stream, item=item, page=route.page)
    return None


def _other(call: Call, provider: str, models: PageMaker) -> Endpoint:
    fitting = _fitting(call.path.rstrip("/"))
    for route, named in fitting:
        if route.method != call.method:
            continue
        return Endpoint(provider, protocol_of(call), item=named.get("model") or "", page=models)
    # A POST below a model is one of Google's verbs: an unknown one is an unknown path.
    methods = ", ".join(dict.fromkeys(route.method for route, _ in fitting if route.protocol or call.method != "POST"))
    if not methods:
        raise Rejected(Failure("route_not_found", f"Unknown path: {call.method} {call.path}"))
    message = f"{call.method} is not a method of {call.path}; {methods} is"
    raise Rejected(Failure("method_not_allowed", message, headers={"allow": methods}))


@lru_cache(maxsize=256)
def _fitting(path: str) -> tuple[tuple[_Route, dict[str, str | None]], ...]:
    """The routes that a path fits, whatever the method, and what it names."""
    return tuple((route, found.groupdict()) for route in _ROUTES if (found := route.pattern.fullmatch(path)))


def protocol_of(call: Call) -> WireProtocol:
    """The protocol whose words a call understands: its path tells, else its host, else its headers."""
    start = "/".join(call.path.split("/")[1:3])
    if start in _STARTS:
        return _STARTS[start]
    return _SHAPES[shape_of(call)]


def shape_of(call: Call) -> listing.Shape:
    """The protocol in whose manner a call for models, or one that leads nowhere, is answered."""
    start, _, rest = call.path[1:].partition("/")
    if start in {"v1beta", "v1alpha"} or (rest.startswith("models/") and call.method == "POST"):
        return "gemini"
    return _HOSTS.get(call.host) or listing.shape(call)
