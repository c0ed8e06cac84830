"""The verdict: what each rule says of a bad client over a real socket, and that good ones pass all of them."""

import http.client
import json
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import anthropic
import openai
import pytest

from emulator.journal import Exchange
from emulator.protocols import chat
from emulator.session import key_id
from emulator.types import ERROR_NAMES, Call, Completion, Endpoint, Media, Part, Text, ToolCall, ToolResult, Turn
from emulator.verdict import RULES, Verdict, judge
from tests.live import Live

STEPS = """
steps:
  - name: busy
    when: {user: busy}
    replies: [{error: rate_limited, retry_after: 2s, times: 2}, {text: Free.}]
  - name: down
    when: {user: down}
    reply: {error: overloaded}
  - name: spent
    when: {user: spent}
    reply: {error: {name: quota_exhausted, status: 429}}
  - name: wrong
    when: {user: wrong}
    reply: {error: invalid_request}
  - name: cut
    when: {user: count}
    replies:
      - {text: one two three, stream: {chunk: word, at: [{chunk: 2, close: true}]}}
      - {text: one two three}
  - name: held
    when: {user: wait}
    reply: {text: one two, stream: {chunk: word, at: [{chunk: 1, gate: door}]}}
  - name: weather
    when: {user: weather, tool_result: none}
    reply: {tool_calls: [{name: look, arguments: {city: Beijing}}, {name: ask, arguments: {}}]}
  - name: lossy
    when: {user: lose}
    reply: {text: one two three, stream: {chunk: word, at: [{chunk: 1, drop: true}]}}
  - name: rest
    reply: {text: Hello there.}
"""
WEATHER = [
    {"type": "function", "function": {"name": name, "parameters": {"type": "object"}}} for name in ("look", "ask")
]


def user(text: str) -> Any:
    return {"role": "user", "content": text}


def said(text: str) -> Any:
    return {"role": "assistant", "content": text}


class Client:
    """Sends what a test says, and waits by turning its session's clock."""

    def __init__(self, live: Live) -> None:
        self.live = live
        self._open: list[tuple[http.client.HTTPConnection, http.client.HTTPResponse]] = []

    def ask(self, *messages: Any, path: str = "/v1/ai/cloudbase/chat/completions", **fields: Any) -> Any:
        given = [user(one) if isinstance(one, str) else one for one in messages]
        return self.live.send("POST", path, {"model": "m", "messages": given, **fields})

    def begin(self, text: str) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        """Ask for a stream, and read its first words."""
        connection = http.client.HTTPConnection("127.0.0.1", self.live.server.port, timeout=10)
        body = json.dumps({"model": "m", "messages": [user(text)], "stream": True})
        connection.request("POST", "/v1/ai/cloudbase/chat/completions", body, {"authorization": self.live.bearer})
        reply = connection.getresponse()
        while b'"one' not in reply.readline():
            pass
        self._open.append((connection, reply))
        return connection, reply

    def close(self) -> None:
        """Close the connections of streams, as a client does that has had enough."""
        for connection, reply in self._open:
            reply.close()
            connection.close()
        self._open.clear()

    def wait(self, seconds: float) -> None:
        session = self.live.server.app.sessions.find(key_id(self.live.key))
        assert session is not None
        self.live.loop.call_soon_threadsafe(session.clock.advance, seconds)

    def weather(self) -> Any:
        """The model's turn that calls functions."""
        return self.ask("weather", tools=WEATHER).json["choices"][0]["message"]

    @property
    def verdict(self) -> Verdict:
        return judge(self.live.journal)


@pytest.fixture
def client(scripted: Callable[..., Live]) -> Iterator[Client]:
    client = Client(scripted(STEPS, clock="manual", requests="warn"))
    began = time.monotonic()
    yield client
    client.close()
    assert time.monotonic() - began < 8


# ---------------------------------------------------------------- bad clients, and what each is told


def does_not_wait(client: Client) -> None:
    client.ask("busy")
    client.wait(0.5)
    client.ask("busy")
    client.wait(2)
    client.ask("busy")


def storms(client: Client) -> None:
    for _ in range(11):
        client.ask("down")
        client.wait(1)


def hammers(client: Client) -> None:
    for _ in range(4):
        client.ask("down")


def insists(client: Client) -> None:
    client.ask("wrong")
    client.wait(60)
    client.ask("wrong")


def gives_up(client: Client) -> None:
    client.ask("down")


def takes_half_for_whole(client: Client) -> None:
    with pytest.raises(http.client.IncompleteRead):
        client.ask("count", stream=True)
    client.ask(user("count"), said("one two"), user("go on"))


def forgets_to_close(client: Client) -> None:
    client.begin("wait")
    client.ask(user("wait"), said("one"), user("enough"))


def leaves_open(client: Client) -> None:
    client.begin("wait")


def does_not_run_the_function(client: Client) -> None:
    client.weather()


def answers_one_of_two(client: Client) -> None:
    turn = client.weather()
    result = {"role": "tool", "tool_call_id": turn["tool_calls"][0]["id"], "content": "25"}
    client.ask(user("weather"), turn, result, tools=WEATHER)


def makes_up_an_id(client: Client) -> None:
    turn = client.weather()
    first, second = (call["id"] for call in turn["tool_calls"])
    results = [{"role": "tool", "tool_call_id": name, "content": "25"} for name in (first, second, "call_x")]
    client.ask(user("weather"), turn, *results, tools=WEATHER)


def answers_twice(client: Client) -> None:
    turn = client.weather()
    first, second = (call["id"] for call in turn["tool_calls"])
    results = [{"role": "tool", "tool_call_id": name, "content": "25"} for name in (first, second, second)]
    client.ask(user("weather"), turn, *results, tools=WEATHER)


def changes_the_words(client: Client) -> None:
    client.ask("hi")
    client.ask(user("hi"), said("Hello."), user("and?"))
    client.ask(user("hi"), said("Hello."), user("and?"), said("Hello there."), user("well"))


def changes_the_arguments(client: Client) -> None:
    turn = client.weather()
    turn["tool_calls"][0]["function"]["arguments"] = '{"city": "Paris"}'
    results = [{"role": "tool", "tool_call_id": call["id"], "content": "25"} for call in turn["tool_calls"]]
    client.ask(user("weather"), turn, *results, tools=WEATHER)


def forgets_the_answer(client: Client) -> None:
    client.ask("hi")
    client.ask(user("hi"), user("and?"))


def shows_its_key(client: Client) -> None:
    path = "/v1/ai/cloudbase/chat/completions?api_key=a"
    client.ask("hi", path=path)
    client.ask("hi", path=path)


def shows_its_key_as_documented(client: Client) -> None:
    client.live.send("POST", f"/s/{key_id(client.live.key)}/plain/v1beta/models/m:generateContent?key=k",
                     {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}, {})  # fmt: skip


BAD = [
    (
        does_not_wait,
        (
            "fail: retry_after_honoured: request 1 was answered 429 with Retry-After: 2, and request 2 repeats it"
            " after 0.5 s. Wait as many seconds as Retry-After says."
        ),
    ),
    (
        storms,
        (
            "fail: no_retry_storm: requests 1 to 11 are 11 attempts of the same call. Give up after a few, and "
            "let the error through."
        ),
    ),
    (
        hammers,
        (
            "warn: backs_off: requests 1, 2 and 3 are attempts of the same call with no pause between them. Wait "
            "before each retry, longer every time."
        ),
    ),
    (
        insists,
        (
            "fail: non_retryable_not_retried: request 1 was answered 400 (invalid_request), and request 2 repeats"
            " it unchanged. Retry only after 408, 409, 429 and 5xx; whatever else is wrong stays wrong."
        ),
    ),
    (
        gives_up,
        (
            "warn: gave_up_too_early: request 1 was answered 503 (overloaded), and was never tried again. Such an"
            " error passes: retry after a pause."
        ),
    ),
    (
        takes_half_for_whole,
        (
            "fail: truncated_stream_noticed: the answer to request 1 broke off, and request 2 carries the part "
            "that had arrived as if it were whole: 'one two'. Take a stream that ends without its end marker, or "
            "with an error, for a failure."
        ),
    ),
    (
        forgets_to_close,
        (
            "fail: stream_closed_after_abort: request 2 goes on with the conversation of request 1, whose answer "
            "is still open. Close a stream that is not read to its end."
        ),
    ),
    (
        leaves_open,
        (
            "warn: stream_closed_after_abort: the answer to request 1 is still open. Read a stream to its end or "
            "close it, and give requests a timeout."
        ),
    ),
    (
        does_not_run_the_function,
        (
            "fail: every_tool_call_answered: the answer to request 1 calls 'ask', 'look', and no later request "
            "carries a result. Run the function, and send the conversation with its result."
        ),
    ),
    (
        answers_one_of_two,
        (
            "fail: every_tool_call_answered: request 2 goes on without a result for the model's call of 'ask' (id"
            " 'CALL-2'). Send one result for every call before anything else, be it that the function failed."
        ),
    ),
    (
        makes_up_an_id,
        (
            "fail: tool_result_ids_match: request 2 carries a tool result for 'call_x', which is no call in it "
            "(there: 'CALL-1', 'CALL-2'). Give each result the id of the call that it answers."
        ),
    ),
    (
        answers_twice,
        (
            "fail: tool_result_ids_match: request 2 carries 2 tool results for 'CALL-2', which is called once. "
            "Give each result the id of the call that it answers."
        ),
    ),
    (
        changes_the_words,
        (
            "warn: history_grows_consistently: request 2 carries the model's answer to request 1 changed: "
            "'Hello.' for 'Hello there.'. Send back what the model said, as it said it."
        ),
    ),
    (
        changes_the_arguments,
        (
            "warn: history_grows_consistently: request 2 carries the model's answer to request 1 changed: 'look' "
            """called with '{"city": "Paris"}' for '{"city": "Beijing"}'. Send back what the model said, as it said"""
            " it."
        ),
    ),
    (
        forgets_the_answer,
        (
            "warn: history_grows_consistently: request 2 goes on after what was asked in request 1, without the "
            "model's answer to it. Append each answer to the conversation before what comes next."
        ),
    ),
    (
        shows_its_key,
        (
            "fail: credentials_not_leaked_in_url: request 1 and 1 more have their credentials in the URL, as "
            "'api_key', where logs and proxies keep them. Send them in a header."
        ),
    ),
    (
        shows_its_key_as_documented,
        (
            "warn: credentials_not_leaked_in_url: request 1 has its credentials in the URL, as 'key', where logs "
            "and proxies keep them. Send them in a header."
        ),
    ),
]


@pytest.mark.parametrize(("behave", "told"), BAD, ids=[behave.__name__ for behave, _ in BAD])
def test_a_bad_client_is_told_what_it_did_and_what_a_good_one_does(
    client: Client, behave: Callable[[Client], None], told: str
) -> None:
    behave(client)
    calls = [call.id for one in client.live.journal for turn in one.turns or () for call in turn.parts
             if isinstance(call, ToolCall)]  # fmt: skip
    text = str(client.verdict)
    for number, identity in enumerate(dict.fromkeys(calls), 1):
        text = text.replace(identity, f"CALL-{number}")
    assert told == text


def test_there_is_a_bad_client_for_every_rule() -> None:
    assert set(RULES) == {told.split(": ")[1] for _, told in BAD}


def test_a_request_that_the_service_refuses_is_judged_too(scripted: Callable[..., Live]) -> None:
    client = Client(scripted(STEPS, api_keys=("right",)))
    for _ in range(2):
        assert 401 == client.ask("hi").status
    assert "request 1 was answered 401 (invalid_api_key), and request 2 repeats it unchanged." in str(client.verdict)


# ---------------------------------------------------------------- good clients


def waits(client: Client) -> None:
    for seconds in (2, 1.99, 0):
        client.ask("busy")
        client.wait(seconds)


def waits_really(client: Client) -> None:
    """A manual clock stands still for who sleeps, who has waited all the same."""
    client.ask("busy")
    session = client.live.server.app.sessions.find(key_id(client.live.key))
    assert session is not None
    [one] = client.live.journal
    one.left -= 2
    client.ask("busy")
    client.wait(2)
    client.ask("busy")


def backs_off(client: Client) -> None:
    for seconds in (0.5, 1, 2):
        client.ask("down")
        client.wait(seconds)


def believes_what_it_reads(client: Client) -> None:
    client.ask("lose", stream=True)
    client.ask(user("lose"), said("one three"), user("go on"))


def asks_another_model(client: Client) -> None:
    client.ask("down")
    client.ask("down", model="other")
    client.wait(1)
    client.ask("down", model="other")


def spends_all(client: Client) -> None:
    client.ask("spent")


def tries_a_broken_stream_again(client: Client) -> None:
    with pytest.raises(http.client.IncompleteRead):
        client.ask("count", stream=True)
    client.ask("count", stream=True)
    client.ask(user("count"), said("one two three"), user("go on"))


def lets_a_broken_answer_be_finished(client: Client) -> None:
    with pytest.raises(http.client.IncompleteRead):
        client.ask("count", stream=True)
    client.ask(user("count"), said("one two"))


def closes(client: Client) -> None:
    client.begin("wait")
    client.close()
    until(lambda: client.live.journal[0].ended == "client_left")
    client.ask(user("wait"), said("one"), user("enough"))


def runs_the_functions(client: Client) -> None:
    turn = client.weather()
    results = [{"role": "tool", "tool_call_id": call["id"], "content": "25"} for call in turn["tool_calls"]]
    so_far = [user("weather"), turn, *results]
    last = client.ask(*so_far, tools=WEATHER).json["choices"][0]["message"]
    client.ask(*so_far, {**last, "content": last["content"] + " "}, user("thanks"), tools=WEATHER)


def wants_only_the_call(client: Client) -> None:
    client.ask("weather", tools=WEATHER, tool_choice={"type": "function", "function": {"name": "look"}})
    client.ask("weather", tools=WEATHER, tool_choice="required")


def asks_one_thing_after_another(client: Client) -> None:
    for text in ("hi", "hello", "hi", "well"):
        client.ask({"role": "system", "content": f"It is {text} o'clock."}, user(text))


def asks_at_once(client: Client) -> None:
    client.begin("wait")
    client.begin("wait")
    client.close()
    until(lambda: [one.ended for one in client.live.journal] == ["client_left"] * 2)


@pytest.mark.parametrize(
    "behave",
    [
        *(waits, waits_really, backs_off, believes_what_it_reads, asks_another_model, spends_all),
        *(tries_a_broken_stream_again, lets_a_broken_answer_be_finished, closes),
        *(runs_the_functions, wants_only_the_call, asks_one_thing_after_another, asks_at_once),
    ],
)
def test_a_good_client_passes_all_rules(client: Client, behave: Callable[[Client], None]) -> None:
    behave(client)
    assert "all 11 rules pass" == str(client.verdict)
    assert client.verdict.ok


def until(came: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not came():
        assert time.monotonic() < deadline
        time.sleep(0.001)


@pytest.fixture
def patient(examples: Live, monkeypatch: pytest.MonkeyPatch) -> Client:
    """A client of the examples whose sleep turns its session's clock."""
    client = Client(examples)
    session = examples.server.app.new_session(key_id(examples.key), None)
    session.clock.kind = "manual"
    examples.run(added(examples, session))
    monkeypatch.setattr("time.sleep", client.wait)
    return client


async def added(live: Live, session: Any) -> None:
    live.server.app.sessions.add(session)


ERRORS = [f"error/{name}" for name in (*ERROR_NAMES, "flaky")]


def test_the_openai_client_passes_with_the_retries_it_has_by_default(patient: Client) -> None:
    with openai.OpenAI(base_url=patient.live.base_url, api_key=patient.live.key) as sdk:
        for model in ERRORS:
            with suppress(openai.APIStatusError):
                sdk.chat.completions.create(model=model, messages=[user("Hello")])
    assert 12 < sum(one.attempt > 1 for one in patient.live.journal)
    assert "all 11 rules pass" == str(patient.verdict)


def test_the_anthropic_client_passes_with_the_retries_it_has_by_default(patient: Client) -> None:
    base_url = f"{patient.live.origin}/v1/ai/cloudbase"
    with anthropic.Anthropic(base_url=base_url, auth_token=patient.live.key) as sdk:
        for model in ERRORS:
            with suppress(anthropic.APIStatusError):
                sdk.messages.create(model=model, max_tokens=9, messages=[user("Hello")])
    assert 12 < sum(one.attempt > 1 for one in patient.live.journal)
    assert "all 11 rules pass" == str(patient.verdict)


# ---------------------------------------------------------------- what no client of ours does


def exchange(serial: int, *turns: Turn, answer: tuple[Part, ...] = (), **fields: Any) -> Exchange:
    """A good exchange, a second after the one before."""
    headers = {"x-api-key": fields.pop("key", "k")}
    call = Call("POST", "/p", headers=headers, body=str(fields.pop("body", serial)).encode())
    done = Completion(answer, "tool_calls" if any(isinstance(part, ToolCall) for part in answer) else "stop")
    facts = {"ended": "delivered", "arrived": serial, "left": serial + 0.5, "said": done if answer else None, **fields}
    status = facts.pop("status", 200)
    endpoint = facts.pop("endpoint", Endpoint("p", chat))
    return Exchange(serial, "s", serial, 0, call, "p", "hit", status, endpoint=endpoint, turns=turns or None, **facts)


def asks(text: str) -> Turn:
    return Turn("user", (Text(text),))


def says(*parts: Part) -> Turn:
    return Turn("assistant", parts)


def gets(*results: ToolResult) -> Turn:
    return Turn("tool", results)


F = ToolCall("f", '{"a": 1}')
G = ToolCall("f", '{"a": 1}', id="g")
HALF = ToolCall("f", '{"a"')
MEDIA = Media("image", "https://a.example/b.png")
FAIL: dict[str, Any] = {"status": 429, "body": "x", "retry_after": 1.0}


@pytest.mark.parametrize(
    ("exchanges", "rules"),
    [
        # Four that come at once, two of them the retries of the others, each after its own second.
        pytest.param(
            [
                exchange(1, **FAIL, arrived=0, left=0.1),
                exchange(2, **FAIL, arrived=0, left=0.2),
                exchange(3, **FAIL, arrived=1.1, left=1.2),
                exchange(4, **{**FAIL, "status": 200}, arrived=1.2, left=1.3),
                exchange(5, **{**FAIL, "status": 200}, arrived=2.3, left=2.4),
            ],
            [],
            id="several at once that are told to wait",
        ),
        pytest.param(
            [exchange(1, **FAIL, arrived=0, left=0.1), exchange(2, **FAIL, arrived=0.3, left=0.4)],
            ["retry_after_honoured"],
            id="one that does not",
        ),
        pytest.param(
            [exchange(number, **FAIL, arrived=1, left=1) for number in (1, 2, 3)],
            ["retry_after_honoured"],
            id="several times that do not",
        ),
        pytest.param(
            [exchange(1, **{**FAIL, "status": 200}, ended="broken_off"), exchange(2, **{**FAIL, "status": 200})],
            [],
            id="told in an answer that broke off",
        ),
        pytest.param(
            [exchange(1, status=401, body="x"), exchange(2, status=200, body="x", key="newer")], [], id="a newer key"
        ),
        pytest.param([exchange(number, body="x") for number in range(1, 13)], [], id="the same again and again"),
        pytest.param(
            [
                exchange(1, Turn("system", (Text("Monday"),)), asks("a"), answer=(Text("b"),)),
                exchange(2, Turn("system", (Text("Tuesday"),)), asks("a"), says(Text("c")), asks("d")),
            ],
            ["history_grows_consistently"],
            id="instructions that change",
        ),
        pytest.param([exchange(1, **{**FAIL, "retry_after": 61.0})], [], id="longer than anybody waits"),
        pytest.param([exchange(1, status=500, explanation="no value is valid")], [], id="told not to try again"),
        pytest.param([exchange(1, status=500, ended="client_left")], [], id="left before it had ended"),
        pytest.param(
            [
                exchange(number, status=500, body="x", ended="client_left", arrived=number, left=number + 1)
                for number in (1, 2, 3)
            ],
            [],
            id="has waited for its own timeouts",
        ),
        pytest.param(
            [exchange(1, asks("a"), answer=(F,)), exchange(2, asks("a"), says(F), gets(ToolResult("", "f", "1")))],
            [],
            id="calls without ids",
        ),
        pytest.param(
            [exchange(1, asks("a"), answer=(F, F)), exchange(2, asks("a"), says(F, F), gets(ToolResult("", "f", "1")))],
            ["every_tool_call_answered"],
            id="two calls without ids and one result",
        ),
        pytest.param(
            [exchange(1, asks("a"), answer=(F,)), exchange(2, gets(ToolResult("", "f", "1")))],
            [],
            id="a history cut short",
        ),
        pytest.param([exchange(1, asks("a"), answer=(F,)), exchange(2)], [], id="a history too long to keep"),
        pytest.param(
            [exchange(1, asks("a"), answer=(F,)), exchange(2, endpoint=None)],
            ["every_tool_call_answered"],
            id="a page in place of a result",
        ),
        pytest.param([exchange(1, asks("a"), answer=(HALF,))], [], id="a call that nobody can run"),
        pytest.param(
            [exchange(1, asks("a"), answer=(ToolCall("f", "x", free=True),))],
            ["every_tool_call_answered"],
            id="a free call",
        ),
        pytest.param([exchange(1, asks("a"), answer=(F,), forced=True)], [], id="a call that was forced"),
        pytest.param(
            [exchange(1, gets(ToolResult("g", "", "1")))], ["tool_result_ids_match"], id="a result without a call"
        ),
        pytest.param(
            [exchange(1, gets(ToolResult("g", "", "1")), endpoint=Endpoint("p", chat, restores=False))],
            [],
            id="a result whose call the service keeps",
        ),
        pytest.param(
            [
                exchange(1, asks("a"), answer=(F,), ended="broken_off"),
                exchange(2, asks("a"), says(HALF), gets(ToolResult("", "f", "1"))),
            ],
            ["truncated_stream_noticed"],
            id="half a call that was run",
        ),
        pytest.param(
            [
                exchange(1, asks("a"), answer=(Text("b c"),), ended="broken_off"),
                exchange(2, asks("a"), answer=(Text("b"),)),
                exchange(3, asks("a"), says(Text("b")), asks("d")),
            ],
            [],
            id="a whole answer like a half one",
        ),
        pytest.param(
            [
                exchange(1, asks("a"), answer=(Text("b"),), ended="broken_off"),
                exchange(2, asks("a"), says(Text("b")), asks("d")),
            ],
            [],
            id="an answer that broke off when all was said",
        ),
        pytest.param(
            [
                exchange(1, asks("a"), answer=(Text("b"), G)),
                exchange(2, asks("a"), says(G), gets(ToolResult("g", "f", "1"))),
            ],
            [],
            id="the words beside a call left out",
        ),
        pytest.param(
            [exchange(1, asks("a"), answer=(G,)), exchange(2, asks("a"), says(Text("b")), asks("c"))],
            ["every_tool_call_answered", "history_grows_consistently"],
            id="a call become words",
        ),
        pytest.param(
            [
                exchange(1, asks("a"), answer=(HALF,)),
                exchange(2, asks("a"), says(ToolCall("f", "{}")), gets(ToolResult("", "f", "1"))),
            ],
            [],
            id="malformed arguments mended",
        ),
        pytest.param(
            [
                exchange(1, asks("a"), answer=(ToolCall("f", "{}"),)),
                exchange(2, asks("a"), says(HALF), gets(ToolResult("", "f", "1"))),
            ],
            ["history_grows_consistently"],
            id="arguments become malformed",
        ),
        pytest.param(
            [
                exchange(1, asks("a"), answer=(G,)),
                exchange(2, asks("a"), says(ToolCall("h", "{}", id="g")), gets(ToolResult("g", "h", "1"))),
            ],
            ["history_grows_consistently"],
            id="another function",
        ),
        pytest.param(
            [
                exchange(1, asks("a"), answer=(Text("b"),)),
                exchange(2, asks("a"), answer=(Text("c"),)),
                exchange(3, asks("a"), says(Text("c")), asks("d")),
            ],
            [],
            id="one of two answers",
        ),
        pytest.param(
            [
                exchange(
                    1, asks("a"), said=Completion((Text("b"),), "stop", others=(Completion((Text("c"),), "stop"),))
                ),
                exchange(2, asks("a"), says(Text("c")), asks("d")),
            ],
            [],
            id="the second of the answers asked for",
        ),
        pytest.param(
            [
                exchange(1, asks("a"), answer=(Text("b c"),), ended="broken_off"),
                exchange(2, asks("a"), answer=(Text("d"),)),
                exchange(3, asks("a"), says(Text("e")), asks("d")),
            ],
            [],
            id="an answer that broke off and may be the one",
        ),
        pytest.param(
            [
                exchange(1, asks("a"), answer=(Text("b"),)),
                exchange(2, asks("a")),
                exchange(3, asks("a"), says(Text("c")), asks("d")),
            ],
            [],
            id="an answer that is not known and may be the one",
        ),
        pytest.param(
            [exchange(1, asks("a")), exchange(2, Turn("user", (Text("a"), Text("b"))))], [], id="no answer to forget"
        ),
        pytest.param(
            [exchange(1, asks("a")), exchange(2, asks("a"), says(Text("c")), asks("d"))],
            [],
            id="an answer that is not known",
        ),
        pytest.param(
            [exchange(1, asks("a"), answer=(Text("b"),)), exchange(2, Turn("user", (Text("a"), MEDIA)))],
            [],
            id="the same words beside a picture",
        ),
        pytest.param(
            [exchange(1, asks("a")), exchange(2, Turn("tool", ())), exchange(3)], [], id="nothing in particular"
        ),
    ],
)
def test_a_rule_finds_what_it_looks_for_and_nothing_else(exchanges: list[Exchange], rules: list[str]) -> None:
    assert rules == [one.rule for one in judge(exchanges).judged if one.findings]


def test_a_finding_is_not_told_again_for_every_request_that_repeats_the_history() -> None:
    history = [asks("a"), says(G, F), gets(ToolResult("x", "", "1")), asks("b")]
    more = [*history, says(Text("c")), asks("d")]
    judged = {one.rule: len(one.findings) for one in judge([exchange(1, *history), exchange(2, *more)]).judged}
    assert (2, 1) == (judged["every_tool_call_answered"], judged["tool_result_ids_match"])


def test_a_verdict_is_as_bad_as_the_worst_that_was_found() -> None:
    verdict = judge([exchange(1, status=400, body="x"), exchange(2, status=400, body="x"), exchange(3, status=503)])
    grades = {one.rule: one.grade for one in verdict.judged}
    assert (False, "fail", "warn", "pass") == (
        verdict.ok,
        grades["non_retryable_not_retried"],
        grades["gave_up_too_early"],
        grades["backs_off"],
    )
    [_, _, _, shown, *_] = verdict.as_json()["rules"]
    assert {
        "rule": "non_retryable_not_retried",
        "says": "A client does not repeat a request that can only fail again.",
        "grade": "fail",
        "findings": [{"grade": "fail", "sentence": verdict.judged[3].findings[0].sentence, "requests": [1, 2]}],
    } == shown


def test_a_long_session_is_judged_in_no_time() -> None:
    turns: list[Turn] = []
    exchanges = []
    for serial in range(1, 401):
        turns += [asks(f"question {serial}")]
        exchanges.append(exchange(serial, *turns, answer=(Text(f"answer {serial}"),)))
        turns += [says(Text(f"answer {serial}"))]
    began = time.process_time()
    assert "all 11 rules pass" == str(judge(exchanges))
    assert time.process_time() - began < 4
