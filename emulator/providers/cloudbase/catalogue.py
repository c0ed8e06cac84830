"""The models that CloudBase has where nobody says otherwise: models.json beside this module, or a file of one's own.

The names are documented (/en/ai/available-models and earlier pages, read 2026-11); that there is a list of them at all
is inferred, and so is which group lists which.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from emulator.refusals import models
from emulator.refusals.models import Catalogue

__all__ = ["MODELS", "of_group", "read"]

_SHIPPED: Final = Path(__file__).with_name("models.json")

# "hunyuan-v3 (free / growth-plan quota; hy3, hy3-preview)" – the skill ai-model-nodejs (documented); the rest by name.
_BEGINNINGS: Final = {
    "hunyuan-v3": "hy3",
    "hunyuan-exp": "hunyuan-",
    "hunyuan-open": "hunyuan-",
    "hunyuan-beta": "hunyuan-",
    "hunyuan": "hunyuan-",
    "deepseek": "deepseek-",
    "moonshot": "kimi-",
    "zhipu": "glm-",
}


@cache
def read(file: str) -> Catalogue:
    """The catalogue in a file; no name: the one that comes with this package. Raises EmulatorError."""
    return models.read(Path(file) if file else _SHIPPED)


MODELS: Final = tuple(read(""))


def of_group(group: str, file: str = "") -> list[str]:
    """Those models of a catalogue that a group lists: those of its maker's name, or all."""
    return [model for model in read(file) if model.startswith(_BEGINNINGS.get(group, ""))]
