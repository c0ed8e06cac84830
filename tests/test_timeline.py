"""Pacing and everything that happens on the way, as data: no test here waits."""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any, get_args

import pytest

from emulator.timeline import FRAMINGS, Going, stream, waits, whole
from emulator.types import (
    Act,
    Action,
    Broken,
    CutOff,
    Drop,
    End,
    Failure,
    Frame,
    Framing,
    Gate,
    Happening,
    Hold,
    Insert,
    Pace,
    Repeat,
    Send,
    Split,
    Stall,
    Stamp,
    Start,
    Wait,
)

STAMP = Stamp(seed=0, serial=1, created=0)
START = Start(200, {}, None)
OVERLOADED = Failure("overloaded")


def beats(count: int) -> list[Frame]:
    head, done = Frame("head"), Frame("[DONE]")
    return [head, *(Frame(f"beat {number}", beat=True, text=f"{number} ") for number in range(count)), done]


def ending(failure: Failure, sent: int) -> Iterable[Frame]:
    return [Frame(f"{failure.name} after {sent}")]


def going(pace: Pace | None = None, *happenings: Happening, stamp: Stamp = STAMP, ping: Frame | None = None) -> Going:
    return Going(pace or Pace(), happenings, stamp, ping)


def played(frames: Iterable[Frame], how: Going, framing: Framing = "sse") -> list[Action]:
    return list(stream(frames, framing, how, START, ending))


def at(act: Act, **moment: Any) -> Happening:
    return Happening(act, **moment)


def script(actions: Iterable[Action]) -> list[object]:
    """Actions, short: the time of a wait, the text of an event, START, BROKEN, or the action itself."""
    short: list[object] = []
    for action in actions:
        match action:
            case Wait(until):
                short.append(round(until, 6))
            case Send(data=data):
                short.append(data.decode().removeprefix("data: ").strip())
            case Start():
                short.append("START")
            case Broken():
                short.append("BROKEN")
            case _:
                short.append(action)
    return short


def moments(how: Going, count: int) -> list[float]:
    return [action.until for action in played(beats(count), how) if isinstance(action, Wait)]


# ---------------------------------------------------------------- the pace


def test_a_stream_without_a_pace_never_waits() -> None:
    assert ["START", "head", "beat 0", "beat 1", "[DONE]"] == script(played(beats(2), going()))


def test_only_beats_are_paced_and_the_schedule_is_absolute() -> None:
    actions = played(beats(3), going(Pace(first=0.3, gaps=(0.1,))))
    assert ["START", "head", 0.3, "beat 0", 0.4, "beat 1", 0.5, "beat 2", "[DONE]"] == script(actions)


def test_chunk_n_is_due_at_first_token_and_n_gaps_so_lateness_never_adds_up() -> None:
    first, rate = 0.3, 7.0
    due = moments(going(Pace(first=first, gaps=(1 / rate,))), 2000)
    assert [first + number * (1 / rate) for number in range(2000)] == due
    assert max(abs(moment - (first + number / rate)) for number, moment in enumerate(due)) < 1e-9


def test_a_delay_comes_before_the_head_and_the_first_beat_never_before_that() -> None:
    actions = played(beats(2), going(Pace(delay=2.0, first=0.5, gaps=(0.1,))))
    assert [2.0, "START", "head", "beat 0", 2.1, "beat 1", "[DONE]"] == script(actions)


def test_a_profile_is_recorded_gaps_over_and_over() -> None:
    assert [1.0, 1.5, 1.75, 2.25, 2.5] == moments(going(Pace(first=1.0, gaps=(0.0, 0.5, 0.25, 0.0))), 8)


def test_jitter_strays_each_gap_within_its_share_and_is_the_same_every_run() -> None:
    pace = Pace(first=1.0, gaps=(0.1,), jitter=0.5)
    due = moments(going(pace), 50)
    gaps = [later - sooner for sooner, later in pairwise(due)]
    assert (1.0, 50) == (due[0], len(due))
    assert all(0.05 - 1e-9 <= gap <= 0.15 + 1e-9 for gap in gaps)
    assert len({round(gap, 6) for gap in gaps}) > 40
    assert (True, True) == (min(gaps) < 0.08, max(gaps) > 0.12)
    assert due == moments(going(pace, stamp=Stamp(0, 1, 99)), 50)
    assert due != moments(going(pace, stamp=Stamp(0, 2, 0)), 50)
    assert due != moments(going(pace, stamp=Stamp(1, 1, 0)), 50)


def test_jitter_strays_the_gaps_of_a_profile_too() -> None:
    due = moments(going(Pace(gaps=(1.0, 10.0), jitter=0.1)), 5)
    short, long, *_ = (later - sooner for sooner, later in pairwise([0.0, *due]))
    assert (True, True) == (0.9 <= short <= 1.1, 9.0 <= long <= 11.0)


# ---------------------------------------------------------------- signs of life

PACED = Pace(first=2.5, gaps=(1.0,), keep_alive=1.0)


def signs(framing: Framing, ping: Frame | None) -> list[object]:
    actions = played([Frame(b"b" if framing == "raw" else "b", beat=True)], going(PACED, ping=ping), framing)
    return [action.until if isinstance(action, Wait) else getattr(action, "data", START) for action in actions[1:]]


PING = Frame({"type": "ping"}, event="ping")


@pytest.mark.parametrize(
    ("framing", "ping", "sign"),
    [
        ("sse", None, b": keep-alive\n\n"),
        ("sse", PING, b'event: ping\ndata: {"type":"ping"}\n\n'),
        ("raw", None, b": keep-alive\n\n"),
    ],
)
def test_a_long_silence_is_broken_by_the_protocols_ping_or_a_comment(
    framing: Framing, ping: Frame | None, sign: bytes
) -> None:
    assert [1.0, sign, 2.0, sign, 2.5] == signs(framing, ping)[:5]


def test_google_has_no_sign_of_life() -> None:
    assert [[2.5, b"[b", b"]"]] * 2 == [signs("json-array", ping) for ping in (None, PING)]
    assert [2.5, b"data: b\r\n\r\n"] == signs("sse-crlf", None)


def test_a_silence_no_longer_than_keep_alive_has_no_sign_of_life() -> None:
    assert [1.0, 2.0] == moments(going(Pace(first=1.0, gaps=(1.0,), keep_alive=1.0)), 2)


def test_a_stall_has_signs_of_life_too() -> None:
    actions = played(beats(2), going(Pace(keep_alive=2.0), at(Stall(5.0), chunk=1)))
    assert ["START", "head", "beat 0", 2.0, ": keep-alive", 4.0, ": keep-alive", 5.0, "beat 1", "[DONE]"] == script(
        actions
    )


# ---------------------------------------------------------------- moments


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ({"chunk": 0}, ["head", "!", "beat 0", "beat 1", "[DONE]"]),
        ({"chunk": 1}, ["head", "beat 0", "!", "beat 1", "[DONE]"]),
        ({"chunk": 2}, ["head", "beat 0", "beat 1", "!", "[DONE]"]),
        ({"chunk": 3}, ["head", "beat 0", "beat 1", "[DONE]"]),
        ({"text": "0"}, ["head", "beat 0", "!", "beat 1", "[DONE]"]),
        ({"text": "0 1"}, ["head", "beat 0", "beat 1", "!", "[DONE]"]),
        ({"text": "2"}, ["head", "beat 0", "beat 1", "[DONE]"]),
        ({"after": 0.0}, ["!", "head", "beat 0", "beat 1", "[DONE]"]),
        ({"after": 1.0}, ["head", "beat 0", "beat 1", "[DONE]"]),
    ],
)
def test_the_moment_of_what_happens(moment: dict[str, Any], expected: list[object]) -> None:
    assert ["START", *expected] == script(played(beats(2), going(None, at(Insert(b"!"), **moment))))


def test_a_time_comes_between_the_beats_around_it() -> None:
    pace = Pace(first=1.0, gaps=(1.0,))
    actions = played(beats(3), going(pace, at(Insert(b"!"), after=1.25)))
    assert ["START", "head", 1.0, "beat 0", 1.25, "!", 2.0, "beat 1", 3.0, "beat 2", "[DONE]"] == script(actions)


def test_a_time_before_the_first_beat_does_not_wait_for_it() -> None:
    actions = played(beats(1), going(Pace(first=1.0), at(Insert(b"!"), after=0.25)))
    assert ["START", "head", 0.25, "!", 1.0, "beat 0", "[DONE]"] == script(actions)


def test_without_any_beat_chunk_0_never_comes() -> None:
    assert ["START", "head", "[DONE]"] == script(played(beats(0), going(None, at(Insert(b"!"), chunk=0))))


def test_what_happens_is_taken_in_order_so_one_that_never_comes_keeps_back_the_rest() -> None:
    first, second = at(Insert(b"first"), chunk=2), at(Insert(b"second"), chunk=1)
    actions = played(beats(3), going(None, first, second))
    assert ["START", "head", "beat 0", "beat 1", "first", "second", "beat 2", "[DONE]"] == script(actions)
    never = at(Insert(b"never"), chunk=9)
    assert ["START", *("head", "beat 0", "beat 1", "[DONE]")] == script(played(beats(2), going(None, never, second)))


# ---------------------------------------------------------------- what happens


def test_a_stall_makes_all_that_follows_as_much_later() -> None:
    pace = Pace(first=1.0, gaps=(1.0,))
    actions = played(beats(3), going(pace, at(Stall(5.0), chunk=1)))
    assert ["START", "head", 1.0, "beat 0", 6.0, 7.0, "beat 1", 8.0, "beat 2", "[DONE]"] == script(actions)


def test_a_stall_after_the_last_beat_keeps_back_the_end() -> None:
    assert ["START", "head", "beat 0", 5.0, "[DONE]"] == script(played(beats(1), going(None, at(Stall(5.0), chunk=1))))
    bare = [Frame("beat 0", beat=True)]
    assert ["START", "beat 0", 5.0] == script(played(bare, going(None, at(Stall(5.0), chunk=1))))


def test_a_gate_holds_with_signs_of_life() -> None:
    held = at(Gate("approve"), chunk=1)
    assert Hold("approve", b": keep-alive\n\n", 0.0) in played(beats(2), going(None, held))
    actions = played(beats(2), going(Pace(keep_alive=3.0), held, ping=PING))
    hold = Hold("approve", b'event: ping\ndata: {"type":"ping"}\n\n', 3.0)
    assert ["START", "head", "beat 0", hold, "beat 1", "[DONE]"] == script(actions)


def test_an_error_is_the_protocols_own_and_the_end_of_the_stream() -> None:
    actions = played(beats(2), going(None, at(OVERLOADED, chunk=1)))
    assert ["START", "head", "beat 0", "BROKEN", "overloaded after 2"] == script(actions)


@pytest.mark.parametrize(
    ("how", "end"), [("reset", [End(reset=True)]), ("close", [End(reset=False)]), ("truncate", [])]
)
def test_a_stream_is_cut_off(how: Any, end: list[object]) -> None:
    actions = played(beats(2), going(None, at(CutOff(how), chunk=1)))
    assert ["START", "head", "beat 0", "BROKEN", *end] == script(actions)


def test_a_beat_goes_out_twice_or_not_at_all_and_counts_once() -> None:
    def said(act: Act) -> list[object]:
        actions = played(beats(3), going(None, at(act, chunk=1), at(Insert(b"!"), chunk=2)))
        assert 3 - isinstance(act, Drop) == sum(action.beats for action in actions if isinstance(action, Send))
        return script(actions)

    assert ["START", "head", "beat 0", "beat 1", "beat 1", "!", "beat 2", "[DONE]"] == said(Repeat())
    assert ["START", "head", "beat 0", "!", "beat 2", "[DONE]"] == said(Drop())


def test_the_text_of_a_beat_that_was_dropped_has_not_gone_out() -> None:
    actions = played(beats(3), going(None, at(Drop(), chunk=1), at(Insert(b"!"), text="1")))
    assert ["START", "head", "beat 0", "beat 2", "[DONE]"] == script(actions)


EVENT = b"data: beat 1\n\n"


@pytest.mark.parametrize(
    ("where", "writes"),
    [
        (1, [Send(b"d", beats=1), Send(EVENT[1:], alone=True)]),
        (13, [Send(EVENT[:13], beats=1), Send(b"\n", alone=True)]),
        (14, [Send(EVENT, beats=1)]),
        (500, [Send(EVENT, beats=1)]),
    ],
)
def test_a_beat_goes_out_in_two_writes(where: int, writes: list[Action]) -> None:
    assert writes == played(beats(2), going(None, at(Split(where), chunk=1)))[3:-1]


def test_several_things_become_of_one_beat() -> None:
    def said(*acts: Act) -> list[Action]:
        return played(beats(2), going(None, *(at(act, chunk=1) for act in acts)))[3:-1]

    twice = [Send(b"dat", beats=1), Send(EVENT[3:], alone=True), Send(EVENT)]
    assert twice == said(Split(3), Repeat()) == said(Repeat(), Split(3))
    assert [Send(EVENT, beats=1), Send(EVENT), Send(EVENT)] == said(Repeat(), Repeat())
    assert [] == said(Repeat(), Drop(), Split(3))


def test_bytes_are_put_in_as_they_stand_and_a_comment_only_where_there_are_comments() -> None:
    for framing in get_args(Framing):
        frames = [Frame(b"a", beat=True), Frame(b"b", beat=True)] if framing == "raw" else beats(2)
        garbage = played(frames, going(None, at(Insert(b"data: {oops\n\n"), chunk=1)), framing)
        assert Send(b"data: {oops\n\n") in garbage
        commented = played(frames, going(None, at(Insert(b": hi\n: ho\n\n", comment=True), chunk=1)), framing)
        crlf = b": hi\r\n: ho\r\n\r\n"
        assert [(framing in ("sse", "raw")), (framing == "sse-crlf")] == [
            Send(comment) in commented for comment in (b": hi\n: ho\n\n", crlf)
        ]


# ---------------------------------------------------------------- framings


def joined(actions: Iterable[Action]) -> bytes:
    return b"".join(action.data for action in actions if isinstance(action, Send))


def test_an_event_is_one_piece_of_text_with_its_name_if_it_has_one() -> None:
    assert b'data: {"a":"\xc3\xa9"}\n\n' == FRAMINGS["sse"].event(Frame({"a": "é"}))
    assert b'data: {"a":1}\r\n\r\n' == FRAMINGS["sse-crlf"].event(Frame({"a": 1}))
    assert b'event: ping\ndata: {"type":"ping"}\n\n' == FRAMINGS["sse"].event(PING)
    assert b"data: [DONE]\n\n" == FRAMINGS["sse"].event(Frame("[DONE]"))


A, B = Frame({"a": 1}, beat=True, text="a"), Frame({"b": 2}, beat=True, text="b")
ERROR_OF_FRAMING: tuple[tuple[Framing, bytes], ...] = (
    ("sse", b'data: {"a":1}\n\ndata: overloaded after 1\n\n'),
    ("sse-crlf", b'data: {"a":1}\r\n\r\ndata: overloaded after 1\r\n\r\n'),
    ("json-array", b'[{"a":1},\r\noverloaded after 1]'),
)
ACTS_OF_AN_ARRAY: tuple[tuple[Act, bytes], ...] = (
    (Stall(1.0), b'[{"a":1},\r\n{"b":2}]'),
    (Gate("g"), b'[{"a":1},\r\n{"b":2}]'),
    (CutOff("reset"), b'[{"a":1}'),
    (CutOff("close"), b'[{"a":1}'),
    (CutOff("truncate"), b'[{"a":1}'),
    (Insert(b"garbage"), b'[{"a":1}garbage,\r\n{"b":2}]'),
    (Insert(b": comment\n\n", comment=True), b'[{"a":1},\r\n{"b":2}]'),
    (Split(4), b'[{"a":1},\r\n{"b":2}]'),
    (Repeat(), b'[{"a":1},\r\n{"b":2},\r\n{"b":2}]'),
    (Drop(), b'[{"a":1}]'),
)


def test_a_stream_can_be_one_json_array() -> None:
    assert b'[{"a":1},\r\n{"b":2}]' == joined(played([A, B], going(), "json-array"))


@pytest.mark.parametrize(("framing", "expected"), ERROR_OF_FRAMING)
def test_an_error_ends_the_stream_in_its_framing(framing: Framing, expected: bytes) -> None:
    assert expected == joined(played([A, B], going(None, at(OVERLOADED, chunk=1)), framing))


@pytest.mark.parametrize(("act", "expected"), ACTS_OF_AN_ARRAY)
def test_an_array_stays_one_whatever_happens_unless_it_is_cut_off(act: Act, expected: bytes) -> None:
    assert expected == joined(played([A, B], going(None, at(act, chunk=1)), "json-array"))


def test_pieces_that_stand_as_they_are_go_out_as_they_are_and_break_without_words() -> None:
    pieces = [Frame(b"a", beat=True, text="a"), Frame(b"\xff", beat=True)]
    assert b"a\xff" == joined(played(pieces, going(), "raw"))
    broken = list(stream(pieces, "raw", going(None, at(OVERLOADED, text="a")), START, lambda _, __: ()))
    assert [START, Send(b"a", beats=1), Broken()] == broken


# ---------------------------------------------------------------- whole answers


WHOLE: tuple[tuple[Going, list[object]], ...] = (
    (going(), []),
    (going(Pace(first=0.3, gaps=(0.1,))), [0.5]),
    (going(Pace(delay=9.0, first=0.3)), [9.0]),
    (going(Pace(first=0.3, gaps=(0.1,), keep_alive=0.1)), [0.5]),
    (going(Pace(first=0.3, gaps=(0.1,)), at(Stall(2.0), chunk=1)), [2.5]),
    (going(Pace(first=0.3, gaps=(0.1,)), at(Stall(2.0), chunk=3)), [2.5]),
    (going(None, at(Stall(2.0), chunk=9)), []),
    (going(Pace(first=0.3, gaps=(0.1,)), at(Gate("g"), chunk=2)), [0.4, Hold("g", b": keep-alive\n\n", 0.0), 0.5]),
    (going(Pace(first=0.3), at(CutOff("reset"), chunk=1), at(Insert(b"x"), chunk=1), at(Drop(), chunk=1)), [0.3]),
)


@pytest.mark.parametrize(("how", "expected"), WHOLE)
def test_a_whole_answer_goes_out_when_the_last_chunk_of_the_same_answer_would_have(
    how: Going, expected: list[object]
) -> None:
    before, failure = waits(beats(3), how)
    assert ([*expected, "START", "{}"], None) == (script(whole(b"{}", before, START)), failure)


def test_a_whole_answer_waits_for_the_same_moment_as_the_last_chunk_to_the_exact_float() -> None:
    how = going(Pace(first=0.1, gaps=(0.07, 0.011), jitter=0.3), at(Stall(0.3), chunk=4), at(Stall(0.1), text="6 "))
    assert [max(moments(how, 20))] == [action.until for action in waits(beats(20), how)[0] if isinstance(action, Wait)]


def test_a_whole_answer_that_an_error_comes_to_is_that_error_when_it_comes() -> None:
    before, failure = waits(beats(3), going(Pace(first=1.0, gaps=(1.0,)), at(OVERLOADED, chunk=2)))
    assert ([2.0], OVERLOADED) == (script(before), failure)
    assert None is waits(beats(3), going(None, at(OVERLOADED, chunk=4)))[1]
