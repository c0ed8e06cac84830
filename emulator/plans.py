"""Answers written once: bytes with holes for what makes each exchange its own.

The one door is `Plans.actions`: given what an answer depends on, its stamp and a way to write it, what happens on the
socket. An answer that comes again is written with marks in place of its ids and times, and from then on the marks are
filled. A plan that would not give the very bytes that writing gives is not used.
"""

from __future__ import annotations

import re
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from functools import partial
from http import HTTPStatus
from itertools import chain
from operator import itemgetter
from typing import Final, TypeAlias

from msgspec import Struct, field

from emulator.types import Action, Headers, Ready, Send, Stamp, Start

__all__ = ["LAST_CHUNK", "Plans", "at_once", "chunk", "head"]

_MOST: Final = 4096
"""How many plans are kept."""
_MOST_BYTES: Final = 32 * 1024 * 1024
_MOST_AT_ONCE: Final = 64 * 1024
"""How long a response is at most that goes out in one piece; a longer one waits for its reader on the way."""
_CREATED: Final = 9_876_543_217
_LETTERS: Final = "ghijkmnpqrstuvwxyz"
_NO_CONTENT: Final = HTTPStatus.NO_CONTENT.value
_REASONS: Final = {status.value: status.phrase for status in HTTPStatus}

LAST_CHUNK: Final = b"0\r\n\r\n"

Write: TypeAlias = Callable[[Stamp, str], Iterable[Action]]
"""Writes an answer for a stamp and the id of a session."""


def head(status: int, headers: Headers) -> bytes:
    """Write the head of an HTTP/1.1 response. Header values go out as UTF-8."""
    lines = [f"HTTP/1.1 {status} {_REASONS.get(status, '')}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join((*lines, "", "")).encode()


def chunk(data: bytes) -> bytes:
    """Write a chunk of a body whose length nobody knows."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def at_once(actions: Iterable[Action] | Ready) -> Iterable[Action] | Ready:
    """Make one piece of a response that is due at once and not long, for a client as `Ready` has it."""
    if isinstance(actions, Ready):
        return actions
    rest = iter(actions)
    start = next(rest, None)
    if not isinstance(start, Start) or start.status == _NO_CONTENT:
        return rest if start is None else chain(_each(deque((start,))), rest)
    taken, size, beats = list[Send](), 0, 0
    for action in rest:
        if not isinstance(action, Send) or action.alone or size + len(action.data) > _MOST_AT_ONCE:
            return chain(_each(deque((start, *taken, action))), rest)
        taken.append(action)
        size += len(action.data)
        beats += action.beats
    body = b"".join([send.data for send in taken])
    if start.length is None:
        chunks = b"".join([chunk(send.data) for send in taken if send.data])
        data = _headed(start) + chunks + LAST_CHUNK
    else:
        data = _headed(start) + body
    return Ready(data, lambda: body, size, beats, start.headers)


def _each(actions: deque[Action]) -> Iterator[Action]:
    """Give actions away: a stream may go on for long, and keeps none of them."""
    while actions:
        yield actions.popleft()


def _headed(start: Start) -> bytes:
    """Write the head of a response to a client with HTTP/1.1 and an open connection."""
    length = {"transfer-encoding": "chunked"} if start.length is None else {"content-length": str(start.length)}
    return head(start.status, {**start.headers, **length})


class Plans:
    """The plans of a server, bounded in number and bytes: the one that was used longest ago goes first."""

    def __init__(self) -> None:
        self._plans: OrderedDict[Hashable, tuple[object, _Plan | None]] = OrderedDict()
        self._seen: OrderedDict[Hashable, None] = OrderedDict()
        self._bytes = 0

    def actions(
        self, key: Hashable, owner: object, stamp: Stamp, session: str, write: Write
    ) -> Iterable[Action] | Ready:
        """What happens on the socket. `owner` is what the key names by its identity, so that it stays alive."""
        known = self._plans.get(key)
        if known is not None:
            self._plans.move_to_end(key)
            plan = known[1]
            return write(stamp, session) if plan is None else plan.made(stamp, session)
        if key not in self._seen:  # what comes once is not worth a plan
            self._seen[key] = None
            if len(self._seen) > _MOST:
                self._seen.popitem(last=False)
            return write(stamp, session)
        del self._seen[key]
        plan = _Plan.like(stamp, session, write)
        self._keep(key, owner, plan)
        return write(stamp, session) if plan is None else plan.made(stamp, session)

    def _keep(self, key: Hashable, owner: object, plan: _Plan | None) -> None:
        self._plans[key] = (owner, plan)
        self._bytes += plan.size if plan else 0
        while len(self._plans) > _MOST or self._bytes > _MOST_BYTES:
            _, (_, oldest) = self._plans.popitem(last=False)
            self._bytes -= oldest.size if oldest else 0


class _Form(Struct, frozen=True):
    """Bytes with holes: pieces that stand fast and, by number, what belongs between them."""

    pieces: tuple[bytes, ...]
    ordered: Callable[[Sequence[bytes]], Iterable[bytes]]
    """Puts pieces, and after them the values that fill the holes, in the order in which they come, each as often."""

    @classmethod
    def of(cls, data: bytes, marks: Sequence[bytes]) -> _Form:
        """The form of bytes that have marks in them."""
        numbers: dict[bytes, int] = {}
        order = []
        for piece in re.split(b"(" + b"|".join(map(re.escape, marks)) + b")", data) if marks else [data]:
            place = ~marks.index(piece) if piece in marks else numbers.setdefault(piece, len(numbers))
            order.append(place)
        count = len(numbers)
        places = [place if place >= 0 else count + ~place for place in order]
        return cls(tuple(numbers), itemgetter(*places) if len(places) > 1 else itemgetter(slice(1)))

    def filled(self, values: Sequence[bytes]) -> bytes:
        """Put values in."""
        return b"".join(self.ordered((*self.pieces, *values)))


class _Whole(Struct, frozen=True):
    """A response all of which is due at once, and that is not long."""

    form: _Form
    size: int
    """How long its body is."""
    beats: int
    headers: Headers

    @classmethod
    def of(cls, actions: Sequence[tuple[Action, bytes]], marks: Sequence[bytes]) -> _Whole | None:
        """The form of what was written with marks; None: it is long, or not due at once."""
        match actions:
            case [(Start() as start, _), (Send(alone=False) as send, _)]:
                data = _response(actions)
                fits = len(data) <= _MOST_AT_ONCE
                return cls(_Form.of(data, marks), len(send.data), send.beats, start.headers) if fits else None
            case _:
                return None

    def filled(self, values: Sequence[bytes], body: Callable[[], bytes]) -> Ready:
        """Put values in. `body` makes the body alone."""
        return Ready(self.form.filled(values), body, self.size, self.beats, self.headers)


class _Plan(Struct, frozen=True):
    """An answer with holes where it is its own."""

    actions: tuple[tuple[Action, _Form, _Form | None], ...]
    """Each with what its bytes are made of, and what the chunks in which they go out, if they do."""
    whole: _Whole | None
    makers: tuple[Callable[[Stamp, str], str], ...]
    """Make what fills the holes."""
    size: int

    @classmethod
    def like(cls, stamp: Stamp, session: str, write: Write) -> _Plan | None:
        """The plan of what is written; None: there is none that gives the same for this stamp."""
        try:
            plan = cls.of(write)
        except ValueError:  # something is made of an id, and a mark is none
            return None
        return plan if plan.gives(tuple(_joined(write(stamp, session))), stamp, session) else None

    def gives(self, written: tuple[tuple[Action, bytes], ...], stamp: Stamp, session: str) -> bool:
        """Whether it gives what is written."""
        values = self._values(stamp, session)
        made = tuple(
            (_with(action, form.filled(values)), chunks.filled(values) if chunks else b"")
            for action, form, chunks in self.actions
        )
        return made == written and (self.whole is None or self.whole.form.filled(values) == _response(written))

    @classmethod
    def of(cls, write: Write) -> _Plan:
        """Write an answer with marks."""
        marks = _Marks(seed=0, serial=0, created=_CREATED)
        actions = tuple(_joined(write(marks, _mark(0, 12))))
        known: tuple[tuple[bytes, Callable[[Stamp, str], str]], ...] = (
            (_mark(0, 12).encode(), lambda _, session: session),
            (str(_CREATED).encode(), lambda stamp, _: str(stamp.created)),
            *((mark.encode(), make) for mark, make in marks.made.values()),
        )
        every = b"".join(_bytes(action) for action, _ in actions)
        used = [(mark, make) for mark, make in known if mark in every]
        names = [mark for mark, _ in used]
        forms = tuple(
            (one, _Form.of(_bytes(one), names), _Form.of(chunks, names) if chunks else None) for one, chunks in actions
        )
        return cls(forms, _Whole.of(actions, names), tuple(make for _, make in used), len(every))

    def made(self, stamp: Stamp, session: str) -> Iterable[Action] | Ready:
        """Put what belongs to an exchange into the holes."""
        if self.whole is None:
            return self.filled(stamp, session)
        return self.whole.filled(self._values(stamp, session), partial(self._body, stamp, session))

    def filled(self, stamp: Stamp, session: str) -> Iterator[Action]:
        """The same, of each action when it is due."""
        values = self._values(stamp, session)
        whole = partial(self._body, stamp, session)
        for action, form, chunks in self.actions:
            if isinstance(action, Send) and chunks:
                yield Send(chunks.filled(values), action.beats, action.alone, whole, len(action.data))
            else:
                yield _with(action, form.filled(values))

    def _body(self, stamp: Stamp, session: str) -> bytes:
        values = self._values(stamp, session)
        return b"".join(form.filled(values) for action, form, _ in self.actions if isinstance(action, Send))

    def _values(self, stamp: Stamp, session: str) -> list[bytes]:
        return [make(stamp, session).encode() for make in self.makers]


def _with(action: Action, data: bytes) -> Action:
    """The same with other bytes."""
    match action:
        case Send():
            return Send(data, action.beats, action.alone)
        case Start():
            return Start(action.status, action.headers, action.length, data)
        case _:
            return action


def _bytes(action: Action) -> bytes:
    return action.data if isinstance(action, Send) else action.head if isinstance(action, Start) else b""


def _joined(actions: Iterable[Action]) -> Iterator[tuple[Action, bytes]]:
    """Join what goes out at the same time, and write heads and chunks; the headers are in the head then."""
    data: list[bytes] = []
    chunks: list[bytes] = []
    beats = 0
    chunked = False
    for action in actions:
        if isinstance(action, Send) and not action.alone and action.data:
            data.append(action.data)
            chunks.append(chunk(action.data) if chunked else b"")
            beats += action.beats
            continue
        if data:
            yield Send(b"".join(data), beats), b"".join(chunks)
            data, chunks, beats = [], [], 0
        if isinstance(action, Start):
            chunked = action.length is None
            # Of the headers the journal wants one, which is the scenario's own.
            told = {name: value for name, value in action.headers.items() if name == "retry-after"}
            yield Start(action.status, told, action.length, _headed(action)), b""
        else:
            yield action, b""
    if data:
        yield Send(b"".join(data), beats), b"".join(chunks)


def _response(actions: Iterable[tuple[Action, bytes]]) -> bytes:
    """Join a whole response."""
    (start, _), (send, chunks) = actions
    return _bytes(start) + (chunks + LAST_CHUNK if chunks else _bytes(send))


def _mark(number: int, length: int) -> str:
    """A text of this length that no id is and no author writes: it has no hexadecimal digit in it."""
    digits = ""
    for _ in range(6):
        number, digit = divmod(number, len(_LETTERS))
        digits += _LETTERS[digit]
    return f"zq{digits}".ljust(length, "q")


class _Marks(Stamp, frozen=True):
    """A stamp that gives a mark for everything it is asked for, as long as the real thing."""

    made: dict[Hashable, tuple[str, Callable[[Stamp, str], str]]] = field(default_factory=dict)

    def hex(self, label: str, digits: int) -> str:
        """A mark."""
        return self._marked(("hex", label, digits), digits, lambda stamp, _: stamp.hex(label, digits))

    def base64(self, label: str, size: int) -> str:
        """A mark."""
        return self._marked(("base64", label, size), -(-size // 3) * 4, lambda stamp, _: stamp.base64(label, size))

    def base64url(self, label: str, size: int) -> str:
        """A mark."""
        length = -(-size * 4 // 3)
        return self._marked(("base64url", label, size), length, lambda stamp, _: stamp.base64url(label, size))

    def uuid(self, label: str) -> str:
        """A mark."""
        return self._marked(("uuid", label), 36, lambda stamp, _: stamp.uuid(label))

    def moment(self, label: str) -> str:
        """A mark."""
        return self._marked(("moment", label), 27, lambda stamp, _: stamp.moment(label))

    def date(self) -> str:
        """A mark."""
        return self._marked("date", 29, lambda stamp, _: stamp.date())

    def _marked(self, key: Hashable, length: int, make: Callable[[Stamp, str], str]) -> str:
        if key not in self.made:
            self.made[key] = (_mark(len(self.made) + 1, length), make)
        return self.made[key][0]
