"""Errors in the words of Google."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final, NamedTuple

from emulator.types import Failure, Frame, Json, Page, Stamp

__all__ = ["ERRORS", "broken", "failure"]


class ErrorRow(NamedTuple):
    """What the Gemini API sends for one error name."""

    status: int
    code: str
    """The name of a canonical code: `error.status`."""
    message: str
    reason: str = ""
    """Of the detail ErrorInfo; empty: there is none."""


_INVALID: Final = "INVALID_ARGUMENT"
_EXHAUSTED: Final = "RESOURCE_EXHAUSTED"
_DENIED: Final = "PERMISSION_DENIED"
_UNAVAILABLE: Final = "UNAVAILABLE"

# Statuses and codes: https://ai.google.dev/gemini-api/docs/generate-content/api-errors (2026-11-20). What is marked
# recorded stands in many reports; a number in it is left out, for the emulator has none. Other messages are ours.
ERRORS: Final[dict[str, ErrorRow]] = {
    # A wrong key is a 400, and a missing one a 403: recorded, and the example of the page above.
    "invalid_api_key": ErrorRow(
        400, _INVALID, "API key not valid. Please pass a valid API key.", reason="API_KEY_INVALID"
    ),
    "missing_api_key": ErrorRow(
        403,
        _DENIED,
        "Method doesn't allow unregistered callers (callers without established identity). "
        "Please use API Key or other form of API consumer identity to call this API.",
    ),
    "expired_api_key": ErrorRow(  # recorded
        400, _INVALID, "API key expired. Please renew the API key.", reason="API_KEY_INVALID"
    ),
    "auth_scheme": ErrorRow(  # recorded
        401,
        "UNAUTHENTICATED",
        "Request had invalid authentication credentials. "
        "Expected OAuth 2 access token, login cookie or other valid authentication credential.",
    ),
    "permission_denied": ErrorRow(403, _DENIED, "The caller does not have permission"),  # recorded
    "model_not_found": ErrorRow(
        404, "NOT_FOUND", "The model is not found for this API version, or is not supported for this method."
    ),
    "model_not_enabled": ErrorRow(403, _DENIED, "Your project does not have access to this model."),
    "environment_not_found": ErrorRow(404, "NOT_FOUND", "The project does not exist."),
    "route_not_found": ErrorRow(404, "NOT_FOUND", "Method not found."),
    "method_not_allowed": ErrorRow(405, "UNIMPLEMENTED", "Method not allowed."),
    "invalid_request": ErrorRow(400, _INVALID, "Request contains an invalid argument."),  # recorded
    "malformed_body": ErrorRow(400, _INVALID, "Invalid JSON payload received."),  # recorded, there with the place
    "missing_model": ErrorRow(400, _INVALID, "model is not specified"),
    "context_length_exceeded": ErrorRow(  # recorded, there with the numbers
        400, _INVALID, "The input token count exceeds the maximum number of tokens allowed."
    ),
    # inferred: a blocked prompt is an answer without candidates at its home, and what a scenario calls an error is one.
    "content_filtered": ErrorRow(400, _INVALID, "The prompt was blocked."),
    "payload_too_large": ErrorRow(400, _INVALID, "Request payload size exceeds the limit."),  # recorded, with the limit
    "slow_body": ErrorRow(408, "DEADLINE_EXCEEDED", "The request did not arrive in time."),
    "rate_limited": ErrorRow(429, _EXHAUSTED, "Resource has been exhausted (e.g. check quota)."),  # recorded
    "quota_exhausted": ErrorRow(  # recorded
        429, _EXHAUSTED, "You exceeded your current quota, please check your plan and billing details."
    ),
    "concurrency_limited": ErrorRow(429, _EXHAUSTED, "Too many concurrent requests."),
    "timeout": ErrorRow(504, "DEADLINE_EXCEEDED", "Deadline expired before operation could complete."),  # recorded
    "overloaded": ErrorRow(503, _UNAVAILABLE, "The model is overloaded. Please try again later."),  # recorded
    "server_error": ErrorRow(500, "INTERNAL", "An internal error has occurred. Please retry."),
    "bad_gateway": ErrorRow(502, _UNAVAILABLE, "Bad gateway."),
    "no_step": ErrorRow(404, "NOT_FOUND", "no scenario step matched"),
    "template_failed": ErrorRow(500, "INTERNAL", "a template of the scenario failed"),
}


def broken(cause: Failure, sent: int, stamp: Stamp) -> Iterator[Frame]:  # noqa: ARG001 - frames have no number
    """Write an error in the middle of a stream: the body of the error (recorded: `data: {"error": {…}}`)."""
    yield Frame(failure(cause, stamp).body)


def failure(failure: Failure, stamp: Stamp) -> Page:  # noqa: ARG001 - nothing in it is of one exchange
    """Write an error: code, message and status always, details where there are any."""
    row = ERRORS[failure.name]
    status = failure.status or row.status
    error: dict[str, Json] = {
        "code": status if failure.code is None else failure.code,
        "message": failure.message or row.message,
        "status": failure.type or row.code,
    }
    if details := _details(row, failure):
        error["details"] = details
    headers = dict(failure.headers)
    if failure.retry_after is not None:
        # inferred: the service says it in RetryInfo alone; the header is for clients that read no other.
        headers["retry-after"] = str(math.ceil(failure.retry_after))
    return Page(status, {"error": error} if failure.body is None else failure.body, headers)


def _details(row: ErrorRow, failure: Failure) -> list[Json]:
    """The details of google.rpc (googleapis, google/rpc/error_details.proto)."""
    details: list[Json] = []
    if row.reason:  # recorded: the example of the page above
        details.append(
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": row.reason,
                "domain": "googleapis.com",
                "metadata": {"service": "generativelanguage.googleapis.com"},
            }
        )
    if failure.retry_after is not None:
        # "retryDelay": "34.4s": recorded. A duration is a decimal number of seconds (proto3 JSON mapping).
        seconds = f"{failure.retry_after:.3f}".rstrip("0").rstrip(".")
        details.append({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{seconds}s"})
    return details
