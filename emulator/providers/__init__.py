"""Providers: one account with a service a file, one row here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from emulator.providers.cloudbase import CloudBase
from emulator.types import Provider

__all__ = ["PROVIDERS"]

PROVIDERS: Final[dict[str, Callable[..., Provider]]] = {CloudBase.name: CloudBase}
"""In the order in which a call without a prefix is offered to them."""
