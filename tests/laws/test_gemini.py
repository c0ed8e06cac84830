"""The laws of Gemini: a stream adds up to the whole answer, and a conversation is the same as in chat."""

import json
from typing import Any

from google.genai import types
from hypothesis import given
from hypothesis import strategies as st

from emulator import jsontext
from emulator.protocols import chat, gemini
from emulator.session import Memory
from emulator.types import (
    Call,
    Completion,
    Endpoint,
    Found,
    Media,
    Part,
    Reasoning,
    Refusal,
    Rejected,
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
MALFORMED = ["{", "[1]", "null", '{"a": NaN}']
values: Any = st.dictionaries(texts, texts | st.integers(-9, 9) | st.booleans() | st.none(), max_size=2)


@st.composite
def cut(draw: st.DrawFn, text: str) -> tuple[int, ...]:
    if len(text) < 2:
        return ()
    return tuple(sorted(draw(st.sets(st.integers(1, len(text) - 1), max_size=6))))


@st.composite
def words(draw: st.DrawFn) -> Part:
    said = draw(texts)
    cuts = draw(cut(said))
    match draw(st.sampled_from(["text", "reasoning", "refusal"])):
        case "text":
            return Text(said, cuts)
        case "reasoning":
            return Reasoning(said, cuts, draw(st.sampled_from(["", "c2ln", "signed by me"])))
        case _:
            return Refusal(said, cuts)


@st.composite
def calls(draw: st.DrawFn) -> Part:
    arguments = draw(st.just("") | values.map(json.dumps))
    return ToolCall("f", arguments, draw(st.sampled_from(["", "mine"])), draw(cut(arguments)))


parts = st.one_of(
    words(),
    words(),
    calls(),
    st.sampled_from([ToolCall("f", arguments) for arguments in MALFORMED]),
    st.builds(ToolCall, st.just("f"), texts, free=st.just(True)),
    st.builds(Search, texts, st.lists(st.builds(Found, texts, texts, texts), max_size=2).map(tuple)),
    st.just(Media("image", "iVBO", "image/png")),
)
counts = st.none() | st.integers(0, 999)
finishes = st.sampled_from(["stop", "length", "tool_calls", "content_filter", "stop_sequence", "refusal", "pause"])
contents = st.lists(parts, max_size=6).map(tuple)
completions = st.builds(
    Completion,
    contents,
    finishes,
    st.builds(Usage, counts, counts, st.integers(0, 9), st.integers(0, 9), counts),
    st.sampled_from(["", "other"]),
    others=st.lists(st.builds(Completion, contents, finishes), max_size=2).map(tuple),
)


def request(count: int = 1, **options: Any) -> Request:
    return Request(Call("POST", "/"), Endpoint("p", gemini), {"generationConfig": options}, "m", (), count=count)


def over_the_wire(value: Any) -> types.GenerateContentResponse:
    """What the SDK makes of a body; it refuses every field that it does not know."""
    return types.GenerateContentResponse.model_validate(jsontext.loads(jsontext.dumps(value)))


def candidates(responses: list[types.GenerateContentResponse]) -> Any:
    """What a user reads of the candidates of a whole answer, or of the chunks of a stream."""
    found: dict[int, dict[str, Any]] = {}
    for response in responses:
        for candidate in response.candidates or []:
            assert candidate.index is not None
            assert candidate.content is not None
            seen = found.setdefault(candidate.index, {"parts": []})
            seen["parts"] += candidate.content.parts or []
            if likely := candidate.logprobs_result:
                seen.setdefault("likely", []).extend(
                    zip(likely.chosen_candidates or [], likely.top_candidates or [], strict=True)
                )
            if candidate.finish_reason:
                assert "finish" not in seen
                seen["finish"] = (candidate.finish_reason, candidate.finish_message, candidate.safety_ratings)
                seen["grounding"] = candidate.grounding_metadata
                seen["average"] = candidate.avg_logprobs
    return {index: {**seen, "parts": joined(seen["parts"])} for index, seen in found.items()}


def joined(parts: list[types.Part]) -> list[types.Part]:
    """The parts with neighbouring texts in one; the signature is the last one's."""
    whole: list[types.Part] = []
    for part in parts:
        before = whole[-1] if whole else types.Part()
        if part.text is None or before.text is None or part.thought != before.thought:
            whole.append(part.model_copy())
        else:
            before.text += part.text
            before.thought_signature = part.thought_signature or before.thought_signature
    return [part for part in whole if part.text != "" or part.thought_signature]


@given(done=completions, count=st.sampled_from([1, 1, 2, 3]), likely=st.booleans())
def test_a_stream_adds_up_to_the_whole_answer(done: Completion, count: int, likely: bool) -> None:
    asked = request(count, responseLogprobs=likely, logprobs=2)
    whole = over_the_wire(gemini.body(done, asked, STAMP))
    chunks = [over_the_wire(frame.data) for frame in gemini.frames(done, asked, STAMP)]
    assert candidates([whole]) == candidates(chunks)
    assert whole.usage_metadata == chunks[-1].usage_metadata
    identities = {(chunk.model_version, chunk.response_id) for chunk in chunks}
    assert {(whole.model_version, whole.response_id)} == identities


@given(done=completions)
def test_only_the_last_chunk_says_why_it_ends_and_tokens_never_shrink(done: Completion) -> None:
    chunks = [frame.data for frame in gemini.frames(done, request(), STAMP)]
    ends = ["finishReason" in chunk["candidates"][0] for chunk in chunks]
    assert [False] * (len(chunks) - 1) + [True] == ends
    totals = [chunk["usageMetadata"]["totalTokenCount"] for chunk in chunks]
    assert sorted(totals) == totals


@given(done=completions)
def test_the_beats_are_the_deltas_the_calls_and_the_pictures(done: Completion) -> None:
    words = [part for part in done.parts if isinstance(part, Text | Refusal | Reasoning)]
    calls = [part for part in done.parts if isinstance(part, ToolCall)]
    whole = sum(call.free or call.arguments not in MALFORMED for call in calls)
    whole += sum(isinstance(part, Media) for part in done.parts)
    beats = sum(len(list(part.deltas)) for part in words) + whole
    assert beats == sum(frame.beat for frame in gemini.frames(done, request(), STAMP))


# ---------------------------------------------------------------- one conversation, two protocols

turns = st.lists(
    st.tuples(st.just("user"), st.lists(texts, min_size=1, max_size=3))
    | st.tuples(
        st.just("assistant"),
        st.tuples(
            texts.filter(bool),
            texts.filter(bool),
            st.lists(st.tuples(st.sampled_from(["f", "g"]), values), max_size=3),
            st.booleans(),
        ),
    ),
    max_size=5,
)
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
SPELLED = {"type": "OBJECT", "properties": {"a": {"type": "STRING"}}}


def in_chat(system: str, said: list[Any], options: dict[str, Any]) -> Any:
    written: list[Any] = [{"role": "system", "content": system}] if system else []
    for number, (role, content) in enumerate(said):
        if role == "user":
            written.append({"role": "user", "content": [{"type": "text", "text": text} for text in content]})
            continue
        thought, text, calls, _ = content
        made = [
            {"id": f"{number}/{place}", "function": {"name": name, "arguments": json.dumps(given, ensure_ascii=False)}}
            for place, (name, given) in enumerate(calls)
        ]
        written.append({"role": "assistant", "content": text, "reasoning_content": thought, "tool_calls": made})
        written += [{"role": "tool", "tool_call_id": call["id"], "content": "done"} for call in made]
    choices: Any = {"f": {"type": "function", "function": {"name": "f"}}}
    return {
        "model": "m",
        "messages": written,
        "tools": [{"type": "function", "function": {"name": name, "parameters": SCHEMA}} for name in options["tools"]],
        "tool_choice": choices.get(options["choice"], options["choice"]) if options["tools"] else None,
        "stream": options["stream"],
        "thinking": {"type": "enabled"} if options["reasoning"] else None,
        "response_format": {"type": "json_schema", "json_schema": {"schema": SCHEMA}} if options["schema"] else None,
    }


def in_gemini(system: str, said: list[Any], options: dict[str, Any]) -> Any:
    written: list[Any] = []
    for number, (role, content) in enumerate(said):
        if role == "user":
            written.append({"role": "user", "parts": [{"text": text} for text in content]})
            continue
        thought, text, calls, with_ids = content
        made = [{"id": f"{number}/{place}", "name": name, "args": given} for place, (name, given) in enumerate(calls)]
        pieces = [{"text": thought, "thought": True}, {"text": text[:1]}, {"text": text[1:]}, {"text": ""}]
        # A streamed answer comes back chunk by chunk; results may lack the ids of their calls.
        written += [
            {"role": "model", "parts": [part]} for part in [*pieces, *({"functionCall": call} for call in made)]
        ]
        results = [
            {"name": call["name"], "response": {"result": "done"}, **({"id": call["id"]} if with_ids else {})}
            for call in made
        ]
        if results:
            written.append({"parts": [{"functionResponse": result} for result in results]})
    modes: Any = {"required": "ANY", "f": "ANY"}
    calling: dict[str, Any] = {"mode": modes.get(options["choice"], options["choice"])}
    if options["choice"] == "f":
        calling["allowed_function_names"] = ["f"]
    return {
        "systemInstruction": {"parts": [{"text": system}]} if system else None,
        "contents": written,
        "tools": [{"functionDeclarations": [{"name": name, "parameters": SPELLED} for name in options["tools"]]}],
        "toolConfig": {"functionCallingConfig": calling} if options["tools"] else None,
        "generationConfig": {
            "thinkingConfig": {"includeThoughts": options["reasoning"]},
            **({"responseMimeType": "application/json", "responseSchema": SPELLED} if options["schema"] else {}),
        },
    }


def read(protocol: WireProtocol, endpoint: Endpoint, body: Any) -> dict[str, Any]:
    request = protocol.decode(Call("POST", "/", body=jsontext.dumps(body)), endpoint, Memory(most=9))
    fields = ("model", "turns", "tools", "tool_choice", "stream", "reasoning", "schema", "tool_results", "input_tokens")
    return {name: getattr(request, name) for name in fields}


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
def test_a_conversation_is_the_same_in_chat_and_in_gemini(
    system: str, said: list[Any], options: dict[str, Any]
) -> None:
    expected = read(chat, Endpoint("p", chat), in_chat(system, said, options))
    endpoint = Endpoint("p", gemini, model="m", stream=options["stream"])
    assert expected == read(gemini, endpoint, in_gemini(system, said, options))


# ---------------------------------------------------------------- whatever comes

NAMES = [
    *("contents", "role", "parts", "text", "thought", "thoughtSignature", "inlineData", "mimeType", "data", "fileData"),
    *("functionCall", "function_response", "name", "id", "args", "response", "systemInstruction", "tools"),
    *("functionDeclarations", "parameters", "type", "toolConfig", "functionCallingConfig", "mode"),
    *(
        "allowedFunctionNames",
        "generationConfig",
        "candidateCount",
        "thinkingConfig",
        "includeThoughts",
        "responseSchema",
    ),
]
leaves = (
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from(["", "a", "ANY"])
)
anything: Any = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=25,
)


def outcome(body: Any) -> str | None:
    call = Call("POST", "/", body=jsontext.dumps(body))
    try:
        gemini.decode(call, Endpoint("p", gemini, model="m"), Memory(most=9))
    except Rejected as rejected:
        return rejected.failure.message
    return "read"


@given(body=st.fixed_dictionaries({}, optional={name: anything for name in NAMES if name != "contents"}), part=anything)
def test_whatever_comes_is_read_or_rejected_in_a_sentence(body: Any, part: Any) -> None:
    said = outcome({**body, "contents": [{"parts": [part]}]})
    assert said is not None
    assert said == "read" or said.startswith(("Invalid ", "* GenerateContentRequest.", "Please use a valid role"))
