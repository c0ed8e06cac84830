"""Replies: from the schema of a reply and what its file shares to the value that is sent, or to what makes it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias, assert_never

from msgspec import Struct, field
from msgspec.structs import replace

from emulator.scenario import artefacts
from emulator.scenario.content import said
from emulator.scenario.model import Chaos as ChaosForm
from emulator.scenario.model import Defaults
from emulator.scenario.model_content import LogprobForm, UsageForm
from emulator.scenario.model_error import LiteralError, NamedError
from emulator.scenario.model_reply import (
    BlockedReply,
    BlockReply,
    ChoicesReply,
    Content,
    ErrorReply,
    MediaReply,
    RawReply,
    TextReply,
)
from emulator.scenario.model_stream import FaultForm, FaultValue, HappeningForm, StreamForm
from emulator.scenario.pen import PLAIN, Pen, Templated
from emulator.scenario.recorded import recorded
from emulator.scenario.scalars import is_header_value
from emulator.scenario.script import Chaos, Draft, Scene, Unanswerable
from emulator.types import (
    Act,
    Completion,
    CutOff,
    Drop,
    Embedding,
    ErrorName,
    Failure,
    Fault,
    Gate,
    Happening,
    Headers,
    Insert,
    Json,
    Logprob,
    Pace,
    Part,
    Raw,
    Repeat,
    Reply,
    Split,
    Stall,
    Usage,
)

if TYPE_CHECKING:
    from emulator.scenario.captures import Captures
    from emulator.scenario.templates import Template

__all__ = ["Form", "Shared", "chaos", "reply"]

_UNSAID: Final = StreamForm.model_construct()
"""Of a stream of which nothing is said."""

Form: TypeAlias = TextReply | BlockReply | ChoicesReply | MediaReply | BlockedReply | RawReply | ErrorReply


class Shared(Struct, frozen=True):
    """What the replies of one file share."""

    defaults: Defaults = field(default_factory=Defaults.model_construct)
    defaults_written: Json = None
    """The same as it stands in the file."""
    templates: Mapping[str, Template] = field(default_factory=dict)
    """By their text."""
    vars: Mapping[str, Json] = field(default_factory=dict)
    folder: Path | None = None
    """Where the file lies; None: nowhere."""


def reply(form: Form, written: Json, captures: Captures | None, shared: Shared) -> Reply | Draft:
    """Make what is sent, or what makes it for each request. `written` is the reply as it stands in the file.

    Raises ValueError with a sentence about a file that can't be had.
    """
    found = _beside(form, shared.folder)
    course = _course(form, shared.defaults)
    if not _depends(written, shared) and not _depends(shared.defaults_written, shared):
        return _reply(form, shared.defaults, found, course, PLAIN)
    return lambda scene: _reply(form, shared.defaults, found, course, _pen(scene, captures, shared))


def chaos(form: ChaosForm, written: Json, shared: Shared) -> Chaos:
    """Make an error that comes now and then."""
    if not _depends(written, shared):
        return Chaos(_failure(form, PLAIN), form.chance, form.seed)
    return Chaos(lambda scene: _failure(form, _pen(scene, None, shared)), form.chance, form.seed)


def _pen(scene: Scene, captures: Captures | None, shared: Shared) -> Pen:
    if not shared.templates:
        return Templated(scene, {}, {})
    from emulator.scenario.templates import scope  # noqa: PLC0415 - templates come with their engine

    names = scope(
        scene.request,
        match=captures(scene.request) if captures else {},
        vars=shared.vars,
        state=scene.state,
        call=scene.call,
        stamp=scene.stamp,
    )
    return Templated(scene, shared.templates, names)


def _depends(written: Json, shared: Shared) -> bool:
    """Whether something in a value is different from request to request."""
    match written:
        case str():
            return written in shared.templates
        case dict():
            made = written.get("from_schema") is True or written.get("echo") is True
            return made or any(_depends(item, shared) for item in written.values())
        case list():
            return any(_depends(item, shared) for item in written)
        case _:
            return False


def _beside(form: Form, folder: Path | None) -> tuple[Part, ...] | Raw:
    """Read or make what does not stand in the scenario itself."""
    match form:
        case MediaReply(embeddings=embeddings) if embeddings is not None:
            return (Embedding(embeddings.dimensions),)
        case MediaReply(images=images) if images is not None:
            listed = images if isinstance(images, list) else [images]
            return tuple(artefacts.picture(image, folder, number) for number, image in enumerate(listed))
        case MediaReply(audio=audio) if audio is not None:
            return (artefacts.sound(audio, folder),)
        case RawReply(raw=raw) if raw.file is not None:
            return recorded(artefacts.beside(raw.file, folder))
        case _:
            return ()


# ---------------------------------------------------------------- the kinds of replies


class _Course(Struct, frozen=True):
    """What of a reply no template writes."""

    pace: Pace
    fault: Fault | None
    usage: Usage


def _course(form: Form, defaults: Defaults) -> _Course:
    fault = _fault(form.fault)
    if isinstance(form, ErrorReply | BlockedReply):
        return _Course(Pace(delay=_first(form.delay, defaults.delay, 0.0)), fault, Usage())
    usage = Usage() if isinstance(form, RawReply) else _usage(form.usage, defaults.usage)
    return _Course(_pace(form.delay, form.stream, defaults), fault, usage)


def _reply(form: Form, defaults: Defaults, found: tuple[Part, ...] | Raw, course: _Course, pen: Pen) -> Reply:
    answer: Completion | Failure | Raw
    match form:
        case ErrorReply():
            answer = _failure(form, pen)
        case BlockedReply():
            answer = Completion((), "content_filter", blocked=pen.text(form.blocked))
        case RawReply():
            answer = found if isinstance(found, Raw) else _raw(form, pen)
        case _:
            parts = () if isinstance(found, Raw) else found
            answer = _about(form, defaults, _completion(form, defaults, parts, pen), course.usage, pen)
    happenings: tuple[Happening, ...] = ()
    if not isinstance(form, ErrorReply | BlockedReply):
        happenings = tuple(_happenings(form.stream, defaults.stream, pen))
    return Reply(
        answer,
        course.pace,
        _written({**(defaults.headers or {}), **(form.headers or {})}, pen),
        happenings,
        course.fault,
        {name: pen.value(value) for name, value in (form.set or {}).items()},
    )


def _completion(
    form: TextReply | BlockReply | ChoicesReply | MediaReply, defaults: Defaults, found: tuple[Part, ...], pen: Pen
) -> Completion:
    own, other = form.stream or _UNSAID, defaults.stream or _UNSAID
    chunk = own.chunk or other.chunk or "token"
    match form:
        case MediaReply():
            return Completion(found, "stop")
        case ChoicesReply(choices=choices):
            first, *others = (said(choice, choice, chunk, pen) for choice in choices)
            return replace(first, others=tuple(others))
        case _:
            return said(form, form, chunk, pen)


def _about(form: Content, defaults: Defaults, done: Completion, usage: Usage, pen: Pen) -> Completion:
    """Add what is told beside the words."""
    return replace(
        done,
        usage=usage,
        model=pen.text(form.model or defaults.model or ""),
        logprobs=tuple(_logprob(one, pen) for one in form.logprobs) if isinstance(form.logprobs, list) else (),
        metadata=pen.value(form.metadata or {}),
    )


def _logprob(form: LogprobForm, pen: Pen) -> Logprob:
    return Logprob(pen.text(form.token), form.logprob, tuple((token, number) for token, number in form.top or ()))


def _raw(form: RawReply, pen: Pen) -> Raw:
    raw = form.raw
    headers = _written(raw.headers or {}, pen)
    if raw.sse is not None:
        pieces = tuple(pen.text(piece).encode(errors="replace") for piece in raw.sse)
        return Raw(raw.status or 200, {"content-type": "text/event-stream", **headers}, pieces, streamed=True)
    return Raw(raw.status or 200, headers, (pen.text(raw.body or "").encode(errors="replace"),))


def _written(headers: Headers, pen: Pen) -> Headers:
    made = {name: pen.text(value) for name, value in headers.items()}
    for name, value in made.items():
        if not is_header_value(value):
            raise Unanswerable(f"the header {name} would have a line break or another control character")
    return made


def _usage(own: UsageForm | None, other: UsageForm | None) -> Usage:
    given = {**_given(other), **_given(own)}
    return Usage(**given)


def _given(usage: UsageForm | None) -> dict[str, int]:
    return {} if usage is None else usage.model_dump(exclude_none=True)


# ---------------------------------------------------------------- time


def _pace(delay: float | None, stream: StreamForm | None, defaults: Defaults) -> Pace:
    own, other = stream or _UNSAID, defaults.stream or _UNSAID
    return Pace(
        delay=_first(delay, defaults.delay, 0.0),
        first=_first(own.first_token, other.first_token, 0.0),
        gaps=_gaps(own) or _gaps(other),
        jitter=_first(own.jitter, other.jitter, 0.0),
        keep_alive=_first(own.keep_alive, other.keep_alive, 0.0),
    )


def _first(own: float | None, other: float | None, otherwise: float) -> float:
    return own if own is not None else other if other is not None else otherwise


def _gaps(stream: StreamForm) -> tuple[float, ...]:
    if stream.profile is not None:
        return tuple(stream.profile)
    if stream.rate is not None:
        return (1 / stream.rate,)
    return () if stream.every is None else (stream.every,)


def _happenings(own: StreamForm | None, other: StreamForm | None, pen: Pen) -> Iterator[Happening]:
    entries: Iterable[HappeningForm] = (own and own.at) or (other and other.at) or ()
    for entry in entries:
        yield Happening(_act(entry, pen), entry.chunk, entry.text, entry.after)


def _act(entry: HappeningForm, pen: Pen) -> Act:
    act: Act
    match entry:
        case HappeningForm(stall=float() as seconds):
            act = Stall(seconds)
        case HappeningForm(gate=str() as name):
            act = Gate(name)
        case HappeningForm(error=error) if error is not None:
            act = _named(error, pen)
        case HappeningForm(garbage=str() as written):
            act = Insert(written.encode(errors="replace"))
        case HappeningForm(comment=str() as written):
            lines = "".join(f": {line}\n" for line in written.splitlines() or [""])
            act = Insert(lines.encode(errors="replace") + b"\n", comment=True)
        case HappeningForm(split=int() as at):
            act = Split(at)
        case HappeningForm(duplicate=True):
            act = Repeat()
        case HappeningForm(drop=True):
            act = Drop()
        case _:
            act = CutOff("reset" if entry.reset else "close" if entry.close else "truncate")
    return act


def _fault(form: FaultValue | None) -> Fault | None:
    match form:
        case None:
            return None
        case str() as kind:
            return Fault(kind)
        case FaultForm(truncate=float() as share):
            return Fault("truncate", share=share)
        case _:
            return Fault("garbage", data=(form.garbage or "").encode(errors="replace"))


# ---------------------------------------------------------------- errors


def _failure(form: ErrorReply | ChaosForm, pen: Pen) -> Failure:
    match form.error:
        case str() as name:
            message = None if form.message is None else pen.text(form.message)
            return Failure(name, message=message, retry_after=form.retry_after)
        case NamedError() as error:
            return replace(_named(error, pen), retry_after=form.retry_after)
        case LiteralError() as error:
            # The name shows up in the journal alone: status and body say everything to the client.
            name = "server_error" if error.status >= 500 else "invalid_request"  # noqa: PLR2004 - RFC 9110, 15
            headers = _written(error.headers or {}, pen)
            return Failure(name, status=error.status, body=pen.value(error.body), headers=headers)
        case _:
            assert_never(form.error)


def _named(error: ErrorName | NamedError, pen: Pen) -> Failure:
    if isinstance(error, str):
        return Failure(error)
    message = None if error.message is None else pen.text(error.message)
    kind = None if error.type is None else pen.text(error.type)
    headers = _written(error.headers or {}, pen)
    return Failure(error.name, message, error.status, error.code, kind, headers=headers)
