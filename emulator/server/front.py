"""The front door: which provider and which session a request is for. One room, asked before anything else."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from functools import lru_cache
from typing import Any, Final, cast

from msgspec import Struct
from msgspec.structs import replace

from emulator.journal import Heading
from emulator.server.nobody import Nobody
from emulator.session import key_id
from emulator.types import Call, Provider

__all__ = ["ANONYMOUS", "Door", "Visit"]

ANONYMOUS = "anonymous"
"""The session of requests that carry neither a key nor a session."""
_UNTOLD: Final = frozenset(
    {"authorization", "proxy-authorization", "x-api-key", "api-key", "x-goog-api-key", "cookie", "content-length"}
)
"""Headers that no answer depends on."""


class Visit(Struct, frozen=True):
    """A request that found its door."""

    provider: Provider
    call: Call
    """Without the session's and the provider's path segments."""
    session: str
    only: str | None
    """The one scenario this session sees; None: all."""
    heading: Heading | None = None
    """What the journal keeps of the call's head, where that is known already."""
    told: Hashable = None
    """What of the head answers may depend on; None: nobody has looked."""

    @property
    def telling(self) -> Hashable:
        """What of the head answers may depend on."""
        if self.told is not None:
            return self.told
        return tuple(one for one in self.call.headers.items() if one[0] not in _UNTOLD)

    def admitting(self, key: str) -> Visit:
        """The same visit to an account at which this key is valid too, where not every key is."""
        # Every account with keys calls them so: `Settings.api_keys` become them.
        if not key or not getattr(self.provider, "api_keys", ()):
            return self
        return replace(self, provider=_with_key(cast("Any", self.provider), key))

    def listing(self, models: tuple[str, ...]) -> Visit:
        """The same visit to an account with these models in its list."""
        return replace(self, provider=_with_models(cast("Any", self.provider), models)) if models else self

    def kept(self) -> Visit:
        """The same visit, that knows what is asked of its head for every request."""
        return replace(self, heading=Heading.of(self.call), told=_mark(self.telling))

    def with_body(self, body: bytes) -> Visit:
        """A visit with the same head."""
        call = self.call
        call = Call(call.method, call.path, call.query, call.headers, body, call.host)
        return Visit(self.provider, call, self.session, self.only, self.heading, self.told)


class Door:
    """Finds the provider and the session of a call."""

    def __init__(self, providers: Mapping[str, Provider]) -> None:
        self.providers = providers
        self._nobody = Nobody(providers)
        """Who answers what is no provider's."""

    def open(self, call: Call) -> Visit:
        """Find both."""
        named, call = _take_session(call)
        provider, call = self._provider(call)
        # A credential's session id is a hash: an API key is never shown.
        label, only = _split(named if named is not None else _key(call))
        if named is None:
            identity = key_id(_key(call)) if label or only else ANONYMOUS
        else:
            identity = label if only is None else f"{label}@{only}"
        return Visit(provider, call, identity, only)

    def _provider(self, call: Call) -> tuple[Provider, Call]:
        """Host, then path prefix, then the literal path."""
        for provider in self.providers.values():
            if call.host.endswith(provider.hosts):
                return provider, call
        first, _, rest = call.path[1:].partition("/")
        if prefixed := self.providers.get(first):
            return prefixed, replace(call, path="/" + rest)
        for provider in self.providers.values():
            if provider.claims(call.path):
                return provider, call
        return self._nobody, call


@lru_cache(maxsize=4096)
def _mark(telling: Hashable) -> object:  # noqa: ARG001 - the cache knows it
    """One object for all heads that tell the same, which is quicker to compare than what they tell."""
    return object()


@lru_cache(maxsize=256)
def _with_key(account: Any, key: str) -> Provider:
    """One account for one key, so that what is known of the account is not found out anew. Only keys made here come."""
    return cast("Provider", replace(account, api_keys=(*account.api_keys, key)))


@lru_cache(maxsize=256)
def _with_models(account: Any, models: tuple[str, ...]) -> Provider:
    return cast("Provider", account.listing(models))


def _take_session(call: Call) -> tuple[str | None, Call]:
    """A leading `/s/{session}`, else the header `x-emulator-session`."""
    if call.path.startswith("/s/"):
        session, _, rest = call.path[3:].partition("/")
        if session:
            return _printable(session), replace(call, path="/" + rest)
    header = call.headers.get("x-emulator-session")
    return (_printable(header) if header else None), call


def _split(label: str) -> tuple[str, str | None]:
    """`ANYTHING@SCENARIO` sees only that scenario."""
    before, at, scenario = label.rpartition("@")
    return (before, scenario) if at and scenario else (label, None)


def _key(call: Call) -> str:
    scheme, _, token = call.headers.get("authorization", "").strip().partition(" ")
    return (
        token.strip()
        or scheme
        or call.headers.get("x-api-key")
        or call.headers.get("x-goog-api-key")
        or call.query.get("key", "")
    )


def _printable(text: str) -> str:
    """A session's name goes out in a header: letters that can't are left out."""
    return "".join(letter for letter in text[:200] if letter.isascii() and letter.isprintable())
