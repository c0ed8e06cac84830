"""Rules for tools: what is offered, what is asked for, and that every call has its result."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from emulator.protocols.messages.walking import Block, turns
from emulator.protocols.messages.walking import blocks as every_block
from emulator.protocols.messages.wording import A_DICT, A_STRING, AN_OBJECT, breach, missing, tagged
from emulator.refusals.checks import about
from emulator.types import Breach, Json, Request

__all__ = [
    "answered_uses",
    "choice",
    "choice_type",
    "known_results",
    "names",
    "schemas",
    "single_results",
    "types",
    "unique",
    "unique_uses",
]

_NAME: Final = re.compile(r"[a-zA-Z0-9_-]{1,128}")
_CHOICES: Final = ("any", "auto", "none", "tool")
# Anthropic's own tools have their day in their type, all but a few.
_OWN_TOOL: Final = re.compile(r".+_20\d{6}|tool_search_tool_(bm25|regex)|.+_toolset")
_TAGS: Final = (
    "bash_20250124",
    "code_execution_20260521",
    "custom",
    "memory_20250818",
    "text_editor_20250728",
    "tool_search_tool_bm25_20251119",
    "tool_search_tool_regex_20251119",
    "web_fetch_20260318",
    "web_search_20260318",
)
_WORDS: Final = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})
_NOT_A_SCHEMA: Final = (
    "JSON schema is invalid. It must match JSON Schema draft 2020-12 (https://json-schema.org/draft/2020-12). "
    "Learn more about tool use at https://docs.claude.com/en/docs/tool-use."
)


def _offered(request: Request) -> Iterator[tuple[str, Json]]:
    """Each tool that the client runs by a schema of its own, with its place."""
    for number, tool in enumerate(request.body.get("tools") or ()):
        if tool.get("type") in (None, "custom"):
            yield f"tools.{number}.custom", tool


@about("tools")
def types(request: Request) -> Iterable[Breach]:
    """A tool that is neither the client's own nor one of Anthropic's."""
    for number, tool in enumerate(request.body.get("tools") or ()):
        kind = tool.get("type")
        if kind not in (None, "custom") and not (isinstance(kind, str) and _OWN_TOOL.fullmatch(kind)):
            return breach(f"tools.{number}", tagged(kind, _TAGS))
    return ()


@about("tools")
def names(request: Request) -> Iterable[Breach]:
    """A tool without a name of at most 128 letters, digits, underscores and hyphens."""
    for where, tool in _offered(request):
        name = tool.get("name")
        if not isinstance(name, str):
            return missing(f"{where}.name") if name is None else breach(f"{where}.name", A_STRING)
        if not _NAME.fullmatch(name):
            return breach(f"{where}.name", "String should match pattern '^[a-zA-Z0-9_-]{1,128}$'")
    return ()


@about("tools")
def schemas(request: Request) -> Iterable[Breach]:
    """A tool without JSON Schema, or with one whose top is no object or a choice between several."""
    for place, tool in _offered(request):
        where, schema = f"{place}.input_schema", tool.get("input_schema")
        if not isinstance(schema, dict):
            return missing(where) if schema is None else breach(where, A_DICT)
        if schema.get("type") != "object":
            sentence = "Field required" if schema.get("type") is None else "Input should be 'object'"
            return breach(f"{where}.type", sentence)
        if any(name in schema for name in ("oneOf", "allOf", "anyOf")):
            return breach(where, "input_schema does not support oneOf, allOf, or anyOf at the top level")
        if not _sound(schema):
            return breach(where, _NOT_A_SCHEMA)
    return ()


def _sound(schema: Json) -> bool:
    """Whether a value has the form of a JSON Schema, as far as the commonest mistakes go."""
    if not isinstance(schema, dict):
        return isinstance(schema, bool)
    kinds, required = schema.get("type", []), schema.get("required", [])
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if not all(isinstance(kind, str) and kind in _WORDS for kind in kinds):
        return False
    if not isinstance(required, list) or not all(isinstance(name, str) for name in required):
        return False
    return isinstance(schema.get("enum", []), list) and _sound_within(schema)


def _sound_within(schema: Json) -> bool:
    for name in ("properties", "$defs"):
        group = schema.get(name, {})
        if not isinstance(group, dict) or not all(map(_sound, group.values())):
            return False
    for name in ("anyOf", "allOf", "oneOf"):
        group = schema.get(name)
        if group is not None and not (isinstance(group, list) and group and all(map(_sound, group))):
            return False
    return "items" not in schema or _sound(schema["items"])


@about("tools")
def unique(request: Request) -> Iterable[Breach]:
    """Two tools of one name."""
    tools = request.body.get("tools")
    if not tools or len(tools) == 1:
        return ()
    found = [tool["name"] for tool in tools if isinstance(tool.get("name"), str)]
    return () if len(set(found)) == len(found) else breach("tools", "Tool names must be unique.")


@about("tool_choice")
def choice_type(request: Request) -> Iterable[Breach]:
    """A tool_choice of no known kind."""
    asked = request.body.get("tool_choice")
    if asked is None:
        return ()
    if not isinstance(asked, dict):
        return breach("tool_choice", AN_OBJECT)
    if asked.get("type") not in _CHOICES:
        return breach("tool_choice", tagged(asked.get("type"), _CHOICES))
    if asked["type"] == "tool" and not isinstance(asked.get("name"), str):
        where = "tool_choice.tool.name"
        return missing(where) if asked.get("name") is None else breach(where, A_STRING)
    return ()


@about("tool_choice")
def choice(request: Request) -> Iterable[Breach]:
    """A forced tool that is not offered; auto and none pass without tools (measured by users)."""
    asked = request.body.get("tool_choice")
    if not isinstance(asked, dict) or asked.get("type") not in ("any", "tool"):
        return ()
    tools = request.body.get("tools") or ()
    if asked["type"] == "any":
        if tools:
            return ()
        return (Breach("tool_choice.any may only be specified while providing tools", "tool_choice"),)
    name = asked.get("name")
    if any(tool.get("name") == name or str(tool.get("type", "")).endswith("_toolset") for tool in tools):
        return ()
    return (Breach(f"Tool '{name}' not found in provided tools", "tool_choice.name"),)


# ---------------------------------------------------------------- calls and their results


def _ids(blocks: list[Block], kind: str, field: str) -> list[str]:
    return [one.block.get(field) for one in blocks if one.block.get("type") == kind]


@about(said=True)
def unique_uses(request: Request) -> Iterable[Breach]:
    """Two calls of one id."""
    seen: set[str] = set()
    for number, place, _, block in every_block(request):
        if block.get("type") == "tool_use":
            if block["id"] in seen:
                return breach(f"messages.{number}.content.{place}", "`tool_use` ids must be unique")
            seen.add(block["id"])
    return ()


@about(said=True)
def known_results(request: Request) -> Iterable[Breach]:
    """A result of no call in the turn before."""
    before: list[str] = []
    for _, role, blocks in turns(request):
        if role == "user":
            for number, place, _, block in blocks:
                if block.get("type") == "tool_result" and block.get("tool_use_id") not in before:
                    sentence = (
                        f"unexpected `tool_use_id` found in `tool_result` blocks: {block.get('tool_use_id')}. "
                        "Each `tool_result` block must have a corresponding `tool_use` block in the previous message."
                    )
                    return breach(f"messages.{number}.content.{place}", sentence)
        before = _ids(blocks, "tool_use", "id")
    return ()


@about(said=True)
def single_results(request: Request) -> Iterable[Breach]:
    """Two results of one call."""
    for number, role, blocks in turns(request):
        results = _ids(blocks, "tool_result", "tool_use_id") if role == "user" else []
        if len(results) > 1:
            twice = next((identity for identity, times in Counter(map(str, results)).items() if times > 1), None)
            if twice is not None:
                sentence = (
                    f"each tool_use must have a single result. Found multiple `tool_result` blocks with id: {twice}"
                )
                return breach(f"messages.{number}", sentence)
    return ()


@about(said=True)
def answered_uses(request: Request) -> Iterable[Breach]:
    """A call without its result at the beginning of the turn after."""
    said = turns(request)
    for index, (_, role, blocks) in enumerate(said):
        if role != "assistant":
            continue
        calls = [(number, block["id"]) for number, _, _, block in blocks if block.get("type") == "tool_use"]
        if not calls:
            continue
        following = _leading_results(said[index + 1].blocks) if index + 1 < len(said) else set()
        if open_calls := [(number, identity) for number, identity in calls if identity not in following]:
            sentence = (
                "`tool_use` ids were found without `tool_result` blocks immediately after: "
                f"{', '.join(identity for _, identity in open_calls)}. "
                "Each `tool_use` block must have a corresponding `tool_result` block in the next message."
            )
            return breach(f"messages.{open_calls[0][0]}", sentence)
    return ()


def _leading_results(blocks: list[Block]) -> set[str]:
    """The calls whose results stand at the beginning of a message: text "must come AFTER all tool results".

    Tool use guide, handling tool calls (2026-11-20).
    """
    found: set[str] = set()
    other = -1
    for number, _, _, block in blocks:
        if block.get("type") != "tool_result":
            other = number
        elif other != number:
            found.add(str(block.get("tool_use_id")))
    return found
