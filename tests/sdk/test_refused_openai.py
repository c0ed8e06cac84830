"""What the released `openai` package raises where the service says no: the class and the code of production."""

from typing import Any

import openai
import pytest
from openai import OpenAI

from emulator import Session

HI: Any = {"role": "user", "content": "Hi"}
TOOL: Any = {"role": "tool", "tool_call_id": "call_1", "content": "x"}
CALL: Any = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
ASKED: Any = {"role": "assistant", "tool_calls": [CALL]}
OPEN: Any = {"type": "object", "properties": {"a": {"type": "string"}}}

CHATS: list[tuple[dict[str, Any], str | None, str | None]] = [
    ({"messages": []}, "messages", "empty_array"),
    ({"temperature": 3}, "temperature", "decimal_above_max_value"),
    ({"n": 0}, "n", "integer_below_min_value"),
    ({"extra_body": {"top_k": 5}}, "top_k", "unknown_parameter"),
    ({"messages": [HI, TOOL]}, "messages.[1].role", None),
    ({"messages": [HI, ASKED, HI]}, "messages.[2].role", None),
    ({"messages": [{"role": "user", "content": None}]}, "messages.[0].content", None),
    ({"stop": ["a", "b", "c", "d", "e"]}, "stop", "array_above_max_length"),
    ({"tools": [{"type": "function", "function": {"name": "a b"}}]}, "tools[0].function.name", "invalid_value"),
    (
        {"tools": [{"type": "function", "function": {"name": "f", "strict": True, "parameters": OPEN}}]},
        "tools[0].function.parameters",
        "invalid_function_parameters",
    ),
    ({"response_format": {"type": "json_object"}}, "messages", None),
    ({"tool_choice": "auto"}, "tool_choice", None),
    ({"stream_options": {"include_usage": True}}, "stream_options", None),
    ({"top_logprobs": 3}, "top_logprobs", None),
]

RESPONSES: list[tuple[dict[str, Any], str | None, str | None]] = [
    ({"input": []}, None, "missing_required_parameter"),
    ({"input": [{"type": "function_call_output", "call_id": "call_1", "output": "x"}]}, "input", None),
    ({"max_output_tokens": 1}, "max_output_tokens", "integer_below_min_value"),
    ({"previous_response_id": "resp_x"}, "previous_response_id", "previous_response_not_found"),
    ({"text": {"format": {"type": "json_schema", "name": "n", "strict": True, "schema": OPEN}}},
     "text.format.schema", "invalid_json_schema"),
]  # fmt: skip


@pytest.fixture
def client(emulator: Session) -> OpenAI:
    return OpenAI(**emulator.plain.openai, max_retries=2)


@pytest.mark.parametrize(("change", "param", "code"), CHATS)
def test_a_bad_chat_is_a_bad_request(
    emulator: Session, client: OpenAI, change: dict[str, Any], param: str | None, code: str | None
) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(**{"model": "gpt-4o", "messages": [HI], **change})
    error = caught.value
    assert (param, code, "invalid_request_error") == (error.param, error.code, error.type)
    assert 1 == len(emulator.requests), "it is not tried again"


@pytest.mark.parametrize(("change", "param", "code"), RESPONSES)
def test_a_bad_response_is_a_bad_request(
    client: OpenAI, change: dict[str, Any], param: str | None, code: str | None
) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.responses.create(**{"model": "gpt-4o", "input": "Hi", **change})
    assert (param, code) == (caught.value.param, caught.value.code)


def test_a_bad_stream_is_refused_before_it_begins(client: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model="gpt-4o", messages=[HI], stream=True, top_p=7)
    assert "decimal_above_max_value" == caught.value.code


@pytest.mark.parametrize(
    ("base", "code"),
    [("cloudbase/v1/ai/cloudbase", "AI_MODEL_PARAM_INVALID"), ("cloudsway/v1", "400"), ("enveloped/api/v1", "400")],
)
def test_a_gateway_refuses_in_an_envelope_of_its_own(emulator: Session, base: str, code: str) -> None:
    client = OpenAI(base_url=f"{emulator.url}/{base}", api_key=emulator.key)
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model="m", messages=[HI], temperature=3)
    assert code == caught.value.code
    assert "Expected a value <= 2, but got 3 instead." in str(caught.value)


def test_a_bad_picture_is_a_bad_request(client: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.images.generate(model="gpt-image-2", prompt="")
    assert "empty_string" == caught.value.code
