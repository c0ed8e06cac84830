"""What every part of the schema is made of: mappings whose keys are all known, and keys that need not be there."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from itertools import combinations, pairwise
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, Self, TypeAlias, TypeVar

from msgspec import Struct
from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationError,
    model_validator,
)
from pydantic.functional_validators import ModelWrapValidatorHandler
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, core_schema

from emulator.scenario.wording import known_keys, suggestion
from emulator.types import Json

__all__ = ["Closed", "Fault", "Given", "OneOrMore", "gathered", "said"]

Made = TypeVar("Made")
Kind: TypeAlias = Literal["key", "value"]
"""What a problem is about: the key at a place or the value there."""


class Fault(NamedTuple):
    """What is wrong with a value that is being read."""

    loc: tuple[str | int, ...]
    """Where, from the value."""
    sentence: str
    kind: Kind = "key"


def said(sentence: str, kind: Kind = "value") -> PydanticCustomError:
    """Make a problem whose sentence is already ours."""
    return PydanticCustomError(kind, "{sentence}", {"sentence": sentence})


def gathered(faults: Iterable[Fault], value: Json, read: Callable[[Json], Made]) -> Made:
    """Read a value that has faults beside those that reading it finds, so that all problems come together."""
    known = list(faults)
    if not known:
        return read(value)
    lines = [InitErrorDetails(type=said(fault.sentence, fault.kind), loc=fault.loc, input=value) for fault in known]
    try:
        read(value)
    except ValidationError as error:
        lines += [_again(line) for line in error.errors(include_url=False) if not _misspelt(line, known)]
    raise ValidationError.from_exception_data("scenario", lines)


def _misspelt(line: Any, faults: list[Fault]) -> bool:
    """Whether a key is missing only because it is there under a name that resembles it."""
    guess = f"Did you mean '{line['loc'][-1]}'?" if line["type"] == "missing" else None
    return guess is not None and any(
        fault.sentence.endswith(guess) and fault.loc[:-1] == line["loc"][:-1] for fault in faults
    )


def _again(line: Any) -> InitErrorDetails:
    kind = PydanticCustomError(line["type"], "{type}", {"type": line["type"], **line.get("ctx", {})})
    return InitErrorDetails(type=kind, loc=line["loc"], input=line["input"])


class _Known(dict[str, Json]):
    """A mapping whose keys have been checked."""


class Closed(BaseModel):
    """A mapping whose keys are all known. The constants say how its keys go together."""

    # Deferred: a model is made ready when it first reads a value; one that is only part of others never is by itself.
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)

    ELSEWHERE: ClassVar[Mapping[str, str]] = {}
    """Keys of the language that do not belong here, and what to say about them."""
    ONE_OF: ClassVar[tuple[str, ...]] = ()
    """Exactly one of these keys is there."""
    SOME_OF: ClassVar[tuple[str, ...]] = ()
    """At least one of these keys is there."""
    NOT_BOTH: ClassVar[tuple[str, ...]] = ()
    """At most one of these keys is there."""
    LACKING: ClassVar[str] = ""
    """What to say where none of ONE_OF or none of SOME_OF is there."""
    BESIDE: ClassVar[Mapping[str, Json]] = {}
    """What else the JSON Schema says."""

    @model_validator(mode="wrap")
    @classmethod
    def _checked(cls, value: Json, read: ModelWrapValidatorHandler[Self]) -> Self:
        # pydantic asks twice where a schema that contains itself is part of another one.
        if not isinstance(value, dict) or isinstance(value, _Known):
            return read(value)
        known = cls.keys()
        strange = [key for key in value if key not in known]
        faults = [Fault((key,), cls._strange(key, known)) for key in strange]
        faults += cls.faults(value)
        faults += [] if strange else cls._together(value)
        rest = {key: item for key, item in value.items() if key in known} if strange else value
        return gathered(faults, _Known(rest), read)

    @classmethod
    @cache
    def keys(cls) -> list[str]:
        """Give the keys as they are written in a file."""
        return [entry.alias or name for name, entry in cls.model_fields.items()]

    @classmethod
    def faults(cls, value: Mapping[str, Json]) -> Iterable[Fault]:
        """Give what is wrong across the values, each of which may still be anything."""
        del value
        return ()

    @classmethod
    def _strange(cls, key: str, known: list[str]) -> str:
        if key in cls.ELSEWHERE:
            return cls.ELSEWHERE[key]
        return "unknown key." + (suggestion(key, known) or known_keys(known))

    @classmethod
    def _together(cls, value: Mapping[str, Json]) -> Iterable[Fault]:
        if any(group and not value.keys() & set(group) for group in (cls.ONE_OF, cls.SOME_OF)) and cls.LACKING:
            yield Fault((), cls.LACKING, "value")
        for rivals in (cls.ONE_OF, cls.NOT_BOTH):
            there = [key for key in rivals if key in value]
            for key in there[1:]:
                yield Fault((key,), f"'{key}' does not go with '{there[0]}'; write one of them.")

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> Json:
        schema = handler.resolve_ref_schema(handler(core))
        for name, sentence in _sentences(cls).items():
            entry = cls.model_fields[name]
            if entry.description is None:
                schema["properties"][entry.alias or name]["description"] = sentence
        if cls.ONE_OF:
            schema["oneOf"] = [{"required": [key]} for key in cls.ONE_OF]
        if cls.SOME_OF:
            schema["anyOf"] = [{"required": [key]} for key in cls.SOME_OF]
        if cls.NOT_BOTH:
            pairs = [{"required": list(pair)} for pair in combinations(cls.NOT_BOTH, 2)]
            schema["not"] = {"anyOf": pairs} if len(pairs) > 1 else pairs[0]
        schema.update(cls.BESIDE)
        return schema


def _sentences(model: type[BaseModel]) -> Mapping[str, str]:
    """What stands below each field of a model and of those it is made of.

    Read from the source when a schema is written: pydantic's own way, `use_attribute_docstrings`, reads it on import.
    """
    found: dict[str, str] = {}
    for one in reversed(model.__mro__):
        if not issubclass(one, Closed):
            continue
        (written,) = ast.parse(inspect.getsource(one)).body
        for entry, below in pairwise(written.body if isinstance(written, ast.ClassDef) else ()):
            match entry, below:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str() as sentence)):
                    found[name] = inspect.cleandoc(sentence)
    return {name: sentence for name, sentence in found.items() if name in model.model_fields}


class _NotNull:
    """Takes null out of an optional type."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema = handler(source)
        return schema["schema"] if schema["type"] == "nullable" else schema


Given = Annotated[Made | None, _NotNull()]
"""A key that need not be there; None where it is not. An explicit null is refused."""


class OneOrMore(Struct, frozen=True):
    """Lets one item, which is of this kind, stand for a list of it."""

    kind: type

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(
            lambda value: [value] if isinstance(value, self.kind) else value,
            handler(source),
        )

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> Json:
        many = handler(core)
        one = {"description": "One of them.", **many["items"]}
        return {"anyOf": [one, {"description": "A list of them.", **many}]}
