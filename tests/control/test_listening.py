"""The journal as it happens."""

import json
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from emulator.server.control import listening
from tests.control.common import CHAT, connected, control, done, session
from tests.live import Live

STEPS = """
steps:
  - name: held
    when: {user: hold}
    reply: {text: one two, stream: {chunk: word, at: [{chunk: 1, gate: door}]}}
  - name: rest
    when: {user: "hello*"}
    reply: {text: Hello!}
"""


class Ear:
    """Reads server-sent events as they come."""

    def __init__(self, live: Live, query: str = "") -> None:
        self.socket = connected(live)
        self.socket.sendall(f"GET /_emulator/journal/stream{query} HTTP/1.0\r\nhost: localhost\r\n\r\n".encode())
        self.file = self.socket.makefile("rb")
        self.head = b"".join(iter(self.file.readline, b"\r\n"))
        assert b": listening\n" == self.file.readline()
        assert b"\n" == self.file.readline()

    def next(self) -> tuple[str, Any]:
        """The next event: its name and its data."""
        fields = {}
        while (line := self.file.readline()) not in {b"\n", b""}:
            name, _, value = line.decode().rstrip("\n").partition(": ")
            fields[name] = value
        return fields.get("event", ""), json.loads(fields.get("data", "null"))

    def close(self) -> None:
        self.file.close()
        self.socket.close()


@pytest.fixture
def live(scripted: Callable[..., Live]) -> Live:
    return scripted(STEPS)


@pytest.fixture
def ears() -> Iterator[Callable[..., Ear]]:
    opened: list[Ear] = []

    def listen(live: Live, query: str = "") -> Ear:
        opened.append(Ear(live, query))
        return opened[-1]

    yield listen
    for ear in opened:
        ear.close()


def test_an_exchange_is_told_when_it_begins_and_when_it_has_ended(live: Live, ears: Callable[..., Ear]) -> None:
    ear = ears(live)
    assert b"content-type: text/event-stream" in ear.head.lower()
    connection = connected(live)
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "hold"}], "stream": True})
    head = f"POST {CHAT} HTTP/1.1\r\nhost: a\r\nauthorization: {live.bearer}\r\ncontent-length: {len(body)}\r\n\r\n"
    connection.sendall(f"{head}{body}".encode())
    name, added = ear.next()
    assert ("added", 1, "open", None) == (
        name,
        added["serial"],
        added["response"]["ended"],
        added["response"]["ended_by"],
    )
    done(live, "POST", f"sessions/{session(live)}/gates/door")
    name, ended = ear.next()
    assert ("ended", "delivered", "server", 2) == (
        name,
        ended["response"]["ended"],
        ended["response"]["ended_by"],
        sum(beat[2] for beat in ended["response"]["beats"]),
    )
    connection.close()
    [whole] = done(live, "GET", "journal")["exchanges"]
    assert whole == ended


def test_a_client_that_leaves_is_told_as_such(live: Live, ears: Callable[..., Ear]) -> None:
    ear = ears(live, "?outcome=hit")
    connection = connected(live)
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "hold"}], "stream": True})
    connection.sendall(f"POST {CHAT} HTTP/1.1\r\nhost: a\r\nauthorization: {live.bearer}\r\n"
                       f"content-length: {len(body)}\r\n\r\n{body}".encode())  # fmt: skip
    assert "added" == ear.next()[0]
    connection.close()
    assert "client" == ear.next()[1]["response"]["ended_by"]


@pytest.mark.parametrize("query", ["?session=SESSION", "?outcome=miss", "?route=/v1/ai/cloudbase/nothing"])
def test_a_listener_hears_what_it_asks_for_alone(live: Live, ears: Callable[..., Ear], query: str) -> None:
    ear = ears(live, query.replace("SESSION", session(live)))
    Live(live.server, live.loop).ask("hello")
    live.ask("nobody")
    live.send("POST", "/v1/ai/cloudbase/nothing", {})
    wanted = 3 if "route" in query else 2
    assert [("added", wanted), ("ended", wanted)] == [(name, data["number"]) for name, data in (ear.next(), ear.next())]


def test_what_has_happened_before_is_told_to_whom_asks_since_when(live: Live, ears: Callable[..., Ear]) -> None:
    live.ask("hello")
    live.ask("hello")
    ear = ears(live, "?since=1")
    live.ask("hello")
    assert [("ended", 2), ("added", 3), ("ended", 3)] == [
        (name, data["number"]) for name, data in (ear.next() for _ in range(3))
    ]


def test_one_who_is_too_slow_loses_the_oldest_and_is_told(
    live: Live, ears: Callable[..., Ear], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "_MOST_EVENTS", 3)
    ear = ears(live)

    async def at_once() -> None:
        [listener] = live.server.app.control.held.listeners
        for number in range(1, 6):
            exchange.number = number
            listener("added", exchange)

    live.ask("hello")
    [exchange] = live.journal
    assert ["added", "ended"] == [ear.next()[0], ear.next()[0]]
    live.run(at_once())
    assert ("lost", {"events": 2}) == ear.next()
    assert [3, 4, 5] == [ear.next()[1]["number"] for _ in range(3)]


def test_what_waits_for_a_listener_is_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch, live: Live) -> None:
    monkeypatch.setattr(listening, "_MOST_BYTES", 100)
    live.ask("hello")
    [exchange] = live.journal
    listener = listening.Listener(lambda _: True, [])
    listener("added", exchange)
    assert [b'event: lost\ndata: {"events":1}\n\n'] == list(listener._events())


def test_there_is_a_sign_of_life_where_nothing_happens(
    live: Live, ears: Callable[..., Ear], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "_ALIVE_SECONDS", 0.01)
    assert b": keep-alive\n" == ears(live).file.readline()


def test_there_are_so_many_listeners_and_no_more(
    live: Live, ears: Callable[..., Ear], monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(listening.MOST_LISTENERS):
        ears(live)
    reply = control(live, "GET", "journal/stream")
    assert (503, "too many listeners") == (reply.status, reply.json["title"])


def test_who_has_left_listens_no_more(live: Live, ears: Callable[..., Ear]) -> None:
    held = live.server.app.control.held
    ear = ears(live)
    assert 1 == len(held.listeners)
    ear.close()
    deadline = time.monotonic() + 5
    while held.listeners:
        assert time.monotonic() < deadline
        time.sleep(0.001)
    assert (held.tally,) == live.server.app.journal._watchers


def test_the_stream_ends_when_the_server_stops(live: Live, ears: Callable[..., Ear]) -> None:
    ear = ears(live)
    live.run(live.server.stop())
    assert ("stopped", {}) == ear.next()
    assert b"" == ear.file.read()


def test_nobody_who_reads_nothing_holds_up_the_server(live: Live) -> None:
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
    deaf.connect(("127.0.0.1", live.server.port))
    deaf.sendall(b"GET /_emulator/journal/stream HTTP/1.1\r\nhost: localhost\r\n\r\n")
    for _ in range(20):
        assert 200 == live.ask("hello " + "x" * 200_000).status
    [listener] = live.server.app.control.held.listeners
    assert listener._bytes <= listening._MOST_BYTES
    deaf.close()


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("since=x", "'x' came, an exchange's number is wanted"),
        ("outcome=hti", "'hti' is not one of hit, miss, rejected, page."),
        ("sesion=a", "sesion: known are session, since, outcome, route"),
    ],
)
def test_a_question_that_is_not_understood_is_refused(live: Live, query: str, detail: str) -> None:
    for path in ("journal", "journal/stream"):
        reply = control(live, "GET", f"{path}?{query}")
        assert (400, detail) == (reply.status, reply.json["detail"])
