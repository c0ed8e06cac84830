"""Every fault as a bare socket hears it: the exact bytes, and how the connection ended."""

import json
from typing import Any

import pytest

from tests.asking import ASK, CELLS, GEMINI
from tests.faults.conftest import Servers
from tests.faults.raw import FIN, RST, SILENCE, Heard, ask
from tests.faults.table import NEXT, STREAMED, WAITING, WHOLE, Case, compare, table

ARRAY = "plain gemini, an array"
ROUTES = {f"{provider} {protocol}": (protocol, cell) for (provider, protocol), cell in CELLS.items() if cell}
PLACES = {
    **{name: (protocol, cell[1]) for name, (protocol, cell) in ROUTES.items()},
    ARRAY: ("gemini", f"{GEMINI}:streamGenerateContent"),
}
END = b""
"""The last chunk of a body that came to its end."""


def hear(servers: Servers, place: str, case: Case) -> Heard:
    """A streamed answer; a client that hears nothing for half a second leaves, where nothing is to come."""
    protocol, path = PLACES[place]
    patience = 0.5 if case.fault in WAITING else 10
    return ask(servers.of(case), path, ASK[protocol]("Hello", stream=True), case.name, patience)


def calm(servers: Servers, place: str) -> tuple[list[bytes], list[bytes]]:
    """The chunks of an undisturbed stream, until the third piece of the text and from the fourth one."""
    heard = hear(servers, place, Case("streamed", "nothing"))
    assert (FIN, END) == (heard.end, heard.chunks[-1])
    cut = next(number for number, chunk in enumerate(heard.chunks) if NEXT in chunk)
    return heard.chunks[:cut], heard.chunks[cut:]


@pytest.mark.parametrize("place", PLACES)
def test_a_connection_ends_as_the_fault_says_after_the_same_bytes(servers: Servers, place: str) -> None:
    before, _ = calm(servers, place)
    expected = {"reset": (before, RST), "close": (before, FIN), "truncate": ([*before, END], FIN)}
    heard = {fault: hear(servers, place, Case("streamed", fault)) for fault in expected}
    assert expected == {fault: (one.chunks, one.end) for fault, one in heard.items()}


@pytest.mark.parametrize("place", PLACES)
def test_a_stream_that_goes_on_is_the_same_but_for_what_happened(servers: Servers, place: str) -> None:
    before, (event, *after) = calm(servers, place)
    line = b"\r\n" if event.endswith(b"\r\n") else b"\n"
    comment = [] if place == ARRAY else [b": hi" + line + line]
    expected = {
        "garbage": [*before, b"data: {oops\n\n", event, *after],
        "duplicate": [*before, event, event, *after],
        "drop": [*before, *after],
        "comment": [*before, *comment, event, *after],
    }
    heard = {fault: hear(servers, place, Case("streamed", fault)) for fault in expected}
    assert {fault: (chunks, FIN) for fault, chunks in expected.items()} == {
        fault: (one.chunks, one.end) for fault, one in heard.items()
    }


@pytest.mark.parametrize("place", PLACES)
def test_a_split_event_comes_in_two_pieces_cut_after_so_many_bytes(servers: Servers, place: str) -> None:
    """The cut is in the middle of a character, but in the array, whose events begin with three bytes less."""
    before, (event, *after) = calm(servers, place)
    cut = event.index(NEXT) + (4 if place == ARRAY else 1)
    heard = hear(servers, place, Case("streamed", "split"))
    assert ([*before, event[:cut], event[cut:], *after], FIN) == (heard.chunks, heard.end)
    assert (place == ARRAY) == (event[:cut].decode(errors="replace")[-1] != "\N{REPLACEMENT CHARACTER}")


@pytest.mark.parametrize("fault", ["gate", "stall"])
@pytest.mark.parametrize("place", ["plain chat", "plain gemini", ARRAY])
def test_nothing_more_comes_while_a_stream_waits(servers: Servers, place: str, fault: str) -> None:
    before, _ = calm(servers, place)
    heard = hear(servers, place, Case("streamed", fault))
    assert (before, SILENCE) == (heard.chunks, heard.end)


OPENAI = {"message": "The engine is currently overloaded.", "param": None, "code": "overloaded"}
GOOGLE = {"code": 503, "message": "The model is overloaded. Please try again later.", "status": "UNAVAILABLE"}
OVERLOADED: dict[str, Any] = {
    "chat": {"error": {**OPENAI, "type": "server_error"}},
    "responses": {"type": "error", "sequence_number": 7, **OPENAI},
    "messages": {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
    "gemini": {"error": GOOGLE},
}
EVENT = {  # what stands before the JSON of an error, and after it
    "chat": (b"data: ", b"\n\n"),
    "responses": (b"event: error\ndata: ", b"\n\n"),
    "messages": (b"event: error\ndata: ", b"\n\n"),
    "gemini": (b"data: ", b"\r\n\r\n"),
    ARRAY: (b",\r\n", b""),
}


@pytest.mark.parametrize("place", PLACES)
def test_an_error_on_the_way_is_the_protocols_own_and_the_end(servers: Servers, place: str) -> None:
    before, _ = calm(servers, place)
    heard = hear(servers, place, Case("streamed", "error"))
    error, *rest = heard.chunks[len(before) :]
    protocol = PLACES[place][0]
    head, tail = EVENT[place if place == ARRAY else protocol]
    assert (before, head, tail) == (heard.chunks[: len(before)], error[: len(head)], error[len(error) - len(tail) :])
    said = json.loads(error[len(head) : len(error) - len(tail)])
    said.pop("request_id", None)
    assert (OVERLOADED[protocol], [b"]", END] if place == ARRAY else [END], FIN) == (said, rest, heard.end)


@pytest.mark.parametrize("place", PLACES)
def test_a_happening_at_chunk_0_comes_before_the_first_output(servers: Servers, place: str) -> None:
    before, _ = calm(servers, place)
    first = next(number for number, chunk in enumerate(before) if "北".encode() in chunk)
    heard = hear(servers, place, Case("streamed", "at-once"))
    assert (before[:first], RST) == (heard.chunks, heard.end)


# ---------------------------------------------------------------- whole replies


def told(servers: Servers, place: str, fault: str) -> Heard:
    protocol, cell = ROUTES[place]
    patience = 0.3 if fault in WAITING else 10
    return ask(servers.quick, cell[0], ASK[protocol]("Hello", stream=False), f"whole-{fault}", patience)


@pytest.mark.parametrize("place", ROUTES)
def test_a_whole_reply_goes_wrong_as_its_fault_says(servers: Servers, place: str) -> None:
    body = told(servers, place, "nothing").body
    heard = {fault: told(servers, place, fault) for fault in WHOLE}
    assert {
        "reset": (b"", b"", RST),
        "close": (b"", b"", FIN),
        "empty": (b"200", b"", FIN),
        "truncate": (b"200", body[: len(body) // 2], FIN),
        "garbage": (b"200", b"<html>", FIN),
        "hang": (b"", b"", SILENCE),
    } == {fault: (one.head[9:12], one.body, one.end) for fault, one in heard.items()}
    assert [0, len(body), len(b"<html>")] == [heard[fault].length for fault in ("empty", "truncate", "garbage")]


@pytest.mark.parametrize("place", ["plain chat", "plain gemini", ARRAY])
def test_a_fault_of_the_whole_strikes_a_stream_as_well(servers: Servers, place: str) -> None:
    whole = b"".join(hear(servers, place, Case("whole", "nothing")).chunks)
    heard = {fault: hear(servers, place, Case("whole", fault)) for fault in WHOLE}
    half = heard.pop("truncate")
    assert (whole[: len(whole) // 2], True, FIN) == (b"".join(half.chunks), half.chunks[-1] != END, half.end)
    assert {
        "reset": (b"", b"", RST),
        "close": (b"", b"", FIN),
        "empty": (b"200", b"", FIN),
        "garbage": (b"200", b"<html>", FIN),
        "hang": (b"", b"", SILENCE),
    } == {fault: (one.head[9:12], one.body, one.end) for fault, one in heard.items()}


# ---------------------------------------------------------------- the page


def words(heard: Heard) -> tuple[str, bool]:
    """The text of a stream of chat chunks, and whether it has its end marker."""
    text, marked = "", False
    for line in b"".join(heard.chunks).decode().splitlines():
        data = line.removeprefix("data: ")
        marked = marked or data == "[DONE]"
        if data.startswith('{"id"'):
            text += "".join(choice["delta"].get("content") or "" for choice in json.loads(data)["choices"])
    return text, marked


CONNECTION = {FIN: "closed", RST: "reset", SILENCE: "open"}
YES = {True: "yes", False: "no"}


def test_the_page_says_what_goes_over_the_wire(servers: Servers, request: pytest.FixtureRequest) -> None:
    rows = []
    for fault, entry in STREAMED.items():
        heard = hear(servers, "plain chat", Case("streamed", fault))
        text, marked = words(heard)
        ended = heard.chunks[-1:] == [END]
        rows.append((f"`{entry}`", f"`{text}`", YES[marked], YES[ended], CONNECTION[heard.end]))
    compare("on the wire", table(("written", "text", "`[DONE]`", "end of the body", "connection"), rows), request)


def test_the_page_says_what_goes_over_the_wire_of_a_whole_reply(
    servers: Servers, request: pytest.FixtureRequest
) -> None:
    rows = []
    size = len(told(servers, "plain chat", "nothing").body)
    for fault, written in WHOLE.items():
        heard = told(servers, "plain chat", fault)
        head = f"`{heard.head[:15].decode()}`, {heard.length} bytes" if heard.head else "none"
        share = "half of it" if len(heard.body) == size // 2 else f"{len(heard.body)} bytes"
        body = share if heard.body else "none"
        rows.append((f"`fault: {written}`", head.replace(f"{size} bytes", "its length"), body, CONNECTION[heard.end]))
    compare("whole on the wire", table(("written", "head", "body", "connection"), rows), request)
