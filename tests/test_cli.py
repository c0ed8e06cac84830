"""The command as people run it: a child process, its output, its exit code."""

import http.client
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import emulator
from emulator import cli
from tests.live import ROOT

FILES = len(list((ROOT / "scenarios").glob("*.yaml")))
SCENARIO = "version: 1\nsteps:\n  - {name: hi, when: {user: 'Hi*'}, reply: {text: Hello!}}\n"


def environment(**variables: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EMULATOR_")}
    return {**kept, "PYTHONPATH": str(ROOT), **variables}


def run(*arguments: str, cwd: Path = ROOT, **variables: str) -> tuple[int, str, str]:
    command = [sys.executable, "-m", "emulator", *arguments]
    done = subprocess.run(
        command, cwd=cwd, env=environment(**variables), capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, done.stdout, done.stderr


class Served:
    """A `serve` process."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        assert process.stdout is not None
        assert process.stderr is not None
        self.welcome = ""
        for line in process.stdout:
            self.welcome += line
            if line == "Ctrl-C stops it.\n":
                break
        found = re.search(r"listening on (\S+)", self.welcome)
        assert found, self.welcome + process.stderr.read()
        self.origin = found[1]
        self.errors: list[str] = []
        self._reader = threading.Thread(target=lambda: self.errors.extend(process.stderr or ()), daemon=True)
        self._reader.start()

    def ask(self, user: str, key: str = "k", path: str = "/v1/ai/cloudbase/chat/completions") -> Any:
        data = self.send(path, {"model": "m", "messages": [{"role": "user", "content": user}]}, key)
        return data["choices"][0]["message"]["content"] if "choices" in data else data["code"]

    def send(self, path: str, body: Any, key: str = "k") -> Any:
        connection = http.client.HTTPConnection(self.origin.removeprefix("http://"), timeout=10)
        connection.request("POST", path, json.dumps(body), {"authorization": f"Bearer {key}"})
        data = json.loads(connection.getresponse().read())
        connection.close()
        return data

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        code = self.process.wait(timeout=10)
        self.close()
        return code

    def close(self) -> None:
        self._reader.join(timeout=10)
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()

    def until_said(self, text: str) -> None:
        for _ in range(500):
            if any(text in line for line in self.errors):
                return
            time.sleep(0.02)
        raise AssertionError(self.errors)


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    started: list[Served] = []

    def start(*arguments: str, cwd: Path = ROOT, **variables: str) -> Served:
        process = subprocess.Popen(
            [sys.executable, "-m", "emulator", "serve", "--port", "0", *arguments],
            cwd=cwd,
            env=environment(**variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(Served(process))
        return started[-1]

    yield start
    for served in started:
        if served.process.poll() is None:
            served.process.kill()
            served.process.wait()
        served.close()


def test_serve_prints_a_base_url_and_a_curl_line_that_works(serve: Callable[..., Served]) -> None:
    served = serve()
    assert f"cloudbase: {served.origin}/v1/ai/cloudbase\n" in served.welcome
    [line] = re.findall("^  (curl .*)$", served.welcome, re.MULTILINE)
    done = subprocess.run(shlex.split(line), capture_output=True, text=True, timeout=20, check=True)
    assert "stop" == json.loads(done.stdout)["choices"][0]["finish_reason"]
    assert 0 == served.stop()
    assert [] == served.errors


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_exit_code_0(serve: Callable[..., Served], number: int) -> None:
    assert 0 == serve().stop(number)


def test_the_curl_line_of_a_users_own_scenario_works_too(serve: Callable[..., Served], tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(SCENARIO)
    served = serve(".", cwd=tmp_path)
    assert '"content": "Hi"' in served.welcome or '"content":"Hi"' in served.welcome


def test_without_a_path_it_serves_the_folder_scenarios_or_else_the_tour(
    serve: Callable[..., Served], tmp_path: Path
) -> None:
    assert "Hello! How can I help you today?" == serve(cwd=tmp_path).ask("Hello")
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "mine.yaml").write_text(SCENARIO)
    served = serve(cwd=tmp_path)
    assert ("Hello!", "NO_SCENARIO_STEP") == (served.ask("Hi"), served.ask("Hello"))


def test_a_changed_file_is_loaded_again_and_a_broken_one_replaces_nothing(
    serve: Callable[..., Served], tmp_path: Path
) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(SCENARIO)
    served = serve(str(file))
    assert "Hello!" == served.ask("Hi")
    file.write_text(SCENARIO.replace("reply", "repyl"))
    served.until_said("1 problem; the scenarios loaded before stay in force")
    assert "Hello!" == served.ask("Hi")
    file.write_text(SCENARIO.replace("Hello!", "Good day!"))
    served.until_said("reloaded: 1 scenario\n")
    assert "Good day!" == served.ask("Hi")
    assert 0 == served.stop()
    assert any(line.startswith(f"{file}:3:") and "Did you mean 'reply'?" in line for line in served.errors)


def test_nothing_is_watched_where_that_is_not_wanted(serve: Callable[..., Served], tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(SCENARIO)
    served = serve(str(file), "--no-watch")
    file.write_text(SCENARIO.replace("Hello!", "Good day!"))
    time.sleep(1)
    assert "Hello!" == served.ask("Hi")


def test_a_miss_is_said_on_stderr_and_an_answer_only_where_asked_for(serve: Callable[..., Served]) -> None:
    quiet, loud, machine = serve(), serve("--verbose"), serve("--log", "json")
    for served in (quiet, loud, machine):
        served.ask("Hello")
        served.ask("Good evening")
        assert 0 == served.stop()
    path = "cloudbase POST /v1/ai/cloudbase/chat/completions"
    assert quiet.errors[0].startswith(f"{path} 404 no scenario step matched (session '")
    assert f"{path} 200 hello/greeting\n" == loud.errors[0]
    [line] = machine.errors
    event = json.loads(line)
    assert ("miss", 404) == (event["event"], event["status"])


def test_options_are_environment_variables(serve: Callable[..., Served], tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(SCENARIO)
    served = serve(str(tmp_path), EMULATOR_API_KEY="one,two", EMULATOR_TIME_SCALE="0", EMULATOR_WATCH="no")
    assert ["Hello!", "Hello!", "INVALID_CREDENTIALS"] == [served.ask("Hi", key) for key in ("one", "two", "three")]


def test_a_setting_of_a_provider_is_an_option(serve: Callable[..., Served], tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(SCENARIO)
    served = serve(str(tmp_path), "--set", "cloudbase.groups=mine+yours")
    path = "/v1/ai/{}/chat/completions"
    answers = [served.ask("Hi", path=path.format(group)) for group in ("mine", "yours", "cloudbase")]
    assert ["Hello!", "Hello!", "AI_MODEL_NOT_FOUND"] == answers


@pytest.mark.parametrize(("word", "shape"), [("true", "error"), ("Off", "code"), ("0", "code"), ("yes", "error")])
def test_a_setting_that_is_true_or_false_is_written_as_a_word(
    serve: Callable[..., Served], tmp_path: Path, word: str, shape: str
) -> None:
    (tmp_path / "mine.yaml").write_text("version: 1\nsteps:\n  - {reply: {error: overloaded}}\n")
    served = serve(str(tmp_path), "--set", f"cloudbase.native_errors={word}")
    body = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}
    assert shape in served.send("/v1/ai/cloudbase/v1/messages", body)


def test_a_hundred_open_streams_end_within_a_second(serve: Callable[..., Served], tmp_path: Path) -> None:
    """The machine is shared, so the best of three counts; nothing is measured beside it, for that takes time too."""
    (tmp_path / "slow.yaml").write_text(
        "version: 1\nsteps:\n  - reply: {text: one two, stream: {every: 60s, chunk: word}}\n"
    )
    unmeasured = {name: "" for name in os.environ if name.startswith(("COV_CORE_", "COVERAGE_"))}
    seconds = [_stop_with_streams(serve(str(tmp_path), "--no-watch", **unmeasured)) for _ in range(3)]
    assert min(seconds) < 1


def _stop_with_streams(served: Served) -> float:
    """How long a server with a hundred open streams takes to end."""
    port = int(served.origin.rpartition(":")[2])
    body = json.dumps({"model": "m", "stream": True, "messages": [{"role": "user", "content": "Hi"}]}).encode()
    head = (
        "POST /v1/ai/cloudbase/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer k\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    streams = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(100)]
    for stream in streams:
        stream.sendall(head.encode() + body)
    for stream in streams:
        assert b"one" in stream.recv(65536)
    began = time.monotonic()
    assert 0 == served.stop()
    seconds = time.monotonic() - began
    for stream in streams:
        stream.close()
    assert [] == served.errors
    return seconds


# ---------------------------------------------------------------- the other commands


def test_validate_says_every_problem_and_exits_with_1(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(SCENARIO.replace("reply", "repyl"))
    (tmp_path / "b.yaml").write_text("version: 2\n")
    code, output, errors = run("validate", ".", cwd=tmp_path)
    lines = output.splitlines()
    assert (1, f"{len(lines)} problems.\n") == (code, errors)
    assert any(line.startswith("a.yaml:3:") for line in lines)
    assert any(line.startswith("b.yaml:1:") for line in lines)


def test_validate_says_when_there_is_no_problem() -> None:
    code, output, errors = run("validate", "--strict", "scenarios")
    assert (0, "") == (code, output)
    assert re.fullmatch(rf"{FILES} scenarios, \d+ steps: no problems\.\n", errors)


def test_schema_prints_json() -> None:
    code, output, _ = run("schema")
    assert (0, "object") == (code, json.loads(output)["type"])


def test_health_asks_a_server(serve: Callable[..., Served]) -> None:
    served = serve()
    code, output, _ = run("health", "--url", served.origin)
    assert (0, f"ok: {emulator.__version__}, {FILES} scenarios\n") == (code, output)
    assert 0 == run("health", EMULATOR_URL=served.origin)[0]


def test_health_asks_at_the_port_that_a_variable_names(serve: Callable[..., Served]) -> None:
    assert 0 == run("health", EMULATOR_PORT=serve().origin.rpartition(":")[2])[0]


def test_what_a_server_keeps_is_bounded_by_options(serve: Callable[..., Served]) -> None:
    served = serve("--journal-entries", "2", EMULATOR_MAX_SESSIONS="3")
    for number in range(5):
        served.ask("Hello", f"key-{number}")
    connection = http.client.HTTPConnection(served.origin.removeprefix("http://"), timeout=10)
    connection.request("GET", "/_emulator/journal")
    assert 2 == len(json.loads(connection.getresponse().read())["exchanges"])
    connection.request("GET", "/_emulator/health")
    assert 3 == json.loads(connection.getresponse().read())["sessions"]
    connection.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "the following arguments are required: COMMAND"),
        (("srve",), 2, "invalid choice: 'srve'"),
        (("serve", "--port", "99999"), 2, "'99999' is no port; 0 to 65535 are"),
        (("serve", "--port", "x"), 2, "argument --port: 'x' is no port"),
        (("serve", "--seed", "x"), 2, "'x' came, a whole number is wanted"),
        (("serve", "--time-scale", "x"), 2, "'x' came, a number is wanted"),
        (("serve", "--time-scale", "-1"), 2, "-1 came, 0 or more is wanted"),
        (("serve", "--body-seconds", "0"), 2, "0 came, more than 0 is wanted"),
        (("serve", "--clock", "sun"), 2, "invalid choice: 'sun'"),
        (("serve", "--set", "cloudbase.strem_style=sdk"), 1, "did you mean 'cloudbase.stream_style'?"),
        (("serve", "--set", "nothing"), 1, "unknown setting"),
        (("serve", "--set", "cloudbase.stream_style=x"), 1, "'x' is not one of auto, openai, sdk"),
        (("serve", "--set", "cloudbase.restores=maybe"), 1, "'maybe' came, true or false is wanted"),
        (("serve", "nowhere"), 1, "nowhere"),
        (("validate",), 2, "PATH"),
        (("validate", "nowhere"), 1, "1 problem."),
        (("health", "--url", "ftp://x"), 1, "'ftp://x' is no URL"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(arguments: tuple[str, ...], code: int, said: str, tmp_path: Path) -> None:
    actual, _, errors = run(*arguments, cwd=tmp_path)
    assert code == actual
    assert said in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("EMULATOR_PORT", "x", "argument --port: 'x' is no port; 0 to 65535 are"),
        ("EMULATOR_CLOCK", "sun", "EMULATOR_CLOCK: 'sun' is not one of deterministic, real"),
        ("EMULATOR_WATCH", "x", "EMULATOR_WATCH: 'x' came, true or false is wanted"),
    ],
)
def test_a_variable_is_checked_like_its_option(variable: str, value: str, said: str) -> None:
    code, _, errors = run("serve", cwd=ROOT, **{variable: value})
    assert (2, True) == (code, said in errors), errors


def test_a_port_that_is_taken_is_said(serve: Callable[..., Served]) -> None:
    taken = serve().origin.rpartition(":")[2]
    code, _, errors = run("serve", "--port", taken)
    assert (1, True) == (code, errors.startswith(f"can't listen on 127.0.0.1:{taken}:"))


def test_a_server_that_is_not_there_is_not_healthy() -> None:
    port = free_port()
    code, _, errors = run("health", "--url", f"http://127.0.0.1:{port}")
    assert (1, True) == (code, errors.startswith(f"http://127.0.0.1:{port}/_emulator/health does not answer: "))


def test_help_explains_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["serve", "--help"])
    assert 0 == caught.value.code
    text = capsys.readouterr().out
    options = re.findall(r"^  (--[a-z-]+)", text, re.MULTILINE)
    assert {"--host", "--port", "--watch", "--time-scale", "--seed", "--set"} <= set(options)
    assert options == [option for option in options if f"EMULATOR_{option[2:].replace('-', '_').upper()}" in text]
