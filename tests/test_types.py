import pytest
from msgspec.structs import replace

from emulator.protocols import chat
from emulator.types import (
    Act,
    Call,
    Completion,
    CutOff,
    Drop,
    Endpoint,
    Failure,
    Happening,
    Media,
    Pace,
    Part,
    Reasoning,
    Request,
    Stall,
    Stamp,
    Text,
    Tokens,
    ToolCall,
    ToolResult,
    Turn,
    Usage,
    conversation,
    count_tokens,
)


def request(*turns: Turn) -> Request:
    return Request(Call("POST", "/"), Endpoint("p", chat), body={}, model="m", turns=conversation(turns))


def said(role: str, *texts: str) -> Turn:
    parts = tuple(Text(text) for text in texts)
    return Turn(role, parts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "cuts", "deltas"),
    [
        ("", (), []),
        ("whole", (), ["whole"]),
        ("Hello", (3,), ["Hel", "lo"]),
        ("Hello", (1, 2, 5), ["H", "e", "llo"]),
    ],
)
def test_deltas_are_cut_where_the_cuts_say_and_join_to_the_text(
    text: str, cuts: tuple[int, ...], deltas: list[str]
) -> None:
    assert deltas == list(Text(text, cuts).deltas)
    assert deltas == list(Reasoning(text, cuts).deltas)
    assert deltas == list(ToolCall("f", text, cuts=cuts).deltas)


def test_neighbouring_turns_of_one_role_are_one_turn() -> None:
    turns = conversation([said("user", "a"), said("user", "b"), said("assistant"), said("user", "c")])
    assert turns == (said("user", "a", "b"), said("assistant"), said("user", "c"))


def test_a_request_knows_its_last_user_text_its_system_text_and_its_turn() -> None:
    asked = request(
        said("system", "be brief"), said("user", "first"), said("assistant", "yes"), said("user", "two", "lines")
    )
    assert ("two\nlines", "be brief", 2) == (asked.user, asked.system, asked.turn)


def test_a_request_without_words_has_empty_ones() -> None:
    assert ("", "", 1) == (request().user, request().system, request().turn)


def test_tool_results_are_those_that_nobody_has_spoken_after() -> None:
    result = ToolResult("1", "f", "sunny")
    assert (result,) == request(said("user", "?"), Turn("tool", (result,))).tool_results
    assert () == request(Turn("tool", (result,)), said("user", "thanks")).tool_results
    assert () == request().tool_results


@pytest.mark.parametrize(("text", "tokens"), [("", 0), ("a", 1), ("four", 1), ("fives", 2), ("你好", 2), ("é", 1)])
def test_a_token_is_estimated_for_every_four_bytes(text: str, tokens: int) -> None:
    assert tokens == count_tokens(text)


def test_usage_is_estimated_where_the_scenario_does_not_give_it() -> None:
    asked = request(said("user", "12345678"))
    parts: tuple[Part, ...] = (Reasoning("1234"), Text("12345"), ToolCall("call", "{}"))
    assert Tokens(2, 5, 0, 0, 1) == Completion(parts, "stop").tokens(asked)
    given = Usage(input=7, output=8, cached_input=3, reasoning=0)
    assert Tokens(7, 8, 3, 0, 0) == Completion(parts, "stop", given).tokens(asked)


def test_answers_start_over_where_more_are_asked_for_than_there_are_and_all_of_them_cost() -> None:
    one, two = Completion((Text("12345678"),), "stop"), Completion((Reasoning("1234"), Text("1234")), "stop")
    both = replace(one, others=(two,))
    assert [both, two, both] == [both.choice(number) for number in range(3)]
    assert Tokens(1, 6, 0, 0, 1) == both.tokens(replace(request(), count=3))


def test_a_pace_waits_for_beats_or_for_none() -> None:
    assert [False, False, True, True] == [
        pace.waits for pace in (Pace(), Pace(delay=1, jitter=0.5, keep_alive=1), Pace(first=1), Pace(gaps=(1,)))
    ]


@pytest.mark.parametrize(
    ("act", "ends"), [(Failure("overloaded"), True), (CutOff("truncate"), True), (Stall(1), False), (Drop(), False)]
)
def test_nothing_comes_after_an_error_and_a_cut(act: Act, ends: bool) -> None:
    assert ends == Happening(act, chunk=1).ends


def test_an_empty_conversation_costs_a_token_and_a_picture_costs_the_same_whatever_its_size() -> None:
    assert 1 == request().input_tokens
    picture = Turn("user", (Media("image", "data:image/png;base64," + "A" * 10_000),))
    assert 256 == request(picture).input_tokens


def test_a_stamp_gives_the_same_digits_for_the_same_seed_serial_and_label() -> None:
    assert Stamp(0, 1, 5).hex("id", 24) == Stamp(0, 1, 9).hex("id", 24)
    others = {Stamp(0, 1, 5).hex("id", 24), Stamp(1, 1, 5).hex("id", 24), Stamp(0, 2, 5).hex("id", 24)}
    assert 4 == len(others | {Stamp(0, 1, 5).hex("other", 24)})


@pytest.mark.parametrize(
    ("created", "date", "moment"),
    [
        (1_767_225_599, "Wed, 31 Dec 2025 23:59:59 GMT", "2025-12-31T23:59:59.037393Z"),
        (1_767_225_600, "Thu, 01 Jan 2026 00:00:00 GMT", "2026-01-01T00:00:00.037393Z"),
        (1_767_229_271, "Thu, 01 Jan 2026 01:01:11 GMT", "2026-01-01T01:01:11.037393Z"),
    ],
)
def test_a_stamp_tells_its_time_as_headers_and_as_gateways_write_it(created: int, date: str, moment: str) -> None:
    stamp = Stamp(0, 13, created)
    assert (date, moment) == (stamp.date(), stamp.moment("m"))
