"""The front door: which provider and which session a request is for. One room, asked before anything else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from emulator.server.nobody import Nobody
from emulator.session import key_id
from emulator.types import Call, Provider

__all__ = ["ANONYMOUS", "Door", "Visit"]

ANONYMOUS = "anonymous"
"""The session of requests that carry neither a key nor a session."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A request that found its door."""

    provider: Provider
    call: Call
    """Without the session's and the provider's path segments."""
    session: str
    only: str | None
    """The one scenario this session sees; None: all."""

    def admitting(self, key: str) -> Visit:
        """The same visit to an account at which this key is valid too, where not every key is."""
        account = cast("Any", self.provider)  # every account with keys calls them so: `Settings.api_keys` become them
        if not key or not getattr(account, "api_keys", ()):
            return self
        return replace(self, provider=replace(account, api_keys=(*account.api_keys, key)))


@dataclass(frozen=True, slots=True)
class Door:
    """Finds the provider and the session of a call."""

    providers: Mapping[str, Provider]

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
        return Nobody(self.providers), call


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
