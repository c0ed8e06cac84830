"""What the service refuses in the messages of a chat."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from emulator.refusals import media, words
from emulator.refusals.checks import about
from emulator.types import Breach, Check, Json, Request

__all__ = ["Form", "answers", "calls", "contents", "empty", "names", "parts", "picture", "plain", "sound", "unanswered"]

Form = Callable[[Json, str], Iterable[Breach]]
"""Looks at the content of a part, whose place it is told."""

_NOTHING: Final[Sequence[Breach]] = ()

_KINDS: Final = ("text", "image_url", "input_audio", "refusal", "audio", "file")
_OF_ROLES: Final = {
    "user": ("text", "image_url", "input_audio", "file"),
    "assistant": ("text", "refusal"),
}
_OTHERS: Final = ("text",)
_INSTEAD_OF_CONTENT: Final = ("tool_calls", "function_call", "refusal", "audio")
_MEMBERS: Final = {"text": "text", "image_url": "image_url", "input_audio": "input_audio", "file": "file"}
_SPEAKERS: Final = ("user", "assistant", "system")
_SOUNDS: Final = ("wav", "mp3")
_NAME: Final = re.compile(r"[^\s<|\\/>]+")
_NAME_AS_WRITTEN: Final = r"^[^\s<|\\/>]+$"


def plain(request: Request) -> bool:
    """Whether there is nothing in the messages but who speaks, and a text."""
    messages = request.body["messages"]
    for message in messages:
        if len(message) != 2 or type(message.get("content")) is not str or message["role"] not in _SPEAKERS:  # noqa: PLR2004
            return False
    return bool(messages)


@about(said=True)
def empty(request: Request) -> Sequence[Breach]:
    """A list of messages without one."""
    return _NOTHING if request.body["messages"] else [words.empty_array("messages")]


@about(said=True)
def contents(request: Request) -> Sequence[Breach]:
    """Messages that say nothing: not even an empty text, and no call in its place."""
    return [
        _without_content(number, message)
        for number, message in enumerate(request.body["messages"])
        if message.get("content") is None
        and not (message["role"] == "assistant" and any(message.get(name) for name in _INSTEAD_OF_CONTENT))
    ]


def _without_content(number: int, message: Json) -> Breach:
    if message["role"] != "developer":
        return words.said("Invalid value for 'content': expected a string, got null.", f"messages.[{number}].content")
    place = f"messages[{number}].content"
    if "content" in message:
        return words.invalid_type(place, "one of a string or array of objects", None)
    return words.missing(place)


def parts(more: tuple[str, ...] = (), forms: Mapping[str, Form] | None = None) -> Check:
    """Parts of a kind that there is not, or not in the messages of a role, or in a form that is none.

    `more`: kinds that users have besides. `forms`: what looks at the content of a part, by its kind.
    """
    kinds = (*_KINDS, *more)
    of_roles = {**_OF_ROLES, "user": (*_OF_ROLES["user"], *more)}
    looks = {"image_url": picture(), "input_audio": sound()} if forms is None else forms

    @about(said=True)
    def check(request: Request) -> Sequence[Breach]:
        found: list[Breach] = []
        for number, message in enumerate(request.body["messages"]):
            content = message.get("content")
            if type(content) is list:
                role = message["role"]
                allowed = of_roles.get(role, _OTHERS)
                for index, part in enumerate(content):
                    kind, place = part.get("type"), f"messages[{number}].content[{index}]"
                    if kind == "image_url" and kind not in allowed:
                        found.append(_misplaced(f"messages[{number}]", role))
                    elif (wrong := _odd(part, place, kinds, allowed)) is not None:
                        found.append(wrong)
                    elif kind in looks:
                        found += looks[kind](part[kind], f"{place}.{kind}")
        return found

    return check


def _misplaced(message: str, role: str) -> Breach:
    return words.said(
        f"Invalid '{message}'. Image URLs are only allowed for messages with role 'user', "
        f"but this message with role '{role}' contains an image URL.",
        message,
        "invalid_value",
    )


def _odd(part: Json, place: str, kinds: tuple[str, ...], allowed: tuple[str, ...]) -> Breach | None:
    """What is wrong with the kind of a part."""
    kind = part.get("type")
    if kind is None:
        return words.missing(f"{place}.type")
    if kind not in kinds:
        return words.invalid_value(f"{place}.type", kind, kinds)
    if kind not in allowed:
        return words.invalid_value(f"{place}.type", kind, allowed)
    member = _MEMBERS.get(kind)
    return words.missing(f"{place}.{member}") if member and part.get(member) is None else None


def picture(kinds: tuple[str, ...] = media.IMAGES, schemes: tuple[str, ...] = ("http:", "https:")) -> Form:
    """Images that are neither a URL nor a data URL of a kind that is taken."""

    def look(image: Json, place: str) -> Iterator[Breach]:
        if not isinstance(image, dict):
            yield words.invalid_type(place, "an object", image)
            return
        url = image.get("url")
        if url is None:
            yield words.missing(f"{place}.url")
        elif not isinstance(url, str):
            yield _no_text(f"{place}.url", url)
        elif wrong := media.unlike_image(url, kinds, schemes):
            yield words.said(f"Invalid '{place}.url'. {wrong}", f"{place}.url", "invalid_value")

    return look


def sound(*, decoded: bool = True) -> Form:
    """Sounds whose data is no bare base64, or whose format is none that is taken.

    `decoded`: whether the data is looked into; else only what stands in front of it is.
    """

    def look(audio: Json, place: str) -> Iterator[Breach]:
        if not isinstance(audio, dict):
            yield words.invalid_type(place, "an object", audio)
            return
        data, form = audio.get("data"), audio.get("format")
        if data is None:
            yield words.missing(f"{place}.data")
        elif not isinstance(data, str):
            yield _no_text(f"{place}.data", data)
        elif data.startswith("data:") or (decoded and not (data and media.is_base64(data))):
            message = f"Invalid '{place}.data'. Expected base64-encoded audio, but got an invalid base64-encoded value."
            yield words.said(message, f"{place}.data", "invalid_value")
        if form is None:
            yield words.missing(f"{place}.format")
        elif form not in _SOUNDS:
            yield words.invalid_value(f"{place}.format", form, _SOUNDS)

    return look


@about(said=True)
def names(request: Request) -> Sequence[Breach]:
    """Names of speakers with letters in them that a name has not."""
    found = []
    for number, message in enumerate(request.body["messages"]):
        name = message.get("name")
        if name is None:
            continue
        if not isinstance(name, str):
            found.append(_no_text(f"messages[{number}].name", name))
        elif not _NAME.fullmatch(name):
            found.append(words.pattern(f"messages[{number}].name", _NAME_AS_WRITTEN))
    return found


@about(said=True)
def calls(request: Request) -> Sequence[Breach]:
    """Calls of the assistant without an id or arguments, and a list of calls without one."""
    found: list[Breach] = []
    for number, message in enumerate(request.body["messages"]):
        made = message.get("tool_calls")
        if made is None or message["role"] != "assistant":
            continue
        place = f"messages[{number}].tool_calls"
        if not made:
            found.append(words.empty_array(place))
        for index, call in enumerate(made):
            found += _call(call, f"{place}[{index}]")
    return found


def _call(call: Json, place: str) -> Iterator[Breach]:
    for name in ("id", "type"):
        if call.get(name) is None:
            yield words.missing(f"{place}.{name}")
        elif not isinstance(call[name], str):
            yield _no_text(f"{place}.{name}", call[name])
    if isinstance(function := call.get("function"), dict):
        arguments = function.get("arguments")
        if arguments is None:
            yield words.missing(f"{place}.function.arguments")
        elif not isinstance(arguments, str):
            yield _no_text(f"{place}.function.arguments", arguments)


def _no_text(place: str, value: Json) -> Breach:
    return words.invalid_type(place, "a string", value)


# ---------------------------------------------------------------- calls and their answers


def answers(answering: tuple[str, ...] = ("tool",)) -> Check:
    """Answers that no call asked for. `answering`: the roles of those who bring them, with a `tool_call_id`."""

    @about(said=True)
    def check(request: Request) -> Sequence[Breach]:
        return _pairs(request, answering)[0]

    return check


def unanswered(answering: tuple[str, ...] = ("tool",)) -> Check:
    """Calls that nobody answers before somebody says something else."""

    @about(said=True)
    def check(request: Request) -> Sequence[Breach]:
        return _pairs(request, answering)[1]

    return check


_Pairs = tuple[Sequence[Breach], Sequence[Breach]]


def _pairs(request: Request, answering: tuple[str, ...]) -> _Pairs:
    """Answers without a call, and calls without an answer: found once for both rules."""
    kept: dict[tuple[str, ...], _Pairs] = vars(request).setdefault("_chat_pairs", {})
    if answering not in kept:
        kept[answering] = _walked(request.body["messages"], answering)
    return kept[answering]


def _walked(messages: list[Json], answering: tuple[str, ...]) -> _Pairs:
    answers: list[Breach] = []
    calls: list[Breach] = []
    waiting: dict[str, bool] | None = None
    """Which calls of the assistant's last message are answered; None: the last message was no such thing."""
    number = -1
    for number, message in enumerate(messages):
        role = message["role"]
        if role == "tool" or (role in answering and "tool_call_id" in message):
            answers += _answer(message, number, waiting)
            continue
        if waiting is not None:
            calls += _unanswered(waiting, number)
            waiting = None
        if role == "assistant" and (made := message.get("tool_calls")):
            waiting = {call["id"]: False for call in made if isinstance(call.get("id"), str)}
    if waiting is not None:
        calls += _unanswered(waiting, number)
    return answers, calls


def _answer(message: Json, number: int, waiting: dict[str, bool] | None) -> Iterator[Breach]:
    place, identity = f"messages.[{number}]", message.get("tool_call_id")
    if waiting is None:
        yield words.said(  # "preceeding" is how the service writes it
            "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with "
            "'tool_calls'.",
            f"{place}.role",
        )
    elif not isinstance(identity, str):
        yield words.said(
            "Missing parameter 'tool_call_id': messages with role 'tool' must have a 'tool_call_id'.",
            f"{place}.tool_call_id",
        )
    elif identity not in waiting:
        yield words.said(
            f"Invalid parameter: 'tool_call_id' of '{identity}' not found in 'tool_calls' of previous message.",
            f"{place}.tool_call_id",
        )
    elif waiting[identity]:
        yield words.said(
            f"Invalid parameter: Duplicate value for 'tool_call_id' of '{identity}'", f"{place}.tool_call_id"
        )
    else:
        waiting[identity] = True


def _unanswered(waiting: dict[str, bool], number: int) -> Iterator[Breach]:
    """`number`: of the message that stands where the answer should, else of the last one."""
    open_ones = [identity for identity, answered in waiting.items() if not answered]
    if open_ones:
        yield words.said(
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
            f"'tool_call_id'. The following tool_call_ids did not have response messages: {', '.join(open_ones)}",
            f"messages.[{number}].role",
        )
