"""What an editor shows of scenario files, by the language server that editors run for YAML."""

import json
import re
import subprocess
from functools import cache
from typing import Any

import pytest

from emulator.scenario import json_schema
from tests.live import NAMES, ROOT

pytestmark = pytest.mark.node

HEAD = "version: 1\nsteps:\n  - "
REPLY = f"{HEAD}reply:\n      text: a\n      "

FILES = {path.name: path.read_text(encoding="utf-8") for path in sorted((ROOT / "scenarios").glob("*.yaml"))}
PAGES = {
    f"{path.name}:{number}": block
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
    for number, block in enumerate(re.findall(r"(?ms)^```yaml\n(.*?)^```", path.read_text(encoding="utf-8")))
    if block.startswith("version:")  # the others are recipes for CI and compose
}
BROKEN = {
    "a key that is none": (f"{HEAD}reply: {{text: a, strem: {{}}}}\n", "3:22: Property strem is not allowed."),
    "a key that is none, deeper": (f"{REPLY}stream: {{rat: 1/s}}\n", "5:16: Property rat is not allowed."),
    "a word that is none": (f"{REPLY}finish: stopp\n", "5:15: Value is not accepted. Valid values:"),
    "a number for a text": (f"{HEAD}reply: {{text: 5}}\n", '3:19: Incorrect type. Expected "string".'),
    "a version that is none": ("version: 2\nsteps: [{reply: {text: a}}]\n", "1:10: Value must be 1."),
    "a bare number for a duration": (f"{REPLY}delay: 250\n", '5:14: Incorrect type. Expected "string".'),
}
COMPLETIONS = {
    "the top of a file": ("version: 1\n¦", {"steps", "order", "defaults", "limits", "chaos", "vars"}),
    "a step": (f"{HEAD}¦", {"name", "when", "reply", "replies", "times"}),
    "a when": (f"{HEAD}when:\n      ¦\n    reply: {{text: a}}\n", {"user", "tool_result", "state", "call", "not"}),
    "a reply": (
        f"{HEAD}reply:\n      ¦\n",
        {"text", "json", "content", "error", "raw", "choices", "images"},
    ),
    "a reply in words": (REPLY + "¦\n", {"reasoning", "tool_calls", "finish", "stream", "delay", "fault", "set"}),
    "a stream": (f"{REPLY}stream:\n        ¦\n", {"first_token", "rate", "at", "chunk", "keep_alive"}),
    "a stream in braces": (f"{REPLY}stream: {{f¦}}\n", {"first_token", "rate", "at", "chunk", "keep_alive"}),
    "a stream in braces that are open": (f"{REPLY}stream: {{f¦\n", {"first_token", "rate", "at", "chunk"}),
    "what happens on the way": (f"{REPLY}stream:\n        at:\n          - ¦\n", {"chunk", "stall", "gate", "drop"}),
    "a finish": (f"{REPLY}finish: ¦\n", {"stop", "length", "tool_calls", "pause"}),
    "an error": (f"{HEAD}reply:\n      error: ¦\n", {"rate_limited", "overloaded", "timeout"}),
    "an order": ("version: 1\norder: ¦\n", {"any", "sequence"}),
    "a provider": (f"{HEAD}when:\n      provider: ¦\n", set(NAMES.providers)),
}
HOVERS = {
    "order": ("version: 1\nor¦der: sequence\nsteps: []\n", "`sequence`: The steps answer one after the other."),
    "reply": (f"{HEAD}re¦ply: {{text: a}}\n", "What it is answered with, every time."),
    "text": (f"{HEAD}reply: {{te¦xt: a}}\n", "What the model says."),
    "user": (f"{HEAD}when: {{us¦er: a}}\n    reply: {{text: a}}\n", "Predicate on the text of the last user message."),
    "regex": (
        f"{HEAD}when: {{user: {{re¦gex: a}}}}\n",
        "Holds if this pattern (RE2 syntax) matches",
    ),
    "stream": (f"{REPLY}stre¦am: {{rate: 1/s}}\n", "How the reply goes out piece by piece."),
    "rate": (f"{REPLY}stream: {{ra¦te: 1/s}}\n", "Pieces a second, such as `40/s`."),
    "finish": (f"{REPLY}fin¦ish: length\n", "`length`: The answer is as long as it may be."),
    "error": (f"{HEAD}reply: {{error: over¦loaded}}\n", "`overloaded`: The model has too much to do."),
}


@cache
def seen() -> Any:
    """What the language server says of everything above, in one go."""
    asked = {
        "schema": json_schema(NAMES),
        "documents": {**FILES, **PAGES, **{name: text for name, (text, _) in BROKEN.items()}},
        "completions": {name: text for name, (text, _) in COMPLETIONS.items()},
        "hovers": {name: text for name, (text, _) in HOVERS.items()},
    }
    command = ["node", str(ROOT / "tests" / "node" / "language-server.mjs")]
    done = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, timeout=150, check=False)
    assert 0 == done.returncode, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", [*FILES, *PAGES])
def test_an_editor_has_nothing_to_say_of_an_example(name: str) -> None:
    assert [] == seen()["documents"][name]


@pytest.mark.parametrize("name", BROKEN)
def test_an_editor_says_what_is_wrong_and_where(name: str) -> None:
    _, sentence = BROKEN[name]
    found = seen()["documents"][name]
    assert [line for line in found if line.startswith(sentence)], found


@pytest.mark.parametrize("name", COMPLETIONS)
def test_an_editor_completes_and_explains(name: str) -> None:
    _, wanted = COMPLETIONS[name]
    offered = seen()["completions"][name]
    assert set() == wanted - offered.keys()
    assert [] == [word for word in wanted if not offered[word]]


@pytest.mark.parametrize("name", HOVERS)
def test_an_editor_explains_what_the_pointer_is_on(name: str) -> None:
    _, words = HOVERS[name]
    assert words in seen()["hovers"][name]
