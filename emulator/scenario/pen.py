"""How the texts of a reply are written: as they stand, or as their templates make them for one request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from emulator.scenario.script import Failed, Scene, Unanswerable
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.scenario.templates import Template

__all__ = ["PLAIN", "Pen", "Templated"]


class Pen(Protocol):
    """Writes texts."""

    @property
    def scene(self) -> Scene | None:
        """What is written for; None: for whatever comes."""

    def text(self, written: str) -> str:
        """Write a text. Raises Unanswerable."""

    def value(self, written: Json) -> Json:
        """Write a value and every text in it; one that is nothing but an expression is what the expression gives."""


class _Plain(Struct, frozen=True):
    scene: None = None

    def text(self, written: str) -> str:
        return written

    def value(self, written: Json) -> Json:
        return written


PLAIN = _Plain()
"""Writes texts as they stand."""


class Templated(Struct, frozen=True):
    """Writes texts for one request."""

    scene: Scene
    templates: Mapping[str, Template]
    """The templates of the file, by their text."""
    scope: Mapping[str, object]
    """What they can name."""

    def text(self, written: str) -> str:
        """Write a text. Raises Unanswerable."""
        template = self.templates.get(written)
        if template is None:
            return written
        try:
            return template.text(self.scope)
        except Failed as error:
            raise Unanswerable(f"the template {_short(written)} fails: {error}") from None

    def value(self, written: Json) -> Json:
        """Write a value and every text in it."""
        match written:
            case str():
                template = self.templates.get(written)
                if template is None:
                    return written
                try:
                    return template.value(self.scope)
                except Failed as error:
                    raise Unanswerable(f"the template {_short(written)} fails: {error}") from None
            case list():
                return [self.value(item) for item in written]
            case dict():
                return {key: self.value(item) for key, item in written.items()}
            case _:
                return written


def _short(written: str) -> str:
    line = " ".join(written.split())
    return f"'{line if len(line) <= 80 else line[:79] + '…'}'"  # noqa: PLR2004 - what a line of a log can hold
