"""`from_schema`: a value is valid under its schema, the same each time, and easy to read."""

import json
import re
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker  # type: ignore[import-untyped]
from pydantic import AnyUrl, TypeAdapter

from emulator.scenario.fromschema import Unsatisfiable, value
from emulator.scenario.fromschema.formats import FORMATS as FORMATS_MADE

SEEDS = ("", "a", "b", "seed-4", "5")
FORMATS = FormatChecker(["date", "email", "ipv4", "ipv6", "regex", "uuid"])
FORMATS.checks("date-time")(
    lambda text: bool(re.fullmatch(r"\S+T\S+(Z|[+-]\d\d:\d\d)", text) and TypeAdapter(datetime).validate_python(text))
)
FORMATS.checks("time")(lambda text: bool(text.endswith("Z") and TypeAdapter(time).validate_python(text)))
FORMATS.checks("duration")(lambda text: bool(TypeAdapter(timedelta).validate_python(text)))
FORMATS.checks("uri")(lambda text: bool(TypeAdapter(AnyUrl).validate_python(text)))
FORMATS.checks("uri-reference")(lambda text: " " not in text)
FORMATS.checks("hostname")(lambda text: bool(re.fullmatch(r"(?=.{1,253}$)[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*", text)))
FORMATS.checks("json-pointer")(lambda text: bool(re.fullmatch(r"(/([^~/]|~[01])*)*", text)))
FORMATS.checks("relative-json-pointer")(lambda text: bool(re.fullmatch(r"\d+(#|(/([^~/]|~[01])*)*)", text)))
FORMATS.checks("byte")(
    lambda text: bool(re.fullmatch(r"([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", text))
)


def complaints(schema: Any, found: Any, validator: Any = Draft202012Validator) -> list[str]:
    return [error.message for error in validator(schema, format_checker=FORMATS).iter_errors(found)]


def check(schema: Any, seeds: tuple[str, ...] = SEEDS) -> None:
    for seed in seeds:
        found = value(schema, seed)
        assert [] == complaints(schema, found), (schema, found)
        assert json.dumps(found) == json.dumps(value(json.loads(json.dumps(schema)), seed))


def obj(*required: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": [*required]}


TEXT, WHOLE = {"type": "string"}, {"type": "integer"}
KEYWORDS: list[Any] = [
    True,
    {},
    {"type": "object"},
    {"type": "array"},
    {"type": ["null", "integer"]},
    {"type": "null"},
    {"const": {"a": [1, None]}},
    {"enum": [None, 1.5, "x", [1]]},
    {"type": "string", "enum": [1, "x", 2]},
    {"minimum": 7},
    {"properties": {"a": WHOLE}, "required": ["a"]},
    # Numbers
    {"type": "integer", "minimum": -3, "maximum": -3},
    {"type": "integer", "exclusiveMinimum": 5, "exclusiveMaximum": 7},
    {"type": "integer", "minimum": 10**30},
    {"type": "integer", "maximum": -(10**30)},
    {"type": "integer", "multipleOf": 17, "minimum": 100},
    {"type": "integer", "multipleOf": 0.5},
    {"type": "number", "multipleOf": 0.01},
    {"type": "number", "multipleOf": 0.1, "exclusiveMinimum": 0, "maximum": 0.3},
    {"type": "number", "multipleOf": 1000},
    {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1e-9},
    {"type": "number", "minimum": 0.1, "maximum": 0.1},
    {"type": "number", "minimum": 1e300},
    {"type": "number", "minimum": 10**350},
    {"type": "integer", "minimum": 1.5, "maximum": 2.5},
    {"allOf": [{"multipleOf": 4}, {"multipleOf": 6, "type": "integer"}, {"minimum": 13}]},
    {"type": "integer", "format": "int32", "minimum": 2_000_000_000},
    # Texts
    {"type": "string", "minLength": 200},
    {"type": "string", "maxLength": 1},
    {"type": "string", "maxLength": 0},
    {"type": "string", "minLength": 5, "maxLength": 5},
    {"type": "string", "minLength": 100_000},
    {"type": "string", "format": "uri", "minLength": 50, "maxLength": 80},
    {"type": "string", "format": "email", "minLength": 40},
    {"type": "string", "format": "unheard-of"},
    {"type": "string", "contentEncoding": "base64"},
    {"enum": ["ab", "b"], "maxLength": 1},
    {"enum": ["2026-02-30", "26-1-1", "2026-02-28"], "format": "date"},
    {"enum": ["192.0.2.256", "192.0.2.255"], "format": "ipv4"},
    {"type": "string", "pattern": "^a", "minLength": 20},
    {"type": "string", "pattern": "^[a-z]+-[a-z]+$", "minLength": 30, "maxLength": 30},
    {"type": "string", "pattern": "^[0-9]+-[0-9]+$", "minLength": 40, "maxLength": 40},
    {"allOf": [{"pattern": "^[a-z]*$"}, {"minLength": 3, "maxLength": 4}, TEXT]},
    # Objects
    {"type": "object", "additionalProperties": WHOLE},
    {"type": "object", "additionalProperties": WHOLE, "minProperties": 30},
    {"type": "object", "minProperties": 3, "maxProperties": 3, "properties": dict.fromkeys("abcd", TEXT)},
    {"type": "object", "propertyNames": {"pattern": "^[a-z]{2}$"}, "minProperties": 5},
    {"type": "object", "propertyNames": {"enum": ["a", "b", "c"]}, "minProperties": 3, "additionalProperties": TEXT},
    {"type": "object", "patternProperties": {r"^x-\d+$": WHOLE}, "additionalProperties": False, "minProperties": 4},
    {**obj("ab", "b", ab=TEXT), "patternProperties": {"^a": {"minLength": 12}}, "additionalProperties": {"const": 1}},
    {**obj("a", a=TEXT, b=TEXT), "maxProperties": 1},
    {**obj(a=TEXT, b=False, c={"not": {}}, d={"type": "string", "minLength": 2, "maxLength": 1}), "minProperties": 1},
    {**obj("a", a=TEXT), "dependentRequired": {"a": ["z"], "z": ["y"], "y": ["x"], "x": ["w"], "w": ["v"]}},
    {"enum": [{"a": 1}, {"a": 1, "b": 2}], "dependentRequired": {"a": ["b"]}},
    {"enum": [{}, {"a": 1}], "minProperties": 1},
    {"enum": [{}, {"a": 1}], "maxProperties": 0},
    {"enum": [{}, {"a": 1}], "required": ["a"]},
    {"enum": [{"b": 1}, {"a": 1}], "propertyNames": {"const": "a"}},
    {**obj("a", a=TEXT, b=TEXT), "dependentSchemas": {"b": {"required": ["c"], "properties": {"c": WHOLE}}}},
    {"allOf": [obj("a", a=TEXT), obj("b", b=WHOLE)], "unevaluatedProperties": False},
    {"required": ["a/b", "c~d"], "type": "object", "properties": {"a/b": {"$ref": "#/properties/c~0d"}, "c~d": WHOLE}},
    # Lists
    {"type": "array", "items": TEXT, "minItems": 100, "uniqueItems": True},
    {"type": "array", "items": {"enum": [*range(40)]}, "minItems": 40, "uniqueItems": True},
    {"type": "array", "items": {"type": "integer", "minimum": 1, "maximum": 30}, "minItems": 30, "uniqueItems": True},
    {"type": "array", "items": {"type": "boolean"}, "uniqueItems": True},
    {"type": "array", "items": {"type": "boolean"}, "minItems": 2, "uniqueItems": True},
    {"type": "array", "prefixItems": [TEXT, WHOLE], "items": False, "minItems": 2},
    {"type": "array", "prefixItems": [TEXT, WHOLE], "items": {"type": "null"}, "minItems": 4},
    {"type": "array", "maxItems": 0},
    {"enum": [[1, 1.0], [1, 2]], "uniqueItems": True},
    {"enum": [[1], [1, 2]], "minItems": 2},
    {"enum": [[1, 2], ["x"]], "contains": TEXT},
    {"enum": [["x", "y"], ["x"]], "contains": TEXT, "maxContains": 1},
    {"type": "array", "items": {"type": "integer"}, "contains": {"minimum": 1000}, "minContains": 2},
    {"type": "array", "items": False},
    # Combinations
    {"anyOf": [TEXT, WHOLE, {"type": "null"}]},
    {"anyOf": [False, WHOLE]},
    {"oneOf": [{"type": "number"}, {"type": "integer"}]},
    {"oneOf": [{"type": "integer", "multipleOf": 2}, {"type": "integer", "multipleOf": 3}]},
    {"oneOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "uuid"}]},
    {"oneOf": [obj("a", a=TEXT), obj("b", b=TEXT)], "properties": {"a": {}, "b": {}}},
    {"type": "object", "properties": {"a": TEXT, "b": TEXT}, "oneOf": [{"required": ["a"]}, {"required": ["b"]}]},
    {"anyOf": [{"type": "object"}, {"type": "array"}], "not": {"type": "object"}},
    {"type": "integer", "not": {"minimum": 5}, "minimum": 0, "maximum": 9},
    {"type": "string", "not": {"enum": ["a", "b"]}},
    {**obj(a=TEXT, b=TEXT), "not": {"required": ["a"]}},
    {"enum": [1, 2, "x"], "not": {"type": "string"}},
    {
        "if": {"properties": {"kind": {"const": "a"}}, "required": ["kind"]},
        "then": {"required": ["x"]},
        "else": {"required": ["y"]},
        **obj("kind", kind={"enum": ["a", "b"]}, x=WHOLE, y=TEXT),
    },
    {"if": {"minimum": 10}, "then": {"multipleOf": 5}, "else": {"maximum": 3}, "type": "integer"},
    {"allOf": [{"enum": [1, 2, 3]}, {"enum": [3, 4]}]},
    {"allOf": [{"anyOf": [TEXT, WHOLE]}, {"anyOf": [WHOLE, {"type": "null"}]}]},
    # References
    {"$ref": "#/$defs/a%25b", "$defs": {"a%b": {"$ref": "#/$defs/~1"}, "/": {"type": "boolean"}}},
    {"$ref": "#node", "$defs": {"x": {"$anchor": "node", "type": "integer"}}},
    {"$id": "https://example.com/a", "$ref": "https://example.com/a#/$defs/x", "$defs": {"x": WHOLE}},
    {"$ref": "#/$defs/x", "minimum": 500, "$defs": {"x": WHOLE}},
    {
        "$defs": {"t": {"type": "array", "minItems": 2, "items": {"anyOf": [{"$ref": "#/$defs/t"}, WHOLE]}}},
        "$ref": "#/$defs/t",
    },
    {
        "$defs": {
            "a": obj("b", b={"$ref": "#/$defs/b"}),
            "b": obj("a", a={"allOf": [{"anyOf": [{"$ref": "#/$defs/a"}, {"type": "null"}]}]}),
        },
        "$ref": "#/$defs/a",
    },
    {**obj("a", a=WHOLE, b={"$ref": "#/$defs/endless"}), "$defs": {"endless": obj("x", x={"$ref": "#/$defs/endless"})}},
]


@pytest.mark.parametrize("schema", KEYWORDS, ids=lambda schema: json.dumps(schema)[:60])
def test_a_value_holds_under_every_keyword(schema: Any) -> None:
    check(schema)


NAMED = (
    "date-time date time duration email hostname ipv4 ipv6 uri uri-reference uuid regex json-pointer "
    "relative-json-pointer byte"
)


@pytest.mark.parametrize("name", NAMED.split())
def test_a_text_is_of_its_format(name: str) -> None:
    check({"type": "string", "format": name})


@pytest.mark.parametrize(
    "pattern",
    [
        r"^[A-Z]{2}\d{3,5}(-[a-f0-9]+)?$",
        r"^(red|green|blue)( (light|dark))?$",
        r"\bword\b",
        r"^\+[1-9]\d{1,14}$",
        r"^[^\s@]+@[^\s@]+\.[^\s@]+$",
        r"^(?:[a-z]|\.[^.]){3,}?$",
        r"^[\w.-]{1,8}\/[\u0041-\u0045]$",
        r"^[\u4e00-\u9fff]{2,4}$",
        r"^(?=.*[A-Z])(?=.*[a-z])(?=.*\d)(?=.*[!@#$%]).{8,20}$",
        r"^(?!admin)[a-z]{3,8}$",
        r"^[^a-zA-Z0-9]$",
        r"^[^\x00-\x7F]+$",
        r"^$",
        r"",
        r"^\S+\s\S+$",
        r"^[\[\]\\^-]+$",
        r"^a{3}b{0,2}c{2,}$",
        r"^((a|b)*c)+$",
        r"^[a-c-]{4}\.\*\?\t$",
        r"^(?P<year>\d{4})-(?P<month>0[1-9]|1[0-2])$",
        r"^[\D\S]$",
        r"(?i)^hello$",
        r"^([01]\d|2[0-3]):[0-5]\d$",
        r"^a(?<=a)b$",
        r"^\x41\u0042$",
        r"^(?i:a)\Bb$",
        r"^[\b\]a-]$",
        r"^[^\n]{3}$",
        r"^x{2,$",
    ],
)
def test_a_text_is_of_its_pattern(pattern: str) -> None:
    check({"type": "string", "pattern": pattern})


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("a)", "closes a group that was not opened"),
        ("(?<x", "has no '>' where one is due"),
        ("[z-a]", "has a range whose end is before its start"),
        ("[a", "ends too soon"),
        ("a\\", "ends too soon"),
        ("a{5,2}", "repeats from 5 to 2 times"),
        ("a{1000000000}", "repeats 1000000000 times"),
        ("*a", "repeats nothing"),
        ("(?*a)", "has a group of an unknown kind, '(?*'"),
        (r"\p{Script=Greek}", "has the class 'Script=Greek', which is not understood"),
        (r"\u{zz}", "has the code point 'zz', which is none"),
        (r"\u{110000}", "has the code point '110000', which is none"),
        (r"\k<a>", "refers back to a group, which is not understood"),
        ("a" * 10_001, "has 10,001 characters; at most 10,000 are read"),
    ],
    ids=lambda each: each[:20],
)
def test_a_pattern_that_is_not_understood_is_said(pattern: str, why: str) -> None:
    with pytest.raises(Unsatisfiable) as caught:
        value({"type": "string", "pattern": pattern}, "seed")
    assert f"#: the pattern '{pattern[:40]}' {why}." == str(caught.value)


@pytest.mark.parametrize("name", FORMATS_MADE)
def test_each_format_that_is_known_holds_for_what_is_made(name: str) -> None:
    for seed in SEEDS:
        text = value({"type": "string", "format": name}, seed)
        assert FORMATS_MADE[name].holds(text)
        assert {"value": text} == value(
            {**obj("value", value={"oneOf": [{"const": text, "format": name}, False]})}, seed
        )


def test_a_boolean_beside_a_limit_makes_it_exclusive() -> None:
    """As in draft 4 and OpenAPI 3.0."""
    schema = {"type": "integer", "minimum": 5, "exclusiveMinimum": True, "maximum": 7, "exclusiveMaximum": True}
    assert [6] * 5 == [value(schema, seed) for seed in SEEDS]


def test_a_class_of_unicode_is_known() -> None:
    for seed in SEEDS:
        assert re.fullmatch(r"[a-z][A-Z]\d+", value({"type": "string", "pattern": r"^\p{Ll}\p{Lu}\p{Nd}+$"}, seed))
        assert "AB\n" == value({"type": "string", "pattern": r"^\x41\u{42}\cJ$"}, seed)


def test_an_added_property_changes_no_other() -> None:
    some = {"a": {"type": "string"}, "b": {"type": "array", "items": {"type": "number"}}, "c": {"enum": [*"pqrstu"]}}
    more = {"x": {"type": "integer"}, **some, "y": {"anyOf": [{"type": "boolean"}, {"type": "null"}]}}
    before, after = ({"type": "object", "properties": each, "required": [*each]} for each in (some, more))
    assert value(before, "seed").items() <= value(after, "seed").items()


def test_values_are_for_reading() -> None:
    schema = obj(
        "city", city=TEXT, count=WHOLE, price={"type": "number"}, tags={"type": "array", "items": TEXT}, any={}
    )
    expected = {"city": "city-amber", "count": 37, "price": 94.45, "tags": ["tags-umber"], "any": "any-pebble"}
    assert expected == value(schema, "seed")
    assert all(value({"type": "number"}, str(seed)) % 1 for seed in range(200))
    assert "2026" == value({"type": "string", "format": "date"}, "seed")[:4]
    assert {"value": "harbor orchid"} == value({"title": "Anything"}, "seed")


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (False, "#: nothing is allowed here."),
        ([], "#: a list is no schema."),
        (obj("a", a=5), "#/properties/a: a number is no schema."),
        (obj("a", a=False), "#: it has no value: what it requires is ruled out, or requires itself without end."),
        ({"type": "text"}, "#: type is 'text'; the types are object, array, string, integer, number, boolean, null."),
        ({"allOf": [TEXT, WHOLE]}, "#: no value was found that holds under all that is said here."),
        ({"enum": []}, "#: none of its values is allowed."),
        ({"type": "string", "enum": [1]}, "#: none of its values is allowed."),
        (
            obj("a", a={"type": "integer", "minimum": 5, "maximum": 4}),
            "#/properties/a: no number is within its limits.",
        ),
        ({"type": "integer", "minimum": "x"}, "#: minimum is 'x', not a number."),
        ({"type": "integer", "multipleOf": 0}, "#: multipleOf is 0.0, which is not above 0."),
        ({"type": "array", "minItems": 10**9}, "#: minItems is 1,000,000,000; at most 1,000 are made."),
        ({"type": "array", "minItems": 1.5}, "#: minItems is 1.5, not a whole number."),
        ({"type": "array", "minItems": 2, "maxItems": 1}, "#: minItems is 2 and maxItems is 1."),
        (
            {"type": "string", "minLength": 10**9},
            "#: minLength is 1,000,000,000; at most 100,000 characters are written.",
        ),
        ({"type": "string", "minLength": 3, "maxLength": 2}, "#: no text is at least 3 and at most 2 characters long."),
        (
            {"type": "string", "format": "date", "maxLength": 5},
            "#: no text was found that is as long and of the pattern and format it must be.",
        ),
        ({"type": "string", "pattern": "("}, "#: the pattern '(' has a group without an end."),
        (
            {"type": "string", "pattern": r"(a)\1"},
            r"#: the pattern '(a)\1' refers back to a group, which is not understood.",
        ),
        (
            {"type": "string", "pattern": "^(a{999}){999}$"},
            "#: the shortest text of its pattern has 998,001 characters, which is too long.",
        ),
        (
            {"type": "array", "items": {"type": "boolean"}, "minItems": 3, "uniqueItems": True},
            "#/items: not enough different items were found.",
        ),
        (
            {"type": "object", "additionalProperties": False, "minProperties": 1},
            "#/additionalProperties: nothing is allowed here.",
        ),
        ({"$ref": "#/$defs/none"}, "#: $ref '#/$defs/none' leads nowhere."),
        ({"$ref": "https://example.com/x"}, "#: $ref 'https://example.com/x' leads out of the document."),
        ({"$dynamicRef": "#x"}, "#: dynamic references are not understood."),
        ({"$ref": "#"}, "#: it has no value: what it requires is ruled out, or requires itself without end."),
        (
            {"$defs": {"a/b": obj("x", x={"$ref": "#/$defs/a~1b"})}, "$ref": "#/$defs/a~1b"},
            "#: it has no value: what it requires is ruled out, or requires itself without end.",
        ),
        (
            {"type": "string", "not": {"type": "string"}},
            "#: no value was found that holds under all that is said here.",
        ),
        ({"enum": 1}, "#: enum is a number, not a list."),
        ({"$ref": 1}, "#: $ref is a number, not a text."),
        ({"type": "integer", "multipleOf": 0.5, "minimum": 10**350}, "#: no number is within its limits."),
        (
            {"type": "string", "pattern": r"^[^\s\S]$"},
            "#: its pattern has a set of characters in which none was found.",
        ),
        ({"type": "string", "pattern": "^\\ud800$"}, "#: its pattern has characters that are no text on their own."),
        (
            {"type": "object", "required": ["x"], "patternProperties": {r"(a)\1": TEXT}},
            r"#: the pattern '(a)\1' refers back to a group, which is not understood.",
        ),
        (
            {"type": "object", "propertyNames": {"const": "a"}, "minProperties": 2},
            "#: no 2 different properties were found.",
        ),
        ({"properties": []}, "#: properties is a list, not an object."),
        ({"anyOf": {}}, "#: anyOf is an object, not a list."),
        ({"required": "a"}, "#: required is 'a', not a list of texts."),
    ],
    ids=lambda each: json.dumps(each)[:60],
)
def test_what_cannot_be_satisfied_is_said_with_its_place(schema: Any, expected: str) -> None:
    with pytest.raises(Unsatisfiable) as caught:
        value(schema, "seed")
    assert expected == str(caught.value)
