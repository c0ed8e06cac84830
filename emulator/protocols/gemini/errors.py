"""Errors in the words of Google."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final, NamedTuple

from emulator.types import Failure, Frame, Json, Origin, Page, Stamp

__all__ = ["ERRORS", "ErrorRow", "broken", "failure"]


class ErrorRow(NamedTuple):
    """What the Gemini API sends for one error name."""

    status: int
    code: str
    """The name of a canonical code: `error.status`."""
    message: str
    origin: Origin
    """How sure the status and the code are."""
    verbatim: bool = False
    """The message is the service's own (recorded); else it is ours."""
    reason: str = ""
    """Of the detail ErrorInfo; empty: there is none."""


_INVALID: Final = "INVALID_ARGUMENT"
_EXHAUSTED: Final = "RESOURCE_EXHAUSTED"
_DENIED: Final = "PERMISSION_DENIED"
_UNAVAILABLE: Final = "UNAVAILABLE"

# Statuses and codes: https://ai.google.dev/gemini-api/docs/generate-content/api-errors (2026-11-20). Messages that are
# verbatim stand in many reports; a number in one is left out, for the emulator has none.
ERRORS: Final[dict[str, ErrorRow]] = {
    # A wrong key is a 400, and a missing one a 403: recorded, and the example of the page above.
    "invalid_api_key": ErrorRow(
        400,
        _INVALID,
        "API key not valid. Please pass a valid API key.",
        "documented",
        verbatim=True,
        reason="API_KEY_INVALID",
    ),
    "missing_api_key": ErrorRow(
        403,
        _DENIED,
        "Method doesn't allow unregistered callers (callers without established identity). "
        "Please use API Key or other form of API consumer identity to call this API.",
        "recorded",
        verbatim=True,
    ),
    "expired_api_key": ErrorRow(
        400, _INVALID, "API key expired. Please renew the API key.", "recorded", verbatim=True, reason="API_KEY_INVALID"
    ),
    "auth_scheme": ErrorRow(
        401,
        "UNAUTHENTICATED",
        "Request had invalid authentication credentials. "
        "Expected OAuth 2 access token, login cookie or other valid authentication credential.",
        "recorded",
        verbatim=True,
    ),
    "permission_denied": ErrorRow(403, _DENIED, "The caller does not have permission", "documented", verbatim=True),
    "model_not_found": ErrorRow(
        404,
        "NOT_FOUND",
        "The model is not found for this API version, or is not supported for this method.",
        "documented",
    ),
    "model_not_enabled": ErrorRow(403, _DENIED, "Your project does not have access to this model.", "inferred"),
    "environment_not_found": ErrorRow(404, "NOT_FOUND", "The project does not exist.", "inferred"),
    "route_not_found": ErrorRow(404, "NOT_FOUND", "Method not found.", "documented"),
    "method_not_allowed": ErrorRow(405, "UNIMPLEMENTED", "Method not allowed.", "inferred"),
    "invalid_request": ErrorRow(400, _INVALID, "Request contains an invalid argument.", "documented", verbatim=True),
    "malformed_body": ErrorRow(400, _INVALID, "Invalid JSON payload received.", "documented", verbatim=True),
    "missing_model": ErrorRow(400, _INVALID, "model is not specified", "inferred"),
    "context_length_exceeded": ErrorRow(
        400,
        _INVALID,
        "The input token count exceeds the maximum number of tokens allowed.",
        "recorded",
        verbatim=True,
    ),
    # A blocked prompt is an answer without candidates at its home, and what a scenario calls an error is one.
    "content_filtered": ErrorRow(400, _INVALID, "The prompt was blocked.", "inferred"),
    "payload_too_large": ErrorRow(400, _INVALID, "Request payload size exceeds the limit.", "recorded", verbatim=True),
    "slow_body": ErrorRow(408, "DEADLINE_EXCEEDED", "The request did not arrive in time.", "inferred"),
    "rate_limited": ErrorRow(
        429, _EXHAUSTED, "Resource has been exhausted (e.g. check quota).", "documented", verbatim=True
    ),
    "quota_exhausted": ErrorRow(
        429,
        _EXHAUSTED,
        "You exceeded your current quota, please check your plan and billing details.",
        "documented",
        verbatim=True,
    ),
    "concurrency_limited": ErrorRow(429, _EXHAUSTED, "Too many concurrent requests.", "inferred"),
    "timeout": ErrorRow(
        504,
        "DEADLINE_EXCEEDED",
        "Deadline expired before operation could complete.",
        "documented",
        verbatim=True,
    ),
    "overloaded": ErrorRow(
        503, _UNAVAILABLE, "The model is overloaded. Please try again later.", "documented", verbatim=True
    ),
    "server_error": ErrorRow(500, "INTERNAL", "An internal error has occurred. Please retry.", "documented"),
    "bad_gateway": ErrorRow(502, _UNAVAILABLE, "Bad gateway.", "inferred"),
    # The emulator's own.
    "no_step": ErrorRow(404, "NOT_FOUND", "no scenario step matched", "inferred"),
    "template_failed": ErrorRow(500, "INTERNAL", "a template of the scenario failed", "inferred"),
}

_PARSING: Final = ("Invalid JSON payload received. ", "Invalid value at ")
"""How the sentences begin that are about the form of the body: recorded, each with its place as a detail."""


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
    if failure.message and failure.message.startswith(_PARSING):
        details.append(
            {
                "@type": "type.googleapis.com/google.rpc.BadRequest",
                "fieldViolations": [_violation(line) for line in failure.message.split("\n")],
            }
        )
    if failure.retry_after is not None:
        # "retryDelay": "34.4s": recorded. A duration is a decimal number of seconds (proto3 JSON mapping).
        seconds = f"{failure.retry_after:.3f}".rstrip("0").rstrip(".")
        details.append({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{seconds}s"})
    return details


def _violation(line: str) -> Json:
    """Say where the body is wrong. A field at the top has no place: recorded (nashsu/llm_wiki, issue 49)."""
    _, _, place = line.partition(" at '")
    return {"field": place.partition("'")[0], "description": line} if place else {"description": line}
