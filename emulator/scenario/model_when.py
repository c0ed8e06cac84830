"""The schema of `when`: conditions, and the predicates they are made of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from msgspec import Struct
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
)

from emulator.scenario.closed import Closed, Fault, Given, OneOrMore, gathered, said
from emulator.scenario.patterns import searcher, wildcards
from emulator.scenario.scalars import HEADER_NAME, Anything, Number, header_names
from emulator.scenario.wording import show, suggestion
from emulator.types import Json

__all__ = ["Form", "Names", "Numeric", "Predicate", "ResultForm", "When"]


class Names(Struct, frozen=True):
    """The names of providers and protocols that a scenario file may use."""

    providers: frozenset[str]
    protocols: frozenset[str]


# ---------------------------------------------------------------- how values are told apart and checked


def _shape(value: Json) -> str:
    """Tell a mapping from everything else, so that problems come from what was meant."""
    return "<form>" if isinstance(value, dict) else "<plain>"


def _no_list(value: Json) -> Json:
    if isinstance(value, list):
        raise said("a list is no predicate; alternatives stand under any, as in {any: [one, two]}.")
    return value


def _plain(value: Json) -> Json:
    if isinstance(value, str):
        try:
            wildcards(value)
        except ValueError as error:
            raise said(str(error)) from None
    return value


def _none_is_empty(value: Json, read: ValidatorFunctionWrapHandler) -> Any:
    return [] if value == "none" else read(value)


def _pointers(value: Json, read: ValidatorFunctionWrapHandler) -> Any:
    bad = [key for key in value if not re.fullmatch(_POINTER, key)] if isinstance(value, dict) else []
    return gathered([Fault((key,), _POINTER_WORDS) for key in bad], value, read)


def _names(known: ValidationInfo) -> Names:
    given: Any = known.context
    names: Names = given
    return names


def _provider(value: str, known: ValidationInfo) -> str:
    return _among(value, _names(known).providers)


def _protocol(value: str, known: ValidationInfo) -> str:
    return _among(value, _names(known).protocols)


def _among(value: str, known: frozenset[str]) -> str:
    if value not in known:
        words = sorted(known)
        raise said(f"{show(value)} is not one of {', '.join(words)}.{suggestion(value, words)}")
    return value


# ---------------------------------------------------------------- predicates

_Plain = Annotated[
    Json,
    WithJsonSchema(
        {
            "type": ["string", "number", "boolean", "null"],
            "description": "The value is this. In a text `*` stands for any characters, and `?` for one.",
        }
    ),
    AfterValidator(_plain),
    Tag("<plain>"),
]
_Form = Annotated["Form", Tag("<form>")]

Predicate: TypeAlias = Annotated[_Plain | _Form, Discriminator(_shape), BeforeValidator(_no_list)]
"""A text with wildcards, a number, true, false or null; or a mapping of forms, all of which must hold."""

# "json-pointer = *( "/" reference-token )" – https://www.rfc-editor.org/rfc/rfc6901#section-3
_POINTER = "(/([^~/]|~[01])*)*"
_POINTER_WORDS = "this is not a JSON Pointer; it begins with '/', and '~' is written ~0, '/' within a key ~1."
Pointed: TypeAlias = Annotated[
    dict[str, Predicate],
    Field(min_length=1, json_schema_extra={"propertyNames": {"pattern": f"^{_POINTER}$"}}),
    WrapValidator(_pointers),
]


class Form(Closed):
    """A predicate in its long form. All keys that are given must hold."""

    equals: Anything = None
    """Holds if the value equals this one: any JSON value, without wildcards."""
    contains: Anything = None
    """Holds if this is a part of the text, an element of the list or a key of the object."""
    regex: Given[str] = None
    """Holds if this pattern (RE2 syntax) matches somewhere in the text."""
    at_least: Given[Number] = None
    """Holds if the value is a number and this or more."""
    at_most: Given[Number] = None
    """Holds if the value is a number and this or less."""
    above: Given[Number] = None
    """Holds if the value is a number and more than this."""
    below: Given[Number] = None
    """Holds if the value is a number and less than this."""
    any: Given[Annotated[list[Predicate], Field(min_length=1)]] = None
    """Holds if at least one of these predicates does."""
    all: Given[Annotated[list[Predicate], Field(min_length=1)]] = None
    """Holds if each of these predicates does."""
    not_: Predicate = Field(default=None, alias="not")
    """Holds if this predicate does not."""
    exists: Given[bool] = None
    """true: the value is there, whatever it is. false: it is not there."""
    ignore_case: Given[bool] = None
    """true: upper and lower case make no difference to `equals`, `contains` and `regex` beside it."""

    SOME_OF: ClassVar = (
        *("equals", "contains", "regex", "at_least", "at_most", "above", "below"),
        *("any", "all", "not", "exists"),
    )
    LACKING: ClassVar = f"this predicate asks for nothing; give it one of {', '.join(SOME_OF)}."

    @classmethod
    def faults(cls, value: Mapping[str, Json]) -> Iterable[Fault]:
        """Give a regex that does not compile, and what `ignore_case` can't stand beside."""
        regex = value.get("regex")
        if isinstance(regex, str):
            try:
                searcher(regex, ignore_case=value.get("ignore_case") is True)
            except ValueError as error:
                yield Fault(("regex",), str(error), "value")
        if "ignore_case" not in value:
            return
        if not {"equals", "contains", "regex"} & value.keys():
            yield Fault(("ignore_case",), "this stands beside equals, contains or regex.")
        for key in ("equals", "contains"):
            if not isinstance(value.get(key, ""), str):
                yield Fault((key,), f"{show(value[key])} is no text; 'ignore_case' needs one.", "value")


Numeric: TypeAlias = Annotated[
    Annotated[int, Field(ge=1, description="Exactly this number."), Tag("<plain>")] | _Form, Discriminator(_shape)
]
"""A whole number from 1, or a predicate on one."""


# ---------------------------------------------------------------- conditions

HeaderPredicates: TypeAlias = Annotated[
    dict[str, Predicate],
    Field(min_length=1, json_schema_extra={"propertyNames": {"pattern": HEADER_NAME}}),
    WrapValidator(header_names),
]


class ResultForm(Closed):
    """What a tool's result looks like. All keys that are given must fit the same result."""

    name: Predicate = None
    """Predicate on the name of the function."""
    id: Predicate = None
    """Predicate on the id of the call."""
    text: Predicate = None
    """Predicate on the result as text."""
    json_: Given[Pointed] = Field(default=None, alias="json")
    """Predicates on values within the result, by JSON Pointer. The result must be JSON."""

    SOME_OF: ClassVar = ("name", "id", "text", "json")
    LACKING: ClassVar = "this asks for nothing; write 'any' for any result, or give it name, id, text or json."


_Result: TypeAlias = Annotated[
    Annotated[Literal["none", "any"], Tag("<plain>")] | Annotated[ResultForm, Tag("<form>")],
    Discriminator(_shape),
]
_Name = Annotated[str, Field(min_length=1)]
_Thing: TypeAlias = Literal["image", "audio", "video", "file", "tools", "reasoning", "schema"]


class When(Closed):
    """What a request must look like. All conditions that are given must hold."""

    provider: Given[Annotated[str, AfterValidator(_provider)]] = None
    """The provider that is asked."""
    protocol: Given[Annotated[str, AfterValidator(_protocol)]] = None
    """The wire protocol that is spoken."""
    target: Predicate = None
    """Predicate on the variable segment of the path."""
    environment: Predicate = None
    """Predicate on the environment's id."""
    model: Predicate = None
    """Predicate on the name of the model."""
    user: Predicate = None
    """Predicate on the text of the last user message."""
    system: Predicate = None
    """Predicate on the system, developer and instruction texts, joined by line breaks."""
    any_message: Predicate = None
    """Predicate that the text of at least one message fits, whoever said it."""
    turn: Given[Numeric] = None
    """1 + how many assistant messages the request carries."""
    round: Given[Numeric] = None
    """1 + how many assistant messages follow the last user message: where in a tool loop the request stands."""
    tools: Given[Annotated[list[_Name], Field(min_length=1), OneOrMore(str), WrapValidator(_none_is_empty)]] = None
    """Functions that the request offers at least: a list of names, or one name. `none`: it offers no function."""
    tool_choice: Given[str] = None
    """`auto`, `none`, `required`, or the name of the function that is forced."""
    tool_result: Given[_Result] = None
    """`none`: the newest messages carry no tool result. `any`: they do. Or what one of the results looks like."""
    has: Given[Annotated[list[_Thing], Field(min_length=1), OneOrMore(str)]] = None
    """What the request carries or asks for: one or several of the words."""
    stream: Given[bool] = None
    """Whether the answer is asked for as a stream."""
    headers: Given[HeaderPredicates] = None
    """Predicates by the name of a header, upper or lower case."""
    body: Given[Pointed] = None
    """Predicates on values within the request's body, by JSON Pointer such as `/temperature`."""
    call: Given[Numeric] = None
    """Which call of the session this is, of those that meet the step's other conditions: a number, or a predicate."""
    state: Given[Annotated[dict[str, Predicate], Field(min_length=1)]] = None
    """Predicates on the session's state, by name."""
    not_: Given[When] = Field(default=None, alias="not", json_schema_extra={"not": {"required": ["call"]}})
    """Conditions of which at least one must not hold."""

    @classmethod
    def faults(cls, value: Mapping[str, Json]) -> Iterable[Fault]:
        """Give a count of calls that stands where there is nothing to count."""
        inner = value.get("not")
        if isinstance(inner, dict) and "call" in inner:
            yield Fault(("not", "call"), "calls are counted of the step as a whole; write call: {not: …} beside 'not'.")
