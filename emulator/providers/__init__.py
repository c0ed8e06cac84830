"""Providers: one account with a service a package, one row here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from emulator.providers.cloudbase import CloudBase
from emulator.providers.cloudsway import Cloudsway
from emulator.providers.enveloped import Enveloped
from emulator.providers.plain import Plain
from emulator.types import Provider

__all__ = ["PROVIDERS"]

PROVIDERS: Final[dict[str, Callable[..., Provider]]] = {
    CloudBase.name: CloudBase,
    Cloudsway.name: Cloudsway,
    Enveloped.name: Enveloped,
    Plain.name: Plain,
}
"""In the order in which a call without a prefix is offered to them."""
