"""The law: what the official SDK accumulates from the stream equals what it parses from the whole answer."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.lib.streaming.chat import ChatCompletionStreamState
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from emulator import jsontext
from emulator.protocols import chat
from emulator.providers.cloudbase import CloudBase
from emulator.types import Call, Completion, Endpoint, Part, Reasoning, Request, Stamp, Text, ToolCall, Usage

STAMP = Stamp(0, 1, 1_767_225_601)
texts = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40)


@st.composite
def cut(draw: st.DrawFn, text: str) -> tuple[int, ...]:
    if len(text) < 2:
        return ()
    return tuple(sorted(draw(st.sets(st.integers(1, len(text) - 1), max_size=6))))


@st.composite
def completions(draw: st.DrawFn) -> Completion:
    parts: list[Part] = []
    if thinking := draw(texts):
        parts.append(Reasoning(thinking, draw(cut(thinking))))
    if said := draw(texts):
        parts.append(Text(said, draw(cut(said))))
    for number in range(draw(st.integers(0, 3))):
        arguments = json.dumps(draw(st.dictionaries(texts, texts, max_size=2)))
        parts.append(
            ToolCall(
                f"f{number}", arguments, draw(st.sampled_from(["", "mine"])) and f"id{number}", draw(cut(arguments))
            )
        )
    finish: Any = draw(st.sampled_from(["stop", "length", "tool_calls", "content_filter"]))
    usage = draw(st.builds(Usage, input=st.none() | st.integers(0, 999), output=st.none() | st.integers(0, 999)))
    return Completion(tuple(parts), finish, usage)


def request(agent: str = "curl/8") -> Request:
    body = {"stream_options": {"include_usage": True}}
    return Request(Call("POST", "/", headers={"user-agent": agent}), Endpoint("p", chat), body, "m", ())


def over_the_wire(value: Any) -> Any:
    return jsontext.loads(jsontext.dumps(value))


def accumulated(frames: list[Any]) -> Any:
    """What the SDK makes of a stream."""
    state: Any = ChatCompletionStreamState()
    for data in frames:
        state.handle_chunk(ChatCompletionChunk.construct(**data))
    return state.current_completion_snapshot


def seen(completion: Any) -> Any:
    """What a user reads of an answer."""
    choice = completion.choices[0]
    calls = choice.message.tool_calls or []
    usage = completion.usage
    return {
        "id": completion.id,
        "model": completion.model,
        "text": choice.message.content or "",
        "reasoning": getattr(choice.message, "reasoning_content", None) or "",
        "calls": [(call.id, call.function.name, call.function.arguments) for call in calls],
        "finish": choice.finish_reason,
        "usage": (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens),
    }


@pytest.mark.parametrize("provider", [None, CloudBase(stream_style="openai"), CloudBase(stream_style="sdk")])
@given(done=completions())
def test_a_stream_adds_up_to_the_whole_answer(provider: CloudBase | None, done: Completion) -> None:
    asked = request()
    body, frames = chat.body(done, asked, STAMP), chat.frames(done, asked, STAMP)
    if provider is not None:
        body, frames = provider.body(body, asked, STAMP), provider.frames(frames, done, asked, STAMP)
    chunks = [over_the_wire(frame.data) for frame in frames]
    assert "[DONE]" == chunks.pop()
    whole = ChatCompletion.construct(**over_the_wire(body))
    assert seen(whole) == seen(accumulated(chunks))


@given(done=completions())
def test_the_beats_are_the_deltas_and_the_openings_of_calls(done: Completion) -> None:
    said = [part for part in done.parts if isinstance(part, Text | Reasoning | ToolCall)]
    deltas = sum(len(list(part.deltas)) for part in said) + sum(isinstance(part, ToolCall) for part in said)
    assert deltas == sum(frame.beat for frame in chat.frames(done, request(), STAMP))
    frames = CloudBase(stream_style="openai").frames(chat.frames(done, request(), STAMP), done, request(), STAMP)
    assert deltas == sum(frame.beat for frame in frames)
