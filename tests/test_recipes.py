"""What is written for CI and for other languages: recipes are of the right shape, and examples run."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from emulator import cli
from tests.conftest import NODE_CLIENTS
from tests.live import ROOT
from tests.pages import Block, code, each, read, section, table
from tests.test_cli import environment

CI = ROOT / "docs" / "ci.md"
EXAMPLES = ROOT / "docs" / "examples"
RUNNERS = {"node": EXAMPLES / "node", "java": EXAMPLES / "java"}
"""Where the example of each language lies, by its command."""


def understood(line: str) -> str:
    """The command that a line with `maas-emulator` runs."""
    options = cli.parsed(shlex.split(line)[1:])
    return str(options.run.__name__).strip("_")


# ---------------------------------------------------------------- recipes


@each("workflow")
def test_a_workflow_is_one(block: Block) -> None:
    workflow = yaml.safe_load(block.text)
    # YAML 1.1 takes `on` for a boolean; the service does not.
    assert {"name", True, "jobs"} == set(workflow)
    [file] = (ROOT / ".github" / "workflows").iterdir()
    pinned = set(re.findall(r"uses: (\S+)", read(file)))
    for job in workflow["jobs"].values():
        assert {"runs-on", "timeout-minutes", "steps"} == set(job)
        assert [] == [step for step in job["steps"] if len({"uses", "run"} & set(step)) != 1]
        assert {step["uses"] for step in job["steps"] if "uses" in step} <= pinned
    lines = [step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step]
    assert ["validate", "run"] == [understood(line) for line in lines if line.startswith("maas-emulator")]


@each("pipeline")
def test_a_pipeline_is_one(block: Block) -> None:
    jobs = yaml.safe_load(block.text)
    known = {"image", "services", "timeout", "script", "artifacts"}
    assert [] == [name for name, job in jobs.items() if not {"image", "script"} <= set(job) <= known]
    lines = [line for job in jobs.values() for line in job["script"]]
    assert ["validate"] == [understood(line) for line in lines if line.startswith("maas-emulator")]


@each("services")
def test_services_are_those_of_a_compose_file(block: Block) -> None:
    services: dict[str, Any] = yaml.safe_load(block.text)["services"]
    shipped = yaml.safe_load(read(ROOT / "docker-compose.yml"))["services"]
    emulator, tests = services["emulator"], services["tests"]
    assert shipped["emulator"]["healthcheck"]["test"] == emulator["healthcheck"]["test"]
    assert shipped["emulator"]["volumes"] == emulator["volumes"]
    assert shipped["smoke"]["depends_on"] == tests["depends_on"]
    assert emulator["environment"]["EMULATOR_CONTROL_TOKEN"] == tests["environment"]["EMULATOR_CONTROL_TOKEN"]
    assert set(emulator["environment"]) <= variables()
    url = tests["environment"]["EMULATOR_URL"]
    assert tests["environment"]["OPENAI_BASE_URL"] == f"{url}/v1/ai/cloudbase"
    assert tests["command"].endswith(f" --emulator-url {url}")


@each("docker")
def test_the_image_is_run_with_options_that_are_known(block: Block) -> None:
    build, start = (shlex.split(line) for line in block.text.replace("\\\n", "").splitlines())
    assert build[:2] + start[:2] == ["docker", "build", "docker", "run"]
    assert start[-1] == build[build.index("--tag") + 1]
    given = {start[at + 1].partition("=")[0] for at, word in enumerate(start) if word == "--env"}
    assert set() < given <= variables()


@each("compose")
def test_every_file_that_compose_is_given_is_there(block: Block) -> None:
    words = shlex.split(block.text)
    files = [words[at + 1] for at, word in enumerate(words) if word == "--file"]
    assert [] == [file for file in files if not (ROOT / file).is_file()]
    assert ["up", "--build", "--exit-code-from", "smoke"] == words[-4:]


def variables() -> set[str]:
    """Every variable that `serve` reads."""
    done = subprocess.run(
        [sys.executable, "-m", "emulator", "serve", "--help"],
        env=environment(COLUMNS="500"),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return set(re.findall(r"\[(EMULATOR_[A-Z_]+)", done.stdout))


def test_the_exit_codes_are_of_commands_that_are_there() -> None:
    rows = [code(row[0]) for row in table(section(read(CI), "Exit codes"), "command", "ends with")]
    commands = [words[0].split()[1] for words in rows if words]
    assert commands == [understood(f"maas-emulator {name}{' x' * (name == 'validate')}") for name in commands]


# ---------------------------------------------------------------- examples


@each("run")
@pytest.mark.parametrize("breaks", [False, True], ids=["as it stands", "with a step too many"])
def test_an_example_in_another_language_runs(block: Block, tmp_path: Path, breaks: bool) -> None:
    _, _, command = block.text.strip().partition(" -- ")
    runner = command.split()[0]
    if shutil.which(runner) is None or (runner == "node" and not NODE_CLIENTS.is_dir()):
        pytest.skip(f"{runner} is not here, or not what the example needs")
    folder = tmp_path / "example"
    shutil.copytree(RUNNERS[runner], folder)
    if runner == "node":
        (folder / "node_modules").symlink_to(NODE_CLIENTS)
    if breaks:
        with (folder / "scenarios" / "greeting.yaml").open("a") as file:
            file.write("  - {name: never, times: 1, when: {user: never}, reply: {text: Never.}}\n")
    done = subprocess.run(
        [sys.executable, "-m", "emulator", *shlex.split(block.text)[1:]],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert int(breaks) == done.returncode, done.stdout + done.stderr
    assert breaks == ("unused: greeting/never (scenarios/greeting.yaml:14) answered nothing" in done.stderr)
    if runner == "node":
        # The example's own check says it too, in the test.
        assert breaks == ("greeting/never (scenarios/greeting.yaml:14) answered nothing" in done.stdout)


def test_every_variable_of_the_page_is_one_that_run_sets(tmp_path: Path) -> None:
    rows = table(read(ROOT / "docs" / "other-languages.md"), "variable", "is")
    names = [name for row in rows for name in code(row[0])]
    script = f"import os; print([name for name in {names} if '127.0.0.1' not in os.environ[name] and "
    script += "not os.environ[name].startswith('maas-emulator-')])"
    command = [sys.executable, "-m", "emulator", "run", "--no-strict", "--", sys.executable, "-c", script]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=60, check=False
    )
    assert (0, "[]\n") == (done.returncode, done.stdout), done.stderr
    assert len(names) > 8
