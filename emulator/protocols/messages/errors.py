"""Errors in the words of Anthropic."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final, NamedTuple

from emulator.types import Completion, Failure, Frame, Json, Origin, Page, Stamp

__all__ = ["ERRORS", "ErrorRow", "blocked", "broken", "failure", "request_id", "threads_unsupported"]


class ErrorRow(NamedTuple):
    """What Anthropic sends for one error name."""

    status: int
    type: str
    message: str
    origin: Origin
    """How sure the status and the type are."""
    verbatim: bool = False
    """The message is the service's own (recorded); else it is ours."""


_INVALID: Final = "invalid_request_error"
_AUTHENTICATION: Final = "authentication_error"
_RATE: Final = "rate_limit_error"

# Statuses and types: https://platform.claude.com/docs/en/api/errors (2026-11-20), which leaves invalid_request_error to
# "other 4XX status codes" too; the classes of the released SDKs are the same (anthropic 2.11, _error_classes.py).
# Messages are verbatim where users report them with the ids of their requests, such as in issues 30485 and 71670 of
# github.com/anthropics/claude-code.
ERRORS: Final[dict[str, ErrorRow]] = {
    "invalid_api_key": ErrorRow(401, _AUTHENTICATION, "invalid x-api-key", "documented", verbatim=True),
    "missing_api_key": ErrorRow(401, _AUTHENTICATION, "x-api-key header is required", "documented", verbatim=True),
    "expired_api_key": ErrorRow(401, _AUTHENTICATION, "The API key has expired.", "documented"),
    "auth_scheme": ErrorRow(401, _AUTHENTICATION, "Authorization must be 'Bearer <key>'.", "inferred"),
    "permission_denied": ErrorRow(403, "permission_error", "Your API key may not use this resource.", "documented"),
    "model_not_found": ErrorRow(404, "not_found_error", "The model does not exist.", "documented"),
    "model_not_enabled": ErrorRow(403, "permission_error", "Your API key may not use this model.", "inferred"),
    "environment_not_found": ErrorRow(404, "not_found_error", "The workspace does not exist.", "inferred"),
    "route_not_found": ErrorRow(404, "not_found_error", "Not Found", "documented"),
    "method_not_allowed": ErrorRow(405, _INVALID, "Method Not Allowed", "inferred"),
    "invalid_request": ErrorRow(400, _INVALID, "The request is invalid.", "documented"),
    "malformed_body": ErrorRow(400, _INVALID, "The request body is not valid JSON.", "documented"),
    "missing_model": ErrorRow(400, _INVALID, "model: Field required", "documented", verbatim=True),
    # There with the numbers.
    "context_length_exceeded": ErrorRow(400, _INVALID, "prompt is too long", "documented", verbatim=True),
    "content_filtered": ErrorRow(
        400, _INVALID, "Output blocked by content filtering policy", "documented", verbatim=True
    ),
    "payload_too_large": ErrorRow(413, "request_too_large", "Request exceeds the maximum size", "documented"),
    "slow_body": ErrorRow(408, _INVALID, "The request did not arrive in time.", "package"),
    "rate_limited": ErrorRow(
        429,
        _RATE,
        "This request would exceed your account's rate limit. Please try again later.",
        "documented",
        verbatim=True,
    ),
    # 402 is for payment; a used-up limit on spending is a 429 (types of the SDKs: EnforcedSpendLimitReachedError).
    "quota_exhausted": ErrorRow(429, _RATE, "You have reached your usage limit.", "package"),
    "concurrency_limited": ErrorRow(
        429, _RATE, "Number of concurrent connections has exceeded your rate limit.", "documented"
    ),
    "timeout": ErrorRow(504, "timeout_error", "The request timed out.", "documented"),
    "overloaded": ErrorRow(529, "overloaded_error", "Overloaded", "documented", verbatim=True),
    "server_error": ErrorRow(500, "api_error", "Internal server error", "documented", verbatim=True),
    "bad_gateway": ErrorRow(502, "api_error", "Bad gateway", "inferred"),
    # The emulator's own.
    "no_step": ErrorRow(404, "not_found_error", "no scenario step matched", "inferred"),
    "template_failed": ErrorRow(500, "api_error", "a template of the scenario failed", "inferred"),
}


def broken(cause: Failure, sent: int, stamp: Stamp) -> Iterator[Frame]:  # noqa: ARG001 - frames have no number
    """Write an error in the middle of a stream: an event of that name, with the body of the error."""
    yield Frame(failure(cause, stamp).body, event="error")


def blocked(done: Completion) -> Failure:  # noqa: ARG001 - the API does not say the reason
    """Give what a blocked prompt is answered with: an error, as the row above has recorded it."""
    return Failure("content_filtered")


def failure(failure: Failure, stamp: Stamp) -> Page:
    """Write an error: `type` and `message`, and where it has a code of its own `details` with it.

    "error.details.error_code … names the cause" – types of the SDKs, APIStatusError.details (anthropic 2.11).
    """
    row = ERRORS[failure.name]
    error: Json = {"type": failure.type or row.type, "message": failure.message or row.message}
    if failure.code is not None:
        error["details"] = {"error_code": failure.code}
    body = {"type": "error", "error": error, "request_id": request_id(stamp)}
    headers = dict(failure.headers)
    if failure.retry_after is not None:
        headers["retry-after"] = str(math.ceil(failure.retry_after))
    return Page(failure.status or row.status, body if failure.body is None else failure.body, headers)


def request_id(stamp: Stamp) -> str:
    """The id that errors carry, and every response of the service in its header `request-id`."""
    return f"req_{stamp.hex('request', 32)}"


def threads_unsupported() -> Failure:
    """The refusal of a message thread, as it stands: with it the tool runners of the SDKs send the whole history.

    "Send the full conversation without `thread`" – types of the SDKs, ThreadUnsupportedRequestError (anthropic 2.11).
    """
    message = "thread: message threads are not served here; send the full conversation without it"
    details = {"error_code": "thread_unsupported_request"}
    body = {"type": "error", "error": {"type": _INVALID, "message": message, "details": details}}
    return Failure("invalid_request", message, status=400, body=body)
