"""The error codes of CloudBase, and which of them each neutral error name is.

Facts are marked as in the package's docstring.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from msgspec import Struct

from emulator.types import Failure

__all__ = ["ERRORS", "NAMES", "ErrorRow", "Named", "Origin", "Said", "said"]

Origin = Literal["documented", "field", "upstream", "inferred", "emulator"]


class ErrorRow(Struct, frozen=True):
    """What the gateway sends with one code."""

    status: int
    message: str
    cause: str
    origin: Origin
    """How sure the status is."""
    verbatim: bool = False
    """The message is the service's own; else it is ours."""


# docs.cloudbase.net /error-code/service, /error-code/basic, AI error codes, /faq/knowledge/ai-429-error-and-token-quota
ERRORS: Final[dict[str, ErrorRow]] = {
    "MISSING_CREDENTIALS": ErrorRow(401, "Credentials are missing", "no Authorization header", "field"),
    "INVALID_CREDENTIALS": ErrorRow(401, "Credentials are invalid", "a wrong key or token", "field", verbatim=True),
    "ACCESS_TOKEN_EXPIRED": ErrorRow(401, "Access token is expired", "the token's time is over", "field"),
    "ACCESS_TOKEN_INVALID": ErrorRow(401, "Access token is invalid", "a malformed token", "field"),
    "UNSUPPORTED_AUTH_TYPE": ErrorRow(401, "Authorization must be 'Bearer <token>'", "another scheme", "inferred"),
    "AUTHENTICATION_FAILED": ErrorRow(401, "Authentication failed", "the credentials could not be checked", "inferred"),
    "ACTION_FORBIDDEN": ErrorRow(403, "This action is forbidden", "the identity lacks the right", "inferred"),
    "PERMISSION_DENIED": ErrorRow(403, "Permission denied", "the identity lacks the right", "inferred"),
    "AI_MODEL_NOT_SUPPORTED": ErrorRow(403, "The model is not supported", "not switched on in its group", "field"),
    "AI_CHANNEL_NOT_ALLOWED": ErrorRow(
        403,
        "小程序成长计划仅支持小程序 SDK 和云开发 SDK 调用。",
        "growth-plan quota used from something other than a CloudBase SDK",
        "field",
        verbatim=True,
    ),
    "AI_MODEL_DISABLED": ErrorRow(404, "The model is disabled", "disabled in the console", "inferred"),
    "AI_MODEL_NOT_FOUND": ErrorRow(404, "The model is not found", "no such model or group", "inferred"),
    "AI_MODEL_PARAM_REQUIRED": ErrorRow(400, "The parameter 'model' is required", "no model named", "inferred"),
    "AI_MODEL_PARAM_INVALID": ErrorRow(400, "A parameter is invalid", "a wrong type or range", "inferred"),
    "AI_MODEL_CONFIG_MISSING": ErrorRow(400, "The model is not configured", "the group lacks its key", "inferred"),
    "AI_MODEL_REQUEST_FAILED": ErrorRow(502, "The request to the model failed", "the model failed", "inferred"),
    "EXCEED_TOKEN_QUOTA_LIMIT": ErrorRow(
        429, "Token usage exceeded quota limit.", "the resource pack is used up", "documented", verbatim=True
    ),
    "EXCEED_CONCURRENT_REQUEST_LIMIT": ErrorRow(
        429, "Concurrent requests exceeded limit.", "over the environment's concurrency (5)", "documented"
    ),
    "429": ErrorRow(
        429,
        "该 API key 已达到该模型每分钟请求数(QPM)上限，请稍后再试或申请提额。",  # noqa: RUF001 - the service's own words
        "over the model's requests per minute",
        "field",
        verbatim=True,
    ),
    "EXCEED_RATELIMIT": ErrorRow(429, "Requests exceeded rate limit.", "over the plan's rate", "inferred"),
    "EXCEED_MAX_PAYLOAD_SIZE": ErrorRow(413, "The request body is too large", "a body over the limit", "inferred"),
    "EXCEED_REQUEST_SIZE_LIMIT": ErrorRow(413, "The request is too large", "a request over the limit", "inferred"),
    "BAD_REQUEST": ErrorRow(400, "The request is malformed", "a body that is no JSON object", "inferred"),
    "INVALID_REQUEST": ErrorRow(400, "The request is invalid", "a request that is not understood", "inferred"),
    "INVALID_PARAM": ErrorRow(400, "A parameter is invalid", "a parameter that is not understood", "inferred"),
    "INVALID_PATH": ErrorRow(404, "The path is invalid", "no such route", "inferred"),
    "INVALID_ENV": ErrorRow(404, "The environment is invalid", "no such environment", "inferred"),
    "INVALID_HOST": ErrorRow(404, "The host is invalid", "a host of no environment", "inferred"),
    "ENV_ABNORMAL": ErrorRow(400, "The environment is abnormal", "an environment that can't be used", "inferred"),
    "ENV_NOT_READY": ErrorRow(400, "The environment is not ready", "an environment being made", "inferred"),
    "INVALID_ENV_STATUS": ErrorRow(400, "The environment can't be used", "its status forbids it", "inferred"),
    "SERVICE_FORBIDDEN": ErrorRow(403, "The service is forbidden", "the service is off", "inferred"),
    "HTTPSERVICE_NONACTIVATED": ErrorRow(403, "The HTTP service is not activated", "it is off", "inferred"),
    "ENV_FEATURE_NOT_CONFIGURED": ErrorRow(403, "The feature is not configured", "it is off", "inferred"),
    "SERVICE_CHARGE_OVERDUE": ErrorRow(403, "The account is in arrears", "bills are not paid", "inferred"),
    "SERVICE_TIMEOUT": ErrorRow(
        504, "The service timed out", "over 60 s without Accept: text/event-stream", "inferred"
    ),
    "SERVER_TIMEOUT": ErrorRow(504, "The server timed out", "over 60 s without Accept: text/event-stream", "inferred"),
    "BAD_GATEWAY": ErrorRow(502, "Bad gateway", "the service behind the gateway is broken", "inferred"),
    "SYS_ERR": ErrorRow(500, "System error", "an internal error", "inferred"),
    "REFRESH_TOKEN_EXPIRED": ErrorRow(401, "Refresh token is expired", "a login that is too old", "field"),
    # The gateway's form of moderation is not documented; the service behind it says 451001.
    "451001": ErrorRow(451, "The content is not allowed", "moderation", "upstream"),
    # A code of its own, so that a client's handling of a real code never swallows a miss.
    "NO_SCENARIO_STEP": ErrorRow(404, "no scenario step matched", "no step of a scenario fits the request", "emulator"),
    "SCENARIO_TEMPLATE_FAILED": ErrorRow(
        500, "a template of the scenario failed", "a template can't be filled in for this request", "emulator"
    ),
}


class Named(NamedTuple):
    """What a neutral name is here: a code, and what its row does not say for this case."""

    code: str
    status: int | None = None
    message: str | None = None


NAMES: Final[dict[str, Named]] = {
    # what a scenario can name
    "invalid_api_key": Named("INVALID_CREDENTIALS"),
    "missing_api_key": Named("MISSING_CREDENTIALS"),
    "expired_api_key": Named("ACCESS_TOKEN_EXPIRED"),
    "permission_denied": Named("PERMISSION_DENIED"),
    "model_not_found": Named("AI_MODEL_NOT_FOUND"),
    "model_not_enabled": Named("AI_MODEL_NOT_SUPPORTED"),
    "environment_not_found": Named("INVALID_ENV"),
    "invalid_request": Named("AI_MODEL_PARAM_INVALID"),
    "context_length_exceeded": Named("AI_MODEL_PARAM_INVALID", message="The input exceeds the model's context length"),
    "content_filtered": Named("451001"),
    "payload_too_large": Named("EXCEED_MAX_PAYLOAD_SIZE"),
    "rate_limited": Named("EXCEED_RATELIMIT"),
    "quota_exhausted": Named("EXCEED_TOKEN_QUOTA_LIMIT"),
    "concurrency_limited": Named("EXCEED_CONCURRENT_REQUEST_LIMIT"),
    "timeout": Named("SERVICE_TIMEOUT"),
    "overloaded": Named("AI_MODEL_REQUEST_FAILED", 503, "The model is overloaded, try again later"),
    "server_error": Named("SYS_ERR"),
    "bad_gateway": Named("BAD_GATEWAY"),
    # what only the emulator finds
    "auth_scheme": Named("UNSUPPORTED_AUTH_TYPE"),
    "malformed_body": Named("BAD_REQUEST"),
    "method_not_allowed": Named("INVALID_REQUEST", 405),
    "missing_model": Named("AI_MODEL_PARAM_REQUIRED"),
    "route_not_found": Named("INVALID_PATH"),
    "slow_body": Named("BAD_REQUEST", 408),
    "no_step": Named("NO_SCENARIO_STEP"),
    "template_failed": Named("SCENARIO_TEMPLATE_FAILED"),
}


_CODES_OF_REQUESTS: Final = ("missing_required_parameter", "mutually_exclusive_parameters", "unsupported_parameter")
"""The codes of OpenAI that come without a place."""


class Said(NamedTuple):
    """An error in CloudBase's words."""

    status: int
    code: str
    message: str


def said(failure: Failure) -> Said:
    """Word a failure. A code that the failure brings along and that is known here decides instead of the name.

    What a rule says of a place in the request has codes of the protocol's home, which the gateway has not (inferred).
    """
    named = NAMES[failure.name]
    code = None if failure.param or failure.code in _CODES_OF_REQUESTS else failure.code
    if code is not None and str(code) in ERRORS:
        named = Named(str(code))
    row = ERRORS[named.code]
    return Said(
        status=failure.status or named.status or row.status,
        code=named.code if code is None else str(code),
        message=failure.message or named.message or row.message,
    )
