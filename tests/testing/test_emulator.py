"""`Emulator` and its sessions in plain Python: no pytest fixture is needed for any of it."""

import asyncio
import http.client
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from anthropic import Anthropic
from google import genai
from openai import APIStatusError, AsyncOpenAI, NotFoundError, OpenAI

import emulator
from emulator import Emulator, EmulatorError, Session, error, refusal, reply, text, tool_call, tool_calls
from emulator.scenario import load_text
from emulator.testing import control
from emulator.testing.clients import UNSET, Clients
from emulator.testing.control import Remote
from emulator.testing.server import Server
from tests.live import NAMES, ROOT, Live

WEATHER = """
version: 1
steps:
  - name: ask
    when: {user: "*weather*"}
    reply: {text: It is sunny.}
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    started = Emulator(time_scale=0)
    started.start()
    yield started.server
    started.stop()


@pytest.fixture
def session(server: Server) -> Iterator[Session]:
    made = server.session()
    yield made
    made.end()


def said(user: str) -> Any:
    return [{"role": "user", "content": user}]


def ask(session: Session, user: str, **options: Any) -> Any:
    with OpenAI(**session.cloudbase.openai, max_retries=0) as client:
        return client.chat.completions.create(model="m", messages=said(user), **options).choices[0].message


# ---------------------------------------------------------------- starting and stopping


def test_with_gives_a_session_on_a_server_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "weather.yaml"
    file.write_text(WEATHER, encoding="utf-8")
    before = threading.active_count()
    with Emulator(file, seed=7) as held:
        assert "It is sunny." == ask(held, "the weather?").content
        assert [("weather/ask", f"{file}:4", 200)] == [(one.step, one.place, one.status) for one in held.requests]
    assert before == threading.active_count()


async def test_async_with_runs_in_the_loop_that_is_running() -> None:
    before = threading.active_count()
    async with Emulator(time_scale=0) as held:
        held.on(user="hello").reply("Hi")
        async with AsyncOpenAI(**held.plain.openai) as client:
            done = await client.chat.completions.create(model="m", messages=said("hello"))
        assert ("Hi", ["hit"]) == (done.choices[0].message.content, [one.outcome for one in held.requests])
        # Another thread asks through the loop.
        assert 1 == len(await asyncio.to_thread(lambda: held.requests))
        started = Emulator()
        async with started:
            with pytest.raises(EmulatorError, match="started already"):
                await started.__aenter__()
    assert before >= threading.active_count() - 1  # of to_thread


def test_an_emulator_that_was_started_is_its_session_too() -> None:
    held = Emulator(time_scale=0)
    with pytest.raises(AttributeError, match="no 'cloudbase' before it is started"):
        _ = held.cloudbase
    session = held.start()
    try:
        held.on(user="hello").reply("Hi")
        assert (session.key, "Hi") == (held.cloudbase.key, ask(session, "hello").content)
        with pytest.raises(EmulatorError, match="started already"):
            held.start()
        assert held.server.session().id != session.id
        with pytest.raises(AttributeError):
            _ = held.nonsense
    finally:
        held.stop()
    held.stop()


def test_every_problem_of_its_scenarios_is_said_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.yaml").write_text("version: 1\nsteps:\n  - reply: {txt: a}\n", encoding="utf-8")
    Path("b.yaml").write_text("version: 1\nsteps:\n  - rply: {text: a}\n", encoding="utf-8")
    before = threading.active_count()
    with pytest.raises(EmulatorError) as caught, Emulator("a.yaml", "b.yaml"):
        pass
    assert before == threading.active_count()
    lines = str(caught.value).splitlines()
    assert "a.yaml:3:13: steps[0].reply.txt: unknown key. Did you mean 'text'?" == lines[0]
    assert ("b.yaml:3:5: steps[0].rply", "2 problems; nothing was loaded.") == (lines[1][:25], lines[-1])


def test_a_port_that_is_taken_is_said(server: Server) -> None:
    port = int(server.url.rpartition(":")[2])
    before = threading.active_count()
    with pytest.raises(EmulatorError, match=rf"can't listen on 127\.0\.0\.1:{port}: "):
        Emulator(port=port).start()
    assert before == threading.active_count()


def test_settings_reach_the_server() -> None:
    settings: Any = {"clock": "manual", "api_keys": ["a-key"], "providers": {"plain": {"models": ("only",)}}}
    with Emulator(**settings) as held:
        held.on().reply("Hi")
        assert "Hi" == ask(held, "anything").content  # its own key is valid too
        held.clock.advance("90s")
        assert (90.0, ()) == (held.clock.now, held.clock.waiting)
        with OpenAI(**held.plain.openai) as client:
            assert ["only"] == [model.id for model in client.models.list()]
        with OpenAI(base_url=held.cloudbase.url, api_key="other") as client, pytest.raises(APIStatusError):
            client.models.list()


def test_importing_the_package_loads_next_to_nothing() -> None:
    script = "import sys, emulator; print(sorted(name for name in sys.modules if name.startswith('emulator')))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=True)
    assert "['emulator']\n" == done.stdout
    assert [] == [name for name in emulator.__all__ if getattr(emulator, name, None) is None]
    with pytest.raises(AttributeError, match="module 'emulator' has no attribute 'nonsense'"):
        _ = emulator.nonsense


# ---------------------------------------------------------------- clients


def test_each_sdk_takes_its_arguments_as_they_are(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    # What the machine has set must not lead a client elsewhere.
    for name in ("OPENAI_BASE_URL", "ANTHROPIC_BASE_URL", "GOOGLE_GEMINI_BASE_URL"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/elsewhere")
    for name in ("ANTHROPIC_API_KEY", "GOOGLE_GENAI_USE_VERTEXAI", "GOOGLE_API_KEY"):
        monkeypatch.setenv(name, "true")
    session.on(user="hello").reply("Hi")
    places = [session.cloudbase, session.cloudsway("RkBOAlaWzKcubSji"), session.plain]
    arguments: Any = {"model": "m", "max_tokens": 9, "messages": said("hello")}
    for place in places:
        with OpenAI(**place.openai) as one, Anthropic(**place.anthropic) as two:
            assert "Hi" == one.chat.completions.create(model="m", messages=said("hello")).choices[0].message.content
            assert "Hi" == two.messages.create(**arguments).content[0].text
    for place in places[1:]:
        with genai.Client(**place.gemini) as three:
            assert "Hi" == three.models.generate_content(model="gemini-2.5-flash", contents="hello").text
    with OpenAI(**session.enveloped.openai) as one:
        chunks: Any = one.chat.completions.create(model="m", messages=said("hello"), stream=True)
        assert "Hi" == "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    with Anthropic(**session.enveloped.anthropic) as two, two.messages.stream(**arguments) as events:
        assert "Hi" == events.get_final_text()
    assert [200] * 10 == [one.status for one in session.requests]
    assert {"chat", "messages", "gemini"} == {one.protocol for one in session.requests}


def test_a_client_that_a_provider_has_no_place_for_is_an_error(session: Session) -> None:
    with pytest.raises(EmulatorError, match=r"cloudbase has no base URL for clients of gemini; it has those of chat"):
        _ = session.cloudbase.gemini
    with pytest.raises(EmulatorError, match=r"'cloudbse' is no provider; there are cloudbase, cloudsway"):
        session.provider("cloudbse")


def test_the_url_of_a_session_takes_any_key(session: Session) -> None:
    session.on().reply("Hi")
    base = session.cloudbase.url.replace(session.url.partition("/s/")[0], session.url)
    with OpenAI(base_url=base, api_key="whatever") as client:
        client.chat.completions.create(model="m", messages=said("hello"))
    assert 1 == len(session.requests)


def test_keys_are_in_no_representation(session: Session) -> None:
    assert session.key not in repr(session) + repr(session.cloudbase)
    assert session.key not in repr(Clients("plain", {}, session.key))


def test_sdks_find_the_session_by_their_variables(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in UNSET:
        monkeypatch.delenv(name, raising=False)
    for name, value in session.environment.items():
        monkeypatch.setenv(name, value)
    session.on(user="hello").reply("Hi")
    with OpenAI() as one, Anthropic() as two, genai.Client() as three:
        one.chat.completions.create(model="m", messages=said("hello"))
        two.messages.create(model="m", max_tokens=9, messages=said("hello"))
        three.models.generate_content(model="gemini-2.5-flash", contents="hello")
    assert ["chat", "messages", "gemini"] == [one.protocol for one in session.requests]
    assert [200] * 3 == [one.status for one in session.requests]


# ---------------------------------------------------------------- what is replied

BUILT: list[tuple[Any, str]] = [
    (text("Hi"), "{text: Hi}"),
    (text("Hi", delay="1s", times=2), "{text: Hi, delay: 1s, times: 2}"),
    (reply(reasoning="Hm.", text="Hi"), "{reasoning: Hm., text: Hi}"),
    (tool_call("f", city="Bern"), "{tool_calls: [{name: f, arguments: {city: Bern}}]}"),
    (tool_call("f", name="n"), "{tool_calls: [{name: f, arguments: {name: n}}]}"),
    (
        tool_calls(("f", {"a": 1}), ("g", '{"b'), finish="length"),
        "{tool_calls: [{name: f, arguments: {a: 1}}, {name: g, arguments: '{\"b'}], finish: length}",
    ),
    (refusal("No."), "{refusal: No.}"),
    (error("rate_limited", retry_after="1s"), "{error: rate_limited, retry_after: 1s}"),
    (error({"name": "overloaded", "status": 529}), "{error: {name: overloaded, status: 529}}"),
]


@pytest.mark.parametrize(("built", "written"), BUILT, ids=[written for _, written in BUILT])
def test_a_builder_gives_what_yaml_gives(built: Any, written: str) -> None:
    import yaml  # noqa: PLC0415 - the one place that compares with YAML itself

    assert yaml.safe_load(written) == built
    scenario = {"version": 1, "steps": [{"replies": [built]}]}
    assert () == load_text(json.dumps(scenario).encode(), "s.yaml", NAMES).problems


def test_steps_are_written_in_code(session: Session) -> None:
    session.on(user="weather?").reply(tool_call("get_weather", city="Beijing"))
    session.on(tool_result={"name": "get_weather"}).reply("It is {{ tool_result.json.sky }}.")
    session.on(user="hello").replies(error("rate_limited", times=2), "Hello!")
    session.on(user="🎉 \x7f \\u").reply(reply(text="an odd one"), finish="length")
    [call] = ask(session, "weather?").tool_calls
    assert ("get_weather", '{"city":"Beijing"}') == (call.function.name, call.function.arguments.replace(" ", ""))
    assert "an odd one" == ask(session, "🎉 \x7f \\u").content
    statuses = []
    for _ in range(3):
        try:
            ask(session, "hello")
            statuses.append(200)
        except APIStatusError as caught:
            statuses.append(caught.status_code)
    assert [429, 429, 200] == statuses
    assert [("", 1), ("", 1), ("rate_limited", 1), ("rate_limited", 2), ("", 3)] == [
        (one.error, one.attempt) for one in session.requests
    ]
    assert ["tool_calls", "length", "", "", "stop"] == [one.finish for one in session.requests]


def test_a_step_that_was_written_later_lets_the_others_go_on(session: Session) -> None:
    session.on(user="a").reply("once", times=1)
    ask(session, "a")
    session.on(user="b").reply("B")
    with pytest.raises(NotFoundError):
        ask(session, "a")
    assert ("B", ()) == (ask(session, "b").content, session.unused)


def line_of(words: str) -> int:
    [number] = [number for number, line in enumerate(Path(__file__).read_text(encoding="utf-8").splitlines(), 1)
                if words in line and "line_of" not in line]  # fmt: skip
    return number


def test_a_step_is_found_by_the_line_that_wrote_it(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    session.on(user="here").reply("a", times=3)
    assert f"tests/testing/test_emulator.py:{line_of('on(user=' + chr(34) + 'here')}" == session.unused[0].place
    with pytest.raises(EmulatorError) as caught:
        session.on(usr="there").reply("a")
    place = f"tests/testing/test_emulator.py:{line_of('on(usr=')}"
    assert str(caught.value).startswith(place)
    assert str(caught.value).endswith("steps[0].when.usr: unknown key. Did you mean 'user'?")
    with pytest.raises(EmulatorError, match=r"test_emulator.py:\d+: this can't be written as JSON: .* set "):
        session.on(user={"a", "b"}).reply("a")


def test_scenarios_are_loaded_from_files_texts_and_values(session: Session, tmp_path: Path) -> None:
    file = tmp_path / "weather.yaml"
    file.write_text(WEATHER, encoding="utf-8")
    session.load(file)
    session.load(
        """
        version: 1
        steps: [{when: {user: a}, reply: {text: A}}]
        """
    )
    session.load({"steps": [{"when": {"user": "b"}, "reply": text("B")}]})
    assert ["It is sunny.", "A", "B"] == [ask(session, user).content for user in ("weather", "a", "b")]
    with pytest.raises(EmulatorError, match=r"text-3\.yaml:3:10: steps\[0\]\.rply"):
        session.load("\nversion: 1\nsteps: [{rply: a}]\n")


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("lost.yaml", None, "lost.yaml: there is no such file"),
        ("a.txt", b"", "a.txt: this is not a .yaml, .yml or .json file"),
        ("a.yaml", b"\xff", "a.yaml: this file is not UTF-8"),
        ("a.yaml", b"version: 2\nsteps: []", "a.yaml:1:10: version: 2 is not a version"),
    ],
)
def test_a_file_that_can_not_be_used_is_said(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: bytes | None, problem: str
) -> None:
    monkeypatch.chdir(tmp_path)
    if content is not None:
        Path(name).write_bytes(content)
    with pytest.raises(EmulatorError) as caught:
        session.load(name)
    assert str(caught.value).startswith(problem)


def test_files_beside_a_scenario_are_found_in_this_process_and_by_nobody_else(
    server: Server, tmp_path: Path, scripted: Callable[..., Live]
) -> None:
    (tmp_path / "answer.http").write_bytes(b"HTTP/1.1 418 Teapot\r\n\r\nshort and stout")
    file = tmp_path / "recorded.yaml"
    file.write_text("version: 1\nsteps: [{reply: {raw: {file: answer.http}}}]", encoding="utf-8")
    session = server.session(file)
    with pytest.raises(APIStatusError) as caught:
        ask(session, "hello")
    assert (418, "short and stout") == (caught.value.status_code, session.requests[0].reply)
    other = Server.at(scripted("steps: [{reply: {text: a}}]").origin)
    with pytest.raises(EmulatorError, match="this scenario was not read from a folder"):
        other.session(file)
    other.line.close()


# ---------------------------------------------------------------- what was asked, and where a session stands


def test_requests_say_what_came_and_what_went(session: Session) -> None:
    session.on(user="hello", stream=True).reply(
        text("one two", stream={"chunk": "word", "every": "10ms"}), set={"n": 1}
    )
    with OpenAI(**session.cloudsway("RkBOAlaWzKcubSji").openai) as client:
        list(client.chat.completions.create(model="gpt", messages=said("hello"), stream=True))
    [one] = session.requests
    assert ("POST", "/v1/ai/RkBOAlaWzKcubSji/chat/completions", "cloudsway", "chat", "RkBOAlaWzKcubSji", "gpt") == (
        one.method,
        one.path,
        one.provider,
        one.protocol,
        one.target,
        one.model,
    )
    assert (True, 200, "delivered", "stop", 1, 1) == (
        one.stream,
        one.status,
        one.ended,
        one.finish,
        one.call,
        one.attempt,
    )
    assert ("hello", "…") == (one.body["messages"][0]["content"], one.headers["authorization"])
    assert one.reply.startswith("data: ")
    assert [0.0, 0.01] == [due for due, _, _ in one.beats][:2]
    assert {"n": 1} == session.state
    session.reset()
    assert ((), {}) == (session.requests, session.state)


def test_what_fell_short_is_told(session: Session) -> None:
    session.load({"order": "sequence", "steps": [{"name": "first", "reply": text("1")}, {"reply": text("2")}]})
    session.on(user="never").reply("a", times=2)
    session.on(user="unfinished")
    ask(session, "one")
    ask(session, "two")
    with pytest.raises(NotFoundError):
        ask(session, "three")
    [miss] = session.misses
    [unused] = session.unused
    assert (3, "POST /v1/ai/cloudbase/chat/completions") == (miss.request, miss.asked)
    assert str(miss).startswith("request 3, POST /v1/ai/cloudbase/chat/completions: no scenario step matched")
    assert ("on-2/step-1", 2) == (unused.step, unused.times)
    assert f"on-2/step-1 ({unused.place})" == str(unused)
    assert [True] == [place.partition(":")[0].endswith("test_emulator.py") for place in session.unfinished]


def test_a_stall_of_half_a_minute_takes_no_time(session: Session) -> None:
    other = session.beside(clock="manual")
    other.on(user="slow").reply("late", delay="30s")
    answers: list[str] = []
    asking = threading.Thread(target=lambda: answers.append(ask(other, "slow").content))
    asking.start()
    other.clock.until_waiting()
    other.clock.advance("29s")
    assert ([], (30.0,)) == (answers, other.clock.waiting)
    other.clock.advance("1s")
    asking.join(10)
    assert (["late"], ()) == (answers, session.requests)
    other.end()


def test_a_stream_waits_at_a_gate(session: Session) -> None:
    session.on(user="go").reply(text("one two", stream={"chunk": "word", "at": [{"chunk": 1, "gate": "approve"}]}))
    with OpenAI(**session.cloudbase.openai) as client:
        chunks = client.chat.completions.create(model="m", messages=said("go"), stream=True)
        pieces = (chunk.choices[0].delta.content for chunk in chunks if chunk.choices[0].delta.content)
        assert ("one", {"approve": False}) == (next(pieces), session.gates.named)
        session.gates.open("approve")
        assert [" two"] == list(pieces)


def test_a_clock_that_nobody_waits_for_is_said(session: Session) -> None:
    with pytest.raises(EmulatorError, match=r"after 0\.02 s nobody waits for this clock"):
        session.clock.until_waiting(0.02)


def test_requests_are_asserted_by_the_conditions_of_steps(session: Session) -> None:
    session.on().reply("Hi")
    ask(session, "the weather in Beijing")
    ask(session, "the time")
    session.assert_requested(user="*weather*")
    session.assert_requested(user="*weather*", times=1)
    session.assert_requested(times=2)
    session.assert_requested(user="*", at_least=2)
    session.assert_requested(user="nothing", times=0)
    with pytest.raises(AssertionError) as caught:
        session.assert_requested(user="the weather in Bern")
    assert (
        "at least 1 request with user='the weather in Bern' expected, 0 came\n"
        "  request 1 user: 'the weather in Beijing' is not 'the weather in Bern'\n"
        "  request 2 user: 'the time' is not 'the weather in Bern'"
    ) == str(caught.value)
    with pytest.raises(AssertionError, match=r"^exactly 1 request with anything expected, 2 came\n  request 1 fits"):
        session.assert_requested(times=1)
    with pytest.raises(EmulatorError, match=r"unknown key\. Did you mean 'user'"):
        session.assert_requested(usr="a")


def test_the_verdict_is_the_servers_own(session: Session) -> None:
    assert (True, "all ") == (session.verdict.ok, str(session.verdict)[:4])
    session.on(user="hello").replies(error("rate_limited", retry_after="30s"), "Hi")
    for _ in range(2):
        try:
            ask(session, "hello")
        except APIStatusError:
            continue
    verdict = session.verdict
    assert (False, ["retry_after_honoured"]) == (
        verdict.ok,
        [one.rule for one in verdict.judged if one.grade == "fail"],
    )
    assert str(verdict).startswith("fail: retry_after_honoured: request 1 was answered 429 with Retry-After: 30")


# ---------------------------------------------------------------- a server that is up already


def test_a_server_that_is_up_is_asked_over_http(scripted: Callable[..., Live]) -> None:
    live = scripted("steps: [{reply: {text: the server's own}}]", control_token="secret")
    server = Server.at(f"{live.origin}/", "secret")
    session, apart = server.session(), server.session(scenarios=())
    assert "the server's own" == ask(session, "hello").content
    with pytest.raises(NotFoundError):
        ask(apart, "hello")
    assert ([1], [1]) == ([one.number for one in session.requests], [miss.request for miss in apart.misses])
    session.end()
    assert ((), {}) == (session.requests, session.state)
    with pytest.raises(EmulatorError, match="there is no session"):
        session.reset()
    server.line.close()
    # A connection that was closed is opened again.
    assert apart.requests
    server.line.close()
    assert "secret" not in repr(server)


def test_what_keeps_it_from_being_asked_is_said(scripted: Callable[..., Live]) -> None:
    live = scripted("steps: [{reply: {text: a}}]", control_token="secret")
    with pytest.raises(EmulatorError, match=r"no emulator answers at http://127\.0\.0\.1:9: Connection refused"):
        Server.at("http://127.0.0.1:9")
    stranger = Server.at(live.origin)
    with pytest.raises(EmulatorError, match="send the server's --control-token as Authorization: Bearer"):
        stranger.session()
    stranger.line.close()


ANSWERS = [
    (b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n<html>", "answers 200, and not as an emulator does"),
    (b"HTTP/1.1 500 Oops\r\nconnection: close\r\n\r\n[1]", "answers with an error, and not as an emulator does"),
    (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{", "no emulator answers at http://127.0.0.1:"),
    (b"", "no emulator answers at http://127.0.0.1:"),
]


@pytest.mark.parametrize(("answer", "sentence"), ANSWERS)
def test_whoever_is_no_emulator_is_told(answer: bytes, sentence: str) -> None:
    def serve() -> None:
        for _ in range(1 + (not answer)):  # a connection that breaks off is tried once more
            connection, _ = listening.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(10)
        thread = threading.Thread(target=serve)
        thread.start()
        with pytest.raises(EmulatorError, match=sentence.replace(".", r"\.")):
            Server.at(f"http://127.0.0.1:{listening.getsockname()[1]}")
        thread.join(10)


def test_an_address_is_a_url() -> None:
    with pytest.raises(EmulatorError, match="'emulator:8080' is no URL; write it like http://"):
        Server.at("emulator:8080")
    assert isinstance(control._connection("https://emulator.example"), http.client.HTTPSConnection)


def test_a_connection_that_the_server_has_closed_is_opened_again(scripted: Callable[..., Live]) -> None:
    live = scripted("steps: [{reply: {text: a}}]")
    line = Remote(live.origin)
    assert "ok" == line.call("GET", "/_emulator/health")["status"]
    assert line._connection is not None
    line._connection.sock.close()
    line._connection.sock = None
    assert "ok" == line.call("GET", "/_emulator/health")["status"]
    line.close()
    line.close()


# ---------------------------------------------------------------- the cost


def test_a_session_costs_no_more_than_three_milliseconds(server: Server) -> None:
    def run(count: int) -> float:
        began = time.process_time()
        for _ in range(count):
            made = server.session(scenarios=())
            _ = made.shortfall
            made.end()
        return (time.process_time() - began) / count

    run(20)
    # Of the processor, on both sides: a machine with other things to do is no slower by that.
    assert run(200) < 0.003
