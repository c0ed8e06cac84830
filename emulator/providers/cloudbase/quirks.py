"""What CloudBase changes in the words of Chat Completions and of Responses.

Facts are marked as in the package's docstring.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from emulator.protocols import chat
from emulator.types import Completion, Frame, Json, Request, Stamp, ToolCall

__all__ = [
    "citations",
    "lean_body",
    "openai_style",
    "sdk_style",
    "titled",
    "with_search",
    "with_search_at_the_end",
    "with_text",
    "with_text_at_the_end",
]


def lean_body(body: Json) -> Json:
    """Leave the fields of the documented reply (seed 000), the token details and the reasoning (upstream).

    Log probabilities are there only where they are asked for (inferred: as vLLM, which serves the model, has them).
    """
    return {
        **{name: body[name] for name in ("id", "object", "created", "model")},
        "choices": [_lean_whole(choice) for choice in body["choices"]],
        "usage": _usage(body["usage"]),
    }


def openai_style(frames: Iterator[Frame]) -> Iterator[Frame]:
    """Write the form of the service behind the gateway (upstream).

    The role has a chunk of its own, `finish_reason` is on the last output chunk and nowhere else, usage has a chunk of
    its own where it is asked for.
    """
    held: Frame | None = None
    for frame in map(_lean, frames):
        if _says_nothing(frame):
            continue
        if held is None:
            held = frame
        elif held.beat and (finish := _finish(frame)):
            held = _with_choice(held, finish_reason=finish)
        else:
            yield held
            held = frame
    if held is not None:
        yield held


def sdk_style(frames: Iterator[Frame], done: Completion, request: Request, stamp: Stamp) -> Iterator[Frame]:
    """Write the form that the tool loop of the CloudBase SDK needs (package, measured: src/models/model.ts).

    The loop starts only if the first chunk has the role and a tool call; it reads the first call of a chunk whatever
    its index, so several calls must come whole in that chunk; text or reasoning in a chunk before it is fatal. Usage
    counts only on a chunk with tool calls, so it rides on the last one.
    """
    calls = [part for part in done.parts if isinstance(part, ToolCall)]
    if calls and (len(calls) > 1 or not isinstance(done.parts[0], ToolCall)):
        yield _all_in_one(done, request, stamp)
        yield chat.DONE
        return
    head: Frame | None = None
    for frame in openai_style(frames):
        if frame.data == chat.DONE.data:
            yield frame
        elif head is None:
            head = frame
        elif frame.data["choices"]:
            delta = {**_delta(head), **_delta(frame)} if head.data else _delta(frame)
            chunk = _with_choice(frame, delta=delta)
            head = Frame(None)
            yield _with_usage(chunk, done, request) if _finish(chunk) else chunk


def citations(body: Json) -> list[Json]:
    """Give what the messages of a whole answer cite."""
    return [one["url_citation"] for choice in body["choices"] for one in choice["message"]["annotations"]]


def with_search(answer: Json, cited: list[Json]) -> Json:
    """Add what a search found to an answer or a chunk, as the old Hunyuan has it (package: src/models/model.ts)."""
    found = {one["url"]: one["title"] for one in cited}
    results = [{"index": number, "title": title, "url": url} for number, (url, title) in enumerate(found.items(), 1)]
    return {**answer, "search_info": {"search_results": results}} if results else answer


def with_search_at_the_end(frames: Iterator[Frame], cited: list[Json]) -> Iterator[Frame]:
    """The same on the chunk that finishes a choice (inferred)."""
    for frame in frames:
        yield replace(frame, data=with_search(frame.data, cited)) if _finish(frame) else frame


def titled(value: Json) -> Json:
    """Write keys as Tencent Cloud's API 3.0 does: `prompt_tokens` is `PromptTokens` (package: the SDK reads both)."""
    match value:
        case dict():
            return {"".join(map(str.capitalize, name.split("_"))): titled(item) for name, item in value.items()}
        case list():
            return [titled(item) for item in value]
        case _:
            return value


def with_text(response: Json) -> Json:
    """Add the text of a response at its top (upstream: Tencent-Hunyuan/Hy3 docs/api/responses.md)."""
    said = [part for item in response["output"] if item["type"] == "message" for part in item["content"]]
    return {**response, "output_text": "".join(part["text"] for part in said if part["type"] == "output_text")}


def with_text_at_the_end(frame: Frame) -> Frame:
    """The same for the event that ends a stream with the whole response (inferred)."""
    match frame.data:
        case {"type": "response.completed" | "response.incomplete", "response": response}:
            return replace(frame, data={**frame.data, "response": with_text(response)})
        case _:
            return frame


def _all_in_one(done: Completion, request: Request, stamp: Stamp) -> Frame:
    body = lean_body(chat.body(done, request, stamp))
    choices = [_as_delta(choice) for choice in body["choices"]]
    text = body["choices"][0]["message"]["content"]
    return Frame({**body, "object": "chat.completion.chunk", "choices": choices}, beat=True, text=text)


def _as_delta(choice: Json) -> Json:
    """A whole choice as a chunk has it."""
    delta = {name: value for name, value in choice["message"].items() if value}
    if calls := delta.get("tool_calls"):
        delta["tool_calls"] = [{"index": number, **call} for number, call in enumerate(calls)]
    return {"index": choice["index"], "delta": delta, "finish_reason": choice["finish_reason"]} | _logprobs(choice)


def _lean_whole(choice: Json) -> Json:
    message = {name: value for name, value in choice["message"].items() if name != "annotations"}
    if not message["refusal"]:
        del message["refusal"]
    message["content"] = message["content"] or ""  # upstream: a tool call comes with content ""
    lean = {"index": choice["index"], "message": message, "finish_reason": choice["finish_reason"]}
    return {**lean, **_logprobs(choice)}


def _lean(frame: Frame) -> Frame:
    """Without what OpenAI sends and CloudBase does not."""
    if isinstance(frame.data, str):
        return frame
    data = {name: frame.data[name] for name in ("id", "object", "created", "model")}
    data["choices"] = [_lean_choice(choice) for choice in frame.data["choices"]]
    if frame.data.get("usage"):
        data["usage"] = _usage(frame.data["usage"])
    return replace(frame, data=data)


def _lean_choice(choice: Json) -> Json:
    delta = {name: value for name, value in choice["delta"].items() if name != "annotations"}
    if "role" in delta:
        delta = {"role": delta["role"]}
    lean = {"index": choice["index"], "delta": delta, **_logprobs(choice)}
    return lean | {"finish_reason": choice["finish_reason"]} if choice["finish_reason"] else lean


def _logprobs(choice: Json) -> dict[str, Json]:
    """Log probabilities, where there are any."""
    match choice.get("logprobs"):
        case {"content": [_, *_]} as logprobs:
            return {"logprobs": logprobs}
        case _:
            return {}


def _says_nothing(frame: Frame) -> bool:
    match frame.data:
        case {"choices": [{"delta": delta} as choice]}:
            return not delta and "finish_reason" not in choice
        case _:
            return False


def _usage(usage: Json) -> Json:
    """The counts, and those details that are not nothing."""
    lean = {name: usage[name] for name in ("prompt_tokens", "completion_tokens", "total_tokens")}
    for details, count in (
        ("prompt_tokens_details", "cached_tokens"),
        ("completion_tokens_details", "reasoning_tokens"),
    ):
        if usage[details][count]:
            lean[details] = {count: usage[details][count]}
    return lean


def _finish(frame: Frame) -> str | None:
    """The finish reason of a frame that says nothing else than that."""
    match frame.data:
        case {"choices": [{"finish_reason": str() as finish}]}:
            return finish
        case _:
            return None


def _delta(frame: Frame) -> dict[str, Json]:
    delta: dict[str, Json] = frame.data["choices"][0]["delta"]
    return delta


def _with_choice(frame: Frame, **fields: Json) -> Frame:
    return replace(frame, data={**frame.data, "choices": [{**frame.data["choices"][0], **fields}]})


def _with_usage(frame: Frame, done: Completion, request: Request) -> Frame:
    tokens = done.tokens(request)
    usage = {
        "prompt_tokens": tokens.input,
        "completion_tokens": tokens.output,
        "total_tokens": tokens.input + tokens.output,
    }
    return replace(frame, data={**frame.data, "usage": usage})
