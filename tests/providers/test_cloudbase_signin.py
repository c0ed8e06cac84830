"""CloudBase: the tokens that its SDKs fetch before their first call, without a server."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from emulator.providers.cloudbase import CloudBase
from emulator.types import Call, Endpoint, Failure, Page, Rejected, Stamp

STAMP = Stamp(seed=0, serial=1, created=1_767_225_601)
CREDENTIAL = "POST /auth/v1/token/clientCredential"
ANONYMOUS = "POST /auth/v1/signin/anonymously"
ME = "GET /auth/v1/user/me"
SIGNED = "TC3-HMAC-SHA256 Credential={}/2026-11-20/tcb/tc3_request, SignedHeaders=host, Signature={}, Timestamp=1"


def call(line: str, authorization: str = "", body: Any = None, **query: str) -> Call:
    method, _, path = line.partition(" ")
    headers = {"authorization": authorization} if authorization else {}
    return Call(method, path, query, headers, json.dumps(body or {}).encode())


def granted(asked: Call, stamp: Stamp = STAMP, account: CloudBase | None = None) -> Any:
    page = (account or CloudBase()).resolve(asked, stamp)
    assert isinstance(page, Page)
    assert (200, {}) == (page.status, page.headers)
    return page.body


def rejection(asked: Call, account: CloudBase | None = None) -> Failure:
    with pytest.raises(Rejected) as caught:
        (account or CloudBase()).resolve(asked, STAMP)
    return caught.value.failure


def signed(signer: str = "AKIDmine", signature: str = "a1") -> Call:
    body = {"grant_type": "client_credentials"}
    return call(CREDENTIAL, SIGNED.format(signer, signature), body)


def test_a_signed_request_gets_a_token() -> None:
    body = granted(signed())
    token = body.pop("access_token")
    assert {"token_type": "Bearer", "expires_in": 7200, "scope": "client"} == body
    assert ("eyJ", 2) == (token[:3], token.count("."))


def test_an_anonymous_sign_in_needs_no_key() -> None:
    body = granted(call(ANONYMOUS, client_id="my-env"))
    assert ["access_token", "token_type", "expires_in", "scope", "refresh_token", "sub"] == list(body)
    assert ("Bearer", 7200, "anonymous", 40, 19) == (
        body["token_type"],
        body["expires_in"],
        body["scope"],
        len(body["refresh_token"]),
        len(body["sub"]),
    )


def test_a_client_gets_its_token_again_and_another_client_another() -> None:
    def token(signer: str, signature: str) -> str:
        return str(granted(signed(signer, signature))["access_token"])

    assert token("AKIDmine", "a1") == token("AKIDmine", "b2")
    assert token("AKIDmine", "a1") != token("AKIDyours", "a1")


def test_every_anonymous_user_is_another() -> None:
    first, second = (granted(call(ANONYMOUS), replace(STAMP, serial=serial)) for serial in (1, 2))
    assert first == granted(call(ANONYMOUS))
    assert not {first["access_token"], first["sub"]} & {second["access_token"], second["sub"]}


@pytest.mark.parametrize("asked", [signed(signer="right"), call(ANONYMOUS), call(CREDENTIAL, "Bearer right")])
def test_a_token_is_a_valid_key_for_the_server_that_gave_it(asked: Call) -> None:
    account = CloudBase(api_keys=("right",))
    token = granted(asked, account=account)["access_token"]
    chat = call("POST /v1/ai/cloudbase/chat/completions", f"Bearer {token}")
    later = replace(STAMP, serial=9, created=STAMP.created + 100_000)
    assert isinstance(account.resolve(chat, later), Endpoint)
    for other in (f"{token[:-1]}-", token.rpartition(".")[0] + ".", token.partition(".")[2], "."):
        assert Failure("invalid_api_key") == rejection(
            call("POST /v1/ai/cloudbase/responses", f"Bearer {other}"), account
        )
    with pytest.raises(Rejected):
        account.resolve(chat, replace(STAMP, seed=7))


def test_who_signed_in_is_told_who_they_are() -> None:
    body = granted(call(ANONYMOUS))
    assert {"sub": body["sub"]} == granted(call(ME, f"Bearer {body['access_token']}"), replace(STAMP, serial=5))
    assert {"sub": granted(call(ME, "Bearer key"))["sub"]} == granted(call(ME, "Bearer key"))
    assert granted(call(ME, "Bearer key")) != granted(call(ME, "Bearer other"))


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        (call(CREDENTIAL), "missing_api_key"),
        (call(CREDENTIAL, "Bearer wrong"), "invalid_api_key"),
        (call(CREDENTIAL, "Basic right"), "auth_scheme"),
        (call(CREDENTIAL, "TC3-HMAC-SHA256 Signature=a1"), "auth_scheme"),
        (signed(signer="wrong"), "invalid_api_key"),
        (call(ME), "missing_api_key"),
        (call(ME, "Bearer wrong"), "invalid_api_key"),
        (call(ME.replace("GET", "POST"), "Bearer right"), "method_not_allowed"),
        (call(ANONYMOUS.replace("POST", "GET")), "method_not_allowed"),
        (call("POST /auth/v1/token", "Bearer right"), "route_not_found"),
        (call("POST /auth/v1/signin", "Bearer right"), "route_not_found"),
        # package: @cloudbase/js-sdk says that /v1/ai/ does not support V3 signatures
        (call("POST /v1/ai/cloudbase/chat/completions", SIGNED.format("right", "a1")), "auth_scheme"),
    ],
)
def test_who_may_not_have_a_token_is_told_why(asked: Call, name: str) -> None:
    assert name == rejection(asked, CloudBase(api_keys=("right",))).name
