"""The command `init`: a scenario and a test to begin with."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, Final

from emulator.cli.options import command
from emulator.types import EmulatorError

__all__ = ["add_init"]

_SCENARIO: Final = """\
# What the model says. `maas-emulator schema` prints the JSON Schema of this file, for editors.
version: 1
description: A greeting, and a service that is busy once

steps:
  - name: greeting
    when: {user: "Hello*"}
    reply: {text: Hello! How can I help you today?}

  - name: busy-once
    when: {user: "*busy*"}
    replies:
      - {error: rate_limited, retry_after: 1s, times: 1}
      - {text: Here I am.}
"""

_TEST: Final = '''\
"""The program under test is asked, and the emulator answers in place of the service."""

import json
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest


def ask(base_url, api_key, text):
    """Your own program: with the SDK of OpenAI it begins with `OpenAI(**emulator.cloudbase.openai)`."""
    body = {"model": "hy3-preview", "messages": [{"role": "user", "content": text}]}
    headers = {"Authorization": f"Bearer {api_key}", "Content-Type": "application/json"}
    with urlopen(Request(f"{base_url}/chat/completions", json.dumps(body).encode(), headers), timeout=10) as answer:
        return json.load(answer)["choices"][0]["message"]["content"]


@pytest.mark.scenario("scenarios/greeting.yaml")
def test_the_model_greets(emulator):
    assert ask(**emulator.cloudbase.openai, text="Hello there") == "Hello! How can I help you today?"
    emulator.assert_requested(user="Hello*", times=1)


@pytest.mark.scenario("scenarios/greeting.yaml")
def test_a_busy_service_says_when_to_come_back(emulator):
    with pytest.raises(HTTPError) as refused:
        ask(**emulator.cloudbase.openai, text="Are you busy?")
    assert (refused.value.code, refused.value.headers["Retry-After"]) == (429, "1")
'''

_FILES: Final = {"scenarios/greeting.yaml": _SCENARIO, "test_greeting.py": _TEST}


def add_init(commands: Any) -> None:
    """Add `init`."""
    init = command(commands, "init", _init, "write a scenario and a pytest test to begin with; nothing is overwritten")
    help_text = "the folder (default: this one)"
    init.add_argument("folder", nargs="?", type=Path, default=Path(), metavar="DIR", help=help_text)


def _init(options: argparse.Namespace) -> int:
    folder: Path = options.folder
    there = [str(folder / name) for name in _FILES if (folder / name).exists()]
    if there:
        verb = "is" if len(there) == 1 else "are"
        raise EmulatorError(f"{' and '.join(there)} {verb} there already; nothing was written")
    try:
        for name, text in _FILES.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
            print(folder / name)
    except OSError as error:
        raise EmulatorError(f"'{folder}' can't be written to: {error.strerror}") from None
    print(f"\nNow:\n  pytest {folder / 'test_greeting.py'}\n  maas-emulator serve {folder / 'scenarios'}")
    return 0
