"""Every condition, where it holds and where it does not."""

from typing import Any

import pytest
from msgspec.structs import replace

from emulator.scenario.conditions import CONDITIONS
from emulator.scenario.model_when import When
from emulator.types import Media, Reasoning, Request, Role, Text, Tool, ToolCall, ToolResult, Turn
from tests.scenario.tables import protocol, request, scenario, step


def turn(role: Role, *texts: str) -> Turn:
    return Turn(role, tuple(Text(text) for text in texts))


def result(text: str, name: str = "get_weather", call_id: str = "call_1") -> ToolResult:
    return ToolResult(call_id, name, text)


USER = turn("user", "hello")
SAID = turn("assistant", "hi")
ASKS = Turn("assistant", (ToolCall("get_weather", "{}", "call_1"),))
RESULT = Turn("tool", (result('{"temperature": 25, "wind": {"from": "north"}}'),))
RESULTS = Turn("tool", (result("rain"), result("12:30", "get_time", "call_2")))
OFFERS = (Tool("get_weather"), Tool("get_time"))

NORTH = request()
LETTERS = request(protocol=protocol("letters"))
LOOP = request(USER, ASKS, RESULT)
TWO = request(USER, ASKS, RESULTS)
PICTURE = request(Turn("user", (Text("see"), Media("image", "data:,"), Media("file", "f"))))
TALK = request(turn("system", "Be kind.", "Be brief."), USER, SAID, turn("user", "one", "two"), SAID, SAID)

HOLDS: list[tuple[str, Request]] = [
    ("provider: north", NORTH),
    ("protocol: letters", LETTERS),
    ("protocol: chat", NORTH),
    ("target: 'd*'", request(target="deepseek")),
    ("environment: {any: [e-1, e-2]}", request(environment="e-2")),
    ("model: hy3-preview", request(model="hy3-preview")),
    ("user: 'h*'", NORTH),
    ("user: ''", request(turn("system", "x"))),
    ('user: "one\\ntwo"', TALK),
    ("system: '*kind*brief*'", TALK),
    ("system: ''", NORTH),
    ("any_message: hi", TALK),
    ("any_message: '*brief*'", TALK),
    ("any_message: rain*", TWO),
    ("turn: 1", NORTH),
    ("turn: 4", TALK),
    ("turn: {at_least: 2, at_most: 4}", TALK),
    ("turn: {any: [1, 4]}", TALK),
    ("round: 1", NORTH),
    ("round: 2", LOOP),
    ("round: 3", TALK),
    ("round: {above: 1}", LOOP),
    ("round: 3", request(SAID, SAID)),
    ("tools: [get_weather]", request(tools=OFFERS)),
    ("tools: [get_time, get_weather]", request(tools=OFFERS)),
    ("tools: get_time", request(tools=OFFERS)),
    ("tools: none", NORTH),
    ("tools: [none]", request(tools=(Tool("none"),))),
    ("tool_choice: auto", NORTH),
    ("tool_choice: get_time", request(tool_choice="get_time")),
    ("tool_result: none", NORTH),
    ("tool_result: none", request(USER, ASKS, RESULT, USER)),
    ("tool_result: any", LOOP),
    ("tool_result: {name: get_weather}", LOOP),
    ("tool_result: {name: get_time, id: call_2, text: '12*'}", TWO),
    ("tool_result: {json: {/temperature: {at_least: 20}, /wind/from: north}}", LOOP),
    ("tool_result: {text: {not: rain}}", TWO),
    ("has: image", PICTURE),
    ("has: [image, file]", PICTURE),
    ("has: tools", request(tools=OFFERS)),
    ("has: reasoning", request(reasoning=True)),
    ("has: schema", request(schema=True)),
    ("has: schema", request(schema={})),
    ("stream: true", request(stream=True)),
    ("stream: false", NORTH),
    ("headers: {X-Team: 'blue*'}", request(headers={"x-team": "blue-1"})),
    ("headers: {x-team: {exists: false}}", NORTH),
    ("headers: {x-team: {not: red}}", NORTH),
    ("body: {/temperature: 0.5}", request(body={"temperature": 0.5})),
    ("body: {/a~1b/m~0n/0: x}", request(body={"a/b": {"m~n": ["x"]}})),
    ("body: {/~01: x}", request(body={"~1": "x"})),
    ("body: {'': {contains: model}}", request(body={"model": "m"})),
    ("body: {/stop: {exists: false}, /n: 1}", request(body={"n": 1})),
    ("not: {user: bye}", NORTH),
    ("not: {user: hello, stream: true}", NORTH),
    ("not: {not: {user: hello}}", NORTH),
]

FAILS: list[tuple[str, Request, str]] = [
    ("provider: south", NORTH, "provider: 'north' is not 'south'"),
    ("protocol: chat", LETTERS, "protocol: 'letters' is not 'chat'"),
    ("target: 'd*'", NORTH, "target: 't' does not match 'd*'"),
    ("environment: prod", NORTH, "environment: 'e' is not 'prod'"),
    ("model: gpt", NORTH, "model: 'm' is not 'gpt'"),
    ("user: '*weather*'", NORTH, "user: 'hello' does not match '*weather*'"),
    ("user: 5", NORTH, "user: 'hello' is not 5"),
    ("system: kind", TALK, "system: 'Be kind.\\nBe brief.' is not 'kind'"),
    ("any_message: bye", TALK, "any_message: no message fits; the last: 'hi' is not 'bye'"),
    ("any_message: bye", request(Turn("user", ())), "any_message: no message fits; the last: '' is not 'bye'"),
    ("turn: 2", NORTH, "turn: 1 is not 2"),
    ("turn: {at_least: 2}", NORTH, "turn: 1 is not at least 2"),
    ("round: 1", LOOP, "round: 2 is not 1"),
    ("tools: [get_wind, get_rain]", NORTH, "tools: the request offers no function, not get_rain, get_wind"),
    ("tools: get_rain", request(tools=OFFERS), "tools: the request offers get_weather, get_time, not get_rain"),
    (
        "tools: x",
        request(tools=tuple(Tool(name) for name in "abcdefg")),
        "tools: the request offers a, b, c, d, e and 2 more, not x",
    ),
    ("tools: none", request(tools=OFFERS), "tools: the request offers get_weather, get_time"),
    ("tool_choice: required", NORTH, "tool_choice: 'auto' is not 'required'"),
    ("tool_result: none", LOOP, "tool_result: the request carries a tool result"),
    ("tool_result: any", NORTH, "tool_result: the request carries no tool result"),
    ("tool_result: {name: get_time}", NORTH, "tool_result: the request carries no tool result"),
    ("tool_result: {name: get_time}", LOOP, "tool_result: name: 'get_weather' is not 'get_time'"),
    ("tool_result: {id: call_9}", LOOP, "tool_result: id: 'call_1' is not 'call_9'"),
    ("tool_result: {name: get_weather, text: '12*'}", TWO, "tool_result: name: 'get_time' is not 'get_weather'"),
    ("tool_result: {text: snow}", TWO, "tool_result: text: '12:30' is not 'snow'"),
    (
        "tool_result: {json: {/wind: {contains: to}}}",
        LOOP,
        'tool_result: json: /wind: {"from": "north"} does not contain \'to\'',
    ),
    ("tool_result: {json: {/a: 1}}", TWO, "tool_result: json: '12:30' is not JSON"),
    (
        "tool_result: {json: {/a: 1}}",
        request(USER, ASKS, Turn("tool", (result("\ud800"),))),
        "tool_result: json: '\\ud800' is not JSON",
    ),
    ("has: image", NORTH, "has: the request carries no image"),
    ("has: [image, audio]", PICTURE, "has: the request carries no audio"),
    ("has: video", PICTURE, "has: the request carries no video"),
    ("has: file", NORTH, "has: the request carries no file"),
    ("has: tools", NORTH, "has: the request offers no function"),
    ("has: reasoning", request(Turn("assistant", (Reasoning("r"),))), "has: the request does not ask for reasoning"),
    ("has: schema", NORTH, "has: the request does not ask for structured output"),
    ("stream: true", NORTH, "stream: the request does not ask for a stream"),
    ("stream: false", request(stream=True), "stream: the request asks for a stream"),
    ("headers: {X-Team: blue}", NORTH, "headers: x-team: it is missing"),
    ("headers: {x-a: a, x-b: b}", request(headers={"x-a": "a", "x-b": "c"}), "headers: x-b: 'c' is not 'b'"),
    ("body: {/n: 1}", NORTH, "body: /n: it is missing"),
    ("body: {/n: 1, /m: 2}", request(body={"n": 1, "m": 1}), "body: /m: 1 is not 2"),
    ("body: {'': {contains: x}}", NORTH, "body: the whole: {} does not contain 'x'"),
    ("not: {user: hello}", NORTH, "not: user holds, and must not"),
    ("not: {stream: false, user: hello}", NORTH, "not: user, stream hold, and must not"),
    ("not: {not: {user: bye}}", NORTH, "not: not holds, and must not"),
]


def sentences(when: str, asked: Request) -> list[str]:
    return [f"{check.name}: {why()}" for check in step(f"{{{when}}}").checks if (why := check.fails(asked, {}))]


@pytest.mark.parametrize(("when", "asked"), HOLDS)
def test_a_condition_holds(when: str, asked: Request) -> None:
    assert [] == sentences(when, asked)


@pytest.mark.parametrize(("when", "asked", "sentence"), FAILS)
def test_a_condition_does_not_hold_and_says_why(when: str, asked: Request, sentence: str) -> None:
    assert [sentence] == sentences(when, asked)


@pytest.mark.parametrize(("when", "asked"), HOLDS)
def test_a_condition_that_holds_does_not_hold_under_not(when: str, asked: Request) -> None:
    assert 1 == len(sentences(f"not: {{{when}}}", asked))


def test_a_request_without_messages_has_none_that_fits() -> None:
    nothing = replace(NORTH, turns=())
    assert ["any_message: the request carries no message"] == sentences("any_message: a", nothing)


def test_a_step_without_conditions_has_no_checks() -> None:
    [bare] = scenario("steps: [{reply: {text: a}}]").steps
    assert ((), None) == (bare.checks, bare.when)


def test_checks_stand_in_the_order_of_the_file() -> None:
    one = step("{stream: false, user: a, not: {turn: 1}, provider: north}")
    assert ["stream", "user", "not", "provider"] == [check.name for check in one.checks]


def test_a_step_keeps_its_conditions_as_they_are_written() -> None:
    one = step("{user: {any: [a, 'b*']}, body: {/x: 1}}")
    assert {"user": {"any": ["a", "b*"]}, "body": {"/x": 1}} == one.when


def test_every_key_of_when_has_a_condition() -> None:
    assert sorted(When.keys()) == sorted((*CONDITIONS, *BESIDE))


BESIDE = {"call", "not", "state"}
"""Those that are not about the request alone."""

STATE = {"step": 2, "city": "Beijing", "done": False, "list": ["a"], "none": None}


@pytest.mark.parametrize(
    "state",
    [
        "{step: 2}",
        "{step: {at_least: 2}, city: 'Bei*'}",
        "{done: false, list: {contains: a}, none: null}",
        "{other: {exists: false}}",
        "{other: {not: 5}}",
        "{none: {exists: true}}",
    ],
)
def test_the_state_fits(state: str) -> None:
    [check] = step(f"{{state: {state}}}").checks
    assert check.fails(NORTH, STATE) is None


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("{step: 3}", "step: 2 is not 3"),
        ("{step: '2'}", "step: 2 is not '2'"),
        ("{city: Beijing, other: 1}", "other: it is missing"),
        ("{city: {exists: false}}", "city: 'Beijing' is there, and must not be"),
    ],
)
def test_the_state_does_not_fit_and_says_why(state: str, sentence: str) -> None:
    [check] = step(f"{{state: {state}}}").checks
    why = check.fails(NORTH, STATE)
    assert why is not None
    assert ("state", sentence) == (check.name, why())


def test_a_state_under_not() -> None:
    [check] = step("{not: {state: {step: 2}, user: hello}}").checks
    why = check.fails(NORTH, STATE)
    assert why is not None
    assert "user, state hold, and must not" == why()
    assert check.fails(NORTH, {}) is None


@pytest.mark.parametrize(
    ("call", "verdicts"),
    [
        ("1", [None, "2 is not 1", "3 is not 1"]),
        ("{at_least: 2}", ["1 is not at least 2", None, None]),
        ("{at_least: 2, at_most: 2}", ["1 is not at least 2", None, "3 is not at most 2"]),
        ("{any: [1, 3]}", [None, "2 is not 1; 2 is not 3", None]),
        ("{not: 2}", [None, "2 fits 2, and must not", None]),
    ],
)
def test_a_call_has_its_number(call: str, verdicts: list[str | None]) -> None:
    one = step(f"{{call: {call}, user: hello}}")
    assert (["user"], True) == ([check.name for check in one.checks], one.counted)
    assert one.call is not None
    whys = [one.call(number) for number in (1, 2, 3)]
    assert verdicts == [why and why() for why in whys]


def test_calls_are_counted_where_a_condition_or_a_template_wants_it() -> None:
    plain = scenario("steps: [{when: {user: a}, reply: {text: a}}, {reply: {text: b}}]")
    named = scenario("steps: [{when: {user: a}, reply: {text: a}}, {reply: {text: '{{ call }}'}}]")
    asked = scenario("steps: [{when: {call: 1}, reply: {text: a}}, {reply: {text: b}}]")
    counted = [[one.counted for one in loaded.steps] for loaded in (plain, named, asked)]
    assert [[False, False], [True, True], [True, False]] == counted
    assert [False, True, True] == [loaded.counts for loaded in (plain, named, asked)]


def test_every_condition_is_in_both_tables() -> None:
    def keys(rows: Any) -> set[str]:
        return {row[0].split(":")[0] for row in rows}

    expected = {*CONDITIONS, "not"}
    assert (expected, expected) == (keys(HOLDS), keys(FAILS))
