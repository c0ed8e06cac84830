"""The errors of the enveloped API, in its two styles. No table of them is published.

Facts are marked as in the package's docstring.
"""

from __future__ import annotations

import math
from typing import Final, Literal, NamedTuple

from emulator.types import Failure, Json, Page

__all__ = ["ERRORS", "ErrorRow", "Style", "page"]

Style = Literal["enveloped", "intro"]
"""`enveloped`: the envelope of every reference page. `intro`: the one error of the introduction, page …116."""


class ErrorRow(NamedTuple):
    """What is sent for one error name."""

    status: int
    word: str
    """The code of the style `intro`; that of the other is the status as a string."""
    message: str


# documented: unauthorized with "Invalid API key."; everything else is inferred, the words too.
ERRORS: Final[dict[str, ErrorRow]] = {
    "invalid_api_key": ErrorRow(401, "unauthorized", "Invalid API key."),
    "missing_api_key": ErrorRow(401, "unauthorized", "Invalid API key."),
    "expired_api_key": ErrorRow(401, "unauthorized", "The API key has expired."),
    "auth_scheme": ErrorRow(401, "unauthorized", "Authorization must be 'Bearer {token}'."),
    "permission_denied": ErrorRow(403, "forbidden", "Permission denied."),
    "model_not_found": ErrorRow(404, "not_found", "The model does not exist."),
    "model_not_enabled": ErrorRow(403, "forbidden", "The model is not enabled."),
    "environment_not_found": ErrorRow(404, "not_found", "The project does not exist."),
    "route_not_found": ErrorRow(404, "not_found", "The path does not exist."),
    "method_not_allowed": ErrorRow(405, "method_not_allowed", "The method is not allowed."),
    "invalid_request": ErrorRow(400, "bad_request", "The request is invalid."),
    "malformed_body": ErrorRow(400, "bad_request", "The request body is malformed."),
    "missing_model": ErrorRow(400, "bad_request", "The parameter 'model' is required."),
    "context_length_exceeded": ErrorRow(400, "bad_request", "The input exceeds the model's context length."),
    "content_filtered": ErrorRow(400, "content_filtered", "The content was filtered."),
    "payload_too_large": ErrorRow(413, "payload_too_large", "The request is too large."),
    "slow_body": ErrorRow(408, "timeout", "The request did not arrive in time."),
    # Models have limits of tokens and of requests a minute – page …114 (documented).
    "rate_limited": ErrorRow(429, "rate_limited", "Rate limit exceeded: too many requests or tokens per minute."),
    "quota_exhausted": ErrorRow(429, "quota_exhausted", "The quota is exhausted."),
    "concurrency_limited": ErrorRow(429, "rate_limited", "Rate limit exceeded: too many concurrent requests."),
    "timeout": ErrorRow(504, "timeout", "The request timed out."),
    "overloaded": ErrorRow(503, "overloaded", "The model is overloaded."),
    "server_error": ErrorRow(500, "server_error", "Internal server error."),
    "bad_gateway": ErrorRow(502, "bad_gateway", "Bad gateway."),
    # Codes of their own, so that a client's handling of a real code never swallows what is wrong with a scenario.
    "no_step": ErrorRow(404, "no_scenario_step", "no scenario step matched"),
    "template_failed": ErrorRow(500, "scenario_template_failed", "a template of the scenario failed"),
}

_OF_SCENARIOS: Final = ("no_step", "template_failed")
"""The style `enveloped` has words for these, too, in place of the status."""


def page(failure: Failure, style: Style) -> Page:
    """Write an error."""
    row = ERRORS[failure.name]
    status = failure.status or row.status
    message = failure.message or row.message
    # What a rule says of a place in the request has a code of the protocol's home, which is not this API's.
    given = None if failure.code is None or failure.param else str(failure.code)
    body: Json
    match style:
        case "enveloped":
            code = row.word.upper() if failure.name in _OF_SCENARIOS else str(status)
            body = {"success": False, "code": given or code, "message": message, "data": None}
        case "intro":
            body = {"error": {"code": given or row.word, "message": message}}
    headers = dict(failure.headers)
    if failure.retry_after is not None:
        headers["retry-after"] = str(math.ceil(failure.retry_after))
    return Page(status, body if failure.body is None else failure.body, headers)
