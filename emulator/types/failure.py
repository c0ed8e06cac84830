"""What goes wrong: the errors that a provider reports."""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

from msgspec import Struct, field

from emulator.types.values import Headers, Json, kind_of

__all__ = ["ERROR_NAMES", "ErrorName", "Failure", "Rejected", "UnscriptedErrorName"]

ErrorName: TypeAlias = Literal[
    "invalid_api_key",
    "missing_api_key",
    "expired_api_key",
    "permission_denied",
    "model_not_found",
    "model_not_enabled",
    "environment_not_found",
    "invalid_request",
    "context_length_exceeded",
    "content_filtered",
    "payload_too_large",
    "rate_limited",
    "quota_exhausted",
    "concurrency_limited",
    "timeout",
    "overloaded",
    "server_error",
    "bad_gateway",
]
ERROR_NAMES: tuple[ErrorName, ...] = get_args(ErrorName)
"""The errors a scenario can name; each provider has its own words for them."""

UnscriptedErrorName: TypeAlias = Literal[
    "auth_scheme",
    "malformed_body",
    "method_not_allowed",
    "missing_model",
    "no_step",
    "route_not_found",
    "slow_body",
    "template_failed",
]
"""What the emulator finds while it reads a call, and no scenario names."""


class Failure(Struct, frozen=True):
    """An error that the provider reports. A field that is not given is the provider's own for this name."""

    name: ErrorName | UnscriptedErrorName
    message: str | None = None
    status: int | None = None
    code: str | int | None = None
    type: str | None = None
    param: str = ""
    """The place in the request's body that is wrong, where the service tells it."""
    retry_after: float | None = None
    """Seconds."""
    body: Json = None
    """The whole body as it stands, in place of the provider's own."""
    headers: Headers = field(default_factory=dict)


class Rejected(Exception):  # noqa: N818 - an answer of the service, not an error of ours
    """A request that gets an error for an answer."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.name)
        self.failure = failure

    @classmethod
    def unreadable(cls, where: str, came: Json, wanted: str) -> Rejected:
        """Say what came at a place of the body, and what is wanted there."""
        return cls(Failure("invalid_request", f"{where}: {kind_of(came)} came, {wanted} is wanted"))
