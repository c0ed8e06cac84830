"""The control API over a socket: sessions, clocks that are turned, gates, scenarios put beside the files."""

import http.client
import json
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from emulator.clock import EPOCH
from emulator.providers import PROVIDERS
from emulator.session import key_id
from emulator.verdict import RULES
from tests.live import Live, Reply

STEPS = """
steps:
  - name: stalls
    when: {user: stall}
    reply: {text: one two, stream: {chunk: word, at: [{chunk: 1, stall: 30s}]}}
  - name: delays
    when: {user: delay}
    reply: {text: late, delay: 10s}
  - name: gated
    when: {user: gate}
    reply: {text: one two, stream: {chunk: word, at: [{chunk: 1, gate: the door/2}]}}
  - name: busy
    when: {user: busy}
    replies: [{error: rate_limited, retry_after: 2s}, {text: free}]
  - name: first
    when: {user: "hello*"}
    reply: {text: Hello!, set: {asked: "{{ request.user }}"}}
    times: 2
"""
CHAT = "/v1/ai/cloudbase/chat/completions"


def control(live: Live, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    reply = live.send(method, f"/_emulator/{path}", body, headers)
    return reply.status, reply.json


def done(live: Live, method: str, path: str, body: Any = None) -> Any:
    """What comes of a question that is answered."""
    status, said = control(live, method, path, body)
    assert 200 == status, said
    return said


@dataclass
class Made:
    """A session that was made over the control API, and a client of it."""

    live: Live
    id: str
    key: str

    def ask(self, user: str, *, stream: bool = False) -> Reply:
        body = {"model": "m", "messages": [{"role": "user", "content": user}], "stream": stream}
        return self.live.send("POST", CHAT, body, {"authorization": f"Bearer {self.key}"})

    def begin(self, user: str, *, stream: bool = True) -> http.client.HTTPConnection:
        """Ask, and wait for nothing."""
        connection = http.client.HTTPConnection("127.0.0.1", self.live.server.port, timeout=10)
        body = json.dumps({"model": "m", "messages": [{"role": "user", "content": user}], "stream": stream})
        connection.request("POST", CHAT, body, {"authorization": f"Bearer {self.key}"})
        return connection

    @property
    def shown(self) -> Any:
        return done(self.live, "GET", f"sessions/{self.id}")

    def until(self, came: Callable[[Any], object]) -> None:
        """Return when the session is shown to have come so far."""
        deadline = time.monotonic() + 10
        while not came(self.shown):
            assert time.monotonic() < deadline, self.shown

    def advance(self, by: str) -> Any:
        return done(self.live, "POST", f"sessions/{self.id}/clock", {"advance": by})


def make(live: Live, **body: Any) -> Made:
    said = done(live, "POST", "sessions", body)
    return Made(live, said["session"], said["api_key"])


@pytest.fixture
def live(scripted: Callable[..., Live]) -> Live:
    return scripted(STEPS, time_scale=1.0)


@pytest.fixture
def manual(live: Live) -> Made:
    return make(live, clock="manual")


@pytest.fixture(autouse=True)
def _quick() -> Any:
    """No test of this file waits for what a scenario says: they would last a minute and more."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < 8


def text_of(reply: http.client.HTTPResponse | Reply) -> str:
    data = reply.body if isinstance(reply, Reply) else reply.read()
    blocks = [block.strip().removeprefix("data: ") for block in data.decode().split("\n\n") if block]
    assert "[DONE]" == blocks.pop()
    chunks = [json.loads(block) for block in blocks]
    return "".join(choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"])


def first_words(reply: http.client.HTTPResponse) -> str:
    while line := reply.readline():
        if line.startswith(b"data: ") and (said := json.loads(line[6:])["choices"][0]["delta"].get("content")):
            return str(said)
    raise AssertionError


# ---------------------------------------------------------------- making a session, and looking at it


def test_a_session_comes_with_a_key_that_leads_to_it(live: Live) -> None:
    said = done(live, "POST", "sessions", {"seed": 255})
    assert {
        "session": key_id("emu-1-ff"),
        "api_key": "emu-1-ff",
        "base_urls": {name: make().base_url(live.origin) for name, make in PROVIDERS.items()},
        "clients": {name: make().base_urls(live.origin, "") for name, make in PROVIDERS.items()},
    } == said
    made = Made(live, said["session"], said["api_key"])
    assert said["session"] == made.ask("hello").headers["x-emulator-session"]
    assert "emu-2-0" == make(live).key


def test_a_key_that_somebody_uses_is_not_given_again(live: Live) -> None:
    Made(live, "", "emu-1-0").ask("hello")
    assert ("emu-2-0", 0) == (make(live).key, make(live).shown["serial"])


def test_a_session_is_shown_with_all_that_it_has_come_to(live: Live) -> None:
    made = make(live, scenarios=["test"], seed=7, clock="manual", time_scale=0.5)
    made.ask("hello")
    made.advance("1.5s")
    done(live, "POST", f"sessions/{made.id}/gates/one%2Ftwo")
    shown = made.shown
    places = [step.pop("place").rpartition(":")[2] for step in shown["steps"]]
    assert ["5", "8", "11", "14", "17"] == places
    rules = [(name, str(rule.__doc__).partition("\n")[0]) for name, rule in RULES.items()]
    assert {
        "session": made.id,
        "scenarios": ["test"],
        "seed": 7,
        "clock": {"kind": "manual", "scale": 0.5, "now": 1.5, "created": EPOCH + 1, "waiting": []},
        "serial": 1,
        "open": 0,
        "state": {"asked": "hello"},
        "gates": {"one/two": True},
        "steps": [
            *(
                {"step": f"test/{name}", "calls": 0, "times": None, "used": False}
                for name in ("stalls", "delays", "gated", "busy")
            ),
            {"step": "test/first", "calls": 1, "times": 2, "used": True},
        ],
        "misses": [],
        "unused": [],
        "warnings": [],
        "verdict": {
            "ok": True,
            "rules": [{"rule": rule, "says": says, "grade": "pass", "findings": []} for rule, says in rules],
        },
    } == shown


def test_a_session_shows_what_fell_short(live: Live) -> None:
    made = make(live)
    assert ["test/first"] == [step["step"] for step in made.shown["unused"]]
    made.ask("hello")
    made.ask("good evening")
    nowhere = live.send("POST", "/nowhere", {}, {"authorization": f"Bearer {made.key}"})
    assert ([], 404) == (made.shown["unused"], nowhere.status)
    path = CHAT.removeprefix("/cloudbase")
    assert [(2, f"POST {path}", True), (3, "POST /nowhere", False)] == [
        (miss["request"], miss["asked"], "no scenario step matched" in miss["explanation"])
        for miss in made.shown["misses"]
    ]


def test_a_session_can_bring_scenarios_and_have_requests_judged_otherwise(live: Live) -> None:
    text = "steps: [{when: {user: 'a*'}, times: 1, reply: {text: A}}]"
    texts = [{"file": f"tests/{name}.yaml", "text": f"version: 1\n{text}"} for name in ("one", "two")]
    made = make(live, scenarios=[], texts=texts, requests="off")
    replies = [made.ask(user) for user in ("a", "a ", "b")]
    assert ["one/step-1", "two/step-1", "none"] == [reply.headers["x-emulator-step"] for reply in replies]
    assert ["tests/one.yaml:2", "tests/two.yaml:2"] == [step["place"] for step in made.shown["steps"]]


def test_all_that_is_wrong_with_the_scenarios_of_a_session_is_said_and_none_is_made(live: Live) -> None:
    broken = {"file": "a.yaml", "text": "version: 1\nsteps: [{rply: {text: a}}]"}
    named_x = "version: 1\nname: x\nsteps: [{reply: {text: a}}]"
    again = [{"file": name, "text": named_x} for name in ("b.yaml", "c.yaml")]
    before = done(live, "GET", "health")["sessions"]
    status, problem = control(live, "POST", "sessions", {"texts": [broken, *again]})
    assert (422, "the scenarios have problems") == (status, problem["title"])
    assert [("a.yaml", 2, "steps[0].rply"), ("c.yaml", 2, "name")] == [
        (one["file"], one["line"], one["where"]) for one in problem["problems"]
    ]
    assert problem["detail"].endswith("c.yaml:2:7: name: 'x' is the name of b.yaml already.")
    assert before == done(live, "GET", "health")["sessions"]


def test_the_steps_of_a_sequence_have_their_times(scripted: Callable[..., Live]) -> None:
    live = scripted("order: sequence\nsteps: [{reply: {text: a}}, {times: 2, reply: {text: b}}]")
    assert [1, 2] == [step["times"] for step in make(live).shown["steps"]]


def test_what_is_not_said_is_as_the_server_has_it(scripted: Callable[..., Live]) -> None:
    live = scripted(STEPS, seed=9, clock="real", time_scale=0.25)
    clock = make(live).shown["clock"]
    assert ("real", 0.25, True) == (clock["kind"], clock["scale"], abs(clock["created"] - time.time()) < 60)
    assert ("deterministic", 0.25) == tuple(make(live, clock="deterministic").shown["clock"].values())[:2]
    assert ("real", 0) == tuple(make(live, time_scale=0).shown["clock"].values())[:2]
    assert 200 == control(live, "POST", "sessions")[0]


def test_the_seed_and_the_ordinals_make_the_ids(live: Live) -> None:
    def run(**body: Any) -> list[str]:
        made = make(live, **body)
        return [made.ask("hello").json["id"], made.ask("hello again").json["id"]]

    assert run(seed=3) == run(seed=3)
    assert run(seed=3) != run(seed=4)


def test_a_session_can_see_no_scenario_at_all(live: Live) -> None:
    made = make(live, scenarios=[])
    assert ([], 404) == (made.shown["scenarios"], made.ask("hello").status)


def test_all_that_is_wrong_with_a_session_to_be_made_is_said_at_once(live: Live) -> None:
    body = {
        "scenarios": ["test", "tset", 1],
        "sead": 1,
        "seed": "x",
        "clock": "wall",
        "time_scale": -1,
        "limits": {"concurrent": 0},
    }
    status, problem = control(live, "POST", "sessions", body)
    assert (422, 422, "about:blank", "the body does not fit") == (
        status,
        problem["status"],
        problem["type"],
        problem["title"],
    )
    assert [
        ("sead", "unknown key. Did you mean 'seed'?"),
        ("scenarios[1]", "'tset' is not known here; only 'test' is."),
        ("scenarios[2]", "the number 1 stands where text is wanted. Put it in quotes."),
        ("seed", "the text 'x' stands where a whole number is wanted."),
        ("clock", "'wall' is not one of deterministic, real, manual."),
        ("time_scale", "-1 is less than 0, the least there is."),
        ("limits.concurrent", "0 is less than 1, the least there is."),
    ] == [(one["where"], one["message"]) for one in problem["problems"]]
    assert "sead: unknown key. Did you mean 'seed'? scenarios[1]: 'tset' is" in problem["detail"]


@pytest.mark.parametrize(
    ("body", "title", "detail"),
    [
        (b"{", "the body can't be read", "the body is not JSON: Expecting property name"),
        (b"[]", "the body can't be read", "the body is a list, not an object"),
        (b"\xff", "the body can't be read", "the body is not UTF-8"),
        (b'{"seed": NaN}', "the body can't be read", "the body is not JSON: NaN"),
        (b'{"time_scale": true}', "the body does not fit", "time_scale: true is not a number."),
        (b'{"limits": {}}', "the body does not fit", "limits: these limit nothing;"),
        (b'{"clock": null}', "the body does not fit", "clock: null is not one of"),
    ],
)
def test_a_body_that_does_not_fit_is_a_problem(live: Live, body: bytes, title: str, detail: str) -> None:
    status, problem = control(live, "POST", "sessions", body)
    wanted = 422 if title == "the body does not fit" else 400
    assert (wanted, title, detail) == (status, problem["title"], problem["detail"][: len(detail)])


def test_where_no_scenario_is_loaded_none_is_known(live: Live) -> None:
    live.server.app.library.scenarios = ()
    _, problem = control(live, "POST", "sessions", {"scenarios": ["x"]})
    assert "scenarios[0]: 'x' is not known here: no scenario is loaded." == problem["detail"]


def test_a_body_is_bounded_in_size_and_in_time(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    assert 200 == control(live, "POST", "sessions", b"{}".ljust(2**20))[0]
    assert (413, "the body is too large") == _title(control(live, "POST", "sessions", b"{}".ljust(2**20 + 1)))
    monkeypatch.setattr("emulator.server.control.control._SECONDS", 0.05)
    with socket.create_connection(("127.0.0.1", live.server.port), timeout=5) as client:
        client.sendall(b"POST /_emulator/sessions HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n{")
        assert b"HTTP/1.1 408 " == client.recv(13)


def _title(said: tuple[int, Any]) -> tuple[int, str]:
    return said[0], said[1]["title"]


def test_where_keys_are_named_the_made_one_is_valid_in_its_session_alone(scripted: Callable[..., Live]) -> None:
    live = scripted(STEPS, api_keys=("right",))
    made = make(live)
    assert 200 == made.ask("hello").status
    assert 401 == Made(live, "", "wrong").ask("hello").status
    body = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}
    path = f"/s/other{CHAT}"
    assert 401 == live.send("POST", path, body, {"authorization": f"Bearer {made.key}"}).status
    assert 401 == live.send("POST", f"/s/{made.id}{CHAT}", body, {"authorization": "Bearer wrong"}).status
    said = done(live, "POST", "explain", {"path": CHAT, "body": body, "session": made.id})
    assert ("hit", 200) == (said["outcome"], said["status"])


def test_a_session_that_nobody_made_is_shown_too(live: Live) -> None:
    live.send("POST", f"/s/my%20own%2Fone{CHAT}", {"model": "m", "messages": []})
    assert 404 == control(live, "GET", "sessions/my")[0]
    assert "my own" == done(live, "POST", "sessions/my%20own/reset")["session"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "sessions/nobody"),
        ("DELETE", "sessions/nobody"),
        ("POST", "sessions/nobody/clock"),
        ("POST", "sessions/nobody/reset"),
        ("POST", "sessions/nobody/gates/g"),
        ("GET", "scenarios?session=nobody"),
        ("PUT", "scenarios/x?session=nobody"),
        ("DELETE", "scenarios/x?session=nobody"),
    ],
)
def test_a_session_that_is_not_there_is_said_so(live: Live, method: str, path: str) -> None:
    status, problem = control(live, method, path, {} if method in {"POST", "PUT"} else None)
    assert (404, "no such session") == (status, problem["title"])
    assert "there is no session 'nobody'; " in problem["detail"]


def test_a_wrong_method_is_told_the_right_ones(live: Live) -> None:
    status, problem = control(live, "PATCH", "sessions/x")
    assert (405, "PATCH is not a method of /_emulator/sessions/x; GET, DELETE are") == (status, problem["detail"])


def test_a_stranger_is_refused_before_anything_is_read_or_made(live: Live) -> None:
    before = done(live, "GET", "health")["sessions"]
    for headers in ({"origin": "https://evil.example"}, {"host": "evil.example"}):
        assert 403 == control(live, "POST", "sessions", {}, **headers)[0]
        assert 403 == control(live, "PUT", "scenarios/x", b"x", **headers)[0]
        assert 403 == control(live, "POST", "explain", {"path": "/"}, **headers)[0]
    assert before == done(live, "GET", "health")["sessions"]


# ---------------------------------------------------------------- ending


def test_an_ended_session_is_gone_with_its_journal_and_its_open_answers_are_cut(live: Live) -> None:
    made = make(live, clock="manual")
    other = make(live)
    other.ask("hello")
    made.ask("hello")
    waiting, streaming = made.begin("delay"), made.begin("gate")
    reply = streaming.getresponse()
    assert "one" == first_words(reply)
    made.until(lambda shown: shown["clock"]["waiting"] and shown["gates"])
    assert 2 == made.shown["open"]
    shown = made.shown
    assert {**shown, "ended": True} == done(live, "DELETE", f"sessions/{made.id}")
    with pytest.raises(ConnectionError):
        waiting.getresponse()
    with pytest.raises((ConnectionError, http.client.IncompleteRead)):
        reply.read()
    assert 404 == control(live, "GET", f"sessions/{made.id}")[0]
    assert [other.id] == [entry["session"] for entry in done(live, "GET", "journal")["exchanges"]]
    for connection in (waiting, streaming):
        connection.close()
    assert (200, None) == (made.ask("hello").status, made.shown["steps"][0]["times"])
    assert "deterministic" == made.shown["clock"]["kind"]


def test_an_ended_session_gives_back_what_it_remembered(live: Live) -> None:
    made = make(live)
    headers = {"authorization": f"Bearer {made.key}"}
    live.send("POST", "/plain/v1/responses", {"model": "m", "input": "hello"}, headers)
    assert live.server.app._budget.held > 0
    done(live, "DELETE", f"sessions/{made.id}")
    assert 0 == live.server.app._budget.held


# ---------------------------------------------------------------- the clock


def test_a_stall_of_half_a_minute_takes_no_time(manual: Made) -> None:
    connection = manual.begin("stall")
    reply = connection.getresponse()
    assert "one" == first_words(reply)
    manual.until(lambda shown: shown["clock"]["waiting"] == [30.0])
    assert {"session": manual.id, "now": 29.0, "created": EPOCH + 29, "waiting": [30.0]} == manual.advance("29s")
    assert {"session": manual.id, "now": 30.0, "created": EPOCH + 30, "waiting": []} == manual.advance("1000ms")
    assert " two" == text_of(reply)
    connection.close()
    [entry] = done(manual.live, "GET", f"journal?session={manual.id}")["exchanges"]
    assert ([[0, 0, 1], [30, 30, 1]], "delivered") == (entry["response"]["beats"], entry["response"]["ended"])


@pytest.mark.parametrize("stream", [True, False])
def test_a_delay_holds_the_head_back_until_its_time_has_come(manual: Made, *, stream: bool) -> None:
    connection = manual.begin("delay", stream=stream)
    manual.until(lambda shown: shown["clock"]["waiting"] == [10.0])
    manual.advance("10s")
    reply = connection.getresponse()
    assert 200 == reply.status
    assert b"late" in reply.read()
    connection.close()


def test_a_window_of_a_minute_passes_in_no_time(live: Live) -> None:
    made = make(live, clock="manual", limits={"requests_per_minute": 2})
    assert [200, 200] == [made.ask("hello 1").status, made.ask("hello 2").status]
    refused = made.ask("busy")
    assert (429, "60") == (refused.status, refused.headers["retry-after"])
    made.advance("59s")
    assert (429, "1") == ((refused := made.ask("busy")).status, refused.headers["retry-after"])
    made.advance("2s")
    # Of the two that are asked now, the first gets the scenario's own 429.
    assert [429, 200, 429] == [made.ask("busy").status for _ in range(3)]


def test_a_client_that_waits_as_it_is_told_gets_its_answer_in_no_time(manual: Made) -> None:
    refused = manual.ask("busy")
    assert (429, "2") == (refused.status, refused.headers["retry-after"])
    manual.advance(f"{refused.headers['retry-after']}s")
    answer = manual.ask("busy")
    assert (200, EPOCH + 2) == (answer.status, answer.json["created"])


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({}, "advance: this key is missing."),
        ({"advance": 30}, "advance: 30 is not a duration; write it like 300ms, 1.5s or 2m."),
        ({"advance": "-1s"}, "advance: '-1s' is not a duration; write it like 300ms, 1.5s or 2m."),
        ({"advance": "1s", "by": 1}, "by: unknown key. Known here: advance."),
    ],
)
def test_a_clock_is_advanced_by_a_duration(manual: Made, body: Any, detail: str) -> None:
    status, problem = control(manual.live, "POST", f"sessions/{manual.id}/clock", body)
    assert (422, detail, 0) == (status, problem["detail"], manual.shown["clock"]["now"])


@pytest.mark.parametrize("kind", ["deterministic", "real"])
def test_only_a_manual_clock_can_be_advanced(live: Live, kind: str) -> None:
    made = make(live, clock=kind)
    status, problem = control(live, "POST", f"sessions/{made.id}/clock", {"advance": "1s"})
    assert (409, "the clock is not manual") == (status, problem["title"])
    assert f"the clock of '{made.id}' is {kind}; " in problem["detail"]


# ---------------------------------------------------------------- gates


def test_a_stream_waits_at_a_gate_until_it_is_opened_and_its_text_so_far_has_arrived(live: Live) -> None:
    made = make(live)
    connection = made.begin("gate")
    reply = connection.getresponse()
    assert "one" == first_words(reply)
    made.until(lambda shown: shown["gates"] == {"the door/2": False})
    said = done(live, "POST", f"sessions/{made.id}/gates/the%20door%2F2")
    assert {"session": made.id, "gate": "the door/2", "open": True} == said
    assert " two" == text_of(reply)
    connection.close()


def test_a_gate_that_is_opened_before_anybody_has_come_to_it_holds_nobody(live: Live) -> None:
    made = make(live)
    done(live, "POST", f"sessions/{made.id}/gates/the%20door%2F2")
    assert "one two" == text_of(made.ask("gate", stream=True))


def test_a_gate_is_one_sessions_alone(live: Live) -> None:
    done(live, "POST", f"sessions/{make(live).id}/gates/the%20door%2F2")
    made = make(live)
    connection = made.begin("gate")
    assert "one" == first_words(connection.getresponse())
    made.until(lambda shown: shown["gates"] == {"the door/2": False})
    connection.close()


# ---------------------------------------------------------------- scenarios


def named(text: str, name: str = "") -> bytes:
    head = f"name: {name}\n" if name else ""
    return f"version: 1\n{head}steps: [{{name: it, when: {{user: 'hello*'}}, reply: {{text: {text}}}}}]\n".encode()


def says(made: Made) -> str:
    reply = made.ask("hello")
    return str(reply.json["choices"][0]["message"]["content"]) if reply.status == 200 else str(reply.status)


def names(live: Live, query: str = "") -> list[tuple[str, str]]:
    return [(one["name"], one["source"]) for one in done(live, "GET", f"scenarios{query}")["scenarios"]]


@pytest.fixture
def plain(scripted: Callable[..., Live]) -> Live:
    return scripted("steps: [{when: {user: nothing}, reply: {text: file}}]")


def test_the_scenarios_in_force_are_listed_with_their_steps(plain: Live) -> None:
    said = done(plain, "GET", "scenarios")
    [scenario] = said["scenarios"]
    file = scenario["file"]
    assert {
        "scenarios": [
            {
                "name": "test",
                "source": "file",
                "file": file,
                "description": "",
                "order": "any",
                "steps": [{"step": "test/step-1", "place": f"{file}:3"}],
            }
        ],
        "problems": [],
    } == said


def test_the_problems_of_files_are_listed(plain: Live) -> None:
    library = plain.server.app.library
    library.files[0].write_text("version: 1\nname: test\nsteps: 3\n")
    library.refresh()
    said = done(plain, "GET", "scenarios")
    assert (["test"], ["a list"]) == (
        [one["name"] for one in said["scenarios"]],
        [one["message"].rpartition(" where ")[2].removesuffix(" is wanted.") for one in said["problems"]],
    )
    assert ("steps", 3) == (said["problems"][0]["where"], said["problems"][0]["line"])


def test_a_scenario_is_put_beside_the_files_and_taken_away(plain: Live) -> None:
    made = make(plain)
    said = done(plain, "PUT", "scenarios/a%20b", named("put"))
    assert ("a b", "put", "a b.yaml", [{"step": "a b/it", "place": "a b.yaml:2"}]) == (
        said["name"],
        said["source"],
        said["file"],
        said["steps"],
    )
    assert ("put", [("test", "file"), ("a b", "put")]) == (says(made), names(plain))
    assert {"scenario": "a b", "removed": True} == done(plain, "DELETE", "scenarios/a%20b")
    assert ("404", [("test", "file")]) == (says(made), names(plain))


def test_json_is_a_scenario_too(plain: Live) -> None:
    body = {"version": 1, "name": "mine", "steps": [{"reply": {"text": "json"}}]}
    done(plain, "PUT", "scenarios/mine", body)
    assert "json" == says(make(plain, scenarios=["mine"]))


def test_a_scenario_that_is_put_stands_in_place_of_a_file_s_of_the_same_name(plain: Live) -> None:
    library = plain.server.app.library
    made = make(plain)
    done(plain, "PUT", "scenarios/last", named("last"))
    done(plain, "PUT", "scenarios/test", named("put"))
    assert ("put", [("test", "put"), ("last", "put")]) == (says(made), names(plain))
    library.files[0].write_text(named("changed", "test").decode())
    library.refresh()
    assert "put" == says(made)
    done(plain, "DELETE", "scenarios/test")
    assert ("changed", [("test", "file"), ("last", "put")]) == (says(made), names(plain))


def test_a_broken_scenario_replaces_nothing_and_is_told_all_that_is_wrong(plain: Live) -> None:
    done(plain, "PUT", "scenarios/mine", named("good"))
    status, problem = control(plain, "PUT", "scenarios/mine", b"version: 1\nsteps: [{rply: {}}]\nstpes: 1\n")
    assert (422, "the scenario 'mine' has problems") == (status, problem["title"])
    assert [
        ("mine.yaml", 2, "steps[0].rply"),
        ("mine.yaml", 3, "stpes"),
    ] == sorted((one["file"], one["line"], one["where"]) for one in problem["problems"])
    assert "mine.yaml:3:1: stpes: unknown key." in problem["detail"]
    assert "good" == says(make(plain))


@pytest.mark.parametrize(
    ("name", "body", "detail"),
    [
        ("mine", b"", "mine.yaml:1:1: the file is empty."),
        ("mine", named("x", "yours"),
         "mine.yaml:2:7: name: this scenario is called 'yours', and 'mine' is to be put; write the same name."),
        ("a%2Fb", named("x"),
         "a/b.yaml:1:1: name: this scenario is called 'b', and 'a/b' is to be put; write the same name."),
        ("%00", named("x"), "\0.yaml:1:1: name: the file's own name can't be the scenario's; write one."),
    ],
)  # fmt: skip
def test_a_scenario_is_put_under_its_own_name(plain: Live, name: str, body: bytes, detail: str) -> None:
    for query in ("", f"?session={make(plain).id}"):
        status, problem = control(plain, "PUT", f"scenarios/{name}{query}", body)
        assert (422, detail) == (status, problem["detail"])
    assert [("test", "file")] == names(plain)


def test_the_same_text_again_lets_its_steps_go_on(plain: Live) -> None:
    made = make(plain)
    text = named("it").replace(b"steps: [{", b"order: sequence\nsteps: [{")
    done(plain, "PUT", "scenarios/mine", text)
    assert ["it", "404"] == [says(made), says(made)]
    done(plain, "PUT", "scenarios/mine", text)
    assert "404" == says(made)
    done(plain, "PUT", "scenarios/mine", text + b"# changed\n")
    assert "it" == says(made)


def test_a_scenario_can_be_one_sessions_own_and_comes_before_the_loaded_ones(plain: Live) -> None:
    done(plain, "PUT", "scenarios/shared", named("shared"))
    mine, other = make(plain, scenarios=["shared"]), make(plain)
    done(plain, "PUT", f"scenarios/own?session={mine.id}", named("own"))
    assert ("own", "shared") == (says(mine), says(other))
    assert [("own", "session"), ("shared", "put")] == names(plain, f"?session={mine.id}")
    done(plain, "PUT", f"scenarios/own?session={mine.id}", named("newer"))
    done(plain, "PUT", f"scenarios/shared?session={mine.id}", named("hidden"))
    assert (["own", "shared"], "newer") == (mine.shown["scenarios"], says(mine))
    assert {"scenario": "own", "removed": True} == done(plain, "DELETE", f"scenarios/own?session={mine.id}")
    assert ("hidden", "shared") == (says(mine), says(other))
    done(plain, "DELETE", f"scenarios/shared?session={mine.id}")
    assert ("shared", [("shared", "put")]) == (says(mine), names(plain, f"?session={mine.id}"))


@pytest.mark.parametrize(
    ("path", "status", "detail"),
    [
        ("nothing", 404, "'nothing' was not put here; put was"),
        ("test", 409, "'test' comes from a file; take that away"),
        ("nothing?session=SESSION", 404, "'nothing' was not put here; nothing was"),
        ("put?session=SESSION", 409, "'put' was loaded for everybody"),
        ("put?sesion=a", 400, "sesion: known are session"),
    ],
)
def test_only_what_was_put_can_be_taken_away(plain: Live, path: str, status: int, detail: str) -> None:
    done(plain, "PUT", "scenarios/put", named("x"))
    said = control(plain, "DELETE", f"scenarios/{path.replace('SESSION', make(plain).id)}")
    assert (status, detail) == (said[0], said[1]["detail"])


def test_a_retry_does_not_eat_a_script_that_came_while_the_session_went_on(plain: Live) -> None:
    made = make(plain)
    assert "404" == says(made)
    text = """
    version: 1
    order: sequence
    steps:
      - replies: [{error: overloaded}, {text: first}]
      - reply: {text: second}
    """
    done(plain, "PUT", f"scenarios/own?session={made.id}", text.encode())
    assert ["503", "first", "second"] == [says(made) for _ in range(3)]


def test_a_key_can_pick_a_scenario_that_is_its_sessions_own(plain: Live) -> None:
    made = Made(plain, key_id("me@own"), "me@own")
    assert "the key asks for the scenario 'own', which is not loaded" in made.ask("hello").json["message"]
    done(plain, "PUT", f"scenarios/own?session={made.id}", named("own"))
    assert "own" == says(made)
    assert "nearest first:\n  own/it (own.yaml:2) user: " in made.ask("nothing").json["message"]
