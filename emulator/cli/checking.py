"""Commands that judge scenario files: `validate` and `explain`."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from msgspec.structs import replace

from emulator.cli.given import add_format, add_paths, contents, names, scenarios_of
from emulator.cli.look import paint_for
from emulator.cli.options import command, flag, option
from emulator.providers import PROVIDERS
from emulator.server.log import count
from emulator.types import EmulatorError

__all__ = ["add_explain", "add_validate"]


def add_validate(commands: Any) -> None:
    """Add `validate`."""
    validate = command(commands, "validate", _validate, "say every problem of scenario files, and what is doubtful")
    add_paths(validate, nargs="+", help="a scenario file, or a folder of them")
    help_text = "the form of the output: lines for people, a list for programs, or annotations for GitHub"
    add_format(validate, help_text, "text", "json", "github")
    flag(validate, "--strict", default=False, help="take warnings for problems")


def add_explain(commands: Any) -> None:
    """Add `explain`."""
    explain = command(commands, "explain", _explain, "say which step would answer a request, and why no other would")
    add_paths(explain)
    help_text = "a file with a JSON body or a curl command; - is what comes in"
    option(explain, "--request", default="-", metavar="FILE", help=help_text)
    help_text = "where a JSON body goes (default: guessed by its keys)"
    option(explain, "--path", default="", metavar="/PATH", help=help_text)
    add_format(explain, "the form of the output", "text", "json")


def _validate(options: argparse.Namespace) -> int:
    from emulator.scenario import load  # noqa: PLC0415 - `health` starts faster without
    from emulator.scenario.report import as_github, as_json, as_text  # noqa: PLC0415

    loaded = load(options.paths, names())
    found = [*loaded.problems, *loaded.warnings]
    order = {file: number for number, file in enumerate(dict.fromkeys(problem.file for problem in found))}
    found.sort(key=lambda problem: (order[problem.file], problem.line, problem.column))
    if options.strict:
        found = [replace(problem, severity="error") for problem in found]
    write = {"json": as_json, "github": as_github}.get(options.format)
    text = write(found) if write else as_text(found, paint_for(sys.stdout))
    print(text, end="\n" if text else "")
    errors = sum(problem.severity == "error" for problem in found)
    counts = [count(number, noun) for number, noun in ((errors, "problem"), (len(found) - errors, "warning")) if number]
    steps = sum(len(scenario.steps) for scenario in loaded.scenarios)
    loads = f"{count(len(loaded.scenarios), 'scenario')}, {count(steps, 'step')}: " if loaded.scenarios else ""
    print(f"{loads}{' and '.join(counts) or 'no problems'}.", file=sys.stderr)
    return 1 if errors else 0


def _explain(options: argparse.Namespace) -> int:
    from emulator.clock import Clock  # noqa: PLC0415
    from emulator.server.explain import explain  # noqa: PLC0415
    from emulator.server.front import Door  # noqa: PLC0415
    from emulator.server.pasted import pasted  # noqa: PLC0415
    from emulator.session import Memory, Session  # noqa: PLC0415

    try:
        given = pasted(contents(options.request), options.path or None, contents)
    except EmulatorError as error:
        print(f"--request {options.request}: {error}", file=sys.stderr)
        return 2
    scenarios = scenarios_of(options.paths)
    visit = Door({name: make() for name, make in PROVIDERS.items()}).open(given.call)
    session = Session("explain", 0, Clock(), Memory(), None if visit.only is None else (visit.only,))
    said = explain(visit, session, scenarios)
    asked = {"method": given.call.method, "path": given.call.path, "guessed_by": given.guessed_by or None}
    if options.format == "json":
        whole = {**said.as_json(), "request": asked, "notes": list(given.notes)}
        print(json.dumps(whole, indent=2, ensure_ascii=False))
    else:
        for note in given.notes:
            print(f"note: {note}", file=sys.stderr)
        print("\n".join(said.lines(paint_for(sys.stdout))))
        if given.guessed_by:
            print(f"\nTaken for {asked['method']} {asked['path']}, by '{given.guessed_by}'; --path names another.")
    return 0 if said.outcome in {"hit", "page"} else 1
