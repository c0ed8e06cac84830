"""Commands that show what there is: `scenarios` and `schema`."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

from emulator.cli.given import add_format, add_paths, names, scenarios_of
from emulator.cli.look import paint_for
from emulator.cli.options import command
from emulator.server.log import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from emulator.cli.look import Paint
    from emulator.scenario import Scenario
    from emulator.types import Json

__all__ = ["add_scenarios", "add_schema"]


def add_scenarios(commands: Any) -> None:
    """Add `scenarios`."""
    scenarios = command(commands, "scenarios", _scenarios, "list scenarios, with their steps, files and descriptions")
    add_paths(scenarios)
    add_format(scenarios, "the form of the output: a table for people, a list for programs", "text", "json")


def add_schema(commands: Any) -> None:
    """Add `schema`."""
    command(commands, "schema", _schema, "print the JSON Schema of scenario files, for editors")


def _scenarios(options: argparse.Namespace) -> int:
    scenarios = scenarios_of(options.paths)
    if options.format == "json":
        print(json.dumps([_as_json(scenario) for scenario in scenarios], indent=2, ensure_ascii=False))
    else:
        for line in _lines(scenarios, paint_for(sys.stdout)):
            print(line)
    return 0


def _as_json(scenario: Scenario) -> Json:
    return {
        "name": scenario.name,
        "file": scenario.place,
        "description": scenario.description,
        "order": scenario.order,
        "steps": [{"step": step.name, "place": step.place} for step in scenario.steps],
    }


def _lines(scenarios: Sequence[Scenario], paint: Paint) -> Iterator[str]:
    """A line a scenario, in columns; the description last, for it may be long."""
    rows = [(scenario.name, _steps(scenario), scenario.place, _first_line(scenario)) for scenario in scenarios]
    name, steps, file = (max((len(row[column]) for row in rows), default=0) for column in range(3))
    for row in rows:
        cells = paint("key", row[0].ljust(name)), row[1].ljust(steps), paint("faint", row[2].ljust(file)), row[3]
        yield "  ".join(cells).rstrip()


def _steps(scenario: Scenario) -> str:
    return count(len(scenario.steps), "step") + (" in sequence" if scenario.order == "sequence" else "")


def _first_line(scenario: Scenario) -> str:
    return scenario.description.strip().partition("\n")[0]


def _schema(options: argparse.Namespace) -> int:  # noqa: ARG001 - the signature of a command
    from emulator.scenario import json_schema  # noqa: PLC0415

    print(json.dumps(json_schema(names()), indent=2, ensure_ascii=False))
    return 0
