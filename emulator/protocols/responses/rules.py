"""What the service at home refuses in requests of this protocol.

In the order in which it reports them (recorded: parameters that are none, the input, then the other fields); what is
wrong between several things comes last (inferred). The words are in rules_items.py and rules_options.py.
"""

from __future__ import annotations

from typing import Final

from emulator.protocols.responses import rules_items as items
from emulator.protocols.responses import rules_options as options
from emulator.refusals import MEASURED, fields
from emulator.refusals.fields import BOOLEAN, DECIMAL, INTEGER, METADATA, OBJECT, STRING, Kind
from emulator.types import Rule, Rulebook

__all__ = ["PARAMETERS", "RULES"]

# fmt: off
PARAMETERS: Final = frozenset({
    "access_programs", "background", "client_metadata", "context_management", "conversation", "frequency_penalty",
    "image", "include", "input", "instructions", "max_output_tokens", "max_tool_calls", "messages", "metadata",
    "model", "moderation", "parallel_tool_calls", "presence_penalty", "previous_response_id", "prompt",
    "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention", "reasoning", "safety_identifier",
    "service_tier", "store", "stream", "stream_options", "temperature", "text", "tool_choice", "tools",
    "top_logprobs", "top_p", "truncation", "user",
})
# fmt: on
"""Every parameter that there is: types.responses.ResponseCreateParams (openai 3.51); the penalties (recorded);
client_metadata, which Codex 0.169 sends (package, measured); and one with a rule of its own."""

# In the order in which they are reported (recorded).
_KINDS: Final = {
    "prompt": OBJECT,
    "include": Kind((list,), "an array of strings"),
    "tools": Kind((list,), "an array of tools"),
    "metadata": METADATA,
    "text": OBJECT,
    "temperature": DECIMAL,
    "top_p": DECIMAL,
    "presence_penalty": DECIMAL,
    "frequency_penalty": DECIMAL,
    "parallel_tool_calls": BOOLEAN,
    "stream": BOOLEAN,
    "stream_options": OBJECT,
    "background": BOOLEAN,
    "max_output_tokens": INTEGER,
    "max_tool_calls": INTEGER,
    "reasoning": OBJECT,
    "user": STRING,
    "safety_identifier": STRING,
    "prompt_cache_options": OBJECT,
    "prompt_cache_key": STRING,
    "store": BOOLEAN,
    "top_logprobs": INTEGER,
    "context_management": Kind((list,), "an array of objects"),
    "moderation": OBJECT,
}
_TIERS: Final = ("auto", "default", "fast", "flex", "priority")
_REPORTS: Final = "error reports of clients, by the message (public issues and code, 2025 and 2026, read 2026-11-20)"
_TYPES: Final = "types.responses (openai 3.51.0)"

_TABLE: Final = (
    Rule("unknown-parameter", fields.known(PARAMETERS), "recorded", MEASURED),
    Rule("messages", options.messages, "recorded", MEASURED),
    Rule("item-types", items.kinds, "recorded", MEASURED),
    Rule("item-members", items.members, "recorded", f"{MEASURED}; which members: {_TYPES}"),
    Rule("content-parts", items.contents, "recorded", f"{MEASURED}; in results: {_REPORTS}"),
    Rule("field-types", fields.typed(_KINDS), "recorded", f"{MEASURED}; inferred: the words on include"),
    Rule("include", options.include, "recorded", MEASURED),
    Rule("tool-definitions", options.tools, "recorded", f"{MEASURED}; schemas: {_REPORTS}"),
    Rule("tool-choice", options.tool_choice, "recorded", f"{MEASURED}; tools that are not there: {_REPORTS}"),
    Rule("metadata", fields.metadata, "recorded", MEASURED),
    Rule("text-format", options.answer_form, "recorded", f"{MEASURED}; schemas: {_REPORTS}"),
    Rule("temperature-range", fields.between("temperature", "decimal", 0, 2), "recorded", _REPORTS),
    Rule("top-p-range", fields.between("top_p", "decimal", 0, 1), "recorded", _REPORTS),
    Rule("max-output-tokens-range", fields.at_least("max_output_tokens", 16), "recorded", MEASURED),
    Rule("max-tool-calls-range", fields.at_least("max_tool_calls", 1), "recorded", MEASURED),
    Rule("reasoning", options.reasoning, "recorded", MEASURED),
    Rule(
        "prompt-cache-retention",
        fields.one_of("prompt_cache_retention", ("in_memory", "24h")),
        "recorded",
        MEASURED,
    ),
    Rule("truncation", fields.one_of("truncation", ("auto", "disabled")), "recorded", MEASURED),
    Rule("service-tier", fields.one_of("service_tier", _TIERS), "recorded", MEASURED),
    Rule("top-logprobs-range", fields.between("top_logprobs", "integer", 0, 20), "inferred", f"the words; {_TYPES}"),
    Rule("empty-input", items.empty, "recorded", MEASURED),
    Rule("image-form", items.pictures(), "recorded", _REPORTS),
    Rule("tool-pairing", items.paired, "recorded", _REPORTS),
    Rule("json-word", options.json_word, "recorded", _REPORTS),
    Rule("stream-options", options.stream_options, "recorded", f"{MEASURED}; without a stream: as chat (inferred)"),
    # Later models take it (recorded: a report of 2026-09-10), so it is only noted.
    Rule("reasoning-alone", items.reasoning, "recorded", _REPORTS, refused=False),
)

RULES: Final = Rulebook(_TABLE, plain=items.plain)
"""What is refused, and how that is known."""
