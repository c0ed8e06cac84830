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
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from emulator import cli, engine
from emulator.providers.cloudbase import errors
from emulator.scenario import json_schema, load_text
from emulator.scenario.closed import Closed
from emulator.scenario.load import MOST
from emulator.scenario.patterns import MAX_LENGTH
from emulator.scenario.yamltext import _MAX_DIGITS, MAX_BYTES
from emulator.scenario.yamltree import MAX_DEPTH, MAX_NODES, MAX_REPEATED
from emulator.server import control
from emulator.session import Session
from emulator.types import ERROR_NAMES, Completion, Failure, Provider, Text, WireProtocol, count_tokens
from tests.live import NAMES, ROOT, Live, Thread, library_of

ORIGIN = "http://127.0.0.1:8080"
"""Where every block supposes the server to be."""
README, CONTRIBUTING, LANGUAGE, DEVIATIONS = (
    ROOT / name for name in ("README.md", "CONTRIBUTING.md", "docs/scenarios.md", "docs/deviations.md")
)
ORIGINS = {"documented", "package", "field", "recorded", "upstream", "inferred"}


def read(file: Path) -> str:
    return file.read_text(encoding="utf-8")


# ---------------------------------------------------------------- blocks


@dataclass(frozen=True)
class Block:
    place: str
    language: str
    text: str
    prose: str
    """What stands between the block before and this one."""
    before: "Block | None"

    @property
    def kind(self) -> str:
        """What the block is, and so what is done with it; its own words where that is not known."""
        found = (kind for kind, language, begins in KINDS if language == self.language and re.match(begins, self.text))
        return next(found, f"{self.language}: {self.text}")


KINDS = [
    # kind, the block's language, how it begins
    ("yaml", "yaml", ""),
    ("json", "json", ""),
    ("python", "python", ""),
    ("js", "js", ""),
    ("curl", "sh", "curl "),
    ("make serve", "sh", r"make serve\n\Z"),
    ("make test", "sh", r"make test\n\Z"),
    ("miss", "text", "no scenario step matched "),
    ("problems", "text", r"\S+\.yaml:\d+:\d+: "),
    ("drawing", "text", " HTTP request"),
]


def blocks_of(file: Path) -> Iterator[Block]:
    text, before, end = read(file), None, 0
    for found in re.finditer(r"^```(.*)\n((?s:.*?))^```$", text, re.MULTILINE):
        place = f"{file.relative_to(ROOT)}:{text.count(chr(10), 0, found.start()) + 1}"
        before = Block(place, found[1], found[2], text[end : found.start()], before)
        end = found.end()
        yield before


BLOCKS = [block for file in [README, *sorted(ROOT.glob("docs/**/*.md"))] for block in blocks_of(file)]


def each(kind: str) -> Any:
    """Run a test with every block of a kind."""
    chosen = [block for block in BLOCKS if block.kind == kind]
    return pytest.mark.parametrize("block", chosen, ids=[block.place for block in chosen])


def test_every_block_is_of_a_kind_that_is_checked() -> None:
    assert {kind for kind, _, _ in KINDS} == {block.kind for block in BLOCKS}


@pytest.fixture
def live(thread: Thread, monkeypatch: pytest.MonkeyPatch) -> Iterator[Live]:
    """A server that nobody has asked yet, as `make serve` starts it in the project's folder."""
    monkeypatch.chdir(ROOT)
    live = thread.start(library_of(ROOT / "scenarios"))
    yield live
    live.run(live.server.stop())


def problems(text: str, file: str = "s.yaml") -> list[str]:
    return [str(problem) for problem in load_text(text.encode(), file, NAMES).problems]


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
    assert [] == problems(block.text)


@each("curl")
def test_a_curl_line_works(block: Block, live: Live) -> None:
    assert curl(block, live)
    followed = [other.kind for other in BLOCKS if other.before is block]
    asked = [] if "/_emulator/" in block.text else ["miss" if "miss" in followed else "hit"]
    assert asked == [entry.outcome for entry in live.server.app.journal.read()]


@each("json")
def test_an_answer_is_what_the_line_before_gets(block: Block, live: Live) -> None:
    assert json.dumps(json.loads(block.text)) == json.dumps(json.loads(curl(block.before, live)))


@each("miss")
def test_a_miss_is_what_the_line_before_gets(block: Block, live: Live) -> None:
    assert block.text == json.loads(curl(block.before, live))["message"] + "\n"


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
    assert 1 == cli.main(["validate", file])
    assert block.text == capsys.readouterr().out


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


def tables(text: str) -> Iterator[tuple[list[str], list[list[str]]]]:
    """The header and the rows of every table."""
    for found in re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE):
        header, _, *rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in found.splitlines()]
        yield header, rows


def table(text: str, *header: str) -> list[list[str]]:
    """The rows of the one table with this header."""
    [rows] = [rows for cells, rows in tables(text) if header == tuple(cells)]
    return rows


def section(text: str, heading: str) -> str:
    [body] = re.findall(rf"^## {heading}\n((?s:.*?))(?=^## |\Z)", text, re.MULTILINE)
    return str(body)


def code(text: str) -> list[str]:
    """What stands in backticks, outside of blocks."""
    return re.findall("`([^`]+)`", without_blocks(text))


def without_blocks(text: str) -> str:
    return re.sub(r"^```(?s:.*?)^```$", "", text, flags=re.MULTILINE)


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


def test_the_control_routes_are_those_of_the_server(live: Live) -> None:
    rows = [row[0].strip("`") for row in table(section(read(README), "Control"), "", "")]
    served = [f"{method} {path}" for method, path, _ in control._ROUTES]
    assert served == [row.partition("?")[0] for row in rows]
    [query] = [row.partition("?")[2] for row in rows if "?" in row]
    known = live.send("GET", "/_emulator/journal?x=1").json["detail"].partition("known are ")[2]
    assert sorted(known.split(", ")) == sorted(re.findall(r"(\w+)=", query))


def help_of(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    with pytest.raises(SystemExit):
        cli.main([*words, "--help"])
    return capsys.readouterr().out


def test_the_commands_and_their_options_are_those_of_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    commands = re.findall(r"^    (\w+) ", help_of(capsys), re.MULTILINE)
    rows = table(read(README), "command", "what it does")
    assert commands == [code(row[0])[0].split()[1] for row in rows]
    known = {option for command in commands for option in re.findall("--[a-z-]+", help_of(capsys, command))}
    text = "\n".join(read(file) for file in (README, LANGUAGE, DEVIATIONS))
    used = {option for words in code(text) for option in re.findall(r"(?<!\S)--[a-z][a-z-]+", words)}
    assert {"--connect-to"} == used - known  # curl's


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


# ---------------------------------------------------------------- the language

EXAMPLES = {
    # the header of a column of examples: the file that an example makes
    "at the top": "version: 1\nsteps: [{reply: {text: a}}]\n~",
    "in a step": "version: 1\nsteps: [{reply: {text: a}, ~}]",
    "in `when`": "version: 1\nsteps: [{reply: {text: a}, when: {~}}]",
    "in `tool_result`": "version: 1\nsteps: [{reply: {text: a}, when: {tool_result: {~}}}]",
    "as a predicate": "version: 1\nsteps: [{reply: {text: a}, when: {headers: {x-a: ~}}}]",
    "in a reply": "version: 1\nsteps: [{reply: {text: a, ~}}]",
    "in a block": "version: 1\nsteps: [{reply: {content: [{~}]}}]",
    "in a call": "version: 1\nsteps: [{reply: {tool_calls: [{name: a, ~}]}}]",
    "in `usage`": "version: 1\nsteps: [{reply: {text: a, usage: {~}}}]",
    "in `stream`": "version: 1\nsteps: [{reply: {text: a, stream: {~}}}]",
    "beside `error`": "version: 1\nsteps: [{reply: {error: timeout, ~}}]",
    "in `error`": "version: 1\nsteps: [{reply: {error: {name: timeout, ~}}}]",
    "in one of `replies`": "version: 1\nsteps: [{replies: [{text: a, ~}]}]",
}
RIVALS = {
    # what an example can't stand beside: what it takes the place of
    "version:": ("version: 1\n", ""),
    "steps:": ("steps: [{reply: {text: a}}]\n", ""),
    "reply:": ("reply: {text: a}, ", ""),
    "replies:": ("reply: {text: a}, ", ""),
    "content:": ("text: a, ", ""),
    "text:": ("text: a, ", ""),
    "name:": ("name: timeout, ", ""),
    "body:": ("name: timeout", "status: 418"),
}


def examples() -> Iterator[tuple[str, str, str]]:
    """(where, key, example) of every row with an example."""
    for header, rows in tables(read(LANGUAGE)):
        if header[-1].startswith("example, "):
            for row in rows:
                [example] = code(row[-1])
                yield header[-1].removeprefix("example, "), code(row[0])[0] if "`" in row[0] else "", example


def file_with(where: str, example: str) -> str:
    old, new = RIVALS.get(example.partition(" ")[0], ("", ""))
    text = EXAMPLES[where]
    if where == "in a call":
        old, new = ("name: a, ", "") if example.startswith("name:") else ("", "")
    return (text.replace(old, new) if old else text).replace("~", example)


@pytest.mark.parametrize(("where", "key", "example"), list(examples()))
def test_an_example_loads_and_shows_its_key(where: str, key: str, example: str) -> None:
    assert [] == problems(file_with(where, example))
    assert not key or re.search(rf"\b{key}\b", example) or where == "as a predicate"


def test_every_place_has_examples() -> None:
    assert set(EXAMPLES) == {where for where, _, _ in examples()}


def words_of(schema: Any) -> Iterator[str]:
    """Every key and every fixed word of the JSON Schema of scenario files."""
    if isinstance(schema, list):
        for item in schema:
            yield from words_of(item)
    elif isinstance(schema, dict):
        yield from schema.get("properties", {})
        yield from (word for word in (*schema.get("enum", ()), schema.get("const")) if isinstance(word, str))
        for item in schema.values():
            yield from words_of(item)


def test_every_key_and_word_of_the_language_is_explained() -> None:
    assert [] == sorted({*words_of(json_schema(NAMES))} - {*ERROR_NAMES} - {*code(read(LANGUAGE))})


def test_every_condition_and_every_form_of_a_predicate_has_an_example_in_the_order_of_the_schema() -> None:
    known = json_schema()["$defs"]
    shown = {where: [key for other, key, _ in examples() if other == where] for where in EXAMPLES}
    assert list(known["When"]["properties"]) == shown["in `when`"]
    assert list(known["ResultForm"]["properties"]) == shown["in `tool_result`"]
    assert list(known["Form"]["properties"]) == shown["as a predicate"][2:]  # after a text and a number


def test_every_condition_is_in_the_readme() -> None:
    rows = table(read(README), "key of `when`", "holds if")
    assert list(json_schema()["$defs"]["When"]["properties"]) == [key for row in rows for key in code(row[0])]
    forms = re.findall(r"[{ ](\w+)[}:]", section(read(README), "Conditions").partition("boolean, or one of")[2])
    assert {*json_schema()["$defs"]["Form"]["properties"]} <= {*forms}


LATER = {
    "the file": "version: 1\n~: 1\nsteps: [{reply: {text: a}}]",
    "a step": "version: 1\nsteps: [{reply: {text: a}, ~: 1}]",
    "`when`": "version: 1\nsteps: [{reply: {text: a}, when: {~: 1}}]",
    "a reply": "version: 1\nsteps: [{reply: {text: a, ~: 1}}]",
    "on the way": "version: 1\nsteps: [{reply: {text: a, stream: {at: [{chunk: 1, error: timeout, ~: 1}]}}}]",
    "a block": "version: 1\nsteps: [{reply: {content: [{~: 1}]}}]",
    "a call": "version: 1\nsteps: [{reply: {tool_calls: [{name: a, ~: 1}]}}]",
    "`stream`": "version: 1\nsteps: [{reply: {text: a, stream: {~: 1}}}]",
    "the value of `order`": "version: 1\norder: ~\nsteps: [{reply: {text: a}}]",
    "texts of replies": "version: 1\nsteps: [{reply: {text: '~'}}]",
}


def later() -> list[tuple[str, str]]:
    rows = table(section(read(LANGUAGE), "Not of this version yet"), "where", "words")
    return [(row[0], word) for row in rows for word in code(row[1])]


@pytest.mark.parametrize(("where", "word"), later())
def test_what_is_not_there_yet_is_refused_by_name(where: str, word: str) -> None:
    [problem] = problems(LATER[where].replace("~", word))
    assert re.search(rf"'{re.escape(word)}',? is part of the language but not of this version yet\.$", problem)


def test_all_that_is_not_there_yet_is_listed() -> None:
    def descendants(kind: type[Closed]) -> Iterable[type[Closed]]:
        for child in kind.__subclasses__():
            yield child
            yield from descendants(child)

    refused = {word for kind in descendants(Closed) for word in kind.LATER}
    assert refused == {word for where, word in later() if "of " not in where}


def test_the_pieces_of_a_stream_are_as_described() -> None:
    [(header, rows)] = [found for found in tables(read(LANGUAGE)) if found[0][0] == "`chunk`"]
    [text] = code(header[2])
    for chunk, _, pieces in rows:
        [written], [joined] = code(chunk), code(pieces)
        reply = f"{{text: '{text}', stream: {{chunk: {written}}}}}"
        [scenario] = load_text(f"version: 1\nsteps: [{{reply: {reply}}}]".encode(), "s.yaml", NAMES).scenarios
        match scenario.steps[0].replies[0].reply.answer:
            case Completion(parts=(Text() as said,)):
                assert joined == "/".join(said.deltas)
            case other:
                raise AssertionError(other)


def test_the_estimates_and_the_limits_are_as_described() -> None:
    text = read(LANGUAGE)
    counts = re.findall(r"`([^`]+)`\s+counts (\d+)", text)
    assert [("Hello", "2"), *((words, str(count_tokens(words))) for words, _ in counts[1:])] == counts
    limits = [MAX_BYTES // 1024**2, MAX_DEPTH, MAX_NODES, MAX_REPEATED, MAX_BYTES, MAX_LENGTH, _MAX_DIGITS, MOST]
    written = " ".join(row[1] for row in table(text, "what", "limit")[:-1])
    assert limits == [int(number.replace(",", "")) for number in re.findall(r"(?<![\w-])\d[\d,]*", written)]


# ---------------------------------------------------------------- the scenarios of the project

WEATHER: list[Any] = [{"type": "function", "function": {"name": "get_current_weather"}}]
BOTH = "Compare the weather in Beijing and Shanghai."


def said(user: str, **fields: Any) -> dict[str, Any]:
    return {"model": "hy3-preview", "messages": [{"role": "user", "content": user}], **fields}


def told(user: str) -> dict[str, Any]:
    call = {"id": "c", "type": "function", "function": {"name": "get_current_weather", "arguments": "{}"}}
    asked = {"role": "assistant", "content": "", "tool_calls": [call]}
    result = {"role": "tool", "tool_call_id": "c", "content": '{"weather": "sunny"}'}
    return said(user, messages=[{"role": "user", "content": user}, asked, result])


def seen(kind: str, value: Any, system: str) -> dict[str, Any]:
    part = {"type": kind, kind: value}
    return said("", messages=[{"role": "system", "content": system}, {"role": "user", "content": [part]}])


STEPS: dict[str, dict[str, Any]] = {
    "hello/greeting": said("Hello"),
    "hello/li-bai": said("Tell me about Li Bai"),
    "hello/introduction": said("Introduce yourself", stream=True),
    "hello/which-is-larger": said("Which is larger, 9.11 or 9.9?"),
    "slow-stream/steady": said("count slowly"),
    "slow-stream/fast": said("count fast"),
    "slow-stream/straying": said("count unevenly"),
    "slow-stream/late": said("take your time"),
    "weather-tool-loop/ask-for-the-weather": said("What is the weather in Beijing for me today?", tools=WEATHER),
    "weather-tool-loop/tell-the-weather": told("What is the weather in Beijing for me today?"),
    "weather-tool-loop/ask-for-two-cities": said(BOTH, tools=WEATHER),
    "weather-tool-loop/tell-of-two-cities": told(BOTH),
    "documentation/hello": said("hello"),
    "documentation/one-and-one": said("what's 1+1? Answer in one word."),
    "documentation/food-expert": seen("image_url", {"url": "https://e.org/a.png"}, "You are a food expert"),
    "documentation/video": said("Translate this video to text"),
    "documentation/audio": seen("input_audio", {"data": "AA", "format": "mp3"}, "Convert speech to text"),
    "documentation/pirate": said("Are semicolons optional in JavaScript?"),
    "documentation/gold": said("How much gold would it take to coat the Statue of Liberty in a 1mm layer?"),
    "documentation/pythagoras": said("Prove the Pythagorean theorem"),
    "documentation/essay": said("Write me a 300-word essay"),
    "documentation/themes": said("Analyze the major themes in Pride and Prejudice."),
    "documentation/sums": said("What is 1+1"),
    "documentation/who": said("Who are you"),
    "documentation/fable": said("Write a 150-word fable"),
    "errors/flaky": said("", model="error/flaky"),
    "errors/growth-plan": said("", model="error/growth-plan"),
    "errors/literal": said("", model="error/literal"),
    **{f"errors/{name.replace('_', '-')}": said("", model=f"error/{name}") for name in ERROR_NAMES},
}


def test_every_scenario_of_the_project_loads_and_no_step_is_forgotten_here() -> None:
    files = sorted((ROOT / "scenarios").iterdir())
    assert [] == [problem for file in files for problem in problems(read(file), file.name)]
    steps = [step.name for scenario in library_of(*files).scenarios for step in scenario.steps]
    assert sorted(STEPS) == sorted(steps)


@pytest.mark.parametrize("step", STEPS)
def test_a_step_of_the_project_can_be_reached(examples: Live, step: str) -> None:
    reply = examples.send("POST", "/v1/ai/cloudbase/chat/completions", STEPS[step])
    assert step == reply.headers["x-emulator-step"]
