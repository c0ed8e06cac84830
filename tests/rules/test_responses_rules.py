"""What OpenAI refuses in requests for a response, over the socket: each row is a request and the whole reply."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.protocols import responses
from emulator.protocols.responses.reading import ITEMS
from emulator.refusals import MEASURED
from emulator.refusals.words import choices
from emulator.types import Origin
from tests.live import Live
from tests.rules.mutations import mutated
from tests.rules.table import GONE, Row, answered, changed, name_of, noted, refused

PATH = "/plain/v1/responses"
VALID = {"model": "gpt-5.6-terra", "input": "ping"}
REPORTS = "error reports of clients, by the message (public issues and code, read 2026-11-20)"

CALL = {"type": "function_call", "call_id": "call_1", "name": "look", "arguments": "{}"}
OUTPUT = {"type": "function_call_output", "call_id": "call_1", "output": "blue"}
HI = {"role": "user", "content": "Hi"}
LOOK = {"type": "function", "name": "look", "parameters": {"type": "object", "properties": {}}}
PARTS = (
    "'input_text', 'input_image', 'input_audio', 'output_text', 'refusal', 'input_file', 'computer_screenshot', "
    "'summary_text', and 'encrypted_content'"
)
IMAGE = "input[0].content[0].image_url"


def error(message: str, param: str | None, code: str | None) -> Any:
    return {"error": {"message": message, "type": "invalid_request_error", "param": param, "code": code}}


def row(
    name: str,
    change: dict[str, Any],
    message: str,
    param: str | None,
    code: str | None,
    rule: str = "",
    source: str = MEASURED,
    origin: Origin = "recorded",
) -> Row:
    return Row(name, PATH, changed(VALID, **change), 400, error(message, param, code), origin, source, rule)


def given_(*items: Any) -> dict[str, Any]:
    return {"input": list(items)}


def parts(*content: Any, role: str = "user") -> dict[str, Any]:
    return given_({"role": role, "content": list(content)})


def schema(**fields: Any) -> dict[str, Any]:
    return {"text": {"format": {"type": "json_schema", "name": "place", "strict": True, "schema": fields}}}


ROWS = [
    # ---- what is there
    row("no model", {"model": GONE}, "Missing required parameter: 'model'.", "model", "missing_required_parameter"),
    row("a number for a model", {"model": 7},
        "Invalid type for 'model': expected a string, but got an integer instead.", "model", "invalid_type"),
    row("no input", {"input": GONE}, "Missing required parameter: 'input'.", "input", "missing_required_parameter"),
    row("null input", {"input": None}, "Invalid type for 'input': expected a string, but got an object instead.",
        "input", "invalid_type"),
    row("an object for input", {"input": {"a": 1}},
        "Invalid type for 'input': expected one of a string or array of input items, but got an object instead.",
        "input", "invalid_type"),
    row("empty input", {"input": []},
        "One of \"input\" or \"previous_response_id\" or 'prompt' or 'conversation' must be provided.", None,
        "missing_required_parameter", "empty-input"),
    row("an empty text", {"input": ""},
        "One of \"input\" or \"previous_response_id\" or 'prompt' or 'conversation' must be provided.", None,
        "missing_required_parameter", "empty-input"),
    row("an unknown parameter", {"n": 2}, "Unknown parameter: 'n'.", "n", "unknown_parameter", "unknown-parameter"),
    row("a parameter of chat", {"stop": ["x"]}, "Unknown parameter: 'stop'. Did you mean 'store'?", "stop",
        "unknown_parameter", "unknown-parameter"),
    row("the nearest first", {"strem": 1}, "Unknown parameter: 'strem'. Did you mean 'stream' or 'store'?", "strem",
        "unknown_parameter", "unknown-parameter"),
    row("messages", {"messages": [HI]},
        "Unsupported parameter: 'messages'. In the Responses API, this parameter has moved to 'input'. Try again with "
        "the new parameter. See the API documentation for more information: "
        "https://platform.openai.com/docs/api-reference/responses/create.", None, "unsupported_parameter", "messages"),
    row("an unknown response before", {"previous_response_id": "resp_x"},
        "Previous response with id 'resp_x' not found.", "previous_response_id", "previous_response_not_found"),
    row("a response and a conversation", {"previous_response_id": "resp_x", "conversation": "conv_x"},
        "Mutually exclusive parameters: ''. Ensure you are only providing one of: 'pre..._id' or 'conversation'.",
        None, "mutually_exclusive_parameters"),
    # ---- items
    row("an item that is a number", given_(7),
        "Invalid type for 'input[0]': expected an input item, but got an integer instead.", "input[0]",
        "invalid_type"),
    row("an unknown item", given_({"type": "bogus_item"}),
        f"Invalid value: 'bogus_item'. Supported values are: {choices(ITEMS)}.", "input[0]", "invalid_value",
        "item-types"),
    row("an item whose type is a number", given_({"type": 7}),
        f"Invalid value: ''. Supported values are: {choices(ITEMS)}.", "input[0]", "invalid_value"),
    row("an unknown role", given_({"role": "bogus", "content": "x"}),
        "Invalid value: 'bogus'. Supported values are: 'assistant', 'system', 'developer', and 'user'.", "input[0]",
        "invalid_value"),
    row("an empty item", given_({}),
        "Invalid value: ''. Supported values are: 'assistant', 'system', 'developer', and 'user'.", "input[0]",
        "invalid_value"),
    row("a message without content", given_({"role": "user"}), "Missing required parameter: 'input[0].content'.",
        "input[0].content", "missing_required_parameter", "item-members"),
    row("a call without an id", given_(HI, {**CALL, "call_id": None}),
        "Missing required parameter: 'input[1].call_id'.",
        "input[1].call_id", "missing_required_parameter", "item-members", REPORTS, "inferred"),
    row("a result without a result", given_(HI, CALL, {**OUTPUT, "output": None}),
        "Missing required parameter: 'input[2].output'.", "input[2].output", "missing_required_parameter",
        "item-members", REPORTS, "inferred"),
    row("arguments as an object", given_(HI, {**CALL, "arguments": {}}, OUTPUT),
        "Invalid type for 'input[1].arguments': expected a string, but got an object instead.", "input[1].arguments",
        "invalid_type", "item-members", REPORTS, "inferred"),
    # ---- parts
    row("an unknown part", parts({"type": "bogus", "text": "x"}),
        f"Invalid value: 'bogus'. Supported values are: {PARTS}.", "input[0].content[0].type", "invalid_value",
        "content-parts"),
    row("a part of chat", parts({"type": "text", "text": "x"}),
        f"Invalid value: 'text'. Supported values are: {PARTS}.", "input[0].content[0].type", "invalid_value",
        "content-parts"),
    row("an output by the user", parts({"type": "output_text", "text": "x"}),
        "Invalid value: 'output_text'. Supported values are: 'input_text', 'input_image', 'input_file', "
        "'scoped_content', and 'input_audio'.", "input[0].content[0]", "invalid_value", "content-parts"),
    row("an input by the assistant", parts({"type": "input_text", "text": "x"}, role="assistant"),
        "Invalid value: 'input_text'. Supported values are: 'output_text' and 'refusal'.", "input[0].content[0]",
        "invalid_value", "content-parts"),
    row("a part without text", parts({"type": "input_text"}),
        "Missing required parameter: 'input[0].content[0].text'.", "input[0].content[0].text",
        "missing_required_parameter", "content-parts"),
    row("an output in a result", given_(HI, CALL, {**OUTPUT, "output": [{"type": "output_text", "text": "x"}]}),
        "Invalid value: 'output_text'. Supported values are: 'input_text', 'input_image', and 'input_file'.",
        "input[2].output[0]", "invalid_value", "content-parts", REPORTS),
    row("a picture that is no URL", parts({"type": "input_image", "image_url": "AAAA"}),
        f"Invalid '{IMAGE}'. Expected a valid URL, but got a value with an invalid format.", IMAGE, "invalid_value",
        "image-form", REPORTS),
    row("a document for a picture", parts({"type": "input_image", "image_url": "data:application/pdf;base64,AAAA"}),
        f"Invalid '{IMAGE}'. Expected a base64-encoded data URL with an image MIME type (e.g. "
        "'data:image/png;base64,aW1nIGJ5dGVzIGhlcmU='), but got unsupported MIME type 'application/pdf'.", IMAGE,
        "invalid_value", "image-form", REPORTS),
    # ---- calls and results
    row("a result of no call", given_(HI, OUTPUT),
        "No tool call found for function call output with call_id call_1.", "input", None, "tool-pairing", REPORTS),
    row("a call without a result", given_(HI, CALL, HI), "No tool output found for function call call_1.", "input",
        None, "tool-pairing", REPORTS),
    row("a result of no custom call", given_(HI, {**OUTPUT, "type": "custom_tool_call_output"}),
        "No tool call found for custom tool call output with call_id call_1.", "input", None, "tool-pairing", REPORTS,
        "inferred"),
    # ---- tools
    row("tools as a text", {"tools": "x"}, "Invalid type for 'tools': expected an array of tools, but got a string "
        "instead.", "tools", "invalid_type"),
    row("a tool without a type", {"tools": [{}]}, "Missing required parameter: 'tools[0].type'.", "tools[0].type",
        "missing_required_parameter", "tool-definitions"),
    row("a tool of chat", {"tools": [{"type": "function", "function": {"name": "f"}}]},
        "Missing required parameter: 'tools[0].name'.", "tools[0].name", "missing_required_parameter"),
    row("a name with a dot", {"tools": [{**LOOK, "name": "a.b"}]},
        "Invalid 'tools[0].name': string does not match pattern. Expected a string that matches the pattern "
        "'^[a-zA-Z0-9_-]+$'.", "tools[0].name", "invalid_value", "tool-definitions", REPORTS),
    row("a strict tool that is open", {"tools": [{**LOOK, "strict": True}]},
        "Invalid schema for function 'look': In context=(), 'additionalProperties' is required to be supplied and to "
        "be false.", "tools[0].parameters", "invalid_function_parameters", "tool-definitions", REPORTS),
    row("an unknown choice", {"tools": [LOOK], "tool_choice": "bogus"},
        "Invalid value: 'bogus'. Supported values are: 'none', 'auto', and 'required'.", "tool_choice",
        "invalid_value", "tool-choice"),
    row("a number for a choice", {"tool_choice": 7},
        "Invalid type for 'tool_choice': expected one of an object or 'none', 'auto', or 'required', but got an "
        "integer instead.", "tool_choice", "invalid_type", "tool-choice"),
    row("a choice of chat", {"tools": [LOOK], "tool_choice": {"type": "function", "function": {"name": "look"}}},
        "Missing required parameter: 'tool_choice.name'.", "tool_choice.name", "missing_required_parameter",
        "tool-choice"),
    row("a choice that is not there", {"tools": [LOOK], "tool_choice": {"type": "image_generation"}},
        "Tool choice 'image_generation' not found in 'tools' parameter.", "tool_choice", None, "tool-choice", REPORTS),
    # ---- fields
    row("a hot text", {"temperature": "hot"},
        "Invalid type for 'temperature': expected a decimal, but got a string instead.", "temperature",
        "invalid_type", "field-types"),
    row("a temperature of 3", {"temperature": 3},
        "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 3 instead.",
        "temperature", "decimal_above_max_value", "temperature-range", REPORTS),
    row("a top_p of -1", {"top_p": -1},
        "Invalid 'top_p': decimal below minimum value. Expected a value >= 0, but got -1 instead.", "top_p",
        "decimal_below_min_value", "top-p-range", REPORTS),
    row("15 tokens", {"max_output_tokens": 15},
        "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but got 15 instead.",
        "max_output_tokens", "integer_below_min_value", "max-output-tokens-range"),
    row("no calls of tools", {"max_tool_calls": 0},
        "Invalid 'max_tool_calls': integer below minimum value. Expected a value >= 1, but got 0 instead.",
        "max_tool_calls", "integer_below_min_value", "max-tool-calls-range"),
    row("another truncation", {"truncation": "bogus"},
        "Invalid value: 'bogus'. Supported values are: 'auto' and 'disabled'.", "truncation", "invalid_value",
        "truncation"),
    row("truncation as an object", {"truncation": {"a": 1}},
        "Invalid type for 'truncation': expected one of 'auto' or 'disabled', but got an object instead.",
        "truncation", "invalid_type", "truncation"),
    row("something else to include", {"include": ["bogus.thing"]},
        "Invalid value: 'bogus.thing'. Supported values are: 'file_search_call.results', 'web_search_call.results', "
        "'web_search_call.action.sources', 'message.input_image.image_url', 'computer_call_output.output.image_url', "
        "'code_interpreter_call.outputs', 'reasoning.encrypted_content', and 'message.output_text.logprobs'.",
        "include[0]", "invalid_value", "include"),
    row("an unknown tier", {"service_tier": "bogus"},
        "Invalid value: 'bogus'. Supported values are: 'auto', 'default', 'fast', 'flex', and 'priority'.",
        "service_tier", "invalid_value", "service-tier"),
    row("another retention", {"prompt_cache_retention": "x"},
        "Invalid value: 'x'. Supported values are: 'in_memory' and '24h'.", "prompt_cache_retention",
        "invalid_value", "prompt-cache-retention"),
    row("another effort", {"reasoning": {"effort": "bogus"}},
        "Invalid value: 'bogus'. Supported values are: 'none', 'minimal', 'low', 'medium', 'high', 'xhigh', and "
        "'max'.", "reasoning.effort", "invalid_value", "reasoning"),
    row("another summary", {"reasoning": {"summary": "bogus"}},
        "Invalid value: 'bogus'. Supported values are: 'concise', 'detailed', and 'auto'.", "reasoning.summary",
        "invalid_value", "reasoning"),
    row("the usage of a stream", {"stream": True, "stream_options": {"include_usage": True}},
        "Unknown parameter: 'stream_options.include_usage'.", "stream_options.include_usage", "unknown_parameter",
        "stream-options"),
    row("17 pairs of metadata", {"metadata": {f"k{n}": "v" for n in range(17)}},
        "Invalid 'metadata': too many properties. Expected an object with at most 16 properties, but got an object "
        "with 17 properties instead.", "metadata", "object_above_max_properties", "metadata"),
    row("30 alternatives", {"top_logprobs": 30},
        "Invalid 'top_logprobs': integer above maximum value. Expected a value <= 20, but got 30 instead.",
        "top_logprobs", "integer_above_max_value", "top-logprobs-range", "types.responses (openai 3.51.0)",
        "inferred"),
    # ---- the form of the answer
    row("an unknown form", {"text": {"format": {"type": "bogus"}}},
        "Invalid value: 'bogus'. Supported values are: 'json_object', 'text', and 'json_schema'.", "text.format.type",
        "invalid_value", "text-format"),
    row("a schema without a name", {"text": {"format": {"type": "json_schema", "schema": {"type": "object"}}}},
        "Missing required parameter: 'text.format.name'.", "text.format.name", "missing_required_parameter",
        "text-format"),
    row("no schema", {"text": {"format": {"type": "json_schema", "name": "x"}}},
        "Missing required parameter: 'text.format.schema'.", "text.format.schema", "missing_required_parameter",
        "text-format", REPORTS),
    row("an open schema", schema(type="object", properties={}),
        "Invalid schema for response_format 'place': In context=(), 'additionalProperties' is required to be supplied "
        "and to be false.", "text.format.schema", "invalid_json_schema", "text-format", REPORTS),
    row("another verbosity", {"text": {"verbosity": "bogus"}},
        "Invalid value: 'bogus'. Supported values are: 'low', 'medium', and 'high'.", "text.verbosity",
        "invalid_value", "text-format"),
    row("JSON without the word", {"instructions": "As JSON.", "text": {"format": {"type": "json_object"}}},
        "Response input messages must contain the word 'json' in some form to use 'text.format' of type "
        "'json_object'.", "text.format", None, "json-word", REPORTS),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=name_of)
def test_what_is_refused(live: Live, row: Row) -> None:
    assert refused(row) == answered(live, row)


@pytest.mark.parametrize("row", [row for row in ROWS if row.rule], ids=name_of)
def test_what_would_be_refused_is_noted_by_the_rule_s_name(warned: Live, row: Row) -> None:
    status, warnings = noted(warned, row)
    assert (200, True) == (status, f"{row.rule}: {row.error['error']['message']}" in warnings)


def test_every_rule_has_a_row() -> None:
    assert {row.rule for row in ROWS if row.rule} == {rule.name for rule in responses.RULES if rule.refused}


def test_thinking_that_nothing_follows_is_only_noted(live: Live) -> None:
    thought = {"type": "reasoning", "id": "rs_1", "summary": []}
    row = Row("", PATH, {**VALID, "input": [HI, thought]}, 200, None, "recorded", REPORTS)
    expected = "reasoning-alone: Item 'rs_1' of type 'reasoning' was provided without its required following item."
    assert (200, (expected,)) == noted(live, row)


FULL: dict[str, Any] = {
    "model": "gpt-5.6-terra",
    "instructions": "Answer in JSON.",
    "input": [
        {"role": "developer", "content": "As JSON."},
        {"role": "user", "content": [
            {"type": "input_text", "text": "What is this?"},
            {"type": "input_image", "image_url": "data:image/png;base64,iVBORw0KGgo=", "detail": "auto"},
            {"type": "input_file", "file_id": "file-1"},
        ]},
        {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "hm"}]},
        CALL,
        OUTPUT,
        {"type": "message", "role": "assistant", "status": "completed", "id": "msg_1", "content": [
            {"type": "output_text", "text": "{}", "annotations": [], "logprobs": []}]},
        {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search", "query": "x"}},
        HI,
    ],
    "tools": [LOOK, {"type": "web_search"}, {"type": "custom", "name": "write"}],
    "tool_choice": {"type": "function", "name": "look"},
    "text": {"format": {"type": "json_object"}, "verbosity": "low"},
    "reasoning": {"effort": "max", "summary": "auto"},
    "include": ["reasoning.encrypted_content"],
    "max_output_tokens": 16,
    "max_tool_calls": 1,
    "temperature": 1,
    "top_p": 1,
    "stream": True,
    "stream_options": {"include_obfuscation": False},
    "store": True,
    "truncation": "auto",
    "metadata": {"a": "b"},
    "user": "me",
}  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        FULL,
        VALID,
        VALID | {"tools": [{"type": "web_search"}], "tool_choice": {"type": "web_search"}},
        VALID | {"tools": [], "tool_choice": "auto", "parallel_tool_calls": True},
        VALID | {"prompt_cache_retention": "24h", "prompt_cache_options": {"mode": "implicit"}},
        VALID | dict.fromkeys(["temperature", "tools", "text", "reasoning", "metadata", "include", "stream"]),
        VALID | {"text": {"format": {"type": "json_object"}}, "input": "As JSON"},
    ],
)  # fmt: skip
def test_what_is_taken_is_not_even_noted(live: Live, body: Any) -> None:
    reply = live.send("POST", PATH, body)
    assert (200, None) == (reply.status, reply.headers.get("x-emulator-warnings"))


def test_a_result_belongs_to_the_call_of_the_response_before(strict_server: Live, live: Live) -> None:
    asked = live.send("POST", PATH, VALID | {"store": True}).json
    reply = live.send("POST", PATH, VALID | {"previous_response_id": asked["id"], "input": [OUTPUT]})
    assert (400, "input") == (reply.status, reply.json["error"]["param"])


@given(data=st.data())
def test_one_field_that_is_something_else_is_never_a_traceback(strict_server: Live, data: st.DataObject) -> None:
    reply = strict_server.send("POST", PATH, data.draw(mutated([FULL])))
    assert reply.status in {200, 400, 404}
    assert reply.status == 200 or set(reply.json["error"]) == {"message", "type", "param", "code"}
