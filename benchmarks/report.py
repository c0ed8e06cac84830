"""The table, as Markdown and as JSON, and the machine it was measured on."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import statistics
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.asks import Subject
from benchmarks.rows import Line, Plan

__all__ = ["as_json", "as_markdown", "write_page"]

_COLUMNS: Final[dict[Subject, str]] = {
    "standard": "emulator",
    "fast": "emulator, fast",
    "aimock": "aimock",
    "bare": "bare aiohttp",
}
_BEGIN, _END = "<!-- written by make bench -->", "<!-- until here -->"
_PACKAGES: Final = ("aiohttp", "uvloop", "orjson")
_PAGE: Final = Path(__file__).parents[1] / "docs/performance.md"


def as_markdown(lines: Iterable[Line], plan: Plan) -> str:
    """Write the machine and the table: medians, and the smallest and the largest of the rounds."""
    head = ("", "", "wanted", *_COLUMNS.values())
    rows = [head, ("---",) * len(head), *_rows(lines)]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows).replace("|  |", "| |")
    return f"{_machine(plan)}\n\n{table}\n"


def as_json(lines: Iterable[Line], plan: Plan) -> str:
    """Write every figure of every round."""
    found: list[dict[str, Any]] = [
        {
            "what": line.what,
            "unit": line.unit,
            "wanted": dict(line.wanted),
            "median": {name: statistics.median(values) for name, values in line.values.items()},
            "rounds": line.values,
        }
        for line in lines
    ]
    return json.dumps({"machine": _machine(plan), "lines": found}, indent=2, ensure_ascii=False)


def write_page(table: str) -> None:
    """Put the table into docs/performance.md in place of the last one."""
    text = _PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    _PAGE.write_text(f"{before}{_BEGIN}\n\n{table}\n{_END}{after}", encoding="utf-8")


def _rows(lines: Iterable[Line]) -> Iterator[tuple[str, ...]]:
    last = ""
    for line in lines:
        wanted = " / ".join(f"≤ {most:g}" for most in dict.fromkeys(line.wanted.values()))
        cells = (_cell(line, name) for name in _COLUMNS)
        yield ("" if line.what == last else line.what, line.unit, wanted, *cells)
        last = line.what


def _cell(line: Line, name: Subject) -> str:
    values = line.values.get(name)
    if not values:
        return "–"
    middle = statistics.median(values)
    missed = "**" if name in line.wanted and middle > line.wanted[name] else ""
    return f"{missed}{_number(middle)}{missed}{_spread(values)}"


def _spread(values: Sequence[float]) -> str:
    low, high = _number(min(values)), _number(max(values))
    return "" if low == high else f" ({low}–{high})"


def _number(value: float) -> str:
    """Write three digits that count."""
    size = abs(value)
    return f"{value:.0f}" if size >= 100 else f"{value:.1f}" if size >= 10 else f"{value:.2f}"


def _machine(plan: Plan) -> str:
    yard = plan.yard
    described = Path("/proc/cpuinfo").read_text().splitlines()
    names = (line.partition(":")[2].strip() for line in described if line.startswith("model name"))
    packages = [f"{name} {importlib.metadata.version(name)}" for name in _PACKAGES if _is_here(name)]
    manifest = Path(__file__).parent / "node_modules/@copilotkit/aimock/package.json"
    if yard.aimock:
        packages.append(f"aimock {json.loads(manifest.read_text())['version']}")
    pinned = "the server on one core, the generator on another" if len(yard.cores) > 1 else "all on one core"
    sentences = [
        (
            f"{time.strftime('%Y-%m-%d', time.gmtime())}: {os.cpu_count()} cores ({next(names, platform.machine())}), "
            f"Linux {platform.release()}, Python {platform.python_version()}, {', '.join(packages)}."
        ),
        f"{pinned[0].upper()}{pinned[1:]}; meanwhile others used {statistics.median(yard.foreign or [0.0]):.2f} cores.",
    ]
    if plan.quick:
        sentences.append("A quick run: not to be relied on.")
    return "\n".join(sentences)


def _is_here(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True
