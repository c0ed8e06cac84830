"""What the bodies of the control API look like: closed, as scenario files are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, ClassVar

from pydantic import AfterValidator, ValidationInfo

from emulator.clock import ClockKind
from emulator.scenario.closed import Closed, Fault, Given, said
from emulator.scenario.model import Limits
from emulator.scenario.scalars import Anything, Duration, Named, Number
from emulator.scenario.wording import one_of, show
from emulator.types import Json

__all__ = ["Advance", "Explain", "NewSession"]


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
