import pytest

from emulator.journal import Ended, Exchange, Journal
from emulator.types import Call, Completion, Embedding, Found, Headers, Media, Part, Search, Text, ToolCall, Turn


def exchange(number: int, session: str = "s", body: bytes = b"", **fields: object) -> Exchange:
    call = Call("POST", "/p", headers={"authorization": "Bearer secret", "accept": "*/*"}, body=body)
    return Exchange(number, session, number, 0, call, "p", "hit", 200, **fields)  # type: ignore[arg-type]


def numbers(journal: Journal) -> list[int]:
    return [entry.number for entry in journal.read()]


def test_the_oldest_exchange_goes_when_there_are_too_many() -> None:
    journal = Journal(most=2, most_bytes=10**9)
    for number in (1, 2, 3):
        journal.add(exchange(number))
    assert ([2, 3], 2, 3) == (numbers(journal), len(journal), journal.total)


def test_the_oldest_exchange_goes_when_bodies_take_too_much_memory() -> None:
    journal = Journal(most=100, most_bytes=10_000)
    for number in (1, 2, 3):
        journal.add(exchange(number, body=b"x" * 2000))
    assert [2, 3] == numbers(journal)


def test_answers_count_when_they_have_ended() -> None:
    journal = Journal(most=100, most_bytes=10_000)
    first, second = exchange(1), exchange(2)
    journal.add(first)
    journal.add(second)
    second.sent(b"x" * 7000)
    journal.close(second, "delivered")
    assert [2] == numbers(journal)


def test_the_first_word_on_how_an_answer_ended_stays() -> None:
    journal = Journal(most=2, most_bytes=10**6)
    entry = exchange(1)
    journal.add(entry)
    journal.close(entry, "delivered")
    journal.close(entry, "client_left")
    assert "delivered" == entry.ended


@pytest.mark.parametrize(
    ("ended", "status", "well"),
    [
        ("delivered", 200, True),
        ("delivered", 204, True),
        ("delivered", 429, False),
        ("broken_off", 200, False),
        ("client_left", 200, False),
        ("server_stopped", 200, False),
    ],
)
def test_whoever_wants_to_know_is_told_once_how_an_answer_ended(ended: Ended, status: int, well: bool) -> None:
    journal, heard = Journal(most=2, most_bytes=10**6), list[bool]()
    entry = exchange(1, on_ended=heard.append)
    entry.status = status
    journal.add(entry)
    for word in (ended, "delivered"):
        journal.close(entry, word)
    assert ([well], ended, None) == (heard, entry.ended, entry.on_ended)


def test_it_says_which_attempt_of_which_call_a_request_was() -> None:
    shown = exchange(3, number_of_call=2, attempt=1).as_json()
    assert (2, 1) == (shown["call"], shown["attempt"])
    assert (None, None) == (exchange(4).as_json()["call"], exchange(4).as_json()["attempt"])


def test_it_says_when_each_beat_was_due_and_when_it_went_out() -> None:
    entry = exchange(1)
    entry.beat(0.5, 0.5000004, 2)
    entry.beat(1.0, 1.25, 1)
    assert [[0.5, 0.5, 2], [1.0, 1.25, 1]] == entry.as_json()["response"]["beats"]


def test_a_huge_body_is_kept_in_part() -> None:
    entry = exchange(1, body=b"x" * 3_000_000)
    entry.sent(b"y" * 3_000_000)
    entry.sent(b"z")
    assert (2**20, 2**20, 3_000_001) == (len(entry.call.body), len(entry.reply), entry.sent_bytes)


def test_an_exchange_is_found_by_its_session_its_number_and_its_outcome() -> None:
    journal = Journal(most=9, most_bytes=10**6)
    journal.add(exchange(1, "a"))
    journal.add(exchange(2, "b"))
    journal.add(exchange(3, "a"))
    assert [1, 3] == [entry.number for entry in journal.read(session="a")]
    assert [3] == [entry.number for entry in journal.read(session="a", since=1)]
    assert [] == list(journal.read(outcome="miss"))


def test_a_session_is_forgotten_with_its_bytes() -> None:
    journal = Journal(most=100, most_bytes=10_000)
    late = exchange(1, "a", b"x" * 3000)
    journal.add(late)
    journal.forget("a")
    journal.close(late, "delivered")
    for number in (2, 3):
        journal.add(exchange(number, "b", b"x" * 2500))
    assert [2, 3] == numbers(journal)


def test_credentials_are_never_kept() -> None:
    call = Call("POST", "/p", {"key": "secret", "alt": "sse"}, {"x-goog-api-key": "secret", "accept": "*/*"})
    entry = Exchange(1, "s", 1, 0, call, "p", "hit", 200)
    assert "secret" not in repr(entry)
    assert ({"key": "…", "alt": "sse"}, {"x-goog-api-key": "…", "accept": "*/*"}) == (
        entry.call.query,
        entry.call.headers,
    )


def test_credentials_are_never_shown() -> None:
    shown = exchange(1).as_json()["request"]["headers"]
    assert {"authorization": "…", "accept": "*/*"} == shown


def test_bodies_are_shown_as_json_where_they_are_json() -> None:
    assert {"a": 1} == exchange(1, body=b'{"a": 1}').as_json()["request"]["body"]
    assert "{�" == exchange(1, body=b"{\xff").as_json()["request"]["body"]
    assert None is exchange(1).as_json()["request"]["body"]


# ---------------------------------------------------------------- what a verdict is made from


def test_it_keeps_when_a_request_arrived_and_when_its_answer_ended() -> None:
    journal, moments = Journal(most=2, most_bytes=10**6), iter([2.5, 3.5])
    entry = exchange(1, arrived=1.0, time=lambda: next(moments))
    journal.add(entry)
    journal.close(entry, "delivered")
    journal.close(entry, "client_left")
    assert (1.0, 2.5, None) == (entry.arrived, entry.left, entry.time)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "2"}, 2.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "2", "retry-after-ms": "250"}, 0.25),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        ({"retry-after": "-1"}, None),
    ],
)
def test_it_keeps_how_long_the_client_was_told_to_wait(headers: Headers, seconds: float | None) -> None:
    entry = exchange(1)
    entry.began(headers)
    assert seconds == entry.retry_after == entry.as_json()["response"]["retry_after"]


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (Text("x" * 1000), 1128),
        (ToolCall("f" * 10, "x" * 1000), 1138),
        (Media("image", "x" * 1000), 1128),
        (Search("q", (Found("u", "t", "x" * 1000),)), 1257),
        (Embedding(1024), 128),
        (Text("x" * 65_409), 0),
    ],
)
def test_it_keeps_conversations_and_answers_up_to_a_bound_and_counts_them(part: Part, words: int) -> None:
    asked = exchange(1, turns=(Turn("user", (part,)),))
    answered = exchange(2, said=Completion((part,), "stop"))
    assert (2048 + words, 2048 + words) == (asked.size, answered.size)
    assert (words == 0, words == 0) == (asked.turns is None, answered.said is None)
    journal = Journal(most=9, most_bytes=10**6)
    journal.add(asked)
    journal.add(answered)
    assert 2 * (2048 + words) == journal.bytes
    journal.forget("s")
    assert 0 == journal.bytes


def test_it_keeps_no_conversation_of_a_long_body() -> None:
    turns = (Turn("user", (Text("x"),)),)
    assert (turns, None) == (
        exchange(1, body=b"x" * 65_536, turns=turns).turns,
        exchange(1, body=b"x" * 65_537, turns=turns).turns,
    )


@pytest.mark.parametrize(
    ("query", "leaked"),
    [
        ({"key": "k"}, ("key",)),
        ({"Api_Key": "k", "access_token": "t"}, ("Api_Key", "access_token")),
        ({"x": "a-long-secret", "y": "a-long-secre"}, ("x",)),
        ({"x": "short"}, ()),
    ],
)
def test_credentials_in_the_url_are_noted_and_not_kept(query: dict[str, str], leaked: tuple[str, ...]) -> None:
    headers = {"authorization": "Bearer a-long-secret", "x-api-key": "short"}
    entry = Exchange(1, "s", 1, 0, Call("POST", "/p", query, headers), "p", "hit", 200)
    assert leaked == entry.leaked
    assert {name: "…" if name in leaked else value for name, value in query.items()} == entry.call.query


def test_credentials_are_told_apart_and_not_kept() -> None:
    def with_key(key: str) -> Exchange:
        return Exchange(1, "s", 1, 0, Call("POST", "/p", {}, {"x-api-key": key}), "p", "hit", 200)

    assert with_key("a").credentials == with_key("a").credentials != with_key("b").credentials


def test_whoever_watches_is_told_when_an_answer_begins_and_when_it_has_ended() -> None:
    journal, heard = Journal(most=2, most_bytes=10**6), list[tuple[str, int, str]]()

    def watcher(moment: str, entry: Exchange) -> None:
        heard.append((moment, entry.number, entry.ended))

    journal.watch(watcher)
    entry = exchange(1)
    journal.add(entry)
    journal.close(entry, "broken_off")
    journal.close(entry, "delivered")
    journal.unwatch(watcher)
    journal.add(exchange(2))
    assert [("added", 1, "open"), ("ended", 1, "broken_off")] == heard


def test_it_notices_who_has_left() -> None:
    journal = Journal(most=9, most_bytes=10**6)
    entries = [
        exchange(1, "a", gone=lambda: True),
        exchange(2, "a", gone=lambda: False),
        exchange(3, "b"),
        exchange(4, "a"),
    ]
    for entry in entries:
        journal.add(entry)
    journal.notice("a")
    assert ["client_left", "open", "open", "open"] == [entry.ended for entry in entries]
    assert entries[0].gone is None


@pytest.mark.parametrize(
    ("ended", "by"),
    [
        ("open", None),
        ("delivered", "server"),
        ("broken_off", "scenario"),
        ("client_left", "client"),
        ("server_stopped", "server"),
    ],
)
def test_it_says_who_ended_an_answer(ended: Ended, by: str | None) -> None:
    assert (ended, by) == tuple(exchange(1, ended=ended).as_json()["response"][name] for name in ("ended", "ended_by"))
