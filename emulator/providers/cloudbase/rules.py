"""What CloudBase refuses, or the models behind it do.

Facts are marked as in the package's docstring. The limits of chat and Messages are documented; that the gateway or the
model checks them, and in which words, is inferred: no such error is published. What the models behind the gateway may
well let pass is only noted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final

from msgspec.structs import replace

from emulator.protocols import chat, messages, responses
from emulator.protocols.chat import rules_messages
from emulator.protocols.media import images
from emulator.providers.cloudbase import catalogue
from emulator.refusals import fields, models, words
from emulator.refusals.checks import about
from emulator.refusals.tables import taken
from emulator.types import Breach, Origin, Request, Rule, Rulebook

__all__ = ["tables"]

_PAGE: Final = "docs.cloudbase.net /en/http-api/ai-model/call-llm (2026-11)"
_HUB: Final = "tencentcloud.com/document/product/1300/78942, of the service behind the gateway (2026-11-20)"
_HY3: Final = "Tencent-Hunyuan/Hy3 docs/api (2026-11)"
_VISION: Final = "docs.cloudbase.net, pages on multimodal input (2026-11)"
_PICTURES: Final = "@cloudbase/ai 3.7.0 src/models/image-model.ts and type.ts, and the pages on images (2026-11)"
_WORDS: Final = "; inferred: the words"
_ALIKE: Final = "as OpenAI has it, whose API the gateway says it speaks"

# Which rules of chat at home say something that is known of CloudBase, too.
_KNOWN: Final[dict[str, tuple[Origin, str]]] = {
    "content-parts": ("documented", f"{_VISION}: text, image_url, video_url, file{_WORDS}"),
    "temperature-range": ("documented", f"{_PAGE}: 0 to 2{_WORDS}"),
    "top-p-range": ("documented", f"{_PAGE}: 0 to 1{_WORDS}"),
    "stop": ("upstream", f"{_HUB}: at most 4{_WORDS}"),
    "tool-choice": ("upstream", f"{_HUB}: none, auto, required{_WORDS}"),
    "response-format": ("upstream", f"{_HY3}: json_object, json_schema{_WORDS}"),
    "max-tokens-range": ("upstream", f"{_HUB}: an integer{_WORDS}"),
}
# Which are OpenAI's alone, or of parameters that CloudBase does not name.
_UNKNOWN: Final = (
    "message-name",
    "metadata",
    "service-tier",
    "verbosity",
    "reasoning-effort",
    "both-limits",
    "reasoning-models",
)
# Of the CloudBase SDKs the loop of tools answers only the first of several calls (package, measured), and a model that
# reads text ignores or refuses a picture (documented: either).
_NOTED: Final = (
    "unknown-parameter",
    "json-word",
    "stream-options",
    "parallel-without-tools",
    "tool-count",
    "tool-calls-answered",
)

_SIZES: Final = ("1024x1024", "1280x720", "720x1280", "1280x1280")
_LONGEST_PROMPT: Final = 8192
_LONGEST_FOOTNOTE: Final = 16

_FIRM: Final = ("max-tokens", "messages-empty", "temperature", "top-p", "message-content", "tool-result-known",
                "tool-use-answered")  # fmt: skip


# Of versions of Anthropic's API, which a gateway does not know.
_OF_VERSIONS: Final = ("sampling-removed", "assistant-document", "user-citations")


@about(said=True)
def _roles(request: Request) -> Sequence[Breach]:
    """Roles beside system, user, assistant and tool."""
    return [
        words.invalid_value(f"messages[{number}].role", message["role"], ("system", "user", "assistant", "tool"))
        for number, message in enumerate(request.body["messages"])
        if message["role"] in ("developer", "function")
    ]


@about("prompt", "footnote")
def _prompt(request: Request) -> Sequence[Breach]:
    """A prompt or a footnote that is too long."""
    body = request.body
    return [
        words.long_string(name, most, len(body[name]))
        for name, most in (("prompt", _LONGEST_PROMPT), ("footnote", _LONGEST_FOOTNOTE))
        if isinstance(body.get(name), str) and len(body[name]) > most
    ]


def _chat() -> Rulebook:
    """The rules of chat, before those of the catalogue."""
    own = {"content-parts": rules_messages.parts(("video_url", "file_url"), {"image_url": rules_messages.picture()})}
    rules = taken(chat.RULES, "inferred", _ALIKE, without=_UNKNOWN, noted=_NOTED)
    known = (
        replace(
            rule,
            check=own.get(rule.name, rule.check),
            origin=_KNOWN.get(rule.name, (rule.origin, ""))[0],
            source=_KNOWN.get(rule.name, ("", rule.source))[1],
        )
        for rule in rules
    )
    return rules.having(*known, Rule("roles", _roles, "documented", f"{_PAGE}: four roles", refused=False))


def _responses() -> Rulebook:
    noted = ("unknown-parameter", "json-word", "stream-options", "reasoning", "item-types")
    without = ("metadata", "service-tier", "include", "prompt-cache-retention", "truncation", "top-logprobs-range")
    rules = taken(responses.RULES, "inferred", _ALIKE, without=without, noted=noted)
    least = fields.at_least("max_output_tokens", 1)
    own = (replace(rule, check=least) if rule.name == "max-output-tokens-range" else rule for rule in rules)
    return rules.having(*own)


def _messages() -> Rulebook:
    noted = {rule.name for rule in messages.RULES if rule.name not in _FIRM}
    rules = taken(messages.RULES, "inferred", "as Anthropic has it", without=_OF_VERSIONS, noted=noted)
    documented = {"max-tokens": "required", "temperature": "0 to 1", "top-p": "0 to 1"}
    known = (
        replace(rule, origin="documented", source=f"{_PAGE}: {documented[rule.name]}{_WORDS}")
        if rule.name in documented
        else rule
        for rule in rules
    )
    return rules.having(*known)


def _images() -> Rulebook:
    at_home = taken(images.RULES, "inferred", _ALIKE, without=("size",))
    return at_home.having(
        *at_home,
        Rule("size", fields.one_of("size", _SIZES), "package", f"{_PICTURES}{_WORDS}"),
        Rule("prompt-length", _prompt, "package", f"{_PICTURES}{_WORDS}"),
    )


@cache
def tables(file: str) -> Mapping[str, Rulebook]:
    """Every table by the name of its protocol, with a catalogue of models. Raises EmulatorError."""
    known = catalogue.read(file)
    able = Rule("model-ability", models.able(known), "documented", f"{_VISION}; models.json{_WORDS}", refused=False)
    room = Rule(
        "model-output",
        models.roomy(known, "max_tokens", "max_completion_tokens", "max_output_tokens"),
        "upstream",
        f"the limits: models.json{_WORDS}",
    )
    talks = {chat.NAME: _chat(), responses.NAME: _responses(), messages.NAME: _messages()}
    return {
        **{name: rules.having(*rules, able, room) for name, rules in talks.items()},
        images.NAME: _images(),
    }
