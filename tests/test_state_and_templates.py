"""State and templates as a user sees them: what is set, who sees it when, what templates can name."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.live import Live
from tests.meanwhile import advance, session, words

REMEMBERED = """
steps:
  - name: told
    when: {user: {regex: "I live in (?P<city>\\\\w+)"}}
    reply: {text: "Noted.", set: {city: "{{ match.city }}", count: 3, list: [1, "{{ 1 + 1 }}"]}}
  - name: known
    when: {user: where, state: {city: "*"}}
    reply: {text: "In {{ state.city }}, {{ state.count + 1 }} {{ state.list | json }}."}
  - name: unknown
    when: {user: where}
    reply: {text: Who knows.}
"""


def test_what_a_reply_sets_is_the_state_of_the_requests_after_it(scripted: Callable[..., Live]) -> None:
    live = scripted(REMEMBERED)
    assert ["Who knows.", "Noted.", "In Bern, 4 [1,2]."] == [
        words(live, user) for user in ("where", "I live in Bern", "where")
    ]
    assert {"city": "Bern", "count": 3, "list": [1, 2]} == session(live).state


def test_the_state_is_each_sessions_own_and_gone_with_a_reset(scripted: Callable[..., Live]) -> None:
    live = scripted(REMEMBERED)
    words(live, "I live in Bern")
    assert "Who knows." == words(Live(live.server, live.loop), "where")
    live.run(reset(live))
    assert "Who knows." == words(live, "where")


async def reset(live: Live) -> None:
    session(live).reset()


def test_a_retry_sees_the_state_its_call_began_with(scripted: Callable[..., Live]) -> None:
    live = scripted(
        """
        steps:
          - name: once
            when: {state: {done: {exists: false}}}
            replies:
              - {error: overloaded, set: {done: yes}}
              - {text: "{{ 'done' in state }}", set: {done: yes}}
          - {name: after, reply: {text: "after {{ state.done }}"}}
        """
    )
    assert ["503", "False", "after yes"] == [words(live, "a") for _ in range(3)]


def test_set_is_counted_once_per_request_and_of_the_reply_that_was_chosen(scripted: Callable[..., Live]) -> None:
    live = scripted(
        """
        steps:
          - replies:
              - {text: one, set: {last: one}}
              - {text: two, set: {other: two}}
        """
    )
    assert ["one", "two"] == [words(live, user) for user in "ab"]
    assert {"last": "one", "other": "two"} == session(live).state


def test_a_request_that_gets_a_limit_or_chaos_sets_nothing(scripted: Callable[..., Live]) -> None:
    live = scripted("chaos: {error: overloaded, chance: 100%}\nsteps: [{reply: {text: a, set: {b: c}}}]")
    assert ("503", {}) == (words(live, "a"), session(live).state)


# ---------------------------------------------------------------- templates

NAMES: list[tuple[str, str]] = [
    ("request.model", "hy3-preview"),
    ("request.user", "Hello"),
    ("request.system", "Be brief."),
    ("request.messages | length", "2"),
    ("request.tools[0].name", "look"),
    ("request.body.temperature", "0.5"),
    ("request.headers['content-type']", "application/json"),
    ("request.headers.Host is defined", "True"),
    ("request.headers.authorization is defined", "False"),
    ("request.provider", "cloudbase"),
    ("request.protocol", "chat"),
    ("request.target", "cloudbase"),
    ("vars.unit", "°C"),
    ("call", "1"),
    ("turn", "1"),
    ("now.year", "2026"),
    ("'abc' | b64encode", "YWJj"),
    ("'12345678' | tokens", "2"),
    ("'a1b2' | regex_search('[0-9]')", "1"),
    ("{'a': [1]} | json", '{"a":[1]}'),
]


@pytest.mark.parametrize(("expression", "told"), NAMES)
def test_the_names_and_filters_of_a_template(scripted: Callable[..., Live], expression: str, told: str) -> None:
    live = scripted(f'vars: {{unit: °C}}\nsteps: [{{reply: {{text: "{{{{ {expression} }}}}"}}}}]')
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}]
    tool = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}
    reply = live.ask(messages=messages, temperature=0.5, tools=[tool])
    assert (200, told) == (reply.status, reply.json["choices"][0]["message"]["content"])


def test_tool_results_are_read_by_name_id_text_and_json(scripted: Callable[..., Live]) -> None:
    live = scripted(
        """
        steps:
          - when: {tool_result: {name: look, json: {/temperature: {above: 0}}}}
            reply:
              text: >-
                {{ tool_result.json.temperature }} {{ tool_result.id }}
                {{ tool_results | length }} {{ tool_result.text }}
        """
    )
    call = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    messages: list[Any] = [
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": '{"temperature": 7}'},
    ]
    said = live.ask(messages=messages).json["choices"][0]["message"]["content"]
    assert '7 call_1 1 {"temperature": 7}' == said


def test_now_is_the_sessions_clock(scripted: Callable[..., Live]) -> None:
    live = scripted('steps: [{reply: {text: "{{ now.minute }}:{{ now.second }}"}}]', clock="manual")
    assert "0:0" == words(live, "a")
    advance(live, 90, waited=False)
    assert "1:30" == words(live, "b")


def test_a_string_without_braces_is_never_parsed(scripted: Callable[..., Live]) -> None:
    live = scripted("steps: [{reply: {text: '{ a } %} }} #} { { x }'}}]")
    assert "{ a } %} }} #} { { x }" == words(live, "a")


FAILING = [
    ("request.body.nothing", "nothing"),
    ("state.nothing", "nothing"),
    ("1 / (turn - 1)", "zero"),
    ("tool_result.text", "tool"),
]


@pytest.mark.parametrize(("expression", "names"), FAILING)
def test_a_template_that_fails_when_it_runs_is_an_error_that_says_so_never_an_empty_text(
    scripted: Callable[..., Live], expression: str, names: str
) -> None:
    live = scripted(f'steps: [{{name: it, reply: {{text: "{{{{ {expression} }}}}"}}}}]')
    for stream in (False, True):
        reply = live.ask(stream=stream)
        assert (500, "false") == (reply.status, reply.headers["x-should-retry"])
        assert "test/it (" in reply.json["message"]
        assert names in reply.json["message"]
    assert all(names in entry.explanation for entry in live.journal)


@pytest.mark.parametrize(
    "reply",
    [
        "{text: '{{ 7 * 6 }}'}",
        "{json: {answer: '{{ 7 * 6 }}'}}",
        "{tool_calls: [{name: look, arguments: {answer: '{{ 7 * 6 }}'}}]}",
        "{refusal: '{{ 7 * 6 }}'}",
        "{reasoning: '{{ 7 * 6 }}', text: a}",
        "{content: [{text: '{{ 7 * 6 }}'}]}",
        "{choices: [{text: '{{ 7 * 6 }}'}]}",
        "{text: a, headers: {x-answer: '{{ 7 * 6 }}'}}",
        "{text: a, model: 'm-{{ 7 * 6 }}'}",
        "{text: a, metadata: {answer: '{{ 7 * 6 }}'}}",
        "{error: {name: overloaded, message: '{{ 7 * 6 }}'}}",
        "{error: overloaded, message: '{{ 7 * 6 }}'}",
        "{error: {status: 500, body: {answer: '{{ 7 * 6 }}'}}}",
        "{raw: {body: '{{ 7 * 6 }}'}}",
    ],
)
def test_everything_that_is_text_is_a_template(scripted: Callable[..., Live], reply: str) -> None:
    live = scripted(f"steps: [{{reply: {reply}}}]")
    answer = live.ask()
    assert "42" in answer.body.decode() + answer.headers.get("x-answer", "")


def test_the_words_of_an_error_in_a_stream_are_a_template(scripted: Callable[..., Live]) -> None:
    at = "[{chunk: 1, error: {name: overloaded, message: '{{ request.user }} is too much'}}]"
    live = scripted(f"steps: [{{reply: {{text: one two, stream: {{chunk: word, at: {at}}}}}}}]")
    assert "Hello is too much" in str(live.ask(stream=True).events[-1])


def test_random_is_drawn_from_the_seed_and_the_request(scripted: Callable[..., Live]) -> None:
    text = "steps: [{reply: {text: '{{ random.integer(1, 1000000) }} {{ random.integer(1, 1000000) }}'}}]"
    live = scripted(text)
    first = [words(live, user) for user in "abc"]
    assert first == [words(other, user) for other in [Live(live.server, live.loop)] for user in "abc"]
    assert 6 == len({number for said in first for number in said.split()})
    assert first != [words(other, user) for other in [scripted(text, seed=1)] for user in "abc"]
