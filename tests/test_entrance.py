"""One connection, many heads: what a request's head says is its own, whatever the request before it said."""

import gzip
import http.client
import json
import random
import socket
import struct
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import pytest

from emulator.session import key_id
from tests.live import Live

CHAT = "/v1/ai/cloudbase/chat/completions"
STEPS = """
steps:
  - {when: {headers: {x-team: red}}, reply: {text: red}}
  - {when: {user: "*long*"}, reply: {text: long}}
  - {when: {user: later}, reply: {text: Well then., stream: {first_token: 20ms}}}
  - {when: {user: made}, reply: {text: "{{ request.model }} {{ random.hex(8) }}"}}
  - {reply: {text: plain}}
"""


@pytest.fixture
def live(scripted: Callable[..., Live]) -> Live:
    return scripted(STEPS)


@pytest.fixture
def connection(live: Live) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection("127.0.0.1", live.server.port, timeout=10)
    yield connection
    connection.close()


def ask(connection: http.client.HTTPConnection, path: str, user: str, **headers: str) -> tuple[str, str]:
    body = json.dumps({"model": "hy3-preview", "messages": [{"role": "user", "content": user}]})
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request("POST", path, body, {"content-type": "application/json", **fields})
    reply = connection.getresponse()
    said: Any = json.loads(reply.read())
    text = said["choices"][0]["message"]["content"] if reply.status == 200 else str(reply.status)
    return reply.headers["x-emulator-session"], text


def test_each_request_of_a_connection_is_read_by_its_own_head(
    live: Live, connection: http.client.HTTPConnection
) -> None:
    mine, yours = key_id(live.key), key_id("another-key")
    bearer = {"authorization": live.bearer}
    # Each differs from the one before it in one thing, and the first comes again in between.
    told = [
        ask(connection, CHAT, "Hi", **bearer),
        ask(connection, CHAT, "Hi", **bearer),
        ask(connection, CHAT, "long ago", **bearer),
        ask(connection, CHAT, "Hi", **bearer),
        ask(connection, CHAT, "Hi", **bearer, x_team="red"),
        ask(connection, CHAT, "Hi", **bearer, x_team="blue"),
        ask(connection, CHAT, "Hi", authorization="Bearer another-key"),
        ask(connection, f"/s/named{CHAT}", "Hi", **bearer),
        ask(connection, f"{CHAT}?x=1", "Hi", **bearer),
        ask(connection, "/v1/ai/nowhere/none", "Hi", **bearer),
        ask(connection, CHAT, "Hi", **bearer),
    ]
    assert [
        (mine, "plain"),
        (mine, "plain"),
        (mine, "long"),
        (mine, "plain"),
        (mine, "red"),
        (mine, "plain"),
        (yours, "plain"),
        ("named", "plain"),
        (mine, "plain"),
        (mine, "404"),
        (mine, "plain"),
    ] == told


def test_the_journal_tells_each_request_with_its_own_head(live: Live, connection: http.client.HTTPConnection) -> None:
    for user in ("a", "b", "a longer one", "b"):
        ask(connection, CHAT, user, authorization=live.bearer)
    connection.request("GET", "/v1/ai/cloudbase/models", headers={"authorization": live.bearer})
    connection.getresponse().read()
    told = [(one.call.headers.get("content-length"), one.received_bytes) for one in live.journal]
    length = len(json.dumps({"model": "hy3-preview", "messages": [{"role": "user", "content": "a"}]}))
    assert [(f"{length}", length)] * 2 == told[:2]
    assert [(f"{length + 11}", length + 11), (f"{length}", length), (None, 0)] == told[2:]


def test_no_credential_is_in_the_journal_though_the_head_comes_again(
    live: Live, connection: http.client.HTTPConnection
) -> None:
    for _ in range(3):
        ask(connection, CHAT, "Hi", authorization=live.bearer)
    assert ["…"] * 3 == [one.call.headers["authorization"] for one in live.journal]
    assert live.key not in repr(live.journal)
    assert 1 == len({one.credentials for one in live.journal})


def request(body: bytes, *fields: str, key: str = "a", line: str = f"POST {CHAT}") -> bytes:
    head = (f"{line} HTTP/1.1", "Host: localhost", f"Authorization: Bearer {key}", *fields)
    return "\r\n".join((*head, "", "")).encode() + body


def chat(user: str, *fields: str, key: str = "a", stream: bool = False) -> bytes:
    asked = {"model": "hy3-preview", "messages": [{"role": "user", "content": user}], "stream": stream}
    body = json.dumps(asked).encode()
    return request(body, *fields, f"Content-Length: {len(body)}", key=key)


def packed() -> bytes:
    body = gzip.compress(chat("Hi").partition(b"\r\n\r\n")[2], mtime=0)
    return request(body, "Content-Encoding: gzip", f"content-length: {len(body)}")


def in_chunks() -> bytes:
    body = chat("Hi").partition(b"\r\n\r\n")[2]
    chunks = b"5\r\n%b\r\n%x\r\n%b\r\n0\r\n\r\n" % (body[:5], len(body) - 5, body[5:])
    return request(chunks, "Transfer-Encoding: chunked")


def old(user: str) -> bytes:
    """A request of a client that reads no chunks."""
    return chat(user, "Connection: keep-alive").replace(b" HTTP/1.1", b" HTTP/1.0")


MANY = [
    *[chat(user) for user in ("Hi", "Ho", "long ago", "made", "Hi")],
    *[chat(user, stream=True) for user in ("Hi", "long ago", "made", "later")],
    chat("Hi", key="b"),
    chat("Hi", "X-Team: red"),
    chat("Hi", "X-Team: red", "X-Team: blue"),
    chat("Hi", "Connection: keep-alive"),
    request(b"{not json", "content-length: 9"),
    request(b"", "content-length: 0"),
    request(b"", line="GET /v1/ai/cloudbase/models"),
    request(b"", line="GET /_emulator/nothing"),
    request(b"xyz", "content-length: 3", line="POST /_emulator/nothing"),
    packed(),
    in_chunks(),
]


def one_reply(file: BinaryIO) -> bytes:
    lines = [file.readline()]
    while lines[-1] not in {b"\r\n", b""}:
        lines.append(file.readline())
    # Pages of the control API tell aiohttp's date.
    head = b"".join(line for line in lines if not line.startswith(b"Date: "))
    fields = dict(line.lower().rstrip().split(b": ", 1) for line in head.splitlines(keepends=True)[1:-1])
    if b"content-length" in fields:
        return head + file.read(int(fields[b"content-length"]))
    body = b""
    while not body.endswith(b"\r\n0\r\n\r\n"):
        size = file.readline()
        body += size + file.read(int(size, 16) + 2)
    return head + body


def at_once(live: Live, asked: list[bytes]) -> list[bytes]:
    """What comes back where all is sent before anything is read."""
    with socket.create_connection(("127.0.0.1", live.server.port), timeout=10) as client, client.makefile("rb") as file:
        client.sendall(b"".join(asked))
        return [one_reply(file) for _ in asked]


def in_pieces(live: Live, asked: list[bytes], dice: random.Random) -> list[bytes]:
    """What comes back where requests are sent in pieces as dice fall, and mostly after the reply before."""
    with socket.create_connection(("127.0.0.1", live.server.port), timeout=10) as client, client.makefile("rb") as file:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        told: list[bytes] = []
        for number, one in enumerate(asked, start=1):
            cuts = sorted(dice.sample(range(1, len(one)), dice.choice([0, 0, 0, 1, 2])))
            for begin, end in zip([0, *cuts], [*cuts, len(one)], strict=True):
                client.sendall(one[begin:end])
                time.sleep(0.003 if cuts else 0)
            while dice.random() < 0.9 and len(told) < number:
                told.append(one_reply(file))
        return told + [one_reply(file) for _ in asked[len(told) :]]


@pytest.mark.parametrize("seed", range(8))
def test_however_the_bytes_come_the_replies_are_the_same(scripted: Callable[..., Live], seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - repeatable
    # What comes again is answered otherwise inside than what comes once.
    asked = [one for one in dice.choices(MANY, k=40) for _ in range(dice.choice([1, 1, 4]))]
    lives = scripted(STEPS), scripted(STEPS)
    assert at_once(lives[0], asked) == in_pieces(lives[1], asked, dice)
    journals = [[entry.as_json() for entry in live.server.app.journal.read()] for live in lives]
    for entry in (*journals[0], *journals[1]):
        del entry["response"]["beats"], entry["place"]
    assert journals[0] == journals[1]


def parsed(live: Live) -> int:
    """How many requests aiohttp has read."""
    runner = live.server._runner
    assert runner is not None
    assert runner.server is not None
    return runner.server.requests_count


def one_by_one(live: Live, asked: list[bytes]) -> list[bytes]:
    """What comes back where each request comes in one piece, after the reply before."""
    told = []
    with socket.create_connection(("127.0.0.1", live.server.port), timeout=10) as client, client.makefile("rb") as file:
        for one in asked:
            client.sendall(one)
            told.append(one_reply(file))
    return told


@pytest.mark.parametrize(
    ("asked", "read"),
    [
        pytest.param([chat("Hi")] * 6, 1, id="the same"),
        pytest.param([chat("Hi"), chat("Hi"), chat("Ho"), chat("Hi" * 9), chat("Hi")], 1, id="bodies of other lengths"),
        pytest.param([chat("Hi", stream=True)] * 6, 1, id="streams without waits"),
        pytest.param([chat("Hi"), chat("Hi"), chat("Hi", key="b"), chat("Hi", key="b")], 2, id="another head"),
        pytest.param([chat("made")] * 6, 1, id="an answer made for one request"),
        pytest.param([chat("later", stream=True)] * 6, 6, id="an answer that waits"),
        pytest.param([request(b"{not json", "content-length: 9")] * 6, 1, id="what is refused"),
        pytest.param([request(b"", line="GET /_emulator/nothing"), chat("Hi"), chat("Hi")], 2, id="the control API"),
        pytest.param([packed()] * 4, 4, id="a body that is packed"),
        pytest.param([in_chunks()] * 4, 4, id="a body in chunks"),
        pytest.param([old("Hi")] * 4, 4, id="a client of HTTP/1.0"),
    ],
)
def test_what_comes_under_a_head_that_came_before_needs_no_parser(live: Live, asked: list[bytes], read: int) -> None:
    one_by_one(live, asked)
    assert read == parsed(live)


def test_now_and_then_aiohttp_sees_that_a_connection_is_used(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emulator.server.http._PARSED_EVERY", 0.0)
    one_by_one(live, [chat("Hi")] * 6)
    assert 6 == parsed(live)


def test_a_body_that_is_too_long_is_refused_whatever_came_before(scripted: Callable[..., Live]) -> None:
    live = scripted(STEPS, max_body_bytes=200)
    asked = [chat("Hi"), chat("Hi"), chat("Hi"), chat("Hi" * 100)]
    told = one_by_one(live, asked)
    assert [b"200", b"200", b"200", b"413"] == [one.split()[1] for one in told]


def test_nothing_stays_open_where_a_client_leaves_at_once(live: Live) -> None:
    for _ in range(30):
        client = socket.create_connection(("127.0.0.1", live.server.port), timeout=10)
        with client, client.makefile("rb") as file:
            client.sendall(chat("later", stream=True))
            one_reply(file)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.sendall(chat("later", stream=True))
    ended = Counter[str]()
    until = time.monotonic() + 5
    while time.monotonic() < until and (not ended or ended["open"]):
        ended = Counter(entry.ended for entry in live.server.app.journal.read())
    assert {"delivered", "client_left"} >= set(ended)
    assert ended["delivered"] >= 30


def test_a_fault_of_ours_is_a_500_and_a_traceback_in_the_log(
    live: Live, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fault(*_: object) -> None:
        raise RuntimeError("a fault of ours")

    with socket.create_connection(("127.0.0.1", live.server.port), timeout=10) as client, client.makefile("rb") as file:
        for status in (b"200", b"500"):
            client.sendall(chat("Hi"))
            assert status == one_reply(file).split()[1]
            monkeypatch.setattr(live.server.app, "_due", fault)
    assert "a fault of ours" in caplog.text


def apart(live: Live, asked: list[bytes]) -> list[bytes]:
    """What comes back where each head is a piece, and each body one of its own a moment later."""
    told = []
    with socket.create_connection(("127.0.0.1", live.server.port), timeout=10) as client, client.makefile("rb") as file:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for one in asked:
            head, blank, body = one.partition(b"\r\n\r\n")
            client.sendall(head + blank)
            time.sleep(0.005)
            client.sendall(body)
            told.append(one_reply(file))
    return told


def test_head_and_body_may_come_apart(scripted: Callable[..., Live], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emulator.server.http._BODY_SECONDS", 10.0)
    lives = scripted(STEPS), scripted(STEPS)
    asked = [chat("Hi")] * 4 + [chat("Ho" * 9)] * 2
    assert one_by_one(lives[0], asked) == apart(lives[1], asked)
    assert 1 == parsed(lives[1])


def test_a_body_that_does_not_come_is_waited_for_as_long_as_after_an_unknown_head(
    scripted: Callable[..., Live],
) -> None:
    live = scripted(STEPS, body_seconds=0.2)
    with socket.create_connection(("127.0.0.1", live.server.port), timeout=10) as client, client.makefile("rb") as file:
        client.sendall(chat("Hi"))
        assert b"200" == one_reply(file).split()[1]
        client.sendall(chat("Hi").partition(b"{")[0])
        assert b"408" == one_reply(file).split()[1]


def test_an_answer_that_is_found_for_a_client_that_has_just_left_is_closed(live: Live) -> None:
    runner = live.server._runner
    assert runner is not None
    server = runner.server
    assert server is not None

    async def come_and_go() -> None:
        (connection,) = server.connections
        connection.data_received(chat("later", stream=True))
        connection.force_close()

    with socket.create_connection(("127.0.0.1", live.server.port), timeout=10) as client, client.makefile("rb") as file:
        client.sendall(chat("later", stream=True))
        one_reply(file)
        live.run(come_and_go())
        assert b"" == file.read()
    assert ["delivered", "client_left"] == [entry.ended for entry in live.server.app.journal.read()]


def test_a_client_of_http_1_0_gets_no_chunks_however_often_it_asks(live: Live) -> None:
    asked = chat("Hi", "Connection: keep-alive", stream=True).replace(b" HTTP/1.1", b" HTTP/1.0")
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", live.server.port), timeout=10) as client:
            client.sendall(old("Hi"))
            with client.makefile("rb") as file:
                one_reply(file)
                client.sendall(asked)
                assert b"transfer-encoding" not in file.read()


def test_an_answer_to_head_has_no_body_however_often_it_is_asked_for(live: Live) -> None:
    asked = chat("Hi").replace(b"POST", b"HEAD", 1)
    with socket.create_connection(("127.0.0.1", live.server.port), timeout=10) as client:
        for _ in range(3):
            client.sendall(asked)
            time.sleep(0.1)
            head, blank, body = client.recv(65536).partition(b"\r\n\r\n")
            assert (True, b"\r\n\r\n", b"") == (head.startswith(b"HTTP/1.1 4"), blank, body)
