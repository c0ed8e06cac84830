"""What the API at home refuses, in the order in which it is reported: by its parser, by its checks, by the model.

The sentences are the service's own where a rule is recorded: reports of users, read 2026-11-20. Where the source says
so, the fact is known and the sentence is ours, in the words of the others.
"""

from __future__ import annotations

from typing import Final

from emulator.protocols.gemini import rules_form as form
from emulator.protocols.gemini import rules_options as options
from emulator.protocols.gemini import rules_tools as tools
from emulator.protocols.gemini import rules_turns as turns
from emulator.protocols.gemini.walking import names
from emulator.types import Rule, Rulebook

__all__ = ["RULES"]

_REPORTS: Final = "reports of users in public code and issues, read 2026-11-20"
_TYPES: Final = "types of the released SDK, google-genai 3.4 (2026-11-20)"
_REFERENCE: Final = "API reference of GenerationConfig, as client libraries quote it (2026-11-20)"
_OURS: Final = "; the sentence is ours"

_TABLE: Final[tuple[Rule, ...]] = (
    # The parser.
    Rule("unknown-names", form.names, "recorded", f"zed-industries/zed#44875 (2026-11-20); the names: {_TYPES}"),
    Rule("value-types", form.values, "recorded", f"{_REPORTS}; the types: {_TYPES}"),
    Rule("schema-names", tools.schema_names, "recorded", f"zed-industries/zed#59938 (2026-11-20); the names: {_TYPES}"),
    Rule("bytes", form.data, "recorded", _REPORTS),
    # The checks.
    Rule("contents-empty", turns.none, "recorded", _REPORTS),
    Rule("parts-empty", turns.empty_parts, "recorded", "egoist/chatwise-releases#250 (2026-11-20)"),
    Rule("part-data", turns.part_data, "recorded", "boldsoftware/sketch#68, songquanpeng/one-api#2243 (2026-11-20)"),
    Rule("function-response-name", turns.response_names, "recorded", _REPORTS),
    Rule("tool-kind", tools.kinds, "recorded", _REPORTS),
    Rule("function-name", tools.names, "recorded", f"{_REPORTS}; 128 characters: {_TYPES}"),
    Rule("schema-objects", tools.objects, "recorded", "browser-use/browser-use#3786 (2026-11-20)"),
    Rule("schema-arrays", tools.arrays, "recorded", _REPORTS),
    Rule("schema-required", tools.required, "recorded", _REPORTS),
    Rule("schema-misplaced", tools.misplaced, "recorded", "anomalyco/opencode#11889 (2026-11-20)"),
    Rule("response-mime-type", options.mime_type, "recorded", _REPORTS),
    Rule("temperature", options.temperature, "package", f"{_TYPES}: up to 2{_OURS}"),
    Rule("top-p", options.top_p, "inferred", f"a probability{_OURS}"),
    Rule("top-k", options.top_k, "inferred", f"a number of tokens{_OURS}"),
    Rule("candidate-count", options.candidates, "inferred", f"1 to 8, as the other platform has it{_OURS}"),
    Rule("max-output-tokens", options.most, "inferred", f"a number of tokens{_OURS}"),
    Rule("penalties", options.penalties, "package", f"{_TYPES}: from -2 to 2{_OURS}"),
    Rule("stop-sequences", options.stops, "documented", f"{_REFERENCE}: up to 5{_OURS}"),
    Rule("logprobs", options.logprobs, "documented", f"{_REFERENCE}: up to 20{_OURS}"),
    Rule("response-schema", options.schema, "package", f"{_TYPES}: with application/json alone{_OURS}"),
    Rule("thinking", options.thinking, "recorded", _REPORTS),
    # The model.
    Rule("duplicate-function", tools.duplicates, "recorded", _REPORTS),
    Rule("function-calling-config", tools.config, "recorded", _REPORTS),
    Rule("allowed-functions", tools.allowed, "package", f"{_TYPES}: names that are declared, with ANY{_OURS}"),
    Rule("json-with-tools", options.json_with_tools, "recorded", f"{_REPORTS}, for models up to gemini-2.5"),
    Rule("cached-content", options.cached, "recorded", _REPORTS),
    Rule("mime-type", turns.mime_types, "recorded", _REPORTS),
    Rule("function-call-turn", turns.call_turns, "recorded", _REPORTS),
    Rule("function-response-turn", turns.response_turns, "recorded", _REPORTS),
    Rule("function-response-count", turns.response_counts, "recorded", "google-gemini/gemini-cli#5443 (2026-11-20)"),
    Rule("thought-signature", turns.signatures, "recorded", "lbjlaq/Antigravity-Manager#938 (2026-11-20)"),
)

RULES: Final = Rulebook(_TABLE, names, turns.plain)
"""The first breach of the first rule is the answer; what the parser and the checks refuse is one list each."""
