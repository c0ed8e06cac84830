"""Whatever a client sends or does: no traceback, no hang, no 5xx that was not scripted, and the next one is served."""

import gzip
import json
import logging
import re
import socket
import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.session import key_id
from tests.live import Live

PATH = "/v1/ai/cloudbase/chat/completions"


@pytest.fixture(autouse=True)
def no_traceback(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """aiohttp logs what goes wrong in a handler; nothing may."""
    yield
    assert [] == [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.fixture
def live(scripted: Callable[..., Live]) -> Live:
    return scripted(
        """
        steps:
          - when: {user: "*"}
            reply: {text: Hello!}
        """,
        max_body_bytes=100_000,
        body_seconds=0.3,
    )


def served(live: Live) -> None:
    """The server still answers."""
    assert 200 == live.ask().status


def raw(live: Live, data: bytes) -> bytes:
    """Send bytes as they are, and read until the server closes the connection."""
    with socket.create_connection(("127.0.0.1", live.server.port), timeout=5) as connection:
        connection.sendall(data)
        received = b""
        try:
            while piece := connection.recv(65536):
                received += piece
        except (TimeoutError, ConnectionResetError):
            pass
        return received


BODIES = [
    b"",
    b"{",
    b"null",
    b"[]",
    b'"hi"',
    b"\x00\x01\x02\xff",
    "{}".encode("utf-16"),
    "﻿{}".encode(),
    b'{"model": "m", "messages": "\xff"}',
    b'{"model": "m"}',
    b'{"model": {}, "messages": []}',
    b'{"model": "m", "messages": [[]]}',
    b'{"model": "m", "messages": [{"role": ["user"]}]}',
    b'{"model": "m", "messages": [{"role": "user", "content": {"a": 1}}]}',
    b'{"model": "m", "messages": [], "n": 1e999}',
    b'{"model": "m", "messages": [], "n": ' + b"9" * 10_000 + b"}",
    b'{"model": "m", "messages": [], "n": NaN}',
    b"[" * 50_000,
    b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    b'{"model": "m", "messages": [], "x": ' + b"[" * 201 + b"]" * 201 + b"}",
    gzip.compress(b"{}", mtime=0),
]


@pytest.mark.parametrize("body", BODIES, ids=[repr(body[:24]) for body in BODIES])
def test_a_broken_body_is_a_4xx_in_the_providers_words(live: Live, body: bytes) -> None:
    reply = live.send("POST", PATH, body)
    assert 400 <= reply.status < 500
    assert ["code", "message", "requestId"] == list(reply.json)
    served(live)


def test_lone_surrogates_go_through(live: Live) -> None:
    body = rb'{"model": "\ud800", "messages": [{"role": "user", "content": "\udfff"}]}'
    reply = live.send("POST", PATH, body)
    assert (200, "�") == (reply.status, reply.json["model"])


def test_a_compressed_body_is_read(live: Live) -> None:
    body = gzip.compress(json.dumps({"model": "m", "messages": [{"role": "user", "content": "hi"}]}).encode())
    headers = {"authorization": live.bearer, "content-encoding": "gzip"}
    assert 200 == live.send("POST", PATH, body, headers).status


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_body_that_is_not_compressed_as_it_says_is_malformed(live: Live, encoding: str) -> None:
    headers = {"authorization": live.bearer, "content-encoding": encoding}
    reply = live.send("POST", PATH, b"this is no archive", headers)
    assert (400, "BAD_REQUEST") == (reply.status, reply.json["code"])
    served(live)


def test_a_body_that_unpacks_beyond_the_limit_is_too_large(live: Live) -> None:
    headers = {"authorization": live.bearer, "content-encoding": "gzip"}
    reply = live.send("POST", PATH, gzip.compress(b" " * 50_000_000), headers)
    assert (413, "EXCEED_MAX_PAYLOAD_SIZE") == (reply.status, reply.json["code"])
    served(live)


def test_a_body_that_says_it_is_too_large_is_refused_before_it_is_sent(live: Live) -> None:
    head = f"POST {PATH} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer k\r\ncontent-length: 99999999\r\n\r\n"
    answer = raw(live, head.encode())
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"EXCEED_MAX_PAYLOAD_SIZE" in answer
    served(live)


def test_a_chunked_body_that_grows_too_large_is_refused(live: Live) -> None:
    head = f"POST {PATH} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer k\r\ntransfer-encoding: chunked\r\n\r\n"
    chunks = b"".join(b"2710\r\n" + b"x" * 10_000 + b"\r\n" for _ in range(11))
    assert raw(live, head.encode() + chunks).startswith(b"HTTP/1.1 413 ")
    served(live)


def test_a_slow_sender_is_told_so_and_holds_nobody_up(live: Live) -> None:
    head = f"POST {PATH} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer k\r\ncontent-length: 100\r\n\r\n{{"
    with socket.create_connection(("127.0.0.1", live.server.port), timeout=5) as slow:
        slow.sendall(head.encode())
        served(live)
        answer = slow.recv(65536)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"the body did not arrive within 0.3 s" in answer


def test_a_client_waiting_for_100_continue_gets_it(live: Live) -> None:
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "hi"}]}).encode()
    head = (
        f"POST {PATH} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer k\r\nconnection: close\r\n"
        f"expect: 100-continue\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", live.server.port), timeout=5) as client:
        client.sendall(head.encode())
        assert b"HTTP/1.1 100 Continue\r\n\r\n" == client.recv(65536)
        client.sendall(body)
        assert client.recv(65536).startswith(b"HTTP/1.1 200 OK")


NO_HTTP = [
    b"hello\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(64)),
    b"GET / HTTP/9.9\r\n\r\n",
    b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
    b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello",
    b"GET / HTTP/1.1\r\nhost: x\r\nbad header\r\n\r\n",
    b"GET / HTTP/1.1\r\nhost: x\r\nx: " + b"y" * 20_000 + b"\r\n\r\n",
    b"GET /" + b"y" * 20_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nhost: x\r\n" + b"".join(b"x%d: y\r\n" % number for number in range(500)) + b"\r\n",
]


@pytest.mark.parametrize("data", NO_HTTP, ids=[repr(data[:24]) for data in NO_HTTP])
def test_what_is_not_http_is_a_400_in_a_sentence(live: Live, data: bytes) -> None:
    answer = raw(live, data)
    assert re.match(rb"HTTP/1\.[01] 400 ", answer)
    problem = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert ("not HTTP", 400) == (problem["title"], problem["status"])
    served(live)


ODD_PATHS = [
    "/",
    "//",
    "/s",
    "/s/",
    "/s//",
    "/s/a",
    "/cloudbase",
    "/cloudbase/",
    "/v1/ai/",
    "/v1/ai//chat/completions",
    "/v1/ai/cloudbase/%2e%2e/%2e%2e/etc/passwd",
    "/v1/ai/%ff%fe/chat/completions",
    "/v1/ai/%00/chat/completions",
    "/v1/ai/%0d%0aset-cookie:x/chat/completions",
    "/v1/ai/" + "a" * 5000 + "/chat/completions",
    "/favicon.ico",
    "/?key=%ff",
]


@pytest.mark.parametrize("path", ODD_PATHS, ids=[path[:30] for path in ODD_PATHS])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_odd_path_is_a_4xx(live: Live, method: str, path: str) -> None:
    reply = live.send(method, path, b"{}" if method == "POST" else None)
    assert 400 <= reply.status < 500
    served(live)


ODD_HEADERS: list[dict[str, str]] = [
    {"authorization": "Bearer \x80\xff"},
    {"authorization": "Bearer " + "k" * 7000},
    {"authorization": "Bearer a@b@c"},
    {"x-emulator-session": "a\tb"},
    {"x-emulator-session": "\xe4\xbd\xa0", "authorization": "Bearer k"},
    {"host": "", "authorization": "Bearer k"},
    {"host": "[::1]:80", "authorization": "Bearer k"},
    {"host": ".api.tcloudbasegateway.com", "authorization": "Bearer k"},
    {"content-type": "text/plain; charset=\xff", "authorization": "Bearer k"},
    {"cookie": "\xff=\xff", "authorization": "Bearer k"},
    {"origin": "null", "authorization": "Bearer k"},
]


@pytest.mark.parametrize("headers", ODD_HEADERS, ids=lambda headers: repr(headers)[:40])
def test_odd_headers_are_no_trouble(live: Live, headers: dict[str, str]) -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
    assert live.send("POST", PATH, body, headers).status in {200, 401, 404}
    served(live)
    assert 200 == live.send("GET", "/_emulator/journal", headers={}).status


def test_a_user_agent_sent_twice_is_no_trouble(live: Live) -> None:
    """pydantic-ai's Google provider sends two; aiohttp by itself answers 400."""
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "hi"}]}).encode()
    head = (
        f"POST {PATH} HTTP/1.1\r\nhost: x\r\nUser-Agent: first/1\r\nauthorization: Bearer twice\r\n"
        f"connection: close\r\nuser-agent: second/2\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    assert raw(live, head.encode() + body).startswith(b"HTTP/1.1 200 OK")
    [entry] = live.server.app.journal.read(session=key_id("twice"))
    assert "first/1" == entry.call.headers["user-agent"]


def test_requests_in_a_row_on_one_connection_are_answered_in_order(live: Live) -> None:
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "hi"}]}).encode()
    one = f"POST {PATH} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer k\r\ncontent-length: {len(body)}\r\n\r\n"
    last = one.replace("host: x", "host: x\r\nconnection: close")
    assert 3 == raw(live, (one.encode() + body) * 2 + last.encode() + body).count(b"HTTP/1.1 200 OK")


def test_http_1_0_gets_an_answer_that_ends_with_the_connection(live: Live) -> None:
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "hi"}], "stream": True}).encode()
    head = f"POST {PATH} HTTP/1.0\r\nauthorization: Bearer k\r\ncontent-length: {len(body)}\r\n\r\n"
    answer = raw(live, head.encode() + body)
    assert b"transfer-encoding" not in answer
    assert answer.endswith(b"data: [DONE]\n\n")


@pytest.fixture
def slow(scripted: Callable[..., Live]) -> Live:
    return scripted(
        """
        steps:
          - when: {user: slow}
            reply: {text: one two three, stream: {every: 60s, chunk: word}}
          - reply: {text: Hello!}
        """,
        time_scale=1.0,
    )


def until(true: Callable[[], bool]) -> None:
    """Wait for another thread, for a while."""
    for _ in range(500):
        if true():
            return
        time.sleep(0.01)
    raise AssertionError


def test_a_client_that_goes_away_in_mid_stream_is_noted_and_costs_nothing(slow: Live) -> None:
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "slow"}], "stream": True}).encode()
    head = f"POST {PATH} HTTP/1.1\r\nhost: x\r\nauthorization: {slow.bearer}\r\ncontent-length: {len(body)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", slow.server.port), timeout=5) as client:
        client.sendall(head.encode() + body)
        assert b"one" in client.recv(65536)
        assert ["open"] == [entry.ended for entry in slow.journal]
    until(lambda: slow.journal[0].ended != "open")
    [entry] = slow.journal
    assert ("client_left", 1) == (entry.ended, sum(beat.beats for beat in entry.beats))
    until(lambda: slow.run(_tasks(slow)) <= 1)
    served(slow)


async def _tasks(live: Live) -> int:
    """How many connections the server has."""
    assert live.server._runner is not None
    assert live.server._runner.server is not None
    return len(live.server._runner.server.connections)


def test_a_client_that_goes_away_before_its_body_is_complete_is_no_trouble(live: Live) -> None:
    head = f"POST {PATH} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer k\r\ncontent-length: 100\r\n\r\n{{"
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", live.server.port), timeout=5) as client:
            client.sendall(head.encode())
    served(live)


def test_a_client_that_does_not_read_holds_a_bounded_buffer_and_nobody_up(scripted: Callable[..., Live]) -> None:
    live = scripted(
        f"""
        steps:
          - when: {{user: much}}
            reply: {{text: "{"word " * 400_000}", stream: {{chunk: word}}}}
          - reply: {{text: Hello!}}
        """
    )
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "much"}], "stream": True}).encode()
    head = f"POST {PATH} HTTP/1.1\r\nhost: x\r\nauthorization: {live.bearer}\r\ncontent-length: {len(body)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", live.server.port), timeout=5) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.sendall(head.encode() + body)
        until(lambda: bool(live.journal) and live.journal[0].sent_bytes > 0)
        served(live)
        served(live)
        assert "open" == live.journal[0].ended
        assert live.journal[0].sent_bytes < 20_000_000
    until(lambda: live.journal[0].ended == "client_left")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
FIELDS = ("model", "messages", "tools", "tool_choice", "stream", "stream_options", "response_format", "thinking")
VALID = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


@given(st.dictionaries(st.sampled_from(FIELDS), json_values, min_size=1, max_size=3))
def test_no_value_of_any_field_is_a_traceback(examples_server: Live, fields: dict[str, object]) -> None:
    body = json.dumps({**VALID, **fields}).encode()
    reply = examples_server.send("POST", PATH, body)
    assert reply.status < 500


ROLES = st.sampled_from(["system", "developer", "user", "assistant", "tool", "function"])


@given(
    st.lists(
        st.fixed_dictionaries(
            {"role": ROLES},
            optional={
                "content": json_values,
                "tool_calls": json_values,
                "tool_call_id": json_values,
                "name": json_values,
            },
        ),
        max_size=4,
    )
)
def test_no_message_is_a_traceback(examples_server: Live, messages: list[object]) -> None:
    reply = examples_server.send("POST", PATH, json.dumps({"model": "m", "messages": messages}).encode())
    assert reply.status < 500
