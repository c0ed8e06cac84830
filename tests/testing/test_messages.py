"""What pytest says of a test that went wrong: words that a newcomer can act on, compared with golden files."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

SCENARIOS = {
    "weather.yaml": """
version: 1
steps:
  - name: ask
    when:
      user: "*weather*"
      tool_result: none
    reply:
      tool_calls:
        - {name: get_weather, arguments: {city: Beijing}}
  - name: tell
    when: {tool_result: {name: get_weather}}
    reply: {text: It is sunny.}
""",
    "typo.yaml": """
version: 1
steps:
  - name: slow
    reply:
      text: Hello!
      strem: {first_token: 300ms}
  - name: stopped
    reply: {text: Hello!, finish: stopp}
""",
    "script.yaml": """
version: 1
order: sequence
steps:
  - name: plan
    reply: {text: First I look.}
  - name: "done"
    reply: {text: Here it is.}
""",
    "busy.yaml": """
version: 1
steps:
  - name: busy-once
    replies:
      - {error: rate_limited, retry_after: 30s}
      - {text: Hello!}
""",
}

TESTS = """
import openai
import pytest
from openai import OpenAI

WEATHER = {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}


def ask(emulator, user, **options):
    with OpenAI(**emulator.cloudbase.openai, max_retries=0) as client:
        messages = [{"role": "user", "content": user}]
        return client.chat.completions.create(model="hy3-preview", messages=messages, **options).choices[0].message


@pytest.mark.scenario("typo.yaml")
def test_typo(emulator):
    assert ask(emulator, "hello").content == "Hello!"


def test_typo_in_code(emulator):
    emulator.on(user="hello").reply(txt="Hello!")


@pytest.mark.scenario("weather.yaml")
def test_no_step(emulator):
    with pytest.raises(openai.NotFoundError):
        ask(emulator, "How warm is it?")


def test_no_scenario(emulator):
    with pytest.raises(openai.NotFoundError):
        ask(emulator, "hello")


@pytest.mark.scenario("script.yaml")
def test_unused_step(emulator):
    assert ask(emulator, "Find it.").content == "First I look."


@pytest.mark.scenario("busy.yaml")
def test_retry_after_ignored(emulator):
    with pytest.raises(openai.RateLimitError):
        ask(emulator, "hello")
    assert ask(emulator, "hello").content == "Hello!"
    assert emulator.verdict.ok, emulator.verdict


@pytest.mark.scenario("weather.yaml")
def test_tool_call_unanswered(emulator):
    assert ask(emulator, "What is the weather?", tools=[WEATHER]).tool_calls
    assert emulator.verdict.ok, emulator.verdict


def test_not_requested(emulator):
    emulator.on().reply("Hi")
    ask(emulator, "What is the time?")
    emulator.assert_requested(user="*weather*", times=1)
"""
NAMES = re.findall(r"^def test_(\w+)", TESTS, re.MULTILINE)
GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def said(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Runs one of the tests, and gives what pytest says of it in a terminal."""
    for name in ("CI", "BUILD_NUMBER"):  # there its summary has longer lines
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")

    def run(name: str) -> str:
        folder = pytester.mkdir("scenarios")
        for file, text in SCENARIOS.items():
            folder.joinpath(file).write_text(text.lstrip("\n"), encoding="utf-8")
        pytester.makepyfile(test_agent=TESTS)
        pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
        test = f"test_agent.py::test_{name}"
        result = pytester.runpytest_inprocess(test, "-p", "no:cacheprovider", "--no-header", "--tb=short")
        assert 1 == result.ret
        return steady("\n".join(result.outlines), pytester.path)

    return run


def steady(text: str, folder: Path) -> str:
    """Without what is of this run alone: ids that come of keys, durations, lines of dashes, the folder."""
    text = text.partition("\n\n")[2]
    text = text.replace(str(folder), "FOLDER")
    text = re.sub(r"em-[0-9a-f]{8}", "em-XXXXXXXX", text)
    text = re.sub(r"repeats it (at once|after \d+\.\d+ s)", "repeats it too early", text)
    text = re.sub(r"\d+\.\d+ ?s\b", "N s", text)
    text = re.sub(r"^([=_-])\1* (.*?) \1\1*$", r"== \2 ==", text, flags=re.MULTILINE)
    return text.rstrip("\n") + "\n"


@pytest.mark.parametrize("name", NAMES)
def test_a_failure_says_what_is_wrong_and_what_would_be_right(
    said: Callable[[str], str], name: str, request: pytest.FixtureRequest
) -> None:
    file = GOLDEN / f"{name}.txt"
    actual = said(name)
    if request.config.getoption("--golden-update"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(actual, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == actual
    assert "Traceback" not in actual
    assert "emulator/" not in actual
