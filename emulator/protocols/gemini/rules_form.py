"""Rules of the parser: which fields there are, and of what type."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from emulator.protocols.gemini.names import get, known, listed, options_named, snake, struct
from emulator.protocols.gemini.walking import contents, parts
from emulator.protocols.gemini.wording import invalid, kind, parsed, unknown
from emulator.refusals import media
from emulator.refusals.checks import about, beside
from emulator.types import Breach, Json, Request

__all__ = ["data", "names", "values"]

# Fields as of google-genai 3.4 (types.py), and those that its two platforms add: what only Vertex AI has passes, too.
_REQUEST: Final = known(
    "cachedContent",
    "contents",
    "generationConfig",
    "labels",
    "model",
    "modelArmorConfig",
    "safetySettings",
    "serviceTier",
    "store",
    "systemInstruction",
    "toolConfig",
    "tools",
)
_OPTIONS_NAMES: Final = (
    "audioTimestamp",
    "audioTranscriptionConfig",
    "candidateCount",
    "enableAffectiveDialog",
    "enableEnhancedCivicAnswers",
    "frequencyPenalty",
    "imageConfig",
    "logprobs",
    "maxOutputTokens",
    "mediaResolution",
    "modelSelectionConfig",
    "presencePenalty",
    "responseFormat",
    "responseJsonSchema",
    "responseLogprobs",
    "responseMimeType",
    "responseModalities",
    "responseSchema",
    "routingConfig",
    "seed",
    "speechConfig",
    "stopSequences",
    "temperature",
    "thinkingConfig",
    "topK",
    "topP",
    "translationConfig",
)
_OPTIONS: Final = known(*_OPTIONS_NAMES)
_TEXT: Final = frozenset({"text"})
_CONTENT: Final = frozenset({"parts", "role"})
_PART: Final = known(
    "audioMetadata",
    "audioTranscription",
    "codeExecutionResult",
    "documentMetadata",
    "executableCode",
    "fileData",
    "functionCall",
    "functionResponse",
    "inlineData",
    "mediaProcessing",
    "mediaResolution",
    "partMetadata",
    "speechMetadata",
    "spreadsheetMetadata",
    "text",
    "thought",
    "thoughtSignature",
    "toolCall",
    "toolResponse",
    "videoMetadata",
)
_IN_PART: Final = {
    "functionCall": known("args", "id", "name", "partialArgs", "willContinue"),
    "functionResponse": known("id", "name", "parts", "response", "scheduling", "willContinue"),
    "inlineData": known("data", "displayName", "mimeType"),
    "fileData": known("displayName", "fileUri", "mimeType"),
}
_DECLARATION: Final = known(
    "behavior", "description", "name", "parameters", "parametersJsonSchema", "response", "responseJsonSchema"
)
_TOOL: Final = known(
    "codeExecution",
    "computerUse",
    "enterpriseWebSearch",
    "exaAiSearch",
    "fileSearch",
    "functionDeclarations",
    "googleMaps",
    "googleSearch",
    "googleSearchRetrieval",
    "mcpServers",
    "parallelAiSearch",
    "retrieval",
    "urlContext",
)
_TOOL_CONFIG: Final = known("functionCallingConfig", "includeServerSideToolInvocations", "retrievalConfig")
_CALLING: Final = known("allowedFunctionNames", "mode", "streamFunctionCallArguments")
_THINKING: Final = known("includeThoughts", "thinkingBudget", "thinkingLevel")
_PLAIN: Final = (_REQUEST | options_named(*_OPTIONS_NAMES)) - (
    known("safetySettings", "toolConfig", "tools") | options_named("thinkingConfig")
)
"""Fields in which no other names are looked for, but for what is said."""
_SAFETY: Final = known("category", "method", "threshold")

_FLOATS: Final = ("temperature", "topP", "presencePenalty", "frequencyPenalty")
_INTEGERS: Final = ("topK", "candidateCount", "maxOutputTokens", "seed", "logprobs")
_NUMBERS: Final = dict.fromkeys(known(*_FLOATS), (int, float)) | dict.fromkeys(known(*_INTEGERS), (int,))
_MOST: Final = 2**63
_MODES: Final = frozenset({"MODE_UNSPECIFIED", "AUTO", "ANY", "NONE", "VALIDATED"})
_LEVELS: Final = frozenset({"THINKING_LEVEL_UNSPECIFIED", "MINIMAL", "LOW", "MEDIUM", "HIGH", "XHIGH"})
_MODALITIES: Final = frozenset({"MODALITY_UNSPECIFIED", "TEXT", "IMAGE", "AUDIO", "VIDEO"})
_THRESHOLDS: Final = frozenset(
    {
        "HARM_BLOCK_THRESHOLD_UNSPECIFIED",
        "BLOCK_LOW_AND_ABOVE",
        "BLOCK_MEDIUM_AND_ABOVE",
        "BLOCK_ONLY_HIGH",
        "BLOCK_NONE",
        "OFF",
    }
)
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]*={0,2}")
_LETTERS: Final = media.BASE64 + b"-_"


def _extra(item: Json, names: frozenset[str], where: str) -> Iterator[str]:
    if isinstance(item, dict) and not item.keys() <= names:
        yield from (unknown(name, where) for name in item if name not in names)


# ---------------------------------------------------------------- names


@beside(_PLAIN, said=True)
def names(request: Request) -> Iterable[Breach]:
    """Fields that the API does not have, in either spelling."""
    return parsed(_unknown(request))


def _unknown(request: Request) -> Iterator[str]:
    body = request.body
    yield from _extra(body, _REQUEST, "")
    for number, content in enumerate(contents(request)):
        if not content.keys() <= _CONTENT:
            yield from _extra(content, _CONTENT, f"contents[{number}]")
    for number, place, part in parts(request):
        if not part.keys() <= _TEXT:
            yield from _in_part(part, number, place)
    if (options := get(body, "generationConfig")) is not None:
        yield from _extra(options, _OPTIONS, "generation_config")
        thinking = get(struct(options), "thinkingConfig")
        yield from _extra(thinking, _THINKING, "generation_config.thinking_config")
    if body.get("tools") is not None:
        yield from _in_tools(body["tools"])
    if (config := get(body, "toolConfig")) is not None:
        yield from _extra(config, _TOOL_CONFIG, "tool_config")
        calling = get(struct(config), "functionCallingConfig")
        yield from _extra(calling, _CALLING, "tool_config.function_calling_config")
    settings = get(body, "safetySettings")
    for number, setting in enumerate(listed(settings) if settings is not None else ()):
        yield from _extra(setting, _SAFETY, f"safety_settings[{number}]")


def _in_part(part: Json, number: int, place: int) -> Iterator[str]:
    where = f"contents[{number}].parts[{place}]"
    yield from _extra(part, _PART, where)
    for name, fields in _IN_PART.items():
        if (inner := get(part, name)) is not None:
            yield from _extra(inner, fields, f"{where}.{snake(name)}")


def _in_tools(tools: Json) -> Iterator[str]:
    for number, tool in enumerate(listed(tools)):
        yield from _extra(tool, _TOOL, f"tools[{number}]")
        for place, declaration in enumerate(listed(get(tool, "functionDeclarations"))):
            yield from _extra(declaration, _DECLARATION, f"tools[{number}].function_declarations[{place}]")


# ---------------------------------------------------------------- types


@about(*known("generationConfig", "safetySettings", "toolConfig"))
def values(request: Request) -> Iterable[Breach]:
    """Numbers that are none, words that there are not; a number may be written as a text."""
    return parsed(_mistyped(request))


def _mistyped(request: Request) -> Iterator[str]:
    body = request.body
    if (options := get(body, "generationConfig")) is not None:
        if not isinstance(options, dict):
            yield invalid("generation_config", kind("GenerationConfig", request.call), options)
        elif not _are_numbers(options):
            yield from _options(options, request)
    if (config := get(body, "toolConfig")) is not None:
        calling = struct(get(struct(config), "functionCallingConfig"))
        mode = kind("FunctionCallingConfig.Mode", request.call)
        yield from _word(calling, "mode", _MODES, "tool_config.function_calling_config", mode)
    settings = get(body, "safetySettings")
    for number, setting in enumerate(listed(settings) if settings is not None else ()):
        threshold = kind("SafetySetting.HarmBlockThreshold", request.call)
        yield from _word(setting, "threshold", _THRESHOLDS, f"safety_settings[{number}]", threshold)


def _are_numbers(options: dict[str, Json]) -> bool:
    """Whether nothing is set but numbers, and each is of its kind: as in nearly every request."""
    for name, value in options.items():
        if type(value) not in _NUMBERS.get(name, ()) or not -_MOST < value < _MOST:
            return False
    return True


def _options(options: Json, request: Request) -> Iterator[str]:
    where = "generation_config"
    for name in _FLOATS:
        value = get(options, name)
        if value is not None and not _is_number(value):
            yield invalid(f"{where}.{snake(name)}", "TYPE_FLOAT", value)
    for name in _INTEGERS:
        value = get(options, name)
        if value is not None and not (_is_number(value) and float(value) % 1 == 0):
            yield invalid(f"{where}.{snake(name)}", "TYPE_INT32", value)
    stops = get(options, "stopSequences")
    for number, stop in enumerate(stops if isinstance(stops, list) else [] if stops is None else [stops]):
        if not isinstance(stop, str):
            yield invalid(f"{where}.stop_sequences[{number}]", "TYPE_STRING", stop)
    mime_type = get(options, "responseMimeType")
    if mime_type is not None and not isinstance(mime_type, str):
        yield invalid(f"{where}.response_mime_type", "TYPE_STRING", mime_type)
    modalities = get(options, "responseModalities")
    for number, modality in enumerate(modalities if isinstance(modalities, list) else []):
        if not _is_word(modality, _MODALITIES):
            place = f"{where}.response_modalities[{number}]"
            yield invalid(place, kind("GenerationConfig.Modality", request.call), modality)
    thinking = struct(get(options, "thinkingConfig"))
    level = kind("ThinkingConfig.ThinkingLevel", request.call)
    yield from _word(thinking, "thinkingLevel", _LEVELS, f"{where}.thinking_config", level)


def _word(item: Json, name: str, words: frozenset[str], where: str, kind: str) -> Iterator[str]:
    value = get(item, name)
    if value is not None and not _is_word(value, words):
        yield invalid(f"{where}.{snake(name)}", kind, value)


def _is_word(value: Json, words: frozenset[str]) -> bool:
    """In any case, or by its number."""
    return value.upper() in words if isinstance(value, str) else isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Json) -> bool:
    """Whether it is a number, or a text that is one. None is infinite: a body with one could not be read."""
    if isinstance(value, str):
        return re.fullmatch(r"-?\d{1,30}(\.\d{1,30})?", value, re.ASCII) is not None
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _MOST


# ---------------------------------------------------------------- bytes


@about(said=True)
def data(request: Request) -> Iterable[Breach]:
    """Bytes that are not base64, such as a data URL."""
    lines = []
    for number, place, part in parts(request):
        inline = get(part, "inlineData")
        value = inline.get("data") if isinstance(inline, dict) else None
        if value is None or (isinstance(value, str) and _is_base64(value)):
            continue
        reason = "Base64 decoding failed for " if isinstance(value, str) else ""
        lines.append(invalid(f"contents[{number}].parts[{place}].inline_data.data", "TYPE_BYTES", value, reason))
    return parsed(lines)


def _is_base64(value: str) -> bool:
    """Whether it is base64 in either alphabet; padding may be left out."""
    return len(value) % 4 != 1 and _BASE64.fullmatch(media.rest_of(value, _LETTERS)) is not None
