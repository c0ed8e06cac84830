"""What the models behind Cloudsway refuse, each series in its own words, in the gateway's envelope."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.types import Origin
from tests.live import Live
from tests.rules.mutations import mutated
from tests.rules.table import Row, answered, name_of, noted, refused

PATH = "/cloudsway/v1/chat/completions"
GP, CL, GE = "MaaS_GP_5.4_20260305", "MaaS_Cl_Sonnet_4.6_20260217", "MaaS_Ge_3.1_pro_preview_20260219"
HI = {"role": "user", "content": "Hi"}
CALL = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
ASKED = {"role": "assistant", "content": None, "tool_calls": [CALL]}
ANSWER = {"role": "tool", "tool_call_id": "call_1", "content": "blue"}
LOOK = {"type": "function", "function": {"name": "look"}}
SEEN = "errors that clients of the service simulate: SenseTime-FVG/sensenova-claw, tests (2026-11)"
HOME = "the model's own service has it"


def openai(message: str, param: str | None, code: str | None) -> Any:
    return {"error": {"message": message, "type": "invalid_request_error", "param": param, "code": code}}


def google(message: str) -> Any:
    return {"error": {"code": 400, "message": message, "status": "INVALID_ARGUMENT"}}


def row(
    name: str, model: str, change: dict[str, Any], inner: Any, rule: str, source: str = SEEN, origin: Origin = "field"
) -> Row:
    """The message is the model's own body, as text: of Claude in one line, else over several."""
    text = json.dumps(inner, indent=None if "message" in inner else 2)
    body = {"model": model, "messages": [HI], **change}
    return Row(name, PATH, body, 400, {"error": {"code": "400", "message": text}}, origin, source, rule)


ROWS = [
    row("top_k", GP, {"top_k": 5}, openai("Unknown parameter: 'top_k'.", "top_k", "unknown_parameter"),
        "unknown-parameter"),
    row("too much of GP", GP, {"max_tokens": 200_000},
        openai("max_tokens is too large: 200000. This model supports at most 128000 completion tokens, whereas you "
               "provided 200000.", "max_tokens", "invalid_value"), "gp-output"),
    row("tools with an effort", GP, {"tools": [LOOK], "reasoning_effort": "high"},
        openai(f"Function tools with reasoning_effort are not supported for {GP} in /v1/chat/completions. To use "
               "function tools, use /v1/responses or set reasoning_effort to 'none'.", "reasoning_effort", None),
        "gp-tools-with-effort"),
    row("a hot GP", GP, {"temperature": 3},
        openai("Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 3 instead.",
               "temperature", "decimal_above_max_value"), "temperature-range", HOME, "upstream"),
    row("no tools in a list of GP", GP, {"tools": []},
        openai("Invalid 'tools': empty array. Expected an array with minimum length 1, but got an empty array "
               "instead.", "tools", "empty_array"), "tool-count", HOME, "upstream"),
    row("too much of Ge", GE, {"max_tokens": 65_537},
        google("Unable to submit request because it has a maxOutputTokens value of 65537 but the supported range is "
               "from 1 (inclusive) to 65537 (exclusive). Update the value and try again."), "ge-output"),
    row("no signature", GE, {"messages": [{"role": "system", "content": "x"}, HI, ASKED, ANSWER]},
        google("Unable to submit request because function call `look` in the 2. content block is missing a "
               "`thought_signature`. Learn more: https://docs.cloud.google.com/vertex-ai/generative-ai/docs/"
               "thought-signatures"), "ge-signature"),
    row("a call of Ge that nobody answers", GE, {"messages": [HI, ASKED, HI]},
        google("Please ensure that the number of function response parts is equal to the number of function call "
               "parts of the function call turn."), "tool-calls-answered", HOME, "upstream"),
    row("both of Cl", CL, {"temperature": 0.5, "top_p": 0.9},
        {"message": "`temperature` and `top_p` cannot both be specified for this model. Please use only one."},
        "cl-temperature-and-top-p"),
    row("a temperature of Opus", "MaaS_Cl_Opus_4.8_20260801", {"temperature": 0.5},
        {"message": "`temperature` does not support 0.5 with this model."}, "cl-opus-4.8", "text/opus48 (2026-11)",
        "documented"),
    row("a result of no call", "gpt-4", {"messages": [HI, ANSWER]},
        openai("Invalid parameter: messages with role 'tool' must be a response to a preceeding message with "
               "'tool_calls'.", "messages.[1].role", None), "tool-results", HOME, "upstream"),
    row("a sound with a prefix", "gpt-4", {"messages": [{"role": "user", "content": [
        {"type": "input_audio", "input_audio": {"data": "data:audio/mp3;base64,AAAA", "format": "mp3"}}]}]},
        openai("Invalid 'messages[0].content[0].input_audio.data'. Expected base64-encoded audio, but got an invalid "
               "base64-encoded value.", "messages[0].content[0].input_audio.data", "invalid_value"), "content-parts",
        "seed 004: without prefix", "documented"),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=name_of)
def test_what_is_refused(live: Live, row: Row) -> None:
    assert refused(row) == answered(live, row)


@pytest.mark.parametrize(
    ("model", "change"),
    [
        (GE, {"stream": False, "stream_options": {"include_usage": True}}),
        (CL, {"thinking": {"type": "enabled", "budget_tokens": 1024}, "temperature": 1}),
        ("", {}),
        (GE, {"messages": [HI, ASKED | {"reasoning_details": [{"type": "tool", "signature": "s"}]}, ANSWER]}),
        (GE, {"messages": [HI, ASKED | {"tool_calls": [CALL | {"extra_content": {"google": {
            "thought_signature": "s"}}}]}, {"role": "user", "tool_call_id": "call_1", "content": "blue"}]}),
        (GP, {"messages": [{"role": "user", "content": [
            {"type": "image_url", "image_url": {"url": "data:video/mp4;base64,AAAA"}}]}]}),
        (GE, {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "gs://b/a"}}]}]}),
    ],
)  # fmt: skip
def test_what_the_documents_show_passes(live: Live, model: str, change: dict[str, Any]) -> None:
    path = "/cloudsway/v1/ai/RkBOAlaWzKcubSji/chat/completions"
    status, warnings = noted(live, Row("", path, {"model": model, "messages": [HI], **change}, 200, None, "field", ""))
    assert (200, []) == (status, [warning for warning in warnings if "thinking" not in warning])


@pytest.mark.parametrize("model", [CL, GE, "gpt-4"])
def test_a_parameter_that_no_model_of_openai_gets_is_only_noted(live: Live, model: str) -> None:
    body = {"model": model, "messages": [HI], "top_k": 5}
    status, warnings = noted(live, Row("", PATH, body, 200, None, "inferred", ""))
    assert (200, ["unknown-noted"]) == (status, [warning.partition(":")[0] for warning in warnings])


FULL = {
    "messages": [{"role": "system", "content": "x"}, HI, ASKED, ANSWER, HI],
    "tools": [LOOK],
    "tool_choice": "auto",
    "temperature": 1,
    "thinking": {"type": "enabled", "budget_tokens": 9},
    "stop": ["x"],
    "max_tokens": 9,
}


@pytest.mark.parametrize("model", [GP, CL, GE])
@given(data=st.data())
def test_one_field_that_is_something_else_is_never_a_traceback(
    strict_server: Live, model: str, data: st.DataObject
) -> None:
    body = data.draw(mutated([FULL])) | {"model": model}
    reply = strict_server.send("POST", PATH, body)
    assert reply.status in {200, 400}
    assert reply.status == 200 or set(reply.json["error"]) == {"code", "message"}
