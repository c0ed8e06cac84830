"""A rulebook leaves out the rules that a request can't break, and nobody can tell: whatever is sent."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator import jsontext
from emulator.protocols import PROTOCOLS, responses
from emulator.providers import PROVIDERS
from emulator.session import Memory
from emulator.types import (
    Breach,
    Call,
    Check,
    Completion,
    Endpoint,
    Rejected,
    Request,
    Rule,
    Rulebook,
    Stamp,
    ToolCall,
)
from tests.rules.known import KNOWN, MODELS, ODD, PICTURE, Sent, with_field, with_odd_fields
from tests.rules.mutations import mutated

BOOKS = {
    (provider, name): PROVIDERS[provider]().rules(protocol)
    for provider in PROVIDERS
    for name, protocol in PROTOCOLS.items()
    # What a provider does not serve has the rules of its home.
    if provider == "plain" or PROVIDERS[provider]().rules(protocol) is not protocol.RULES
}


def fields(protocol: str) -> list[str]:
    """Every field that a known request has, or that a rule speaks of."""
    found = {name for sent in KNOWN[protocol] for name in sent.body}
    for (_, name), book in BOOKS.items():
        for rule in book if name == protocol else ():
            found |= (rule.check.fields or frozenset()) | (rule.check.beside or frozenset())
    return sorted(found)


FIELDS = {protocol: fields(protocol) for protocol in PROTOCOLS}


# ---------------------------------------------------------------- how it is read


def remembering() -> tuple[Memory, str]:
    """A memory of a response that called a tool when it saw a picture, and its id."""
    memory, stamp = Memory(most=9), Stamp(0, 1, 0)
    seen = {"role": "user", "content": [{"type": "input_image", **PICTURE["image_url"]}]}
    call = Call("POST", "/v1/responses", body=jsontext.dumps({"model": "m", "input": [seen]}))
    request = responses.decode(call, Endpoint("plain", responses), memory)
    done = Completion((ToolCall("look", "{}", id="call_1"),), "tool_calls")
    responses.keep(done, request, memory, stamp)
    return memory, responses.body(done, request, stamp)["id"]


def read(provider: str, protocol: str, sent: Sent) -> Request | None:
    """None: it can't be read, and no rule is asked."""
    body, memory = sent.body, Memory(most=9)
    if body.get("previous_response_id"):
        memory, before = remembering()
        body = body | {"previous_response_id": before}
    call = Call("POST", "/v1/x", headers=dict(sent.headers), body=jsontext.dumps(body))
    endpoint = Endpoint(provider, PROTOCOLS[protocol], model=sent.model if protocol == "gemini" else None)
    try:
        return PROTOCOLS[protocol].decode(call, endpoint, memory)
    except Rejected:
        return None


# ---------------------------------------------------------------- the law


def breaches(rules: Rulebook | tuple[Rule, ...], request: Request) -> list[tuple[str, Breach]]:
    return [(rule.name, breach) for rule in rules for breach in rule.check.look(request)]


def broken(provider: str, protocol: str, sent: Sent) -> set[str]:
    """The names of the rules that a request breaks: the same, in the same order, as by asking one after the other."""
    book = BOOKS[provider, protocol]
    one, other = read(provider, protocol, sent), read(provider, protocol, sent)
    if one is None or other is None:
        return set()
    expected = breaches(book, one)
    assert expected == breaches(book.concerning(other), other), sent
    return {name for name, _ in expected}


def of_every_model(provider: str, protocol: str, sent: Sent) -> Iterator[Sent]:
    yield sent
    for model in MODELS.get((provider, protocol), ()):
        yield sent._replace(body=sent.body | {"model": model})


@pytest.mark.parametrize(("provider", "protocol"), BOOKS)
def test_no_breach_is_lost_that_a_table_knows_and_every_rule_has_one(provider: str, protocol: str) -> None:
    requests = [
        each
        for sent in (*KNOWN[protocol], *with_odd_fields(protocol, FIELDS[protocol]))
        for each in of_every_model(provider, protocol, sent)
    ]
    found = set().union(*[broken(provider, protocol, sent) for sent in requests])
    assert {rule.name for rule in BOOKS[provider, protocol]} - {"most-messages"} == found


def test_so_many_messages_are_not_said_plainly() -> None:
    book, body = BOOKS["enveloped", "messages"], KNOWN["messages"][0].body
    found = {}
    for number in (100_000, 100_001):
        sent = body | {"messages": body["messages"] * number}
        request = Request(Call("POST", "/"), Endpoint("plain", PROTOCOLS["messages"]), sent, "m", ())
        found[number] = [name for name, _ in breaches(book.concerning(request), request)]
    assert {100_000: [], 100_001: ["most-messages"]} == found


@pytest.mark.parametrize("protocol", PROTOCOLS)
@given(data=st.data())
def test_no_breach_is_lost_whatever_is_sent(protocol: str, data: st.DataObject) -> None:
    provider = data.draw(st.sampled_from([provider for provider, name in BOOKS if name == protocol]))
    known = st.sampled_from(KNOWN[protocol])
    one, other = data.draw(known), data.draw(known)
    taken = data.draw(st.sets(st.sampled_from([*other.body, "model"])))
    body: Any = one.body | {name: value for name, value in other.body.items() if name in taken}
    for name in data.draw(st.lists(st.sampled_from(FIELDS[protocol]), max_size=4)):
        body = with_field(body, name, data.draw(st.sampled_from(ODD)))
    if data.draw(st.booleans()):
        body = data.draw(mutated([body]))
    sent = other._replace(body=body)
    broken(provider, protocol, data.draw(st.sampled_from([*of_every_model(provider, protocol, sent)])))


# ---------------------------------------------------------------- the rulebook itself


def rule(name: str, check: Check) -> Rule:
    return Rule(name, check, "inferred", "made up")


def look(request: Request) -> tuple[Breach, ...]:
    return (Breach(request.model),)


BOOK = Rulebook(
    (
        rule("always", Check(look)),
        rule("of a field", Check(look, frozenset({"a", "b"}))),
        rule("of other fields", Check(look, frozenset(), frozenset({"model", "messages"}))),
        rule("of what is said", Check(look, frozenset(), said=True)),
        rule("of both", Check(look, frozenset({"a"}), said=True)),
    ),
    plain=lambda request: request.body["messages"] == [],
)


@pytest.mark.parametrize(
    ("more", "said", "expected"),
    [
        ({}, False, ["always"]),
        ({"a": 1}, False, ["always", "of a field", "of other fields", "of both"]),
        ({"c": 1, "b": 1}, False, ["always", "of a field", "of other fields"]),
        ({"c": None}, False, ["always", "of other fields"]),
        ({}, True, ["always", "of what is said", "of both"]),
        (
            {f"f{number}": 1 for number in range(1000)},
            True,
            ["always", "of other fields", "of what is said", "of both"],
        ),
    ],
)
def test_a_rule_is_asked_where_something_is_there_that_it_looks_at(
    more: dict[str, Any], said: bool, expected: list[str]
) -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}] if said else [], **more}
    request = Request(Call("POST", "/"), Endpoint("plain", PROTOCOLS["chat"]), body, "m", ())
    assert expected == [rule.name for rule in BOOK.concerning(request)]


def test_what_a_rulebook_remembers_of_requests_is_bounded() -> None:
    book = BOOK.having(*BOOK)
    for name in ("x" * 10_000, *(f"{number}" for number in range(1000))):
        request = Request(Call("POST", "/"), Endpoint("plain", PROTOCOLS["chat"]), {"messages": [], name: 1}, "m", ())
        assert ["always", "of other fields"] == [rule.name for rule in book.concerning(request)]
    assert len(book.shapes) <= 256
    assert {name for names, _ in book.shapes for name in names if len(name) > 1000} == set()
