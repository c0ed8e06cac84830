"""How the services at home tell a client where it stands with its limits."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from emulator.types import Headers, Quota, Stamp

__all__ = ["headers"]

_MINUTE: Final = 60
_HOUR: Final = 3600


def headers(quota: Quota, protocol: str, stamp: Stamp) -> Headers:
    """Write the headers of the protocol's home, for those limits that there are; Google has none."""
    match protocol:
        case "gemini":
            return {}
        case "messages":  # "Response headers", https://platform.claude.com/docs/en/api/rate-limits (2026-11-20)
            reset = datetime.fromtimestamp(stamp.created + math.ceil(quota.reset), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            return {
                f"anthropic-ratelimit-{kind}-{name}": value
                for kind, limit, remaining in _limits(quota)
                for name, value in (("limit", str(limit)), ("remaining", str(remaining)), ("reset", reset))
            }
        case _:  # "Rate limits in headers", https://platform.openai.com/docs/guides/rate-limits (2026-11-20)
            return {
                f"x-ratelimit-{name}-{kind}": value
                for kind, limit, remaining in _limits(quota)
                for name, value in (
                    ("limit", str(limit)),
                    ("remaining", str(remaining)),
                    ("reset", _duration(quota.reset)),
                )
            }


def _limits(quota: Quota) -> Iterator[tuple[str, int, int]]:
    if quota.limit_requests is not None:
        yield "requests", quota.limit_requests, quota.remaining_requests
    if quota.limit_tokens is not None:
        yield "tokens", quota.limit_tokens, quota.remaining_tokens


def _duration(seconds: float) -> str:
    """Write 360 as `6m0s` (the guide's sample), 0.012 as `12ms` and 8.64 as `8.64s` (recorded)."""
    milliseconds = math.ceil(round(seconds * 1000, 3))
    if 0 < milliseconds < 1000:  # noqa: PLR2004 - a second
        return f"{milliseconds}ms"
    whole, rest = divmod(milliseconds, 1000)
    hours, minutes = whole // _HOUR, whole % _HOUR // _MINUTE
    fraction = f".{rest:03}".rstrip("0").rstrip(".")
    before = (f"{hours}h" if hours else "") + (f"{minutes}m" if hours or minutes else "")
    return f"{before}{whole % _MINUTE}{fraction}s"
