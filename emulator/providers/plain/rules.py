"""What the services at home refuse: what their protocols say, and what each wants in its headers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from emulator.protocols import messages
from emulator.refusals.checks import always
from emulator.types import Breach, Request, Rule, Rulebook, WireProtocol

__all__ = ["of"]

_VERSIONS: Final = ("2023-01-01", "2023-06-01", "2026-10-21")
"""The history of versions – platform.claude.com/docs/en/api/versioning (2026-11-20)."""


@always
def _has_version(request: Request) -> Iterable[Breach]:
    """No version of the API."""
    if request.call.headers.get("anthropic-version"):
        return ()
    return (Breach("anthropic-version: header is required", "anthropic-version"),)


@always
def _knows_version(request: Request) -> Iterable[Breach]:
    """A version that there is not."""
    version = request.call.headers.get("anthropic-version")
    if not version or version in _VERSIONS:
        return ()
    return (Breach(f'anthropic-version: "{version}" is not a valid version', "anthropic-version"),)


_VERSIONED: Final = (
    Rule("version-header", _has_version, "recorded", "reports of users in public code and issues, read 2026-11-20"),
    Rule(
        "version-known",
        _knows_version,
        "inferred",
        "platform.claude.com/docs/en/api/versioning (2026-11-20) lists the versions; the sentence is ours",
    ),
)
_MESSAGES: Final = messages.RULES.having(*_VERSIONED, *messages.RULES)


def of(protocol: WireProtocol) -> Rulebook:
    """Everything that the home of a protocol refuses."""
    return _MESSAGES if protocol is messages else protocol.RULES
