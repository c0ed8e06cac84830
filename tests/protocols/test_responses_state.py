"""What the Responses codec remembers, and the operations on it."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from emulator.protocols import responses
from emulator.session import Memory
from emulator.types import (
    Call,
    Completion,
    Endpoint,
    Failure,
    PageMaker,
    Part,
    Reasoning,
    Rejected,
    Request,
    Stamp,
    Text,
    ToolCall,
    ToolResult,
    Turn,
)


@dataclass
class Talk:
    """A session, without a server."""

    restores: bool = True
    memory: Memory = field(default_factory=lambda: Memory(most=99))
    serial: int = 0

    def stamp(self) -> Stamp:
        self.serial += 1
        return Stamp(0, self.serial, 1_767_225_600 + self.serial)

    def endpoint(self, item: str = "") -> Endpoint:
        return Endpoint("p", responses, item=item, restores=self.restores)

    def read(self, given: Any = None, **fields: Any) -> Request:
        body = {"model": "m", "input": given, **fields}
        call = Call("POST", "/", body=json.dumps(body).encode())
        return responses.decode(call, self.endpoint(), self.memory)

    def ask(self, given: Any = None, *parts: Part, **fields: Any) -> Any:
        """One exchange, answered with these parts; what the client gets."""
        stamp, request, done = self.stamp(), self.read(given, **fields), Completion(parts, "stop")
        responses.keep(done, request, self.memory, stamp)
        return responses.body(done, request, stamp)

    def page(self, make: PageMaker, item: str = "", body: Any = None, **query: str) -> Any:
        data = b"" if body is None else json.dumps(body).encode()
        page = make(Call("POST", "/", query, body=data), self.endpoint(item), self.memory, self.stamp())
        assert 200 == page.status
        return page.body


def rejection(ask: Callable[[], Any]) -> Failure:
    with pytest.raises(Rejected) as caught:
        ask()
    return caught.value.failure


def lost(identity: str) -> Failure:
    return Failure("route_not_found", f"Response with id '{identity}' not found.")


USER = Turn("user", (Text("weather?"),))
LOOK = ToolCall("look", "{}", id="call_1")
RESULT = {"type": "function_call_output", "call_id": "call_1", "output": "sunny"}


# ---------------------------------------------------------------- a conversation that goes on


def test_a_response_is_continued_with_new_items_alone() -> None:
    talk = Talk()
    first = talk.ask("weather?", Reasoning("hm"), LOOK, instructions="be brief")
    second = talk.ask([RESULT], Text("It is sunny."), previous_response_id=first["id"])
    third = talk.read("and now?", previous_response_id=second["id"], instructions="be long")
    assert (
        Turn("system", (Text("be long"),)),
        USER,
        Turn("assistant", (Reasoning("hm"), LOOK)),
        Turn("tool", (ToolResult("call_1", "look", "sunny"),)),
        Turn("assistant", (Text("It is sunny."),)),
        Turn("user", (Text("and now?"),)),
    ) == third.turns
    assert first["id"] == second["previous_response_id"]


def test_a_response_can_be_continued_twice_and_without_input() -> None:
    talk = Talk()
    first = talk.ask("weather?", Text("sunny"))
    for word in ("a", "b"):
        talk.ask(word, Text("ok"), previous_response_id=first["id"])
    assert (USER, Turn("assistant", (Text("sunny"),))) == talk.read(previous_response_id=first["id"]).turns


@pytest.mark.parametrize("identity", ["resp_unknown", "conv_1", ""])
def test_an_unknown_response_is_not_continued(identity: str) -> None:
    talk = Talk()
    talk.memory.put("conv_1", {"conversation": {}, "items": []})
    message = f"Previous response with id '{identity}' not found."
    failure = Failure("invalid_request", message, code="previous_response_not_found")
    assert failure == rejection(lambda: talk.read("hi", previous_response_id=identity))


def test_a_response_that_is_not_stored_is_not_continued_nor_shown() -> None:
    talk = Talk()
    identity = talk.ask("hi", Text("ho"), store=False)["id"]
    assert "previous_response_not_found" == rejection(lambda: talk.read("hi", previous_response_id=identity)).code
    assert lost(identity) == rejection(lambda: talk.page(responses.retrieve, identity))


def test_an_endpoint_that_restores_nothing_takes_every_reference() -> None:
    talk = Talk(restores=False)
    request = talk.read("hi", previous_response_id="resp_1")
    assert (Turn("user", (Text("hi"),)),) == request.turns
    assert "resp_1" == talk.ask("hi", previous_response_id="resp_1")["previous_response_id"]
    assert () == talk.read([{"type": "item_reference", "id": "msg_1"}]).turns
    assert () == talk.read(conversation="conv_1").turns
    talk.ask("hi", conversation="conv_1")
    assert None is talk.memory.get("conv_1")


@pytest.mark.parametrize("fields", [{"type": "item_reference"}, {"type": None}, {}])
def test_a_reference_stands_for_an_item_of_the_output_or_the_input(fields: dict[str, Any]) -> None:
    talk = Talk()
    first = talk.ask("weather?", LOOK)
    [said] = talk.page(responses.input_items, first["id"])["data"]
    given = [{**fields, "id": item["id"]} for item in (said, *first["output"])] + [RESULT]
    result = Turn("tool", (ToolResult("call_1", "look", "sunny"),))
    assert (USER, Turn("assistant", (LOOK,)), result) == talk.read(given).turns


@pytest.mark.parametrize("identity", ["msg_unknown", "unknown", "", "msg_{}00f"])
def test_a_reference_to_nothing_is_refused(identity: str) -> None:
    talk = Talk()
    first = talk.ask("weather?", LOOK)
    identity = identity.format(first["id"].removeprefix("resp_"))
    failure = rejection(lambda: talk.read([{"type": "item_reference", "id": identity}]))
    message = (
        f"Item with id '{identity}' not found. Items are not persisted when `store` is set to false. Try again with "
        "`store` set to true, or remove this item from your input."
    )
    assert Failure("route_not_found", message) == failure


# ---------------------------------------------------------------- stored responses


def test_a_stored_response_is_shown_as_it_was_answered_until_it_is_deleted() -> None:
    talk = Talk()
    answered = talk.ask("weather?", Text("sunny"))
    identity = answered["id"]
    assert answered == talk.page(responses.retrieve, identity)
    assert {"id": identity, "object": "response", "deleted": True} == talk.page(responses.delete, identity)
    for make in (responses.retrieve, responses.delete, responses.input_items, responses.cancel):
        assert lost(identity) == rejection(lambda make=make: talk.page(make, identity))  # type: ignore[misc]


@pytest.mark.parametrize("fields", [{}, {"background": True}, {"stream": True}])
def test_only_a_stream_made_in_the_background_is_streamed_again(fields: dict[str, Any]) -> None:
    talk = Talk()
    identity = talk.ask("weather?", Text("sunny"), **fields)["id"]
    failure = rejection(lambda: talk.page(responses.retrieve, identity, stream="true"))
    message = "stream: the response was not created with background and stream, and can't be streamed"
    assert Failure("invalid_request", message) == failure


@pytest.mark.parametrize(("query", "first"), [({}, 0), ({"starting_after": "3"}, 4), ({"starting_after": "99"}, 99)])
def test_a_stream_made_in_the_background_is_streamed_again(query: dict[str, str], first: int) -> None:
    talk = Talk()
    request, done, stamp = (
        talk.read("hi", background=True, stream=True),
        Completion((Text("ho"),), "stop"),
        talk.stamp(),
    )
    responses.keep(done, request, talk.memory, stamp)
    frames = list(responses.frames(done, request, stamp))
    call = Call("GET", "/", {"stream": "true", **query})
    page = responses.retrieve(call, talk.endpoint(frames[0].data["response"]["id"]), talk.memory, talk.stamp())
    assert "text/event-stream" == page.headers["content-type"]
    events = [block.partition("\ndata: ") for block in page.body.split("\n\n")[:-1]]
    assert [(f"event: {frame.event}", frame.data) for frame in frames[first:]] == [
        (name, json.loads(data)) for name, _, data in events
    ]


def test_a_replay_from_nowhere_is_refused() -> None:
    talk = Talk()
    identity = talk.ask("hi", background=True, stream=True)["id"]
    failure = rejection(lambda: talk.page(responses.retrieve, identity, stream="true", starting_after="x"))
    assert Failure("invalid_request", "starting_after: 'x' came, a sequence number is wanted") == failure


def test_what_is_made_in_the_background_is_there_when_it_is_asked_for() -> None:
    talk = Talk()
    queued = talk.ask("weather?", Text("sunny"), background=True)
    done = talk.page(responses.retrieve, queued["id"])
    said = done["output"][0]["content"][0]["text"]
    assert ("queued", [], "completed", "sunny") == (queued["status"], queued["output"], done["status"], said)
    assert done == talk.page(responses.cancel, queued["id"])


def test_what_is_made_in_the_background_can_be_cancelled_before_it_is_seen() -> None:
    talk = Talk()
    identity = talk.ask("weather?", Text("sunny"), background=True)["id"]
    cancelled = talk.page(responses.cancel, identity)
    assert ("cancelled", [], None, None) == tuple(
        cancelled[name] for name in ("status", "output", "usage", "completed_at")
    )
    assert cancelled == talk.page(responses.cancel, identity) == talk.page(responses.retrieve, identity)


def test_what_was_answered_at_once_cannot_be_cancelled() -> None:
    talk = Talk()
    identity = talk.ask("weather?", Text("sunny"))["id"]
    failure = rejection(lambda: talk.page(responses.cancel, identity))
    assert Failure("invalid_request", "Cannot cancel a synchronous response.") == failure


def test_input_items_are_listed_in_full() -> None:
    talk = Talk()
    given: list[Any] = [
        {"role": "developer", "content": ""},
        {"role": "user", "content": [{"type": "input_image", "image_url": "https://e.org/a.png"}]},
        {"role": "assistant", "content": "hm"},
        {"type": "function_call", "call_id": "call_1", "name": "look", "arguments": "{}", "id": "fc_mine"},
        RESULT,
        {"type": "reasoning", "summary": []},
        {"type": "something_new", "id": ""},
        {**RESULT, "type": "custom_tool_call_output"},
    ]
    identity = talk.ask(given)["id"]
    digits = identity.removeprefix("resp_")
    done: dict[str, Any] = {"status": "completed"}
    image = {"type": "input_image", "image_url": "https://e.org/a.png", "detail": "auto"}
    text = {"type": "output_text", "text": "hm", "annotations": [], "logprobs": []}
    assert {
        "object": "list",
        "data": [
            {"id": f"msg_{digits}f000", "type": "message", **done, "role": "developer", "content": []},
            {"id": f"msg_{digits}f001", "type": "message", **done, "role": "user", "content": [image]},
            {"id": f"msg_{digits}f002", "type": "message", **done, "role": "assistant", "content": [text]},
            {**given[3], **done},
            {**RESULT, **done, "id": f"fco_{digits}f004"},
            {"id": f"rs_{digits}f005", "type": "reasoning", "summary": []},
            {"id": f"item_{digits}f006", "type": "something_new"},
            {**given[7], **done, "id": f"ctco_{digits}f007"},
        ],
        "first_id": f"msg_{digits}f000",
        "last_id": f"ctco_{digits}f007",
        "has_more": False,
    } == talk.page(responses.input_items, identity, order="asc")


def test_input_items_hold_what_went_before() -> None:
    talk = Talk()
    first = talk.ask("weather?", Text("sunny"))
    second = talk.ask("sure?", Text("yes"), previous_response_id=first["id"])
    page = talk.page(responses.input_items, second["id"], order="asc")
    assert ["weather?", "sunny", "sure?"] == [item["content"][0]["text"] for item in page["data"]]


@pytest.mark.parametrize(
    ("query", "shown", "has_more"),
    [
        ({}, list(range(24, 4, -1)), True),
        ({"order": "asc"}, list(range(20)), True),
        ({"order": "asc", "limit": "2"}, [0, 1], True),
        ({"order": "asc", "after": "22"}, [23, 24], False),
        ({"after": "1"}, [0], False),
        ({"after": "nowhere"}, [], False),
        ({"limit": "100"}, list(range(24, -1, -1)), False),
    ],
)
def test_input_items_come_in_pages(query: dict[str, str], shown: list[int], has_more: bool) -> None:
    talk = Talk()
    given = [{"role": "user", "content": "x", "id": str(number)} for number in range(25)]
    page = talk.page(responses.input_items, talk.ask(given)["id"], **query)
    ids = [str(number) for number in shown]
    assert (ids, has_more) == ([item["id"] for item in page["data"]], page["has_more"])
    assert ((ids[0], ids[-1]) if ids else (None, None)) == (page["first_id"], page["last_id"])


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"limit": "0"}, "limit: '0' came, a number from 1 to 100 is wanted"),
        ({"limit": "101"}, "limit: '101' came, a number from 1 to 100 is wanted"),
        ({"limit": "+1"}, "limit: '+1' came, a number from 1 to 100 is wanted"),
        ({"limit": "9" * 5000}, f"limit: '{'9' * 40}' came, a number from 1 to 100 is wanted"),
        ({"order": "up"}, "order: 'up' came, asc or desc is wanted"),
    ],
)
def test_a_page_that_cannot_be_given_is_refused(query: dict[str, str], message: str) -> None:
    talk = Talk()
    identity = talk.ask("hi")["id"]
    failure = rejection(lambda: talk.page(responses.input_items, identity, **query))
    assert Failure("invalid_request", message) == failure


# ---------------------------------------------------------------- counting, compacting


def test_input_tokens_are_those_that_the_usage_will_say() -> None:
    talk = Talk()
    first = talk.ask("12345678", Text("1234"))
    body = {"input": "1234", "previous_response_id": first["id"]}
    counted = talk.page(responses.input_tokens, body=body)
    assert {"object": "response.input_tokens", "input_tokens": 4} == counted
    second = talk.ask("1234", previous_response_id=first["id"])
    assert 4 == second["usage"]["input_tokens"]


def test_a_compacted_conversation_is_its_user_messages_and_a_sealed_rest() -> None:
    talk = Talk()
    first = talk.ask("12345678", Text("1234"))
    compacted = talk.page(responses.compact, body={"model": "m", "input": "56", "previous_response_id": first["id"]})
    digits = compacted["id"].removeprefix("resp_")
    sealed = compacted["output"][-1]["encrypted_content"]
    text = {"type": "input_text"}
    user = {"type": "message", "status": "completed", "role": "user"}
    assert {
        "id": f"resp_{digits}",
        "object": "response.compaction",
        "created_at": 1_767_225_602,
        "output": [
            {**user, "id": f"msg_{digits}f000", "content": [{**text, "text": "12345678"}]},
            {**user, "id": f"msg_{digits}f001", "content": [{**text, "text": "56"}]},
            {"id": f"cmp_{digits}000", "type": "compaction", "encrypted_content": sealed},
        ],
        "usage": {
            "input_tokens": 4,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": 18,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 22,
        },
    } == compacted
    assert (Turn("user", (Text("12345678"), Text("56"))),) == talk.read(compacted["output"]).turns


def test_compacting_takes_a_model() -> None:
    assert Failure("missing_model") == rejection(lambda: Talk().page(responses.compact, body={"input": "hi"}))


# ---------------------------------------------------------------- conversations


def test_a_conversation_grows_with_every_response() -> None:
    talk = Talk()
    items = [{"role": "developer", "content": "be brief"}]
    made = talk.page(responses.create_conversation, body={"items": items, "metadata": {"a": "b"}})
    identity = made["id"]
    assert {"id": identity, "object": "conversation", "created_at": 1_767_225_601, "metadata": {"a": "b"}} == made
    assert made == talk.page(responses.retrieve_conversation, identity)
    assert {"id": identity} == talk.ask("weather?", Text("sunny"), conversation=identity)["conversation"]
    talk.ask("sure?", Text("yes"), conversation={"id": identity}, store=False)
    assert (
        Turn("system", (Text("be brief"),)),
        USER,
        Turn("assistant", (Text("sunny"),)),
        Turn("user", (Text("sure?"),)),
        Turn("assistant", (Text("yes"),)),
    ) == talk.read(conversation=identity).turns
    reference = {"type": "item_reference", "id": f"msg_{identity.removeprefix('conv_')}f000"}
    copied = talk.page(responses.create_conversation, body={"items": [reference]})["id"]
    for fields in ({"given": [reference]}, {"conversation": copied}):
        assert (Turn("system", (Text("be brief"),)),) == talk.read(**fields).turns


def test_a_conversation_begins_empty() -> None:
    talk = Talk()
    made = talk.page(responses.create_conversation)
    assert ({}, ()) == (made["metadata"], talk.read(conversation=made["id"]).turns)


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ("hi", "items: 'hi' came, a list is wanted"),
        ([1], "Invalid type for 'items[0]': expected an input item, but got an integer instead."),
    ],
)
def test_a_conversation_of_no_items_is_refused(items: Any, message: str) -> None:
    failure = rejection(lambda: Talk().page(responses.create_conversation, body={"items": items}))
    assert ("invalid_request", message) == (failure.name, failure.message)


def test_an_unknown_conversation_is_not_found() -> None:
    talk = Talk()
    identity = talk.ask("hi")["id"]
    failure = Failure("route_not_found", f"Conversation with id '{identity}' not found.")
    assert failure == rejection(lambda: talk.page(responses.retrieve_conversation, identity))
    assert failure == rejection(lambda: talk.read("hi", conversation=identity))
