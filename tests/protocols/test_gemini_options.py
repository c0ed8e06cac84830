"""Gemini generateContent: what else a request says, read without a server."""

import json
from typing import Any

import pytest

from emulator.protocols import chat, gemini
from emulator.session import Memory
from emulator.types import (
    Call,
    Endpoint,
    Failure,
    Page,
    Rejected,
    Request,
    Stamp,
    Tool,
)

ENDPOINT = Endpoint("p", gemini, model="m", stream=False)
STAMP = Stamp(seed=0, serial=1, created=1_767_225_601)


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


SCHEMA = {"type": "object", "properties": {"type": {"type": "string", "enum": ["OBJECT"]}}, "anyOf": [{"type": "null"}]}
SPELLED = {
    "type": "OBJECT",
    "properties": {"type": {"type": "STRING", "enum": ["OBJECT"]}},
    "anyOf": [{"type": "NULL"}],
}


def calling(mode: str, *names: str) -> Any:
    return {"toolConfig": {"functionCallingConfig": {"mode": mode, "allowedFunctionNames": list(names)}}}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, {"tools": (), "tool_choice": "none", "reasoning": False, "schema": None, "count": 1, "stream": False}),
        (
            {"tools": [{"functionDeclarations": [{"name": "f", "parameters": SPELLED}, {"name": "g"}]}]},
            {"tools": (Tool("f", SCHEMA), Tool("g")), "tool_choice": "auto"},
        ),
        (
            {"tools": {"function_declarations": {"name": "f", "parameters_json_schema": SCHEMA}}},
            {"tools": (Tool("f", SCHEMA),)},
        ),
        ({"tools": [{"googleSearch": {}}]}, {"tools": (), "tool_choice": "none"}),
        (calling("AUTO"), {"tool_choice": "none"}),
        ({"tools": [{"functionDeclarations": [{"name": "f"}]}], **calling("AUTO")}, {"tool_choice": "auto"}),
        ({"tools": [{"functionDeclarations": [{"name": "f"}]}], **calling("VALIDATED", "f")}, {"tool_choice": "auto"}),
        ({"tools": [{"functionDeclarations": [{"name": "f"}]}], **calling("none")}, {"tool_choice": "none"}),
        (calling("ANY"), {"tool_choice": "required"}),
        (calling("any", "f"), {"tool_choice": "f"}),
        (calling("ANY", "f", "g"), {"tool_choice": "required"}),
        (
            {"tool_config": {"function_calling_config": {"mode": "ANY", "allowed_function_names": ["f"]}}},
            {"tool_choice": "f"},
        ),
        ({"toolConfig": 3}, {"tool_choice": "none"}),
        ({"generationConfig": {"thinkingConfig": {"includeThoughts": True}}}, {"reasoning": True}),
        (
            {"generationConfig": {"thinkingConfig": {"includeThoughts": True, "thinkingBudget": -1}}},
            {"reasoning": True},
        ),
        # The founding document 004 asks so.
        (
            {"generationConfig": {"thinkingConfig": {"includeThoughts": True, "thinkingBudget": 0}}},
            {"reasoning": False},
        ),
        ({"generation_config": {"thinking_config": {"include_thoughts": True}}}, {"reasoning": True}),
        ({"generationConfig": {"thinkingConfig": {"thinkingLevel": "HIGH"}}}, {"reasoning": False}),
        ({"generationConfig": {"candidateCount": 2.0}}, {"count": 2}),
        ({"generationConfig": {"candidate_count": 8}}, {"count": 8}),
        ({"generationConfig": {"candidateCount": 9}}, {"count": 1}),
        ({"generationConfig": {"candidateCount": True}}, {"count": 1}),
        ({"generationConfig": {"candidateCount": "2"}}, {"count": 1}),
        ({"generationConfig": {"responseMimeType": "application/json"}}, {"schema": True}),
        ({"generationConfig": {"responseMimeType": "text/plain"}}, {"schema": None}),
        (
            {"generationConfig": {"response_mime_type": "application/json", "response_schema": SPELLED}},
            {"schema": SCHEMA},
        ),
        ({"generationConfig": {"responseJsonSchema": SPELLED}}, {"schema": SPELLED}),
    ],
)
def test_options_are_read(fields: dict[str, Any], expected: dict[str, Any]) -> None:
    request = asked(**fields)
    assert expected == {name: getattr(request, name) for name in expected}


@pytest.mark.parametrize(
    ("endpoint", "body", "expected"),
    [
        (ENDPOINT, {"model": "other"}, ("m", False)),
        (Endpoint("p", gemini, model="models/m", stream=True), {}, ("m", True)),
        (Endpoint("p", gemini), {"model": "models/gemini-2.5-flash", "stream": True}, ("gemini-2.5-flash", False)),
    ],
)
def test_the_path_decides_model_and_stream_and_the_body_what_is_left(
    endpoint: Endpoint, body: Any, expected: tuple[str, bool]
) -> None:
    request = decode({"contents": [], **body}, endpoint)
    assert expected == (request.model, request.stream)


@pytest.mark.parametrize(
    ("body", "name", "message"),
    [
        (
            b"{",
            "malformed_body",
            "the body is not JSON: Expecting property name enclosed in double quotes at line 1 column 2",
        ),
        ([], "malformed_body", "the body is a list, not an object"),
    ],
)
def test_what_is_no_request_at_all_is_rejected(body: Any, name: str, message: str | None) -> None:
    with pytest.raises(Rejected) as caught:
        decode(body)
    assert Failure(name, message) == caught.value.failure  # type: ignore[arg-type]


OF = "type.googleapis.com/google.ai.generativelanguage.v1beta"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"contents": "hi"}, f"Invalid value at 'contents' ({OF}.Content), \"hi\""),
        ({"contents": ["hi"]}, f"Invalid value at 'contents[0]' ({OF}.Content), \"hi\""),
        ({"contents": [{"role": "assistant"}]}, "Please use a valid role: user, model."),
        ({"contents": [{"role": 7}]}, "Invalid value at 'contents[0].role' (TYPE_STRING), 7"),
        ({"contents": [user(True)]}, f"Invalid value at 'contents[0].parts[0]' ({OF}.Part), true"),
        ({"contents": [{"parts": 1.5}]}, f"Invalid value at 'contents[0].parts' ({OF}.Part), 1.5"),
        (
            {"contents": [model({"functionCall": {"args": {}}})]},
            "* GenerateContentRequest.contents[0].parts[0].function_call.name: Name cannot be empty.\n",
        ),
        (
            {"contents": [model({"functionCall": {"name": 1}})]},
            "Invalid value at 'contents[0].parts[0].function_call.name' (TYPE_STRING), 1",
        ),
        (
            {"contents": [model({"functionCall": "f"})]},
            f"Invalid value at 'contents[0].parts[0].function_call' ({OF}.FunctionCall), \"f\"",
        ),
        (
            {"contents": [user({"functionResponse": []})]},
            (
                "Invalid JSON payload received. Unknown name \"function_response\" at 'contents[0].parts[0]': "
                "Proto field is not repeating, cannot start list."
            ),
        ),
        (
            {"contents": [], "systemInstruction": ["a"]},
            (
                'Invalid JSON payload received. Unknown name "system_instruction": '
                "Proto field is not repeating, cannot start list."
            ),
        ),
        ({"contents": [], "tools": "f"}, f"Invalid value at 'tools' ({OF}.Tool), \"f\""),
        (
            {"contents": [], "tools": [{"functionDeclarations": [{"name": 1}]}]},
            "Invalid value at 'tools[0].function_declarations[0].name' (TYPE_STRING), 1",
        ),
    ],
)
def test_what_cannot_be_read_is_rejected_in_the_words_of_the_service(body: Any, message: str) -> None:
    with pytest.raises(Rejected) as caught:
        decode(body)
    assert Failure("invalid_request", message) == caught.value.failure


def test_what_is_not_there_is_left_to_the_rules() -> None:
    assert () == decode({}).turns
    assert () == decode({"tools": [{"functionDeclarations": [{}]}]}).tools


@pytest.mark.parametrize(
    ("model", "name", "message"),
    [
        (None, "missing_model", None),
        ("", "missing_model", None),
        (4, "invalid_request", "Invalid value at 'model' (TYPE_STRING), 4"),
    ],
)
def test_where_neither_path_nor_body_names_a_model_it_is_rejected(model: Any, name: str, message: str | None) -> None:
    with pytest.raises(Rejected) as caught:
        decode({"contents": [], "model": model}, Endpoint("p", gemini))
    assert Failure(name, message) == caught.value.failure  # type: ignore[arg-type]


def test_a_conversation_is_the_same_value_as_in_chat() -> None:
    arguments = {"at": ["sky", {"n": 1}], "ü": None}
    seen = {"temperature": "25℃", "weather": "sunny"}
    function = {"name": "look", "parameters": SCHEMA}
    theirs = chat.decode(
        Call(
            "POST",
            "/",
            body=json.dumps(
                {
                    "model": "m",
                    "messages": [
                        {"role": "developer", "content": "be brief"},
                        {
                            "role": "user",
                            "content": [
                                {"type": "text", "text": "see"},
                                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
                                {"type": "input_audio", "input_audio": {"data": "BBBB", "format": "mp3"}},
                            ],
                        },
                        {
                            "role": "assistant",
                            "reasoning_content": "hm",
                            "content": "I look.",
                            "tool_calls": [
                                {
                                    "id": "1",
                                    "type": "function",
                                    "function": {
                                        "name": "look",
                                        "arguments": json.dumps(arguments, ensure_ascii=False),
                                    },
                                }
                            ],
                        },
                        {"role": "tool", "tool_call_id": "1", "content": json.dumps(seen, ensure_ascii=False)},
                        {"role": "user", "content": "so?"},
                    ],
                    "tools": [{"type": "function", "function": function}],
                    "tool_choice": "required",
                    "reasoning_effort": "high",
                    "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": SCHEMA}},
                    "n": 2,
                }
            ).encode(),
        ),
        Endpoint("p", chat),
        Memory(most=9),
    )
    ours = asked(
        user(
            text("see"),
            {"inlineData": {"mimeType": "image/png", "data": "AAAA"}},
            {"inlineData": {"mimeType": "audio/mp3", "data": "BBBB"}},
        ),
        model(text("hm", thought=True), text("I look."), call("look", args=arguments, id="1")),
        user(result("look", seen), text("so?")),
        systemInstruction={"parts": [text("be brief")]},
        tools=[{"functionDeclarations": [{"name": "look", "parameters": SPELLED}]}],
        toolConfig={"functionCallingConfig": {"mode": "ANY"}},
        generationConfig={
            "candidateCount": 2,
            "thinkingConfig": {"includeThoughts": True},
            "responseMimeType": "application/json",
            "responseSchema": SPELLED,
        },
    )
    fields = ("model", "turns", "tools", "tool_choice", "stream", "reasoning", "schema", "count", "input_tokens")
    assert {name: getattr(theirs, name) for name in fields} == {name: getattr(ours, name) for name in fields}


@pytest.mark.parametrize(
    "body",
    [
        {"contents": [user(text("12345678"))]},
        {"generateContentRequest": {"model": "models/m", "contents": [user(text("12345678"))]}},
        {
            "generate_content_request": {
                "contents": [user(text("1234"))],
                "systemInstruction": {"parts": [text("1234")]},
            }
        },
    ],
)
def test_tokens_are_counted(body: Any) -> None:
    page = gemini.count_tokens(Call("POST", "/", body=json.dumps(body).encode()), ENDPOINT, Memory(most=9), STAMP)
    assert Page(200, {"totalTokens": 2, "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 2}]}) == page
