"""What the service refuses in the input of a response."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from emulator.protocols.responses.reading import ITEMS
from emulator.refusals import media, words
from emulator.refusals.checks import about
from emulator.types import Breach, Check, Json, Request, ToolCall, ToolResult

__all__ = ["contents", "empty", "kinds", "members", "paired", "pictures", "plain", "reasoning"]

_NOTHING: Final[Sequence[Breach]] = ()

_PARTS: Final = (
    "input_text",
    "input_image",
    "input_audio",
    "output_text",
    "refusal",
    "input_file",
    "computer_screenshot",
    "summary_text",
    "encrypted_content",
)
_SAID: Final = ("output_text", "refusal")
_HEARD: Final = ("input_text", "input_image", "input_file", "scoped_content", "input_audio")
_RESULTS: Final = ("input_text", "input_image", "input_file")
_TEXTS: Final = {"input_text": "text", "output_text": "text", "refusal": "refusal"}

_MEMBERS: Final = {
    "function_call": ("call_id", "name", "arguments"),
    "function_call_output": ("call_id", "output"),
    "custom_tool_call": ("call_id", "name", "input"),
    "custom_tool_call_output": ("call_id", "output"),
}
"""What an item must have beside its type: types.responses.ResponseInputItemParam (openai 3.51)."""

_PLAIN: Final = frozenset({"role", "content", "type"})
_OUTPUTS: Final = {"function_call_output": "function", "custom_tool_call_output": "custom tool"}


def plain(request: Request) -> bool:
    """Whether there is nothing but who speaks, and a text, and nothing went before."""
    body = request.body
    if body.get("previous_response_id") is not None or body.get("conversation") is not None:
        return False
    if type(body.get("instructions")) is list:
        return False
    given = body.get("input")
    if type(given) is not list:
        return type(given) is str and given != ""
    for item in given:
        if (
            type(item.get("content")) is not str
            or not item.keys() <= _PLAIN
            or item.get("type") not in (None, "message")
        ):
            return False
    return bool(given)


@about(said=True)
def empty(request: Request) -> Sequence[Breach]:
    """Nothing to answer: no input, and nothing that stands for it."""
    body = request.body
    if body.get("input") or any(body.get(name) for name in ("previous_response_id", "prompt", "conversation")):
        return _NOTHING
    message = "One of \"input\" or \"previous_response_id\" or 'prompt' or 'conversation' must be provided."
    return [words.said(message, code="missing_required_parameter")]


@about(said=True)
def kinds(request: Request) -> Sequence[Breach]:
    """Items of a type that there is not."""
    return [
        words.invalid_value(f"input[{number}]", kind, ITEMS)
        for number, item in enumerate(_items(request))
        if (kind := item.get("type")) is not None and kind not in ITEMS
    ]


@about(said=True)
def members(request: Request) -> Sequence[Breach]:
    """Items without what is theirs: messages without content, calls and results without an id."""
    found = []
    for number, item in enumerate(_items(request)):
        kind = item.get("type")
        if kind is None or kind == "message":
            if item.get("content") is None and "role" in item:
                found.append(words.missing(f"input[{number}].content"))
            continue
        for name in _MEMBERS.get(kind, ()):
            if item.get(name) is None:
                found.append(words.missing(f"input[{number}].{name}"))
            elif name != "output" and not isinstance(item[name], str):
                found.append(words.invalid_type(f"input[{number}].{name}", "a string", item[name]))
    return found


@about(said=True)
def contents(request: Request) -> Sequence[Breach]:
    """Parts of a kind that there is not, or not in what this role says."""
    found: list[Breach] = []
    for number, item in enumerate(_items(request)):
        if type(content := item.get("content")) is list and item.get("type") in (None, "message"):
            allowed = _SAID if item.get("role") == "assistant" else _HEARD
            found += _parts(content, f"input[{number}].content", allowed)
        elif type(output := item.get("output")) is list and item.get("type") in _OUTPUTS:
            found += _parts(output, f"input[{number}].output", _RESULTS)
    return found


def _parts(parts: list[Json], where: str, allowed: tuple[str, ...]) -> Iterator[Breach]:
    for number, part in enumerate(parts):
        kind, place = part.get("type"), f"{where}[{number}]"
        if kind is None:
            yield words.missing(f"{place}.type")
        elif kind not in _PARTS and kind not in allowed:
            yield words.invalid_value(f"{place}.type", kind, _PARTS)
        elif kind not in allowed:
            yield words.invalid_value(place, kind, allowed)
        elif kind in _TEXTS and part.get(_TEXTS[kind]) is None:
            yield words.missing(f"{place}.{_TEXTS[kind]}")


def pictures(kinds: tuple[str, ...] = media.IMAGES) -> Check:
    """Images that are neither a URL nor a data URL of a kind that is taken."""

    @about(said=True)
    def check(request: Request) -> Sequence[Breach]:
        found = []
        for number, item in enumerate(_items(request)):
            for name in ("content", "output"):
                parts = item.get(name)
                if type(parts) is not list:
                    continue
                for place, part in enumerate(parts):
                    match part:
                        case {"type": "input_image", "image_url": str() as url}:
                            where = f"input[{number}].{name}[{place}].image_url"
                            if wrong := media.unlike_image(url, kinds):
                                found.append(words.said(f"Invalid '{where}'. {wrong}", where, "invalid_value"))
        return found

    return check


@about(said=True)
def paired(request: Request) -> Sequence[Breach]:
    """Results that no call asked for, and calls without one, whether they came now or before."""
    body = request.body
    if not request.endpoint.restores and (body.get("previous_response_id") or body.get("conversation")):
        return _NOTHING  # what came before is not known here
    made: dict[str, ToolCall] = {}
    answered: set[str] = set()
    for turn in request.turns:
        if turn.role == "assistant":
            made |= {part.id: part for part in turn.parts if isinstance(part, ToolCall) and part.id}
        elif turn.role == "tool":
            answered |= {part.call_id for part in turn.parts if isinstance(part, ToolResult)}
    found = [
        words.said(f"No tool call found for {_OUTPUTS[item['type']]} call output with call_id {identity}.", "input")
        for item in _items(request)
        if item.get("type") in _OUTPUTS and isinstance(identity := item.get("call_id"), str) and identity not in made
    ]
    found += [
        words.said(f"No tool output found for {'custom tool' if call.free else 'function'} call {identity}.", "input")
        for identity, call in made.items()
        if identity not in answered
    ]
    return found


@about(said=True)
def reasoning(request: Request) -> Sequence[Breach]:
    """Thinking that nothing follows which came of it."""
    items = _items(request)
    found = []
    for number, item in enumerate(items):
        if item.get("type") != "reasoning" or not isinstance(item.get("id"), str):
            continue
        after = items[number + 1] if number + 1 < len(items) else {}
        if not after or after.get("role") in ("user", "system", "developer") or after.get("type") in _OUTPUTS:
            message = f"Item '{item['id']}' of type 'reasoning' was provided without its required following item."
            found.append(words.said(message, "input"))
    return found


def _items(request: Request) -> Sequence[Json]:
    given = request.body.get("input")
    return given if type(given) is list else ()
