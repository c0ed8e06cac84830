"""Coding agents, unmodified, one for each protocol: asked once, and made to run a command.

`make test-agents` installs them, a gigabyte, and runs these tests; `make test` skips them. Proxy variables that lead
nowhere keep the agents from every host but 127.0.0.1.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.live import ROOT, Live

MODULES = ROOT / "tests" / "agents" / "node_modules"

pytestmark = [
    pytest.mark.agents,
    pytest.mark.skipif(
        not MODULES.is_dir() or shutil.which("node") is None,
        reason="the coding agents are not here (make test-agents installs them)",
    ),
]

SCENARIO = """
    steps:
      # Qwen Code may ask in the background what is worth remembering.
      - name: aside
        when: {system: "*memory extraction subagent*"}
        reply: {text: Nothing.}
      - name: greet
        when: {user: "*greet me*", protocol: PROTOCOL}
        reply: {text: Hello from the scenario.}
      - name: call
        when: {user: "*run the command*", protocol: PROTOCOL, tools: TOOL, tool_result: none}
        reply:
          tool_calls: [{name: TOOL, arguments: ARGUMENTS}]
      - name: told
        when: {protocol: PROTOCOL, tool_result: {name: TOOL, text: "*forty-42-two*"}}
        reply: {text: The shell has said it.}
    """
# What the shell makes of it stands nowhere else.
COMMAND = "printf 'forty-%d-two' 0x2a"


@dataclass(frozen=True, slots=True)
class Agent:
    """A command line, and the tool it has for the shell. ORIGIN and KEY stand for those of the emulator."""

    protocol: str
    script: str
    options: Sequence[str]
    """The prompt comes after them."""
    environment: Mapping[str, str]
    tool: str
    arguments: Mapping[str, Any]
    settings: Mapping[str, str] = field(default_factory=dict)
    """Files of its home directory."""


CODEX_PROVIDER = '{name="emulator",base_url="ORIGIN/plain/v1",env_key="EMULATOR_TOKEN",wire_api="responses"}'

AGENTS = {
    "codex": Agent(
        protocol="responses",
        script="@openai/codex/bin/codex.js",
        options=[
            *("exec", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox", "--model", "hy3-preview"),
            *("-c", "model_provider=emulator", "-c", f"model_providers.emulator={CODEX_PROVIDER}"),
        ],
        environment={"EMULATOR_TOKEN": "KEY"},
        tool="exec_command",
        arguments={"cmd": COMMAND},
    ),
    "claude": Agent(
        protocol="messages",
        script="@anthropic-ai/claude-code/cli-wrapper.cjs",
        options=["--allowedTools", "Bash(printf:*)", "--model", "hy3-preview", "--print"],
        environment={
            "ANTHROPIC_BASE_URL": "ORIGIN/plain",
            "ANTHROPIC_AUTH_TOKEN": "KEY",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        },
        tool="Bash",
        arguments={"command": COMMAND, "description": "Do the sum"},
    ),
    "gemini": Agent(
        protocol="gemini",
        script="@google/gemini-cli/bundle/gemini.js",
        options=["--yolo", "--model", "gemini-2.5-flash", "--prompt"],
        environment={
            "GOOGLE_GEMINI_BASE_URL": "ORIGIN/plain",
            "GEMINI_API_KEY": "KEY",
            "GEMINI_CLI_TRUST_WORKSPACE": "true",
        },
        tool="run_shell_command",
        arguments={"command": COMMAND, "description": "Do the sum"},
        settings={".gemini/settings.json": '{"security": {"auth": {"selectedType": "gemini-api-key"}}}'},
    ),
    "qwen": Agent(
        protocol="chat",
        script="@qwen-code/qwen-code/cli-entry.js",
        options=["--auth-type", "openai", "--yolo", "--prompt"],
        environment={"OPENAI_BASE_URL": "ORIGIN/plain/v1", "OPENAI_API_KEY": "KEY", "OPENAI_MODEL": "hy3-preview"},
        tool="run_shell_command",
        arguments={"command": COMMAND, "description": "Do the sum", "is_background": False},
    ),
}


def ask(agent: Agent, live: Live, home: Path, prompt: str) -> str:
    """What the agent prints in the end."""

    def filled(text: str) -> str:
        return text.replace("ORIGIN", live.origin).replace("KEY", live.key)

    for name, text in agent.settings.items():
        (home / name).parent.mkdir()
        (home / name).write_text(text, encoding="utf-8")
    (home / "work").mkdir()
    command = ["node", str(MODULES / agent.script), *map(filled, agent.options), prompt]
    environment = {
        "HOME": str(home),
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "HTTP_PROXY": "http://127.0.0.1:9",
        "NO_PROXY": "127.0.0.1",
        "PATH": os.environ["PATH"],
    } | {name: filled(value) for name, value in agent.environment.items()}
    done = subprocess.run(
        command,
        cwd=home / "work",
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert 0 == done.returncode, done.stderr
    return done.stdout.strip()


@pytest.fixture
def start(scripted: Callable[..., Live]) -> Callable[[Agent], Live]:
    def start(agent: Agent) -> Live:
        words = {"PROTOCOL": agent.protocol, "TOOL": agent.tool, "ARGUMENTS": json.dumps(agent.arguments)}
        scenario = SCENARIO
        for word, text in words.items():
            scenario = scenario.replace(word, text)
        return scripted(scenario)

    return start


def answers(live: Live) -> list[tuple[str, int]]:
    """Which steps answered, in order, without what an agent asks beside its work."""
    asked = [entry for entry in live.server.app.journal.read() if entry.outcome != "page"]
    return [(entry.step, entry.status) for entry in asked if entry.step != "test/aside"]


@pytest.mark.parametrize("name", AGENTS)
def test_an_agent_prints_what_the_scenario_says(start: Callable[[Agent], Live], tmp_path: Path, name: str) -> None:
    live = start(AGENTS[name])
    assert "Hello from the scenario." == ask(AGENTS[name], live, tmp_path, "Please greet me.")
    assert [("test/greet", 200)] == answers(live)


@pytest.mark.parametrize("name", AGENTS)
def test_an_agent_runs_the_command_that_the_scenario_asks_for(
    start: Callable[[Agent], Live], tmp_path: Path, name: str
) -> None:
    live = start(AGENTS[name])
    assert "The shell has said it." == ask(AGENTS[name], live, tmp_path, "Please run the command.")
    assert [("test/call", 200), ("test/told", 200)] == answers(live)
