"""What the API at home refuses, in the order in which it is reported: the form of the body, then what it means.

The sentences are the service's own where a rule is recorded: reports of users, many with the id of the request, read
2026-11-20. Where the source says so, the fact is known and the sentence is ours, in the words of the others.
"""

from __future__ import annotations

from typing import Final

from emulator.protocols.messages import rules_fields as fields
from emulator.protocols.messages import rules_thinking as thinking
from emulator.protocols.messages import rules_tools as tools
from emulator.protocols.messages import rules_turns as turns
from emulator.types import Rule, Rulebook

__all__ = ["RULES"]

_REPORTS: Final = "reports of users in public code and issues, read 2026-11-20"
_ISSUES: Final = "github.com/anthropics/claude-code/issues"
_TYPES: Final = "types of the released SDKs, anthropic 2.11.0 (2026-11-20)"
_VERSIONS: Final = "platform.claude.com/docs/en/api/versioning (2026-11-20)"
_OURS: Final = "; the sentence is ours"

_TABLE: Final[tuple[Rule, ...]] = (
    # The form: what is there, and of what type.
    Rule("max-tokens", fields.max_tokens, "recorded", f"{_REPORTS}; the types: {_TYPES}{_OURS}"),
    Rule("messages-empty", turns.none, "recorded", _REPORTS),
    Rule("message-content", turns.contents, "inferred", f"{_TYPES}{_OURS}"),
    Rule("message-fields", turns.extra_fields, "recorded", _REPORTS),
    Rule("block-type", turns.block_types, "recorded", f"{_REPORTS}; the list: {_TYPES}"),
    Rule("block-fields", turns.block_fields, "recorded", _REPORTS),
    Rule("tool-use-id", turns.tool_use_ids, "recorded", _REPORTS),
    Rule("sources", turns.sources, "recorded", f"{_REPORTS}; what is not base64: inferred, the sentence is ours"),
    Rule("system-blocks", turns.system_blocks, "package", f"{_TYPES}{_OURS}"),
    Rule("stream", fields.stream, "inferred", f"{_TYPES}{_OURS}"),
    Rule("sampling-removed", fields.sampling_removed, "documented", f"{_VERSIONS}; the sentence: {_REPORTS}"),
    Rule("temperature", fields.temperature, "recorded", _REPORTS),
    Rule("top-p", fields.top_p, "inferred", "as temperature"),
    Rule("top-k", fields.top_k, "inferred", "as temperature"),
    Rule("stop-sequences", fields.stop_sequences, "recorded", f"{_REPORTS}; the types: {_TYPES}{_OURS}"),
    Rule("metadata", fields.metadata, "recorded", f"{_REPORTS}; the fields: {_TYPES}"),
    Rule("service-tier", fields.service_tier, "package", f"{_TYPES}{_OURS}"),
    Rule("effort", fields.effort, "package", f"{_TYPES}{_OURS}"),
    Rule("output-format", fields.output_format, "package", f"{_TYPES}{_OURS}"),
    Rule("output-schema", fields.output_schema, "recorded", _REPORTS),
    Rule("thinking-type", thinking.kind, "package", f"{_TYPES}{_OURS}"),
    Rule("thinking-budget", thinking.budget, "recorded", "github.com/themaximalist/llm.js/issues/30 (2026-11-20)"),
    Rule("tool-type", tools.types, "recorded", _REPORTS),
    Rule("tool-name", tools.names, "recorded", _REPORTS),
    Rule("tool-schema", tools.schemas, "recorded", _REPORTS),
    Rule("tool-choice-type", tools.choice_type, "package", f"{_TYPES}{_OURS}"),
    Rule("unknown-fields", fields.unknown, "recorded", f"{_REPORTS}; the fields: {_TYPES}"),
    # The meaning.
    Rule("first-role", turns.first_role, "recorded", _REPORTS),
    Rule("most-messages", turns.most, "package", f"{_TYPES}: 100,000{_OURS}"),
    Rule("empty-text", turns.empty_texts, "recorded", f"{_ISSUES}/59812 (2026-11-20)"),
    Rule("empty-content", turns.empty_contents, "recorded", "glowingjade/obsidian-smart-composer#156 (2026-11-20)"),
    Rule("trailing-space", turns.trailing_space, "recorded", _REPORTS),
    Rule("block-role", turns.block_roles, "recorded", _REPORTS),
    Rule("assistant-document", turns.assistant_documents, "documented", f"{_VERSIONS}{_OURS}"),
    Rule("user-citations", turns.user_citations, "documented", f"{_VERSIONS}{_OURS}"),
    Rule("cache-blocks", fields.cache_blocks, "recorded", "github.com/tghamm/Anthropic.SDK/issues/50 (2026-11-20)"),
    Rule("tool-names-unique", tools.unique, "recorded", f"{_ISSUES}/10687 (2026-11-20)"),
    Rule("tool-choice", tools.choice, "recorded", _REPORTS),
    Rule("tool-use-unique", tools.unique_uses, "recorded", _REPORTS),
    Rule("tool-result-known", tools.known_results, "recorded", f"{_ISSUES}/13460 (2026-11-20)"),
    Rule("tool-result-once", tools.single_results, "recorded", _REPORTS),
    Rule("tool-use-answered", tools.answered_uses, "recorded", f"{_ISSUES}/8210 (2026-11-20)"),
    Rule("thinking-below-max", thinking.below_max_tokens, "recorded", _REPORTS),
    Rule("thinking-sampling", thinking.sampling, "recorded", _REPORTS),
    Rule("thinking-forced-tool", thinking.forced_tool, "recorded", _REPORTS),
    Rule("thinking-signature", thinking.signatures, "recorded", _REPORTS),
    # Only noted: the answer with the call may have come from a scenario that has no thinking.
    Rule("thinking-first", thinking.first_block, "recorded", f"{_REPORTS}; noted, not refused", refused=False),
)

RULES: Final = Rulebook(_TABLE, plain=turns.plain)
"""The first breach of the first rule is the answer, as the service reports one at a time."""
