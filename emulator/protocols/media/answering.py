"""What the three codecs say alike: errors, and what a step leaves unsaid."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final, NamedTuple

from emulator.types import (
    Completion,
    Embedding,
    Failure,
    Frame,
    Framing,
    Media,
    Memory,
    Page,
    Rejected,
    Request,
    Stamp,
    ToolCall,
)

__all__ = ["ERRORS", "blocked", "broken", "failure", "framing", "keep", "unfit"]


class ErrorRow(NamedTuple):
    """What OpenAI sends for one error name."""

    status: int
    type: str
    code: str | None
    message: str


_INVALID: Final = "invalid_request_error"

# https://platform.openai.com/docs/guides/error-codes (2026-11-20): one page for all of OpenAI's operations.
# Messages are ours.
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
    "malformed_body": ErrorRow(400, _INVALID, None, "We could not parse the body of your request."),
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
    "template_failed": ErrorRow(500, "server_error", "template_failed", "A template of the scenario failed."),
}


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


def broken(cause: Failure, sent: int, stamp: Stamp) -> Iterator[Frame]:  # noqa: ARG001 - frames have no number
    """Write an error in the middle of a stream: the body of the error (package: openai 3.51, _streaming.py)."""
    yield Frame(failure(cause, stamp).body)


def varies(request: Request) -> None:
    """Give nothing: answers depend on the input."""


def blocked(done: Completion) -> Failure:  # noqa: ARG001 - the reason has no place in the error
    """Give the error that it is here: there is no answer without content."""
    return Failure("content_filtered")


def framing(request: Request) -> Framing:  # noqa: ARG001 - the same for every request
    """Server-sent events."""
    return "sse"


def keep(done: Completion, request: Request, memory: Memory, stamp: Stamp) -> None:
    """Nothing: no request refers to an earlier one."""


def unfit(done: Completion, asked: str, key: str) -> Rejected:
    """Make what is raised where a step says something else than what is asked for."""
    said = _said(done)
    return Rejected(Failure("no_step", f"the step answers with {said}, but {asked} asked for; give its reply '{key}'"))


def _said(done: Completion) -> str:
    match done.parts:
        case [Embedding(), *_]:
            return "embeddings"
        case [Media("audio"), *_]:
            return "audio"
        case [Media(), *_]:
            return "images"
        case [ToolCall(), *_]:
            return "a call"
        case _:
            return "text"
