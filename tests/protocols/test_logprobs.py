"""How likely tokens are, without a server: where nobody says it, and in the words of both OpenAI protocols."""

import json
from itertools import accumulate, pairwise
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.protocols import chat, responses
from emulator.session import Memory
from emulator.types import (
    Call,
    Completion,
    Endpoint,
    Frame,
    Logprob,
    Part,
    Reasoning,
    Refusal,
    Request,
    Stamp,
    Text,
    ToolCall,
)
from emulator.types.logprobs import logprobs, shares

STAMP = Stamp(seed=0, serial=1, created=1_767_225_601)
GIVEN = (Logprob("Hel", -0.5, (("Hel", -0.5), ("Hal", -1.0))), Logprob("lo", -0.25), Logprob("你", -0.125))
HELLO = Completion((Text("Hello", (2, 4)), Text("你")), "stop", logprobs=GIVEN)


def cut(pieces: list[str]) -> Text:
    return Text("".join(pieces), tuple(accumulate(map(len, pieces[:-1]))))


TEXTS = st.lists(st.text("aB1_ ,\n\u3000你😀", min_size=1, max_size=12), max_size=4).map(cut)


@given(st.lists(TEXTS, max_size=3), st.integers(0, 20))
def test_the_tokens_are_the_text_and_none_reaches_into_the_next_piece(parts: list[Text], top: int) -> None:
    made = logprobs(Completion((Reasoning("hm"), *parts, ToolCall("f", "{}")), "stop"), STAMP, top)
    pieces = [piece for part in parts for piece in part.deltas]
    places = list(shares((one.token for one in made), pieces))
    assert pieces == ["".join(one.token for one in made[place]) for place in places]
    assert len(made) == (places[-1].stop if places else 0)
    for one in made:
        assert (top, -1 < one.logprob < 0) == (len(one.top), True)
        assert not top or (one.token, one.logprob) == one.top[0]
        assert all(before > after for (_, before), (_, after) in pairwise(one.top))
        assert top == len({token for token, _ in one.top})
    assert made == logprobs(Completion(tuple(parts), "stop"), STAMP, top)


def test_another_exchange_has_other_chances() -> None:
    done = Completion((Text("Hello, world"),), "stop")
    mine, yours = (logprobs(done, Stamp(0, serial, 0), 0) for serial in (1, 2))
    assert ["Hello", ",", " world"] == [one.token for one in mine] == [one.token for one in yours]
    assert mine != yours


def test_what_a_scenario_says_is_said_as_far_as_it_is_asked_for() -> None:
    assert GIVEN == logprobs(HELLO, STAMP, 2)
    assert (("Hel", -0.5),) == logprobs(HELLO, STAMP, 1)[0].top


@pytest.mark.parametrize(
    ("pieces", "shared"),
    [
        (["abcde"], ["abcde"]),
        (["a", "bcd", "e"], ["ab", "cd", "e"]),
        (["ab", "cd", "efg", "h"], ["ab", "cd", "e", ""]),
        (["", "abc", ""], ["", "abcd", "e"]),
        (["a"], ["abcde"]),
        ([], []),
    ],
)
def test_a_token_belongs_to_the_piece_it_begins_in(pieces: list[str], shared: list[str]) -> None:
    tokens = ["ab", "cd", "e"]
    assert shared == ["".join(tokens[place]) for place in shares(tokens, pieces)]


# ---------------------------------------------------------------- chat


def token(token: str, logprob: float, *top: tuple[str, float], count: bool = True) -> dict[str, Any]:
    written: dict[str, Any] = {"token": token, "logprob": logprob, "bytes": list(token.encode())}
    return {**written, "top_logprobs": [token_(*one) for one in top]} if count else written


def token_(word: str, logprob: float) -> dict[str, Any]:
    return token(word, logprob, count=False)


WRITTEN = [token("Hel", -0.5, ("Hel", -0.5)), token("lo", -0.25), token("你", -0.125)]


def asked(protocol: ModuleType, **fields: Any) -> Request:
    said: Any = {"messages": []} if protocol is chat else {"input": "hi"}
    body = json.dumps({"model": "m", **said, **fields}).encode()
    request: Request = protocol.decode(Call("POST", "/", body=body), Endpoint("p", chat), Memory(most=9))
    return request


def of_chat(done: Completion, **fields: Any) -> tuple[Any, list[tuple[Any, Any]]]:
    """The log probabilities of a whole answer, and of the chunks of the same as a stream."""
    request = asked(chat, **fields)
    frames = list(chat.frames(done, request, STAMP))[:-1]
    choices = [frame.data["choices"][0] for frame in frames]
    whole = chat.body(done, request, STAMP)["choices"][0]["logprobs"]
    return whole, [(choice["delta"].get("content"), choice["logprobs"]) for choice in choices]


def test_chat_tells_them_whole_and_with_each_piece() -> None:
    whole, chunks = of_chat(HELLO, logprobs=True, top_logprobs=1)
    assert {"content": WRITTEN, "refusal": None} == whole
    assert [
        ("", {"content": [], "refusal": None}),
        ("He", {"content": WRITTEN[:1], "refusal": None}),
        ("ll", {"content": WRITTEN[1:2], "refusal": None}),
        ("o", {"content": [], "refusal": None}),
        ("你", {"content": WRITTEN[2:], "refusal": None}),
        (None, None),
    ] == chunks


@pytest.mark.parametrize("fields", [{}, {"logprobs": False}, {"logprobs": None, "top_logprobs": 2}, {"logprobs": 5}])
def test_chat_tells_nothing_that_is_not_asked_for(fields: Any) -> None:
    whole, chunks = of_chat(HELLO, **fields)
    assert (None, {None}) == (whole, {told for _, told in chunks})


@pytest.mark.parametrize("top", [-1, 21, "2", None, 0])
def test_chat_lists_none_in_a_tokens_place_where_no_number_says_how_many(top: Any) -> None:
    whole, _ = of_chat(HELLO, logprobs=True, top_logprobs=top)
    assert [[], [], []] == [one["top_logprobs"] for one in whole["content"]]


@pytest.mark.parametrize("parts", [(), (ToolCall("f", "{}"),), (Refusal("no"),)])
def test_chat_has_none_where_there_is_no_text(parts: tuple[Part, ...]) -> None:
    whole, _ = of_chat(Completion(parts, "stop"), logprobs=True)
    assert {"content": None, "refusal": None} == whole


def test_chat_tells_those_of_each_choice() -> None:
    done = Completion((Text("one"),), "stop", others=(Completion((Text("two"),), "stop"),))
    choices = chat.body(done, asked(chat, logprobs=True, n=2), STAMP)["choices"]
    assert ["one", "two"] == [choice["logprobs"]["content"][0]["token"] for choice in choices]


# ---------------------------------------------------------------- responses

INCLUDE = {"include": ["message.output_text.logprobs"], "top_logprobs": 1}


def of_responses(**fields: Any) -> tuple[list[Any], list[Frame]]:
    request = asked(responses, **fields)
    [message] = responses.body(HELLO, request, STAMP)["output"]
    return [part["logprobs"] for part in message["content"]], list(responses.frames(HELLO, request, STAMP))


def brief(written: list[Any]) -> list[Any]:
    """As events have them: without bytes."""
    text = json.dumps(written)
    return json.loads(text, object_hook=lambda one: {name: one[name] for name in one if name != "bytes"})  # type: ignore[no-any-return]


def test_responses_tells_them_in_parts_and_with_each_piece() -> None:
    parts, frames = of_responses(**INCLUDE)
    assert [WRITTEN[:2], WRITTEN[2:]] == parts
    assert [
        ("response.output_text.delta", "He", brief(WRITTEN[:1])),
        ("response.output_text.delta", "ll", brief(WRITTEN[1:2])),
        ("response.output_text.delta", "o", []),
        ("response.output_text.done", "Hello", brief(WRITTEN[:2])),
        ("response.output_text.delta", "你", brief(WRITTEN[2:])),
        ("response.output_text.done", "你", brief(WRITTEN[2:])),
    ] == [
        (frame.event, frame.data.get("delta", frame.data.get("text")), frame.data["logprobs"])
        for frame in frames
        if "logprobs" in frame.data
    ]
    added, done = (
        [frame.data["part"]["logprobs"] for frame in frames if frame.event == f"response.content_part.{step}"]
        for step in ("added", "done")
    )
    assert ([[], []], parts) == (added, done)


@pytest.mark.parametrize("fields", [{}, {"top_logprobs": 2}, {"include": ["else"]}, {"include": "odd"}])
def test_responses_tells_nothing_that_is_not_asked_for(fields: Any) -> None:
    parts, frames = of_responses(**fields)
    assert [[], []] == parts
    assert not any(frame.data["logprobs"] for frame in frames if "logprobs" in frame.data)
