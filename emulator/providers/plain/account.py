"""An account with the services that the protocols are at home in: hosts, keys, request ids, and no last word."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar, Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from emulator import jsontext
from emulator.protocols import chat, gemini, listing, messages, responses
from emulator.providers.plain import catalogue, limits, routes, rules
from emulator.types import (
    Call,
    Completion,
    Endpoint,
    Failure,
    Frame,
    Headers,
    Json,
    Memory,
    Page,
    Quota,
    Rejected,
    Request,
    Rulebook,
    Stamp,
    WireProtocol,
)

__all__ = ["Plain"]

_METHODS: Final = "GET, POST, DELETE, OPTIONS"

# Where a client puts its key beside `Authorization: Bearer` (recorded, 2026-11).
_KEY_HEADERS: Final = {"messages": "x-api-key", "gemini": "x-goog-api-key"}


class Plain(Struct, frozen=True):
    """An account with the protocols' own services."""

    name: ClassVar[Literal["plain"]] = "plain"
    hosts: ClassVar[tuple[str, ...]] = ("api.openai.com", "api.anthropic.com", "generativelanguage.googleapis.com")

    api_keys: tuple[str, ...] = ()
    """The valid keys; none: any key is valid."""
    models: tuple[str, ...] = catalogue.MODELS
    """The models that are listed; any model can be asked."""
    mixed: bool = False
    """Whether each protocol's list has them all, whatever protocol their names are at home in."""

    def claims(self, path: str) -> bool:  # noqa: ARG002 - the signature of a provider, as below
        """Nothing: without a prefix these paths are another's."""
        return False

    def base_url(self, origin: str) -> str:
        """The base URL for an OpenAI client; Anthropic's and Google's go without the `/v1`."""
        return f"{origin}/plain/v1"

    def base_urls(self, origin: str, target: str) -> Mapping[str, str]:  # noqa: ARG002 - no segment varies
        """Each as the protocol's own client wants it: only OpenAI's says the version."""
        home = f"{origin}/plain"
        return {
            chat.NAME: self.base_url(origin),
            responses.NAME: self.base_url(origin),
            messages.NAME: home,
            gemini.NAME: home,
        }

    def sample(self, model: str, user: str) -> Call:
        """A chat request."""
        name = model or catalogue.MODELS[0]
        content = {"model": name, "messages": [{"role": "user", "content": user or "Hello"}]}
        return Call("POST", f"{self.base_url('')}/chat/completions", body=jsontext.dumps(content))

    def resolve(self, call: Call, stamp: Stamp) -> Endpoint | Page:  # noqa: ARG002
        """Find the route and check the key. Raises Rejected. What is reported first is inferred: path, method, key."""
        if call.method == "OPTIONS":
            return Page(204, None, {"access-control-allow-methods": _METHODS})
        endpoint = routes.find(call, self.name, self._models)
        self._check_key(call, routes.protocol_of(call).NAME)
        return endpoint

    def _models(self, call: Call, endpoint: Endpoint, memory: Memory, stamp: Stamp) -> Page:  # noqa: ARG002
        shape = routes.shape_of(call)
        names = [name for name in self.models if self.mixed or catalogue.home(name) == shape]
        # "owned_by": "openai" – the example of Model in OpenAI's OpenAPI description (2026-11-20)
        return listing.page(names, "openai", call, shape, endpoint.item)

    def _check_key(self, call: Call, protocol: str) -> None:
        scheme, _, token = call.headers.get("authorization", "").strip().partition(" ")
        bearer = token.strip() if scheme.lower() == "bearer" else ""
        asked = call.query.get("key", "") if protocol == "gemini" else ""
        key = call.headers.get(_KEY_HEADERS.get(protocol, ""), "").strip() or asked or bearer
        if not key:
            raise Rejected(Failure("auth_scheme" if scheme and scheme.lower() != "bearer" else "missing_api_key"))
        if self.api_keys and key not in self.api_keys:
            raise Rejected(Failure("invalid_api_key"))

    def rules(self, protocol: WireProtocol) -> Rulebook:
        """Those of the protocol at home."""
        return rules.of(protocol)

    def body(self, body: Json, request: Request, stamp: Stamp) -> Json:  # noqa: ARG002
        """Unchanged."""
        return body

    def frames(self, frames: Iterator[Frame], done: Completion, request: Request, stamp: Stamp) -> Iterator[Frame]:  # noqa: ARG002
        """Unchanged."""
        return frames

    def failure(self, failure: Failure, call: Call, stamp: Stamp) -> Page:
        """The words of the protocol that the path belongs to."""
        return routes.protocol_of(call).failure(failure, stamp)

    def headers(self, call: Call, stamp: Stamp) -> Headers:
        """The request id where the protocol's SDKs read it, and leave for web pages to read the answer (inferred)."""
        headers = _request_id(routes.protocol_of(call).NAME, stamp)
        if origin := call.headers.get("origin"):
            wanted = call.headers.get("access-control-request-headers", "*")
            headers |= {
                "access-control-allow-origin": origin,
                "access-control-allow-headers": wanted,
                "access-control-allow-credentials": "true",
                "access-control-expose-headers": ", ".join(headers) or "*",
                "vary": "origin",
            }
        return headers

    def quota(self, quota: Quota, protocol: str, stamp: Stamp) -> Headers:
        """The headers of the protocol's home."""
        return limits.headers(quota, protocol, stamp)

    def listing(self, models: tuple[str, ...]) -> Plain:
        """The same account with these models in the list of every protocol, for nobody says where they are at home."""
        return replace(self, models=models, mixed=True)


def _request_id(protocol: str, stamp: Stamp) -> dict[str, str]:
    """Read by oai-py (APIStatusError.request_id) and ant-py (_exceptions.py) (package, 2026-11)."""
    match protocol:
        case "messages":
            return {"request-id": messages.request_id(stamp)}
        case "gemini":  # its SDKs read none
            return {}
        case _:
            return {"x-request-id": f"req_{stamp.hex('request', 32)}"}
