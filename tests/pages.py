"""The project's pages, for the tests of what they say: their blocks, tables and words in backticks."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.live import ROOT

README, CONTRIBUTING, CONTROL, SCENARIOS, REPLIES, TEMPLATES, DEVIATIONS = (
    ROOT / name
    for name in (
        *("README.md", "CONTRIBUTING.md", "docs/control.md"),
        *("docs/scenarios.md", "docs/replies.md", "docs/templates.md", "docs/deviations.md"),
    )
)


def read(file: Path) -> str:
    return file.read_text(encoding="utf-8")


# ---------------------------------------------------------------- blocks


@dataclass(frozen=True)
class Block:
    place: str
    language: str
    text: str
    prose: str
    """What stands between the block before and this one."""
    before: "Block | None"

    @property
    def kind(self) -> str:
        """What the block is, and so what is done with it; its own words where that is not known."""
        found = (kind for kind, language, begins in KINDS if language == self.language and re.match(begins, self.text))
        return next(found, f"{self.language}: {self.text}")


KINDS = [
    # kind, the block's language, how it begins
    ("workflow", "yaml", r"name: \w+\non:"),
    ("pipeline", "yaml", r"\w+:\n  image:"),
    ("services", "yaml", r"services:\n"),
    ("yaml", "yaml", ""),
    ("request", "json", r'\{"model"'),
    ("json", "json", ""),
    ("file", "python", r"# \S+\.py\n"),
    ("python", "python", ""),
    ("js", "js", ""),
    ("curl", "sh", "curl "),
    ("curls", "sh", "# "),
    ("explain", "sh", "echo "),
    ("run", "sh", "maas-emulator run "),
    ("docker", "sh", "docker build "),
    ("compose", "sh", "docker compose "),
    ("make serve", "sh", r"make serve\n\Z"),
    ("make test", "sh", r"make test\n\Z"),
    ("pytest", "sh", "pytest "),
    ("failure", "text", r"\d+ requests? found"),
    ("miss", "text", "no scenario step matched "),
    ("explanation", "text", r"\S+ \(\S+\) answers\."),
    ("problems", "text", r"\S+\.yaml:\d+:\d+: "),
    ("drawing", "text", " HTTP request"),
]


def blocks_of(file: Path) -> Iterator[Block]:
    text, before, end = read(file), None, 0
    for found in re.finditer(r"^```(.*)\n((?s:.*?))^```$", text, re.MULTILINE):
        place = f"{file.relative_to(ROOT)}:{text.count(chr(10), 0, found.start()) + 1}"
        before = Block(place, found[1], found[2], text[end : found.start()], before)
        end = found.end()
        yield before


BLOCKS = [block for file in [README, *sorted(ROOT.glob("docs/**/*.md"))] for block in blocks_of(file)]


def each(kind: str) -> Any:
    """Run a test with every block of a kind."""
    chosen = [block for block in BLOCKS if block.kind == kind]
    return pytest.mark.parametrize("block", chosen, ids=[block.place for block in chosen])


# ---------------------------------------------------------------- tables


def tables(text: str) -> Iterator[tuple[list[str], list[list[str]]]]:
    """The header and the rows of every table."""
    for found in re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE):
        header, _, *rows = [
            [cell.strip().replace(r"\|", "|") for cell in line.strip("|").split(" | ")] for line in found.splitlines()
        ]
        yield header, rows


def table(text: str, *header: str) -> list[list[str]]:
    """The rows of the one table with this header."""
    [rows] = [rows for cells, rows in tables(text) if header == tuple(cells)]
    return rows


def section(text: str, heading: str) -> str:
    [body] = re.findall(rf"^## {heading}\n((?s:.*?))(?=^## |\Z)", text, re.MULTILINE)
    return str(body)


def code(text: str) -> list[str]:
    """What stands in backticks, outside of blocks."""
    return re.findall("`([^`]+)`", without_blocks(text))


def without_blocks(text: str) -> str:
    return re.sub(r"^```(?s:.*?)^```$", "", text, flags=re.MULTILINE)
