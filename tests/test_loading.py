"""What is loaded, and when: the start pays for no part that only some runs use."""

import gc
import http.client
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from emulator.__main__ import main
from emulator.cli.given import library_of
from emulator.server import loop
from tests.test_cli import SCENARIO, environment

SPARED = {
    "emulator.scenario.fromschema",
    "emulator.scenario.templates",
    "emulator.server.control.forms",
    "emulator.server.control.openapi",
    "emulator.server.control.table",
    "emulator.server.curl",
    "emulator.server.explain",
    "emulator.verdict",
    "jinja2",
    "prometheus_client",
}
"""What takes time to load, and is loaded when it is used."""
EVERYTHING = """version: 1
steps:
  - {when: {user: A template}, reply: {text: 'Hello, {{ request.user }}!'}}
  - {when: {user: A schema}, reply: {from_schema: true}}
"""
SCHEMA = {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}}}


def loaded_for(file: Path, *asked: tuple[str, str, Any]) -> set[str]:
    """What a server has loaded that served this file and was asked this."""
    log = file.with_suffix(".log")
    with log.open("w") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-X", "importtime", "-m", "emulator", "serve", str(file), "--port", "0"],
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
        try:
            assert process.stdout is not None
            found = re.search(r"listening on http://(\S+)", process.stdout.readline())
            assert found, log.read_text()
            for method, path, body in asked:
                connection = http.client.HTTPConnection(found[1], timeout=30)
                headers = {"authorization": "Bearer k", "content-type": "application/json"}
                connection.request(method, path, json.dumps(body) if body else None, headers)
                assert 200 == connection.getresponse().status, path
                connection.close()
        finally:
            process.terminate()
            process.communicate(timeout=30)
    return set(re.findall(r"^import time: .*\| +(\S+)$", log.read_text(), re.MULTILINE))


def chat(user: str, **more: Any) -> tuple[str, str, Any]:
    return "POST", "/plain/v1/chat/completions", {"model": "m", "messages": [{"role": "user", "content": user}], **more}


def test_a_server_that_gives_a_plain_reply_has_loaded_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "plain.yaml"
    file.write_text(SCENARIO)
    assert set() == SPARED & loaded_for(file, chat("Hi"))


def test_what_is_spared_is_loaded_by_whoever_uses_it(tmp_path: Path) -> None:
    file = tmp_path / "all.yaml"
    file.write_text(EVERYTHING)
    control = [("GET", f"/_emulator/{path}", None) for path in ("metrics", "openapi.json")]
    asked = (chat("A template"), chat("A schema", response_format=SCHEMA), *control)
    assert set() == SPARED - loaded_for(file, *asked)


def test_the_schema_of_scenarios_is_made_ready_by_the_first_file_alone() -> None:
    script = (
        "import linecache\n"
        "from emulator.scenario import Names, load_text\n"
        "from emulator.scenario.model import File\n"
        "from emulator.scenario.model_reply import TextReply\n"
        "print(File.__pydantic_complete__)\n"
        "load_text(b'version: 1\\nsteps: [{reply: {text: a}}]', 'a.yaml', Names(frozenset(), frozenset()))\n"
        "print(File.__pydantic_complete__, TextReply.__pydantic_complete__)\n"
        # Its sentences stand in the source, which takes long to read.
        "print([file for file in linecache.cache if 'emulator' in file])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment(), capture_output=True, text=True, timeout=60, check=True
    )
    assert "False\nTrue False\n[]\n" == done.stdout


# ---------------------------------------------------------------- garbage


async def _is_looked_for() -> bool:
    return gc.isenabled()


def test_garbage_is_looked_for_from_when_the_event_loop_runs(tmp_path: Path) -> None:
    file = tmp_path / "plain.yaml"
    file.write_text(SCENARIO)
    gc.disable()
    try:
        library_of([file])
        assert not gc.isenabled()
        assert loop.run(_is_looked_for())
    finally:
        gc.enable()


@pytest.mark.parametrize("arguments", [["schema"], ["scenarios", "nowhere"]])
def test_garbage_is_looked_for_after_a_command(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["maas-emulator", *arguments])
    main()
    assert gc.isenabled()
    assert "" != "".join(capsys.readouterr())
