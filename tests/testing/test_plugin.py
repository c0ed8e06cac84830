"""The pytest plugin as a user has it: test files in a folder, and what pytest says of them."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.live import Live

WEATHER = """
version: 1
steps:
  - name: ask
    when: {user: "*weather*"}
    reply: {text: It is sunny.}
"""

ASKS = '''
import http.client
import json
from urllib.parse import urlsplit

import pytest

from emulator import Session, error, text, tool_call


def ask(session, user, **fields):
    """A client as small as can be: what the model says, or the status."""
    url = urlsplit(session.cloudbase.url)
    body = {"model": "m", "messages": [{"role": "user", "content": user}], **fields}
    connection = http.client.HTTPConnection(url.netloc, timeout=10)
    headers = {"authorization": f"Bearer {session.key}", "content-type": "application/json"}
    connection.request("POST", f"{url.path}/chat/completions", json.dumps(body), headers)
    reply = connection.getresponse()
    said = json.loads(reply.read())
    connection.close()
    return said["choices"][0]["message"].get("content") if reply.status == 200 else reply.status
'''

Run = Callable[..., pytest.RunResult]


@pytest.fixture
def run(pytester: pytest.Pytester) -> Run:
    """Runs a test file, beside which `scenarios/weather.yaml` lies."""

    def run(tests: str, *arguments: str, **options: str) -> pytest.RunResult:
        pytester.mkdir("scenarios").joinpath("weather.yaml").write_text(WEATHER, encoding="utf-8")
        settings = {"asyncio_mode": "auto", "asyncio_default_fixture_loop_scope": "function", **options}
        lines = "\n".join(f"{name} = {value}" for name, value in settings.items())
        pytester.makeini(f"[pytest]\nfilterwarnings = error\n{lines}\n")
        pytester.makepyfile(test_it=ASKS + tests)
        return pytester.runpytest_inprocess("-p", "no:cacheprovider", "--strict-markers", *arguments)

    return run


def outcomes(result: pytest.RunResult) -> dict[str, int]:
    return {name: count for name, count in result.parseoutcomes().items() if name not in {"warnings", "warning"}}


# ---------------------------------------------------------------- fixtures and marks


def test_a_test_gets_the_scenarios_that_it_is_marked_with(run: Run, pytester: pytest.Pytester) -> None:
    beside = pytester.path / "beside.yaml"
    beside.write_text("version: 1\nsteps: [{when: {user: beside}, reply: {text: here}}]", encoding="utf-8")
    result = run(
        """
pytestmark = pytest.mark.scenario("beside.yaml")

@pytest.mark.scenario("weather.yaml")
def test_sync(emulator: Session):
    assert "It is sunny." == ask(emulator, "the weather?")
    assert "here" == ask(emulator, "beside")
    emulator.assert_requested(user="*weather*", times=1)
    assert ["beside.yaml:2", "scenarios/weather.yaml:4"] == sorted(place for _, place in emulator.steps)

@pytest.mark.scenario("weather.yaml")
async def test_async(emulator):
    import asyncio
    assert "It is sunny." == await asyncio.to_thread(ask, emulator, "the weather?")

class TestClass:
    def test_method(self, emulator):
        assert 1 == len(emulator.steps)
        assert () == emulator.requests
"""
    )
    assert {"passed": 3} == outcomes(result)


def test_a_test_says_how_its_emulator_is(run: Run) -> None:
    result = run(
        """
import time

def test_default(emulator):
    emulator.on().reply("late", delay="30s")
    began = time.monotonic()
    assert "late" == ask(emulator, "hello")
    assert time.monotonic() - began < 10

@pytest.mark.emulator(clock="manual", seed=7)
class TestManual:
    @pytest.mark.emulator(seed=255)
    def test_nearest_mark_wins(self, emulator):
        emulator.clock.advance("30s")
        assert 30.0 == emulator.clock.now
        assert emulator.key.endswith("-ff")

@pytest.mark.emulator(time_scale=1)
def test_time(emulator):
    emulator.on().reply("late", delay="200ms")
    began = time.monotonic()
    ask(emulator, "hello")
    assert time.monotonic() - began >= 0.2

@pytest.mark.parametrize("requests", [pytest.param("off", marks=pytest.mark.emulator(requests="off")), "strict"])
def test_requests(emulator, requests):
    emulator.on().reply("a")
    assert ("a" if requests == "off" else 400) == ask(emulator, "hello", temperature="hot")

@pytest.mark.emulator(limits={"requests_per_minute": 1})
def test_limits(emulator):
    emulator.on().reply("a")
    assert ["a", 429] == [ask(emulator, "one"), ask(emulator, "two")]
"""
    )
    assert {"passed": 6} == outcomes(result)


def test_the_factory_makes_sessions_that_know_nothing_of_each_other(run: Run) -> None:
    result = run(
        """
def test_two(emulator, emulator_factory, emulator_server):
    other = emulator_factory("weather.yaml", clock="manual")
    emulator.on().reply("mine")
    assert ["mine", "It is sunny."] == [ask(one, "weather") for one in (emulator, other)]
    assert [1, 1] == [len(one.requests) for one in (emulator, other)]
    assert other.url.startswith(emulator_server.url)

def test_the_factory_alone(emulator_factory):
    ask(emulator_factory(), "nothing is here")
"""
    )
    assert {"passed": 1, "failed": 1} == outcomes(result)
    result.stdout.fnmatch_lines(["*1 request found no step that answers.*"])


def test_the_environment_is_set_for_the_test_and_its_children_and_for_nobody_else(run: Run) -> None:
    result = run(
        """
import os
import subprocess
import sys

def test_set(emulator_env, monkeypatch):
    script = "import os; print(os.environ['OPENAI_BASE_URL'], os.environ.get('ANTHROPIC_API_KEY'))"
    printed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert f"{emulator_env.cloudbase.url} None\\n" == printed
    assert emulator_env.key == os.environ["ANTHROPIC_AUTH_TOKEN"] == os.environ["GEMINI_API_KEY"]

def test_not_set(emulator):
    assert "CLOUDBASE_APIKEY" not in os.environ
"""
    )
    assert {"passed": 2} == outcomes(result)


def test_folders_of_scenarios_are_an_ini_setting(run: Run, pytester: pytest.Pytester) -> None:
    folder = pytester.mkdir("elsewhere")
    folder.joinpath("other.yaml").write_text(WEATHER, encoding="utf-8")
    tests = """
@pytest.mark.scenario("other.yaml")
def test_found(emulator):
    assert "It is sunny." == ask(emulator, "the weather?")
"""
    assert {"passed": 1} == outcomes(run(tests, emulator_scenarios="elsewhere"))


MISTAKES = [
    ('@pytest.mark.scenario("wether.yaml")', "there is no scenario 'wether.yaml'*Did you mean 'weather.yaml'?"),
    ('@pytest.mark.scenario("x/y.yaml")', "there is no scenario 'x/y.yaml', neither in *scenarios nor in *"),
    ("@pytest.mark.emulator(strikt=False)", "the mark 'emulator' has no setting 'strikt'. Did you mean 'strict'?"),
    ("@pytest.mark.emulator(a=1)", "the mark 'emulator' has no setting 'a'. There are time_scale, clock, *"),
    ("@pytest.mark.emulator(time_scale=-1)", "time_scale: -1 is less than 0, the least there is."),
    ('@pytest.mark.emulator(clock="wall")', "clock: 'wall' is not one of deterministic, real, manual."),
]


@pytest.mark.parametrize(("mark", "sentence"), MISTAKES, ids=[mark for mark, _ in MISTAKES])
def test_a_mark_that_can_not_be_used_is_said(run: Run, mark: str, sentence: str) -> None:
    result = run(f"{mark}\ndef test_it(emulator):\n    assert False, 'it runs'\n")
    assert {"errors": 1} == outcomes(result)
    result.stdout.fnmatch_lines([sentence])
    result.stdout.no_fnmatch_line("*Traceback*")


# ---------------------------------------------------------------- the end of a test

SHORT = """
def test_miss(emulator):
    emulator.on(user="a").reply("A")
    ask(emulator, "b")

@pytest.mark.emulator(strict=False)
def test_miss_is_meant(emulator):
    assert 404 == ask(emulator, "b")
    emulator.on(user="a").reply("A", times=1)

def test_unused(emulator):
    emulator.on(user="a").reply("A", times=1)

def test_unused_without_times(emulator):
    emulator.on(user="a").reply("A")

def test_unused_in_a_sequence(emulator):
    emulator.load({"order": "sequence", "steps": [{"reply": text("a")}, {"reply": text("b")}]})
    ask(emulator, "one")

def test_no_reply(emulator):
    emulator.on(user="a")

def test_its_own_failure_comes_first(emulator):
    ask(emulator, "b")
    assert "its own" == "failure"

@pytest.mark.xfail(strict=True)
def test_expected_to_fall_short(emulator):
    ask(emulator, "b")

def test_a_mistyped_base_url(emulator):
    connection = http.client.HTTPConnection(urlsplit(emulator.url).netloc, timeout=10)
    connection.request("POST", "/v1/chat/completion", "{}", {"authorization": f"Bearer {emulator.key}"})
    connection.getresponse().read()
    connection.close()

@pytest.fixture
def late(emulator):
    yield
    ask(emulator, "b")

def test_late(late):
    pass
"""


def test_a_test_fails_at_its_end_where_script_and_requests_did_not_fit(run: Run) -> None:
    result = run(SHORT, "-rA")
    assert {"failed": 6, "passed": 3, "errors": 1, "xfailed": 1} == outcomes(result)
    lines = result.outlines
    said = {
        name: kind
        for kind, name in re.findall(r"^(FAILED|PASSED|ERROR|XFAIL) test_it.py::(\w+)", "\n".join(lines), re.MULTILINE)
    }
    assert {
        "test_miss": "FAILED",
        "test_miss_is_meant": "PASSED",
        "test_unused": "FAILED",
        "test_unused_without_times": "PASSED",
        "test_unused_in_a_sequence": "FAILED",
        "test_no_reply": "FAILED",
        "test_its_own_failure_comes_first": "FAILED",
        "test_expected_to_fall_short": "XFAIL",
        "test_a_mistyped_base_url": "FAILED",
        "test_late": "ERROR",
    } == said
    result.stdout.fnmatch_lines(["E * AssertionError: assert 'its own' == 'failure'"])
    result.stdout.fnmatch_lines(["test_it.py:*: this on(…) replies nothing. End it with .reply(…) or .replies(…)."])
    result.stdout.fnmatch_lines(["*after the test's end*"])


def test_a_failing_test_shows_what_was_said(run: Run) -> None:
    result = run(
        """
@pytest.mark.scenario("weather.yaml")
def test_it(emulator, emulator_factory):
    ask(emulator, "the weather? " + "x" * 2000)
    emulator_factory()
    assert False
"""
    )
    result.stdout.fnmatch_lines(
        [
            "*- emulator -*",
            "request 1: POST /v1/ai/cloudbase/chat/completions (cloudbase, chat, model 'm')",
            '  > {"model": "m"*… (* more letters)',
            "  200 by weather/ask (scenarios/weather.yaml:4)",
            '  < {"id": *It is sunny.*',
            "",
            "no request came",
        ]
    )


# ---------------------------------------------------------------- options

TWO = """
@pytest.mark.scenario("weather.yaml")
def test_good(emulator):
    ask(emulator, "the weather <b>in</b> Bern", stream=False)

@pytest.mark.scenario("weather.yaml")
def test_bad(emulator):
    emulator.on(user="busy").reply(error("rate_limited"))
    emulator.on(user="never").reply("a")
    ask(emulator, "busy")
    assert "<i>" == ask(emulator, "the weather")

def test_without():
    pass
"""


def test_a_transcript_of_each_test_is_a_page(run: Run, pytester: pytest.Pytester) -> None:
    run(TWO, "--emulator-report", "out/pages", "--junitxml", "junit.xml", "-p", "no:randomly")
    pages = {file.name.rpartition("-")[0]: file for file in (pytester.path / "out/pages").iterdir()}
    assert {"test_it.py-test_good", "test_it.py-test_bad"} == set(pages)
    good, bad = (pages[f"test_it.py-{name}"].read_text(encoding="utf-8") for name in ("test_good", "test_bad"))
    assert good.startswith("<!DOCTYPE html>")
    assert ("&lt;b&gt;in&lt;/b&gt;" in good, "<b>" in good, "scenarios/weather.yaml:4" in good) == (True, False, True)
    assert (1, 2) == (good.count("request 1:"), bad.count("<h2>request"))
    assert ('<span class="failed">' in bad, "429 rate_limited" in bad, "<i>" in bad) == (True, True, False)
    assert not re.search(r"https?://(?!127\.0\.0\.1)|<script|src=|Bearer", good + bad)
    cases = ET.parse(pytester.path / "junit.xml").iter("testcase")  # noqa: S314 - pytest has just written it
    named = {case.get("name"): [prop.get("value") for prop in case.iter("property")] for case in cases}
    assert {
        "test_good": [str(pages["test_it.py-test_good"])],
        "test_bad": [str(pages["test_it.py-test_bad"])],
        "test_without": [],
    } == named


COVERED = [
    "*= emulator coverage =*",
    "steps: 2 of 3 answered",
    "  never: on-2/step-1 (test_it.py:*)",
    "protocols: cloudbase chat",
    "errors: rate_limited",
    "finishes: stop",
]


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one process", "two workers"])
def test_the_end_says_what_the_run_has_exercised(run: Run, workers: tuple[str, ...]) -> None:
    run(TWO, "--emulator-coverage", *workers).stdout.fnmatch_lines(COVERED)


def test_the_same_tests_run_against_a_server_that_is_up(
    run: Run, scripted: Callable[..., Live], monkeypatch: pytest.MonkeyPatch
) -> None:
    live = scripted("steps: [{reply: {text: of the server}}]", control_token="secret")
    monkeypatch.setenv("EMULATOR_CONTROL_TOKEN", "secret")
    result = run(
        f"""
@pytest.mark.scenario("weather.yaml")
def test_its_own_scenario(emulator, emulator_server):
    assert "{live.origin}" == emulator_server.url
    assert ["It is sunny.", 404] == [ask(emulator, user) for user in ("weather", "hello")]
    emulator.assert_requested(times=2)

def test_a_new_session(emulator):
    assert () == emulator.requests
""",
        "--emulator-url",
        live.origin,
    )
    assert {"passed": 1, "failed": 1} == outcomes(result)
    # Nothing of a test stays on the server.
    assert (0, 0) == (len(live.server.app.sessions), len(live.server.app.journal))


def test_a_server_that_is_not_up_ends_the_run_in_a_sentence(run: Run) -> None:
    result = run("def test_it(emulator):\n    pass\n", "--emulator-url", "http://127.0.0.1:9")
    assert pytest.ExitCode.USAGE_ERROR == result.ret
    text = "\n".join((*result.outlines, *result.errlines))
    assert "--emulator-url: no emulator answers at http://127.0.0.1:9: Connection refused" in text


def test_a_server_that_goes_away_is_said(run: Run, scripted: Callable[..., Live]) -> None:
    live = scripted("steps: [{reply: {text: a}}]")
    result = run(
        f"""
def test_it(emulator):
    connection = http.client.HTTPConnection("{live.origin[7:]}", timeout=10)
    connection.request("DELETE", f"/_emulator/sessions/{{emulator.id}}")
    connection.getresponse().read()
    connection.close()
    assert False, "its own failure"
""",
        "--emulator-url",
        live.origin,
    )
    result.stdout.fnmatch_lines(["there is no session 'em-*", "E * AssertionError: its own failure"])
    assert {"failed": 1, "errors": 1} == outcomes(result)


def test_a_session_may_be_ended_by_its_test(run: Run) -> None:
    result = run(
        """
def test_it(emulator):
    emulator.on(user="a").reply("A", times=1)
    ask(emulator, "a")
    emulator.end()
    emulator.end()
    assert () == emulator.unused

def test_short(emulator):
    ask(emulator, "b")
    emulator.end()
"""
    )
    assert {"passed": 1, "failed": 1} == outcomes(result)
    result.stdout.fnmatch_lines(["1 request found no step that answers."])


def test_nothing_is_loaded_for_tests_that_use_nothing(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
import sys

def test_it():
    loaded = [name for name in sys.modules if name.partition(".")[0] in {"emulator", "aiohttp", "pydantic"}]
    assert ["emulator", "emulator.testing", "emulator.testing.plugin"] == sorted(loaded)
"""
    )
    result: Any = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:aiohttp")
    result.assert_outcomes(passed=1)


def test_what_a_plugin_exports_is_there(pytestconfig: pytest.Config) -> None:
    plugin = pytestconfig.pluginmanager.get_plugin("maas_emulator")
    assert plugin is not None
    assert Path(plugin.__file__).name == "plugin.py"
