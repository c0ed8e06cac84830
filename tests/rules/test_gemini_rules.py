"""What the Gemini API refuses, in its own words, and what it takes."""

from typing import Any

import pytest
from hypothesis import given, settings

from emulator import jsontext
from emulator.protocols import gemini
from emulator.session import Memory
from emulator.types import Call, Check, Endpoint, Rejected, Rule, Stamp
from tests.live import Live
from tests.rules.mutations import mutated
from tests.rules.table import Row, answered, changed, name_of, refused

PATH = "/plain/v1beta/models/{}:generateContent"
MODEL = "gemini-2.5-flash"
UNREADABLE = Rule("", Check(lambda _: ()), "recorded", "the form of the others")
"""What can't be read is no rule's, and no mode lets it pass."""
RULES = {rule.name: rule for rule in gemini.RULES}
TYPE = "type.googleapis.com/google.ai.generativelanguage.v1beta"


def says(role: str, *parts: Any) -> dict[str, Any]:
    return {"role": role, "parts": [{"text": part} if isinstance(part, str) else part for part in parts]}


def call(name: str = "f", **fields: Any) -> dict[str, Any]:
    return {"functionCall": {"name": name, "args": {}}, **fields}


def result(name: str = "f") -> dict[str, Any]:
    return {"functionResponse": {"name": name, "response": {"output": "4"}}}


def inline(data: Any, kind: str = "image/png") -> dict[str, Any]:
    return {"inlineData": {"mimeType": kind, "data": data}}


def function(name: Any = "f", **parameters: Any) -> dict[str, Any]:
    return {"name": name, **({"parameters": {"type": "OBJECT", **parameters}} if parameters else {})}


def tools(*declarations: Any) -> list[Any]:
    return [{"functionDeclarations": list(declarations)}]


USER = says("user", "Hello")
VALID = {"contents": [USER]}
SIGNED = {"thoughtSignature": "c2ln"}


def row(name: str, rule: str, message: str, model: str = MODEL, said: list[Any] | None = None, **fields: Any) -> Row:
    """A request that is refused with INVALID_ARGUMENT; `said` is the conversation after the user's Hello."""
    given = {} if said is None else {"contents": [USER, *said]}
    error: dict[str, Any] = {"code": 400, "message": message, "status": "INVALID_ARGUMENT"}
    if message.startswith("Invalid "):
        error["details"] = [
            {
                "@type": "type.googleapis.com/google.rpc.BadRequest",
                "fieldViolations": [violation(line) for line in message.split("\n")],
            }
        ]
    known = RULES[rule] if rule else UNREADABLE
    return Row(
        name,
        PATH.format(model),
        changed(VALID, **given, **fields),
        400,
        {"error": error},
        known.origin,
        known.source,
        rule,
    )


def violation(line: str) -> dict[str, str]:
    """Places are between quotes after `at`; a field at the top has none."""
    parts = line.split(" at '")
    return {"field": parts[1].split("'")[0], "description": line} if len(parts) > 1 else {"description": line}


def option(name: str, rule: str, message: str, **options: Any) -> Row:
    return row(name, rule, message, generationConfig=options)


def checked(*lines: str) -> str:
    return "".join(f"* GenerateContentRequest.{line}\n" for line in lines)


def unknown(name: str, where: str = "") -> str:
    at = f" at '{where}'" if where else ""
    return f'Invalid JSON payload received. Unknown name "{name}"{at}: Cannot find field.'


FUNCTIONS = "tools[0].function_declarations[0]"
NO_DATA = "required oneof field 'data' must have one initialized field"
BAD_NAME = (
    "Invalid function name. Must start with a letter or an underscore. Must be alphameric (a-z, A-Z, 0-9), "
    "underscores (_), dots (.), colons (:), or dashes (-), with a maximum length of 128."
)
COUNT = (
    "Please ensure that the number of function response parts is equal to the number of function call parts of the "
    "function call turn."
)
UNSIGNED = (
    "Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly, "
    "and missing thought_signature may lead to degraded model performance. Additional data, function call "
    "`default_api:{}` , position {}. Please refer to https://ai.google.dev/gemini-api/docs/thought-signatures for "
    "more details."
)
ALLOWED = "tool_config.function_calling_config.allowed_function_names"

PARSED = [
    row("contents that are a text", "", f"Invalid value at 'contents' ({TYPE}.Content), \"Hello\"", contents="Hello"),
    row("a role of OpenAI's", "", "Please use a valid role: user, model.", contents=[says("assistant", "Hello")]),
    row(
        "a system that is a list",
        "",
        (
            'Invalid JSON payload received. Unknown name "system_instruction": '
            "Proto field is not repeating, cannot start list."
        ),
        systemInstruction=["Be brief."],
    ),
    row(
        "a call without name",
        "",
        checked("contents[1].parts[0].function_call.name: Name cannot be empty."),
        said=[says("model", {"functionCall": {}})],
    ),
    row("fields of OpenAI's", "unknown-names", f"{unknown('messages')}\n{unknown('n')}", messages=[], n=1),
    row(
        "an option at the top",
        "unknown-names",
        unknown("temperature"),
        temperature=1,
    ),
    option("no such option", "unknown-names", unknown("max_tokens", "generation_config"), max_tokens=9),
    row("a content's name", "unknown-names", unknown("name", "contents[0]"), contents=[{**USER, "name": "me"}]),
    row(
        "a part's type",
        "unknown-names",
        unknown("type", "contents[0].parts[0]"),
        contents=[says("user", {"type": "text", "text": "Hello"})],
    ),
    row(
        "the arguments of a call",
        "unknown-names",
        unknown("arguments", "contents[1].parts[0].function_call"),
        said=[says("model", {"functionCall": {"name": "f", "arguments": "{}"}}), says("user", result())],
    ),
    row(
        "OpenAI's tool",
        "unknown-names",
        f"{unknown('type', 'tools[0]')}\n{unknown('function', 'tools[0]')}",
        tools=[{"type": "function", "function": {"name": "f"}}],
    ),
    row(
        "a function's schema",
        "unknown-names",
        unknown("input_schema", FUNCTIONS),
        tools=tools({"name": "f", "input_schema": {}}),
    ),
    row(
        "no such thinking",
        "unknown-names",
        unknown("budget_tokens", "generation_config.thinking_config"),
        generationConfig={"thinkingConfig": {"budget_tokens": 9}},
    ),
    row("no such safety", "unknown-names", unknown("level", "safety_settings[0]"), safetySettings=[{"level": 1}]),
    option(
        "a hot temperature",
        "value-types",
        "Invalid value at 'generation_config.temperature' (TYPE_FLOAT), \"hot\"",
        temperature="hot",
    ),
    option(
        "half a token",
        "value-types",
        "Invalid value at 'generation_config.max_output_tokens' (TYPE_INT32), 1.5",
        maxOutputTokens=1.5,
    ),
    option(
        "a stop that is a number",
        "value-types",
        "Invalid value at 'generation_config.stop_sequences[1]' (TYPE_STRING), 7",
        stopSequences=["END", 7],
    ),
    option(
        "no such modality",
        "value-types",
        f"Invalid value at 'generation_config.response_modalities[0]' ({TYPE}.GenerationConfig.Modality), \"SMELL\"",
        responseModalities=["SMELL"],
    ),
    option(
        "no such level",
        "value-types",
        (
            "Invalid value at 'generation_config.thinking_config.thinking_level' "
            f'({TYPE}.ThinkingConfig.ThinkingLevel), "BOGUS"'
        ),
        thinkingConfig={"thinkingLevel": "BOGUS"},
    ),
    row(
        "no such mode",
        "value-types",
        f"Invalid value at 'tool_config.function_calling_config.mode' ({TYPE}.FunctionCallingConfig.Mode), \"FORCE\"",
        tools=tools(function()),
        toolConfig={"functionCallingConfig": {"mode": "FORCE"}},
    ),
    row(
        "no such threshold",
        "value-types",
        f"Invalid value at 'safety_settings[0].threshold' ({TYPE}.SafetySetting.HarmBlockThreshold), \"NEVER\"",
        safetySettings=[{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "NEVER"}],
    ),
    row(
        "options that are a text",
        "value-types",
        f"Invalid value at 'generation_config' ({TYPE}.GenerationConfig), \"x\"",
        generationConfig="x",
    ),
    row(
        "words of JSON Schema",
        "schema-names",
        (
            f"{unknown('$schema', f'{FUNCTIONS}.parameters')}\n"
            f"{unknown('const', f'{FUNCTIONS}.parameters.properties[1].value')}"
        ),
        tools=tools(function(**{"$schema": "s", "properties": {"a": {"type": "STRING"}, "b": {"const": 1}}})),
    ),
    row(
        "words of JSON Schema in a choice",
        "schema-names",
        unknown("exclusiveMinimum", f"{FUNCTIONS}.parameters.properties[0].value.any_of[0]"),
        tools=tools(function(properties={"a": {"anyOf": [{"type": "NUMBER", "exclusiveMinimum": 0}]}})),
    ),
    option(
        "a type that there is not",
        "schema-names",
        f"Invalid value at 'generation_config.response_schema.type' ({TYPE}.Type), \"any\"",
        responseMimeType="application/json",
        responseSchema={"type": "any"},
    ),
    row(
        "two types",
        "schema-names",
        (
            f"Invalid JSON payload received. Unknown name \"type\" at '{FUNCTIONS}.parameters.properties[0].value': "
            "Proto field is not repeating, cannot start list."
        ),
        tools=tools(function(properties={"a": {"type": ["string", "null"]}})),
    ),
    row(
        "a data URL for base64",
        "bytes",
        (
            "Invalid value at 'contents[0].parts[0].inline_data.data' (TYPE_BYTES), Base64 decoding failed for "
            '"data:image/png;base64,AAAA"'
        ),
        contents=[says("user", inline("data:image/png;base64,AAAA"))],
    ),
    row(
        "bytes that are a number",
        "bytes",
        "Invalid value at 'contents[0].parts[0].inline_data.data' (TYPE_BYTES), 7",
        contents=[says("user", inline(7))],
    ),
]
CHECKED = [
    row("no contents", "contents-empty", checked("contents: contents is not specified"), contents=[]),
    row("nothing at all", "contents-empty", checked("contents: contents is not specified"), contents=None),
    row(
        "contents without parts",
        "parts-empty",
        checked(
            "contents[0].parts: contents.parts must not be empty.",
            "contents[1].parts: contents.parts must not be empty.",
        ),
        contents=[{"role": "user"}, {"role": "model", "parts": []}],
    ),
    row("an empty part", "part-data", checked(f"contents[0].parts[0].data: {NO_DATA}"), contents=[says("user", {})]),
    row(
        "a part that is a thought alone",
        "part-data",
        checked(f"contents[1].parts[1].data: {NO_DATA}"),
        said=[says("model", "Hello", {"thought": True}), USER],
    ),
    row(
        "a system of nothing",
        "part-data",
        checked(f"system_instruction.parts[0].data: {NO_DATA}"),
        systemInstruction={"parts": [{}]},
    ),
    row(
        "a response of no function",
        "function-response-name",
        checked("contents[2].parts[0].function_response.name: Name cannot be empty."),
        said=[says("model", call()), says("user", {"functionResponse": {"response": {}}})],
    ),
    row(
        "no kind of tool",
        "tool-kind",
        checked("tools[0].tool_type: required one_of 'tool_type' must have one initialized field"),
        tools=tools(),
    ),
    row(
        "a function with a blank",
        "function-name",
        checked(f"tools[0].function_declarations[1].name: {BAD_NAME}"),
        tools=tools(function(), function("find shop")),
    ),
    row("a function without name", "function-name", checked(f"{FUNCTIONS}.name: {BAD_NAME}"), tools=tools({})),
    row(
        "a function of a digit",
        "function-name",
        checked(f"{FUNCTIONS}.name: {BAD_NAME}"),
        tools=tools(function("3d")),
    ),
    row(
        "an object of nothing",
        "schema-objects",
        checked(f"{FUNCTIONS}.parameters.properties[a].properties: should be non-empty for OBJECT type"),
        tools=tools(function(properties={"a": {"type": "object", "properties": {}}})),
    ),
    row(
        "a list of nothing",
        "schema-arrays",
        checked(f"{FUNCTIONS}.parameters.properties[a].items: missing field."),
        tools=tools(function(properties={"a": {"type": "ARRAY"}})),
    ),
    row(
        "what is required is not there",
        "schema-required",
        checked(f"{FUNCTIONS}.parameters.required[1]: property is not defined"),
        tools=tools(function(properties={"a": {"type": "STRING"}}, required=["a", "b"])),
    ),
    row(
        "properties of a text",
        "schema-misplaced",
        checked(f"{FUNCTIONS}.parameters.properties[a].properties: only allowed for OBJECT type"),
        tools=tools(function(properties={"a": {"type": "STRING", "properties": {"b": {"type": "STRING"}}}})),
    ),
    option(
        "numbers to choose from",
        "schema-misplaced",
        checked("generation_config.response_schema.enum: only allowed for STRING type"),
        responseMimeType="application/json",
        responseSchema={"type": "INTEGER", "enum": [1, 2]},
    ),
    option(
        "an answer in HTML",
        "response-mime-type",
        checked(
            "generation_config.response_mime_type: allowed mimetypes are `text/plain`, `application/json`, "
            "`application/xml`, `application/yaml` and `text/x.enum`."
        ),
        responseMimeType="text/html",
    ),
    option(
        "temperature above 2",
        "temperature",
        checked("generation_config.temperature: temperature must be in the range [0.0, 2.0]."),
        temperature=2.1,
    ),
    option(
        "temperature below 0",
        "temperature",
        checked("generation_config.temperature: temperature must be in the range [0.0, 2.0]."),
        temperature="-1",
    ),
    option(
        "top_p above 1",
        "top-p",
        checked("generation_config.top_p: top_p must be in the range [0.0, 1.0]."),
        top_p=1.1,
    ),
    option("no top_k", "top-k", checked("generation_config.top_k: top_k must be at least 1."), topK=0),
    option(
        "nine answers",
        "candidate-count",
        checked("generation_config.candidate_count: candidate_count must be in the range [1, 8]."),
        candidateCount=9,
    ),
    option(
        "no tokens",
        "max-output-tokens",
        checked("generation_config.max_output_tokens: max_output_tokens must be at least 1."),
        maxOutputTokens=0,
    ),
    option(
        "a hard penalty",
        "penalties",
        checked("generation_config.frequency_penalty: frequency_penalty must be in the range [-2.0, 2.0]."),
        frequencyPenalty=3,
    ),
    option(
        "six stops",
        "stop-sequences",
        checked("generation_config.stop_sequences: at most 5 stop sequences are allowed."),
        stopSequences=["a", "b", "c", "d", "e", "f"],
    ),
    option(
        "likelihoods that nobody asks for",
        "logprobs",
        checked("generation_config.logprobs: logprobs can only be set if response_logprobs is true."),
        logprobs=3,
    ),
    option(
        "too many likelihoods",
        "logprobs",
        checked("generation_config.logprobs: logprobs must be in the range [0, 20]."),
        logprobs=21,
        responseLogprobs=True,
    ),
    option(
        "a schema for a text",
        "response-schema",
        checked(
            "generation_config.response_schema: response_schema is only allowed with the response_mime_type "
            "application/json or text/x.enum."
        ),
        responseSchema={"type": "STRING"},
    ),
    option(
        "two schemas",
        "response-schema",
        checked("generation_config.response_schema: response_schema and response_json_schema are mutually exclusive."),
        responseMimeType="application/json",
        responseSchema={"type": "STRING"},
        responseJsonSchema={"type": "string"},
    ),
    option(
        "thinking said twice",
        "thinking",
        "You can only set only one of thinking budget and thinking level.",
        thinkingConfig={"thinkingBudget": 9, "thinkingLevel": "LOW"},
    ),
]
MODELS = [
    row(
        "two functions of a name",
        "duplicate-function",
        "Duplicate function declaration found: f",
        tools=tools(function(), function()),
    ),
    row(
        "calling without functions",
        "function-calling-config",
        "Function calling config is set without function_declarations.",
        tools=[{"googleSearch": {}}],
        toolConfig={"functionCallingConfig": {"mode": "AUTO"}},
    ),
    row(
        "a function that is not declared",
        "allowed-functions",
        checked(f"{ALLOWED}[1]: the function is not declared."),
        tools=tools(function()),
        toolConfig={"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["f", "g"]}},
    ),
    row(
        "functions for a free choice",
        "allowed-functions",
        checked(f"{ALLOWED}: only allowed with the mode ANY or VALIDATED."),
        tools=tools(function()),
        toolConfig={"functionCallingConfig": {"mode": "auto", "allowedFunctionNames": ["f"]}},
    ),
    row(
        "JSON and functions",
        "json-with-tools",
        "Function calling with a response mime type: 'application/json' is unsupported",
        tools=tools(function()),
        generationConfig={"responseMimeType": "application/json"},
    ),
    row(
        "a cache and a system",
        "cached-content",
        (
            "CachedContent can not be used with GenerateContent request setting system_instruction, tools or "
            "tool_config.\n\nProposed fix: move those values to CachedContent from GenerateContent request."
        ),
        cachedContent="cachedContents/1",
        systemInstruction={"parts": [{"text": "Be brief."}]},
    ),
    row(
        "a file of unknown kind",
        "mime-type",
        "Unsupported MIME type: application/octet-stream",
        contents=[says("user", inline("AAAA", "application/octet-stream"))],
    ),
    row(
        "a call that answers nobody",
        "function-call-turn",
        "Please ensure that function call turn comes immediately after a user turn or after a function response turn.",
        contents=[says("model", call()), says("user", result())],
    ),
    row(
        "a response to nothing",
        "function-response-turn",
        "Please ensure that function response turn comes immediately after a function call turn.",
        said=[says("model", "Hello."), says("user", result())],
    ),
    row(
        "one response to two calls",
        "function-response-count",
        COUNT,
        said=[says("model", call(), call("g")), says("user", result())],
    ),
    row("no response to a call", "function-response-count", COUNT, said=[says("model", call()), says("user", "And?")]),
    row(
        "a call without signature",
        "thought-signature",
        UNSIGNED.format("f", 2),
        "gemini-3.5-flash",
        said=[says("model", call()), says("user", result())],
    ),
    row(
        "a second step without signature",
        "thought-signature",
        UNSIGNED.format("g", 4),
        "gemini-3.1-pro-preview",
        said=[
            says("model", call(**SIGNED)),
            says("user", result()),
            says("model", call("g"), call("h", **SIGNED)),
            says("user", result("g"), result("h")),
        ],
    ),
]
ROWS = [*PARSED, *CHECKED, *MODELS]


@pytest.mark.parametrize("row", ROWS, ids=name_of)
def test_it_is_refused_in_the_words_of_the_service(live: Live, row: Row) -> None:
    assert refused(row) == answered(live, row)


@pytest.mark.parametrize("row", [row for row in ROWS if row.rule], ids=name_of)
def test_it_passes_with_a_note_where_somebody_wants_it(warned: Live, row: Row) -> None:
    status, _ = answered(warned, row)
    [exchange] = warned.journal
    assert (200, f"{row.rule}: {row.error['error']['message']}") == (status, exchange.warnings[0])


def test_every_rule_has_a_row() -> None:
    assert set(RULES) == {row.rule for row in ROWS} - {""}
    assert len(RULES) == len(gemini.RULES)


def test_a_type_is_of_the_version_that_was_asked(live: Live) -> None:
    body = {**VALID, "safetySettings": [{"threshold": "NEVER"}]}
    reply = live.send("POST", f"/plain/v1/models/{MODEL}:streamGenerateContent?alt=sse", body)
    assert "google.ai.generativelanguage.v1.SafetySetting" in reply.json["error"]["message"]


CITY = {"type": "object", "properties": {"name": {"type": "string"}, "people": {"type": "integer"}}}
TAKEN: dict[str, tuple[str, dict[str, Any]]] = {
    "nothing but what must be": (MODEL, {}),
    "one content in place of a list, without a role": (MODEL, {"contents": {"parts": {"text": "Hello"}}}),
    "every option": (
        MODEL,
        {
            "generationConfig": {
                "temperature": 2,
                "top_p": "0.5",
                "topK": 20.0,
                "candidateCount": 8,
                "maxOutputTokens": 9,
                "stop_sequences": ["a", "b", "c", "d", "e"],
                "presencePenalty": -2,
                "seed": 7,
                "responseLogprobs": True,
                "logprobs": 20,
                "responseModalities": ["text"],
                "thinkingConfig": {"includeThoughts": True, "thinkingBudget": -1},
            },
            "safety_settings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "OFF"}],
            "system_instruction": {"parts": [{"text": "Be brief."}]},
        },
    ),
    "a schema": (MODEL, {"generationConfig": {"responseMimeType": "application/json", "responseSchema": CITY}}),
    "a function without parameters": (MODEL, {"tools": tools(function(), function("g", properties={}))}),
    "a function with JSON Schema": (
        MODEL,
        {"tools": tools({"name": "f", "parametersJsonSchema": {"$schema": "s", "type": "object", "const": 1}})},
    ),
    "JSON and functions of a newer model": (
        "gemini-3.5-flash",
        {"tools": tools(function()), "generationConfig": {"responseMimeType": "application/json"}},
    ),
    "a name that is long": (MODEL, {"tools": tools(function("a" * 128))}),
    "an empty text with a signature": (
        MODEL,
        {"contents": [USER, says("model", "Hm.", {"text": "", **SIGNED}), USER]},
    ),
    "a stream that comes back piece by piece": (
        "gemini-3.5-flash",
        {
            "contents": [
                USER,
                says("model", "Let me "),
                says("model", "see."),
                says("model", call(**SIGNED)),
                says("model", call("g")),
                says("user", result()),
                says("user", result("g")),
            ]
        },
    ),
    "calls of another turn, without signatures": (
        "gemini-3.5-flash",
        {"contents": [USER, says("model", call()), says("user", result()), says("model", "4."), USER]},
    ),
    "calls of an older model": (MODEL, {"contents": [USER, says("model", call()), says("function", result())]}),
    "a call that nobody has answered yet": (MODEL, {"contents": [USER, says("model", call())]}),
    "pictures and sounds": (
        MODEL,
        {
            "contents": [
                says(
                    "user",
                    inline("iVBORw0KGgo="),
                    inline("iVBORw0KGgo", "audio/L16;rate=24000"),
                    inline("_-8=", "application/pdf"),
                    {"fileData": {"mimeType": "video/mp4", "fileUri": "https://e.org/a.mp4"}},
                )
            ]
        },
    ),
    "a search": (MODEL, {"tools": [{"googleSearch": {}}, {"url_context": {}}]}),
}


@pytest.mark.parametrize("name", TAKEN)
def test_what_the_service_takes_passes(live: Live, name: str) -> None:
    model, fields = TAKEN[name]
    reply = live.send("POST", PATH.format(model), {**VALID, **fields})
    assert (200, ()) == (reply.status, live.journal[0].warnings), reply.body


@settings(max_examples=400)
@given(body=mutated([{**VALID, **fields} for _, fields in TAKEN.values()]))
def test_whatever_is_wrong_at_one_place_every_rule_can_be_asked(body: Any) -> None:
    sent = Call("POST", f"/v1beta/models/{MODEL}:generateContent", body=jsontext.dumps(body))
    try:
        request = gemini.decode(sent, Endpoint("plain", gemini, model="gemini-3.5-flash"), Memory(most=9))
        failures = [breach.failure() for rule in gemini.RULES for breach in rule.check.look(request)]
    except Rejected as rejected:
        failures = [rejected.failure]
    assert {400} >= {gemini.failure(failure, Stamp(0, 1, 0)).status for failure in failures}
