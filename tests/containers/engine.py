"""A container engine, as the tests use it: its command line."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.live import ROOT

IMAGE = "maas-emulator-test"
STAND_IN = "3.11"
"""The Python of the base image where none can be fetched."""


def answers() -> bool:
    """Whether there is an engine that `docker` talks to."""
    if shutil.which("docker") is None:
        return False
    return run(["docker", "info"]).returncode == 0


def run(command: Sequence[str], seconds: float = 60, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end, whatever that is."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("EMULATOR_")}
    return subprocess.run(
        command, env={**own, **variables}, capture_output=True, text=True, timeout=seconds, check=False
    )


def docker(*words: str, seconds: float = 60) -> str:
    """What a docker command prints; it must end well."""
    done = run(["docker", *words], seconds)
    assert 0 == done.returncode, f"docker {' '.join(words)}\n{done.stdout}{done.stderr}"
    return done.stdout.strip()


def compose() -> list[str] | None:
    """The command of compose; None: there is none."""
    if run(["docker", "compose", "version"]).returncode == 0:
        return ["docker", "compose"]
    return ["docker-compose"] if shutil.which("docker-compose") else None


def stand_in() -> bool:
    """Whether the base image is one that was made on this machine, without a registry."""
    found = run(["docker", "image", "inspect", f"python:{STAND_IN}-slim"])
    return found.returncode == 0 and not json.loads(found.stdout)[0]["RepoDigests"]


def build(folder: Path = ROOT) -> str:
    """Build the image; its base image."""
    version = [f"--build-arg=PYTHON_VERSION={STAND_IN}", "--network=host"] if stand_in() else []
    docker("build", "--quiet", f"--tag={IMAGE}", *version, str(folder), seconds=400)
    if version:
        return f"python:{STAND_IN}-slim"
    [line] = [line for line in (ROOT / "Dockerfile").read_text().splitlines() if line.startswith("ARG PYTHON_VERSION=")]
    return f"python:{line.partition('=')[2]}-slim"


@dataclass(frozen=True)
class Container:
    """A container that runs, or has run."""

    id: str
    hardened: tuple[str, ...] = field(default=())

    def inspect(self, template: str) -> str:
        return docker("inspect", "--format", template, self.id)

    @property
    def origin(self) -> str:
        """Where it is found from this machine."""
        return f"http://{docker('port', self.id, '8080').splitlines()[0]}"

    @property
    def log(self) -> str:
        done = run(["docker", "logs", self.id])
        return done.stdout + done.stderr

    def until_healthy(self) -> None:
        for _ in range(300):
            if self.inspect("{{.State.Health.Status}}") == "healthy":
                return
            time.sleep(0.1)
        raise AssertionError(self.log)


@contextmanager
def container(*options: str, command: Sequence[str] = (), image: str = IMAGE) -> Iterator[Container]:
    """Start a container that may write nothing and do nothing special; it is gone afterwards."""
    hard = ["--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges:true"]
    # A second and not ten between two checks: nobody waits for a test.
    quick = ["--health-interval=1s", "--publish=127.0.0.1::8080"]
    started = docker("run", "--detach", *hard, *quick, *options, image, *command)
    try:
        yield Container(started)
    finally:
        run(["docker", "rm", "--force", "--volumes", started])


def wait(found: Container) -> Any:
    """The exit code of a container that ends by itself."""
    return int(docker("wait", found.id))
