"""Answers paths that are no provider's: in our own words, for whoever mistyped a base URL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from msgspec import Struct

from emulator.types import (
    Call,
    Completion,
    Endpoint,
    Failure,
    Frame,
    Headers,
    Json,
    Page,
    Provider,
    Quota,
    Rejected,
    Request,
    Rulebook,
    Stamp,
    WireProtocol,
)

__all__ = ["Nobody"]


class Nobody(Struct, frozen=True, eq=False):
    """A provider without routes: every call is rejected with the base URLs that there are."""

    name: ClassVar[str] = "nobody"
    hosts: ClassVar[tuple[str, ...]] = ()

    providers: Mapping[str, Provider]

    def claims(self, path: str) -> bool:  # noqa: ARG002 - the signature of a provider, as below
        """Nothing: it takes what the others leave."""
        return False

    def base_url(self, origin: str) -> str:
        """The server itself."""
        return origin

    def base_urls(self, origin: str, target: str) -> Mapping[str, str]:  # noqa: ARG002
        """None."""
        return {}

    def sample(self, model: str, user: str) -> Call:  # noqa: ARG002
        """Nothing to try."""
        return Call("GET", "/")

    def resolve(self, call: Call, stamp: Stamp) -> Endpoint | Page:  # noqa: ARG002
        """Reject the call."""
        raise Rejected(Failure("route_not_found", f"{call.method} {call.path} is no path of an emulated service"))

    def rules(self, protocol: WireProtocol) -> Rulebook:  # noqa: ARG002
        """None."""
        return Rulebook()

    def body(self, body: Json, request: Request, stamp: Stamp) -> Json:  # noqa: ARG002
        """Unchanged."""
        return body

    def frames(self, frames: Iterator[Frame], done: Completion, request: Request, stamp: Stamp) -> Iterator[Frame]:  # noqa: ARG002
        """Unchanged."""
        return frames

    def failure(self, failure: Failure, call: Call, stamp: Stamp) -> Page:  # noqa: ARG002
        """Write a problem document (RFC 9457), always a 404: whatever is wrong, the path is wrong first."""
        origin = f"http://{call.headers.get('host', '')}"
        body = {
            "type": "about:blank",
            "title": "no provider has this path",
            "status": 404,
            "detail": failure.message,
            "base_urls": {name: provider.base_url(origin) for name, provider in self.providers.items()},
        }
        return Page(404, body, {"content-type": "application/problem+json", "x-emulator-miss": "1"})

    def headers(self, call: Call, stamp: Stamp) -> Headers:  # noqa: ARG002
        """None."""
        return {}

    def quota(self, quota: Quota, protocol: str, stamp: Stamp) -> Headers:  # noqa: ARG002
        """None."""
        return {}

    def listing(self, models: tuple[str, ...]) -> Provider:  # noqa: ARG002
        """Itself: it lists nothing."""
        return self
