"""The variables by which a command finds the server: those that released SDKs read, and two of each provider."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Final

from emulator.testing.clients import UNSET, Clients, variables
from emulator.types import Provider

__all__ = ["environment"]

_GOOGLE: Final = "gemini"
_LOCAL: Final = ("127.0.0.1", "localhost")


def environment(providers: Mapping[str, Provider], chosen: str, origin: str, key: str) -> dict[str, str | None]:
    """Variables for clients of the server at `origin`; None: the variable must not be there.

    Google's clients go to the chosen provider where it speaks their protocol, else to the last one that does: never to
    the real service.
    """
    clients = {name: Clients(name, provider.base_urls(origin, ""), key) for name, provider in providers.items()}
    *_, last = (one for one in clients.values() if _GOOGLE in one.urls)
    gateway = clients[chosen]
    found: dict[str, str | None] = dict.fromkeys(UNSET)
    found["EMULATOR_URL"] = origin
    for name, one in clients.items():
        found[f"{name.upper()}_BASE_URL"] = one.url
        found[f"{name.upper()}_API_KEY"] = key
    return found | variables(gateway, gateway if _GOOGLE in gateway.urls else last) | dict(_without_proxy())


def _without_proxy() -> Iterator[tuple[str, str]]:
    """A proxy knows nothing of a port on this machine."""
    for name in ("no_proxy", "NO_PROXY"):
        words = [word for word in os.environ.get(name, "").split(",") if word]
        yield name, ",".join(dict.fromkeys((*words, *_LOCAL)))
