"""What the control API is asked, what it is asked about, and how it refuses."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import count
from typing import Final, Protocol, TypeVar

from msgspec import Struct, field
from pydantic import BaseModel, ValidationError

from emulator import jsontext
from emulator.journal import Journal
from emulator.scenario import Library
from emulator.scenario.wording import one_of, where, worded
from emulator.server.control.listening import Listener
from emulator.server.control.route import Route
from emulator.server.control.tally import Tally
from emulator.server.front import Door
from emulator.server.settings import Settings
from emulator.session import Session, Sessions
from emulator.types import Headers, Json

__all__ = ["Fellows", "Held", "Question", "Refused", "Written", "session_of"]

Form = TypeVar("Form", bound=BaseModel)
_SHAPES: Final = frozenset({"<form>", "<plain>"})
"""What stands in a place for what a value was meant to be, and is no key of the body."""
_DIGITS: Final = 20
"""More digits than any number of an exchange has."""


class Refused(Exception):  # noqa: N818 - an answer
    """A question that gets a problem document (RFC 9457) for an answer."""

    def __init__(
        self, status: int, title: str, detail: str, problems: Iterable[Json] = (), *, headers: Headers | None = None
    ) -> None:
        super().__init__(title)
        self.status = status
        self.headers = headers or {}
        self.document = {"type": "about:blank", "title": title, "status": status, "detail": detail}
        if listed := list(problems):
            self.document["problems"] = listed


class Fellows(Protocol):
    """The processes of a server that has several."""

    def number(self) -> int:
        """The number of the next exchange, over all of them."""

    def is_home(self, session: str) -> bool:
        """Whether requests of this session come to this process."""

    async def answer(
        self, route: Route, names: Mapping[str, str], question: Question, here: Callable[[], Json]
    ) -> Json:
        """Answer a question for all of them; `here` does for this one. Raises Refused."""


class Held(Struct, frozen=True):
    """What a server holds, as far as the control API shows and turns it."""

    settings: Settings
    library: Library
    sessions: Sessions
    journal: Journal
    door: Door
    fellows: Fellows | None = None
    """None: this process is all of the server."""
    began: float = field(default_factory=time.monotonic)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    """Of the sessions that are made here."""
    tally: Tally = field(default_factory=Tally)
    listeners: set[Listener] = field(default_factory=set)

    @property
    def scenario_names(self) -> tuple[str, ...]:
        """The scenarios in force."""
        return tuple(scenario.name for scenario in self.library.scenarios)

    def is_home(self, session: str) -> bool:
        """Whether requests of this session come to this process."""
        return self.fellows is None or self.fellows.is_home(session)


class Written(Struct, frozen=True):
    """An answer that is no JSON."""

    body: bytes
    kind: str
    """Its content type."""


class Question(Struct, frozen=True):
    """A request to the control API that may be answered."""

    query: Mapping[str, str]
    body: bytes
    origin: str
    """`http://HOST` as the caller reaches the server."""

    def knows(self, *names: str) -> None:
        """Refuse a query that has any other field."""
        unknown = sorted(set(self.query) - set(names))
        if unknown:
            raise Refused(400, "unknown query", f"{', '.join(unknown)}: known are {', '.join(names) or 'none'}")

    def number(self, name: str) -> int:
        """A number of the query; 0 where it is not there."""
        given = self.query.get(name, "0")
        if not (given.isascii() and given.isdigit() and len(given) < _DIGITS):
            raise Refused(400, f"{name} is not a number", f"'{given[:40]}' came, an exchange's number is wanted")
        return int(given)

    def word(self, name: str, words: Iterable[str]) -> str | None:
        """One of a few words of the query; None where it is not there."""
        given = self.query.get(name)
        if given is not None and given not in (known := list(words)):
            raise Refused(400, f"{name} is not known", one_of(given, known))
        return given

    def form(self, kind: type[Form], context: object = None) -> Form:
        """Read the body, which is a JSON object; none is an empty one. All that is wrong with it is said at once.

        `context`: the names that it can speak of.
        """
        try:
            body = jsontext.loads_object(self.body or b"{}")
        except ValueError as error:
            raise Refused(400, "the body can't be read", str(error)) from None
        try:
            return kind.model_validate(body, context=context)
        except ValidationError as error:
            problems = [
                {
                    "where": where(tuple(key for key in line["loc"] if key not in _SHAPES)),
                    "message": worded(line["type"], line["input"], line.get("ctx", {})),
                }
                for line in error.errors(include_url=False)
            ]
        detail = " ".join(": ".join(filter(None, problem.values())) for problem in problems)
        raise Refused(422, "the body does not fit", detail, problems)


def session_of(held: Held, identity: str) -> Session:
    """The session of this id. Refused where there is none."""
    found = held.sessions.find(identity)
    if found is None:
        detail = f"there is no session '{identity}'; a reply's x-emulator-session header names its session"
        raise Refused(404, "no such session", detail)
    return found
