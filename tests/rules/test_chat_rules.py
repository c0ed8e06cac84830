"""What OpenAI refuses in chat requests, over the socket: each row is a request and the whole reply."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.protocols import chat
from emulator.refusals import MEASURED
from emulator.types import Origin
from tests.live import Live
from tests.rules.mutations import mutated
from tests.rules.table import GONE, Row, answered, changed, name_of, noted, refused

PATH = "/plain/v1/chat/completions"
HI = {"role": "user", "content": "Hi"}
VALID = {"model": "gpt-4o", "messages": [HI]}
REPORTS = "error reports of clients, by the message (public issues and code, read 2026-11-20)"
SDK = "types.chat (openai 3.51.0)"

PNG = "data:image/png;base64,iVBORw0KGgo="
CALL = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
ASKED = {"role": "assistant", "content": None, "tool_calls": [CALL]}
ANSWER = {"role": "tool", "tool_call_id": "call_1", "content": "blue"}
LOOK = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}


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


def said(*messages: Any) -> dict[str, Any]:
    return {"messages": list(messages)}


def parts(*content: Any, role: str = "user") -> dict[str, Any]:
    return said({"role": role, "content": list(content)})


def function(**fields: Any) -> dict[str, Any]:
    return {"tools": [{"type": "function", "function": {"name": "look", **fields}}]}


def schema(strict: bool = True, **fields: Any) -> dict[str, Any]:
    wanted = {"name": "place", "strict": strict, "schema": {"type": "object", **fields}}
    return {"response_format": {"type": "json_schema", "json_schema": wanted}}


KINDS = "'text', 'image_url', 'input_audio', 'refusal', 'audio', and 'file'"
ROLES = "'system', 'assistant', 'user', 'function', 'tool', and 'developer'"
SCHEMA = "Invalid schema for response_format 'place': "
FUNCTION = "Invalid schema for function 'look': "
CLOSED = "In context=(), 'additionalProperties' is required to be supplied and to be false."
DATA_URL = (
    "Expected a base64-encoded data URL with an image MIME type (e.g. 'data:image/png;base64,aW1nIGJ5dGVzIGhlcmU='), "
    "but got "
)
URL = "messages[0].content[0].image_url.url"
SOUND = "messages[0].content[0].input_audio"

ROWS = [
    # ---- what is there
    row("no model", {"model": GONE}, "you must provide a model parameter", None, None),
    row("a number for a model", {"model": 7},
        "Invalid type for 'model': expected a string, but got an integer instead.",
        "model", "invalid_type"),
    row("no messages", {"messages": GONE}, "Missing required parameter: 'messages'.", "messages",
        "missing_required_parameter"),
    row("messages as a text", {"messages": "ping"},
        "Invalid type for 'messages': expected an array of objects, but got a string instead.", "messages",
        "invalid_type"),
    row("empty messages", {"messages": []},
        "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.",
        "messages", "empty_array", "empty-messages"),
    row("a message that is a text", said("ping"),
        "Invalid type for 'messages[0]': expected an object, but got a string instead.", "messages[0]", "invalid_type"),
    row("an unknown parameter", {"zzz_unknown": 1}, "Unknown parameter: 'zzz_unknown'.", "zzz_unknown",
        "unknown_parameter", "unknown-parameter"),
    row("a parameter misspelt", {"temperatur": 1}, "Unknown parameter: 'temperatur'. Did you mean 'temperature'?",
        "temperatur", "unknown_parameter", "unknown-parameter"),
    row("a parameter between two", {"stor": 1}, "Unknown parameter: 'stor'. Did you mean 'stop' or 'store'?", "stor",
        "unknown_parameter", "unknown-parameter"),
    row("near one that came", {"messagess": 1}, "Unknown parameter: 'messagess'.", "messagess", "unknown_parameter",
        "unknown-parameter"),
    # ---- roles and contents
    row("no role", said({"content": "Hi"}), "Missing required parameter: 'messages[0].role'.", "messages[0].role",
        "missing_required_parameter"),
    row("an unknown role", said({"role": "bogus", "content": "Hi"}),
        f"Invalid value: 'bogus'. Supported values are: {ROLES}.", "messages[0].role", "invalid_value"),
    row("a number for content", said({"role": "user", "content": 7}),
        "Invalid type for 'messages[0].content': expected one of a string or array of objects, but got an integer "
        "instead.", "messages[0].content", "invalid_type"),
    row("null content", said(HI, {"role": "assistant", "content": None}),
        "Invalid value for 'content': expected a string, got null.", "messages.[1].content", None, "content-missing"),
    row("no content", said({"role": "user"}), "Invalid value for 'content': expected a string, got null.",
        "messages.[0].content", None, "content-missing"),
    row("calls of the user are no content", said({"role": "user", "tool_calls": [CALL]}),
        "Invalid value for 'content': expected a string, got null.", "messages.[0].content", None, "content-missing"),
    row("a developer without content", said(HI, {"role": "developer"}),
        "Missing required parameter: 'messages[1].content'.", "messages[1].content", "missing_required_parameter",
        "content-missing"),
    row("a developer's null", said(HI, {"role": "developer", "content": None}),
        "Invalid type for 'messages[1].content': expected one of a string or array of objects, but got null instead.",
        "messages[1].content", "invalid_type", "content-missing"),
    row("a name with a space", said({"role": "user", "name": "Ann Lee", "content": "Hi"}),
        r"Invalid 'messages[0].name': string does not match pattern. Expected a string that matches the pattern "
        r"'^[^\s<|\\/>]+$'.", "messages[0].name", "invalid_value", "message-name", REPORTS),
    # ---- parts
    row("an unknown part", parts({"type": "image"}), f"Invalid value: 'image'. Supported values are: {KINDS}.",
        "messages[0].content[0].type", "invalid_value", "content-parts", REPORTS),
    row("a part without a type", parts({"text": "Hi"}), "Missing required parameter: 'messages[0].content[0].type'.",
        "messages[0].content[0].type", "missing_required_parameter", "content-parts", REPORTS, "inferred"),
    row("a text without a text", parts({"type": "text"}), "Missing required parameter: 'messages[0].content[0].text'.",
        "messages[0].content[0].text", "missing_required_parameter", "content-parts", REPORTS, "inferred"),
    row("a picture by the system", parts({"type": "image_url", "image_url": {"url": PNG}}, role="system"),
        "Invalid 'messages[0]'. Image URLs are only allowed for messages with role 'user', but this message with role "
        "'system' contains an image URL.", "messages[0]", "invalid_value", "content-parts", REPORTS),
    row("a refusal by the user", parts({"type": "refusal", "refusal": "no"}),
        "Invalid value: 'refusal'. Supported values are: 'text', 'image_url', 'input_audio', and 'file'.",
        "messages[0].content[0].type", "invalid_value", "content-parts", SDK, "inferred"),
    row("a bare URL of a picture", parts({"type": "image_url", "image_url": "https://e.org/a.png"}),
        "Invalid type for 'messages[0].content[0].image_url': expected an object, but got a string instead.",
        "messages[0].content[0].image_url", "invalid_type", "content-parts", REPORTS),
    row("a file for a picture", parts({"type": "image_url", "image_url": {"url": "a.png"}}),
        f"Invalid '{URL}'. Expected a valid URL, but got a value with an invalid format.", URL, "invalid_value",
        "content-parts", REPORTS),
    row("a document for a picture",
        parts({"type": "image_url", "image_url": {"url": "data:application/pdf;base64,AA=="}}),
        f"Invalid '{URL}'. {DATA_URL}unsupported MIME type 'application/pdf'.", URL, "invalid_value", "content-parts",
        REPORTS),
    row("a picture that does not decode",
        parts({"type": "image_url", "image_url": {"url": "data:image/png;base64,%%"}}),
        f"Invalid '{URL}'. {DATA_URL}an invalid base64-encoded value.", URL, "invalid_value", "content-parts", REPORTS),
    row("a picture without bytes", parts({"type": "image_url", "image_url": {"url": "data:image/png;base64,"}}),
        f"Invalid '{URL}'. {DATA_URL}empty base64-encoded bytes.", URL, "invalid_value", "content-parts", REPORTS),
    row("a picture without base64", parts({"type": "image_url", "image_url": {"url": "data:image/png,AA"}}),
        f"Invalid '{URL}'. {DATA_URL}a value without the ';base64' separator.", URL, "invalid_value", "content-parts",
        REPORTS),
    row("a sound of another format", parts({"type": "input_audio", "input_audio": {"data": "AAAA", "format": "webm"}}),
        "Invalid value: 'webm'. Supported values are: 'wav' and 'mp3'.", f"{SOUND}.format", "invalid_value",
        "content-parts", REPORTS),
    row("a sound with a prefix",
        parts({"type": "input_audio", "input_audio": {"data": "data:audio/wav;base64,AAAA", "format": "wav"}}),
        f"Invalid '{SOUND}.data'. Expected base64-encoded audio, but got an invalid base64-encoded value.",
        f"{SOUND}.data", "invalid_value", "content-parts", SDK, "inferred"),
    # ---- calls and answers
    row("no calls in a list of them", said(HI, {"role": "assistant", "content": "x", "tool_calls": []}),
        "Invalid 'messages[1].tool_calls': empty array. Expected an array with minimum length 1, but got an empty "
        "array instead.", "messages[1].tool_calls", "empty_array", "tool-calls"),
    row("a call without an id", said(HI, {**ASKED, "tool_calls": [{**CALL, "id": None}]}),
        "Missing required parameter: 'messages[1].tool_calls[0].id'.", "messages[1].tool_calls[0].id",
        "missing_required_parameter", "tool-calls", REPORTS),
    row("arguments as an object",
        said(HI, {**ASKED, "tool_calls": [{**CALL, "function": {"name": "look", "arguments": {}}}]}, ANSWER),
        "Invalid type for 'messages[1].tool_calls[0].function.arguments': expected a string, but got an object "
        "instead.", "messages[1].tool_calls[0].function.arguments", "invalid_type", "tool-calls", REPORTS),
    row("an answer to nobody", said(HI, ANSWER),
        "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
        "messages.[1].role", None, "tool-results", REPORTS),
    row("an answer without an id", said(HI, ASKED, {"role": "tool", "content": "blue"}),
        "Missing parameter 'tool_call_id': messages with role 'tool' must have a 'tool_call_id'.",
        "messages.[2].tool_call_id", None, "tool-results", REPORTS),
    row("an answer to another call", said(HI, ASKED, {**ANSWER, "tool_call_id": "call_2"}),
        "Invalid parameter: 'tool_call_id' of 'call_2' not found in 'tool_calls' of previous message.",
        "messages.[2].tool_call_id", None, "tool-results", REPORTS),
    row("two answers to a call", said(HI, ASKED, ANSWER, ANSWER),
        "Invalid parameter: Duplicate value for 'tool_call_id' of 'call_1'", "messages.[3].tool_call_id", None,
        "tool-results", REPORTS),
    row("a call that nobody answers", said(HI, ASKED, HI),
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. "
        "The following tool_call_ids did not have response messages: call_1", "messages.[2].role", None,
        "tool-calls-answered", REPORTS),
    row("one of two calls is answered", said(HI, {**ASKED, "tool_calls": [CALL, {**CALL, "id": "call_2"}]}, ANSWER),
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. "
        "The following tool_call_ids did not have response messages: call_2", "messages.[2].role", None,
        "tool-calls-answered", REPORTS),
    # ---- tools
    row("tools as a text", {"tools": "none"},
        "Invalid type for 'tools': expected an array of objects, but got a string instead.", "tools", "invalid_type"),
    row("no tool in a list of them", {"tools": []},
        "Invalid 'tools': empty array. Expected an array with minimum length 1, but got an empty array instead.",
        "tools", "empty_array", "tool-count", REPORTS),
    row("129 tools", {"tools": [LOOK] * 129},
        "Invalid 'tools': array too long. Expected an array with maximum length 128, but got an array with length 129 "
        "instead.", "tools", "array_above_max_length", "tool-count", REPORTS),
    row("a tool without a function", {"tools": [{"type": "function"}]},
        "Missing required parameter: 'tools[0].function'.", "tools[0].function", "missing_required_parameter",
        "tool-definitions"),
    row("a function without a name", {"tools": [{"type": "function", "function": {}}]},
        "Missing required parameter: 'tools[0].function.name'.", "tools[0].function.name",
        "missing_required_parameter", "tool-definitions"),
    row("an empty name", function(name=""),
        "Invalid 'tools[0].function.name': empty string. Expected a string with minimum length 1, but got an empty "
        "string instead.", "tools[0].function.name", "empty_string", "tool-definitions"),
    row("a name with a space in it", function(name="look up"),
        "Invalid 'tools[0].function.name': string does not match pattern. Expected a string that matches the pattern "
        "'^[a-zA-Z0-9_-]+$'.", "tools[0].function.name", "invalid_value", "tool-definitions", REPORTS),
    row("a name that is too long", function(name="x" * 65),
        "Invalid 'tools[0].function.name': string too long. Expected a string with maximum length 64, but got a string "
        "with length 65 instead.", "tools[0].function.name", "string_above_max_length", "tool-definitions", REPORTS),
    row("parameters that are a list", function(parameters={"type": "array"}),
        FUNCTION + "schema must be a JSON Schema of 'type: \"object\"', got 'type: \"array\"'.",
        "tools[0].function.parameters", "invalid_function_parameters", "tool-definitions", REPORTS),
    row("parameters without a type", function(parameters={"properties": {}}),
        FUNCTION + "schema must be a JSON Schema of 'type: \"object\"', got 'type: \"None\"'.",
        "tools[0].function.parameters", "invalid_function_parameters", "tool-definitions", REPORTS),
    row("a list of nobody knows what", function(parameters={"type": "object", "properties": {"a": {"type": "array"}}}),
        FUNCTION + "In context=('properties', 'a'), array schema missing items.", "tools[0].function.parameters",
        "invalid_function_parameters", "tool-definitions", REPORTS),
    row("a strict function that is open", function(strict=True, parameters={"type": "object", "properties": {}}),
        FUNCTION + CLOSED, "tools[0].function.parameters", "invalid_function_parameters", "tool-definitions", REPORTS),
    row("a strict function with an option",
        function(strict=True, parameters={"type": "object", "properties": {"a": {}}, "required": [],
                                          "additionalProperties": False}),
        FUNCTION + "In context=(), 'required' is required to be supplied and to be an array including every key in "
        "properties. Missing 'a'.", "tools[0].function.parameters", "invalid_function_parameters", "tool-definitions",
        REPORTS),
    row("an unknown choice", {"tools": [LOOK], "tool_choice": "bogus"},
        "Invalid value: 'bogus'. Supported values are: 'none', 'auto', and 'required'.", "tool_choice",
        "invalid_value", "tool-choice"),
    row("a number for a choice", {"tools": [LOOK], "tool_choice": 7},
        "Invalid type for 'tool_choice': expected one of one of 'none', 'auto', or 'required' or object, but got an "
        "integer instead.", "tool_choice", "invalid_type", "tool-choice"),
    row("a choice without a name", {"tools": [LOOK], "tool_choice": {"type": "function", "function": {}}},
        "Missing required parameter: 'tool_choice.function.name'.", "tool_choice.function.name",
        "missing_required_parameter", "tool-choice"),
    row("a choice of a tool that is not there",
        {"tools": [LOOK], "tool_choice": {"type": "function", "function": {"name": "listen"}}},
        "Invalid value for 'function_call': no function named 'listen' was specified in the 'functions' parameter.",
        "function_call", None, "tool-choice"),
    row("a choice without tools", {"tool_choice": "auto"},
        "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.", "tool_choice",
        None, "tool-choice", REPORTS),
    row("parallel calls without tools", {"parallel_tool_calls": True},
        "Invalid value for 'parallel_tool_calls': 'parallel_tool_calls' is only allowed when 'tools' are specified.",
        "parallel_tool_calls", None, "parallel-without-tools", REPORTS),
    # ---- fields
    row("a hot text", {"temperature": "hot"},
        "Invalid type for 'temperature': expected a decimal, but got a string instead.", "temperature",
        "invalid_type", "field-types"),
    row("a temperature of 3", {"temperature": 3},
        "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 3 instead.",
        "temperature", "decimal_above_max_value", "temperature-range", REPORTS),
    row("a temperature below nothing", {"temperature": -0.5},
        "Invalid 'temperature': decimal below minimum value. Expected a value >= 0, but got -0.5 instead.",
        "temperature", "decimal_below_min_value", "temperature-range", REPORTS),
    row("a top_p of 5", {"top_p": 5},
        "Invalid 'top_p': decimal above maximum value. Expected a value <= 1, but got 5 instead.", "top_p",
        "decimal_above_max_value", "top-p-range", REPORTS),
    row("a frequency penalty of 3", {"frequency_penalty": 3},
        "Invalid 'frequency_penalty': decimal above maximum value. Expected a value <= 2, but got 3 instead.",
        "frequency_penalty", "decimal_above_max_value", "frequency-penalty-range"),
    row("a presence penalty of -3", {"presence_penalty": -3},
        "Invalid 'presence_penalty': decimal below minimum value. Expected a value >= -2, but got -3 instead.",
        "presence_penalty", "decimal_below_min_value", "presence-penalty-range"),
    row("n of 0", {"n": 0}, "Invalid 'n': integer below minimum value. Expected a value >= 1, but got 0 instead.", "n",
        "integer_below_min_value", "n-range"),
    row("n of 129", {"n": 129},
        "Invalid 'n': integer above maximum value. Expected a value <= 128, but got 129 instead.", "n",
        "integer_above_max_value", "n-range", "https://platform.openai.com/docs/api-reference/chat/create",
        "documented"),
    row("half a seed", {"seed": 1.5}, "Invalid type for 'seed': expected an integer, but got a decimal number instead.",
        "seed", "invalid_type", "field-types"),
    row("stream as a text", {"stream": "yes"},
        "Invalid type for 'stream': expected a boolean, but got a string instead.", "stream", "invalid_type",
        "field-types"),
    row("no tokens at all", {"max_tokens": 0},
        "Invalid 'max_tokens': integer below minimum value. Expected a value >= 1, but got 0 instead.", "max_tokens",
        "integer_below_min_value", "max-tokens-range", REPORTS),
    row("five stops", {"stop": ["a", "b", "c", "d", "e"]},
        "Invalid 'stop': array too long. Expected an array with maximum length 4, but got an array with length 5 "
        "instead.", "stop", "array_above_max_length", "stop", REPORTS),
    row("alternatives without likelihoods", {"top_logprobs": 1},
        "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled.", "top_logprobs", None,
        "top-logprobs"),
    row("21 alternatives", {"logprobs": True, "top_logprobs": 21},
        "Invalid value for 'top_logprobs': must be less than or equal to 20.", "top_logprobs", None, "top-logprobs"),
    row("options of a stream without one", {"stream_options": {"include_usage": True}},
        "The 'stream_options' parameter is only allowed when 'stream' is enabled.", "stream_options", None,
        "stream-options", REPORTS),
    row("an option of a stream that is none", {"stream": True, "stream_options": {"bogus": 1}},
        "Unknown parameter: 'stream_options.bogus'.", "stream_options.bogus", "unknown_parameter", "stream-options"),
    row("an unknown tier", {"service_tier": "bogus"},
        "Invalid value: 'bogus'. Supported values are: 'auto', 'default', 'fast', 'flex', and 'priority'.",
        "service_tier", "invalid_value", "service-tier"),
    row("an unknown verbosity", {"verbosity": "bogus"},
        "Invalid value: 'bogus'. Supported values are: 'low', 'medium', and 'high'.", "verbosity", "invalid_value",
        "verbosity"),
    row("17 pairs of metadata", {"metadata": {f"k{n}": "v" for n in range(17)}},
        "Invalid 'metadata': too many properties. Expected an object with at most 16 properties, but got an object "
        "with 17 properties instead.", "metadata", "object_above_max_properties", "metadata"),
    row("a number in metadata", {"metadata": {"k": 7}},
        "Invalid type for 'metadata.k': expected a string, but got an integer instead.", "metadata.k", "invalid_type",
        "metadata"),
    row("a long value in metadata", {"metadata": {"k": "x" * 600}},
        "Invalid 'metadata.k': string too long. Expected a string with maximum length 512, but got a string with "
        "length 600 instead.", "metadata.k", "string_above_max_length", "metadata"),
    row("a long name in metadata", {"metadata": {"k" * 70: "v"}},
        "Invalid property name in 'metadata': 'kkk...kkk' is too long. Expected a string with maximum length 64, but "
        "got a string with length 70 instead.", f"metadata.{'k' * 70}", "property_name_above_max_length", "metadata"),
    row("both limits", {"max_tokens": 9, "max_completion_tokens": 9},
        "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.", None,
        "invalid_parameter_combination", "both-limits", REPORTS),
    # ---- the form of the answer
    row("a form as a text", {"response_format": "json"},
        "Invalid type for 'response_format': expected an object, but got a string instead.", "response_format",
        "invalid_type", "field-types"),
    row("an unknown form", {"response_format": {"type": "bogus"}},
        "Invalid value: 'bogus'. Supported values are: 'json_object', 'json_schema', and 'text'.",
        "response_format.type", "invalid_value", "response-format"),
    row("no schema", {"response_format": {"type": "json_schema"}},
        "Missing required parameter: 'response_format.json_schema'.", "response_format.json_schema",
        "missing_required_parameter", "response-format"),
    row("a schema without a name", {"response_format": {"type": "json_schema", "json_schema": {}}},
        "Missing required parameter: 'response_format.json_schema.name'.", "response_format.json_schema.name",
        "missing_required_parameter", "response-format"),
    row("an open schema", schema(properties={}), SCHEMA + CLOSED, "response_format", None, "response-format", REPORTS),
    row("a schema of one step",
        schema(additionalProperties=False, required=["a"], properties={"a": {"type": "array", "items": {"oneOf": []}}}),
        SCHEMA + "In context=('properties', 'a', 'items'), 'oneOf' is not permitted.", "response_format", None,
        "response-format", REPORTS),
    row("JSON without the word", {"response_format": {"type": "json_object"}},
        "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
        "messages", None, "json-word", REPORTS),
    # ---- models that reason
    row("the old limit", {"model": "o3-mini", "max_tokens": 9},
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        "max_tokens", "unsupported_parameter", "reasoning-models"),
    row("a cool thinker", {"model": "gpt-5.6-terra", "temperature": 0.5},
        "Unsupported value: 'temperature' does not support 0.5 with this model. Only the default (1) value is "
        "supported.", "temperature", "unsupported_value", "reasoning-models"),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=name_of)
def test_what_is_refused(live: Live, row: Row) -> None:
    assert refused(row) == answered(live, row)


@pytest.mark.parametrize("row", [row for row in ROWS if row.rule], ids=name_of)
def test_what_would_be_refused_is_noted_by_the_rule_s_name(warned: Live, row: Row) -> None:
    status, warnings = noted(warned, row)
    assert (200, True) == (status, f"{row.rule}: {row.error['error']['message']}" in warnings)


@pytest.mark.parametrize("row", [row for row in ROWS if not row.rule], ids=name_of)
def test_what_can_t_be_read_passes_in_no_mode(warned: Live, row: Row) -> None:
    assert refused(row) == answered(warned, row)


def test_every_rule_has_a_row() -> None:
    assert {row.rule for row in ROWS if row.rule} | {"max-completion-tokens-range", "reasoning-effort"} == {
        rule.name for rule in chat.RULES
    }


FULL: dict[str, Any] = {
    "model": "gpt-4o",
    "messages": [
        {"role": "system", "content": "Answer in JSON.", "name": "rules"},
        {"role": "user", "content": [
            {"type": "text", "text": "What is this?"},
            {"type": "image_url", "image_url": {"url": PNG, "detail": "low"}},
            {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
            {"type": "file", "file": {"file_id": "file-1"}},
        ]},
        ASKED,
        ANSWER,
        {"role": "assistant", "content": [{"type": "text", "text": "The sky."}]},
        HI,
    ],
    "tools": [LOOK, {"type": "custom", "custom": {"name": "write"}}],
    "tool_choice": {"type": "function", "function": {"name": "look"}},
    "parallel_tool_calls": False,
    "response_format": {"type": "json_schema", "json_schema": {"name": "place", "strict": True, "schema": {
        "type": "object", "properties": {"city": {"type": ["string", "null"]}}, "required": ["city"],
        "additionalProperties": False}}},
    "stream": True,
    "stream_options": {"include_usage": True},
    "temperature": 2,
    "top_p": 1,
    "presence_penalty": -2,
    "frequency_penalty": 2,
    "n": 1,
    "max_tokens": 1,
    "stop": ["a", "b", "c", "d"],
    "seed": 7,
    "logprobs": True,
    "top_logprobs": 20,
    "logit_bias": {"1": 1},
    "user": "me",
    "metadata": {"k" * 64: "v" * 512},
    "service_tier": "auto",
    "reasoning_effort": None,
}  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        FULL,
        VALID,
        VALID | {"messages": [{"role": "user", "content": ""}]},
        VALID | {"messages": [{"role": "user", "content": []}]},
        VALID | {"messages": [HI, {"role": "assistant", "refusal": "no"}, HI]},
        VALID | {"messages": [HI, {"role": "assistant", "function_call": {"name": "f", "arguments": "{}"}},
                              {"role": "function", "name": "f", "content": "x"}]},
        VALID | function(parameters={}),
        VALID | function(parameters=None),
        VALID | {"tools": [LOOK] * 128},
        VALID | {"response_format": {"type": "json_object"}, "messages": [{"role": "user", "content": "As JSON"}]},
        VALID | {"model": "gpt-5.6-terra", "temperature": 0.5, "reasoning_effort": "none"},
        VALID | dict.fromkeys(["temperature", "n", "stop", "tools", "tool_choice", "stream", "metadata", "user"]),
    ],
)  # fmt: skip
def test_what_is_taken_is_not_even_noted(live: Live, body: Any) -> None:
    headers = {"authorization": live.bearer, "content-type": "application/json"}
    reply = live.send("POST", PATH, body, headers)
    assert (200, None) == (reply.status, reply.headers.get("x-emulator-warnings"))


@given(data=st.data())
def test_one_field_that_is_something_else_is_never_a_traceback(strict_server: Live, data: st.DataObject) -> None:
    body = data.draw(mutated([FULL]))
    reply = strict_server.send("POST", PATH, body)
    assert reply.status in {200, 400}
    assert reply.status == 200 or set(reply.json["error"]) == {"message", "type", "param", "code"}
