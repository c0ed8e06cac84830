"""Pacing as data: no test here waits."""

from emulator.timeline import FRAMINGS, broken_off, stream, whole
from emulator.types import Action, Frame, Pace, Send, Stamp, Start, Wait

STAMP = Stamp(seed=0, serial=1, created=0)
START = Start(200, {}, None)


def beats(count: int) -> list[Frame]:
    return [Frame("head"), *(Frame(f"beat {number}", beat=True) for number in range(count)), Frame("[DONE]")]


def script(actions: list[Action]) -> list[object]:
    """Actions, short: the time of a wait, the text of an event, START."""
    short: list[object] = []
    for action in actions:
        match action:
            case Wait(until):
                short.append(round(until, 6))
            case Send(data, _):
                short.append(data.decode().removeprefix("data: ").strip())
            case Start():
                short.append("START")
    return short


def test_a_stream_without_a_pace_never_waits() -> None:
    actions = list(stream(beats(2), "sse", Pace(), STAMP, START))
    assert ["START", "head", "beat 0", "beat 1", "[DONE]"] == script(actions)


def test_only_beats_are_paced_and_the_schedule_is_absolute() -> None:
    actions = list(stream(beats(3), "sse", Pace(first=0.3, gap=0.1), STAMP, START))
    assert ["START", "head", 0.3, "beat 0", 0.4, "beat 1", 0.5, "beat 2", "[DONE]"] == script(actions)


def test_a_delay_comes_before_the_head_and_the_first_beat_never_before_that() -> None:
    actions = list(stream(beats(2), "sse", Pace(delay=2.0, first=0.5, gap=0.1), STAMP, START))
    assert [2.0, "START", "head", "beat 0", 2.1, "beat 1", "[DONE]"] == script(actions)


def test_a_whole_answer_goes_out_when_its_last_beat_would_have() -> None:
    pace = Pace(first=0.3, gap=0.1)
    assert [0.5, "START", "{}"] == script(list(whole(b"{}", 3, pace, STAMP, START)))
    assert ["START", "{}"] == script(list(whole(b"{}", 3, Pace(), STAMP, START)))
    assert [1.0, "START", "{}"] == script(list(whole(b"{}", 0, Pace(delay=1.0, first=9.0), STAMP, START)))


def test_jitter_strays_within_its_share_and_is_the_same_every_run() -> None:
    pace = Pace(first=1.0, gap=0.1, jitter=0.5)

    def moments(stamp: Stamp) -> list[float]:
        return [action.until for action in stream(beats(50), "sse", pace, stamp, START) if isinstance(action, Wait)]

    gaps = [later - sooner for sooner, later in zip(moments(STAMP), moments(STAMP)[1:], strict=False)]
    assert all(0.05 - 1e-9 <= gap <= 0.15 + 1e-9 for gap in gaps)
    assert len({round(gap, 6) for gap in gaps}) > 40
    assert moments(STAMP) == moments(Stamp(0, 1, 99))
    assert moments(STAMP) != moments(Stamp(0, 2, 0))
    assert moments(STAMP) != moments(Stamp(1, 1, 0))


def test_a_stream_is_broken_off_in_place_of_a_beat() -> None:
    def broken(after: int) -> list[object]:
        return [frame.data for frame in broken_off(beats(2), after, lambda sent: [Frame(f"error after {sent}")])]

    assert ["head", "error after 1"] == broken(0)
    assert ["head", "beat 0", "error after 2"] == broken(1)
    assert ["head", "beat 0", "beat 1", "[DONE]"] == broken(2)


def test_a_stream_can_be_one_json_array() -> None:
    actions = stream([Frame({"a": 1}, beat=True), Frame({"b": 2}, beat=True)], "json-array", Pace(), STAMP, START)
    assert b'[{"a":1},\r\n{"b":2}]' == b"".join(action.data for action in actions if isinstance(action, Send))


def test_an_event_is_one_piece_of_text_with_its_name_if_it_has_one() -> None:
    assert b'data: {"a":"\xc3\xa9"}\n\n' == FRAMINGS["sse"].event(Frame({"a": "é"}))
    assert b'data: {"a":1}\r\n\r\n' == FRAMINGS["sse-crlf"].event(Frame({"a": 1}))
    assert b'event: ping\ndata: {"type":"ping"}\n\n' == FRAMINGS["sse"].event(Frame({"type": "ping"}, event="ping"))
    assert b"data: [DONE]\n\n" == FRAMINGS["sse"].event(Frame("[DONE]"))
