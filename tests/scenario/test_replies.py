"""What a step answers with once its file is loaded."""

from typing import Any

import pytest

from emulator.types import (
    ERROR_NAMES,
    Break,
    Completion,
    Failure,
    Pace,
    Reasoning,
    Refusal,
    Reply,
    Text,
    ToolCall,
    Usage,
)
from tests.scenario.tables import scenario, step


def answer(reply: str) -> Completion | Failure:
    [turned] = step(reply=reply).replies
    return turned.reply.answer


def pace(reply: str) -> Pace:
    [turned] = step(reply=reply).replies
    return turned.reply.pace


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("{chunk: 3, error: overloaded}", Break(3, Failure("overloaded"))),
        (
            "{chunk: 0, error: {name: timeout, message: m, status: 500, code: c, type: t}}",
            Break(0, Failure("timeout", "m", 500, "c", "t")),
        ),
    ],
)
def test_a_stream_breaks_off(at: str, expected: Break) -> None:
    [turned] = step(reply=f"{{text: hi, stream: {{at: [{at}]}}}}").replies
    assert expected == turned.reply.broken


WHOLE = "stream: {chunk: whole}"


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("text: hi", Completion((Text("hi"),), "stop")),
        ("text: ''", Completion((Text(""),), "stop")),
        ("reasoning: hm", Completion((Reasoning("hm"),), "stop")),
        ("reasoning: {text: hm, signature: s}", Completion((Reasoning("hm", (), "s"),), "stop")),
        ("reasoning: {text: hm}, text: hi", Completion((Reasoning("hm"), Text("hi")), "stop")),
        ("tool_calls: [{name: a}]", Completion((ToolCall("a", "{}"),), "tool_calls")),
        (
            "tool_calls: [{name: a, arguments: {b: é, c: [1, 2.5, null, true]}, id: call_1}, {name: c, arguments: {}}]",
            Completion(
                (ToolCall("a", '{"b": "é", "c": [1, 2.5, null, true]}', "call_1"), ToolCall("c", "{}")), "tool_calls"
            ),
        ),
        (
            'tool_calls: [{name: a, arguments: \'{"zone": "Asia/Sh\'}]',
            Completion((ToolCall("a", '{"zone": "Asia/Sh'),), "tool_calls"),
        ),
        ("tool_calls: [{name: a, arguments: ''}]", Completion((ToolCall("a", ""),), "tool_calls")),
        (
            "text: hi, reasoning: hm, tool_calls: [{name: a}]",
            Completion((Reasoning("hm"), Text("hi"), ToolCall("a", "{}")), "tool_calls"),
        ),
        (
            "content: [{text: one}, {tool_call: {name: a}}, {reasoning: {text: r, signature: s}}, {text: two}]",
            Completion((Text("one"), ToolCall("a", "{}"), Reasoning("r", (), "s"), Text("two")), "tool_calls"),
        ),
        ("text: hi, finish: auto", Completion((Text("hi"),), "stop")),
        ("text: hi, finish: length", Completion((Text("hi"),), "length")),
        ("text: hi, finish: tool_calls", Completion((Text("hi"),), "tool_calls")),
        ("tool_calls: [{name: a}], finish: content_filter", Completion((ToolCall("a", "{}"),), "content_filter")),
        ("text: hi, model: m-1", Completion((Text("hi"),), "stop", Usage(), "m-1")),
        ("refusal: no", Completion((Refusal("no"),), "refusal")),
        ("text: hi, refusal: no, finish: stop", Completion((Text("hi"), Refusal("no")), "stop")),
        ("content: [{refusal: no}, {text: hi}]", Completion((Refusal("no"), Text("hi")), "refusal")),
        (
            "text: hi, finish: stop_sequence, stop_sequence: END",
            Completion((Text("hi"),), "stop_sequence", stop_sequence="END"),
        ),
        ("text: hi, finish: pause", Completion((Text("hi"),), "pause")),
        ("text: hi, usage: {cache_write: 5}", Completion((Text("hi"),), "stop", Usage(cache_write=5))),
        ("text: hi, usage: {}", Completion((Text("hi"),), "stop")),
        (
            "text: hi, usage: {input: 1, output: 0, cached_input: 3, reasoning: 4}",
            Completion((Text("hi"),), "stop", Usage(1, 0, 3, reasoning=4)),
        ),
    ],
)
def test_what_is_said(reply: str, expected: Completion) -> None:
    assert expected == answer(f"{{{reply}, {WHOLE}}}")


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("error: timeout", Failure("timeout")),
        ("error: rate_limited, retry_after: 1500ms", Failure("rate_limited", retry_after=1.5)),
        ("error: rate_limited, message: wait", Failure("rate_limited", message="wait")),
        ("error: {name: overloaded}", Failure("overloaded")),
        (
            "error: {name: overloaded, status: 529, message: m, code: 5, type: t, headers: {X-A: b}}, retry_after: 2m",
            Failure("overloaded", "m", 529, 5, "t", 120.0, None, {"x-a": "b"}),
        ),
        ("error: {name: timeout, code: c}", Failure("timeout", code="c")),
        ("error: {status: 503, body: {a: [1]}}", Failure("server_error", status=503, body={"a": [1]})),
        (
            "error: {status: 404, body: plain, headers: {X-A: b}}",
            Failure("invalid_request", status=404, body="plain", headers={"x-a": "b"}),
        ),
        ("error: {status: 400, body: false}", Failure("invalid_request", status=400, body=False)),
    ],
)
def test_an_error(reply: str, expected: Failure) -> None:
    assert expected == answer(f"{{{reply}}}")


@pytest.mark.parametrize("name", ERROR_NAMES)
def test_every_error_has_its_name(name: str) -> None:
    assert Failure(name) == answer(f"{{error: {name}}}")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("chunk", "expected"),
    [
        ("", ["Hello", " there", "!"]),
        ("chunk: token", ["Hello", " there", "!"]),
        ("chunk: word", ["Hello", " there!"]),
        ("chunk: char", list("Hello there!")),
        ("chunk: {chars: 5}", ["Hello", " ther", "e!"]),
        ("chunk: whole", ["Hello there!"]),
        ("chunk: [Hel, 'lo there', '!']", ["Hel", "lo there", "!"]),
    ],
)
def test_a_text_goes_out_in_pieces(chunk: str, expected: list[str]) -> None:
    done = answer(f"{{text: Hello there!, stream: {{{chunk}}}}}")
    assert isinstance(done, Completion)
    assert [expected] == [list(part.deltas) for part in done.parts if isinstance(part, Text)]


def test_reasoning_and_arguments_go_out_in_pieces_too() -> None:
    done = answer(
        "{reasoning: a b, text: c d, tool_calls: [{name: n, arguments: {e: 1}}], stream: {chunk: {chars: 2}}}"
    )
    assert isinstance(done, Completion)
    expected = [["a ", "b"], ["c ", "d"], ['{"', 'e"', ": ", "1}"]]
    assert expected == [list(part.deltas) for part in done.parts if isinstance(part, Text | Reasoning | ToolCall)]


def test_exact_pieces_are_those_of_the_texts_and_the_rest_goes_by_token() -> None:
    done = answer(
        "{content: [{reasoning: a b}, {text: one}, {tool_call: {name: n}}, {text: two}], stream: {chunk: [o, net, wo]}}"
    )
    assert isinstance(done, Completion)
    expected = [["a", " b"], ["o", "ne"], ["{", "}"], ["t", "wo"]]
    assert expected == [list(part.deltas) for part in done.parts if isinstance(part, Text | Reasoning | ToolCall)]


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("", Pace()),
        ("delay: 250ms", Pace(delay=0.25)),
        ("delay: 700ms", Pace(delay=0.7)),
        ("stream: {first_token: 1.5s}", Pace(first=1.5)),
        ("stream: {rate: 40/s}", Pace(gap=0.025)),
        ("stream: {rate: 0.5/s}", Pace(gap=2.0)),
        ("stream: {every: 20ms}", Pace(gap=0.02)),
        ("stream: {every: 0ms}", Pace()),
        ("stream: {jitter: 20%}", Pace(jitter=0.2)),
        ("stream: {jitter: 100%}", Pace(jitter=1.0)),
        ("delay: 2m, stream: {first_token: 3m, rate: 1/s, jitter: 0.5%}", Pace(120.0, 180.0, 1.0, 0.005)),
    ],
)
def test_a_reply_has_its_pace(reply: str, expected: Pace) -> None:
    assert expected == pace(f"{{text: a, {reply}}}")


def replies(defaults: str, *written: str) -> list[Reply]:
    steps = ", ".join(f"{{reply: {reply}}}" for reply in written)
    loaded = scenario(f"defaults: {defaults}\nsteps: [{steps}]")
    return [one.replies[0].reply for one in loaded.steps]


DEFAULTS = (
    "{delay: 1s, model: big, usage: {input: 7, cached_input: 2}, headers: {X-A: a, X-B: b}, "
    "stream: {first_token: 2s, rate: 10/s, jitter: 10%, chunk: char}}"
)


def test_defaults_are_under_every_reply() -> None:
    [reply] = replies(DEFAULTS, "{text: hi}")
    done = Completion((Text("hi", (1,)),), "stop", Usage(7, None, 2), "big")
    assert Reply(done, Pace(1.0, 2.0, 0.1, 0.1), {"x-a": "a", "x-b": "b"}) == reply


def test_a_reply_says_otherwise_key_by_key() -> None:
    written = (
        "{text: hi, delay: 0s, model: small, usage: {input: 8, output: 9}, headers: {x-B: c, x-c: d}, "
        "stream: {every: 5ms, jitter: 0%}}"
    )
    [reply] = replies(DEFAULTS, written)
    done = Completion((Text("hi", (1,)),), "stop", Usage(8, 9, 2), "small")
    assert Reply(done, Pace(0.0, 2.0, 0.005, 0.0), {"x-a": "a", "x-b": "c", "x-c": "d"}) == reply


def test_an_error_takes_the_delay_and_the_headers_of_the_defaults_alone() -> None:
    [reply] = replies(DEFAULTS, "{error: timeout, headers: {x-a: z}}")
    assert Reply(Failure("timeout"), Pace(delay=1.0), {"x-a": "z", "x-b": "b"}) == reply


def test_replies_take_turns() -> None:
    [only] = scenario(
        "steps: [{replies: [{error: timeout, times: 2}, {content: [{text: a}], times: 3}, {text: b}]}]"
    ).steps
    assert [("Failure", 2), ("Completion", 3), ("Completion", 1)] == [
        (type(turned.reply.answer).__name__, turned.times) for turned in only.replies
    ]


def test_a_merge_key_shares_a_reply() -> None:
    loaded = scenario("steps:\n  - reply: &r {text: a, finish: length}\n  - reply: {<<: *r, text: b}\n")
    actual: list[Any] = [one.replies[0].reply.answer for one in loaded.steps]
    assert [("a", "length"), ("b", "length")] == [(done.parts[0].text, done.finish) for done in actual]


def test_a_scenario_and_its_steps_have_names_and_places() -> None:
    loaded = scenario(
        "description: What it is.\nsteps:\n  - {name: one, reply: {text: a}}\n  - reply: {text: b}\n", "d/tour.yaml"
    )
    actual = (loaded.name, loaded.place, loaded.description, [(one.name, one.place) for one in loaded.steps])
    expected = ("tour", "d/tour.yaml", "What it is.", [("tour/one", "d/tour.yaml:4"), ("tour/step-2", "d/tour.yaml:5")])
    assert expected == actual


def test_a_scenario_has_the_name_it_says() -> None:
    loaded = scenario("name: other\norder: any\nsteps: [{reply: {text: a}}]", "tour.yaml")
    assert ("other", "", "other/step-1") == (loaded.name, loaded.description, loaded.steps[0].name)
