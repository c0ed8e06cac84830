"""Gemini generateContent: conversations, read without a server."""

import json
from typing import Any

import pytest

from emulator.protocols import gemini
from emulator.session import Memory
from emulator.types import (
    Call,
    Endpoint,
    Media,
    Reasoning,
    Request,
    Text,
    ToolCall,
    ToolResult,
    Turn,
)

ENDPOINT = Endpoint("p", gemini, model="m", stream=False)


def decode(body: Any, endpoint: Endpoint = ENDPOINT, **query: str) -> Request:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return gemini.decode(Call("POST", "/", query, body=data), endpoint, Memory(most=9))


def asked(*contents: Any, **fields: Any) -> Request:
    return decode({"contents": list(contents), **fields})


def user(*parts: Any) -> Any:
    return {"role": "user", "parts": list(parts)}


def model(*parts: Any) -> Any:
    return {"role": "model", "parts": list(parts)}


def text(words: str, **more: Any) -> Any:
    return {"text": words, **more}


def call(name: str, **more: Any) -> Any:
    return {"functionCall": {"name": name, **more}}


def result(name: str, response: Any, **more: Any) -> Any:
    return {"functionResponse": {"name": name, "response": response, **more}}


# https://ai.google.dev/api/generate-content (2026-11), bodies of google-genai, and the founding document 004
CONVERSATIONS: list[tuple[list[Any], tuple[Turn, ...]]] = [
    ([], ()),
    ([user(text("hi"))], (Turn("user", (Text("hi"),)),)),
    # A role may be missing, and is written in any case.
    ([{"parts": [text("a")]}, {"role": "USER", "parts": [text("b")]}], (Turn("user", (Text("a"), Text("b"))),)),
    ([{"role": "user"}, {"role": "Model", "parts": []}], (Turn("user", ()), Turn("assistant", ()))),
    # One object stands for a list of it.
    ([{"role": "user", "parts": {"text": "hi"}}], (Turn("user", (Text("hi"),)),)),
    (
        [user(text("?")), model(text("hm", thought=True, thoughtSignature="c2ln"), text("yes"))],
        (Turn("user", (Text("?"),)), Turn("assistant", (Reasoning("hm", signature="c2ln"), Text("yes")))),
    ),
    # An empty text carries a signature and nothing else.
    ([model(text("", thoughtSignature="c2ln"))], (Turn("assistant", ()),)),
    # What was streamed comes back piece by piece, and is one say.
    (
        [
            model(text("Let ", thought=True)),
            model(text("me see.", thought=True)),
            model(text("It ")),
            model(text("is.")),
            model(text("", thoughtSignature="c2ln")),
        ],
        (Turn("assistant", (Reasoning("Let me see."), Text("It is."))),),
    ),
    ([model(call("go")), model(text(""))], (Turn("assistant", (ToolCall("go", "{}"),)),)),
    (
        [
            user(text("?")),
            model(call("look", args={"at": "sky"}, id="1"), call("look", args={"at": "sea"}, id="2"), call("go")),
            user(
                result("other", {"temperature": 20}, id="2"),
                result("look", {"result": "blue"}, id="1"),
                result("go", {"output": {"to": "°"}}),
                text("so?"),
            ),
        ],
        (
            Turn("user", (Text("?"),)),
            Turn(
                "assistant",
                (
                    ToolCall("look", '{"at": "sky"}', id="1"),
                    ToolCall("look", '{"at": "sea"}', id="2"),
                    ToolCall("go", "{}"),
                ),
            ),
            Turn(
                "tool",
                (
                    ToolResult("2", "look", '{"temperature": 20}'),
                    ToolResult("1", "look", "blue"),
                    ToolResult("", "go", '{"to": "°"}'),
                ),
            ),
            Turn("user", (Text("so?"),)),
        ),
    ),
    # Without ids results are found by name, in order; "function" is the role of the first versions.
    (
        [
            model(call("look", id="1"), call("go", id="2"), call("look", id="3")),
            {
                "role": "function",
                "parts": [result("go", "done"), result("look", None), result("look", {}), result("look", [1])],
            },
        ],
        (
            Turn(
                "assistant", (ToolCall("look", "{}", id="1"), ToolCall("go", "{}", id="2"), ToolCall("look", "{}", "3"))
            ),
            Turn(
                "tool",
                (
                    ToolResult("2", "go", "done"),
                    ToolResult("1", "look", ""),
                    ToolResult("3", "look", "{}"),
                    ToolResult("", "look", "[1]"),
                ),
            ),
        ),
    ),
    (
        [
            user(
                text("see"),
                {"inlineData": {"mimeType": "image/png", "data": "AAAA"}},
                {"inline_data": {"mime_type": "audio/mp3", "data": "BBBB"}},
                {"fileData": {"mimeType": "video/mp4", "fileUri": "gs://b/film"}},
                {"file_data": {"mime_type": "application/pdf", "file_uri": "https://e.org/a.pdf"}},
                {"fileData": {"fileUri": "https://e.org/b"}},
                {"inlineData": 7},
                {"executableCode": {"code": "1"}},
                text(""),
            )
        ],
        (
            Turn(
                "user",
                (
                    Text("see"),
                    Media("image", "data:image/png;base64,AAAA"),
                    Media("audio", "BBBB"),
                    Media("video", "gs://b/film"),
                    Media("file", "https://e.org/a.pdf"),
                    Media("file", "https://e.org/b"),
                    Media("file", "data:;base64,"),
                    Text(""),
                ),
            ),
        ),
    ),
    (
        [
            {"role": "model", "parts": [{"function_call": {"name": "f", "args": {}}, "thought_signature": "c2ln"}]},
            {"role": "user", "parts": [{"function_response": {"name": "f", "response": {"output": "x"}}}]},
        ],
        (Turn("assistant", (ToolCall("f", "{}"),)), Turn("tool", (ToolResult("", "f", "x"),))),
    ),
]


@pytest.mark.parametrize(("contents", "turns"), CONVERSATIONS)
def test_contents_are_read_into_turns(contents: list[Any], turns: tuple[Turn, ...]) -> None:
    assert turns == asked(*contents).turns


def test_one_content_stands_for_a_list_of_it() -> None:
    assert (Turn("user", (Text("hi"),)),) == decode({"contents": user(text("hi"))}).turns


@pytest.mark.parametrize(
    ("instruction", "texts"),
    [
        ("be brief", ["be brief"]),
        ({"parts": [text("be brief"), text("now")]}, ["be brief", "now"]),
        ({"role": "user", "parts": {"text": "be brief"}}, ["be brief"]),
        ({}, []),
        ("", []),
        (None, []),
    ],
)
@pytest.mark.parametrize("field", ["systemInstruction", "system_instruction"])
def test_the_instruction_is_the_first_turn(field: str, instruction: Any, texts: list[str]) -> None:
    system = (Turn("system", tuple(map(Text, texts))),) if texts else ()
    assert (*system, Turn("user", (Text("hi"),))) == asked(user(text("hi")), **{field: instruction}).turns
