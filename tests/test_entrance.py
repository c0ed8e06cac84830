"""One connection, many heads: what a request's head says is its own, whatever the request before it said."""

import http.client
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from emulator.session import key_id
from tests.live import Live

CHAT = "/v1/ai/cloudbase/chat/completions"
STEPS = """
steps:
  - {when: {headers: {x-team: red}}, reply: {text: red}}
  - {when: {user: "*long*"}, reply: {text: long}}
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
