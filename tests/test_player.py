"""The player against a socket that only remembers, and a clock that is turned by hand."""

import pytest

from emulator.journal import Beat, Exchange, Journal
from emulator.player import Connection, Player
from emulator.types import Action, Call, Send, Start, Wait


class Socket:
    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.gone = False

    def write(self, data: bytes, /) -> None:
        self.writes.append(data)

    def is_closing(self) -> bool:
        return self.gone

    async def drain(self) -> None:
        return


class HandClock:
    """Stands still until somebody waits; then it is that moment at once."""

    def __init__(self) -> None:
        self.time = 100.0

    def now(self) -> float:
        return self.time

    def is_due(self, moment: float) -> bool:
        return self.time >= moment

    async def until(self, moment: float) -> None:
        self.time = max(self.time, moment)


def an_exchange() -> Exchange:
    return Exchange(1, "s", 1, 0, Call("POST", "/"), "p", "hit", 200)


async def play(actions: list[Action], **connection: bool) -> tuple[list[bytes], Exchange, Player]:
    socket, exchange = Socket(), an_exchange()
    player = Player(Connection(socket, socket.drain, **connection), HandClock(), 100.0)
    journal = Journal(most=10, most_bytes=10**6)
    journal.add(exchange)
    await player.perform(actions, exchange, journal)
    return socket.writes, exchange, player


STREAM: list[Action] = [Start(200, {"content-type": "text/event-stream"}, None), Send(b"a", 1), Send(b"bc", 1)]


async def test_what_is_due_goes_out_in_one_write_each_piece_still_a_chunk_of_its_own() -> None:
    writes, exchange, _ = await play(STREAM)
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    assert [head + b"1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"] == writes
    assert ("delivered", b"abc", 3) == (exchange.ended, bytes(exchange.reply), exchange.sent_bytes)
    assert [Beat(0.0, 0.0, 2)] == exchange.beats


async def test_what_is_due_at_another_time_is_another_write() -> None:
    actions: list[Action] = [STREAM[0], Wait(0.5), Send(b"a", 1), Wait(0.75), Send(b"b", 1)]
    writes, exchange, _ = await play(actions)
    assert [b"1\r\na\r\n", b"1\r\nb\r\n0\r\n\r\n"] == writes[1:]
    assert [Beat(0.5, 0.5, 1), Beat(0.75, 0.75, 1)] == exchange.beats


async def test_a_wait_that_is_over_already_splits_nothing_and_is_seen_to_be_late() -> None:
    socket, exchange, clock = Socket(), an_exchange(), HandClock()
    player = Player(Connection(socket, socket.drain), clock, 90.0)
    actions: list[Action] = [STREAM[0], Wait(2.0), Send(b"a", 1), Wait(3.0), Send(b"b", 1)]
    await player.perform(actions, exchange, Journal(most=1, most_bytes=1))
    assert 1 == len(socket.writes)
    assert [Beat(2.0, 10.0, 1), Beat(3.0, 10.0, 1)] == exchange.beats


async def test_a_long_answer_goes_out_in_pieces() -> None:
    writes, _, _ = await play([Start(200, {}, 200_000), *(Send(b"x" * 1000) for _ in range(200))])
    assert len(writes) in {3, 4}
    assert 200_000 == len(b"".join(writes).partition(b"\r\n\r\n")[2])


@pytest.mark.parametrize(
    ("start", "connection", "fields", "body", "keeps"),
    [
        (Start(200, {}, 2), {}, b"content-length: 2\r\n", b"hi", True),
        (Start(200, {}, 2), {"head_only": True}, b"content-length: 2\r\n", b"", True),
        (Start(200, {}, 2), {"keep_alive": False}, b"content-length: 2\r\nconnection: close\r\n", b"hi", False),
        (Start(200, {}, 2), {"http_1_0": True}, b"content-length: 2\r\nconnection: keep-alive\r\n", b"hi", True),
        (Start(200, {}, None), {}, b"transfer-encoding: chunked\r\n", b"2\r\nhi\r\n0\r\n\r\n", True),
        (Start(200, {}, None), {"http_1_0": True}, b"connection: close\r\n", b"hi", False),
        (Start(200, {}, None), {"head_only": True}, b"transfer-encoding: chunked\r\n", b"", True),
    ],
)
async def test_the_body_is_framed_as_the_client_understands_it(
    start: Start, connection: dict[str, bool], fields: bytes, body: bytes, keeps: bool
) -> None:
    writes, _, player = await play([start, Send(b"hi")], **connection)
    assert [b"HTTP/1.1 200 OK\r\n" + fields + b"\r\n" + body] == writes
    assert keeps == player.keep_alive


async def test_no_content_has_no_length() -> None:
    writes, _, _ = await play([Start(204, {}, 0), Send(b"")])
    assert [b"HTTP/1.1 204 No Content\r\n\r\n"] == writes


async def test_a_client_that_has_gone_is_noted() -> None:
    socket, exchange = Socket(), an_exchange()
    socket.gone = True
    journal = Journal(most=1, most_bytes=10**6)
    await Player(Connection(socket, socket.drain), HandClock(), 0.0).perform(STREAM, exchange, journal)
    assert "client_left" == exchange.ended
