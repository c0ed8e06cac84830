"""Quotas: how much a session has asked in the minute that began with its first request."""

from __future__ import annotations

import math
from typing import Final

from msgspec import Struct

from emulator.scenario import Limits
from emulator.types import Failure, Quota

__all__ = ["Window"]

_SECONDS: Final = 60.0


class Window(Struct):
    """One minute of a session."""

    began: float | None = None
    requests: int = 0
    tokens: int = 0

    def count(self, limits: Limits, now: float, tokens: int, open_: int) -> tuple[Failure | None, Quota]:
        """Count a request of so many tokens, unless it is over a limit; where the session stands after it.

        `open_`: how many other answers are under way. A request that is refused counts for nothing.
        """
        if self.began is None or now - self.began >= _SECONDS:
            self.began, self.requests, self.tokens = now, 0, 0
        # In whole seconds: two runs of the same requests, a little slower and a little faster, are told the same.
        reset = math.ceil(self.began + _SECONDS - now)
        failure = None
        if limits.concurrent is not None and open_ >= limits.concurrent:
            failure = Failure("concurrency_limited")
        elif _over(self.requests + 1, limits.requests_per_minute) or _over(
            self.tokens + tokens, limits.tokens_per_minute
        ):
            failure = Failure("rate_limited", retry_after=reset)
        else:
            self.requests += 1
            self.tokens += tokens
        return failure, Quota(
            limits.requests_per_minute,
            max(0, (limits.requests_per_minute or 0) - self.requests),
            limits.tokens_per_minute,
            max(0, (limits.tokens_per_minute or 0) - self.tokens),
            reset,
        )

    def refund(self, tokens: int) -> None:
        """Take back a request of so many tokens, which somebody else refused."""
        self.requests -= 1
        self.tokens -= tokens


def _over(count: int, most: int | None) -> bool:
    return most is not None and count > most
