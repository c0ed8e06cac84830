"""What the models behind Cloudsway refuse: each series in its own words.

Facts are marked as in the package's docstring. The gateway passes on what the model says; what a series says is of the
field where this module has words for it, and else upstream: the words of the model's own service.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Final

from msgspec.structs import replace

from emulator.protocols import chat, gemini, messages, responses
from emulator.protocols.chat import rules_messages
from emulator.protocols.chat.rules import PARAMETERS
from emulator.protocols.media import audio, embeddings, images
from emulator.providers.cloudsway import catalogue, routes
from emulator.refusals import fields, media, models, words
from emulator.refusals.checks import about
from emulator.refusals.models import Catalogue
from emulator.refusals.tables import only, taken
from emulator.types import Breach, Check, Json, Request, Rule, Rulebook

__all__ = ["tables"]

_NOTHING: Final[Sequence[Breach]] = ()
_SEEN: Final = "errors that clients of the service simulate: SenseTime-FVG/sensenova-claw, tests (2026-11)"
_OPUS: Final = "text/opus48 (2026-11); inferred: the words"
_VERTEX: Final = "docs.cloud.google.com/vertex-ai/generative-ai/docs/thought-signatures (2026-11)"
_MODELS_OWN: Final = "the model's own service has it"

# What only OpenAI's models are asked for.
_OF_GP: Final = (
    "unknown-parameter",
    "message-name",
    "tool-count",
    "metadata",
    "service-tier",
    "verbosity",
    "reasoning-effort",
    "n-range",
    "json-word",
    "parallel-without-tools",
    "both-limits",
)
_FIELD: Final = ("unknown-parameter",)
# "stream_options" without a stream is in an example of the documentation (seed 004); what a model of OpenAI can do
# its name at home says, which is not its name here.
_WITHOUT: Final = ("stream-options", "reasoning-models")

# Of versions of Anthropic's API, whose header is optional here (documented: seed 004).
_OF_VERSIONS: Final = ("sampling-removed", "assistant-document", "user-citations")

_FILMS: Final = (*media.IMAGES, "video/mp4")
_SCHEMES: Final = ("http:", "https:", "gs:")
_OPUS_HEAT: Final = 1
_OPUS_TOP: Final = 0.99


def _series(request: Request) -> str | None:
    return _found(request.call.path, request.model)


@lru_cache(maxsize=256)
def _found(path: str, model: str) -> str | None:
    route = routes.find(path)
    return routes.series_of(model) or (route.only if route else None)


def _gp(request: Request) -> bool:
    return _series(request) == "GP"


def _ge(request: Request) -> bool:
    return _series(request) == "Ge"


@about("reasoning_effort")
def _efforts(request: Request) -> Sequence[Breach]:
    """Functions and an effort together."""
    body = request.body
    if not body.get("tools") or body.get("reasoning_effort") in (None, "none") or not _gp(request):
        return _NOTHING
    message = (
        f"Function tools with reasoning_effort are not supported for {request.model} in /v1/chat/completions. To use "
        "function tools, use /v1/responses or set reasoning_effort to 'none'."
    )
    return [words.said(message, "reasoning_effort")]


@about("top_p")
def _one_of_both(request: Request) -> Sequence[Breach]:
    """A temperature and top_p together."""
    body = request.body
    if body.get("temperature") is None or body.get("top_p") is None or _series(request) != "Cl":
        return _NOTHING
    message = "`temperature` and `top_p` cannot both be specified for this model. Please use only one."
    return [words.said(message, "temperature")]


@about("temperature", "top_p", "top_k")
def _opus(request: Request) -> Sequence[Breach]:
    """Another temperature than 1, another top_p than 0.99, top_k at all."""
    if "Opus_4.8" not in request.model:
        return _NOTHING
    body = request.body
    return [
        words.said(f"`{name}` does not support {body[name]} with this model.", name)
        for name, fixed in (("temperature", _OPUS_HEAT), ("top_p", _OPUS_TOP), ("top_k", None))
        if body.get(name) is not None and body[name] != fixed
    ]


def _vertex_room(known: Catalogue) -> Check:
    """More tokens than a Gemini model can say."""

    @about("max_tokens", "max_completion_tokens")
    def check(request: Request) -> Sequence[Breach]:
        model = known.get(request.model)
        value = request.body.get("max_tokens") or request.body.get("max_completion_tokens")
        if model is None or model.output is None or type(value) is not int or value <= model.output:
            return _NOTHING
        message = (
            f"Unable to submit request because it has a maxOutputTokens value of {value} but the supported range is "
            f"from 1 (inclusive) to {model.output + 1} (exclusive). Update the value and try again."
        )
        return [words.said(message, "max_tokens")]

    return only(_ge, check)


@about(said=True)
def _signed(request: Request) -> Sequence[Breach]:
    """A call of Gemini 3 that comes back without the signature it had."""
    if "_Ge_3" not in request.model:
        return _NOTHING
    block = 0
    for message in request.body["messages"]:
        block += message["role"] not in ("system", "developer")
        calls = message.get("tool_calls")
        if message["role"] == "assistant" and calls and not _has_signature(message, calls):
            name = calls[0].get("function", {}).get("name")
            said = (
                f"Unable to submit request because function call `{name}` in the {block}. content block is missing a "
                "`thought_signature`. Learn more: https://docs.cloud.google.com/vertex-ai/generative-ai/docs/"
                "thought-signatures"
            )
            return [words.said(said, "messages")]
    return _NOTHING


def _has_signature(message: Json, calls: list[Json]) -> bool:
    details = message.get("reasoning_details")
    if isinstance(details, list) and any(isinstance(one, dict) and one.get("signature") for one in details):
        return True
    match calls[0].get("extra_content"):
        case {"google": {"thought_signature": str() as signature}}:
            return bool(signature)
        case _:
            return False


def _in_vertex_words(check: Check) -> Check:
    """Calls and results that do not belong together: of Gemini in its own words."""

    def look(request: Request) -> Iterable[Breach]:
        found = check.look(request)
        if not found or not _ge(request):
            return found
        message = (
            "Please ensure that the number of function response parts is equal to the number of function call parts "
            "of the function call turn."
        )
        return [words.said(message, "messages")]

    return replace(check, look=look)


# Clients also send a result in the user's name (field).
_ANSWERING: Final = ("tool", "user")

# "Unknown parameter: 'top_k'." (field), where OpenAI itself asks whether top_p is meant.
_KNOWN: Final = fields.known(PARAMETERS, frozenset())

_CHECKS: Final[dict[str, Check]] = {
    "unknown-parameter": _KNOWN,
    "content-parts": rules_messages.parts(
        ("video_url",),
        {"image_url": rules_messages.picture(_FILMS, _SCHEMES), "input_audio": rules_messages.sound(decoded=False)},
    ),
    "tool-results": _in_vertex_words(rules_messages.answers(_ANSWERING)),
    "tool-calls-answered": _in_vertex_words(rules_messages.unanswered(_ANSWERING)),
}


def _chat(known: Catalogue) -> tuple[Rule, ...]:
    at_home = taken(chat.RULES, "upstream", _MODELS_OWN, without=_WITHOUT)
    rules = [
        replace(
            rule,
            check=only(_gp, check) if rule.name in _OF_GP else check,
            origin="field" if rule.name in _FIELD else rule.origin,
            source=_SEEN if rule.name in _FIELD else rule.source,
        )
        for rule in at_home
        for check in [_CHECKS.get(rule.name, rule.check)]
    ]
    room = models.roomy(known, "max_tokens", "max_completion_tokens")
    return (
        *rules,
        Rule("unknown-noted", only(_not_gp, _KNOWN), "inferred", "the model's service may take it", refused=False),
        Rule("gp-output", only(_gp, room), "field", _SEEN),
        Rule("ge-output", _vertex_room(known), "field", _SEEN),
        Rule("gp-tools-with-effort", _efforts, "field", "code:70359983931 (2026-11)"),
        Rule("cl-temperature-and-top-p", _one_of_both, "field", _SEEN),
        Rule("cl-opus-4.8", _opus, "documented", _OPUS),
        Rule("ge-signature", _signed, "field", f"{_SEEN}; the sentence: {_VERTEX}"),
        Rule("model-ability", models.able(known), "inferred", "as models.json has it"),
    )


def _not_gp(request: Request) -> bool:
    return not _gp(request)


@cache
def tables(file: str) -> Mapping[str, Rulebook]:
    """Every table by the name of its protocol, with a catalogue of models. Raises EmulatorError."""
    known = catalogue.read(file)
    others = (responses, gemini, embeddings, images, audio)
    return {
        chat.NAME: chat.RULES.having(*_chat(known)),
        messages.NAME: taken(messages.RULES, "upstream", _MODELS_OWN, without=_OF_VERSIONS),
        **{one.NAME: taken(one.RULES, "upstream", _MODELS_OWN) for one in others},
    }
