"""An account with CloudBase: hosts, routes, keys, and the last word over what goes out.

Facts are marked as in the package's docstring.
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar, Final, Literal

from emulator import jsontext
from emulator.protocols import chat
from emulator.providers.cloudbase import errors, quirks
from emulator.types import (
    Call,
    Completion,
    Endpoint,
    Failure,
    Frame,
    Headers,
    Json,
    Page,
    Rejected,
    Request,
    Stamp,
    WireProtocol,
)

__all__ = ["CloudBase"]

# "The general AI route is POST /v1/ai/:provider/:path" – docs.cloudbase.net /en/http-api/ai-model/call-llm (2026-11)
_TAILS: Final[dict[str, WireProtocol]] = {"chat/completions": chat, "v1/chat/completions": chat}

_TITLED: Final = "hunyuan"
"""The group that answers in the manner of Tencent Cloud's API 3.0 (package: src/models/HunYuan/index.ts)."""

# The tails that the CloudBase SDK builds for one group alone (package: @cloudbase/ai src/models/*/index.ts, subUrl).
_GROUP_TAILS: Final[dict[tuple[str, str], WireProtocol]] = {
    ("hunyuan-beta", "openapi/v1/chat/completions"): chat,
    ("ark", "api/v3/chat/completions"): chat,
    ("dashscope", "compatible-mode/v1/chat/completions"): chat,
    ("zhipu", "api/paas/v4/chat/completions"): chat,
    (_TITLED, ""): chat,
}

_GROUPS: Final = (
    "cloudbase",
    "hunyuan-v3",
    "hunyuan-exp",
    "hunyuan-open",
    "hunyuan-beta",
    "hunyuan",
    "hunyuan-image",
    "deepseek",
    "ark",
    "dashscope",
    "01-ai",
    "moonshot",
    "zhipu",
)

_LITERAL: Final = ("/v1/ai/", "/v1/aibot/", "/auth/v1/")


@dataclass(frozen=True, slots=True)
class CloudBase:
    """An account with CloudBase."""

    name: ClassVar[Literal["cloudbase"]] = "cloudbase"
    hosts: ClassVar[tuple[str, ...]] = (".api.tcloudbasegateway.com", ".api.intl.tcloudbasegateway.com")

    api_keys: tuple[str, ...] = ()
    """The valid keys; none: any key is valid."""
    environment: str = ""
    """The environment id where the Host header names none."""
    groups: tuple[str, ...] = _GROUPS
    """The provider groups that exist, beside custom-*."""
    stream_style: Literal["auto", "openai", "sdk"] = "auto"
    """`openai`: a role chunk first. `sdk`: role and first output in one chunk and usage on the last one, as the
    CloudBase SDKs need for their tool loop. `auto`: `sdk` for requests of a CloudBase SDK, else `openai`."""

    def claims(self, path: str) -> bool:
        """Whether a literal path is CloudBase's."""
        return path.startswith(_LITERAL)

    def base_url(self, origin: str) -> str:
        """The base URL of the first group, which is the managed one."""
        return f"{origin}/v1/ai/{self.groups[0]}"

    def sample(self, model: str, user: str) -> Call:
        """The first request of the documentation's page on curl (seed 000)."""
        content = {"model": model or "hy3-preview", "messages": [{"role": "user", "content": user or "Hello"}]}
        return Call("POST", f"{self.base_url('')}/chat/completions", body=jsontext.dumps(content))

    def resolve(self, call: Call, stamp: Stamp) -> Endpoint | Page:
        """Find the route and check the key. Raises Rejected.

        The route comes first: a wrong path is reported as such with any key (inferred).
        """
        if call.method == "OPTIONS":
            return Page(204, None, {"access-control-allow-methods": "GET, POST, PATCH, DELETE, OPTIONS"})
        group, tail = _route(call)
        known = group in self.groups or group.startswith("custom-")
        protocol = _TAILS.get(tail) or _GROUP_TAILS.get((group, tail))
        action = call.headers.get("x-tc-action", "ChatCompletions")
        if protocol is None or (_titled(call) and action != "ChatCompletions"):
            raise Rejected(Failure("route_not_found", f"The path is invalid: {call.path}"))
        if call.method != "POST":
            message = f"{call.method} is not a method of {call.path}; POST is"
            raise Rejected(Failure("method_not_allowed", message, headers={"allow": "POST"}))
        self._check_key(call, stamp)
        if not known:
            message = f"The model group '{group}' is not found; known are {', '.join(self.groups)}, custom-*"
            raise Rejected(Failure("model_not_found", message))
        return Endpoint(self.name, protocol, target=group, environment=self._environment(call))

    def _environment(self, call: Call) -> str:
        return call.host.partition(".")[0] if call.host.endswith(self.hosts) else self.environment

    def _check_key(self, call: Call, stamp: Stamp) -> None:
        """Bearer only: neither x-api-key nor another scheme (documented: seed 003, /http-api/basic/access-token)."""
        scheme, _, key = call.headers.get("authorization", "").strip().partition(" ")
        key = key.strip()
        if not scheme or (scheme.lower() == "bearer" and not key):
            raise Rejected(Failure("missing_api_key"))
        if scheme.lower() != "bearer":
            raise Rejected(Failure("auth_scheme"))
        # Failure paths of the SDKs send the literal "Bearer undefined" (package).
        if key in {"undefined", "null"} or (self.api_keys and key not in self.api_keys):
            raise Rejected(Failure("invalid_api_key"))
        if _expiry(key) <= stamp.created:
            raise Rejected(Failure("expired_api_key"))

    def body(self, body: Json, request: Request, stamp: Stamp) -> Json:
        """The documented fields and no others."""
        lean = quirks.lean_body(body)
        if not _titled(request.call):
            return lean
        return {"Response": {**quirks.titled(lean), "RequestId": _request_id(stamp)}}

    def frames(self, frames: Iterator[Frame], done: Completion, request: Request, stamp: Stamp) -> Iterator[Frame]:
        """The documented fields and no others, in one of two styles."""
        sdk = self.stream_style == "sdk" or (self.stream_style == "auto" and _from_cloudbase_sdk(request.call))
        styled = quirks.sdk_style(frames, done, request, stamp) if sdk else quirks.openai_style(frames)
        if not _titled(request.call):
            return styled
        return (replace(frame, data=quirks.titled(frame.data)) for frame in styled)  # package: chunks are not wrapped

    def failure(self, failure: Failure, call: Call, stamp: Stamp) -> Page:  # noqa: ARG002 - the signature of a provider
        """Flat: {code, message, requestId} (documented: /http-api/ai-bot). requestId equals X-Request-Id (inferred)."""
        said = errors.said(failure)
        body = {"code": said.code, "message": said.message, "requestId": _request_id(stamp)}
        headers = dict(failure.headers)
        if failure.retry_after is not None:
            headers["retry-after"] = str(math.ceil(failure.retry_after))  # upstream: in whole seconds
        return Page(said.status, body if failure.body is None else failure.body, headers)

    def headers(self, call: Call, stamp: Stamp) -> Headers:
        """X-Request-Id (documented), and leave for web pages to read the answer where one asks (inferred)."""
        headers = {"x-request-id": _request_id(stamp)}
        if origin := call.headers.get("origin"):
            wanted = call.headers.get("access-control-request-headers", "*")
            headers |= {
                "access-control-allow-origin": origin,
                "access-control-allow-headers": wanted,
                "access-control-allow-credentials": "true",
                "access-control-expose-headers": "x-request-id",
                "vary": "origin",
            }
        return headers


# ---------------------------------------------------------------- routes and keys


def _route(call: Call) -> tuple[str, str]:
    """Split `/v1/ai/{group}/{tail}`."""
    before, _, rest = call.path.partition("/v1/ai/")
    if before or not rest:
        return "", ""
    group, _, tail = rest.partition("/")
    return group, tail.rstrip("/")


def _titled(call: Call) -> bool:
    """Whether a call is of the old kind, `POST /v1/ai/hunyuan` with `X-Tc-Action: ChatCompletions` (package)."""
    return _route(call) == (_TITLED, "")


def _expiry(key: str) -> float:
    """When a JWT expires, in seconds since 1970; infinity for anything else."""
    pieces = key.split(".")
    if len(pieces) != 3 or not key.startswith("eyJ"):  # noqa: PLR2004 - header, claims, signature
        return math.inf
    try:
        claims = jsontext.loads(base64.urlsafe_b64decode(pieces[1] + "=="))
    except (ValueError, binascii.Error):
        return math.inf
    match claims:
        case {"exp": int() | float() as expiry}:
            return expiry
        case _:
            return math.inf


def _from_cloudbase_sdk(call: Call) -> bool:
    """User-Agent `tcb-node-sdk/3.18.3`, `adapter-node/@cloudbase/js-sdk/3.7.0` (package, measured)."""
    agent = call.headers.get("user-agent", "")
    return "tcb-node-sdk" in agent or "@cloudbase/" in agent or "@cloudbase/" in call.headers.get("x-sdk-version", "")


def _request_id(stamp: Stamp) -> str:
    digits = stamp.hex("request", 32)
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
