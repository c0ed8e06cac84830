"""What the tests of scenarios share: names, short ways to a scenario and to a request, and golden tables."""

from pathlib import Path
from textwrap import dedent
from types import SimpleNamespace
from typing import Any

from emulator.protocols import chat
from emulator.scenario import Names, Scenario, Step, load_text
from emulator.types import Call, Endpoint, Request, Text, Turn

HERE = Path(__file__).parent
NAMES = Names(providers=frozenset({"north", "south"}), protocols=frozenset({"chat", "letters"}))


def problems(text: str | bytes, file: str = "s.yaml") -> list[str]:
    data = text if isinstance(text, bytes) else dedent(text).encode()
    return [str(problem) for problem in load_text(data, file, NAMES).problems]


def warnings(text: str, file: str = "s.yaml") -> list[str]:
    loaded = load_text(dedent(text).encode(), file, NAMES)
    assert [] == [str(problem) for problem in loaded.problems]
    return [str(warning) for warning in loaded.warnings]


def scenario(text: str, file: str = "s.yaml") -> Scenario:
    loaded = load_text(("version: 1\n" + dedent(text)).encode(), file, NAMES)
    assert [] == [str(problem) for problem in loaded.problems]
    [only] = loaded.scenarios
    return only


def step(when: str = "{}", reply: str = "{text: ok}") -> Step:
    """A step from its two halves, each in one line of YAML."""
    [only] = scenario(f"steps: [{{when: {when}, reply: {reply}}}]").steps
    return only


def request(*turns: Turn, **fields: Any) -> Request:
    """A request that says hello, unless something else is said."""
    call = Call("POST", "/", headers=fields.pop("headers", {}))
    endpoint = Endpoint(
        "north", fields.pop("protocol", chat), fields.pop("target", "t"), fields.pop("environment", "e")
    )
    said = turns or (Turn("user", (Text("hello"),)),)
    return Request(call, endpoint, fields.pop("body", {}), fields.pop("model", "m"), said, **fields)


def protocol(name: str) -> Any:
    """Something that has a protocol's name and nothing else."""
    return SimpleNamespace(NAME=name)


def sections(file: str) -> list[tuple[str, str, list[str]]]:
    """Read a table of `=== what`, a scenario, `---` and the problems it has."""
    rows = []
    for section in (HERE / file).read_text(encoding="utf-8").split("=== ")[1:]:
        what, rest = section.split("\n", 1)
        text, said = rest.rsplit("\n---\n", 1)
        rows.append((what, text + "\n", [line for line in said.splitlines() if line]))
    return rows
