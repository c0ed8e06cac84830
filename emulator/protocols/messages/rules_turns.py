"""Rules for the messages of a request and the blocks they are made of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from emulator.protocols.messages.walking import blocks
from emulator.protocols.messages.wording import A_DICT, A_STRING, breach, missing, one_of, tagged
from emulator.refusals import media
from emulator.refusals.checks import about
from emulator.types import Breach, Json, Request

__all__ = [
    "assistant_documents",
    "block_fields",
    "block_roles",
    "block_types",
    "contents",
    "empty_contents",
    "empty_texts",
    "extra_fields",
    "first_role",
    "most",
    "none",
    "plain",
    "sources",
    "system_blocks",
    "tool_use_ids",
    "trailing_space",
    "user_citations",
]

_MOST: Final = 100_000
_STRICTER: Final = "2026-10-21"

# ContentBlockParam of the released SDKs (anthropic 2.11), and of their betas.
_BLOCKS: Final = (
    "bash_code_execution_tool_result",
    "code_execution_tool_result",
    "container_upload",
    "document",
    "image",
    "redacted_thinking",
    "search_result",
    "server_tool_use",
    "text",
    "text_editor_code_execution_tool_result",
    "thinking",
    "tool_reference",
    "tool_result",
    "tool_search_tool_result",
    "tool_use",
    "web_fetch_tool_result",
    "web_search_tool_result",
)
_BETA_BLOCKS: Final = frozenset(
    {
        "advisor_tool_result",
        "compaction",
        "fallback",
        "mcp_tool_listing",
        "mcp_tool_result",
        "mcp_tool_use",
        "tool_addition",
        "tool_removal",
    }
)
_KNOWN_BLOCKS: Final = _BETA_BLOCKS | set(_BLOCKS)

_NEEDED: Final = {
    "document": ("source",),
    "image": ("source",),
    "redacted_thinking": ("data",),
    "search_result": ("content", "source", "title"),
    "text": ("text",),
    "thinking": ("signature", "thinking"),
    "tool_result": ("tool_use_id",),
    "tool_use": ("input",),  # its id and name are read before
}
_TEXTS: Final = {"text": "text", "thinking": "thinking", "tool_result": "tool_use_id"}
_ROLES: Final = {"tool_use": "assistant", "tool_result": "user"}
_TOOL_USE_ID: Final = re.compile(r"[a-zA-Z0-9_-]+")

_SOURCES: Final = {"image": ("base64", "file", "url"), "document": ("base64", "content", "file", "text", "url")}
_SOURCE_FIELDS: Final = {"base64": "data", "content": "content", "file": "file_id", "text": "data", "url": "url"}
_MEDIA_TYPES: Final = {
    ("image", "base64"): ("image/jpeg", "image/png", "image/gif", "image/webp"),
    ("document", "base64"): ("application/pdf",),
    ("document", "text"): ("text/plain",),
}
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]*={0,2}\s*")


def _pieces(request: Request) -> Iterator[tuple[str, Json]]:
    """Every block with its place, and those in results of tools after their result."""
    for number, place, _, block in blocks(request):
        where = f"messages.{number}.content.{place}"
        yield where, block
        if block.get("type") == "tool_result" and isinstance(block.get("content"), list):
            for inner, piece in enumerate(block["content"]):
                yield f"{where}.tool_result.content.{inner}", piece


def plain(request: Request) -> bool:
    """Whether user and assistant say something in turn, and all of it, as the system prompt, is text."""
    messages, system = request.body["messages"], request.body.get("system")
    for message in messages:
        if len(message) != 2 or not _is_text(message.get("content")) or message["role"] == "system":  # noqa: PLR2004
            return False
    if not messages or len(messages) > _MOST or messages[-1]["role"] != "user":
        return False
    return system is None or _is_text(system)


def _is_text(content: Json) -> bool:
    """Whether it is a text that says something, or blocks of such texts with nothing beside them."""
    if type(content) is str:
        return content != "" and not content.isspace()
    if type(content) is not list or not content:
        return False
    for block in content:
        text = block.get("text")
        if len(block) != 2 or block.get("type") != "text" or type(text) is not str or not text or text.isspace():  # noqa: PLR2004
            return False
    return True


# ---------------------------------------------------------------- the form


@about(said=True)
def none(request: Request) -> Iterable[Breach]:
    """No message."""
    return () if request.body["messages"] else breach("messages", "at least one message is required")


@about(said=True)
def contents(request: Request) -> Iterable[Breach]:
    """A message without content."""
    for number, message in enumerate(request.body["messages"]):
        if message.get("content") is None:
            return missing(f"messages.{number}.content")
    return ()


@about(said=True)
def extra_fields(request: Request) -> Iterable[Breach]:
    """A message with more than role and content, where no beta is asked for."""
    for number, message in enumerate(request.body["messages"]):
        if len(message) > 2 and "anthropic-beta" not in request.call.headers:  # noqa: PLR2004 - role and content
            where = next(f"messages.{number}.{name}" for name in message if name not in ("role", "content"))
            return breach(where, "Extra inputs are not permitted")
    return ()


@about(said=True)
def block_types(request: Request) -> Iterable[Breach]:
    """A block of no kind, or of one that there is not."""
    for where, block in _pieces(request):
        kind = block.get("type")
        if kind is None:
            return missing(f"{where}.type")
        if not isinstance(kind, str) or kind not in _KNOWN_BLOCKS:
            return breach(where, tagged(kind, _BLOCKS))
    return ()


@about(said=True)
def block_fields(request: Request) -> Iterable[Breach]:
    """A block without what its kind needs, or with another type of it."""
    for where, block in _pieces(request):
        kind = block["type"] if isinstance(block.get("type"), str) else ""
        for name in _NEEDED.get(kind, ()):
            if block.get(name) is None:
                return missing(f"{where}.{kind}.{name}")
        if kind in _TEXTS and not isinstance(block[_TEXTS[kind]], str):
            return breach(f"{where}.{kind}.{_TEXTS[kind]}", A_STRING)
        if kind == "tool_use" and not isinstance(block["input"], dict):
            return breach(f"{where}.tool_use.input", A_DICT)
    return ()


@about(said=True)
def tool_use_ids(request: Request) -> Iterable[Breach]:
    """An id of a call with other signs than letters, digits, underscores and hyphens."""
    for number, place, _, block in blocks(request):
        name = "id" if block.get("type") == "tool_use" else "tool_use_id"
        identity = block.get(name) if block.get("type") in ("tool_use", "tool_result") else None
        if isinstance(identity, str) and not _TOOL_USE_ID.fullmatch(identity):
            where = f"messages.{number}.content.{place}.{block['type']}.{name}"
            return breach(where, "String should match pattern '^[a-zA-Z0-9_-]+$'")
    return ()


@about(said=True)
def sources(request: Request) -> Iterable[Breach]:
    """A picture or a document of an unknown source or type, empty, or not in base64."""
    for where, block in _pieces(request):
        kind = block.get("type")
        if kind in ("image", "document") and (found := _source(f"{where}.{kind}.source", kind, block.get("source"))):
            return found
    return ()


def _source(where: str, kind: str, source: Json) -> tuple[Breach, ...]:
    if not isinstance(source, dict):
        return breach(where, A_DICT)
    form = source.get("type")
    if form not in _SOURCES[kind]:
        return missing(f"{where}.type") if form is None else breach(where, tagged(form, _SOURCES[kind]))
    media_types = _MEDIA_TYPES.get((kind, form))
    if media_types and source.get("media_type") not in media_types:
        place = f"{where}.{form}.media_type"
        return breach(place, one_of(media_types)) if source.get("media_type") else missing(place)
    return _source_value(f"{where}.{form}", kind, form, source.get(_SOURCE_FIELDS[form]))


def _source_value(where: str, kind: str, form: str, value: Json) -> tuple[Breach, ...]:
    place = f"{where}.{_SOURCE_FIELDS[form]}"
    if value is None:
        return missing(place)
    if form != "content" and not isinstance(value, str):
        return breach(place, A_STRING)
    if form == "base64" and (len(value) % 4 == 1 or not _BASE64.fullmatch(media.rest_of(value, media.BASE64))):
        return breach(place, "Input should be valid base64")
    return () if value else breach(where, f"{kind} cannot be empty")


@about(said=True)
def system_blocks(request: Request) -> Iterable[Breach]:
    """A system prompt of anything but text."""
    system = request.body.get("system")
    if not isinstance(system, list):
        return ()
    for number, block in enumerate(system):
        if block.get("type") != "text":
            return breach(f"system.{number}.type", "Input should be 'text'")
        if not isinstance(block.get("text"), str):
            where = f"system.{number}.text"
            return missing(where) if block.get("text") is None else breach(where, A_STRING)
    return ()


# ---------------------------------------------------------------- the meaning


@about(said=True)
def first_role(request: Request) -> Iterable[Breach]:
    """A first message of the system; the assistant may begin (recorded: pydantic-ai, cassettes of 2026-03)."""
    messages = request.body["messages"]
    if not messages or messages[0]["role"] != "system":
        return ()
    sentence = (
        'Unexpected role "system". The Messages API accepts a top-level `system` parameter, '
        'not "system" as an input message role.'
    )
    return breach("messages", sentence)


@about(said=True)
def most(request: Request) -> Iterable[Breach]:
    """More than 100,000 messages."""
    found = len(request.body["messages"])
    if found <= _MOST:
        return ()
    return breach("messages", f"List should have at most {_MOST} items after validation, not {found}")


@about(said=True)
def empty_texts(request: Request) -> Iterable[Breach]:
    """A block of text that says nothing."""
    for *_, block in blocks(request):
        if block.get("type") == "text" and (found := _empty_text("messages", block.get("text"))):
            return found
    system = request.body.get("system")
    for block in system if isinstance(system, list) else ():
        if found := _empty_text("system", block.get("text")):
            return found
    return ()


def _empty_text(where: str, text: Json) -> tuple[Breach, ...]:
    if not isinstance(text, str) or (text and not text.isspace()):
        return ()
    wanted = "contain non-whitespace text" if text else "be non-empty"
    return breach(where, f"text content blocks must {wanted}")


@about(said=True)
def empty_contents(request: Request) -> Iterable[Breach]:
    """A message that says nothing, unless it is the assistant's and the last."""
    messages = request.body["messages"]
    for number, message in enumerate(messages):
        content = message.get("content")
        if content == [] or (isinstance(content, str) and (not content or content.isspace())):
            optional = message["role"] == "assistant" and number == len(messages) - 1
            if message["role"] == "system" or (optional and not content):
                continue
            sentence = "all messages must have non-empty content except for the optional final assistant message"
            return breach(f"messages.{number}", sentence)
    return ()


@about(said=True)
def trailing_space(request: Request) -> Iterable[Breach]:
    """A last message of the assistant that ends in white space."""
    messages = request.body["messages"]
    if not messages or messages[-1]["role"] != "assistant":
        return ()
    text = messages[-1].get("content")
    if isinstance(text, list) and text:
        text = text[-1].get("text") if text[-1].get("type") == "text" else ""
    if isinstance(text, str) and text != text.rstrip():
        return breach("messages", "final assistant content cannot end with trailing whitespace")
    return ()


@about(said=True)
def block_roles(request: Request) -> Iterable[Breach]:
    """A call by the user, a result by the assistant."""
    for number, _, role, block in blocks(request):
        kind = block.get("type")
        if kind in ("tool_use", "tool_result") and role != _ROLES[kind]:
            return breach(f"messages.{number}", f"`{kind}` blocks can only be in `{_ROLES[kind]}` messages")
    return ()


@about(said=True)
def assistant_documents(request: Request) -> Iterable[Breach]:
    """A document by the assistant, in the version of 2026-10-21."""
    if request.call.headers.get("anthropic-version", "") < _STRICTER:
        return ()
    for number, _, role, block in blocks(request):
        if role == "assistant" and block.get("type") == "document":
            return breach(f"messages.{number}", "`document` blocks can only be in `user` messages")
    return ()


@about(said=True)
def user_citations(request: Request) -> Iterable[Breach]:
    """A text of the user with citations, in the version of 2026-10-21."""
    if request.call.headers.get("anthropic-version", "") < _STRICTER:
        return ()
    for number, place, role, block in blocks(request):
        if role == "user" and block.get("type") == "text" and block.get("citations"):
            return breach(f"messages.{number}.content.{place}.text.citations", "Extra inputs are not permitted")
    return ()
