"""Everything that can go wrong with a connection, as a raw socket sees it, and what the server knows of it after."""

import http.client
import json
from collections.abc import Callable

import pytest

from tests.live import Live
from tests.meanwhile import CHAT, advance, aside, asked, received, session, under_way, until, words

SAYS = """
steps:
  - reply:
      text: one two three
      {more}
"""


def saying(scripted: Callable[..., Live], more: str, **options: object) -> Live:
    return scripted(SAYS.replace("{more}", more), **options)


def body_of(data: bytes) -> bytes:
    return data.partition(b"\r\n\r\n")[2]


def at_rest(live: Live) -> str:
    """How the only answer ended, once it has."""
    until(live, lambda: under_way(live) == 0)
    [entry] = live.journal
    return entry.ended


AT = "stream: {chunk: word, at: [{chunk: 2, ACT}]}"
ENDS = [
    ("reset: true", "reset", False, "broken_off"),
    ("close: true", "fin", False, "broken_off"),
    ("truncate: true", "whole", False, "broken_off"),
    ("error: overloaded", "whole", False, "broken_off"),
    ('garbage: "data: {oops\\n\\n"', "whole", True, "delivered"),
    ("split: 3", "whole", True, "delivered"),
    ("duplicate: true", "whole", True, "delivered"),
    ("drop: true", "whole", True, "delivered"),
    ("comment: hi", "whole", True, "delivered"),
    ("stall: 9s", "whole", True, "delivered"),
]


@pytest.mark.parametrize("version", ["1.1", "1.0"])
@pytest.mark.parametrize(("act", "end", "finished", "ended"), ENDS)
def test_a_stream_to_which_something_happens_ends_as_written(
    scripted: Callable[..., Live], act: str, end: str, finished: bool, ended: str, version: str
) -> None:
    live = saying(scripted, AT.replace("ACT", act))
    data, how = received(asked(live, stream=True, version=version))
    # The end of a stream is the end of the connection for a client of HTTP/1.0.
    assert (end if version == "1.1" else end.replace("whole", "fin"), ended) == (how, at_rest(live))
    assert (True, True, finished) == (b'"one"' in data, b'" two"' in data, b"[DONE]" in data)
    assert ("three" in data.decode()) == (finished and "drop" not in act)


def test_a_reset_is_a_connection_reset_after_the_text(scripted: Callable[..., Live]) -> None:
    live = saying(scripted, AT.replace("ACT", "reset: true"))
    connection = http.client.HTTPConnection("127.0.0.1", live.server.port, timeout=8)
    body = json.dumps({"model": "m", "stream": True, "messages": [{"role": "user", "content": "Hello"}]})
    connection.request("POST", CHAT, body, {"authorization": live.bearer})
    reply, seen = connection.getresponse(), list[bytes]()
    with pytest.raises(ConnectionResetError):
        seen.extend(iter(reply.readline, b""))
    assert (True, True, False) == (*(word in b"".join(seen) for word in (b'"one"', b'" two"', b'" three"')),)
    connection.close()


@pytest.mark.parametrize("stream", [True, False])
def test_a_close_is_an_incomplete_read(scripted: Callable[..., Live], stream: bool) -> None:
    more = AT.replace("ACT", "close: true") if stream else "fault: {truncate: 50%}"
    live = saying(scripted, more)
    with pytest.raises(http.client.IncompleteRead) as raised:
        live.ask(stream=stream)
    assert (b"data: " if stream else b'{"id"') == raised.value.partial[: 6 if stream else 5]


FAULTS = [
    ("reset", "reset", b"", b""),
    ("close", "fin", b"", b""),
    ("empty", "whole", b"HTTP/1.1 200", b""),
    ("{garbage: <html>}", "whole", b"HTTP/1.1 200", b"<html>"),
    ("{truncate: 50%}", "fin", b"HTTP/1.1 200", None),
]


@pytest.mark.parametrize("version", ["1.1", "1.0"])
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("fault", "end", "head", "body"), FAULTS)
def test_a_fault_of_the_response_as_a_whole(
    scripted: Callable[..., Live], fault: str, end: str, head: bytes, body: bytes | None, stream: bool, version: str
) -> None:
    live = saying(scripted, f"fault: {fault}")
    data, how = received(asked(live, stream=stream, version=version))
    assert (end, "broken_off", head) == (how, at_rest(live), data[:12])
    if body is not None:
        assert body == body_of(data)
    else:
        assert (True, False) == (b'"id"' in data, b'finish_reason":"stop' in data)


def test_half_of_a_body_is_half_of_its_bytes(scripted: Callable[..., Live]) -> None:
    live = saying(scripted, "fault: {truncate: 50%}")
    data, _ = received(asked(live))
    told = int(data.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    assert told // 2 == len(body_of(data))


def test_an_error_of_the_provider_can_have_a_fault_too(scripted: Callable[..., Live]) -> None:
    live = scripted("steps: [{reply: {error: overloaded, fault: {garbage: <html>}}}]")
    data, _ = received(asked(live))
    assert (b"HTTP/1.1 503", b"<html>", "broken_off") == (data[:12], body_of(data), at_rest(live))


@pytest.mark.parametrize("stream", [False, True])
def test_a_response_that_hangs_ends_when_the_client_goes_away(scripted: Callable[..., Live], stream: bool) -> None:
    live = saying(scripted, "fault: hang")
    connection = asked(live, stream=stream)
    until(live, lambda: bool(live.journal) and under_way(live) == 1)
    connection.settimeout(0.05)
    with pytest.raises(TimeoutError):
        connection.recv(1)
    connection.close()
    assert "client_left" == at_rest(live)


GATE = "stream: {chunk: word, keep_alive: 5s, at: [{chunk: 1, gate: approve}]}"


def test_a_client_that_leaves_at_a_gate_ends_the_wait(scripted: Callable[..., Live]) -> None:
    live = saying(scripted, GATE, clock="manual")
    connection = asked(live, stream=True)
    until(live, lambda: bool(live.journal) and bool(session(live).clock.waiting))
    connection.close()
    assert "client_left" == at_rest(live)
    until(live, lambda: not session(live).clock.waiting)


def test_a_client_that_leaves_in_a_stall_ends_the_wait(scripted: Callable[..., Live]) -> None:
    live = saying(scripted, AT.replace("ACT", "stall: 30s"), clock="manual")
    connection = asked(live, stream=True)
    until(live, lambda: bool(live.journal) and bool(session(live).clock.waiting))
    connection.close()
    assert ("client_left", ()) == (at_rest(live), session(live).clock.waiting)


@pytest.mark.parametrize("opens", ["the gate", "a reset of the session"])
@pytest.mark.parametrize("stream", [True, False])
def test_a_gate_lets_through_when_it_is_opened(scripted: Callable[..., Live], opens: str, stream: bool) -> None:
    live = saying(scripted, GATE, clock="manual")
    connection = asked(live, stream=stream)
    until(live, lambda: bool(live.journal) and "approve" in session(live).gates)
    advance(live, 12, waited=stream)
    if stream:
        until(live, lambda: b": keep-alive" in live.journal[0].reply)

    def let_through() -> None:
        session(live).gate("approve").set() if opens == "the gate" else session(live).reset()

    live.loop.call_soon_threadsafe(let_through)
    data, how = received(connection)
    assert ("whole", "delivered", True) == (how, at_rest(live), b"three" in data)
    assert stream == (b": keep-alive" in data)


def test_a_client_that_leaves_in_the_middle_is_not_told_that_all_is_delivered(scripted: Callable[..., Live]) -> None:
    live = scripted(
        """
        order: sequence
        steps:
          - {reply: {text: one two three, stream: {chunk: word, at: [{chunk: 1, gate: g}]}}}
          - {reply: {text: second}}
        """
    )
    connection = asked(live, stream=True)
    until(live, lambda: bool(live.journal) and "g" in session(live).gates)
    connection.close()
    assert "client_left" == at_rest(live)
    live.loop.call_soon_threadsafe(lambda: session(live).gate("g").set())
    data, _ = received(asked(live, stream=True))
    assert (b"three" in data, 1, 2) == (True, live.journal[1].number_of_call, live.journal[1].attempt)


def test_what_is_due_when_is_in_the_journal_with_when_it_went_out(scripted: Callable[..., Live]) -> None:
    live = saying(
        scripted,
        "stream: {chunk: word, first_token: 2s, every: 1s, at: [{chunk: 1, stall: 30s}, {chunk: 2, gate: g}]}",
        clock="manual",
    )
    told = aside(lambda: live.ask(stream=True))
    for seconds in (5, 35):  # three seconds late, and then seven
        advance(live, seconds)
    until(live, lambda: "g" in session(live).gates)
    advance(live, 60, waited=False)
    live.loop.call_soon_threadsafe(lambda: session(live).gate("g").set())
    until(live, lambda: bool(session(live).clock.waiting) or told.done())
    if not told.done():
        advance(live, 10)
    assert 200 == told.result(8).status
    assert [2.0, 33.0, 94.0] == [beat.planned for beat in live.journal[0].beats]
    assert [5.0, 40.0, 100.0] == [beat.actual for beat in live.journal[0].beats]


def test_a_wait_of_thirty_seconds_is_tested_in_no_time(scripted: Callable[..., Live]) -> None:
    live = saying(scripted, "delay: 30s", clock="manual")
    told = aside(lambda: words(live, "Hello"))
    advance(live, 29.5)
    assert not told.done()
    advance(live, 0.5)
    assert "one two three" == told.result(8)
