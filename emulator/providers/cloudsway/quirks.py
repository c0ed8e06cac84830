"""What Cloudsway changes in the words of Chat Completions and of Responses: one function a quirk.

Facts are marked as in the package's docstring.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from msgspec.structs import replace

from emulator.types import Frame, Json, Stamp

__all__ = [
    "as_printed_first",
    "in_recorded_order",
    "lean_body",
    "lean_frames",
    "with_filters",
    "with_filters_in_frames",
    "with_google_signature",
    "with_nulls",
    "with_signatures",
    "without_nulls_in_frames",
    "without_reasoning",
    "without_reasoning_in_frames",
]

# ---------------------------------------------------------------- whole chat answers


def lean_body(body: Json) -> Json:
    """Without what OpenAI sends and the example of seed 004 ("MultiModal …") does not have; counts that are not 0.

    Log probabilities are there only where they are asked for; of a search only the text is said, because no form of its
    results is documented.
    """
    return {
        **{name: body[name] for name in ("id", "object", "created", "model")},
        "choices": [
            {
                "index": choice["index"],
                "message": _lean_message(choice["message"]),
                "finish_reason": choice["finish_reason"],
                **({"logprobs": choice["logprobs"]} if choice["logprobs"] else {}),
            }
            for choice in body["choices"]
        ],
        "usage": _lean_usage(body["usage"]),
    }


def without_reasoning(body: Json) -> Json:
    """GP models hide their reasoning and only count it (inferred)."""
    return _with_messages(
        body, lambda message: {name: value for name, value in message.items() if name != "reasoning_content"}
    )


def with_signatures(body: Json, stamp: Stamp) -> Json:
    """A signature for each call of a Gemini model, on the message itself (field).

    A stream has none: "Streaming does not return structured signatures" (field).
    """

    def signed(message: Json) -> Json:
        names = [call[call["type"]]["name"] for call in message.get("tool_calls", ())]
        details = [
            {"type": "tool", "text": name, "signature": _signature(stamp, number)} for number, name in enumerate(names)
        ]
        return message | {"reasoning_details": details} if details else message

    return _with_messages(body, signed)


def with_google_signature(body: Json, stamp: Stamp) -> Json:
    """The form of Google's own layer: on the first of parallel calls (upstream: ai.google.dev, thought signatures)."""

    def signed(message: Json) -> Json:
        if not message.get("tool_calls"):
            return message
        first, *others = message["tool_calls"]
        extra = {"google": {"thought_signature": _signature(stamp, 0)}}
        return message | {"tool_calls": [first | {"extra_content": extra}, *others]}

    return _with_messages(body, signed)


def with_nulls(body: Json) -> Json:
    """Fields that stand there with null for a value (documented: seed 004)."""
    body = _with_messages(body, lambda message: {"function_call": None, "tool_calls": None, **message})
    choices = [choice | {"logprobs": choice.get("logprobs")} for choice in body["choices"]]
    return body | {"choices": choices, "system_fingerprint": None}


# documented: seed 004, "MultiModal Machine Learning Input Image"
_BODY: Final = ("created", "usage", "model", "id", "choices", "system_fingerprint", "object")
_CHOICE: Final = ("finish_reason", "index", "message", "logprobs")
_MESSAGE: Final = ("role", "function_call", "tool_calls", "content")
_USAGE: Final = ("completion_tokens", "prompt_tokens", "total_tokens")


def in_recorded_order(body: Json) -> Json:
    """`created` first and `object` last."""
    body = _with_messages(body, lambda message: _ordered(message, _MESSAGE))
    choices = [_ordered(choice, _CHOICE) for choice in body["choices"]]
    return _ordered(body | {"choices": choices, "usage": _ordered(body["usage"], _USAGE)}, _BODY)


def as_printed_first(body: Json) -> Json:
    """The first example of seed 004: `messages` is a list, there is no id, and `object` is null.

    No client could read it; it is there for whoever wants to see what theirs makes of it.
    """

    def printed(choice: Json) -> Json:
        message = {name: value for name, value in choice["message"].items() if value is not None}
        return {
            "finish_reason": choice["finish_reason"],
            "index": choice["index"],
            "logprobs": choice.get("logprobs"),
            "messages": [message],
        }

    return {
        "choices": [printed(choice) for choice in body["choices"]],
        "created": body["created"],
        "model": body["model"],
        "object": None,
        "system_fingerprint": None,
        "usage": _ordered(body["usage"], _USAGE),
    }


# ---------------------------------------------------------------- streamed chat answers


def lean_frames(frames: Iterator[Frame]) -> Iterator[Frame]:
    """Chunks with the fields of the chunk in seed 004, "Stream Completion"."""
    for frame in frames:
        if isinstance(frame.data, str):
            yield frame
            continue
        data = {name: value for name, value in frame.data.items() if name != "service_tier"}
        data["choices"] = [_lean_choice(choice) for choice in data["choices"]]
        if any("annotations" in choice["delta"] for choice in frame.data["choices"]):
            continue
        if data.get("usage"):
            data["usage"] = _lean_usage(data["usage"])
        yield replace(frame, data=data)


def without_reasoning_in_frames(frames: Iterator[Frame]) -> Iterator[Frame]:
    """GP models hide their reasoning (inferred)."""
    for frame in frames:
        match frame.data:
            case {"choices": [{"delta": {"reasoning_content": str()}}]}:
                continue
        yield frame


def without_nulls_in_frames(frames: Iterator[Frame]) -> Iterator[Frame]:
    """Without `logprobs: null`."""
    for frame in frames:
        if isinstance(frame.data, str):
            yield frame
            continue
        choices = [
            {name: value for name, value in choice.items() if name != "logprobs" or value is not None}
            for choice in frame.data["choices"]
        ]
        yield replace(frame, data=frame.data | {"choices": choices})


# ---------------------------------------------------------------- Responses


def with_filters(response: Json) -> Json:
    """`content_filters: null` after `background` – text/response (documented)."""
    written = {}
    for name, value in response.items():
        written[name] = value
        if name == "background":
            written["content_filters"] = None
    return {**written, "content_filters": None}


def with_filters_in_frames(frames: Iterator[Frame]) -> Iterator[Frame]:
    """The same in every event that carries the response."""
    for frame in frames:
        match frame.data:
            case {"response": dict() as response}:
                yield replace(frame, data=frame.data | {"response": with_filters(response)})
            case _:
                yield frame


# ---------------------------------------------------------------- pieces


def _with_messages(body: Json, change: Callable[[Json], Json]) -> Json:
    return body | {"choices": [choice | {"message": change(choice["message"])} for choice in body["choices"]]}


def _ordered(fields: dict[str, Json], first: tuple[str, ...]) -> dict[str, Json]:
    return {name: fields[name] for name in first if name in fields} | fields


def _lean_message(message: Json) -> Json:
    return {
        name: value
        for name, value in message.items()
        if name != "annotations" and not (name == "refusal" and value is None)
    }


def _lean_choice(choice: Json) -> Json:
    delta = choice["delta"]
    return choice | {"delta": {name: delta[name] for name in delta if name != "refusal" or delta[name] is not None}}


def _lean_usage(usage: Json) -> Json:
    """The counts, and those details that are not nothing."""
    details = {
        name: {kind: count for kind, count in value.items() if count}
        for name, value in usage.items()
        if isinstance(value, dict)
    }
    counts = {name: value for name, value in usage.items() if name not in details}
    return counts | {name: value for name, value in details.items() if value}


def _signature(stamp: Stamp, number: int) -> str:
    """Base64 of bytes that mean nothing to anyone but Google."""
    return stamp.base64(f"signature/{number}", 32)
