"""Several workers on one port: every session is in one of them, and all of them are one server."""

import contextlib
import http.client
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator import cli
from emulator.server.workers.arrived import Arrived
from emulator.server.workers.fellows import home
from emulator.session import key_id
from tests.live import ROOT
from tests.meanwhile import CHAT, received
from tests.test_cli import Served, environment, run

SCENARIO = """
version: 1
name: test
steps:
  - when: {user: count}
    replies: [{text: first, times: 1}, {text: second, times: 1}, {text: third}]
  - {when: {user: reset}, reply: {text: one two three, stream: {chunk: word, at: [{chunk: 2, reset: true}]}}}
  - {when: {user: cut}, reply: {text: one two three, fault: {truncate: 50%}}}
  - {when: {user: gated}, reply: {text: one two three, stream: {chunk: word, at: [{chunk: 1, gate: go}]}}}
  - {when: {user: slow}, reply: {text: one two, delay: 60s}}
"""
OTHER = "version: 1\nname: other\nsteps: [{when: {user: other}, reply: {text: Put.}}]\n"
_numbers = itertools.count()


def key_at(worker: int) -> str:
    """A new key whose session is at home in this one of two workers."""
    return next(key for key in (f"key-{number}" for number in _numbers) if home(key_id(key), 2) == worker)


class Crew(Served):
    """A `serve` process with two workers."""

    def __init__(self, *arguments: str, **variables: str) -> None:
        super().__init__(
            subprocess.Popen(
                [sys.executable, "-m", "emulator", "serve", "--port", "0", "--workers", "2", *arguments],
                cwd=ROOT,
                env=environment(**variables),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
        )
        self.address = self.origin.removeprefix("http://")

    @property
    def workers(self) -> list[int]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(number) for number in children.read_text().split()]

    def control(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Ask the control API, over a connection of its own: any worker may be the one that accepts it."""
        connection = http.client.HTTPConnection(self.address, timeout=10)
        data = body if body is None or isinstance(body, bytes) else json.dumps(body)
        connection.request(method, f"/_emulator{path}", data)
        answer = connection.getresponse()
        said = answer.read()
        connection.close()
        return answer.status, json.loads(said) if "json" in answer.headers["content-type"] else said.decode()

    def good(self, method: str, path: str, body: Any = None) -> Any:
        status, said = self.control(method, path, body)
        assert 200 == status, said
        return said

    def raw(self) -> socket.socket:
        host, _, port = self.address.partition(":")
        return socket.create_connection((host, int(port)), timeout=10)


def ended(process: "subprocess.Popen[str]") -> int:
    return process.wait(timeout=10)


def runs(process: int) -> bool:
    """Whether a process is there, and not only waits for somebody to read its exit code."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2][0] not in "ZX"
    except OSError:
        return False


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("workers") / "test.yaml"
    file.write_text(SCENARIO)
    return file


@pytest.fixture(scope="module", params=["the loop that is used", "the loop that is always there"])
def crew(request: pytest.FixtureRequest, scenario: Path) -> Iterator[Crew]:
    variables = {}
    if request.param == "the loop that is always there":
        (scenario.parent / "uvloop.py").write_text("raise ImportError")
        variables["PYTHONPATH"] = os.pathsep.join((str(scenario.parent), str(ROOT)))
    crew = Crew(str(scenario), **variables)
    yield crew
    assert 0 == crew.stop()
    assert not any("Traceback" in line for line in crew.errors), crew.errors


@pytest.fixture
def own_crew(scenario: Path) -> Iterator[Callable[..., Crew]]:
    """Starts workers of the test's own."""
    started: list[Crew] = []

    def start(*arguments: str) -> Crew:
        started.append(Crew(*arguments or (str(scenario),)))
        return started[-1]

    yield start
    for crew in started:
        if crew.process.poll() is None:
            crew.process.kill()
            crew.process.wait()
        crew.close()


def asks(user: str, **more: Any) -> bytes:
    return json.dumps({"model": "m", "messages": [{"role": "user", "content": user}], **more}).encode()


def request(key: str, body: bytes, *framing: str, sent: bytes | None = None) -> bytes:
    """The bytes of a chat request."""
    fields = framing or (f"content-length: {len(body)}",)
    lines = [f"POST {CHAT} HTTP/1.1", "host: h", f"authorization: Bearer {key}", *fields, "", ""]
    return "\r\n".join(lines).encode() + (body if sent is None else sent)


def words(answer: bytes) -> str:
    return str(json.loads(answer.partition(b"\r\n\r\n")[2])["choices"][0]["message"]["content"])


# ---------------------------------------------------------------- sessions


def test_forty_clients_of_one_pool_each_have_counters_of_their_own(crew: Crew) -> None:
    keys = [key_at(worker) for worker in (0, 1) for _ in range(20)]
    before = len(crew.good("GET", "/journal")["exchanges"])
    with openai.DefaultHttpxClient() as pool, ThreadPoolExecutor(8) as threads:

        def ask(key: str) -> str:
            client = openai.OpenAI(base_url=f"{crew.origin}{CHAT[:-17]}", api_key=key, http_client=pool)
            answer = client.chat.completions.create(model="m", messages=[{"role": "user", "content": "count"}])
            return str(answer.choices[0].message.content)

        rounds = [list(threads.map(ask, keys)) for _ in range(3)]
    assert [["first"] * 40, ["second"] * 40, ["third"] * 40] == rounds
    journals = [crew.good("GET", f"/journal?session={key_id(key)}")["exchanges"] for key in keys]
    assert [[1, 2, 3]] * 40 == [[one["serial"] for one in journal] for journal in journals]
    together = crew.good("GET", "/journal")["exchanges"]
    assert list(range(1, before + 121)) == [one["number"] for one in together]
    assert crew.good("GET", f"/journal?since={before + 100}")["exchanges"] == together[-20:]
    assert {key_id(key) for key in keys} == {one["session"] for one in together[before:]}


CHUNKS = b"5\r\n%b\r\n3;x=y\r\n%b\r\n%x\r\n%b\r\n0\r\n%b\r\n"


def in_chunks(body: bytes, trailer: bytes = b"") -> bytes:
    return CHUNKS % (body[:5], body[5:8], len(body) - 8, body[8:], trailer)


COUNT = asks("count")
SHAPES: dict[str, Callable[[str], bytes]] = {
    "a length": lambda key: request(key, COUNT),
    "chunks": lambda key: request(key, COUNT, "transfer-encoding: chunked", sent=in_chunks(COUNT)),
    "a trailer": lambda key: request(key, COUNT, "transfer-encoding: chunked", sent=in_chunks(COUNT, b"a: b\r\n")),
    "blank lines before it": lambda key: b"\r\n\r\n" + request(key, COUNT),
    "two agents": lambda key: request(key, COUNT, f"content-length: {len(COUNT)}", "user-agent: a", "user-agent: b"),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_one_connection_can_ask_for_sessions_of_all_workers_in_turn(crew: Crew, shape: str) -> None:
    keys = [key_at(0), key_at(1), key_at(1), key_at(0)]
    said = []
    with crew.raw() as connection:
        for key in keys * 3:
            connection.sendall(SHAPES[shape](key))
            answer, end = received(connection)
            said.append((words(answer), end))
    assert [("first", "whole")] * 4 + [("second", "whole")] * 4 + [("third", "whole")] * 4 == said


def test_requests_that_do_not_wait_for_their_answers_get_them_in_order(crew: Crew) -> None:
    keys = [key_at(worker) for worker in (0, 1, 1, 0, 1)]
    shapes = ["two agents", "a length", "chunks", "a trailer", "blank lines before it"]
    sent = [SHAPES[shape](key) for shape, key in zip(shapes, keys, strict=True)]
    with crew.raw() as connection:
        connection.sendall(b"".join(sent) + SHAPES["a length"](keys[0])[:40])
        data = b""
        while data.count(b'"first"') < 5 and (piece := connection.recv(65536)):
            data += piece
        connection.sendall(SHAPES["a length"](keys[0])[40:])
        answer, _ = received(connection)
    sessions = [line.partition(b": ")[2].decode() for line in data.split(b"\r\n") if b"x-emulator-session" in line]
    assert ([key_id(key) for key in keys], "second") == (sessions, words(answer))


def test_a_large_request_goes_where_it_belongs_before_all_of_it_is_here(crew: Crew) -> None:
    body = asks("count", metadata={"padding": "x" * 3_000_000})
    for worker in (0, 1, 0, 1):
        with crew.raw() as connection:
            connection.sendall(
                request(key_at(worker), body, f"content-length: {len(body)}", "expect: 100-continue", sent=b"")
            )
            assert b"HTTP/1.1 100 Continue\r\n\r\n" == connection.recv(65536)
            connection.sendall(body)
            assert "first" == words(received(connection)[0])
            connection.sendall(request(key_at(1 - worker), body))
            assert "first" == words(received(connection)[0])


@pytest.mark.parametrize("worker", [0, 1])
@pytest.mark.parametrize(("user", "end"), [("reset", "reset"), ("cut", "fin")])
def test_faults_reach_the_client_wherever_its_connection_was_accepted(
    crew: Crew, user: str, end: str, worker: int
) -> None:
    for _ in range(4):
        key = key_at(worker)
        with crew.raw() as connection:
            connection.sendall(request(key, asks(user, stream=user == "reset")))
            data, how = received(connection)
        assert (end, True) == (how, len(data) > 0)
        assert ["broken_off"] == [one["response"]["ended"] for one in journal_of(crew, key)]


def test_a_client_that_leaves_is_noticed(crew: Crew) -> None:
    for key in (key_at(0), key_at(1)):
        with crew.raw() as connection:
            connection.sendall(request(key, asks("slow")))
            until_ended(crew, key, "open")
        until_ended(crew, key, "client_left")


def journal_of(crew: Crew, key: str) -> list[Any]:
    exchanges: list[Any] = crew.good("GET", f"/journal?session={key_id(key)}")["exchanges"]
    return exchanges


def until_ended(crew: Crew, key: str, *ended: str) -> None:
    until(lambda: list(ended) == [one["response"]["ended"] for one in journal_of(crew, key)])


def until(condition: Callable[[], bool]) -> None:
    for _ in range(1000):
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError(condition)


# ---------------------------------------------------------------- the control API


def test_sessions_that_are_made_are_at_home_where_their_requests_come(crew: Crew) -> None:
    made = [
        crew.good("POST", "/sessions", {"clock": "manual", "texts": [{"file": "a", "text": OTHER}]}) for _ in "abcd"
    ]
    homes = sorted(home(one["session"], 2) for one in made)
    assert (4, {0, 1}) == (len({one["api_key"] for one in made}), set(homes))
    for one in made:
        session, key = one["session"], one["api_key"]
        assert one["base_urls"]["cloudbase"].startswith(crew.origin)
        assert "Put." == crew.ask("other", key)
        assert 30.0 == crew.good("POST", f"/sessions/{session}/clock", {"advance": "30s"})["now"]
        with crew.raw() as connection:
            connection.sendall(request(key, asks("gated", stream=True)))
            until_ended(crew, key, "delivered", "open")
            assert crew.good("POST", f"/sessions/{session}/gates/go")["open"]
            assert b"three" in received(connection)[0]
        explained = {"path": CHAT, "body": json.loads(asks("other")), "session": session}
        assert "other/step-1" == crew.good("POST", "/explain", explained)["step"].replace("#", "step-")
        assert 1 == crew.good("POST", f"/verify?session={session}", {"when": {"user": "other"}})["count"]
        assert session == crew.good("GET", f"/verdict?session={session}")["session"]
        assert crew.good("POST", f"/sessions/{session}/reset")["reset"]
        assert 0 == crew.good("GET", f"/sessions/{session}")["serial"]


def test_an_ended_session_is_cut_in_the_worker_that_answers_it(crew: Crew) -> None:
    for key in (key_at(0), key_at(1)):
        with crew.raw() as connection:
            connection.sendall(request(key, asks("slow")))
            until_ended(crew, key, "open")
            assert crew.good("DELETE", f"/sessions/{key_id(key)}")["ended"]
            assert (b"", "reset") == received(connection)
        assert 404 == crew.control("GET", f"/sessions/{key_id(key)}")[0]


def test_a_scenario_that_is_put_is_put_everywhere_and_taken_away_everywhere(crew: Crew) -> None:
    keys = [key_at(0), key_at(1)]
    for number in range(6):
        text = OTHER.replace("Put.", f"Put {number}.")
        crew.good("PUT", "/scenarios/other", text.encode())
        assert [f"Put {number}."] * 2 == [crew.ask("other", key) for key in keys]
    status, said = crew.control("PUT", "/scenarios/other", b"version: 2")
    assert (422, ["Put 5."] * 2) == (status, [crew.ask("other", key) for key in keys])
    assert "the scenario 'other' has problems" == said["title"]
    assert said["problems"]
    crew.good("DELETE", "/scenarios/other")
    assert ["NO_SCENARIO_STEP"] * 2 == [crew.ask("other", key) for key in keys]
    assert {404} == {crew.control("DELETE", "/scenarios/other")[0] for _ in range(4)}
    crew.good("PUT", f"/scenarios/other?session={key_id(keys[1])}", OTHER.encode())
    assert ["NO_SCENARIO_STEP", "Put."] == [crew.ask("other", key) for key in keys]


def test_orders_that_come_at_once_leave_the_same_in_every_worker(crew: Crew) -> None:
    def put(number: int) -> None:
        crew.good("PUT", "/scenarios/other", OTHER.replace("Put.", f"Put {number}.").encode())

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(put, range(40)))
    assert 1 == len({crew.ask("other", key_at(worker)) for worker in (0, 1)})
    crew.good("DELETE", "/scenarios/other")


def samples(text: str, name: str) -> list[float]:
    return [float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(name)]


def test_health_and_metrics_count_what_all_workers_have(crew: Crew) -> None:
    from prometheus_client.parser import text_string_to_metric_families  # noqa: PLC0415

    before, sessions = crew.good("GET", "/metrics"), crew.good("GET", "/health")["sessions"]
    for key in (key_at(0), key_at(1), key_at(1)):
        crew.ask("count", key)
        crew.ask("never", key)
    after = crew.good("GET", "/metrics")
    assert sessions + 3 == crew.good("GET", "/health")["sessions"]
    assert sum(samples(before, "maas_emulator_requests_total")) + 6 == sum(
        samples(after, "maas_emulator_requests_total")
    )
    assert [sessions + 3.0] == samples(after, "maas_emulator_sessions ")
    assert [[1.0], [1.0]] == [samples(after, f"maas_emulator_{name}") for name in ("build_info", "scenarios ")]
    families = [family.name for family in text_string_to_metric_families(after)]
    assert len(families) == len(set(families)) == after.count("# TYPE")


def test_what_is_said_of_one_session_alone_asks_for_one(crew: Crew) -> None:
    said = [
        crew.control("POST", "/verify", {}),
        crew.control("GET", "/journal/stream"),
        crew.control("GET", "/verdict"),
    ]
    assert [(400, "which session?")] * 3 == [(status, problem["title"]) for status, problem in said]
    assert {404} == {crew.control("GET", "/nowhere")[0] for _ in range(4)}
    assert {400} == {crew.control("GET", "/journal?nothing=1")[0] for _ in range(4)}


def test_the_journal_of_a_session_is_told_as_it_happens(crew: Crew) -> None:
    for key in (key_at(0), key_at(1), key_at(0), key_at(1)):
        crew.ask("count", key)
        connection = http.client.HTTPConnection(crew.address, timeout=10)
        connection.request("GET", f"/_emulator/journal/stream?since=0&session={key_id(key)}")
        answer = connection.getresponse()
        crew.ask("count", key)
        events = [line for line in itertools.islice(answer, 14) if line.startswith(b"event:")]
        assert [b"event: ended\n", b"event: added\n", b"event: ended\n"] == events
        connection.close()


def test_the_token_is_asked_for_whatever_worker_answers(own_crew: Callable[..., Crew], scenario: Path) -> None:
    crew = own_crew(str(scenario), "--control-token", "secret")
    asked = [("GET", "/journal"), ("GET", "/metrics"), ("GET", "/sessions/x"), ("DELETE", "/scenarios/x")]
    assert {401} == {crew.control(*one)[0] for one in asked for _ in range(4)}
    assert 0 == crew.stop()


# ---------------------------------------------------------------- life

needs_proc = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="there is no /proc")


@needs_proc
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_all_of_them_with_exit_code_0(own_crew: Callable[..., Crew], number: int) -> None:
    crew = own_crew()
    workers = crew.workers
    with contextlib.ExitStack() as open_streams:
        for worker in (0, 1) * 10:
            connection = open_streams.enter_context(crew.raw())
            connection.sendall(request(key_at(worker), asks("gated", stream=True)))
            assert b"HTTP/1.1 200" in connection.recv(65536)
        if number == signal.SIGINT:  # a terminal sends it to all of its foreground
            os.killpg(crew.process.pid, number)
            assert 0 == ended(crew.process)
            crew.close()
        else:
            assert 0 == crew.stop(number)
    assert (2, [], []) == (len(workers), crew.errors, [one for one in workers if runs(one)])


@needs_proc
def test_a_worker_that_dies_ends_the_server(own_crew: Callable[..., Crew]) -> None:
    crew = own_crew()
    first, second = crew.workers
    os.kill(second, signal.SIGKILL)
    assert 1 == ended(crew.process)
    crew.close()
    assert ["worker 2 has ended with -9, and its sessions with it; the server ends\n"] == crew.errors
    assert not runs(first)


@needs_proc
def test_workers_do_not_outlive_the_server(own_crew: Callable[..., Crew]) -> None:
    crew = own_crew()
    workers = crew.workers
    crew.process.kill()
    ended(crew.process)
    until(lambda: not any(map(runs, workers)))


def test_a_changed_file_is_loaded_by_all_of_them_and_told_of_once(
    own_crew: Callable[..., Crew], tmp_path: Path
) -> None:
    file = tmp_path / "other.yaml"
    file.write_text(OTHER)
    crew = own_crew(str(file))
    keys = [key_at(0), key_at(1)]
    assert ["Put."] * 2 == [crew.ask("other", key) for key in keys]
    file.write_text(OTHER.replace("Put.", "Changed."))
    until(lambda: ["Changed."] * 2 == [crew.ask("other", key) for key in keys])
    assert 0 == crew.stop()
    assert ["reloaded: 1 scenario\n"] == crew.errors


def test_the_welcome_says_how_many_there_are_and_comes_once(crew: Crew) -> None:
    assert ("1 scenario, 5 steps, 2 workers", 1) == (
        crew.welcome.splitlines()[1].strip(),
        crew.welcome.count("listening on"),
    )


def test_what_prevents_a_start_is_said_as_without_workers(crew: Crew, tmp_path: Path) -> None:
    port = crew.address.partition(":")[2]
    code, _, errors = run("serve", "--workers", "2", "--port", port)
    assert (1, True) == (code, errors.startswith(f"can't listen on 127.0.0.1:{port}:"))
    (tmp_path / "broken.yaml").write_text("version: 2\n")
    code, _, errors = run("serve", "--workers", "2", str(tmp_path))
    assert (1, True) == (code, errors.endswith("; nothing was loaded.\n"))


def test_where_processes_can_not_hand_over_sockets_there_is_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delattr(socket, "send_fds")
    assert 2 == cli.main(["serve", "--workers", "2", "scenarios"])
    assert "maas-emulator serve: --workers 2: there is only one on this system\n" == capsys.readouterr().err


# ---------------------------------------------------------------- what has come over a connection

_bodies = st.binary(min_size=9, max_size=60)
_kinds = st.sampled_from(list(SHAPES))


def pieces(data: bytes, cuts: Sequence[int]) -> Iterator[bytes]:
    places = sorted({cut % (len(data) + 1) for cut in cuts} | {0, len(data)})
    return (data[begin:end] for begin, end in itertools.pairwise(places))


@given(st.lists(_kinds, min_size=1, max_size=6), st.lists(st.integers(0, 10_000), max_size=12), st.integers(0, 6))
def test_what_is_kept_begins_where_the_next_request_does(kinds: list[str], cuts: list[int], answered: int) -> None:
    """In whatever pieces it comes, and whenever a request is answered once its head is there."""
    requests = [SHAPES[kind]("key") for kind in kinds]
    arrived, come, done = Arrived(), 0, 0
    for piece in pieces(b"".join(requests), cuts):
        arrived.add(piece)
        come += len(piece)
        # A request is answered when its head is there and all of the one before.
        while done < min(answered, len(requests)):
            begins = sum(map(len, requests[:done]))
            head = len(requests[done]) - len(requests[done].lstrip(b"\r\n"))
            if come < begins + requests[done].index(b"\r\n\r\n", head) + 4:
                break
            arrived.answered_here(None if b"chunked" in requests[done] else len(COUNT))
            done += 1
    assert b"".join(requests[done:]) == arrived.data
