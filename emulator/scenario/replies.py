"""Replies: from the schema of a reply and the defaults of its file to the value that is sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TypeAlias, assert_never

from emulator.scenario import cuts
from emulator.scenario.model import Defaults
from emulator.scenario.model_error import LiteralError, NamedError
from emulator.scenario.model_reply import (
    Block,
    BlockReply,
    CallForm,
    Chars,
    ErrorReply,
    Happening,
    ReasoningForm,
    StreamForm,
    TextReply,
    UsageForm,
)
from emulator.types import (
    Break,
    Completion,
    ErrorName,
    Failure,
    Finish,
    Headers,
    Pace,
    Part,
    Reasoning,
    Refusal,
    Reply,
    Text,
    ToolCall,
    Usage,
)

__all__ = ["reply"]

Cutter: TypeAlias = Callable[[str], tuple[int, ...]]


def reply(form: TextReply | BlockReply | ErrorReply, defaults: Defaults) -> Reply:
    """Make what is sent."""
    headers = {**(defaults.headers or {}), **(form.headers or {})}
    delay = _first(form.delay, defaults.delay, 0.0)
    if isinstance(form, ErrorReply):
        return Reply(_failure(form), Pace(delay=delay), headers)
    own, other = form.stream or StreamForm(), defaults.stream or StreamForm()
    pace = Pace(
        delay=delay,
        first=_first(own.first_token, other.first_token, 0.0),
        gap=_first(_gap(own), _gap(other), 0.0),
        jitter=_first(own.jitter, other.jitter, 0.0),
    )
    done = _completion(form, defaults, own.chunk or other.chunk or "token")
    return Reply(done, pace, headers, _break(own.at or other.at))


def _break(at: list[Happening] | None) -> Break | None:
    if at is None:
        return None
    [one] = at
    return Break(one.chunk, _named(one.error))


def _first(own: float | None, other: float | None, otherwise: float) -> float:
    return own if own is not None else other if other is not None else otherwise


def _gap(stream: StreamForm) -> float | None:
    return 1 / stream.rate if stream.rate is not None else stream.every


# ---------------------------------------------------------------- what is said


def _completion(form: TextReply | BlockReply, defaults: Defaults, chunk: str | Chars | list[str]) -> Completion:
    blocks = list(_short(form) if isinstance(form, TextReply) else form.content)
    cut = _cutter(chunk)
    parts = [_part(block, cut) for block in blocks]
    if isinstance(chunk, list):
        parts = _by_pieces(parts, chunk)
    return Completion(
        tuple(parts),
        form.finish if form.finish and form.finish != "auto" else _finish(parts),
        _usage(form.usage, defaults.usage),
        form.model or defaults.model or "",
        form.stop_sequence or "",
    )


def _finish(parts: Iterable[Part]) -> Finish:
    """Why the model stops where the scenario does not say."""
    kinds = {type(part) for part in parts}
    return "tool_calls" if ToolCall in kinds else "refusal" if Refusal in kinds else "stop"


def _short(form: TextReply) -> Iterator[Block]:
    """Give the short form as blocks."""
    if form.reasoning is not None:
        yield Block.model_construct(reasoning=form.reasoning)
    if form.text is not None:
        yield Block.model_construct(text=form.text)
    if form.refusal is not None:
        yield Block.model_construct(refusal=form.refusal)
    for call in form.tool_calls or ():
        yield Block.model_construct(tool_call=call)


def _part(block: Block, cut: Cutter) -> Part:
    match block.reasoning:
        case str() as text:
            return Reasoning(text, cut(text))
        case ReasoningForm(text=text, signature=signature):
            return Reasoning(text, cut(text), signature or "")
    if block.tool_call is not None:
        arguments = _arguments(block.tool_call)
        return ToolCall(block.tool_call.name, arguments, block.tool_call.id or "", cut(arguments))
    if block.refusal is not None:
        return Refusal(block.refusal, cut(block.refusal))
    text = block.text or ""
    return Text(text, cut(text))


def _arguments(call: CallForm) -> str:
    if isinstance(call.arguments, str):
        return call.arguments
    return json.dumps(call.arguments or {}, ensure_ascii=False)


def _cutter(chunk: str | Chars | list[str]) -> Cutter:
    match chunk:
        case str():
            return cuts.NAMED[chunk]
        case Chars(chars=chars):
            return lambda text: cuts.by_length(text, chars)
        case list():
            # Exact pieces are those of the text; the rest of the reply goes out by token.
            return cuts.by_token
        case _:
            assert_never(chunk)


def _by_pieces(parts: Iterable[Part], pieces: list[str]) -> list[Part]:
    parts = list(parts)
    texts = [part.text for part in parts if isinstance(part, Text)]
    found = cuts.by_pieces(texts, pieces)
    return [Text(part.text, next(found)) if isinstance(part, Text) else part for part in parts]


def _usage(own: UsageForm | None, other: UsageForm | None) -> Usage:
    given = {**_given(other), **_given(own)}
    return Usage(**given)


def _given(usage: UsageForm | None) -> dict[str, int]:
    return {} if usage is None else usage.model_dump(exclude_none=True)


# ---------------------------------------------------------------- errors


def _failure(form: ErrorReply) -> Failure:
    match form.error:
        case str() as name:
            return Failure(name, message=form.message, retry_after=form.retry_after)
        case NamedError() as error:
            return replace(_named(error), retry_after=form.retry_after)
        case LiteralError() as error:
            # The name shows up in the journal alone: status and body say everything to the client.
            name = "server_error" if error.status >= 500 else "invalid_request"  # noqa: PLR2004 - RFC 9110, 15
            return Failure(name, status=error.status, body=error.body, headers=_headers(error))
        case _:
            assert_never(form.error)


def _named(error: ErrorName | NamedError) -> Failure:
    if isinstance(error, str):
        return Failure(error)
    return Failure(error.name, error.message, error.status, error.code, error.type, headers=_headers(error))


def _headers(error: NamedError | LiteralError) -> Headers:
    return error.headers or {}
