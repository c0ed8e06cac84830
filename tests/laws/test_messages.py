"""The laws of Messages: a stream adds up to the whole answer, and a conversation is the same as in chat."""

import json
from collections.abc import Iterator
from typing import Any

import anthropic
import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from emulator import jsontext
from emulator.protocols import chat, messages
from emulator.session import Memory
from emulator.timeline import FRAMINGS
from emulator.types import (
    Call,
    Completion,
    Endpoint,
    Found,
    Part,
    Reasoning,
    Refusal,
    Request,
    Search,
    Stamp,
    Text,
    ToolCall,
    Usage,
    WireProtocol,
)

STAMP = Stamp(0, 1, 1_767_225_601)
texts = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40)
values: Any = st.dictionaries(texts, texts | st.integers(-9, 9) | st.booleans() | st.none(), max_size=2)


@st.composite
def cut(draw: st.DrawFn, text: str) -> tuple[int, ...]:
    if len(text) < 2:
        return ()
    return tuple(sorted(draw(st.sets(st.integers(1, len(text) - 1), max_size=6))))


@st.composite
def parts(draw: st.DrawFn) -> Part:
    match draw(st.sampled_from(["text", "reasoning", "refusal", "call", "free", "search"])):
        case "text":
            said = draw(texts)
            return Text(said, draw(cut(said)))
        case "reasoning":
            thought = draw(texts)
            return Reasoning(thought, draw(cut(thought)), draw(st.sampled_from(["", "signed"])))
        case "refusal":
            refused = draw(texts)
            return Refusal(refused, draw(cut(refused)))
        case "free":
            said = draw(texts.filter(bool))
            return ToolCall("f", said, "", draw(cut(said)), free=True)
        case "search":
            return Search(draw(texts), draw(st.lists(st.builds(Found, texts, texts, texts), max_size=2).map(tuple)))
        case _:
            arguments = draw(st.just("") | values.map(json.dumps))
            return ToolCall("f", arguments, draw(st.sampled_from(["", "toolu_mine"])), draw(cut(arguments)))


counts = st.none() | st.integers(0, 999)
completions = st.builds(
    Completion,
    st.lists(parts(), max_size=5).map(tuple),
    st.sampled_from(["stop", "length", "tool_calls", "content_filter", "stop_sequence", "refusal", "pause"]),
    st.builds(Usage, counts, counts, st.integers(0, 9), st.integers(0, 9), counts),
    st.sampled_from(["", "other"]),
    st.sampled_from(["", "END"]),
)


def request() -> Request:
    return Request(Call("POST", "/"), Endpoint("p", messages), {}, "m", ())


class Service:
    """A transport of the SDK that answers with what it was told to say."""

    said: Completion

    def __call__(self, asked: httpx2.Request) -> httpx2.Response:
        if json.loads(asked.content).get("stream"):
            events = b"".join(FRAMINGS["sse"].event(frame) for frame in messages.frames(self.said, request(), STAMP))
            return httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=events)
        return httpx2.Response(200, json=messages.body(self.said, request(), STAMP))


@pytest.fixture(scope="module")
def service() -> Service:
    return Service()


@pytest.fixture(scope="module")
def client(service: Service) -> Iterator[anthropic.Anthropic]:
    # Strict validation makes the client refuse what its own types do not allow.
    with anthropic.DefaultHttpxClient(transport=httpx2.MockTransport(service)) as http:
        yield anthropic.Anthropic(
            base_url="http://127.0.0.1", api_key="k", http_client=http, _strict_response_validation=True
        )


@given(done=completions)
def test_a_stream_adds_up_to_the_whole_answer(client: Any, service: Service, done: Completion) -> None:
    service.said = done
    asked: Any = {"model": "m", "max_tokens": 9, "messages": []}
    for resource in (client.messages, client.beta.messages):
        with resource.stream(**asked) as stream:
            accumulated = stream.get_final_message()
        assert resource.create(**asked).to_dict() == accumulated.to_dict()


@given(done=completions)
def test_the_beats_are_the_deltas_and_the_openings_of_calls(done: Completion) -> None:
    said = [part for part in done.parts if isinstance(part, Text | Refusal | Reasoning | ToolCall)]
    deltas = sum(len(list(part.deltas)) for part in said) + sum(isinstance(part, ToolCall) for part in said)
    assert deltas == sum(frame.beat for frame in messages.frames(done, request(), STAMP))


# ---------------------------------------------------------------- one conversation, two protocols

pictures = st.sampled_from(["https://e.org/a.png", "data:image/png;base64,AAAA"])
contents = st.lists(st.tuples(st.just("text"), texts) | st.tuples(st.just("picture"), pictures), max_size=3)
calls = st.lists(st.tuples(st.sampled_from(["f", "g"]), values), max_size=2)
turns = st.lists(
    st.tuples(st.just("user"), contents)
    | st.tuples(st.just("user"), texts)
    | st.tuples(st.just("assistant"), st.tuples(texts.filter(bool), texts.filter(bool), calls)),
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


def messages_content(content: Any) -> Any:
    if isinstance(content, str):
        return content
    return [{"type": "text", "text": said} if kind == "text" else picture(said) for kind, said in content]


def picture(source: str) -> Any:
    if not source.startswith("data:"):
        return {"type": "image", "source": {"type": "url", "url": source}}
    kind, _, data = source.removeprefix("data:").partition(";base64,")
    return {"type": "image", "source": {"type": "base64", "media_type": kind, "data": data}}


def in_chat(system: str, said: list[Any], options: dict[str, Any]) -> Any:
    written: list[Any] = [{"role": "system", "content": system}] if system else []
    for number, (role, content) in enumerate(said):
        if role == "user":
            written.append({"role": "user", "content": chat_content(content)})
            continue
        thought, text, asked = content
        uses = [
            {
                "id": f"{number}/{place}",
                "type": "function",
                "function": {"name": name, "arguments": json.dumps(given, ensure_ascii=False)},
            }
            for place, (name, given) in enumerate(asked)
        ]
        written.append({"role": "assistant", "content": text, "reasoning_content": thought, "tool_calls": uses})
        written += [{"role": "tool", "tool_call_id": use["id"], "content": "done"} for use in uses]
    choices: Any = {"f": {"type": "function", "function": {"name": "f"}}}
    tools = [{"type": "function", "function": {"name": name, "parameters": schema}} for name in options["tools"]]
    return {
        "model": "m",
        "messages": written,
        "tools": tools,
        "tool_choice": choices.get(options["choice"], options["choice"]) if tools else None,
        "stream": options["stream"],
        "thinking": {"type": "enabled"} if options["reasoning"] else None,
        "response_format": {"type": "json_schema", "json_schema": {"schema": schema}} if options["schema"] else None,
    }


def in_messages(system: str, said: list[Any], options: dict[str, Any]) -> Any:
    written: list[Any] = []
    for number, (role, content) in enumerate(said):
        if role == "user":
            written.append({"role": "user", "content": messages_content(content)})
            continue
        thought, text, asked = content
        uses = [
            {"type": "tool_use", "id": f"{number}/{place}", "name": name, "input": given}
            for place, (name, given) in enumerate(asked)
        ]
        thinking = {"type": "thinking", "thinking": thought, "signature": "sig"}
        written.append({"role": "assistant", "content": [thinking, {"type": "text", "text": text}, *uses]})
        if uses:
            results = [{"type": "tool_result", "tool_use_id": use["id"], "content": "done"} for use in uses]
            written.append({"role": "user", "content": results})
    choices: Any = {"f": {"type": "tool", "name": "f"}, "required": {"type": "any"}}
    tools = [{"name": name, "input_schema": schema} for name in options["tools"]]
    return {
        "model": "m",
        "max_tokens": 9,
        "system": system,
        "messages": written,
        "tools": tools,
        "tool_choice": choices.get(options["choice"], {"type": options["choice"]}) if tools else None,
        "stream": options["stream"],
        "thinking": {"type": "enabled"} if options["reasoning"] else None,
        "output_config": {"format": {"type": "json_schema", "schema": schema}} if options["schema"] else None,
    }


def read(protocol: WireProtocol, body: Any) -> dict[str, Any]:
    request = protocol.decode(Call("POST", "/", body=jsontext.dumps(body)), Endpoint("p", protocol), Memory(most=9))
    return {
        "turns": [
            # A signature has no place in chat.
            replace(turn, parts=tuple(_unsigned(part) for part in turn.parts))
            for turn in request.turns
        ],
        **{name: getattr(request, name) for name in ("model", "tools", "tool_choice", "stream", "reasoning", "schema")},
        "tool_results": request.tool_results,
        "input_tokens": request.input_tokens,
    }


def _unsigned(part: Part) -> Part:
    return replace(part, signature="") if isinstance(part, Reasoning) else part


@given(
    system=texts,
    said=turns,
    options=st.fixed_dictionaries(
        {
            "tools": st.sampled_from([(), ("f",), ("f", "g")]),
            "choice": st.sampled_from(["auto", "none", "required", "f"]),
            "stream": st.booleans(),
            "reasoning": st.booleans(),
            "schema": st.booleans(),
        }
    ),
)
def test_a_conversation_is_the_same_in_chat_and_in_messages(
    system: str, said: list[Any], options: dict[str, Any]
) -> None:
    expected = read(chat, in_chat(system, said, options))
    assert expected == read(messages, in_messages(system, said, options))
