"""The laws of Responses: a stream adds up to the whole answer, and a conversation is the same as in chat."""

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import httpx2
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator import jsontext
from emulator.protocols import chat, responses
from emulator.session import Memory
from emulator.timeline import FRAMINGS
from emulator.types import (
    Call,
    Completion,
    Endpoint,
    Part,
    Reasoning,
    Refusal,
    Request,
    Stamp,
    Text,
    ToolCall,
    Usage,
    WireProtocol,
)

STAMP = Stamp(0, 1, 1_767_225_601)
BODY: dict[str, Any] = {"model": "m", "input": "hi", "tools": [{"type": "custom", "name": "patch"}]}
texts = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40)
values: Any = st.dictionaries(texts, texts | st.integers(-9, 9) | st.booleans() | st.none(), max_size=2)


@st.composite
def cut(draw: st.DrawFn, text: str) -> tuple[int, ...]:
    if len(text) < 2:
        return ()
    return tuple(sorted(draw(st.sets(st.integers(1, len(text) - 1), max_size=6))))


@st.composite
def parts(draw: st.DrawFn) -> Part:
    match draw(st.sampled_from(["text", "reasoning", "refusal", "call"])):
        case "text":
            said = draw(texts)
            return Text(said, draw(cut(said)))
        case "reasoning":
            thought = draw(texts)
            return Reasoning(thought, draw(cut(thought)), draw(st.sampled_from(["", "signed"])))
        case "refusal":
            refused = draw(texts)
            return Refusal(refused, draw(cut(refused)))
        case _:
            arguments = draw(st.just("") | values.map(json.dumps))
            return ToolCall(draw(st.sampled_from(["f", "patch"])), arguments, "", draw(cut(arguments)))


counts = st.none() | st.integers(0, 999)
completions = st.builds(
    Completion,
    st.lists(parts(), max_size=5).map(tuple),
    st.sampled_from(["stop", "length", "tool_calls", "content_filter", "stop_sequence", "refusal", "pause"]),
    st.builds(Usage, counts, counts, st.integers(0, 9), st.integers(0, 9), counts),
    st.sampled_from(["", "other"]),
)


def request(**fields: Any) -> Request:
    data = jsontext.dumps({**BODY, **fields})
    return responses.decode(Call("POST", "/", body=data), Endpoint("p", responses), Memory(most=9))


SAID: dict[str, Completion] = {}


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """The SDK, strict, on a transport that answers with what was said last."""

    def answer(asked: httpx2.Request) -> httpx2.Response:
        if json.loads(asked.content).get("stream"):
            events = b"".join(FRAMINGS["sse"].event(frame) for frame in responses.frames(SAID["it"], request(), STAMP))
            return httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=events)
        return httpx2.Response(200, content=jsontext.dumps(responses.body(SAID["it"], request(), STAMP)))

    with openai.DefaultHttpxClient(transport=httpx2.MockTransport(answer)) as wire:
        yield openai.OpenAI(
            base_url="http://127.0.0.1",
            api_key="k",
            http_client=wire,
            max_retries=0,
            _strict_response_validation=True,
        )


TEXTS = {
    "response.output_text.delta": "text",
    "response.refusal.delta": "refusal",
    "response.reasoning_summary_text.delta": "text",
    "response.function_call_arguments.delta": "arguments",
    "response.custom_tool_call_input.delta": "input",
}


def added_up(events: list[Any]) -> list[Any]:
    """What a client makes of the openings and the deltas alone, item by item."""
    items: list[Any] = []
    for event in map(deepcopy, events):
        match event:
            case {"type": "response.output_item.added", "output_index": index, "item": item}:
                assert len(items) == index
                items.append(item)
                continue
            case {"item_id": identity, "output_index": index}:
                item = items[index]
                assert item["id"] == identity
            case _:
                continue
        pieces = item.get("content", item.get("summary"))
        place = event.get("content_index", event.get("summary_index"))
        if event["type"].endswith("_part.added"):
            assert len(pieces) == place
            pieces.append(event["part"])
        elif event["type"] in TEXTS:
            (item if place is None else pieces[place])[TEXTS[event["type"]]] += event["delta"]
    return items


def without_status(items: list[Any]) -> list[Any]:
    return [{name: value for name, value in item.items() if name != "status"} for item in items]


@given(done=completions)
def test_a_stream_adds_up_to_the_whole_answer(client: Any, done: Completion) -> None:
    SAID["it"] = done
    whole = client.responses.create(**BODY)
    events = [event.to_dict(mode="json") for event in client.responses.create(**BODY, stream=True)]
    assert list(range(len(events))) == [event["sequence_number"] for event in events]
    assert whole.to_dict(mode="json") == events[-1]["response"]
    assert without_status(events[-1]["response"]["output"]) == without_status(added_up(events))
    finished = [event["item"] for event in events if event["type"] == "response.output_item.done"]
    assert events[-1]["response"]["output"] == finished


@given(done=completions)
def test_the_stream_helper_accumulates_the_whole_answer(client: Any, done: Completion) -> None:
    SAID["it"] = done
    whole = client.responses.create(**BODY)
    said = dict.fromkeys(range(len(whole.output)), "")
    with client.responses.stream(**BODY) as stream:
        for event in stream:
            if event.type in {"response.output_text.delta", "response.function_call_arguments.delta"}:
                said[event.output_index] = event.snapshot
        if whole.status == "completed":  # the helper has no final response otherwise
            assert whole.to_dict() == stream.get_final_response().to_dict() | {"output": whole.to_dict()["output"]}
    calls = {index: item.arguments for index, item in enumerate(whole.output) if item.type == "function_call"}
    assert calls == {index: said[index] for index in calls}


@given(done=completions)
def test_ids_are_unique_and_no_call_id_is_an_id(done: Completion) -> None:
    items = responses.body(done, request(), STAMP)["output"]
    ids = [item[name] for item in items for name in ("id", "call_id") if name in item]
    assert len(ids) == len(set(ids))


@given(done=completions)
def test_the_beats_are_the_deltas_and_the_openings_of_calls(done: Completion) -> None:
    said = [part for part in done.parts if isinstance(part, Text | Refusal | Reasoning | ToolCall)]
    deltas = sum(len(list(part.deltas)) for part in said) + sum(isinstance(part, ToolCall) for part in said)
    assert deltas == sum(frame.beat for frame in responses.frames(done, request(), STAMP))


@given(done=completions)
def test_what_is_kept_is_read_as_what_was_said(done: Completion) -> None:
    """A conversation that is continued by id is the one that a client writes out."""
    memory, first = Memory(most=9), request()
    responses.keep(done, first, memory, STAMP)
    answered = responses.body(done, first, STAMP)

    def turns(**fields: Any) -> Any:
        call = Call("POST", "/", body=jsontext.dumps({**BODY, **fields}))
        return responses.decode(call, Endpoint("p", responses), memory).turns

    new = {"role": "user", "content": "and now?"}
    written = [{"role": "user", "content": "hi"}, *answered["output"], new]
    references = [{"type": "item_reference", "id": item["id"]} for item in answered["output"]]
    continued = turns(input=[new], previous_response_id=answered["id"])
    assert turns(input=written) == continued
    assert turns(input=[written[0], *references, new]) == continued


# ---------------------------------------------------------------- one conversation, two protocols

pictures = st.sampled_from(["https://e.org/a.png", "data:image/png;base64,AAAA", "https://e.org/a.mp4"])
contents = st.lists(st.tuples(st.just("text"), texts) | st.tuples(st.just("picture"), pictures), max_size=3)
calls = st.lists(st.tuples(st.sampled_from(["f", "g"]), values.map(json.dumps)), max_size=2)
turns = st.lists(
    st.tuples(st.sampled_from(["user", "system", "developer"]), contents | texts)
    | st.tuples(st.just("assistant"), st.tuples(texts, texts.filter(bool), calls)),
    max_size=5,
)
schema = {"type": "object", "properties": {"a": {"type": "string"}}}


def chat_content(content: Any) -> Any:
    if isinstance(content, str):
        return content
    return [
        {"type": "text", "text": said} if kind == "text" else {"type": "image_url", "image_url": {"url": said}}
        for kind, said in content
    ]


def responses_content(content: Any) -> Any:
    if isinstance(content, str):
        return content
    return [
        {"type": "input_text", "text": said} if kind == "text" else {"type": "input_image", "image_url": said}
        for kind, said in content
    ]


def in_chat(system: str, said: list[Any], options: dict[str, Any]) -> Any:
    written: list[Any] = [{"role": "system", "content": system}] if system else []
    for number, (role, content) in enumerate(said):
        if role != "assistant":
            written.append({"role": role, "content": chat_content(content)})
            continue
        thought, text, asked = content
        uses = [
            {"id": f"{number}/{place}", "type": "function", "function": {"name": name, "arguments": arguments}}
            for place, (name, arguments) in enumerate(asked)
        ]
        written.append({"role": "assistant", "content": text, "reasoning_content": thought, "tool_calls": uses})
        written += [{"role": "tool", "tool_call_id": use["id"], "content": "done"} for use in uses]
    choices: Any = {"f": {"type": "function", "function": {"name": "f"}}}
    formats: Any = {
        "schema": {"type": "json_schema", "json_schema": {"name": "n", "schema": schema}},
        "json": {"type": "json_object"},
    }
    return {
        "model": "m",
        "messages": written,
        "tools": [{"type": "function", "function": {"name": name, "parameters": schema}} for name in options["tools"]],
        "tool_choice": choices.get(options["choice"], options["choice"]),
        "stream": options["stream"],
        "reasoning_effort": options["effort"],
        "response_format": formats.get(options["format"]),
    }


def in_responses(system: str, said: list[Any], options: dict[str, Any]) -> Any:
    written: list[Any] = []
    for number, (role, content) in enumerate(said):
        if role != "assistant":
            written.append({"role": role, "content": responses_content(content)})
            continue
        thought, text, asked = content
        ids = [f"{number}/{place}" for place in range(len(asked))]
        summary = [{"type": "summary_text", "text": thought}] if thought else []
        written += [
            {"type": "reasoning", "id": f"rs_{number}", "summary": summary},
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]},
            *(
                {"type": "function_call", "call_id": identity, "name": name, "arguments": arguments}
                for identity, (name, arguments) in zip(ids, asked, strict=True)
            ),
            *({"type": "function_call_output", "call_id": identity, "output": "done"} for identity in ids),
        ]
    choices: Any = {"f": {"type": "function", "name": "f"}}
    formats: Any = {
        "schema": {"type": "json_schema", "name": "n", "schema": schema},
        "json": {"type": "json_object"},
    }
    return {
        "model": "m",
        "instructions": system,
        "input": written,
        "tools": [{"type": "function", "name": name, "parameters": schema} for name in options["tools"]],
        "tool_choice": choices.get(options["choice"], options["choice"]),
        "stream": options["stream"],
        "reasoning": {"effort": options["effort"]},
        "text": {"format": formats.get(options["format"], {"type": "text"})},
    }


def read(protocol: WireProtocol, body: Any) -> dict[str, Any]:
    request = protocol.decode(Call("POST", "/", body=jsontext.dumps(body)), Endpoint("p", protocol), Memory(most=9))
    fields = (
        "model",
        "turns",
        "tools",
        "tool_choice",
        "stream",
        "reasoning",
        "schema",
        "count",
        "tool_results",
        "input_tokens",
    )
    return {name: getattr(request, name) for name in fields}


@given(
    system=texts,
    said=turns,
    options=st.fixed_dictionaries(
        {
            "tools": st.sampled_from([(), ("f",), ("f", "g")]),
            "choice": st.sampled_from([None, "auto", "none", "required", "f"]),
            "stream": st.booleans(),
            "effort": st.sampled_from([None, "none", "low"]),
            "format": st.sampled_from(["text", "json", "schema"]),
        }
    ),
)
def test_a_conversation_is_the_same_in_chat_and_in_responses(
    system: str, said: list[Any], options: dict[str, Any]
) -> None:
    assert read(chat, in_chat(system, said, options)) == read(responses, in_responses(system, said, options))
