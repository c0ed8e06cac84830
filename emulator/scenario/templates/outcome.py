"""How a template goes wrong: found at load, or when it runs."""

from __future__ import annotations

from emulator.scenario.script import Failed

__all__ = ["Failed", "Misfit"]


class Misfit(ValueError):  # noqa: N818 - what a scenario's author wrote, not an error of ours
    """A template that can't work, found at load."""

    def __init__(self, sentence: str, line: int = 1) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        """What is wrong, and what would be right."""
        self.line = line
        """Within the text, from 1."""
