"""What the service refuses in the tools, the form of the answer and the other options of a chat."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from emulator.refusals import schemas, words
from emulator.refusals.checks import about
from emulator.refusals.fields import named
from emulator.types import Breach, Json, Request

__all__ = [
    "answer_form",
    "both_limits",
    "json_word",
    "logprobs",
    "parallel",
    "reasoning_models",
    "stop",
    "stream_options",
    "too_many_tools",
    "tool_choice",
    "tools",
]

_NOTHING: Final[Sequence[Breach]] = ()

_MOST_TOOLS: Final = 128
_MOST_STOPS: Final = 4
_MOST_LOGPROBS: Final = 20
_CHOICES: Final = ("none", "auto", "required")
_FORMS: Final = ("json_object", "json_schema", "text")
_TOOL_KINDS: Final = ("function", "custom")
_STREAM_OPTIONS: Final = frozenset({"include_usage", "include_obfuscation"})
_REASONING: Final = re.compile(r"o[1-9]|gpt-5(?!.*chat)")
# From 5.1 to 5.4 they only think where they are asked to (recorded: `reasoning.effort` of their responses).
_ALWAYS: Final = re.compile(r"o[1-9]|gpt-5(?!\.[1-4]|.*chat)")


@about("tools")
def too_many_tools(request: Request) -> Sequence[Breach]:
    """No tool at all in a list of tools, or more than 128."""
    tools = request.body.get("tools")
    if tools is None:
        return _NOTHING
    if not tools:
        return [words.empty_array("tools")]
    return [words.long_array("tools", _MOST_TOOLS, len(tools))] if len(tools) > _MOST_TOOLS else _NOTHING


@about("tools")
def tools(request: Request) -> Sequence[Breach]:
    """Tools without a name, with a name that is none, or with a schema that is none."""
    offered = request.body.get("tools")
    if not offered:
        return _NOTHING
    return [breach for number, tool in enumerate(offered) for breach in _tool(tool, f"tools[{number}]")]


def _tool(tool: Json, place: str) -> Iterator[Breach]:
    kind = tool.get("type")
    if kind is None:
        yield words.missing(f"{place}.type")
        return
    if kind not in _TOOL_KINDS:
        yield words.invalid_value(f"{place}.type", kind, _TOOL_KINDS)
        return
    form = tool.get(kind)
    if form is None:
        yield words.missing(f"{place}.{kind}")
    elif not isinstance(form, dict):
        yield words.invalid_type(f"{place}.{kind}", "an object", form)
    else:
        yield from named(form.get("name"), f"{place}.{kind}.name")
        if kind == "function":
            yield from _parameters(form, f"{place}.function")


def _parameters(function: Json, place: str) -> Iterator[Breach]:
    """A function without parameters takes none; {} says the same (inferred)."""
    schema = function.get("parameters")
    if not schema and schema in (None, {}):
        return
    if not isinstance(schema, dict):
        yield words.invalid_type(f"{place}.parameters", "an object", schema)
    elif wrong := schemas.flaw(schema, strict=function.get("strict") is True):
        message = f"Invalid schema for function '{function.get('name')}': {wrong}"
        yield words.said(message, f"{place}.parameters", "invalid_function_parameters")


@about("tool_choice")
def tool_choice(request: Request) -> Sequence[Breach]:
    """A choice of tools where there are none, a choice that is none, or of a tool that is not there."""
    choice = request.body.get("tool_choice")
    if choice is None:
        return _NOTHING
    return list(_choice(choice, request))


def _choice(choice: Json, request: Request) -> Iterator[Breach]:
    if isinstance(choice, str):
        if choice not in _CHOICES:
            yield words.invalid_value("tool_choice", choice, _CHOICES)
    elif not isinstance(choice, dict):
        yield words.invalid_type("tool_choice", "one of one of 'none', 'auto', or 'required' or object", choice)
    elif choice.get("type") != "allowed_tools":
        kind = "custom" if choice.get("type") == "custom" else "function"
        form = choice.get(kind)
        if not isinstance(form, dict):
            yield words.missing(f"tool_choice.{kind}")
        elif not isinstance(name := form.get("name"), str):
            yield words.missing(f"tool_choice.{kind}.name")
        elif request.tools and all(tool.name != name for tool in request.tools):
            message = (
                f"Invalid value for 'function_call': no function named '{name}' was specified in the 'functions' "
                "parameter."
            )
            yield words.said(message, "function_call")
    if not request.body.get("tools"):
        message = "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified."
        yield words.said(message, "tool_choice")


@about("parallel_tool_calls")
def parallel(request: Request) -> Sequence[Breach]:
    """A word about parallel calls where there are no tools."""
    body = request.body
    if body.get("parallel_tool_calls") is None or body.get("tools"):
        return _NOTHING
    message = (
        "Invalid value for 'parallel_tool_calls': 'parallel_tool_calls' is only allowed when 'tools' are specified."
    )
    return [words.said(message, "parallel_tool_calls")]


# ---------------------------------------------------------------- the form of the answer


@about("response_format")
def answer_form(request: Request) -> Sequence[Breach]:
    """A form of answer that there is not, or a schema that is none."""
    form = request.body.get("response_format")
    return list(_form(form)) if isinstance(form, dict) else _NOTHING


def _form(form: Json) -> Iterator[Breach]:
    kind = form.get("type")
    if kind is None:
        yield words.missing("response_format.type")
    elif kind not in _FORMS:
        yield words.invalid_value("response_format.type", kind, _FORMS)
    elif kind == "json_schema":
        wanted = form.get("json_schema")
        if wanted is None:
            yield words.missing("response_format.json_schema")
        elif not isinstance(wanted, dict):
            yield words.invalid_type("response_format.json_schema", "an object", wanted)
        else:
            yield from named(wanted.get("name"), "response_format.json_schema.name")
            yield from _wanted_schema(wanted)


def _wanted_schema(wanted: Json) -> Iterator[Breach]:
    schema = wanted.get("schema")
    if schema is None:
        return
    if not isinstance(schema, dict):
        yield words.invalid_type("response_format.json_schema.schema", "an object", schema)
    elif wrong := schemas.flaw(schema, strict=wanted.get("strict") is True):
        yield words.said(f"Invalid schema for response_format '{wanted.get('name')}': {wrong}", "response_format")


@about("response_format")
def json_word(request: Request) -> Sequence[Breach]:
    """JSON asked for without the word in any message."""
    form = request.body.get("response_format")
    if not isinstance(form, dict) or form.get("type") != "json_object":
        return _NOTHING
    for turn in request.turns:
        if "json" in turn.text.lower():
            return _NOTHING
    message = "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'."
    return [words.said(message, "messages")]


# ---------------------------------------------------------------- other options


@about("stop")
def stop(request: Request) -> Sequence[Breach]:
    """More than four stop sequences, or something else than texts."""
    stops = request.body.get("stop")
    if stops is None or isinstance(stops, str):
        return _NOTHING
    if not isinstance(stops, list):
        return [words.invalid_type("stop", "one of a string or array of strings", stops)]
    if len(stops) > _MOST_STOPS:
        return [words.long_array("stop", _MOST_STOPS, len(stops))]
    return [
        words.invalid_type(f"stop[{number}]", "a string", one)
        for number, one in enumerate(stops)
        if not isinstance(one, str)
    ]


@about("stream_options")
def stream_options(request: Request) -> Sequence[Breach]:
    """Options of a stream where there is none, or that there are not."""
    options = request.body.get("stream_options")
    if not isinstance(options, dict):
        return _NOTHING
    found = [words.unknown(f"stream_options.{name}", (), ()) for name in options if name not in _STREAM_OPTIONS]
    if request.body.get("stream") is not True:
        message = "The 'stream_options' parameter is only allowed when 'stream' is enabled."
        found.append(words.said(message, "stream_options"))
    return found


@about("top_logprobs")
def logprobs(request: Request) -> Sequence[Breach]:
    """More alternatives than there can be, or alternatives to tokens whose likelihood nobody asked for."""
    count = request.body.get("top_logprobs")
    if count is None or type(count) not in (int, float):
        return _NOTHING
    if count < 0:
        return [words.below("top_logprobs", "integer", 0, count)]
    if count > _MOST_LOGPROBS:
        message = f"Invalid value for 'top_logprobs': must be less than or equal to {_MOST_LOGPROBS}."
        return [words.said(message, "top_logprobs")]
    if request.body.get("logprobs") is True:
        return _NOTHING
    return [words.said("The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled.", "top_logprobs")]


@about("max_completion_tokens")
def both_limits(request: Request) -> Sequence[Breach]:
    """The limit of the answer under its old name and under its new one."""
    body = request.body
    if body.get("max_tokens") is None or body.get("max_completion_tokens") is None:
        return _NOTHING
    message = "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported."
    return [words.said(message, "", "invalid_parameter_combination")]


@about("max_tokens", "temperature")
def reasoning_models(request: Request) -> Sequence[Breach]:
    """What models that reason do not take: the old name of the limit, and while they do, another temperature."""
    body = request.body
    if body.get("max_tokens") is None and body.get("temperature") in (None, 1):
        return _NOTHING
    if not _REASONING.match(request.model):
        return _NOTHING
    found = []
    if body.get("max_tokens") is not None:
        message = (
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
        )
        found.append(words.said(message, "max_tokens", "unsupported_parameter"))
    heat = body.get("temperature")
    if heat not in (None, 1) and body.get("reasoning_effort") != "none" and _ALWAYS.match(request.model):
        message = (
            f"Unsupported value: 'temperature' does not support {heat} with this model. "
            "Only the default (1) value is supported."
        )
        found.append(words.said(message, "temperature", "unsupported_value"))
    return found
