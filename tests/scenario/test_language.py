"""The examples of the language's own page."""

from textwrap import dedent

import pytest

from emulator.scenario import load_text
from tests.scenario.tables import NAMES, request, scenario

WEATHER = """\
    # yaml-language-server: $schema=scenario.schema.json
    version: 1
    name: weather-tool-loop
    description: The two-request tool loop of the CloudBase documentation.
    order: any
    vars: {unit: "°C"}
    models: [hy3-preview]
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
          text: "It is {{ tool_result.json.temperature }} and {{ tool_result.json.weather }} in Beijing."

      - name: rate-limited-twice
        when: {user: "hello"}
        replies:
          - {error: rate_limited, retry_after: 1s, times: 2}
          - {text: "Hello!"}
"""

REPLIES = [
    """\
    when: {user: {regex: "in (?P<city>[A-Z]+)"}}
    reply:
      reasoning: "The user wants the weather."
      text: "Let me look."
      tool_calls:
        - {name: get_current_weather, arguments: {location: Beijing}}
        - {name: get_time, arguments: "{\\"zone\\": \\"Asia/Sh", id: call_7}
      finish: auto
      usage: {input: 10, output: 20, cached_input: 0, cache_write: 0, reasoning: 5}
      model: hy3-preview-0901
      headers: {x-request-id: req-1}
      set: {asked: "{{ match.city }}"}
    """,
    'reply: {text: a, finish: stop_sequence, stop_sequence: "STOP"}',
    """\
    reply:
      content:
        - reasoning: {text: "…", signature: "sig-1"}
        - text: "First this."
        - tool_call: {name: a, arguments: {}}
        - text: "Then that."
    """,
    "reply: {json: {temperature: 25}}",
    "reply: {from_schema: true}",
    "reply: {refusal: I can't help with that.}",
    "reply: {choices: [{text: a}, {text: b}]}",
    "reply: {embeddings: {dimensions: 1024}}",
    "reply: {echo: true}",
    "reply: {text: a, logprobs: auto}",
    "reply: {text: a, logprobs: [{token: a, logprob: -0.1, top: [[b, -2.5]]}]}",
    'reply: {tool_calls: [{name: a, input: "…"}]}',
    "reply: {content: [{web_search: {query: q, results: [{url: u, title: t, text: x}]}}, {text: a}]}",
    "reply: {blocked: SAFETY}",
    "reply: {text: a, metadata: {note: b, search_info: {}}}",
    'reply: {error: rate_limited, retry_after: 2s, message: "…"}',
    'reply: {error: {name: overloaded, status: 529, message: "…", code: "…", type: "…"}}',
    "reply: {error: {status: 503, body: {anything: here}, headers: {}}}",
    'reply: {raw: {status: 200, headers: {}, body: "…"}}',
    'reply: {raw: {sse: ["data: …\\n\\n", "data: [DONE]\\n\\n"]}}',
    """\
    reply:
      text: Beijing is warm, and so it was yesterday, and the day before.
      delay: 250ms
      stream:
        chunk: token
        first_token: 300ms
        rate: 50/s
        jitter: 20%
        keep_alive: 15s
        at:
          - {chunk: 3, stall: 2s}
          - {chunk: 5, gate: approve}
          - {text: "Beijing", error: overloaded}
    """,
    "reply: {text: Hello, stream: {at: [{chunk: 1, reset: true}]}}",
    "reply: {text: Hello, stream: {at: [{chunk: 1, close: true}]}}",
    "reply: {text: Hello, stream: {at: [{chunk: 1, truncate: true}]}}",
    'reply: {text: Hello, stream: {at: [{chunk: 1, garbage: "data: {oops\\n\\n"}, {chunk: 1, split: 3}]}}',
    "reply: {text: Hello, stream: {at: [{chunk: 0, duplicate: true}, {chunk: 1, drop: true}]}}",
    "reply: {text: Hello, stream: {at: [{chunk: 1, comment: hi}]}}",
    "reply: {text: Hello, stream: {at: [{after: 1.2s, stall: 1s}]}}",
    "reply: {text: Hello, stream: {every: 20ms, chunk: {chars: 8}}}",
    'reply: {text: Hello, stream: {chunk: ["Hel", "lo"]}}',
    "reply: {text: Hello, stream: {chunk: whole, profile: [0ms, 31ms, 12ms]}}",
    *[f"reply: {{text: Hello, fault: {fault}}}" for fault in ("reset", "close", "empty", "hang", "{truncate: 50%}")],
    'reply: {text: Hello, fault: {garbage: "…"}}',
    "replies: [{error: overloaded, chance: 10%}, {text: Hello}]",
    "replies: [{error: rate_limited}, {error: rate_limited}, {text: ok}]",
]

FILES = [
    "limits: {requests_per_minute: 60, tokens_per_minute: 10000, concurrent: 5}",
    "chaos: {error: overloaded, chance: 5%, seed: 7}",
    "order: sequence\non_end: repeat",
    "order: sequence\non_end: last",
]


def test_the_example_of_a_file_loads() -> None:
    loaded = load_text(dedent(WEATHER).encode(), "weather.yaml", NAMES)
    expected = ["ask-for-weather", "tell-the-weather", "rate-limited-twice"]
    assert ((), [f"weather-tool-loop/{name}" for name in expected], ("hy3-preview",)) == (
        loaded.problems,
        [step.name for step in loaded.scenarios[0].steps],
        loaded.scenarios[0].models,
    )


@pytest.mark.parametrize("reply", REPLIES)
def test_the_examples_of_replies_load(reply: str) -> None:
    step = "\n    ".join(dedent(reply).splitlines())
    assert 1 == len(scenario(f"steps:\n  - name: example\n    {step}\n").steps)


@pytest.mark.parametrize("top", FILES)
def test_the_examples_of_the_top_of_a_file_load(top: str) -> None:
    assert 1 == len(scenario(f"{top}\nsteps: [{{reply: {{text: a}}}}]").steps)


def test_the_miss_of_the_example_says_why() -> None:
    loaded = load_text(dedent(WEATHER).encode(), "weather.yaml", NAMES).scenarios[0]
    why = loaded.steps[0].checks[0].fails(request(), {})
    assert why is not None
    assert "'hello' does not match '*weather*'" == why()
    result = loaded.steps[1].checks[0].fails(request(), {})
    assert result is not None
    assert "the request carries no tool result" == result()
