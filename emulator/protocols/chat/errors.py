"""The errors of Chat Completions: what OpenAI sends for each name."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final, NamedTuple

from emulator.types import Failure, Frame, Page, Stamp

__all__ = ["ERRORS", "ErrorRow", "broken", "failure"]


class ErrorRow(NamedTuple):
    """What OpenAI sends for one error name."""

    status: int
    type: str
    code: str | None
    message: str


_INVALID: Final = "invalid_request_error"

# https://platform.openai.com/docs/guides/error-codes (2026-11-20); statuses by the classes of the official SDKs, types
# and codes from recorded errors; messages are ours, but that of missing_model is recorded.
ERRORS: Final[dict[str, ErrorRow]] = {
    "invalid_api_key": ErrorRow(401, _INVALID, "invalid_api_key", "Incorrect API key provided."),
    "missing_api_key": ErrorRow(401, _INVALID, None, "You didn't provide an API key."),
    "expired_api_key": ErrorRow(401, _INVALID, "invalid_api_key", "The API key has expired."),
    "auth_scheme": ErrorRow(401, _INVALID, None, "Authorization must be 'Bearer <key>'."),
    "permission_denied": ErrorRow(403, _INVALID, None, "You do not have access to this resource."),
    "model_not_found": ErrorRow(404, _INVALID, "model_not_found", "The model does not exist."),
    "model_not_enabled": ErrorRow(403, _INVALID, "model_not_found", "You do not have access to this model."),
    "environment_not_found": ErrorRow(404, _INVALID, None, "The project does not exist."),
    "route_not_found": ErrorRow(404, _INVALID, None, "Unknown request URL."),
    "method_not_allowed": ErrorRow(405, _INVALID, "method_not_supported", "Not allowed with this method."),
    "invalid_request": ErrorRow(400, _INVALID, None, "The request is invalid."),
    "malformed_body": ErrorRow(400, _INVALID, None, "We could not parse the JSON body of your request."),
    "missing_model": ErrorRow(400, _INVALID, None, "you must provide a model parameter"),
    "context_length_exceeded": ErrorRow(
        400, _INVALID, "context_length_exceeded", "The input exceeds the model's context length."
    ),
    "content_filtered": ErrorRow(400, _INVALID, "content_filter", "The prompt was filtered."),
    "payload_too_large": ErrorRow(413, _INVALID, None, "The request is too large."),
    "slow_body": ErrorRow(408, _INVALID, None, "The request did not arrive in time."),
    "rate_limited": ErrorRow(429, "requests", "rate_limit_exceeded", "Rate limit reached for requests."),
    "quota_exhausted": ErrorRow(429, "insufficient_quota", "insufficient_quota", "You exceeded your current quota."),
    "concurrency_limited": ErrorRow(429, "requests", "rate_limit_exceeded", "Too many concurrent requests."),
    "timeout": ErrorRow(504, "server_error", "timeout", "The request timed out."),
    "overloaded": ErrorRow(503, "server_error", "overloaded", "The engine is currently overloaded."),
    "server_error": ErrorRow(500, "server_error", None, "The server had an error while processing your request."),
    "bad_gateway": ErrorRow(502, "server_error", None, "Bad gateway."),
    "no_step": ErrorRow(404, _INVALID, "no_scenario_step", "no scenario step matched"),
    "template_failed": ErrorRow(500, "server_error", "scenario_template_failed", "a template of the scenario failed"),
}


def broken(cause: Failure, sent: int, stamp: Stamp) -> Iterator[Frame]:  # noqa: ARG001 - frames have no number
    """Write an error in the middle of a stream: the body of the error, and no end marker (oai-py, _streaming.py)."""
    yield Frame(failure(cause, stamp).body)


def failure(failure: Failure, stamp: Stamp) -> Page:  # noqa: ARG001 - the request id is in a header
    """Write an error as OpenAI does: all four fields are always there (OpenAPI description, schema Error)."""
    row = ERRORS[failure.name]
    error = {
        "message": failure.message or row.message,
        "type": failure.type or row.type,
        "param": failure.param or None,
        "code": row.code if failure.code is None else failure.code,
    }
    headers = dict(failure.headers)
    if failure.retry_after is not None:
        headers["retry-after"] = str(math.ceil(failure.retry_after))
    return Page(failure.status or row.status, {"error": error} if failure.body is None else failure.body, headers)
