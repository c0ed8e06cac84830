"""`from_schema` ends soon whatever the schema: hostile ones, and any that hypothesis thinks of."""

import json
import re
import sys
from time import process_time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.scenario.fromschema import Unsatisfiable, value
from emulator.scenario.fromschema.holds import Checker
from emulator.scenario.fromschema.parts import Patterns
from emulator.scenario.fromschema.schema import Budget, Document, Node
from tests.scenario.test_fromschema import SEEDS, WHOLE, complaints, obj

SECONDS = 2 if sys.gettrace() is None else 12
"""Measuring the coverage takes several times as long as what is measured."""


def web(key: str, last: Any, width: int = 2, depth: int = 30) -> Any:
    """Each level leads to the next in several ways."""
    levels = {str(level): {key: [{"$ref": f"#/$defs/{level + 1}"}] * width} for level in range(depth)}
    return {"$ref": "#/$defs/0", "$defs": {**levels, str(depth): last}}


def refs(count: int) -> list[Any]:
    return [{"$ref": f"#/$defs/{number}"} for number in range(count)]


def nested(depth: int) -> Any:
    schema: Any = {"type": "array", "items": {}, "minItems": 1}
    for _ in range(depth):
        schema = {"type": "array", "items": schema, "minItems": 1}
    return schema


def chain(length: int) -> Any:
    links = {str(number): {"$ref": f"#/$defs/{number + 1}"} for number in range(length)}
    return {"$ref": "#/$defs/0", "$defs": {**links, str(length): WHOLE}}


EVERY = [str(number) for number in range(30)]
EVERYTHING = {a: obj(*EVERY, **{b: {"anyOf": [{"$ref": f"#/$defs/{b}"}, WHOLE]} for b in EVERY}) for a in EVERY}
HOSTILE: dict[str, Any] = {
    "anyOf web": web("anyOf", False),
    "anyOf web with a value": web("anyOf", WHOLE),
    "oneOf web": web("oneOf", WHOLE),
    "allOf web": web("allOf", WHOLE),
    "allOf of anyOf": {"allOf": [{"anyOf": [{"minimum": n}, {"minimum": n + 1}]} for n in range(200)], "maximum": 0},
    "not web": {"allOf": [{"not": {"anyOf": [{"const": n}, {"minLength": n}]}} for n in range(300)]},
    "wide anyOf": {"anyOf": [{"type": "integer", "minimum": 5, "maximum": 4}] * 50_000},
    "lists of lists": {"type": "array", "minItems": 1000, "items": {"type": "array", "minItems": 1000, "items": WHOLE}},
    "long texts": {"type": "array", "minItems": 1000, "items": {"type": "string", "minLength": 100_000}},
    "deep": nested(190),
    "chain": chain(20_000),
    "shorter chain": chain(2_000),
    "wide recursion": {
        "$defs": {
            str(n): obj("all", all={"type": "array", "minItems": 4, "items": {"anyOf": [*refs(30), WHOLE]}})
            for n in range(30)
        },
        "$ref": "#/$defs/0",
    },
    "contained": {"type": "array", "contains": WHOLE, "minContains": 10**9},
    "chain of properties": obj(
        "0", **{str(n): obj(str(n), **{str(n): {"$ref": f"#/properties/{n + 1}"}}) for n in range(9000)}
    ),
    "everything in everything": {"$ref": "#/$defs/0", "$defs": EVERYTHING},
    "two of itself": {
        "$defs": {
            "a": obj("l", "r", l={"anyOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/b"}]}, r={"$ref": "#/$defs/b"}),
            "b": obj("l", l={"$ref": "#/$defs/a"}),
        },
        "$ref": "#/$defs/a",
    },
    "long names": obj("x" * 500_000, **{"x" * 500_000: obj(*(f"{n}" for n in range(3000)))}),
    "many names": obj(*map(str, range(50_000))),
    "many patterns": {
        "type": "object",
        "minProperties": 900,
        "patternProperties": {f"^{n}(a|b)*$": WHOLE for n in range(3000)},
    },
    "huge patterns": {"type": "object", "patternProperties": {f"^{'(a|b){9}' * 1000}{n}$": WHOLE for n in range(50)}},
    "backtracking": {"type": "string", "pattern": "^(?=b)(((a+)+)+)+c$", "minLength": 5000, "maxLength": 5001},
    "repeats of nothing": {"type": "string", "pattern": "^" + "(" * 50 + "a?" + "){900000}" * 50 + "$"},
    "repeats of repeats": {"type": "string", "pattern": "^" + "(" * 50 + "a" + "+)+" * 50 + "(?=b)$"},
    "look-behind": {"type": "string", "pattern": "(?<=x.*)y$", "minLength": 90_000},
    "groups": {"type": "string", "pattern": "(" * 4000 + ")" * 4000},
    "huge class": {"type": "string", "pattern": "^[" + "\u4e00" * 1600 + "]{90000}(?=a)"},
    "unique": {
        "type": "array",
        "minItems": 1000,
        "uniqueItems": True,
        "items": {"type": "integer", "maximum": 998, "minimum": 0},
    },
    "enum": {"allOf": [{"enum": [{"a": [n]} for n in range(start, start + 20_000)]} for start in (0, -20_000)]},
    "number": {"type": "number", "multipleOf": 1e-300, "minimum": "9" * 40},
    "exponent": {"type": "string", "minLength": "1e999999999"},
    "required of itself": {
        "type": "object",
        "required": ["0"],
        "dependentRequired": {str(n): [str(n + 1)] for n in range(20_000)},
    },
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_schema_ends_soon_with_a_value_or_a_sentence(name: str) -> None:
    schema = HOSTILE[name]
    start = process_time()
    try:
        found = json.dumps(value(schema, "seed"))
    except Unsatisfiable as error:
        found = str(error)
        assert re.fullmatch(r"#.*: .*\.", found, re.DOTALL)
        assert len(found) < 2000
    assert process_time() - start < SECONDS
    assert len(found) < 5_000_000


# Any schema

NAMES = st.sampled_from(["a", "b", "city"])
SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["", "x", "city", 0.5])


def optional(**keys: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=keys)


def with_type(name: str, keys: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[Any]:
    return keys.map(lambda found: {"type": name, **found})


def below(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return (
        with_type(
            "object",
            optional(
                properties=st.dictionaries(NAMES, inner, max_size=3),
                required=st.lists(NAMES, unique=True),
                minProperties=st.integers(0, 3),
                additionalProperties=inner | st.just(True),
            ),
        )
        | with_type(
            "array",
            optional(items=inner, prefixItems=st.lists(inner, min_size=1, max_size=2), minItems=st.integers(0, 3)),
        )
        | st.lists(inner, min_size=1, max_size=3).map(lambda branches: {"anyOf": branches})
    )


LEAVES: st.SearchStrategy[Any] = (
    with_type("integer", optional(minimum=st.integers(-50, 50), multipleOf=st.sampled_from([1, 3, 0.5])))
    | with_type("number", optional(maximum=st.floats(-50, 50), exclusiveMinimum=st.floats(-200, -60)))
    | with_type("string", optional(minLength=st.integers(0, 30), maxLength=st.integers(30, 50)))
    | with_type(
        "string", optional(pattern=st.sampled_from(["^a", "b$", "^[a-z]{2,}$", r"\d"]), minLength=st.integers(0, 9))
    )
    | st.lists(SCALARS, min_size=1).map(lambda choices: {"enum": choices})
    | SCALARS.map(lambda choice: {"const": choice})
    | st.sampled_from(
        [{"type": "boolean"}, {"type": ["null", "string"]}, {}, {"$ref": "#/$defs/a"}, {"$ref": "#/$defs/b"}]
    )
)
SCHEMAS = st.recursive(LEAVES, below, max_leaves=12)
# What a reference leads to has a value that ends, and nothing refers to itself with nothing between.
ENDING = st.builds(
    lambda schema: {"type": "object", "properties": {"x": schema}, "additionalProperties": False}, SCHEMAS
)
DOCUMENTS = st.builds(lambda root, a, b: {"allOf": [root], "$defs": {"a": a, "b": b}}, SCHEMAS, ENDING, ENDING)


@settings(max_examples=200)
@given(schema=DOCUMENTS, seed=st.sampled_from(SEEDS))
def test_any_schema_that_can_be_satisfied_is(schema: Any, seed: str) -> None:
    found = value(schema, seed)
    assert [] == complaints(schema, found), found
    assert json.dumps(found) == json.dumps(value(json.loads(json.dumps(schema)), seed))


@settings(max_examples=200)
@given(
    parts=st.lists(SCHEMAS, min_size=2, max_size=3),
    key=st.sampled_from(["allOf", "oneOf", "not"]),
    ends=st.tuples(ENDING, ENDING),
)
def test_what_is_found_for_contradicting_schemas_is_valid(parts: list[Any], key: str, ends: tuple[Any, Any]) -> None:
    schema: Any = {"$defs": {"a": ends[0], "b": ends[1]}}
    schema |= {"allOf": parts[1:], "not": parts[0]} if key == "not" else {key: parts}
    try:
        found = value(schema, "seed")
    except Unsatisfiable:
        return
    assert [] == complaints(schema, found), found


VALUES = st.recursive(
    SCALARS | st.sampled_from(["ab", "abcdefgh", 2.0, 7, 30, -70.5]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
PATTERNS = st.sampled_from(["^a", "b", "^(?!a)", "(?<=a)b", r"^\w{2,}$", r"^[^\W\d]+\b"])
RULES = st.recursive(
    LEAVES.filter(lambda schema: "$ref" not in schema),
    lambda inner: (
        below(inner)
        | optional(
            maxProperties=st.integers(0, 2),
            patternProperties=st.dictionaries(PATTERNS, inner, max_size=2),
            propertyNames=inner,
            dependentRequired=st.dictionaries(NAMES, st.lists(NAMES, unique=True), max_size=2),
            dependentSchemas=st.dictionaries(NAMES, inner, max_size=1),
            uniqueItems=st.booleans(),
            maxItems=st.integers(0, 3),
            contains=inner,
            minContains=st.integers(0, 2),
            maxContains=st.integers(0, 2),
            pattern=PATTERNS,
            exclusiveMaximum=st.integers(-5, 5),
        )
        | st.builds(
            lambda key, branches: {key: branches}, st.sampled_from(["allOf", "oneOf"]), st.lists(inner, min_size=1)
        )
        | st.builds(lambda unwanted: {"not": unwanted}, inner)
        | st.builds(lambda a, b, c: {"if": a, "then": b, "else": c}, inner, inner, inner)
    ),
    max_leaves=8,
)


@settings(max_examples=400)
@given(schema=RULES, found=VALUES)
def test_a_value_holds_where_a_validator_says_so(schema: Any, found: Any) -> None:
    checker = Checker(Document(Node(schema), Budget()), Patterns(Budget()))
    assert (complaints(schema, found) == []) == checker.holds(Node(schema), found)


@settings(max_examples=200)
@given(schema=RULES)
def test_what_is_found_for_any_rules_is_valid(schema: Any) -> None:
    try:
        found = value(schema, "seed")
    except Unsatisfiable:
        return
    assert [] == complaints(schema, found), found
