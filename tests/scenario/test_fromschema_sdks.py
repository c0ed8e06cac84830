"""What the SDKs make of their users' types is satisfied, and what is made is read by those types again."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from ipaddress import IPv4Address
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from anthropic import transform_schema
from google.genai import types
from google.genai._transformers import t_schema
from jsonschema import Draft7Validator  # type: ignore[import-untyped]
from openai.lib._pydantic import to_strict_json_schema
from pydantic import AnyUrl, BaseModel, Field, Json, RootModel

from emulator.scenario.fromschema import value
from tests.scenario.test_fromschema import SEEDS, check, complaints


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Address(BaseModel):
    street: str
    city: str = Field(description="Where it is")
    zip_code: str | None = None


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"]
    breed: str


class Person(BaseModel):
    name: str
    age: int | None
    colour: Colour
    home: Address
    work: Address | None = None
    pet: Cat | Dog
    mood: Literal["good", "bad"]


class Zoo(BaseModel):
    beasts: list[Annotated[Cat | Dog, Field(discriminator="kind")]]
    by_name: dict[str, Address]
    keeper: Person | None
    rank: Literal["one", 2, True]


class Times(BaseModel):
    at: datetime
    day: date
    hour: time
    length: timedelta
    mark: UUID
    url: AnyUrl
    host: IPv4Address


class Measured(BaseModel):
    share: float = Field(ge=0, lt=1)
    count: int = Field(gt=5, le=7)
    even: int = Field(multiple_of=2, ge=1000)
    code: str = Field(pattern=r"^[A-Z]{3}-\d{4}$")
    short: str = Field(min_length=2, max_length=4)
    long: str = Field(min_length=80, max_length=90)
    cost: Decimal
    tags: set[str] = Field(min_length=3)
    some: list[int] = Field(min_length=2, max_length=2)
    pair: tuple[int, str]


class Limited(BaseModel):
    share: float = Field(ge=0, le=1)
    code: str = Field(pattern=r"^[A-Z]{3}-\d{4}$")
    short: str = Field(min_length=2, max_length=4)
    some: list[int] = Field(min_length=5, max_length=6)


class Mapped(BaseModel):
    scores: dict[str, int]
    homes: dict[str, Address]
    anything: Any
    free: dict[str, Any]
    text: Json[list[int]]


class Tree(BaseModel):
    label: str
    children: "list[Tree]"


class Link(BaseModel):
    item: int
    next: "Link | None"


class Expression(BaseModel):
    body: "Sum | Product | Number"


class Number(BaseModel):
    number: float


class Sum(BaseModel):
    left: Expression
    right: Expression


class Product(BaseModel):
    factors: list[Expression]


class Steps(RootModel[list[Address]]):
    pass


def gemini(model: type[BaseModel]) -> Any:
    """The schema as google-genai sends it."""
    schema = t_schema(None, model)
    assert schema is not None
    return schema.model_dump(mode="json", by_alias=True, exclude_none=True)


def gemini_of_json_schema(model: type[BaseModel]) -> Any:
    schema = types.JSONSchema.model_validate(model.model_json_schema())
    return types.Schema.from_json_schema(json_schema=schema).model_dump(mode="json", by_alias=True, exclude_none=True)


def as_it_is(model: type[BaseModel]) -> Any:
    return model.model_json_schema()


def plain(schema: Any) -> Any:
    """The API's own Schema as JSON Schema."""
    if isinstance(schema, list):
        return [plain(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: plain(each) for key, each in schema.items()}
    if isinstance(made.get("type"), str):
        made["type"] = made["type"].lower()
    return made


PLAIN = (Person, Times, Tree, Link, Expression, Steps)
MAKERS: list[tuple[Callable[[type[BaseModel]], Any], type[BaseModel]]] = [
    *((as_it_is, model) for model in (*PLAIN, Zoo, Measured, Limited, Mapped)),
    *((to_strict_json_schema, model) for model in (*PLAIN, Measured, Limited)),  # a map has no strict form
    *((transform_schema, model) for model in PLAIN),  # limits become words of the description
    *((gemini, model) for model in (Person, Times, Limited, Steps)),  # a recursion becomes {}
    *((gemini_of_json_schema, model) for model in (Times, Steps)),
]


@pytest.mark.parametrize(("make", "model"), MAKERS, ids=lambda each: each.__name__)
def test_what_the_sdks_ask_for_is_valid_and_read_by_their_models(
    make: Callable[[type[BaseModel]], Any], model: type[BaseModel]
) -> None:
    schema = make(model)
    for seed in SEEDS:
        found = value(schema, seed)
        assert [] == complaints(plain(schema), found), found
        model.model_validate_json(json.dumps(found))


def test_the_same_schema_and_seed_give_the_same_value_in_every_process() -> None:
    schemas = [make(model) for make, model in MAKERS]
    expected = [value(schema, "seed") for schema in schemas]
    script = (
        "import json, sys; from emulator.scenario.fromschema import value; "
        "print(json.dumps([value(schema, 'seed') for schema in json.load(sys.stdin)]))"
    )
    for hash_seed in ("0", "4242"):
        run = subprocess.run(
            [sys.executable, "-c", script],
            input=json.dumps(schemas),
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        assert json.dumps(expected) == run.stdout.strip()


def test_another_seed_gives_another_value() -> None:
    schema = Person.model_json_schema()
    assert len(SEEDS) == len({json.dumps(value(schema, seed)) for seed in SEEDS})


ADDRESS = {"type": "object", "properties": {"street": {"type": "string"}}, "required": ["street"]}
# As zod 4's toJSONSchema and zod-to-json-schema 3 write them.
ZOD = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {
        "id": {
            "type": "string",
            "format": "uuid",
            "pattern": "^([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[1-8][0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}|"
            "00000000-0000-0000-0000-000000000000|ffffffff-ffff-ffff-ffff-ffffffffffff)$",
        },
        "email": {
            "type": "string",
            "format": "email",
            "pattern": r"^(?!\.)(?!.*\.\.)([A-Za-z0-9_'+\-\.]*)[A-Za-z0-9_+-]"
            r"@([A-Za-z0-9][A-Za-z0-9\-]*\.)+[A-Za-z]{2,}$",
        },
        "age": {"type": "integer", "exclusiveMinimum": 0, "maximum": 9007199254740991},
        "role": {"type": "string", "enum": ["admin", "user"]},
        "tags": {"minItems": 1, "maxItems": 3, "type": "array", "items": {"type": "string", "minLength": 1}},
        "scores": {"type": "object", "propertyNames": {"enum": ["a", "b"]}, "additionalProperties": {"type": "number"}},
        "shape": {
            "oneOf": [
                {
                    "type": "object",
                    "properties": {"kind": {"type": "string", "const": "circle"}, "radius": {"type": "number"}},
                    "required": ["kind", "radius"],
                    "additionalProperties": False,
                },
                {
                    "type": "object",
                    "properties": {"kind": {"type": "string", "const": "square"}, "side": {"type": "number"}},
                    "required": ["kind", "side"],
                    "additionalProperties": False,
                },
            ]
        },
        "both": {
            "allOf": [ADDRESS, {"type": "object", "properties": {"zip": {"type": "string"}}, "required": ["zip"]}]
        },
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "parent": {"anyOf": [{"$ref": "#"}, {"type": "null"}]},
    },
    "required": ["id", "email", "age", "role", "tags", "scores", "shape", "both", "note", "parent"],
    "additionalProperties": False,
}
ZOD_3 = {
    "$ref": "#/definitions/Category",
    "definitions": {
        "Category": {
            "type": "object",
            "properties": {
                "name": {"type": "string", "minLength": 3, "maxLength": 30},
                "since": {"type": "string", "format": "date-time"},
                "price": {"type": ["number", "null"]},
                "at": {
                    "type": "array",
                    "minItems": 2,
                    "maxItems": 2,
                    "items": [{"type": "number"}, {"type": "number"}],
                },
                "site": {"type": "string", "format": "uri"},
                "subcategories": {"type": "array", "items": {"$ref": "#/definitions/Category"}},
                "again": {"$ref": "#/definitions/Category/properties/name"},
            },
            "required": ["name", "since", "price", "at", "site", "subcategories", "again"],
            "additionalProperties": False,
        }
    },
    "$schema": "http://json-schema.org/draft-07/schema#",
}


def test_schemas_of_zod_are_satisfied() -> None:
    check(ZOD)
    for seed in SEEDS:
        assert [] == complaints(ZOD_3, value(ZOD_3, seed), Draft7Validator)


def test_the_own_schema_of_gemini_is_understood() -> None:
    schema = {
        "type": "OBJECT",
        "properties": {
            "b": {"type": "ARRAY", "items": {"type": "STRING", "nullable": True}, "minItems": "3", "maxItems": "3"},
            "a": {"type": "INTEGER", "format": "enum", "enum": ["101", "201"]},
            "c": {"ref": "#/defs/Pet"},
            "d": {"type": "STRING", "nullable": True, "enum": ["x"]},
        },
        "propertyOrdering": ["a", "d", "c"],
        "required": ["a", "b", "c"],
        "defs": {"Pet": {"type": "OBJECT", "properties": {"next": {"ref": "#/defs/Pet"}, "old": {"type": "BOOLEAN"}}}},
    }
    found = value(schema, "seed")
    assert ["a", "d", "c", "b"] == [*found]
    assert found["a"] in {101, 201}
    assert "x" == found["d"]
    assert ["str"] * 3 == [type(each).__name__ for each in found["b"]]
    assert {"next": {}, "old": found["c"]["old"]} == found["c"]


def test_a_nullable_recursion_ends_with_null() -> None:
    schema = {"type": "OBJECT", "properties": {"next": {"$ref": "#"}}, "required": ["next"], "nullable": True}
    assert {"next": None} == value(schema, "seed")
