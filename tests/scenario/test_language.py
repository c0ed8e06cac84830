"""The examples of the language's own page, as far as this version reads them."""

from textwrap import dedent

import pytest

from emulator.scenario import load_text
from tests.scenario.tables import NAMES, request, scenario

WEATHER = """\
    # yaml-language-server: $schema=scenario.schema.json
    version: 1
    name: weather-tool-loop
    description: The two-request tool loop.
    order: any
    defaults:
      stream: {first_token: 200ms, rate: 40/s}

    steps:
      - name: ask-for-weather
        when:
          user: "*weather*"
          tools: [get_current_weather]
          tool_result: none
        reply:
          tool_calls:
            - name: get_current_weather
              arguments: {location: Beijing}

      - name: tell-the-weather
        when:
          tool_result: {name: get_current_weather}
        reply:
          text: "It is 25 and sunny in Beijing."

      - name: rate-limited-twice
        when: {user: "hello"}
        replies:
          - {error: rate_limited, retry_after: 1s, times: 2}
          - {text: "Hello!"}
"""

REPLIES = [
    """\
    reply:
      reasoning: "The user wants the weather."
      text: "Let me look."
      tool_calls:
        - {name: get_current_weather, arguments: {location: Beijing}}
        - {name: get_time, arguments: "{\\"zone\\": \\"Asia/Sh", id: call_7}
      finish: auto
      usage: {input: 10, output: 20, cached_input: 0, reasoning: 5}
      model: hy3-preview-0901
      headers: {x-request-id: req-1}
    """,
    """\
    reply:
      content:
        - reasoning: {text: "…", signature: "sig-1"}
        - text: "First this."
        - tool_call: {name: a, arguments: {}}
        - text: "Then that."
    """,
    'reply: {error: rate_limited, retry_after: 2s, message: "…"}',
    'reply: {error: {name: overloaded, status: 529, message: "…", code: "…", type: "…"}}',
    "reply: {error: {status: 503, body: {anything: here}, headers: {}}}",
    """\
    reply:
      text: Hello
      delay: 250ms
      stream:
        chunk: token
        first_token: 300ms
        rate: 50/s
        jitter: 20%
    """,
    "reply: {text: Hello, stream: {every: 20ms, chunk: {chars: 8}}}",
    'reply: {text: Hello, stream: {chunk: ["Hel", "lo"]}}',
    "reply: {text: Hello, stream: {chunk: whole}}",
]


def test_the_example_of_a_file_loads() -> None:
    loaded = load_text(dedent(WEATHER).encode(), "weather.yaml", NAMES)
    expected = ["ask-for-weather", "tell-the-weather", "rate-limited-twice"]
    assert ((), [f"weather-tool-loop/{name}" for name in expected]) == (
        loaded.problems,
        [step.name for step in loaded.scenarios[0].steps],
    )


@pytest.mark.parametrize("reply", REPLIES)
def test_the_examples_of_replies_load(reply: str) -> None:
    step = "\n    ".join(dedent(reply).splitlines())
    assert 1 == len(scenario(f"steps:\n  - name: example\n    {step}\n").steps)


def test_the_miss_of_the_example_says_why() -> None:
    loaded = load_text(dedent(WEATHER).encode(), "weather.yaml", NAMES).scenarios[0]
    why = loaded.steps[0].checks[0].fails(request())
    assert why is not None
    assert "'hello' does not match '*weather*'" == why()
    result = loaded.steps[1].checks[0].fails(request())
    assert result is not None
    assert "the request carries no tool result" == result()
