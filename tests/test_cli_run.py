"""`maas-emulator run`: the command finds the server, and what was wrong is said afterwards."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from tests.live import ROOT
from tests.test_cli import environment, run

SCENARIO = """
version: 1
order: sequence
steps:
  - {name: first, when: {user: one}, reply: {text: First.}}
  - {name: second, when: {user: two}, reply: {text: Second.}}
"""

ASK = """
import json, os, sys, urllib.error, urllib.request

def ask(text, key=os.environ["OPENAI_API_KEY"]):
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": text}]}).encode()
    url = os.environ["OPENAI_BASE_URL"] + "/chat/completions"
    request = urllib.request.Request(url, body, {"Authorization": "Bearer " + key})
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:
            print(json.load(reply)["choices"][0]["message"]["content"])
    except urllib.error.HTTPError as error:
        print(error.code)
"""


@pytest.fixture
def beside(tmp_path: Path) -> Callable[..., tuple[int, str, str]]:
    """Runs Python code beside a server with a scenario; the exit code, stdout and stderr."""

    def start(code: str, *options: str, scenario: str = SCENARIO, **variables: str) -> tuple[int, str, str]:
        (tmp_path / "s.yaml").write_text(scenario)
        command = ["run", "s.yaml", *options, "--", sys.executable, "-c", ASK + dedent(code)]
        return run(*command, cwd=tmp_path, **variables)

    return start


def test_a_run_in_which_all_is_good_says_so(beside: Callable[..., tuple[int, str, str]]) -> None:
    assert (0, "First.\nSecond.\n", "maas-emulator: 2 requests, all good\n") == beside("ask('one'); ask('two')")


def test_a_miss_and_an_unused_step_are_said_and_end_it_with_1(beside: Callable[..., tuple[int, str, str]]) -> None:
    code, output, errors = beside("ask('one'); ask('three')")
    assert (1, "First.\n404\n") == (code, output)
    first, *nearest, unused, last = errors.splitlines()
    missed = (
        "miss: POST /v1/ai/cloudbase/chat/completions: no scenario step matched (session 'maas-1c4c7eb2', request 2)"
    )
    assert f"{missed}, nearest first:" == first
    assert "  s/second (s.yaml:6) user: 'three' is not 'two'" in nearest
    assert "unused: s/second (s.yaml:6) answered nothing" == unused
    short = "the run fell short: 1 request found no step; 1 step answered nothing; --no-strict lets that pass"
    assert f"maas-emulator: 2 requests, {short}" == last


def test_a_run_that_fell_short_passes_where_that_is_wanted(beside: Callable[..., tuple[int, str, str]]) -> None:
    code, _, errors = beside("ask('one')", "--no-strict")
    assert (0, True) == (code, errors.endswith("1 request, the run fell short: 1 step answered nothing\n"))
    assert 0 == beside("ask('one')", EMULATOR_STRICT="no")[0]


def test_a_command_that_asks_nothing_is_no_good_run(beside: Callable[..., tuple[int, str, str]]) -> None:
    said = "maas-emulator: 0 requests, the run fell short: the command has asked the emulator nothing; "
    assert (1, "", f"{said}--no-strict lets that pass\n") == beside("")


def test_a_client_that_does_not_wait_as_told_fails_the_verdict(beside: Callable[..., tuple[int, str, str]]) -> None:
    scenario = """
version: 1
steps:
  - replies:
      - {error: rate_limited, retry_after: 30s, times: 1}
      - {text: At last.}
"""
    code, output, errors = beside("ask('one'); ask('one')", scenario=scenario)
    assert (1, "429\nAt last.\n") == (code, output)
    assert re.search(r"^fail: retry_after_honoured: ", errors, re.MULTILINE), errors
    assert "the run fell short: 1 rule of the verdict failed; --no-strict lets that pass" in errors


@pytest.mark.parametrize(
    ("second", "said"),
    [
        ("two", "maas-emulator: 2 requests, all good\n"),
        ("one", "unused: s/t (s.yaml:5) answered nothing\nmaas-emulator: 2 requests, the run fell short: "),
    ],
)
def test_what_several_sessions_did_is_put_together(
    beside: Callable[..., tuple[int, str, str]], second: str, said: str
) -> None:
    step = "  - {{name: {}, times: 1, when: {{user: {}}}, reply: {{text: Yes.}}}}\n".format
    code, _, errors = beside(
        f"ask('one', 'a-key'); ask('{second}', 'b-key')",
        scenario=f"version: 1\nsteps:\n{step('s', 'one')}\n{step('t', 'two')}",
    )
    assert ("fell short" in said, True) == (bool(code), errors.startswith(said)), errors


def test_the_steps_of_sessions_that_were_ended_are_not_held_against_a_run(
    beside: Callable[..., tuple[int, str, str]],
) -> None:
    code, _, errors = beside("""
        ask('one')
        origin = os.environ["EMULATOR_URL"] + "/_emulator/"
        [done] = json.load(urllib.request.urlopen(origin + "journal"))["exchanges"]
        end = urllib.request.Request(origin + "sessions/" + done["session"], method="DELETE")
        urllib.request.urlopen(end).close()
    """)
    said = "1 request of sessions that were ended can't be judged\nmaas-emulator: 1 request, all good\n"
    assert (0, said) == (code, errors)


@pytest.mark.parametrize(
    ("code", "ended"),
    [("sys.exit(7)", 7), ("os.kill(os.getpid(), 9)", 137), ("raise SystemExit('no')", 1)],
)
def test_the_exit_code_is_the_commands(beside: Callable[..., tuple[int, str, str]], code: str, ended: int) -> None:
    got, _, errors = beside(f"ask('one'); {code}")
    assert (ended, False) == (got, "--no-strict" in errors)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["run"], 2, "maas-emulator run: there is no command; write the command after two dashes: "),
        (["run", "--"], 2, "maas-emulator run: there is no command; "),
        (["run", "--", "no-such-command"], 127, "maas-emulator run: the command 'no-such-command' is not there\n"),
        (["run", "--", "/"], 126, "maas-emulator run: the command '/' can't be run: Permission denied\n"),
        (["run", "lost.yaml", "--", "true"], 1, "lost.yaml:1:1: there is no such file or folder."),
        (["run", "--provider", "x", "--", "true"], 2, "argument --provider: 'x' is not one of cloudbase, cloudsway, "),
        (["run", "--set", "x.y=1", "--", "true"], 1, "--set x.y=1: unknown setting; "),
    ],
)
def test_what_keeps_a_command_from_running_is_said(words: list[str], code: int, said: str) -> None:
    got, output, errors = run(*words)
    assert (code, "", True) == (got, output, said in errors), errors
    assert "Traceback" not in errors


# ---------------------------------------------------------------- what the command finds

SDKS = """
import anthropic, openai
from google import genai

print(openai.OpenAI().base_url, openai.OpenAI().api_key)
print(anthropic.Anthropic().base_url, anthropic.Anthropic().auth_token, anthropic.Anthropic().api_key)
api = genai.Client()._api_client
print(api._http_options.base_url, api.api_key, bool(api.vertexai))
"""
OWN = {
    "OPENAI_API_KEY": "real",
    "ANTHROPIC_API_KEY": "real",
    "GOOGLE_API_KEY": "real",
    "GOOGLE_GENAI_USE_VERTEXAI": "1",
}


@pytest.mark.parametrize(
    ("provider", "urls"),
    [
        ("cloudbase", ["/v1/ai/cloudbase/", "/v1/ai/cloudbase/", "/plain"]),
        ("cloudsway", ["/v1/ai/EP/", "/EP/", "/v1/ai/EP"]),
        ("enveloped", ["/api/v1/", "/api/anthropic/", "/plain"]),
        ("plain", ["/plain/v1/", "/plain/", "/plain"]),
    ],
)
def test_released_sdks_find_the_server_and_no_real_key(
    beside: Callable[..., tuple[int, str, str]], provider: str, urls: list[str]
) -> None:
    options = ("--no-strict", "--provider", provider, "--set", "cloudsway.endpoints=EP=m")
    code, output, errors = beside(SDKS, *options, **OWN)
    assert 0 == code, errors
    lines = re.sub(r"http://127\.0\.0\.1:\d+", "", output).split("\n")[:3]
    key = "maas-emulator-run"
    assert [f"{urls[0]} {key}", f"{urls[1]} {key} None", f"{urls[2]} {key} False"] == [line.rstrip() for line in lines]


def test_each_provider_has_variables_of_its_own(beside: Callable[..., tuple[int, str, str]]) -> None:
    names = ("CLOUDBASE_BASE_URL", "CLOUDSWAY_BASE_URL", "ENVELOPED_BASE_URL", "PLAIN_BASE_URL", "CLOUDSWAY_API_KEY",
             "EMULATOR_URL", "NO_PROXY")  # fmt: skip
    code = f"print(*(os.environ[name] for name in {names}), sep='\\n')"
    _, output, _ = beside(code, "--api-key", "k-1", "--set", "cloudsway.endpoints=EP=m", NO_PROXY="example.com")
    urls = [re.sub(r"http://127\.0\.0\.1:\d+", "", line) for line in output.splitlines()]
    wanted = ["/v1/ai/cloudbase", "/v1/ai/EP", "/api/v1", "/plain/v1", "k-1", "", "example.com,127.0.0.1,localhost"]
    assert wanted == urls


# ---------------------------------------------------------------- signals


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_goes_to_the_command_which_ends_as_it_likes(tmp_path: Path, number: int) -> None:
    code = f"""
import signal, sys
signal.signal({int(number)}, lambda *_: sys.exit(9))
print("ready", flush=True)
signal.pause()
"""
    command = [sys.executable, "-m", "emulator", "run", "--", sys.executable, "-c", code]
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    # The command too, which holds the pipes.
    watchdog = threading.Timer(30, os.killpg, (process.pid, signal.SIGKILL))
    watchdog.start()
    try:
        assert process.stdout is not None
        assert "ready\n" == process.stdout.readline()
        process.send_signal(number)
        _, errors = process.communicate()
    finally:
        watchdog.cancel()
    assert (9, True) == (process.returncode, "the command has asked the emulator nothing" in errors)


def test_input_and_output_are_the_commands_own(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "emulator", "run", "--no-strict", "--", "cat"]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment(), input=b"\0as\xffis", capture_output=True, timeout=30, check=False
    )
    assert (0, b"\0as\xffis") == (done.returncode, done.stdout)
    assert b"\x1b" not in done.stderr  # plain in a pipe


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="there are no terminals here")
def test_in_a_terminal_the_outcome_is_coloured(tmp_path: Path) -> None:
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "emulator", "run", str(ROOT / "scenarios" / "hello.yaml"), "--", "true"]
    variables = {name: value for name, value in environment(TERM="xterm").items() if name != "NO_COLOR"}
    done = subprocess.run(command, cwd=tmp_path, env=variables, stderr=theirs, timeout=30, check=False)
    os.close(theirs)
    said = os.read(ours, 65536).decode()
    os.close(ours)
    assert (1, True) == (done.returncode, "\x1b[1;31mthe run fell short\x1b[0m" in said)
