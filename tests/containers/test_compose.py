"""`docker compose up` from a clean checkout: healthy, the smoke test passes, down."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.containers import engine
from tests.live import ROOT

HOSTNAMES = "docs/examples/compose/hostnames.yml"
OVERRIDE = """
services:
  emulator:
    image: {image}
    build: {{network: host, args: {{PYTHON_VERSION: "{version}"}}}}
  smoke:
    image: {image}
"""
"""What is another way on this machine: the shipped file stays as a user would run it."""
OWN_IMAGE = "services: {{emulator: {{image: {image}}}, smoke: {{image: {image}}}}}"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The files of the project, and none that was installed or built."""
    folder = tmp_path / "checkout"
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode:
        pytest.skip("this is no git checkout")
    for name in filter(None, done.stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    # A mount is read by the image's own user.
    tmp_path.chmod(0o755)
    return folder


@pytest.mark.containers
@pytest.mark.parametrize("more", [[], [HOSTNAMES]], ids=["as it stands", "hostnames unchanged"])
def test_the_smoke_test_passes_beside_a_healthy_emulator(checkout: Path, compose: list[str], more: list[str]) -> None:
    override = OVERRIDE if engine.stand_in() else OWN_IMAGE
    text = override.format(image=engine.IMAGE, version=engine.STAND_IN)
    (checkout / "override.yml").write_text(text)
    project = f"maas-emulator-test-{os.getpid()}"
    files = [
        word for file in ("docker-compose.yml", *more, "override.yml") for word in ("--file", str(checkout / file))
    ]
    command = [*compose, *files, "--project-name", project, "--project-directory", str(checkout)]
    try:
        up = _run(command, "up", "--build", "--exit-code-from", "smoke")
    finally:
        down = _run(command, "down", "--volumes")
    said = up.stdout + up.stderr
    assert (0, 0) == (up.returncode, down.returncode), said + down.stderr
    assert (5 + 2 * len(more) + 1, False) == (said.count(" ok: "), "WRONG" in said), said
    left = engine.docker("ps", "--all", "--quiet", "--filter", f"label=com.docker.compose.project={project}")
    assert "" == left


def _run(command: Sequence[str], *words: str) -> "subprocess.CompletedProcess[str]":
    # Port 0: a free one.
    return engine.run([*command, *words], 400, EMULATOR_PUBLISHED_PORT="0", DOCKER_BUILDKIT="")


# ---------------------------------------------------------------- what can be seen without an engine


def loaded(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def test_the_smoke_test_waits_for_the_emulators_own_check() -> None:
    services = loaded("docker-compose.yml")["services"]
    assert ["emulator", "smoke"] == list(services)
    assert {"emulator": {"condition": "service_healthy"}} == services["smoke"]["depends_on"]
    assert ["CMD", "maas-emulator", "health"] == services["emulator"]["healthcheck"]["test"]
    assert services["emulator"]["read_only"]
    assert all(port.startswith("127.0.0.1:") for port in services["emulator"]["ports"])


def test_every_file_that_is_mounted_is_there() -> None:
    mounts = [mount for service in loaded("docker-compose.yml")["services"].values() for mount in service["volumes"]]
    assert [] == [mount for mount in mounts if not (ROOT / mount.partition(":")[0]).exists()]


def test_the_recipe_for_hostnames_adds_to_services_that_are_there() -> None:
    services = loaded(HOSTNAMES)["services"]
    assert set(services) <= set(loaded("docker-compose.yml")["services"])
    assert 2 == len(services["emulator"]["networks"]["default"]["aliases"])
