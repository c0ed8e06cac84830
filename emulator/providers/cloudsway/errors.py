"""The errors of Cloudsway: which the gateway makes and which the model behind it, and how each is written.

Facts are marked as in the package's docstring.
"""

from __future__ import annotations

import json
import math
from typing import Final, Literal, NamedTuple

from msgspec.structs import replace

from emulator.protocols import chat, gemini
from emulator.types import Failure, Json, Page, Stamp

__all__ = ["ERRORS", "WORDS", "ErrorRow", "Maker", "Origin", "by_gateway", "nested", "with_status"]

Maker = Literal["gateway", "model"]
Origin = Literal["documented", "field", "inferred", "emulator"]


class ErrorRow(NamedTuple):
    """What is sent for one error name."""

    maker: Maker
    status: int
    code: str
    """The status as a string (field), or the word of a documented sub-code."""
    message: str
    """Ours. Of an error that the model makes: empty, because each model has its own."""
    origin: Origin
    """How sure the status is."""


# api-reference/errorcode: the statuses 400, 401, 403, 404, 409, 429, 500, 503, 504 and the sub-codes of 400
# (documented). No body of 401, 403, 404, 429 and 5xx is published, nor who makes which (inferred).
ERRORS: Final[dict[str, ErrorRow]] = {
    "missing_api_key": ErrorRow("gateway", 401, "401", "The access key is missing", "documented"),
    "invalid_api_key": ErrorRow("gateway", 401, "401", "The access key is invalid", "documented"),
    "expired_api_key": ErrorRow("gateway", 401, "401", "The access key has expired", "inferred"),
    "auth_scheme": ErrorRow("gateway", 401, "401", "Authorization must be 'Bearer <access key>'", "inferred"),
    # "IP not on the allow-list" (documented); clients look for /white list/i (field).
    "permission_denied": ErrorRow("gateway", 403, "403", "The IP is not in the white list", "documented"),
    "model_not_found": ErrorRow("gateway", 404, "404", "The model does not exist", "documented"),
    "model_not_enabled": ErrorRow(
        "gateway", 400, "NO_PROVIDER_ERROR", "No provider serves this model for this endpoint", "documented"
    ),
    "environment_not_found": ErrorRow("gateway", 400, "NO_ENDPOINT", "The endpoint does not exist", "documented"),
    "route_not_found": ErrorRow(
        "gateway", 404, "404", "The URL does not exist, or does not fit the model of the endpoint", "documented"
    ),
    "method_not_allowed": ErrorRow("gateway", 405, "405", "The method is not allowed", "inferred"),
    "malformed_body": ErrorRow("gateway", 400, "400", "The body is malformed", "inferred"),
    "missing_model": ErrorRow("gateway", 400, "400", "The parameter 'model' is required", "documented"),
    "payload_too_large": ErrorRow("gateway", 413, "413", "The request is too large", "inferred"),
    "slow_body": ErrorRow("gateway", 408, "408", "The request did not arrive in time", "inferred"),
    # "Bad Request" is: the response was filtered (documented).
    "content_filtered": ErrorRow("gateway", 400, "Bad Request", "The response was filtered", "documented"),
    # Clients retry on /rate.?limit/i (field).
    "rate_limited": ErrorRow("gateway", 429, "429", "The rate limit is exceeded", "documented"),
    "quota_exhausted": ErrorRow("gateway", 429, "429", "The quota is exhausted (rate limit)", "inferred"),
    "concurrency_limited": ErrorRow("gateway", 429, "429", "The rate limit of parallel requests", "inferred"),
    "timeout": ErrorRow("gateway", 504, "504", "The gateway timed out", "documented"),
    "bad_gateway": ErrorRow("gateway", 502, "502", "The gateway got no answer that it could read", "inferred"),
    "invalid_request": ErrorRow("model", 400, "400", "", "field"),
    "context_length_exceeded": ErrorRow("model", 400, "400", "", "field"),
    "server_error": ErrorRow("model", 500, "500", "", "documented"),
    "overloaded": ErrorRow("model", 503, "503", "", "documented"),
    # A code of its own, so that a client's handling of a real code never swallows a miss.
    "no_step": ErrorRow("gateway", 404, "NO_SCENARIO_STEP", "no scenario step matched", "emulator"),
    "template_failed": ErrorRow(
        "gateway", 500, "SCENARIO_TEMPLATE_FAILED", "a template of the scenario failed", "emulator"
    ),
}

# What a model says on the OpenAI path where a scenario has no words: the beginnings are the models' own (field), with
# what a scenario would have to fill in left out. What is not here has the words of the protocol that the model speaks.
WORDS: Final[dict[tuple[str, str], str]] = {
    ("Ge", "invalid_request"): "Unable to submit request because it is invalid. Update the value and try again.",
    ("Ge", "context_length_exceeded"): "Unable to submit request because the input has too many tokens.",
    ("Cl", "invalid_request"): "The request is invalid for this model.",
    ("Cl", "context_length_exceeded"): "Input is too long for requested model.",
    ("Cl", "server_error"): "The system encountered an unexpected error during processing. Try your request again.",
    ("Cl", "overloaded"): "The service is unavailable. Try again.",
}


def by_gateway(failure: Failure) -> Page:
    """`{"error": {"code", "message"}}`: no type, no param (field)."""
    row = ERRORS[failure.name]
    code = row.code if failure.code is None else str(failure.code)
    return _page(failure, code, failure.message or row.message)


def nested(failure: Failure, series: str | None, stamp: Stamp) -> Page:
    """On the OpenAI path the message is the whole body that the model sent, as a string (field).

    A code and a type that a scenario gives are the model's: the gateway's code stays the status.
    """
    worded = replace(failure, message=failure.message or WORDS.get((series or "", failure.name)))
    said = with_status(worded)
    match series:
        case "Ge":
            inner = _pretty(gemini.failure(said, stamp).body)
        case "Cl":  # Bedrock's shape, compact (field)
            inner = json.dumps({"message": worded.message}, ensure_ascii=False)
        case _:
            inner = _pretty(chat.failure(said, stamp).body)
    return _page(failure, str(said.status), inner)


def with_status(failure: Failure) -> Failure:
    """The same with the status that is documented here, which need not be the one at the model's home."""
    return replace(failure, status=failure.status or ERRORS[failure.name].status)


def _page(failure: Failure, code: str, message: str) -> Page:
    body: Json = {"error": {"code": code, "message": message}}
    headers: dict[str, str] = dict(failure.headers)
    if failure.retry_after is not None:
        headers["retry-after"] = str(math.ceil(failure.retry_after))
    status = failure.status or ERRORS[failure.name].status
    return Page(status, body if failure.body is None else failure.body, headers)


def _pretty(body: Json) -> str:
    """JSON over several lines, as the models' services write it; white space within is not certain (field)."""
    return json.dumps(body, indent=2, ensure_ascii=False)
