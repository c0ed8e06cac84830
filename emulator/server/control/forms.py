"""What the bodies of the control API look like: closed, as scenario files are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, ClassVar, TypeAlias

from pydantic import AfterValidator, Discriminator, Field, Tag, ValidationInfo

from emulator.clock import ClockKind
from emulator.journal import SECRET_HEADERS
from emulator.scenario.closed import Closed, Fault, Given, said
from emulator.scenario.model import Limits
from emulator.scenario.model_when import When
from emulator.scenario.scalars import Amount, Anything, Duration, Named, Number, Words
from emulator.scenario.wording import one_of, show
from emulator.types import Json, RequestMode

__all__ = ["Advance", "Explain", "NewSession", "Text", "Texts", "Times", "Verify"]


def _loaded(name: str, names: ValidationInfo) -> str:
    known = names.context or []
    if name in known:
        return name
    raise said(one_of(name, known) if known else f"{show(name)} is not known here: no scenario is loaded.")


def _not_negative(value: Json) -> Json:
    if value < 0:
        raise said(f"{show(value)} is less than 0, the least there is.")
    return value


def _begun(path: str) -> str:
    if path.startswith("/"):
        return path
    raise said(f"{show(path)} is no path; it begins with a slash.")


class Text(Closed):
    """A scenario that only one session sees."""

    file: Named
    """What problems and places call it."""
    text: Words
    """The scenario, as its file would be."""
    folder: Given[Named] = None
    """Where the files lie that it names; only a server in the caller's own process reads them."""


class Texts(Closed):
    """Scenarios for one session."""

    texts: list[Text]
    """Beside those that it has, or in place of one that is called so."""


class NewSession(Closed):
    """A session to be made. What is not given is as the server's settings have it."""

    scenarios: Given[list[Annotated[str, AfterValidator(_loaded)]]] = None
    """The loaded scenarios that it sees. Default: all."""
    seed: Given[int] = None
    """Where ids, jitter and other draws come from."""
    clock: Given[ClockKind] = None
    """What replies say of time, and whether waits are by the wall or by a clock that is advanced."""
    time_scale: Given[Annotated[Number, AfterValidator(_not_negative)]] = None
    """How long waits last: 1 as written, 0.1 ten times faster, 0 not at all."""
    limits: Given[Limits] = None
    """How much it may ask in a minute and at once."""
    requests: Given[RequestMode] = None
    """What becomes of a request that the service would refuse."""
    texts: Given[list[Text]] = None
    """Scenarios that it alone sees, and that are asked before the loaded ones."""


class Advance(Closed):
    """A manual clock to be moved."""

    advance: Duration
    """By how much, such as `30s`."""


class Explain(Closed):
    """A request to be judged: in parts, or as a curl command."""

    path: Given[Annotated[str, AfterValidator(_begun)]] = None
    """Its path, with the query if there is one."""
    method: Given[Named] = None
    """Default: POST where there is a body, else GET."""
    headers: Given[dict[str, str]] = None
    """Default: those of a JSON body, and a valid key."""
    body: Given[Anything] = None
    """JSON, or the text of the body."""
    host: Given[str] = None
    """The Host that it is sent to."""
    curl: Given[Named] = None
    """A curl command as people paste it, in place of all of these."""
    session: Given[Named] = None
    """The session by which it is judged as that stands. Default: one that has asked nothing yet."""

    ONE_OF: ClassVar = ("path", "curl")
    LACKING: ClassVar = "there is nothing to explain; give a 'path' or a 'curl' command."

    @classmethod
    def faults(cls, value: Mapping[str, Json]) -> Iterable[Fault]:
        """Give the parts that a curl command has itself."""
        if "curl" in value:
            parts = (key for key in ("method", "headers", "body", "host") if key in value)
            yield from (Fault((key,), "the curl command says this itself.") for key in parts)


class Times(Closed):
    """How many requests are wanted."""

    at_least: Given[Amount] = None
    """This many or more."""
    at_most: Given[Amount] = None
    """This many or fewer."""

    SOME_OF: ClassVar = ("at_least", "at_most")
    LACKING: ClassVar = "this asks for no number; give it at_least, at_most or both."

    @classmethod
    def faults(cls, value: Mapping[str, Json]) -> Iterable[Fault]:
        """Give bounds between which there is nothing."""
        least, most = value.get("at_least"), value.get("at_most")
        if isinstance(least, int) and isinstance(most, int) and least > most:
            yield Fault(("at_most",), f"{most} is less than {least}, the least that is wanted.")


def _number_or_form(value: Json) -> str:
    return "<form>" if isinstance(value, dict) else "<plain>"


_Times: TypeAlias = Annotated[
    Annotated[Amount, Field(description="Exactly so many."), Tag("<plain>")] | Annotated[Times, Tag("<form>")],
    Discriminator(_number_or_form),
]


class Verify(Closed):
    """Requests that are to have come."""

    when: Given[When] = None
    """What they look like, as in a step of a scenario. Default: any request that can be read."""
    times: Given[_Times] = None
    """How many of them, each retry counted. Default: at least one."""

    @classmethod
    def faults(cls, value: Mapping[str, Json]) -> Iterable[Fault]:
        """Give conditions on what the journal does not keep."""
        return _forgotten(value.get("when"), ("when",))


def _forgotten(when: Json, at: tuple[str, ...]) -> Iterable[Fault]:
    if not isinstance(when, dict):
        return
    if "state" in when:
        where = "GET /_emulator/sessions/{session} shows what it is now."
        yield Fault((*at, "state"), f"what the state was is not kept; {where}")
    headers = when.get("headers")
    for name in headers if isinstance(headers, dict) else ():
        if isinstance(name, str) and name.lower() in SECRET_HEADERS:
            yield Fault((*at, "headers", name), "credentials are not kept, so nothing can be said of them.")
    yield from _forgotten(when.get("not"), (*at, "not"))
