"""The player against a socket that only remembers, and a clock that is turned by hand."""

import asyncio
import socket as sockets
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from emulator.clock import Clock, Waiting
from emulator.journal import Beat, Exchange, Journal
from emulator.player import Connection, Player
from emulator.types import Action, Broken, Call, End, Hang, Hold, Send, Start, Wait


class Socket:
    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.gone = self.aborted = False

    def write(self, data: bytes, /) -> None:
        self.writes.append(data)

    def is_closing(self) -> bool:
        return self.gone

    def abort(self) -> None:
        self.aborted = True

    def get_extra_info(self, name: str) -> Any:
        """It has no socket of the operating system below it."""

    def get_write_buffer_size(self) -> int:
        return 0

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

    def at(self, moment: float, call: Callable[[], None]) -> Waiting:
        self.time = max(self.time, moment)
        waiting = Waiting(call)
        asyncio.get_running_loop().call_soon(waiting.end)
        return waiting


def no_gate(name: str) -> asyncio.Event:
    raise AssertionError(name)


def an_exchange() -> Exchange:
    return Exchange(1, "s", 1, 0, Call("POST", "/"), "p", "hit", 200)


async def play(actions: Iterable[Action], **connection: bool) -> tuple[list[bytes], Exchange, Player]:
    socket, exchange = Socket(), an_exchange()
    player = Player(Connection(socket, socket.drain, **connection), HandClock(), 100.0, no_gate)
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
    player = Player(Connection(socket, socket.drain), clock, 90.0, no_gate)
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
    await Player(Connection(socket, socket.drain), HandClock(), 0.0, no_gate).perform(STREAM, exchange, journal)
    assert "client_left" == exchange.ended


# ---------------------------------------------------------------- what goes wrong


BROKEN: tuple[tuple[str, list[Action], list[bytes], bool], ...] = (
    ("cleanly", [Send(b"a", 1), Broken()], [b"1\r\na\r\n0\r\n\r\n"], True),
    ("with an error", [Send(b"a", 1), Broken(), Send(b"no")], [b"1\r\na\r\n2\r\nno\r\n0\r\n\r\n"], True),
    ("by a FIN", [Send(b"a", 1), Broken(), End(reset=False), Send(b"never")], [b"1\r\na\r\n"], False),
    ("by a reset", [Send(b"a", 1), Broken(), End(reset=True), Send(b"never")], [b"1\r\na\r\n"], False),
)


@pytest.mark.parametrize(("how", "actions", "writes", "keeps"), BROKEN, ids=[row[0] for row in BROKEN])
async def test_what_breaks_off_is_noted_as_that(
    how: str, actions: list[Action], writes: list[bytes], keeps: bool
) -> None:
    head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    sent, exchange, player = await play([Start(200, {}, None), *actions])
    assert ([head + writes[0]], "broken_off", keeps) == (sent, exchange.ended, player.keep_alive), how
    assert [Beat(0.0, 0.0, 1)] == exchange.beats


async def test_only_a_reset_aborts_the_connection() -> None:
    for reset in (True, False):
        socket, exchange = Socket(), an_exchange()
        player = Player(Connection(socket, socket.drain), HandClock(), 100.0, no_gate)
        await player.perform([Start(200, {}, 9), Send(b"a"), End(reset=reset)], exchange, Journal(most=1, most_bytes=1))
        assert (reset, 1) == (socket.aborted, len(socket.writes))


async def test_a_connection_ends_without_a_byte_where_nothing_was_sent() -> None:
    writes, exchange, player = await play([Broken(), End(reset=False)])
    assert ([], "broken_off", False, 0) == (writes, exchange.ended, player.keep_alive, exchange.sent_bytes)


@pytest.mark.parametrize("connection", [{"head_only": True}, {"http_1_0": True}, {"head_only": True, "http_1_0": True}])
async def test_faults_reach_old_clients_and_heads_too(connection: dict[str, bool]) -> None:
    body = b"" if "head_only" in connection else b"a"
    for end in ([End(reset=True)], [End(reset=False)], []):
        actions: list[Action] = [Start(200, {}, None), Send(b"a", 1), Broken(), *end]
        writes, exchange, player = await play(actions, **connection)
        assert (body, "broken_off") == (writes[0].partition(b"\r\n\r\n")[2], exchange.ended)
        assert player.keep_alive == (not end and "http_1_0" not in connection)


async def test_a_piece_that_goes_out_alone_is_a_write_of_its_own() -> None:
    writes, _, _ = await play([Start(200, {}, 4), Send(b"ab", 1), Send(b"cd", alone=True)])
    assert [b"ab", b"cd"] == [writes[0].partition(b"\r\n\r\n")[2], writes[1]]


# ---------------------------------------------------------------- gates


class Stage:
    """A player under way against a manual clock and gates."""

    def __init__(self, actions: list[Action]) -> None:
        self.socket, self.exchange, self.clock = Socket(), an_exchange(), Clock("manual")
        self.gates: dict[str, asyncio.Event] = {}
        self.journal = Journal(most=1, most_bytes=10**6)
        connection = Connection(self.socket, self.socket.drain)
        player = Player(connection, self.clock, 0.0, lambda name: self.gates.setdefault(name, asyncio.Event()))
        self.task = asyncio.create_task(player.perform(actions, self.exchange, self.journal))

    @property
    def body(self) -> bytes:
        return b"".join(self.socket.writes).partition(b"\r\n\r\n")[2]

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not condition():  # noqa: ASYNC110 - a player tells nobody how far it is
                await asyncio.sleep(0)


@asynccontextmanager
async def on_stage(*actions: Action) -> AsyncIterator[Stage]:
    stage = Stage([Start(200, {}, 100), *actions])
    try:
        yield stage
    finally:
        stage.task.cancel()
        with suppress(asyncio.CancelledError):
            await stage.task


async def test_a_gate_holds_up_what_follows_and_makes_it_as_much_later() -> None:
    actions = (Send(b"a", 1), Hold("g"), Send(b"b", 1), Wait(3.0), Send(b"c", 1))
    async with on_stage(*actions) as stage:
        await stage.until(lambda: "g" in stage.gates)
        assert b"a" == stage.body
        stage.clock.advance(10)
        await asyncio.sleep(0)
        assert b"a" == stage.body
        stage.gates["g"].set()
        await stage.until(lambda: bool(stage.clock.waiting))
        assert (b"ab", (13.0,)) == (stage.body, stage.clock.waiting)
        stage.clock.advance(3)
        await stage.task
        assert (b"abc", "delivered") == (stage.body, stage.exchange.ended)
        assert [Beat(0.0, 0.0, 1), Beat(10.0, 10.0, 1), Beat(13.0, 13.0, 1)] == stage.exchange.beats


async def test_a_gate_that_is_open_holds_nothing_up() -> None:
    async with on_stage(Send(b"a", 1), Hold("g"), Send(b"b", 1)) as stage:
        stage.gates["g"] = asyncio.Event()
        stage.gates["g"].set()
        await stage.task
        assert (b"ab", "delivered") == (stage.body, stage.exchange.ended)


async def test_a_gate_has_signs_of_life() -> None:
    async with on_stage(Send(b"a", 1), Hold("g", b"~", 2.0), Send(b"b", 1)) as stage:
        for signs in range(1, 4):
            await stage.until(lambda: bool(stage.clock.waiting))
            stage.clock.advance(2)
            await stage.until(lambda signs=signs: stage.body.count(b"~") == signs)  # type: ignore[misc]
        stage.gates["g"].set()
        await stage.task
        assert (b"a~~~b", b"a~~~b") == (stage.body, bytes(stage.exchange.reply))
        await asyncio.sleep(0)
        assert () == stage.clock.waiting


async def test_a_wait_at_a_gate_ends_when_it_is_cancelled() -> None:
    async with on_stage(Send(b"a", 1), Hold("g", b"~", 2.0), Send(b"b", 1)) as stage:
        await stage.until(lambda: "g" in stage.gates)
        await stage.until(lambda: bool(stage.clock.waiting))
        stage.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await stage.task
        await asyncio.sleep(0)
        assert (b"a", "open", ()) == (stage.body, stage.exchange.ended, stage.clock.waiting)


async def test_a_moment_that_comes_when_the_client_has_just_gone_goes_by_and_holds_up_no_other_stream() -> None:
    async with on_stage(Send(b"a", 1), Wait(1.0), Send(b"b", 1)) as stage, on_stage(Send(b"c", 1), Wait(1.0)) as other:
        other.clock.advance(0)
        await stage.until(lambda: bool(stage.clock.waiting and other.clock.waiting))
        stage.task.cancel()
        stage.clock.advance(1)  # before the task has had its turn
        other.clock.advance(1)
        await other.task
        with pytest.raises(asyncio.CancelledError):
            await stage.task
        assert (b"a", "open", "delivered") == (stage.body, stage.exchange.ended, other.exchange.ended)


async def test_nothing_is_written_to_who_has_gone() -> None:
    async with on_stage(Send(b"a", 1), Wait(1.0), Send(b"b", 1)) as stage:
        await stage.until(lambda: bool(stage.clock.waiting))
        stage.socket.gone = True  # uvloop raises when it is written to then
        stage.clock.advance(1)
        await stage.task
        assert (b"a", "client_left") == (stage.body, stage.exchange.ended)


async def test_a_response_that_hangs_never_ends_by_itself() -> None:
    async with on_stage(Send(b"a", 1), Broken(), Hang()) as stage:
        await stage.until(lambda: bool(stage.body))
        stage.clock.advance(10**9)
        await asyncio.sleep(0)
        assert (b"a", False, "open") == (stage.body, stage.task.done(), stage.exchange.ended)


class Transport:
    """As much of an asyncio transport as tells whether the client is there."""

    def __init__(self, endpoint: sockets.socket | None, *, closing: bool = False) -> None:
        self.endpoint, self.closing = endpoint, closing

    def write(self, data: bytes, /) -> None:
        raise AssertionError(data)

    def abort(self) -> None:
        raise AssertionError

    def is_closing(self) -> bool:
        return self.closing

    def get_write_buffer_size(self) -> int:
        return 0

    def get_extra_info(self, name: str) -> Any:
        return self.endpoint


def test_a_client_that_has_closed_its_end_is_gone_before_anybody_reads() -> None:
    near, far = sockets.socketpair()
    with near, far:
        connection = Connection(Transport(near), Socket().drain)
        assert not connection.is_gone()
        far.sendall(b"x")
        assert not connection.is_gone()
        assert b"x" == near.recv(1)
        far.close()
        assert connection.is_gone()


def test_a_connection_without_a_socket_is_gone_when_it_closes() -> None:
    assert [False, True] == [
        Connection(Transport(None, closing=closing), Socket().drain).is_gone() for closing in (False, True)
    ]
