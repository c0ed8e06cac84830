"""Transcripts for people: the text below a failing test, and the page of each test."""

from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from openai import OpenAI

from emulator import Emulator, Exchange, Session, text
from emulator.testing import page, transcript
from emulator.testing.exercised import Exercised

NASTY = "</pre><script>alert(1)</script>"


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    """A hit that is streamed, a rejection, a miss, a stream that breaks off."""
    with Emulator(time_scale=0) as session:
        session.on(user=NASTY).reply(text(f"one two {NASTY}", stream={"chunk": "word", "every": "20ms"}))
        session.on(user="broken").reply(
            text("one two", stream={"chunk": "word", "at": [{"chunk": 1, "error": "overloaded"}]})
        )
        with OpenAI(**session.plain.openai, max_retries=0) as client:
            for user, options in ((NASTY, {}), ("broken", {}), ("nobody", {}), ("hot", {"temperature": 9})):
                arguments: Any = {
                    "model": "m",
                    "messages": [{"role": "user", "content": user}],
                    "stream": True,
                    **options,
                }
                try:
                    list(client.chat.completions.create(**arguments))
                except Exception as error:  # noqa: BLE001 - what each client makes of it is not asked here
                    del error
        yield session


class Reader(HTMLParser):
    """What a browser makes of a page: its elements, and its words."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.words = ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.words += data


def test_a_page_holds_what_was_said_as_text(session: Session) -> None:
    source = page.page(f"tests/a.py::test[{NASTY}]", "failed", NASTY, [session.requests, ()])
    read = Reader(source)
    assert {"html", "meta", "title", "style", "h1", "span", "h2", "pre", "p", "details", "summary"} == read.tags
    assert read.words.count(NASTY) >= 5
    for words in ("session 2", "No request came.", "when it was due", "0.020 s", "400 invalid_request", "broken off"):
        assert words in read.words
    assert "no scenario step matched" in read.words
    assert "temperature" in read.words


def test_each_test_has_a_file_of_its_own() -> None:
    names = [page.file_name(name) for name in ("a.py::test[x/y]", "a.py::test[x:y]", "ü/" * 300)]
    assert 3 == len(set(names))
    assert ("a.py-test-x-y-", True) == (names[0][:14], all(len(name) < 130 and "/" not in name for name in names))


def test_the_text_says_it_in_lines(session: Session) -> None:
    said = transcript.text(session.requests)
    assert said.startswith("request 1: POST /v1/chat/completions (plain, chat, model 'm')\n  > {")
    assert "\n  404 no_step by no step\n  ! no scenario step matched" in said
    assert "no request came" == transcript.text(())
    assert "xx… (3 more letters)" == transcript.body("xxxxx", most=2)


def test_what_was_exercised_adds_up_over_processes(session: Session) -> None:
    here, there = Exercised(), Exercised()
    there.add([("a/b", "a.yaml:1"), *session.steps], session.requests)
    here.join(there.as_json())
    here.join(Exercised().as_json())
    [place] = [place for step, place in session.steps if step == "on-1/step-1"]
    assert [
        "steps: 2 of 3 answered",
        "  never: a/b (a.yaml:1)",
        "protocols: plain chat streamed",
        "errors: invalid_request, no_step",
        "finishes: stop",
    ] == [line.replace("plain chat, ", "") for line in here.lines()]
    assert place.rpartition("/")[2].startswith("test_transcript.py:")
    assert ["steps: 0 of 0 answered", "protocols: none", "errors: none", "finishes: none"] == list(Exercised().lines())


def test_an_exchange_is_what_the_journal_says(session: Session) -> None:
    first = session.requests[0]
    assert isinstance(first, Exchange)
    assert (1, "POST", True, 200, "delivered") == (first.number, first.method, first.stream, first.status, first.ended)
    assert ["hit", "hit", "miss", "rejected"] == [one.outcome for one in session.requests]
