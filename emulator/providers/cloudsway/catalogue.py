"""The models that Cloudsway's documentation names: models.json beside this module, or a file of one's own.

Ids contain spaces – scenes/multiendpoint (documented); the others are named in the pages on their series.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from emulator.refusals import models
from emulator.refusals.models import Catalogue

__all__ = ["read"]

_SHIPPED: Final = Path(__file__).with_name("models.json")


@cache
def read(file: str) -> Catalogue:
    """The catalogue in a file; no name: the one that comes with this package. Raises EmulatorError."""
    return models.read(Path(file) if file else _SHIPPED)
