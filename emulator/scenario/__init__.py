"""Scenarios: the files in which people say what the models say and do."""

from emulator.scenario.library import Library
from emulator.scenario.load import Loaded, Problem, load, load_text
from emulator.scenario.model import json_schema
from emulator.scenario.model_when import Names
from emulator.scenario.samples import samples
from emulator.scenario.script import (
    Chaos,
    Check,
    Limits,
    Scenario,
    Scene,
    State,
    Step,
    Turned,
    Unanswerable,
    Why,
)

__all__ = [
    "Chaos",
    "Check",
    "Library",
    "Limits",
    "Loaded",
    "Names",
    "Problem",
    "Scenario",
    "Scene",
    "State",
    "Step",
    "Turned",
    "Unanswerable",
    "Why",
    "json_schema",
    "load",
    "load_text",
    "samples",
]
