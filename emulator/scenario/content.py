"""What the model says: from the schema of words and blocks to the parts of a completion."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeAlias, assert_never

from emulator import jsontext
from emulator.scenario import cuts
from emulator.scenario.model_content import (
    Block,
    BlockWords,
    CallForm,
    Ended,
    ReasoningForm,
    SearchForm,
    TextWords,
)
from emulator.scenario.model_stream import Chars
from emulator.scenario.pen import Pen
from emulator.scenario.script import Scene, Unanswerable
from emulator.types import Completion, Finish, Found, Json, Part, Reasoning, Refusal, Search, Text, ToolCall

__all__ = ["said"]

Cutter: TypeAlias = Callable[[str], tuple[int, ...]]

_WORDS: Final = frozenset({"text", "json_", "from_schema", "echo"})
"""The keys of which one says what the words are."""


def said(form: TextWords | BlockWords, ended: Ended, chunk: str | Chars | list[str], pen: Pen) -> Completion:
    """Make what one answer says, and how it ends. Raises Unanswerable."""
    cut = _cutter(chunk)
    if isinstance(form, TextWords):
        parts = list(_parts(form, cut, pen))
    else:
        parts = [_part(block, cut, pen) for block in form.content]
    if isinstance(chunk, list):
        parts = _by_pieces(parts, chunk)
    finish = ended.finish if ended.finish and ended.finish != "auto" else _finish(parts)
    return Completion(tuple(parts), finish, stop_sequence=pen.text(ended.stop_sequence or ""))


def _finish(parts: Iterable[Part]) -> Finish:
    """Why the model stops where the scenario does not say."""
    kinds = {type(part) for part in parts}
    return "tool_calls" if ToolCall in kinds else "refusal" if Refusal in kinds else "stop"


def _parts(form: TextWords, cut: Cutter, pen: Pen) -> Iterator[Part]:
    """Make what the short form says: a part of each kind that it has, in this order."""
    if form.reasoning is not None:
        yield _reasoning(form.reasoning, cut, pen)
    if form.model_fields_set & _WORDS:
        yield _words(form, cut, pen)
    if form.refusal is not None:
        yield _refusal(form.refusal, cut, pen)
    for call in form.tool_calls or ():
        yield _call(call, cut, pen)


def _part(block: Block, cut: Cutter, pen: Pen) -> Part:
    if block.reasoning is not None:
        return _reasoning(block.reasoning, cut, pen)
    if block.tool_call is not None:
        return _call(block.tool_call, cut, pen)
    if block.web_search is not None:
        return _search(block.web_search, pen)
    return _words(block, cut, pen) if block.refusal is None else _refusal(block.refusal, cut, pen)


def _reasoning(given: str | ReasoningForm, cut: Cutter, pen: Pen) -> Reasoning:
    form = ReasoningForm.model_construct(text=given) if isinstance(given, str) else given
    thinking = pen.text(form.text)
    return Reasoning(thinking, cut(thinking), pen.text(form.signature or ""))


def _refusal(given: str, cut: Cutter, pen: Pen) -> Refusal:
    text = pen.text(given)
    return Refusal(text, cut(text))


def _words(form: TextWords | Block, cut: Cutter, pen: Pen) -> Part:
    if form.from_schema and "json_" not in form.model_fields_set and pen.scene is not None:
        return _from_schema(pen.scene, cut)
    text = _text(form, pen)
    return Text(text, cut(text))


def _text(form: TextWords | Block, pen: Pen) -> str:
    if "json_" in form.model_fields_set:
        return json.dumps(pen.value(form.json_), ensure_ascii=False)
    if form.echo and pen.scene is not None:
        return pen.scene.request.user
    return pen.text(form.text or "")


def _call(form: CallForm, cut: Cutter, pen: Pen) -> ToolCall:
    if form.input is not None:
        arguments = pen.text(form.input)
    elif isinstance(form.arguments, str):
        arguments = pen.text(form.arguments)
    else:
        arguments = json.dumps(pen.value(form.arguments or {}), ensure_ascii=False)
    return ToolCall(pen.text(form.name), arguments, pen.text(form.id or ""), cut(arguments), form.input is not None)


def _search(form: SearchForm, pen: Pen) -> Search:
    results = [Found(pen.text(one.url), pen.text(one.title), pen.text(one.text)) for one in form.results]
    return Search(pen.text(form.query), tuple(results))


def _from_schema(scene: Scene, cut: Cutter) -> Part:
    """Make the value that the request wants: its structured output, or the arguments of the function it forces."""
    from emulator.scenario.fromschema import Unsatisfiable, value  # noqa: PLC0415 - loaded by whoever asks for it

    request = scene.request
    tool = next((tool for tool in request.tools if tool.name == request.tool_choice), None)
    if tool is None and request.tool_choice == "required":
        tool = next(iter(request.tools), None)
    if request.schema is None and tool is None:
        raise Unanswerable("from_schema: the request asks for no structured output and forces no function")
    schema = request.schema if tool is None else tool.parameters
    try:
        made = _dumped(value({} if schema is None else schema, str(scene.stamp.seed)))
    except Unsatisfiable as error:
        raise Unanswerable(f"from_schema: {error}") from None
    return Text(made, cut(made)) if tool is None else ToolCall(tool.name, made, "", cut(made))


def _dumped(value: Json) -> str:
    return jsontext.dumps(value).decode()


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
