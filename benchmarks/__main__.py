"""Run the benchmark: `python -m benchmarks`, which `make bench` does."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import report
from benchmarks.rows import ROWS, Line, Plan
from benchmarks.servers import LOAD, Trouble, Yard


def main() -> int:
    """Measure the rows, print the table, and keep it in docs/performance.md if it is whole."""
    options = _options()
    if not sys.platform.startswith("linux") or not LOAD.exists():
        print(f"the benchmark runs on Linux, with its load generator in {LOAD.name}: use make bench", file=sys.stderr)
        return 2
    lines: list[Line] = []
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        plan = Plan(Yard(Path(folder), options.nice), options.quick, options.requests)
        for name in options.only or ROWS:
            began = time.perf_counter()
            try:
                lines += ROWS[name](plan)
            except Trouble as trouble:
                failed = True
                print(f"{name}: {trouble}", file=sys.stderr)
            print(f"{name}: {time.perf_counter() - began:.0f} s", file=sys.stderr)
            if options.json:
                options.json.write_text(report.as_json(lines, plan), encoding="utf-8")
        table = report.as_markdown(lines, plan)
    print(table)
    if not (options.only or options.quick or failed):
        report.write_page(table)
    return failed


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description="Measures the emulator beside bare aiohttp.")
    parser.add_argument("--only", action="append", choices=ROWS, metavar="ROW", help=f"{', '.join(ROWS)}; repeatable")
    parser.add_argument("--quick", action="store_true", help="in about a minute, to see whether it works")
    parser.add_argument("--requests", type=int, default=200_000, help="how many the memory row asks (default: 200,000)")
    help_text = "added to the priority of servers and generator; -10 keeps noisy neighbours away (root)"
    parser.add_argument("--nice", type=int, default=0, metavar="N", help=help_text)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure of every round")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
