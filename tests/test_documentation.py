"""What is written for people is true: blocks run, examples load, tables and links are those of the code."""

import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from emulator import cli, engine
from emulator.providers.cloudbase import errors
from emulator.scenario import load_text
from emulator.server.control import table as control
from emulator.session import Session
from emulator.types import ERROR_NAMES, Failure, Provider, WireProtocol
from emulator.verdict import judge
from tests.live import NAMES, ROOT, Live, Thread, library_of
from tests.pages import (
    BLOCKS,
    CONTRIBUTING,
    CONTROL,
    DEVIATIONS,
    KINDS,
    README,
    REPLIES,
    SCENARIOS,
    TEMPLATES,
    Block,
    code,
    each,
    read,
    table,
    tables,
    without_blocks,
)

ORIGIN = "http://127.0.0.1:8080"
"""Where every block supposes the server to be."""
ORIGINS = {"documented", "package", "field", "recorded", "upstream", "inferred"}


def test_every_block_is_of_a_kind_that_is_checked() -> None:
    assert {kind for kind, _, _ in KINDS} == {block.kind for block in BLOCKS}


@pytest.fixture
def live(thread: Thread, monkeypatch: pytest.MonkeyPatch) -> Iterator[Live]:
    """A server that nobody has asked yet, as `make serve` starts it in the project's folder."""
    monkeypatch.chdir(ROOT)
    live = thread.start(library_of(ROOT / "scenarios"))
    yield live
    live.run(live.server.stop())


def run(command: Sequence[str], **options: Any) -> str:
    """What a command prints; it must end well."""
    done: subprocess.CompletedProcess[str] = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, **options
    )
    assert 0 == done.returncode, done.stderr
    return done.stdout


def curl(block: Block | None, live: Live) -> str:
    assert block is not None
    assert "curl" == block.kind, f"what is answered here? {block.place}"
    return run(["sh", "-c", block.text.replace(ORIGIN, live.origin)], env={**os.environ, "no_proxy": "127.0.0.1"})


@each("yaml")
def test_a_scenario_loads(block: Block) -> None:
    loaded = load_text(block.text.encode(), "s.yaml", NAMES)
    doubtful = any(other.before is block and "warning:" in other.text for other in BLOCKS)
    assert ((), doubtful) == (loaded.problems, bool(loaded.warnings)), loaded.warnings


@each("curl")
def test_a_curl_line_works(block: Block, live: Live) -> None:
    assert curl(block, live)
    followed = [other.kind for other in BLOCKS if other.before is block]
    asked = "miss" if "miss" in followed else "hit"
    urls = [url for url in re.findall(rf"{ORIGIN}/\S+", block.text) if "/_emulator/" not in url]
    assert [asked] * len(urls) == [entry.outcome for entry in live.server.app.journal.read()]


@each("curls")
def test_several_curl_lines_work(block: Block, live: Live) -> None:
    script = "set -eu\n" + block.text.replace(ORIGIN, live.origin)
    said = run(["sh", "-c", script], env={**os.environ, "no_proxy": "127.0.0.1"})
    assert "about:blank" not in said, said  # a problem document
    assert ["hit"] == [entry.outcome for entry in live.server.app.journal.read()]


@each("json")
def test_an_answer_is_what_the_line_before_gets(block: Block, live: Live) -> None:
    assert json.dumps(json.loads(block.text)) == json.dumps(json.loads(curl(block.before, live)))


@each("miss")
def test_a_miss_is_what_the_line_before_gets(block: Block, live: Live) -> None:
    assert block.text == json.loads(curl(block.before, live))["message"] + "\n"


@each("explanation")
def test_an_explanation_is_what_the_line_before_prints(block: Block) -> None:
    assert block.before is not None
    assert "explain" == block.before.kind
    line = block.before.text.replace("maas-emulator", f"'{sys.executable}' -m emulator")
    assert block.text == run(["sh", "-c", line], cwd=ROOT, env=environment())


@each("problems")
def test_problems_are_what_validate_says_of_the_changed_file_before(
    block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert block.before is not None
    text = block.before.text
    for wrong, right in re.findall(r"`(\S+)` in place of `(\S+)`", block.prose):
        assert 1 == text.count(right)
        text = text.replace(right, wrong)
    monkeypatch.chdir(tmp_path)
    file = block.text.partition(":")[0]
    Path(file).write_text(text, encoding="utf-8")
    assert ("warning:" not in block.text) == cli.main(["validate", file])
    assert block.text == capsys.readouterr().out
    assert 1 == cli.main(["validate", "--strict", file])


@each("python")
def test_a_python_block_runs(block: Block, live: Live) -> None:
    names: dict[str, Any] = {}
    exec(compile(block.text.replace(ORIGIN, live.origin), block.place, "exec"), names)  # noqa: S102 - the point of it
    names["client"].close()
    assert ["hit"] == [entry.outcome for entry in live.server.app.journal.read()]


@pytest.mark.node
@each("js")
def test_a_node_block_prints_what_it_says(block: Block, live: Live) -> None:
    command = ["node", "--input-type=module", "--eval", block.text.replace(ORIGIN, live.origin)]
    assert re.findall(r"^// prints: (.*)$", block.text, re.MULTILINE) == [run(command, cwd=ROOT / "tests" / "node")]


@each("drawing")
def test_what_a_drawing_names_is_there(block: Block) -> None:
    owners = {"provider": Provider, "protocol": WireProtocol, "engine": engine, "session": Session}
    named = re.findall(rf"\b({'|'.join(owners)})\.(\w+)", block.text)
    assert [] == [pair for pair in named if not hasattr(owners[pair[0]], pair[1])]
    files = re.findall(r"\b[a-z]+/(?:[a-z]+|\*)", block.text)
    assert [] == [file for file in files if not list((ROOT / "emulator").glob(f"{file}.py"))]
    assert len(named) > 5 < len(files)


# ---------------------------------------------------------------- make


def environment() -> dict[str, str]:
    """The environment of a user, not of the `make test` that may be running."""
    own = {name: os.environ[name] for name in os.environ if not re.match("EMULATOR_|M(AKE|FLAGS)|ARGS$", name)}
    return {**own, "EMULATOR_PORT": "0", "PYTHON": sys.executable}


@each("make serve")
@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")
def test_make_serve_serves_until_it_is_told_to_stop(block: Block) -> None:
    command = block.text.strip()
    plan = run(["sh", "-c", f"{command} --dry-run"], cwd=ROOT, env=environment())
    if "install" in plan:
        pytest.skip("make would first install something beneath the running tests")
    process = subprocess.Popen(
        [shutil.which("sh") or "", "-c", command],
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    end = threading.Timer(60, os.killpg, (process.pid, signal.SIGKILL))
    end.start()
    try:
        assert process.stdout is not None
        found = next(filter(None, (re.search(r" listening on http://(\S+)", line) for line in process.stdout)), None)
        assert found is not None, process.communicate()
        assert 200 == health(found[1])
        os.killpg(process.pid, signal.SIGTERM)
        _, said = process.communicate()
    finally:
        end.cancel()
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    assert (-signal.SIGTERM, []) == (process.returncode, [line for line in said.splitlines() if line[:4] != "make"])
    with pytest.raises(ConnectionRefusedError):
        health(found[1])


def health(address: str) -> int:
    connection = http.client.HTTPConnection(address, timeout=10)
    try:
        connection.request("GET", "/_emulator/health")
        return connection.getresponse().status
    finally:
        connection.close()


@each("make test")
def test_ci_runs_the_one_command_and_nothing_else(block: Block) -> None:
    script = [line for line in read(ROOT / ".ci" / "run").splitlines() if not line.startswith("#")]
    assert ["set -euo pipefail", 'cd "$(dirname "${BASH_SOURCE[0]}")/.."', f"exec {block.text.strip()}"] == script
    [workflow] = (ROOT / ".github" / "workflows").iterdir()
    assert ["bash .ci/run"] == re.findall(r"\brun: *(.*)$", read(workflow), re.MULTILINE)


# ---------------------------------------------------------------- links and tables


def pages() -> Iterator[Path]:
    yield from ROOT.glob("*.md")
    for folder in (path for path in ROOT.iterdir() if path.is_dir() and path.name[0] != "."):
        yield from (file for file in folder.rglob("*.md") if "node_modules" not in file.parts)


def anchors(file: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", read(file), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_link_leads_somewhere() -> None:
    lost = []
    for page in pages():
        for link in re.findall(r"\]\(([^)\s]+)\)", without_blocks(read(page))):
            path, _, anchor = link.partition("#")
            target = page.parent / path if path else page
            if not link.startswith("https://") and not (target.exists() and (not anchor or anchor in anchors(target))):
                lost.append(f"{page.relative_to(ROOT)}: {link}")
    assert [] == lost


def test_the_errors_are_those_that_cloudbase_sends() -> None:
    expected = []
    for name in ERROR_NAMES:
        said = errors.said(Failure(name))
        expected.append([f"`{name}`", f"{said.status} `{said.code}`"])
    assert expected == table(read(README), "you write", "CloudBase sends")


def test_every_row_of_the_deviations_has_an_origin_of_the_known_words() -> None:
    text = read(DEVIATIONS)
    origins = [dict(zip(header, row, strict=True))["Origin"] for header, rows in tables(text) for row in rows
               if "Origin" in header]  # fmt: skip
    assert len(origins) > 5
    assert [] == [origin for origin in origins if not set(origin.split(", ")) <= ORIGINS]
    assert [] == [word for word in ORIGINS if word not in text.partition("## ")[0]]


def test_the_deviations_know_how_many_messages_are_the_services_own() -> None:
    count = sum(row.verbatim for row in errors.ERRORS.values())
    assert f"{('no', 'one', 'two', 'three', 'four', 'five')[count]} are the service's own" in read(DEVIATIONS)


def test_every_route_of_a_provider_is_there(live: Live) -> None:
    places = {"{group}": "cloudbase", "{endpoint}": "RkBOAlaWzKcubSji", "{model}": "m", "{publisher}": "google"}
    asked = {}
    for row in table(read(README), "provider", "protocol", "routes"):
        for words in code(row[2]):
            filled = words
            for place, value in {**places, "…": "chat/completions"}.items():
                filled = filled.replace(place, value)
            method, _, path = filled.rpartition(" ")
            if "/" in path or path == "hunyuan":
                path = path if path[0] == "/" else f"/v1/ai/{path}"
                asked[path] = live.send(method or "POST", path, None if method == "GET" else {})
    lost = [path for path, reply in asked.items() if reply.status in {404, 405}]
    assert ([], True) == (lost, len(asked) > 25)


def test_every_scenario_of_the_project_is_in_the_readme() -> None:
    rows = [row[0] for row in table(read(README), "scenario", "shows")]
    files = sorted((ROOT / "scenarios").iterdir())
    assert sorted(f"[{file.stem}](scenarios/{file.name})" for file in files) == sorted(rows)


def test_the_control_routes_are_those_of_the_server() -> None:
    rows = [row[0].strip("`") for row in table(read(CONTROL), "asked", "what")]
    served = [(f"{route.method} {route.path}", sorted(route.query)) for route in control.ROUTES]
    said = [(row.partition("?")[0], sorted(re.findall(r"(\w+)=", row.partition("?")[2]))) for row in rows]
    assert served == said


def test_the_rules_of_the_verdict_are_those_of_the_server() -> None:
    rows = table(read(CONTROL), "rule", "a good client", "where it does not")
    assert [[f"`{one.rule}`", one.says] for one in judge([]).judged] == [row[:2] for row in rows]


def help_of(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    with pytest.raises(SystemExit):
        cli.main([*words, "--help"])
    return capsys.readouterr().out


def test_the_commands_and_their_options_are_those_of_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    commands = re.findall(r"^    (\w+) ", help_of(capsys), re.MULTILINE)
    rows = table(read(README), "command", "what it does")
    assert commands == [code(row[0])[0].split()[1] for row in rows]
    known = {option for command in commands for option in re.findall("--[a-z-]+", help_of(capsys, command))}
    text = "\n".join(read(file) for file in (README, SCENARIOS, REPLIES, TEMPLATES, DEVIATIONS))
    used = {option for words in code(text) for option in re.findall(r"(?<!\S)--[a-z][a-z-]+", words)}
    assert {"--connect-to", "--golden-update"} == used - known  # curl's and pytest's


def test_the_house_is_the_one_that_lint_imports_checks() -> None:
    text = read(CONTRIBUTING)
    [contract] = [
        contract
        for contract in tomllib.loads(read(ROOT / "pyproject.toml"))["tool"]["importlinter"]["contracts"]
        if contract["id"] == "layers"
    ]
    [said] = re.findall(r"Imports go one way: ((?s:.*?))\.", text)
    assert contract["layers"] == code(said)
    rooms = [code(row[0])[0] for row in table(text, "room", "what belongs there")]
    assert [] == [room for room in rooms if not (ROOT / "emulator" / room).exists()]
    [protocol] = re.findall(r"^\*\*A protocol\.\*\* Write `protocols/NAME` with ((?s:.*?))\.", text, re.MULTILINE)
    assert [name for name in vars(WireProtocol) if name[0] != "_"] == code(protocol)
