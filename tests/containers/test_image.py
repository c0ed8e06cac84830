"""The image: small, not root, on a file system that nobody writes to, and gone when it is told."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.containers.engine import IMAGE, Container, container, docker, wait

pytestmark = [pytest.mark.containers, pytest.mark.usefixtures("base_image")]

SCENARIO = "version: 1\nsteps:\n  - {name: hi, when: {user: 'Hi*'}, reply: {text: Hello!}}\n"
TOKEN = "control-me"


@pytest.fixture
def scenarios(tmp_path: Path) -> Path:
    """A folder with a scenario that the image's own user can read, as a checkout's files are."""
    folder = tmp_path / "scenarios"
    folder.mkdir()
    (folder / "mine.yaml").write_text(SCENARIO)
    for path in (tmp_path, folder):
        path.chmod(0o755)
    (folder / "mine.yaml").chmod(0o644)
    return folder


@pytest.fixture
def served(scenarios: Path) -> Iterator[Container]:
    """A container with that scenario."""
    with container(f"--volume={scenarios}:/scenarios:ro", f"--env=EMULATOR_CONTROL_TOKEN={TOKEN}") as found:
        found.until_healthy()
        yield found


def ask(origin: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(origin + path, data, {"Content-Type": "application/json", **headers})  # noqa: S310
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def says(origin: str, text: str) -> Any:
    body = {"model": "m", "messages": [{"role": "user", "content": text}]}
    status, answer = ask(origin, "/v1/ai/cloudbase/chat/completions", body, Authorization="Bearer k")
    return answer["choices"][0]["message"]["content"] if status == 200 else answer["code"]


def test_it_serves_what_is_mounted_and_loads_it_again_when_it_changes(served: Container, scenarios: Path) -> None:
    assert "Hello!" == says(served.origin, "Hi")
    (scenarios / "mine.yaml").write_text(SCENARIO.replace("Hello!", "Good day!"))
    for _ in range(100):
        if says(served.origin, "Hi") == "Good day!":
            return
        time.sleep(0.1)
    raise AssertionError(served.log)


def test_it_is_not_root_and_can_write_nowhere(served: Container) -> None:
    assert "10001 10001" == docker("exec", served.id, "sh", "-c", "echo $(id -u) $(id -g)")
    tried = "for at in / /tmp /emulator /scenarios; do touch $at/x 2>/dev/null && echo $at; done; true"
    assert "" == docker("exec", served.id, "sh", "-c", tried)


def test_sigterm_ends_it_at_once_and_well(served: Container) -> None:
    began = time.monotonic()
    docker("stop", "--time=20", served.id)
    assert ("0", True) == (served.inspect("{{.State.ExitCode}}"), time.monotonic() - began < 10)
    assert "Traceback" not in served.log


def test_the_control_api_asks_for_the_token_and_keeps_out_pages_of_another_origin(served: Container) -> None:
    bearer = f"Bearer {TOKEN}"
    path = "/_emulator/journal"
    elsewhere = {"Authorization": bearer, "Origin": "http://elsewhere.example"}
    same = {"Authorization": bearer, "Origin": served.origin}
    got = [
        ask(served.origin, path, **headers)[0]
        for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": bearer}, elsewhere, same)
    ]
    assert [401, 401, 200, 403, 200] == got


def test_without_a_token_nobody_uses_the_control_api(scenarios: Path) -> None:
    with container(f"--volume={scenarios}:/scenarios:ro") as found:
        found.until_healthy()
        assert 403 == ask(found.origin, "/_emulator/journal")[0]


def test_with_nothing_mounted_it_serves_the_tour_and_an_option_is_a_variable() -> None:
    with container("--env=EMULATOR_FALLBACK=echo", "--env=EMULATOR_TIME_SCALE=0") as found:
        found.until_healthy()
        assert "Hello! How can I help you today?" == says(found.origin, "Hello")
        assert "Say it again" == says(found.origin, "Say it again")


def test_its_check_follows_the_port() -> None:
    with container("--env=EMULATOR_PORT=80") as found:
        found.until_healthy()


def test_a_broken_scenario_is_said_and_ends_it(scenarios: Path) -> None:
    (scenarios / "mine.yaml").write_text(SCENARIO.replace("reply", "repyl"))
    with container(f"--volume={scenarios}:/scenarios:ro") as found:
        assert 1 == wait(found)
        assert "scenarios/mine.yaml:3:" in found.log
        assert "Did you mean 'reply'?" in found.log


def test_every_command_is_there() -> None:
    listed = docker("run", "--rm", IMAGE, "scenarios", "--format", "json")
    assert "hello" in [scenario["name"] for scenario in json.loads(listed)]


def test_it_is_small_and_holds_no_tools(base_image: str) -> None:
    whole, base = (int(docker("image", "inspect", "--format", "{{.Size}}", name)) for name in (IMAGE, base_image))
    assert whole - base < 60_000_000
    code = "import importlib.metadata as m; print(*sorted(d.name.lower() for d in m.distributions(path=sys.path[1:])))"
    names = docker("run", "--rm", "--entrypoint=/emulator/bin/python", IMAGE, "-I", "-c", f"import sys; {code}").split()
    assert {"aiohttp", "maas-emulator"} <= set(names)
    assert [] == [name for name in ("hatchling", "pip", "pluggy", "pytest", "setuptools") if name in names]
