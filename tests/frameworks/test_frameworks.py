"""Frameworks that people run, unmodified, each in a child process of its own environment: `.venv/frameworks`.

drive.py runs there. It lets no connection through but to 127.0.0.1, and says which a framework tried.
"""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from emulator.session import key_id
from tests.live import ROOT, Live

PYTHON = ROOT / ".venv" / "frameworks" / "bin" / "python"
DRIVER = ROOT / "tests" / "frameworks" / "drive.py"

pytestmark = pytest.mark.skipif(not PYTHON.exists(), reason="the frameworks are not here (make test installs them)")

HELLO = "Hello! How can I help you today?"
TOLD = "It is 25℃ and sunny in Beijing."
RUNS = [{"location": "Beijing"}]

SEEN = {
    "whole": {"text": HELLO, "usage": [2, 8]},
    "stream": {"text": HELLO, "usage": [2, 8], "pieces": 9},
    "tools": {"text": TOLD, "runs": RUNS},
    "tools_stream": {"text": TOLD, "runs": RUNS, "pieces": 9},
}
STREAMED = [False, True, False, False, True, True]
"""One request for each answer, two for each loop, and none beside them."""

OPENAI = ["cloudbase_chat", "plain_chat", "plain_responses"]
EVERY = ["cloudbase_chat", "cloudbase_messages", "plain_chat", "plain_responses", "plain_messages", "plain_gemini"]


def drive(framework: str, live: Live, home: Path) -> Any:
    """What a framework saw of every case of every service."""
    command = [str(PYTHON), str(DRIVER), framework, live.origin, live.key]
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": str(home)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=100, check=False)
    assert 0 == done.returncode, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("framework", "services"),
    [("langchain", EVERY), ("litellm", EVERY), ("openai_agents", OPENAI), ("pydantic_ai", EVERY)],
)
def test_a_framework_reads_answers_and_goes_through_its_own_tool_loop(
    examples: Live, tmp_path: Path, framework: str, services: list[str]
) -> None:
    drove = drive(framework, examples, tmp_path)
    assert dict.fromkeys(services, SEEN) == drove["seen"]
    assert [] == drove["refused"]
    mine = [entry for entry in examples.server.app.journal.read() if entry.session == key_id(examples.key)]
    assert [(service, streamed) for service in services for streamed in STREAMED] == [
        (f"{entry.provider}_{entry.protocol}", entry.stream) for entry in mine
    ]
    assert {("hit", 200)} == {(entry.outcome, entry.status) for entry in mine}
