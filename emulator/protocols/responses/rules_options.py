"""What the service refuses in the tools, the form of the answer and the other options of a response."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from emulator.refusals import schemas, words
from emulator.refusals.checks import about
from emulator.refusals.fields import named
from emulator.types import Breach, Json, Request

__all__ = ["answer_form", "include", "json_word", "messages", "reasoning", "stream_options", "tool_choice", "tools"]

_NOTHING: Final[Sequence[Breach]] = ()

_CHOICES: Final = ("none", "auto", "required")
_FORMS: Final = ("json_object", "text", "json_schema")
_EFFORTS: Final = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
_SUMMARIES: Final = ("concise", "detailed", "auto")
_VERBOSITIES: Final = ("low", "medium", "high")
_INCLUDABLE: Final = (
    "file_search_call.results",
    "web_search_call.results",
    "web_search_call.action.sources",
    "message.input_image.image_url",
    "computer_call_output.output.image_url",
    "code_interpreter_call.outputs",
    "reasoning.encrypted_content",
    "message.output_text.logprobs",
)


@about("messages")
def messages(request: Request) -> Sequence[Breach]:
    """The messages of a chat, which are called otherwise here."""
    if "messages" not in request.body:
        return _NOTHING
    message = (
        "Unsupported parameter: 'messages'. In the Responses API, this parameter has moved to 'input'. Try again with "
        "the new parameter. See the API documentation for more information: "
        "https://platform.openai.com/docs/api-reference/responses/create."
    )
    return [words.said(message, code="unsupported_parameter")]


@about("tools")
def tools(request: Request) -> Sequence[Breach]:
    """Functions whose name or schema is none."""
    offered = request.body.get("tools")
    if not offered:
        return _NOTHING
    return [breach for number, tool in enumerate(offered) for breach in _tool(tool, f"tools[{number}]")]


def _tool(tool: Json, place: str) -> Iterator[Breach]:
    kind = tool.get("type")
    if kind is None:
        yield words.missing(f"{place}.type")
    elif kind in ("function", "custom"):
        yield from named(tool.get("name"), f"{place}.name")
    schema = tool.get("parameters")
    if kind != "function" or (not schema and schema in (None, {})):
        return
    if not isinstance(schema, dict):
        yield words.invalid_type(f"{place}.parameters", "an object", schema)
    elif wrong := schemas.flaw(schema, strict=tool.get("strict") is True):
        message = f"Invalid schema for function '{tool.get('name')}': {wrong}"
        yield words.said(message, f"{place}.parameters", "invalid_function_parameters")


@about("tool_choice")
def tool_choice(request: Request) -> Sequence[Breach]:
    """A choice that is none, or of a tool that is not there."""
    choice = request.body.get("tool_choice")
    if choice is None:
        return _NOTHING
    if isinstance(choice, str):
        return _NOTHING if choice in _CHOICES else [words.invalid_value("tool_choice", choice, _CHOICES)]
    if not isinstance(choice, dict):
        return [words.invalid_type("tool_choice", "one of an object or 'none', 'auto', or 'required'", choice)]
    kind = choice.get("type")
    if kind in ("function", "custom"):
        name = choice.get("name")
        if not isinstance(name, str):
            return [words.missing("tool_choice.name")]
        there = any(tool.name == name for tool in request.tools)
    else:
        name, offered = kind, request.body.get("tools") or ()
        there = kind in ("allowed_tools", "mcp") or any(tool.get("type") == kind for tool in offered)
    if there:
        return _NOTHING
    return [words.said(f"Tool choice '{name}' not found in 'tools' parameter.", "tool_choice")]


@about("text")
def answer_form(request: Request) -> Sequence[Breach]:
    """A form of answer that there is not, a schema that is none, or another length than there are."""
    text = request.body.get("text")
    return list(_text(text)) if isinstance(text, dict) else _NOTHING


def _text(text: Json) -> Iterator[Breach]:
    form = text.get("format")
    if isinstance(form, dict):
        kind = form.get("type")
        if kind is None:
            yield words.missing("text.format.type")
        elif kind not in _FORMS:
            yield words.invalid_value("text.format.type", kind, _FORMS)
        elif kind == "json_schema":
            yield from named(form.get("name"), "text.format.name")
            yield from _schema(form)
    elif form is not None:
        yield words.invalid_type("text.format", "an object", form)
    verbosity = text.get("verbosity")
    if verbosity is not None and verbosity not in _VERBOSITIES:
        yield words.invalid_value("text.verbosity", verbosity, _VERBOSITIES)


def _schema(form: Json) -> Iterator[Breach]:
    schema = form.get("schema")
    if schema is None:
        yield words.missing("text.format.schema")
    elif not isinstance(schema, dict):
        yield words.invalid_type("text.format.schema", "an object", schema)
    elif wrong := schemas.flaw(schema, strict=form.get("strict") is True):
        message = f"Invalid schema for response_format '{form.get('name')}': {wrong}"
        yield words.said(message, "text.format.schema", "invalid_json_schema")


@about("text")
def json_word(request: Request) -> Sequence[Breach]:
    """JSON asked for without the word in what is said: in the instructions it does not count."""
    match request.body.get("text"):
        case {"format": {"type": "json_object"}}:
            pass
        case _:
            return _NOTHING
    instructions = request.body.get("instructions")
    for turn in request.turns:
        text = turn.text.lower()
        if "json" in text and not (isinstance(instructions, str) and text == instructions.lower()):
            return _NOTHING
    message = (
        "Response input messages must contain the word 'json' in some form to use 'text.format' of type 'json_object'."
    )
    return [words.said(message, "text.format")]


@about("reasoning")
def reasoning(request: Request) -> Sequence[Breach]:
    """An effort or a summary that there is not."""
    asked = request.body.get("reasoning")
    if not isinstance(asked, dict):
        return _NOTHING
    found = []
    effort, summary = asked.get("effort"), asked.get("summary")
    if effort is not None and effort not in _EFFORTS:
        if isinstance(effort, str):
            found.append(words.invalid_value("reasoning.effort", effort, _EFFORTS))
        else:
            wanted = f"one of one of {words.choices(_EFFORTS, 'or')} or integer"
            found.append(words.invalid_type("reasoning.effort", wanted, effort))
    if summary is not None and summary not in _SUMMARIES:
        found.append(words.invalid_value("reasoning.summary", summary, _SUMMARIES))
    return found


@about("stream_options")
def stream_options(request: Request) -> Sequence[Breach]:
    """Options of a stream that there are not: the usage always comes here."""
    options = request.body.get("stream_options")
    if not isinstance(options, dict):
        return _NOTHING
    found = [words.unknown(f"stream_options.{name}", (), ()) for name in options if name != "include_obfuscation"]
    if request.body.get("stream") is not True:
        message = "The 'stream_options' parameter is only allowed when 'stream' is enabled."
        found.append(words.said(message, "stream_options"))
    return found


@about("include")
def include(request: Request) -> Sequence[Breach]:
    """Something to be included that there is not."""
    wanted = request.body.get("include")
    if not isinstance(wanted, list):
        return _NOTHING
    return [
        words.invalid_value(f"include[{number}]", name, _INCLUDABLE)
        for number, name in enumerate(wanted)
        if name not in _INCLUDABLE
    ]
