"""Calls: a request and the retries of it, so that a client that tries again does not eat a script."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Final

from msgspec import Struct, field

from emulator.scenario import State, Step

__all__ = ["Attempt", "Calls"]

_MOST_ROUTES: Final = 256


class Attempt(Struct):
    """One request as an attempt of a call."""

    call: int
    """The number of the call in the session, from 1."""
    number: int
    """Which attempt of it this is, from 1."""
    state: State
    """The session's state when the call was made first."""
    step: Step | None = None
    """The step that answers it, or answered the attempt before."""
    met: Mapping[Step, int] = field(default_factory=dict)
    """The steps that have counted the call, and which call it is to each of them."""
    delivered: bool = False
    """Whether a good answer has gone out to its end."""
    print: bytes | int = b""
    """What tells its body from another: the body itself, and once the answer has ended a hash."""

    def end(self, well: bool) -> None:  # noqa: FBT001 - it is a callback
        """Note that its answer has ended. After a good one that was delivered, what comes next is no retry."""
        self.delivered = well
        # The body may be large. Most answers end well, and then nobody needs so much as its hash.
        if isinstance(self.print, bytes):
            self.print = b"" if well else hash(self.print)

    def is_open_for(self, body: bytes) -> bool:
        """Whether a request with this body is a retry of it."""
        return not self.delivered and self.print == (body if isinstance(self.print, bytes) else hash(body))


class Calls(Struct):
    """The newest attempt of each route. A route that nobody has asked for longest is forgotten first."""

    _count: int = 0
    _newest: OrderedDict[str, Attempt] = field(default_factory=OrderedDict)

    def begin(self, route: str, body: bytes, state: State) -> Attempt:
        """Begin a request.

        It is a retry when its body is that of the request before it on the same route, and that one has not ended in a
        good answer that was delivered.
        """
        known = self._newest.pop(route, None)
        if known is not None and known.is_open_for(body):
            attempt = Attempt(known.call, known.number + 1, known.state, known.step, known.met, print=body)
        else:
            self._count += 1
            attempt = Attempt(self._count, 1, state, print=body)
        self._newest[route] = attempt
        if len(self._newest) > _MOST_ROUTES:
            self._newest.popitem(last=False)
        return attempt

    def fork(self) -> Calls:
        """The same attempts; those that follow are apart."""
        return Calls(self._count, self._newest.copy())
