"""An account with the enveloped API: routes, keys, and the last word over what goes out.

Facts are marked as in the package's docstring.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar, Final, Literal

from msgspec import Struct

from emulator import jsontext
from emulator.protocols import chat, gemini, messages
from emulator.protocols.media import embeddings
from emulator.providers.enveloped import errors, quirks, rules
from emulator.providers.enveloped.errors import Style
from emulator.types import (
    Call,
    Completion,
    Endpoint,
    Failure,
    Frame,
    Headers,
    Json,
    Page,
    Quota,
    Rejected,
    Request,
    Rulebook,
    Stamp,
    WireProtocol,
)

__all__ = ["Enveloped"]

_PATHS: Final[dict[str, WireProtocol]] = {
    "/api/v1/chat/completions": chat,  # documented: seed 002
    "/api/v1/messages": messages,  # documented: page …120
    "/api/anthropic/v1/messages": messages,  # documented: page …120
    "/api/v1/embeddings": embeddings,  # documented: page …123
}

# Three rooms with the same things in them – pages …127 and …128 (documented).
_GEMINI_ROOMS: Final = ("/api/vertex-ai/v1/", "/api/vertex-ai/v1beta/", "/api/v1/")
_VERBS: Final = {"generateContent": False, "streamGenerateContent": True}


class Enveloped(Struct, frozen=True):
    """An account with the enveloped API."""

    name: ClassVar[Literal["enveloped"]] = "enveloped"

    api_keys: tuple[str, ...] = ()
    """The valid keys; none: any key is valid."""
    hosts: tuple[str, ...] = ()
    """How the Host headers end that are this account's; the service's own are not published."""
    errors: Style = "enveloped"
    """`enveloped`: errors have the envelope of the reference pages; `intro`: the form of the introduction."""

    def claims(self, path: str) -> bool:
        """Whether a literal path is this API's."""
        return path.startswith("/api/")

    def base_url(self, origin: str) -> str:
        """The base URL for clients of OpenAI; the other protocols begin at the same place."""
        return f"{origin}/api/v1"

    def base_urls(self, origin: str, target: str) -> Mapping[str, str]:  # noqa: ARG002 - no segment varies
        """Their clients understand streams, which have no envelope."""
        return {chat.NAME: f"{origin}/api/v1", messages.NAME: f"{origin}/api/anthropic"}

    def sample(self, model: str, user: str) -> Call:
        """The request of the documentation (seed 002)."""
        content = {"model": model or "gpt-3.5-turbo", "messages": [{"role": "user", "content": user or "Hello!"}]}
        return Call("POST", f"{self.base_url('')}/chat/completions", body=jsontext.dumps(content))

    def resolve(self, call: Call, stamp: Stamp) -> Endpoint | Page:  # noqa: ARG002 - the signature of a provider
        """Find the route, then check the key (in this order: inferred). Raises Rejected."""
        endpoint = self._route(call.path)
        if endpoint is None:
            raise Rejected(Failure("route_not_found", f"{call.path} is no path of this API"))
        if call.method != "POST":
            message = f"{call.method} is not a method of {call.path}; POST is"
            raise Rejected(Failure("method_not_allowed", message, headers={"allow": "POST"}))
        self._check_key(call, endpoint.protocol)
        return endpoint

    def _route(self, path: str) -> Endpoint | None:
        path = path.removesuffix("/")
        if protocol := _PATHS.get(path):
            return Endpoint(self.name, protocol)
        tail = next((path.removeprefix(room) for room in _GEMINI_ROOMS if path.startswith(room)), "")
        match tail.split("/"):
            case ["publishers", group, "models", *named] | ["models", group, *named]:  # a name can have slashes in it
                model, _, verb = "/".join(named).rpartition(":")
                if group and model and verb in _VERBS:
                    return Endpoint(self.name, gemini, target=group, model=model, stream=_VERBS[verb])
        return None

    def _check_key(self, call: Call, protocol: WireProtocol) -> None:
        """Bearer (documented); where Anthropic's clients call, x-api-key too, which older ones send (inferred)."""
        scheme, _, key = call.headers.get("authorization", "").strip().partition(" ")
        key = key.strip()
        if not scheme or (scheme.lower() == "bearer" and not key):
            key = call.headers.get("x-api-key", "") if protocol is messages else ""
            if not key:
                raise Rejected(Failure("missing_api_key"))
        elif scheme.lower() != "bearer":
            raise Rejected(Failure("auth_scheme"))
        if self.api_keys and key not in self.api_keys:
            raise Rejected(Failure("invalid_api_key"))

    def rules(self, protocol: WireProtocol) -> Rulebook:
        """As the protocol's own service, as far as is known."""
        return rules.TABLES.get(protocol.NAME, protocol.RULES)

    def body(self, body: Json, request: Request, stamp: Stamp) -> Json:  # noqa: ARG002 - the signature of a provider
        """The envelope: "with stream false the data field holds the complete response" – page …120 (documented).

        Around generateContent as well, because every reference page prints it (documented; the content inferred).
        """
        return quirks.envelope(quirks.lean_chat(body) if request.endpoint.protocol is chat else body)

    def frames(self, frames: Iterator[Frame], done: Completion, request: Request, stamp: Stamp) -> Iterator[Frame]:  # noqa: ARG002
        """Events as they are: for a stream "the data field does not apply" – page …120 (documented for messages)."""
        return frames

    def failure(self, failure: Failure, call: Call, stamp: Stamp) -> Page:  # noqa: ARG002 - the signature of a provider
        """An error in the style of this account, the same on every path (inferred)."""
        return errors.page(failure, self.errors)

    def headers(self, call: Call, stamp: Stamp) -> Headers:
        """A request id where the clients of the protocol read it (inferred)."""
        name = "request-id" if _PATHS.get(call.path.removesuffix("/")) is messages else "x-request-id"
        return {name: stamp.hex("request", 32)}

    def quota(self, quota: Quota, protocol: str, stamp: Stamp) -> Headers:  # noqa: ARG002 - the signature of a provider
        """Nothing: no header is documented that tells of limits."""
        return {}

    def listing(self, models: tuple[str, ...]) -> Enveloped:  # noqa: ARG002 - the signature of a provider
        """The same account: no list of models is documented, and there is none."""
        return self
