"""What CloudBase refuses, in its envelope: `{code, message, requestId}`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.providers.cloudbase import CloudBase, catalogue
from emulator.types import EmulatorError, Origin
from tests.live import Live
from tests.rules.mutations import mutated
from tests.rules.table import ANY, GONE, Row, answered, changed, name_of, noted, refused

CHAT = "/cloudbase/v1/ai/cloudbase/chat/completions"
RESPONSES = "/cloudbase/v1/ai/cloudbase/responses"
MESSAGES = "/cloudbase/v1/ai/cloudbase/v1/messages"
IMAGES = "/cloudbase/v1/ai/hunyuan-image/images/generations"
HI = {"role": "user", "content": "Hi"}
GOOD: dict[str, dict[str, Any]] = {
    CHAT: {"model": "hy3-preview", "messages": [HI]},
    RESPONSES: {"model": "hy3-preview", "input": "Hi"},
    MESSAGES: {"model": "hy3-preview", "max_tokens": 9, "messages": [HI]},
    IMAGES: {"model": "hunyuan-image", "prompt": "a cat"},
}
PAGE = "docs.cloudbase.net /en/http-api/ai-model/call-llm (2026-11)"
HUB = "tencentcloud.com/document/product/1300/78942 (2026-11-20)"
PICTURES = "@cloudbase/ai 3.7.0 src/models/image-model.ts (2026-11)"
CALL = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
ASKED = {"role": "assistant", "content": "", "tool_calls": [CALL]}


def row(
    name: str,
    path: str,
    change: dict[str, Any],
    message: str,
    rule: str,
    source: str,
    origin: Origin = "inferred",
    code: str = "AI_MODEL_PARAM_INVALID",
) -> Row:
    error = {"code": code, "message": message, "requestId": ANY}
    return Row(name, path, changed(GOOD[path], **change), 400, error, origin, source, rule)


ROWS = [
    row("no model", CHAT, {"model": GONE}, "The parameter 'model' is required", "", "DOC AI codes", "documented",
        "AI_MODEL_PARAM_REQUIRED"),
    row("no messages", CHAT, {"messages": GONE}, "Missing required parameter: 'messages'.", "", PAGE, "documented"),
    row("empty messages", CHAT, {"messages": []},
        "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.",
        "empty-messages", "as OpenAI has it"),
    row("a temperature above 2", CHAT, {"temperature": 2.5},
        "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 2.5 instead.",
        "temperature-range", PAGE, "documented"),
    row("a top_p above 1", CHAT, {"top_p": 1.5},
        "Invalid 'top_p': decimal above maximum value. Expected a value <= 1, but got 1.5 instead.", "top-p-range",
        PAGE, "documented"),
    row("a temperature that is a text", CHAT, {"temperature": "0.5"},
        "Invalid type for 'temperature': expected a decimal, but got a string instead.", "field-types", "as OpenAI"),
    row("five stops", CHAT, {"stop": list("abcde")},
        "Invalid 'stop': array too long. Expected an array with maximum length 4, but got an array with length 5 "
        "instead.", "stop", HUB, "upstream"),
    row("an unknown choice of tools", CHAT, {"tools": [{"type": "function", "function": {"name": "f"}}],
                                             "tool_choice": "any"},
        "Invalid value: 'any'. Supported values are: 'none', 'auto', and 'required'.", "tool-choice", HUB, "upstream"),
    row("a form of answer that there is not", CHAT, {"response_format": {"type": "xml"}},
        "Invalid value: 'xml'. Supported values are: 'json_object', 'json_schema', and 'text'.", "response-format",
        "Tencent-Hunyuan/Hy3 docs/api (2026-11)", "upstream"),
    row("a part that there is not", CHAT, {"messages": [{"role": "user", "content": [{"type": "audio_url"}]}]},
        "Invalid value: 'audio_url'. Supported values are: 'text', 'image_url', 'input_audio', 'refusal', 'audio', "
        "'file', 'video_url', and 'file_url'.", "content-parts", "pages on multimodal input", "documented"),
    row("a result of no call", CHAT, {"messages": [HI, {"role": "tool", "tool_call_id": "x", "content": "y"}]},
        "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
        "tool-results", "as OpenAI has it"),
    row("a result of another call", CHAT,
        {"messages": [HI, ASKED, {"role": "tool", "tool_call_id": "x", "content": "y"}]},
        "Invalid parameter: 'tool_call_id' of 'x' not found in 'tool_calls' of previous message.", "tool-results",
        "as OpenAI has it"),
    row("more than the model can say", CHAT, {"max_tokens": 131_073},
        "max_tokens is too large: 131073. This model supports at most 131072 completion tokens, whereas you provided "
        "131073.", "model-output", "cloud.tencent.com/document/product/1823/132252 (2026-05-28)", "upstream"),
    row("no input", RESPONSES, {"input": GONE}, "Missing required parameter: 'input'.", "", PAGE),
    row("empty input", RESPONSES, {"input": []},
        "One of \"input\" or \"previous_response_id\" or 'prompt' or 'conversation' must be provided.", "empty-input",
        "as OpenAI has it"),
    row("a result of no call, in a response", RESPONSES,
        {"input": [{"type": "function_call_output", "call_id": "x", "output": "y"}]},
        "No tool call found for function call output with call_id x.", "tool-pairing", "as OpenAI has it"),
    row("no max_tokens", MESSAGES, {"max_tokens": GONE}, "max_tokens: Field required", "max-tokens", PAGE,
        "documented"),
    row("a temperature above 1", MESSAGES, {"temperature": 1.5}, "temperature: range: 0..1", "temperature", PAGE,
        "documented"),
    row("another size", IMAGES, {"size": "640x480"},
        "Invalid value: '640x480'. Supported values are: '1024x1024', '1280x720', '720x1280', and '1280x1280'.",
        "size", PICTURES, "package"),
    row("a long footnote", IMAGES, {"footnote": "x" * 17},
        "Invalid 'footnote': string too long. Expected a string with maximum length 16, but got a string with length "
        "17 instead.", "prompt-length", PICTURES, "package"),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=name_of)
def test_what_is_refused(live: Live, row: Row) -> None:
    assert refused(row) == answered(live, row)


NOTED: list[tuple[str, dict[str, Any], str]] = [
    ("an unknown parameter", {"enable_search": True}, "unknown-parameter"),
    ("a developer", {"messages": [{"role": "developer", "content": "x"}, HI]}, "roles"),
    (
        "a picture for a model that reads",
        {
            "messages": [
                {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://e.org/a.png"}}]}
            ]
        },
        "model-ability",
    ),
    ("a call that nobody answers", {"messages": [HI, ASKED, HI]}, "tool-calls-answered"),
    ("JSON without the word", {"response_format": {"type": "json_object"}}, "json-word"),
]


@pytest.mark.parametrize(("name", "change", "rule"), NOTED)
def test_what_the_model_may_let_pass_is_only_noted(live: Live, name: str, change: dict[str, Any], rule: str) -> None:
    row = Row(name, CHAT, GOOD[CHAT] | change, 200, None, "inferred", "")
    status, warnings = noted(live, row)
    assert (200, [rule]) == (status, [warning.partition(":")[0] for warning in warnings])


def test_the_model_sees_that_is_documented_to_see(live: Live) -> None:
    picture = {"type": "image_url", "image_url": {"url": "https://e.org/a.png"}}
    body = {"model": "glm-5v-turbo", "messages": [{"role": "user", "content": [picture]}]}
    assert (200, ()) == noted(live, Row("", CHAT, body, 200, None, "documented", ""))


def test_the_catalogue_is_a_setting(tmp_path: Path, scripted: Callable[..., Live]) -> None:
    file = tmp_path / "models.json"
    rows = [{"name": "mine", "output": 10, "tools": False, "source": "me"}, {"name": "deepseek-mine"}]
    file.write_text(json.dumps({"read": "today", "models": rows}))
    live = scripted("steps: [{reply: {text: Hi}}]", providers={"cloudbase": {"catalogue": str(file)}})
    headers = {"authorization": live.bearer}
    listed = live.send("GET", "/cloudbase/v1/ai/cloudbase/models", headers=headers).json["data"]
    assert ["mine", "deepseek-mine"] == [model["id"] for model in listed]
    tools = [{"type": "function", "function": {"name": "f"}}]
    limited = live.send("POST", CHAT, {"model": "mine", "messages": [HI], "max_tokens": 11})
    assert "max_tokens is too large: 11. This model supports at most 10" in limited.json["message"]
    assert "1" == live.send("POST", CHAT, {"model": "mine", "messages": [HI], "tools": tools}).headers[
        "x-emulator-warnings"
    ]  # fmt: skip
    assert 200 == live.send("POST", CHAT, {"model": "hy3-preview", "messages": [HI], "max_tokens": 10**6}).status


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (None, "No such file or directory"),
        ("[]", "the body is a list, not an object"),
        ("{}", "models: a list is wanted"),
        ('{"models": [{}]}', "models[0]: an object with a name is wanted"),
        ('{"models": [{"name": "m", "vision": true}]}', "models[0].vision: unknown; there are"),
    ],
)
def test_a_catalogue_that_is_none_is_refused_at_the_start(tmp_path: Path, text: str | None, sentence: str) -> None:
    file = tmp_path / "models.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(EmulatorError) as caught:
        CloudBase(catalogue=str(file))
    assert str(file) in str(caught.value)
    assert sentence in str(caught.value)


def test_the_models_that_are_listed_are_those_of_the_catalogue() -> None:
    assert tuple(catalogue.read("")) == CloudBase().models


FULL = {
    CHAT: GOOD[CHAT] | {
        "messages": [
            {"role": "system", "content": "x"},
            {"role": "user", "content": [{"type": "text", "text": "x"}]},
            ASKED,
            {"role": "tool", "tool_call_id": "call_1", "content": "y"},
            HI,
        ],
        "tools": [{"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}],
        "tool_choice": "auto",
        "temperature": 1,
        "stop": ["x"],
        "thinking": {"type": "enabled"},
        "response_format": {"type": "text"},
    },
    IMAGES: GOOD[IMAGES] | {"size": "1024x1024", "n": 1, "revise": {"value": True}, "footnote": "x"},
}  # fmt: skip


@pytest.mark.parametrize("path", FULL)
@given(data=st.data())
def test_one_field_that_is_something_else_is_never_a_traceback(
    strict_server: Live, path: str, data: st.DataObject
) -> None:
    reply = strict_server.send("POST", path, data.draw(mutated([FULL[path]])))
    # That the scenario has no images is a miss: 404.
    assert reply.status in {200, 400, 404}
    assert reply.status == 200 or set(reply.json) == {"code", "message", "requestId"}
