"""An account with CloudBase: hosts, routes, keys, and the last word over what goes out.

Facts are marked as in the package's docstring.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import ClassVar, Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from emulator import jsontext
from emulator.protocols import chat, listing, messages, responses
from emulator.protocols.media import images
from emulator.providers.cloudbase import catalogue, errors, pictures, quirks, routes, rules, signin
from emulator.types import (
    Call,
    Completion,
    Endpoint,
    Failure,
    Frame,
    Headers,
    Json,
    Page,
    Quota,
    Rejected,
    Request,
    Rulebook,
    Stamp,
    WireProtocol,
)

__all__ = ["CloudBase"]

_LITERAL: Final = ("/v1/aibot/", "/auth/v1/")

# Who answers on the paths of Responses and Messages: the gateway, or the model behind it (inferred).
_MODEL_MADE: Final = frozenset(
    {"invalid_request", "context_length_exceeded", "content_filtered", "rate_limited", "overloaded", "server_error"}
)

# The old Hunyuan shows what a search found (documented: hunyuan-exp; upstream: the manner of the cloud's API); of the
# others no form is known, and only the text is said.
_SHOW_SEARCHES: Final = ("hunyuan-exp", "hunyuan")


class CloudBase(Struct, frozen=True):
    """An account with CloudBase."""

    name: ClassVar[Literal["cloudbase"]] = "cloudbase"
    hosts: ClassVar[tuple[str, ...]] = (".api.tcloudbasegateway.com", ".api.intl.tcloudbasegateway.com")

    api_keys: tuple[str, ...] = ()
    """The valid keys; none: any key is valid."""
    environment: str = ""
    """The environment id where the Host header names none."""
    environments: tuple[str, ...] = ()
    """The environments that exist; none: every one does."""
    groups: tuple[str, ...] = routes.GROUPS
    """The provider groups that exist, beside custom-*."""
    models: tuple[str, ...] = catalogue.MODELS
    """The models that are listed; any model can be asked. Those of the catalogue by group, others everywhere."""
    catalogue: str = ""
    """A file that says what models can do, as models.json in this package does; none: that one."""
    responses_models: tuple[str, ...] = ("hy3-preview",)
    """The models that speak Responses; none: every one does."""
    restores: bool = True
    """Whether `previous_response_id` brings a conversation back (documented: call-llm); else it is accepted and that
    is all (upstream: Tencent-Hunyuan/Hy3 docs/api/responses.md)."""
    native_errors: bool = False
    """Whether errors that the model makes keep the words of Responses and Messages; else all have the gateway's."""
    stream_style: Literal["auto", "openai", "sdk"] = "auto"
    """`openai`: a role chunk first. `sdk`: role and first output in one chunk and usage on the last one, as the
    CloudBase SDKs need for their tool loop. `auto`: `sdk` for requests of a CloudBase SDK, else `openai`."""

    def __post_init__(self) -> None:
        """Read the catalogue. Raises EmulatorError."""
        catalogue.read(self.catalogue)

    def claims(self, path: str) -> bool:
        """Whether a literal path is CloudBase's: with one of its groups, for another service has `/v1/ai/` too."""
        group, _ = routes.split(path)
        named = group in {*routes.GROUPS, *self.groups} or group.startswith(("custom-", "hunyuan-"))
        return named or path.startswith(_LITERAL)

    def base_url(self, origin: str) -> str:
        """The base URL of the first group, which is the managed one."""
        return f"{origin}/v1/ai/{self.groups[0]}"

    def base_urls(self, origin: str, target: str) -> Mapping[str, str]:
        """The same for every protocol (documented: seed 003); the target is a provider group."""
        url = f"{origin}/v1/ai/{target or self.groups[0]}"
        return {chat.NAME: url, responses.NAME: url, messages.NAME: url}

    def sample(self, model: str, user: str) -> Call:
        """The first request of the documentation's page on curl (seed 000)."""
        content = {"model": model or "hy3-preview", "messages": [{"role": "user", "content": user or "Hello"}]}
        return Call("POST", f"{self.base_url('')}/chat/completions", body=jsontext.dumps(content))

    def resolve(self, call: Call, stamp: Stamp) -> Endpoint | Page:
        """Find the route and check the key. Raises Rejected.

        What is reported first is inferred: environment, path, method, key, group, protocol, model.
        """
        if call.method == "OPTIONS":
            return Page(204, None, {"access-control-allow-methods": "GET, POST, PATCH, DELETE, OPTIONS"})
        environment = self._environment(call)
        if method := signin.PATHS.get(call.path):
            _check_method(call, method)
            return signin.page(call, self._signing_key(call, stamp), stamp)
        group, _ = routes.split(call.path)
        route = routes.find(call)
        if route is None:
            raise Rejected(Failure("route_not_found", f"The path is invalid: {call.path}"))
        _check_method(call, route.method)
        self._check_key(call, stamp)
        self._check_target(call, group, route)
        if route.model is not None:
            ours = self.models == catalogue.MODELS
            names = catalogue.of_group(group, self.catalogue) if ours else self.models
            return listing.page(
                names, "cloudbase", call, "messages" if route.protocol is messages else "chat", route.model
            )
        return Endpoint(
            self.name, route.protocol, target=group, environment=environment, page=route.page, restores=self.restores
        )

    def _environment(self, call: Call) -> str:
        environment = call.host.partition(".")[0] if call.host.endswith(self.hosts) else self.environment
        if environment and self.environments and environment not in self.environments:
            raise Rejected(Failure("environment_not_found", f"The environment '{environment}' is not found"))
        return environment

    def _check_target(self, call: Call, group: str, route: routes.Route) -> None:
        """Whether a group is there, and it and the model speak the protocol of the path."""
        if group not in self.groups and not group.startswith("custom-"):
            message = f"The model group '{group}' is not found; known are {', '.join(self.groups)}, custom-*"
            raise Rejected(Failure("model_not_found", message))
        if route.groups and group not in route.groups:
            # inferred: the code; documented: that no other group has it
            message = f"The model group '{group}' does not have this path; {', '.join(route.groups)} do"
            raise Rejected(Failure("model_not_enabled", message))
        if route.protocol is responses and self.responses_models:
            model = routes.asked_model(call)
            if model and model not in self.responses_models:
                # documented: only hy3-preview (/en/http-api/ai-model/call-llm, 2026-11); inferred: the code
                message = f"The model '{model}' does not support Responses; {', '.join(self.responses_models)} does"
                raise Rejected(Failure("model_not_enabled", message))

    def _signing_key(self, call: Call, stamp: Stamp) -> str:
        """The key of a call for a token: signed (package), or a Bearer key; the anonymous sign-in needs none."""
        if call.path == signin.ANONYMOUS:
            return ""
        if signer := signin.secret_id(call.headers.get("authorization", "")):
            if self.api_keys and signer not in self.api_keys:
                raise Rejected(Failure("invalid_api_key"))
            return signer
        return self._check_key(call, stamp)

    def _check_key(self, call: Call, stamp: Stamp) -> str:
        """Bearer only: neither x-api-key nor another scheme (documented: seed 003, /http-api/basic/access-token)."""
        scheme, _, key = call.headers.get("authorization", "").strip().partition(" ")
        key = key.strip()
        if not scheme or (scheme.lower() == "bearer" and not key):
            raise Rejected(Failure("missing_api_key"))
        if scheme.lower() != "bearer":
            raise Rejected(Failure("auth_scheme"))
        ours = signin.is_ours(key, stamp)
        # Failure paths of the SDKs send the literal "Bearer undefined" (package).
        if key in {"undefined", "null"} or (self.api_keys and key not in self.api_keys and not ours):
            raise Rejected(Failure("invalid_api_key"))
        # A token from here outlives its time: in a session whose clock counts requests that would come too early.
        if not ours and signin.expiry(key) <= stamp.created:
            raise Rejected(Failure("expired_api_key"))
        return key

    def rules(self, protocol: WireProtocol) -> Rulebook:
        """The documented limits, and what the models behind the gateway refuse."""
        return rules.tables(self.catalogue).get(protocol.NAME, protocol.RULES)

    def body(self, body: Json, request: Request, stamp: Stamp) -> Json:
        """The documented fields: of a chat no others, and of a response one more."""
        match request.endpoint.protocol.NAME:
            case chat.NAME:
                lean = quirks.lean_body(body)
                if request.endpoint.target in _SHOW_SEARCHES:
                    lean = quirks.with_search(lean, quirks.citations(body))
                if not routes.titled(request.call):
                    return lean
                return {"Response": {**quirks.titled(lean), "RequestId": _request_id(stamp)}}
            case responses.NAME:
                return quirks.with_text(body)
            case images.NAME:
                return pictures.body(body, request, stamp)
            case _:
                return body

    def frames(self, frames: Iterator[Frame], done: Completion, request: Request, stamp: Stamp) -> Iterator[Frame]:
        """The documented fields: of a chat no others, in one of two styles."""
        match request.endpoint.protocol.NAME:
            case chat.NAME:
                sdk = self.stream_style == "sdk" or (self.stream_style == "auto" and _from_cloudbase_sdk(request.call))
                styled = quirks.sdk_style(frames, done, request, stamp) if sdk else quirks.openai_style(frames)
                if request.endpoint.target in _SHOW_SEARCHES:
                    cited = quirks.citations(chat.body(done, request, stamp))
                    styled = quirks.with_search_at_the_end(styled, cited)
                if not routes.titled(request.call):
                    return styled
                # package: chunks are not wrapped
                return (replace(frame, data=quirks.titled(frame.data)) for frame in styled)
            case responses.NAME:
                return map(quirks.with_text_at_the_end, frames)
            case _:
                return frames

    def failure(self, failure: Failure, call: Call, stamp: Stamp) -> Page:
        """Flat: {code, message, requestId} (documented: /http-api/ai-bot). requestId equals X-Request-Id (inferred)."""
        if self.native_errors and failure.name in _MODEL_MADE and str(failure.code) not in errors.ERRORS:
            route = routes.find(call)
            if route is not None and route.protocol is not chat:
                return route.protocol.failure(failure, stamp)
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

    def quota(self, quota: Quota, protocol: str, stamp: Stamp) -> Headers:  # noqa: ARG002 - the signature of a provider
        """Nothing: no header about limits is documented, nor seen by third parties (contract, read 2026-11)."""
        return {}

    def listing(self, models: tuple[str, ...]) -> CloudBase:
        """The same account with these models in the list of every group."""
        return replace(self, models=models)


# ---------------------------------------------------------------- what a call tells


def _check_method(call: Call, method: str) -> None:
    if call.method != method:
        message = f"{call.method} is not a method of {call.path}; {method} is"
        raise Rejected(Failure("method_not_allowed", message, headers={"allow": method}))


def _from_cloudbase_sdk(call: Call) -> bool:
    """User-Agent `tcb-node-sdk/3.18.3`, `adapter-node/@cloudbase/js-sdk/3.7.0` (package, measured)."""
    agent = call.headers.get("user-agent", "")
    return "tcb-node-sdk" in agent or "@cloudbase/" in agent or "@cloudbase/" in call.headers.get("x-sdk-version", "")


def _request_id(stamp: Stamp) -> str:
    return stamp.uuid("request")
