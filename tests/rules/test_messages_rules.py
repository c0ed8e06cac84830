"""What Anthropic refuses, in its own words, and what it takes."""

from typing import Any

import pytest
from hypothesis import given, settings

from emulator import jsontext
from emulator.protocols import messages
from emulator.providers.plain import Plain
from emulator.session import Memory
from emulator.types import Call, Check, Endpoint, Rejected, Rule, Stamp
from tests.live import Live
from tests.rules.mutations import mutated
from tests.rules.table import ANY, GONE, Row, answered, changed, name_of, refused

PATH = "/plain/v1/messages"
OLD, NEW = {"anthropic-version": "2023-06-01"}, {"anthropic-version": "2026-10-21"}
BETA = {**OLD, "anthropic-beta": "interleaved-thinking-2025-05-14"}
UNREADABLE = Rule("", Check(lambda _: ()), "inferred", "the form of the others")
"""What can't be read is no rule's, and no mode lets it pass."""
RULES = {rule.name: rule for rule in messages.RULES}


def says(role: str, *blocks: Any) -> dict[str, Any]:
    """One message: of a text, or of blocks."""
    return {"role": role, "content": blocks[0] if len(blocks) == 1 and isinstance(blocks[0], str) else list(blocks)}


def text(words: Any = "Hello", **fields: Any) -> dict[str, Any]:
    return {"type": "text", "text": words, **fields}


def call(identity: str = "toolu_1", **fields: Any) -> dict[str, Any]:
    return {"type": "tool_use", "id": identity, "name": "f", "input": {}, **fields}


def result(identity: Any = "toolu_1", **fields: Any) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": identity, "content": "4", **fields}


def image(**source: Any) -> dict[str, Any]:
    return {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo=", **source}}


def tool(name: Any = "f", **fields: Any) -> dict[str, Any]:
    return changed({"name": name, "input_schema": {"type": "object"}}, **fields)


THOUGHT = {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"}
THINKING = {"type": "enabled", "budget_tokens": 1024}
USER = says("user", "Hello")
VALID = {"model": "claude-sonnet-4-5-20250929", "max_tokens": 2048, "messages": [USER]}


def row(
    name: str,
    rule: str,
    message: str,
    headers: dict[str, str] = OLD,
    said: list[Any] | None = None,
    **fields: Any,
) -> Row:
    """A request that is refused with invalid_request_error; `said` is the conversation after the user's Hello."""
    given = {} if said is None else {"messages": [USER, *said]}
    body = changed(VALID, **given, **fields)
    error = {"type": "error", "error": {"type": "invalid_request_error", "message": message}, "request_id": ANY}
    known = RULES[rule] if rule else UNREADABLE
    return Row(name, PATH, body, 400, error, known.origin, known.source, rule, headers)


NOT_AN_OBJECT = "Input should be a valid dictionary or object to extract fields from"
EXTRA = "Extra inputs are not permitted"
PATTERN = "String should match pattern '^[a-zA-Z0-9_-]{1,128}$'"
NON_EMPTY = "all messages must have non-empty content except for the optional final assistant message"
BAD_SCHEMA = (
    "tools.0.custom.input_schema: JSON schema is invalid. It must match JSON Schema draft 2020-12 "
    "(https://json-schema.org/draft/2020-12). Learn more about tool use at https://docs.claude.com/en/docs/tool-use."
)
UNANSWERED = (
    "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: {}. "
    "Each `tool_use` block must have a corresponding `tool_result` block in the next message."
)
UNEXPECTED = (
    "messages.{}: unexpected `tool_use_id` found in `tool_result` blocks: {}. "
    "Each `tool_result` block must have a corresponding `tool_use` block in the previous message."
)
KINDS = (
    "'bash_code_execution_tool_result', 'code_execution_tool_result', 'container_upload', 'document', 'image', "
    "'redacted_thinking', 'search_result', 'server_tool_use', 'text', 'text_editor_code_execution_tool_result', "
    "'thinking', 'tool_reference', 'tool_result', 'tool_search_tool_result', 'tool_use', 'web_fetch_tool_result', "
    "'web_search_tool_result'"
)
TOOLS = (
    "'bash_20250124', 'code_execution_20260521', 'custom', 'memory_20250818', 'text_editor_20250728', "
    "'tool_search_tool_bm25_20251119', 'tool_search_tool_regex_20251119', 'web_fetch_20260318', 'web_search_20260318'"
)
IMAGES = "Input should be 'image/jpeg', 'image/png', 'image/gif' or 'image/webp'"


def untagged(where: str, tag: str, expected: str) -> str:
    return f"{where}: Input tag '{tag}' found using 'type' does not match any of the expected tags: {expected}"


FIELDS = [
    row("no model", "", "model: Field required", model=GONE),
    row("a model that is a number", "", "model: Input should be a valid string", model=4),
    row("no messages", "", "messages: Field required", messages=GONE),
    row("messages that are a text", "", "messages: Input should be a valid list", messages="Hello"),
    row("a message that is a text", "", f"messages.0: {NOT_AN_OBJECT}", messages=["Hello"]),
    row(
        "a role of OpenAI's",
        "",
        "messages.0.role: Input should be 'user' or 'assistant'",
        messages=[says("developer", "Be brief.")],
    ),
    row("tools that are no list", "", "tools: Input should be a valid list", tools="f"),
    row("no max_tokens", "max-tokens", "max_tokens: Field required", max_tokens=GONE),
    row("max_tokens as a text", "max-tokens", "max_tokens: Input should be a valid integer", max_tokens="9"),
    row(
        "half a token",
        "max-tokens",
        "max_tokens: Input should be a valid integer, got a number with a fractional part",
        max_tokens=1.5,
    ),
    row(
        "max_tokens below 0",
        "max-tokens",
        "max_tokens: Input should be greater than or equal to 0",
        max_tokens=-1,
    ),
    row("stream as a text", "stream", "stream: Input should be a valid boolean", stream="true"),
    row("temperature above 1", "temperature", "temperature: range: 0..1", temperature=1.5),
    row("temperature below 0", "temperature", "temperature: range: 0..1", temperature=-0.1),
    row("temperature as a text", "temperature", "temperature: Input should be a valid number", temperature="hot"),
    row("top_p above 1", "top-p", "top_p: range: 0..1", top_p=2),
    row("top_k below 0", "top-k", "top_k: Input should be greater than or equal to 0", top_k=-1),
    row("top_k of a half", "top-k", "top_k: Input should be a valid integer", top_k=0.5),
    row("temperature in the new version", "sampling-removed", f"temperature: {EXTRA}", NEW, temperature=1.0),
    row("top_k in the new version", "sampling-removed", f"top_k: {EXTRA}", NEW, top_k=5),
    row("stop as a text", "stop-sequences", "stop_sequences: Input should be a valid list", stop_sequences="END"),
    row(
        "stop of numbers", "stop-sequences", "stop_sequences.1: Input should be a valid string", stop_sequences=["a", 1]
    ),
    row(
        "stop at a line's end",
        "stop-sequences",
        "stop_sequences: each stop sequence must contain non-whitespace",
        stop_sequences=["END", "\n"],
    ),
    row("metadata as a text", "metadata", "metadata: Input should be a valid dictionary", metadata="me"),
    row("more metadata", "metadata", f"metadata.team: {EXTRA}", metadata={"user_id": "u", "team": "t"}),
    row("a user's number", "metadata", "metadata.user_id: Input should be a valid string", metadata={"user_id": 7}),
    row(
        "OpenAI's service tier",
        "service-tier",
        "service_tier: Input should be 'auto' or 'standard_only'",
        service_tier="flex",
    ),
    row(
        "an output_config that is a text",
        "effort",
        "output_config: Input should be a valid dictionary",
        output_config="x",
    ),
    row(
        "no such effort",
        "effort",
        "output_config.effort: Input should be 'low', 'medium', 'high', 'xhigh' or 'max'",
        output_config={"effort": "minimal"},
    ),
    row(
        "no such format",
        "output-format",
        untagged("output_config.format", "json_object", "'json_schema'"),
        output_config={"format": {"type": "json_object"}},
    ),
    row(
        "a format without schema",
        "output-format",
        "output_config.format.schema: Field required",
        output_config={"format": {"type": "json_schema"}},
    ),
    row(
        "an open object",
        "output-schema",
        "output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly set to false",
        output_config={
            "format": {
                "type": "json_schema",
                "schema": {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {"all": {"type": "array", "items": {"type": "object"}}},
                },
            }
        },
    ),
    row("a field of OpenAI's", "unknown-fields", f"presence_penalty: {EXTRA}", presence_penalty=1),
    row("a beta's field without the beta", "unknown-fields", f"context_management: {EXTRA}", context_management={}),
    row(
        "five pieces for the cache",
        "cache-blocks",
        "A maximum of 4 blocks with cache_control may be provided. Found 5.",
        system=[text(cache_control={"type": "ephemeral"})],
        tools=[tool(cache_control={"type": "ephemeral"})],
        messages=[says("user", *[text(cache_control={"type": "ephemeral"})] * 3)],
    ),
]
TURNS = [
    row("no message", "messages-empty", "messages: at least one message is required", messages=[]),
    row("no content", "message-content", "messages.0.content: Field required", messages=[{"role": "user"}]),
    row("a message's name", "message-fields", f"messages.0.name: {EXTRA}", messages=[{**USER, "name": "me"}]),
    row("no kind of block", "block-type", "messages.0.content.0.type: Field required", messages=[says("user", {})]),
    row(
        "OpenAI's picture",
        "block-type",
        untagged("messages.0.content.0", "image_url", KINDS),
        messages=[says("user", {"type": "image_url", "image_url": {"url": "https://e.org/a.png"}})],
    ),
    row(
        "a block without text",
        "block-fields",
        "messages.0.content.0.text.text: Field required",
        messages=[says("user", {"type": "text"})],
    ),
    row(
        "a text that is a number",
        "block-fields",
        "messages.0.content.0.text.text: Input should be a valid string",
        messages=[says("user", text(4))],
    ),
    row(
        "thinking without signature",
        "block-fields",
        "messages.1.content.0.thinking.signature: Field required",
        said=[says("assistant", {"type": "thinking", "thinking": "Hm."}), USER],
    ),
    row(
        "a result of nothing",
        "block-fields",
        "messages.2.content.0.tool_result.tool_use_id: Field required",
        said=[says("assistant", call()), says("user", {"type": "tool_result"})],
    ),
    row(
        "arguments as a text",
        "block-fields",
        "messages.1.content.0.tool_use.input: Input should be a valid dictionary",
        said=[says("assistant", call(input="{}")), says("user", result())],
    ),
    row(
        "no arguments",
        "block-fields",
        "messages.1.content.0.tool_use.input: Field required",
        said=[says("assistant", call(input=None)), says("user", result())],
    ),
    row(
        "an id of another service",
        "tool-use-id",
        "messages.1.content.0.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'",
        said=[says("assistant", call("functions.f:0")), says("user", result("functions.f:0"))],
    ),
    row(
        "a picture without source",
        "block-fields",
        "messages.0.content.0.image.source: Field required",
        messages=[says("user", {"type": "image"})],
    ),
    row(
        "a picture from nowhere",
        "sources",
        untagged("messages.0.content.0.image.source", "path", "'base64', 'file', 'url'"),
        messages=[says("user", image(type="path"))],
    ),
    row(
        "a bitmap",
        "sources",
        f"messages.0.content.0.image.source.base64.media_type: {IMAGES}",
        messages=[says("user", image(media_type="image/bmp"))],
    ),
    row(
        "a bitmap in a result",
        "sources",
        f"messages.2.content.0.tool_result.content.0.image.source.base64.media_type: {IMAGES}",
        said=[says("assistant", call()), says("user", result(content=[image(media_type="image/bmp")]))],
    ),
    row(
        "a data URL for base64",
        "sources",
        "messages.0.content.0.image.source.base64.data: Input should be valid base64",
        messages=[says("user", image(data="data:image/png;base64,iVBORw0KGgo="))],
    ),
    row(
        "an empty picture",
        "sources",
        "messages.0.content.0.image.source.base64: image cannot be empty",
        messages=[says("user", image(data=""))],
    ),
    row(
        "a picture as a document",
        "sources",
        "messages.0.content.0.document.source.base64.media_type: Input should be 'application/pdf'",
        messages=[says("user", {**image(), "type": "document"})],
    ),
    row("a picture for a system", "system-blocks", "system.0.type: Input should be 'text'", system=[image()]),
    row("a system without words", "system-blocks", "system.0.text: Field required", system=[{"type": "text"}]),
    row(
        "the system as a message",
        "first-role",
        'messages: Unexpected role "system". The Messages API accepts a top-level `system` parameter, not "system" as '
        "an input message role.",
        messages=[says("system", "Be brief."), USER],
    ),
    row(
        "an empty text",
        "empty-text",
        "messages: text content blocks must be non-empty",
        messages=[says("user", text(""))],
    ),
    row(
        "a blank text",
        "empty-text",
        "messages: text content blocks must contain non-whitespace text",
        messages=[says("user", text(" \n"))],
    ),
    row("an empty system", "empty-text", "system: text content blocks must be non-empty", system=[text("")]),
    row("an empty message", "empty-content", f"messages.0: {NON_EMPTY}", messages=[says("user", "")]),
    row("an empty answer", "empty-content", f"messages.1: {NON_EMPTY}", said=[says("assistant", ""), USER]),
    row("no blocks", "empty-content", f"messages.0: {NON_EMPTY}", messages=[{"role": "user", "content": []}]),
    row(
        "a prefill that ends in a blank",
        "trailing-space",
        "messages: final assistant content cannot end with trailing whitespace",
        said=[says("assistant", text("The answer is "))],
    ),
    row(
        "a call by the user",
        "block-role",
        "messages.0: `tool_use` blocks can only be in `assistant` messages",
        messages=[says("user", call())],
    ),
    row(
        "a result by the assistant",
        "block-role",
        "messages.1: `tool_result` blocks can only be in `user` messages",
        said=[says("assistant", result())],
    ),
    row(
        "a document by the assistant in the new version",
        "assistant-document",
        "messages.1: `document` blocks can only be in `user` messages",
        NEW,
        said=[says("assistant", {"type": "document", "source": {"type": "url", "url": "https://e.org/a.pdf"}}), USER],
    ),
    row(
        "citations by the user in the new version",
        "user-citations",
        f"messages.0.content.0.text.citations: {EXTRA}",
        NEW,
        messages=[says("user", text(citations=[{"type": "char_location"}]))],
    ),
]
TOOL_ROWS = [
    row("OpenAI's tool", "tool-type", untagged("tools.0", "function", TOOLS), tools=[tool(type="function")]),
    row("a tool without name", "tool-name", "tools.0.custom.name: Field required", tools=[tool(GONE)]),
    row("a tool with a dot", "tool-name", f"tools.1.custom.name: {PATTERN}", tools=[tool(), tool("shop.find")]),
    row("a tool without letters", "tool-name", f"tools.0.custom.name: {PATTERN}", tools=[tool("")]),
    row(
        "a tool without schema",
        "tool-schema",
        "tools.0.custom.input_schema: Field required",
        tools=[tool(input_schema=GONE)],
    ),
    row(
        "a schema without type",
        "tool-schema",
        "tools.0.custom.input_schema.type: Field required",
        tools=[tool(input_schema={"properties": {}})],
    ),
    row(
        "a schema of a text",
        "tool-schema",
        "tools.0.custom.input_schema.type: Input should be 'object'",
        tools=[tool(input_schema={"type": "string"})],
    ),
    row(
        "a choice at the top",
        "tool-schema",
        "tools.0.custom.input_schema: input_schema does not support oneOf, allOf, or anyOf at the top level",
        tools=[tool(input_schema={"type": "object", "oneOf": [{"type": "object"}]})],
    ),
    row(
        "required as OpenAPI 3.0 has it not",
        "tool-schema",
        BAD_SCHEMA,
        tools=[tool(input_schema={"type": "object", "properties": {"a": {"type": "string", "required": True}}})],
    ),
    row(
        "a type that there is not",
        "tool-schema",
        BAD_SCHEMA,
        tools=[tool(input_schema={"type": "object", "properties": {"a": {"anyOf": [{"type": "any"}]}}})],
    ),
    row("two tools of a name", "tool-names-unique", "tools: Tool names must be unique.", tools=[tool(), tool()]),
    row(
        "OpenAI's choice",
        "tool-choice-type",
        f"tool_choice: {NOT_AN_OBJECT}",
        tools=[tool()],
        tool_choice="required",
    ),
    row(
        "no such choice",
        "tool-choice-type",
        untagged("tool_choice", "function", "'any', 'auto', 'none', 'tool'"),
        tools=[tool()],
        tool_choice={"type": "function", "name": "f"},
    ),
    row(
        "a choice without name",
        "tool-choice-type",
        "tool_choice.tool.name: Field required",
        tools=[tool()],
        tool_choice={"type": "tool"},
    ),
    row(
        "a choice of another tool",
        "tool-choice",
        "Tool 'g' not found in provided tools",
        tools=[tool()],
        tool_choice={"type": "tool", "name": "g"},
    ),
    row(
        "a choice without tools",
        "tool-choice",
        "tool_choice.any may only be specified while providing tools",
        tool_choice={"type": "any"},
    ),
    row(
        "one id for two calls",
        "tool-use-unique",
        "messages.1.content.1: `tool_use` ids must be unique",
        said=[says("assistant", call(), call()), says("user", result())],
    ),
    row(
        "a result of no call",
        "tool-result-known",
        UNEXPECTED.format("0.content.1", "toolu_9"),
        messages=[says("user", text(), result("toolu_9"))],
    ),
    row(
        "a result of a call before",
        "tool-result-known",
        UNEXPECTED.format("4.content.0", "toolu_1"),
        said=[says("assistant", call()), says("user", result()), says("assistant", "4."), says("user", result())],
    ),
    row(
        "two results of a call",
        "tool-result-once",
        "messages.2: each tool_use must have a single result. Found multiple `tool_result` blocks with id: toolu_1",
        said=[says("assistant", call()), says("user", result(), result())],
    ),
    row(
        "a call without result",
        "tool-use-answered",
        UNANSWERED.format("toolu_1"),
        said=[says("assistant", call()), says("user", "And?")],
    ),
    row(
        "one of three calls with a result",
        "tool-use-answered",
        UNANSWERED.format("a, c"),
        said=[says("assistant", call("a"), call("b"), call("c")), says("user", result("b"))],
    ),
    row(
        "words before a result",
        "tool-use-answered",
        UNANSWERED.format("toolu_1"),
        said=[says("assistant", call()), says("user", text("Here it is:"), result())],
    ),
    row("a call at the end", "tool-use-answered", UNANSWERED.format("toolu_1"), said=[says("assistant", call())]),
]
ON = "when thinking is enabled or in adaptive mode."
THINKING_ROWS = [
    row(
        "no such thinking",
        "thinking-type",
        untagged("thinking", "on", "'adaptive', 'between_tools', 'disabled', 'enabled'"),
        thinking={"type": "on"},
    ),
    row("thinking as a boolean", "thinking-type", f"thinking: {NOT_AN_OBJECT}", thinking=True),
    row(
        "thinking without budget",
        "thinking-budget",
        "thinking.enabled.budget_tokens: Field required",
        thinking={"type": "enabled"},
    ),
    row(
        "too small a budget",
        "thinking-budget",
        "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024",
        thinking={"type": "enabled", "budget_tokens": 512},
    ),
    row(
        "a budget that leaves nothing",
        "thinking-below-max",
        "`max_tokens` must be greater than `thinking.budget_tokens`.",
        thinking=THINKING,
        max_tokens=1024,
    ),
    row(
        "cool thinking",
        "thinking-sampling",
        f"`temperature` may only be set to 1 {ON}",
        thinking=THINKING,
        temperature=0.5,
    ),
    row(
        "narrow thinking",
        "thinking-sampling",
        f"`top_p` must be greater than or equal to 0.95 or unset {ON}",
        thinking={"type": "adaptive"},
        top_p=0.5,
    ),
    row("thinking of few words", "thinking-sampling", f"`top_k` must be unset {ON}", thinking=THINKING, top_k=5),
    row(
        "thinking of a forced tool",
        "thinking-forced-tool",
        "Thinking may not be enabled when tool_choice forces tool use.",
        thinking=THINKING,
        tools=[tool()],
        tool_choice={"type": "any"},
    ),
    row(
        "thinking with an empty signature",
        "thinking-signature",
        "messages.1.content.0: Invalid `signature` in `thinking` block",
        said=[says("assistant", {**THOUGHT, "signature": ""}, text("Hello")), USER],
    ),
]
ROWS = [*FIELDS, *TURNS, *TOOL_ROWS, *THINKING_ROWS]


@pytest.mark.parametrize("row", ROWS, ids=name_of)
def test_it_is_refused_in_the_words_of_the_service(live: Live, row: Row) -> None:
    assert refused(row) == answered(live, row)


@pytest.mark.parametrize("row", [row for row in ROWS if row.rule], ids=name_of)
def test_it_passes_with_a_note_where_somebody_wants_it(warned: Live, row: Row) -> None:
    status, _ = answered(warned, row)
    [exchange] = warned.journal
    assert (200, f"{row.rule}: {row.error['error']['message']}") == (status, exchange.warnings[0])


def test_every_rule_has_a_row() -> None:
    # One asks for a hundred thousand messages, one is only noted: both below.
    assert set(RULES) - {"most-messages", "thinking-first"} == {row.rule for row in ROWS} - {""}
    assert len(RULES) == len(messages.RULES)


def test_a_hundred_thousand_messages_are_enough(live: Live) -> None:
    said = row(
        "too many",
        "most-messages",
        "messages: List should have at most 100000 items after validation, not 100001",
        messages=[USER] * 100_001,
    )
    assert refused(said) == answered(live, said)


def test_calls_without_their_thinking_are_noted(live: Live) -> None:
    body = changed(VALID, thinking=THINKING, messages=[USER, says("assistant", call()), says("user", result())])
    reply = live.send("POST", PATH, body)
    assert (200, "1") == (reply.status, reply.headers["x-emulator-warnings"])
    [exchange] = live.journal
    assert exchange.warnings[0].startswith(
        "thinking-first: messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`."
    )


OFFERED: dict[str, Any] = {"tools": [tool()]}
TAKEN: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
    "nothing but what must be": (OLD, {}),
    "everything": (
        OLD,
        {
            "temperature": 0.2,
            "top_p": 0.9,
            "top_k": 40,
            "stop_sequences": ["END"],
            "metadata": {"user_id": None},
            "service_tier": "auto",
            "stream": False,
            "system": [text("Be brief.", cache_control={"type": "ephemeral"})],
        },
    ),
    "an empty cache": (OLD, {"max_tokens": 0}),
    "the new version": (NEW, {"thinking": {"type": "adaptive"}, "output_config": {"effort": "xhigh"}}),
    "a beta's field": (BETA, {"context_management": {"edits": []}}),
    "a budget above the limit, where it is interleaved": (
        BETA,
        {**OFFERED, "thinking": {"type": "enabled", "budget_tokens": 9000}},
    ),
    "an empty answer to go on with": (OLD, {"messages": [USER, says("assistant", "")]}),
    "an answer to go on with": (OLD, {"messages": [USER, says("assistant", "The answer is")]}),
    "the assistant first": (OLD, {"messages": [says("assistant", text("How can I help?")), USER]}),
    "adaptive thinking of a forced tool": (
        OLD,
        {**OFFERED, "thinking": {"type": "adaptive"}, "tool_choice": {"type": "any"}},
    ),
    "thinking that is hidden": (
        OLD,
        {"messages": [USER, says("assistant", {**THOUGHT, "thinking": ""}, text()), USER]},
    ),
    "a tool that is added in the middle": (
        BETA,
        {
            "messages": [
                USER,
                says("assistant", call()),
                says("user", result()),
                says("system", {"type": "tool_addition", "tool": {"type": "tool_reference", "name": "g"}}),
                says("assistant", call("toolu_2")),
                says("user", result("toolu_2")),
            ]
        },
    ),
    "two messages of a user": (OLD, {"messages": [USER, USER]}),
    "system words in the middle": (OLD, {"messages": [USER, says("system", "Be brief.")]}),
    "parallel calls whose results come in two messages": (
        OLD,
        {
            "messages": [
                USER,
                says("assistant", call("a"), call("b")),
                says("user", result("b")),
                says("user", result("a")),
            ]
        },
    ),
    "words after a result": (OLD, {"messages": [USER, says("assistant", call()), says("user", result(), text())]}),
    "an empty result": (OLD, {"messages": [USER, says("assistant", call()), says("user", result(content=[]))]}),
    "thinking that comes back": (
        OLD,
        {
            **OFFERED,
            "thinking": THINKING,
            "temperature": 1,
            "messages": [USER, says("assistant", THOUGHT, call()), says("user", result())],
        },
    ),
    "pictures and documents": (
        OLD,
        {
            "messages": [
                says(
                    "user",
                    image(),
                    {"type": "image", "source": {"type": "url", "url": "https://e.org/a.png"}},
                    {"type": "image", "source": {"type": "file", "file_id": "file_1"}},
                    {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "Hello"}},
                    {"type": "document", "source": {"type": "content", "content": [text()]}},
                )
            ]
        },
    ),
    "the service's own tools": (
        OLD,
        {
            "tools": [
                {"type": "web_search_20260318", "name": "web_search"},
                {"type": "tool_search_tool_bm25", "name": "tool_search"},
                {"type": "mcp_toolset", "mcp_server_name": "shop"},
                tool("f", type="custom"),
            ],
            "tool_choice": {"type": "any"},
        },
    ),
    "a choice where there is none": (OLD, {"tool_choice": {"type": "auto"}, "tools": []}),
    "what the service did by itself": (
        OLD,
        {
            "messages": [
                USER,
                says(
                    "assistant",
                    {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "q"}},
                    {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []},
                    text("So it is."),
                ),
                USER,
            ]
        },
    ),
}


@pytest.mark.parametrize("name", TAKEN)
def test_what_the_service_takes_passes(live: Live, name: str) -> None:
    headers, fields = TAKEN[name]
    reply = live.send("POST", PATH, changed(VALID, **fields), {"authorization": live.bearer, **headers})
    assert (200, ()) == (reply.status, live.journal[0].warnings), reply.body


@settings(max_examples=400)
@given(body=mutated([changed(VALID, **fields) for _, fields in TAKEN.values()]))
def test_whatever_is_wrong_at_one_place_every_rule_can_be_asked(body: Any) -> None:
    sent = Call("POST", "/v1/messages", headers=NEW, body=jsontext.dumps(body))
    try:
        request = messages.decode(sent, Endpoint("plain", messages), Memory(most=9))
        failures = [breach.failure() for rule in Plain().rules(messages) for breach in rule.check.look(request)]
    except Rejected as rejected:
        failures = [rejected.failure]
    assert {400} >= {messages.failure(failure, Stamp(0, 1, 0)).status for failure in failures}
