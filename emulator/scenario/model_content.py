"""The schema of what the model says: words, thinking, calls of functions, a search, in short form or as blocks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import BeforeValidator, Discriminator, Field, Tag, WithJsonSchema

from emulator.scenario.closed import Closed, Fault, Given, said
from emulator.scenario.model_stream import Yes
from emulator.scenario.scalars import TEMPLATE, Amount, Anything, Named, Number, Words
from emulator.types import Finish, Json

__all__ = [
    "Block",
    "BlockWords",
    "CallForm",
    "ChoiceForm",
    "Ended",
    "LogprobForm",
    "ReasoningForm",
    "SearchForm",
    "TextWords",
    "UsageForm",
]


def _shape(value: Json) -> str:
    return "<form>" if isinstance(value, dict) else "<plain>"


# ---------------------------------------------------------------- counts


class UsageForm(Closed):
    """Token counts. What is not given is estimated."""

    input: Given[Amount] = None
    """Tokens of the request."""
    output: Given[Amount] = None
    """Tokens of the reply, reasoning included."""
    cached_input: Given[Amount] = None
    """Tokens of the request that came from a cache (default: 0)."""
    cache_write: Given[Amount] = None
    """Tokens of the request that were put into a cache (default: 0)."""
    reasoning: Given[Amount] = None
    """Tokens of the reply that are reasoning."""


def _top(value: Json) -> Json:
    match value:
        case [str(), int() | float() as number] if not isinstance(number, bool):
            return value
        case _:
            raise said("an alternative is a token and its logarithm, such as [cold, -2.3].")


_Top = Annotated[
    Json,
    BeforeValidator(_top),
    WithJsonSchema({"type": "array", "prefixItems": [{"type": "string"}, {"type": "number"}], "minItems": 2}),
]


class LogprobForm(Closed):
    """How likely a token was."""

    token: Words
    """The token."""
    logprob: Number
    """The natural logarithm of how likely it was: 0 or less."""
    top: Given[list[_Top]] = None
    """What else might have stood there: a list of `[token, logprob]`."""


# ---------------------------------------------------------------- thinking, calls, searches


class ReasoningForm(Closed):
    """Reasoning with a signature."""

    text: Words
    """The reasoning."""
    signature: Given[Words] = None
    """What proves where the reasoning comes from, in the protocols that have it."""


def _mapping_or_text(value: Json) -> Json:
    if isinstance(value, dict | str):
        return value
    raise said("arguments are a mapping, or a text that goes out as it stands.")


_Arguments = Annotated[
    Json,
    BeforeValidator(_mapping_or_text),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "object", "description": "The arguments, sent as JSON."},
                {"type": "string", "description": "A text that goes out as it stands, be it malformed."},
            ]
        }
    ),
]


class CallForm(Closed):
    """A call of a function that the request offers."""

    name: Named
    """The name of the function."""
    arguments: Given[_Arguments] = None
    """A mapping, sent as JSON; or a text, sent as it stands, be it malformed. Default: no arguments."""
    input: Given[Words] = None
    """In place of arguments: the text that a custom tool gets, in the protocols that have custom tools."""
    id: Given[Named] = None
    """The id of the call. Default: made from the session's seed."""

    NOT_BOTH: ClassVar = ("arguments", "input")


class FoundForm(Closed):
    """One result of a search."""

    url: Named
    """Where it was found."""
    title: Words = ""
    """The title of the page."""
    text: Words = ""
    """What it says."""


class SearchForm(Closed):
    """A search that the service itself makes. The text that follows cites the results."""

    query: Named
    """What is searched for."""
    results: list[FoundForm] = Field(default_factory=list)
    """What is found."""


_Reasoning: TypeAlias = Annotated[
    Annotated[Words, Field(description="The reasoning."), Tag("<plain>")] | Annotated[ReasoningForm, Tag("<form>")],
    Discriminator(_shape),
]


# ---------------------------------------------------------------- blocks and the short form


class Block(Closed):
    """One block of a reply. Exactly one key is there."""

    text: Given[Words] = None
    """Words."""
    json_: Anything = Field(default=None, alias="json")
    """A value, sent as the text that JSON makes of it."""
    from_schema: Given[Yes] = None
    """A value that is valid under the JSON Schema of the request, made from the session's seed."""
    echo: Given[Yes] = None
    """The text of the last user message again."""
    reasoning: Given[_Reasoning] = None
    """Thinking that is shown: a text, or a text with a signature."""
    refusal: Given[Words] = None
    """Words with which the model declines."""
    tool_call: Given[CallForm] = None
    """A call of a function."""
    web_search: Given[SearchForm] = None
    """A search that the service itself makes, in the protocols that show one."""

    ONE_OF: ClassVar = ("text", "json", "from_schema", "echo", "reasoning", "refusal", "tool_call", "web_search")
    LACKING: ClassVar = f"this block is empty; give it {', '.join(ONE_OF[:-1])} or {ONE_OF[-1]}."


class Ended(Closed):
    """How an answer ends."""

    finish: Given[Literal["auto", Finish]] = None
    """Why the model stops. `auto` (default): tool_calls or refusal where there is one, else stop."""
    stop_sequence: Given[Named] = None
    """With `finish: stop_sequence`: the sequence that was hit."""


SHORT = ("reasoning", "text", "json", "from_schema", "echo", "refusal", "tool_calls")


class TextWords(Closed):
    """What the model says, in its short form: reasoning, then text, then a refusal, then tool calls."""

    reasoning: Given[_Reasoning] = None
    """Thinking that is shown before the text: a text, or a text with a signature."""
    text: Given[Words] = None
    """What the model says."""
    json_: Anything = Field(default=None, alias="json")
    """In place of text: a value, sent as the text that JSON makes of it (structured output)."""
    from_schema: Given[Yes] = None
    """In place of text: a value that is valid under the JSON Schema of the request (structured output, or the
    parameters of the function that is forced), made from the session's seed."""
    echo: Given[Yes] = None
    """In place of text: the text of the last user message again."""
    refusal: Given[Words] = None
    """The words with which the model declines."""
    tool_calls: Given[Annotated[list[CallForm], Field(min_length=1)]] = None
    """Calls of functions, after the text. Several are parallel calls."""

    SOME_OF: ClassVar = SHORT
    NOT_BOTH: ClassVar = ("text", "json", "from_schema", "echo")
    LACKING: ClassVar = (
        "this reply says nothing; give it text, json, from_schema, echo, reasoning, refusal, tool_calls, content, "
        "choices, blocked, embeddings, images, audio, raw or error."
    )


class BlockWords(Closed):
    """What the model says, as a list of blocks in the order it says them."""

    content: Annotated[list[Block], Field(min_length=1)]
    """The blocks: text, json, from_schema, echo, reasoning, refusal, tool_call and web_search."""

    ELSEWHERE: ClassVar = dict.fromkeys(SHORT, "this does not go with 'content'; write it as a block.")


_OF_THE_REPLY = dict.fromkeys(
    ("usage", "model", "stream", "delay", "headers", "logprobs", "metadata", "set", "fault", "times", "chance"),
    "this belongs to the reply as a whole, beside 'choices'.",
)


class TextChoice(TextWords, Ended):
    """One of several answers, in short form."""

    LACKING: ClassVar = f"this choice says nothing; give it {', '.join(SHORT)} or content."
    ELSEWHERE: ClassVar = _OF_THE_REPLY


class BlockChoice(BlockWords, Ended):
    """One of several answers, as blocks."""

    ELSEWHERE: ClassVar = {**BlockWords.ELSEWHERE, **_OF_THE_REPLY}


ChoiceForm: TypeAlias = Annotated[
    Annotated[TextChoice, Tag("<text>")] | Annotated[BlockChoice, Tag("<blocks>")],
    Discriminator(lambda value: "<blocks>" if isinstance(value, dict) and "content" in value else "<text>"),
]


def piece_faults(value: Mapping[str, Json], blocks: Iterable[Json]) -> Iterable[Fault]:
    """Give exact pieces that are not the text of the reply."""
    pieces = exact_pieces(value)
    said_ = [block for block in blocks if isinstance(block, dict)]
    if pieces is None:
        return
    made = next((key for block in said_ for key in ("from_schema", "echo", "json") if key in block), None)
    texts = [text for block in said_ if isinstance(text := block.get("text", ""), str)]
    if made:
        message = f"exact pieces are those of 'text'; what '{made}' says goes out in pieces of another kind."
    elif any(TEMPLATE.search(text) for text in texts):
        message = "exact pieces fit a text that is always the same, and this one has a template in it."
    elif all(isinstance(piece, str) for piece in pieces) and "".join(pieces) != "".join(texts):
        message = "these pieces, joined, are not the text of the reply."
    else:
        return
    yield Fault(("stream", "chunk"), message, "value")


def exact_pieces(value: Mapping[str, Json]) -> list[Json] | None:
    """Give the exact pieces that a reply is to go out in; None where there are none."""
    stream = value.get("stream")
    pieces = stream.get("chunk") if isinstance(stream, dict) else None
    return pieces if isinstance(pieces, list) else None
