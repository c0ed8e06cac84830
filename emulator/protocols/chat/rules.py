"""What the service at home refuses in requests of this protocol.

In the order in which it reports them (recorded: parameters that are none, the messages, the tools, the other fields);
what is wrong between several fields comes last (inferred). The words are in rules_messages.py and rules_options.py.
"""

from __future__ import annotations

from typing import Final

from emulator.protocols.chat import rules_messages as messages
from emulator.protocols.chat import rules_options as options
from emulator.refusals import MEASURED, fields
from emulator.refusals.fields import BOOLEAN, DECIMAL, INTEGER, METADATA, OBJECT, STRING, Kind
from emulator.types import Rule, Rulebook

__all__ = ["PARAMETERS", "RULES"]

# fmt: off
PARAMETERS: Final = frozenset({
    "audio", "frequency_penalty", "function_call", "functions", "logit_bias", "logprobs", "max_completion_tokens",
    "max_tokens", "messages", "metadata", "modalities", "model", "moderation", "n", "parallel_tool_calls",
    "prediction", "presence_penalty", "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention",
    "reasoning_effort", "response_format", "safety_identifier", "seed", "service_tier", "stop", "store", "stream",
    "stream_options", "temperature", "tool_choice", "tools", "top_logprobs", "top_p", "user", "verbosity",
    "web_search_options",
})
# fmt: on
"""Every parameter that there is: types.chat.CompletionCreateParams (openai 3.51)."""

# In the order in which they are reported (recorded).
_KINDS: Final = {
    "functions": Kind((list,), "an array of function definitions"),
    "tools": Kind((list,), "an array of objects"),
    "parallel_tool_calls": BOOLEAN,
    "max_completion_tokens": INTEGER,
    "max_tokens": INTEGER,
    "n": INTEGER,
    "temperature": DECIMAL,
    "top_p": DECIMAL,
    "presence_penalty": DECIMAL,
    "frequency_penalty": DECIMAL,
    "logprobs": BOOLEAN,
    "top_logprobs": INTEGER,
    "user": STRING,
    "seed": INTEGER,
    "safety_identifier": STRING,
    "prompt_cache_options": OBJECT,
    "prompt_cache_key": STRING,
    "stream": BOOLEAN,
    "stream_options": OBJECT,
    "response_format": OBJECT,
    "store": BOOLEAN,
    "metadata": METADATA,
    "logit_bias": OBJECT,
}
_TIERS: Final = ("auto", "default", "fast", "flex", "priority")
_EFFORTS: Final = ("none", "minimal", "low", "medium", "high", "xhigh", "max")

_REFERENCE: Final = "https://platform.openai.com/docs/api-reference/chat/create (2026-11-20)"
_TYPES: Final = "types.chat (openai 3.51.0)"
_REPORTS: Final = "error reports of clients, by the message (public issues and code, 2024 to 2026, read 2026-11-20)"

_TABLE: Final = (
    Rule("unknown-parameter", fields.known(PARAMETERS), "recorded", MEASURED),
    Rule("empty-messages", messages.empty, "recorded", MEASURED),
    Rule(
        "content-parts",
        messages.parts(),
        "recorded",
        f"{_REPORTS}; which role has which: {_TYPES}; inferred: the words on what is no base64 in a sound",
    ),
    Rule("tool-calls", messages.calls, "recorded", f"{MEASURED}; {_REPORTS}"),
    Rule("message-name", messages.names, "recorded", _REPORTS),
    Rule("field-types", fields.typed(_KINDS), "recorded", MEASURED),
    Rule("tool-count", options.too_many_tools, "recorded", _REPORTS),
    Rule("tool-definitions", options.tools, "recorded", f"{MEASURED}; schemas: {_REPORTS}"),
    Rule("tool-choice", options.tool_choice, "recorded", f"{MEASURED}; without tools: {_REPORTS}"),
    Rule("max-completion-tokens-range", fields.at_least("max_completion_tokens", 1), "recorded", MEASURED),
    Rule("max-tokens-range", fields.at_least("max_tokens", 1), "recorded", _REPORTS),
    Rule("n-range", fields.between("n", "integer", 1, 128), "documented", f"{_REFERENCE}; the words: {MEASURED}"),
    Rule("temperature-range", fields.between("temperature", "decimal", 0, 2), "recorded", _REPORTS),
    Rule("top-p-range", fields.between("top_p", "decimal", 0, 1), "recorded", _REPORTS),
    Rule("presence-penalty-range", fields.between("presence_penalty", "decimal", -2, 2), "recorded", MEASURED),
    Rule("frequency-penalty-range", fields.between("frequency_penalty", "decimal", -2, 2), "recorded", MEASURED),
    Rule("service-tier", fields.one_of("service_tier", _TIERS), "recorded", MEASURED),
    Rule("verbosity", fields.one_of("verbosity", ("low", "medium", "high")), "recorded", MEASURED),
    Rule("reasoning-effort", fields.one_of("reasoning_effort", _EFFORTS), "inferred", f"the words; {_TYPES}"),
    Rule("metadata", fields.metadata, "recorded", MEASURED),
    Rule("stop", options.stop, "recorded", _REPORTS),
    Rule("response-format", options.answer_form, "recorded", f"{MEASURED}; schemas: {_REPORTS}"),
    Rule("top-logprobs", options.logprobs, "recorded", f"{MEASURED}; 20: {_REFERENCE}"),
    Rule("content-missing", messages.contents, "recorded", MEASURED),
    Rule("tool-results", messages.answers(), "recorded", _REPORTS),
    Rule("tool-calls-answered", messages.unanswered(), "recorded", f"{_REPORTS}; inferred: the message that is named"),
    Rule("json-word", options.json_word, "recorded", _REPORTS),
    Rule("stream-options", options.stream_options, "recorded", f"{MEASURED}; without a stream: {_REPORTS}"),
    Rule("parallel-without-tools", options.parallel, "recorded", _REPORTS),
    Rule("both-limits", options.both_limits, "recorded", _REPORTS),
    Rule("reasoning-models", options.reasoning_models, "recorded", f"{MEASURED}; which models: {_TYPES}, inferred"),
)

RULES: Final = Rulebook(_TABLE, plain=messages.plain)
"""What is refused, and how that is known."""
