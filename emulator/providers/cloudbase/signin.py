"""The tokens that CloudBase's SDKs fetch before their first call.

Facts are marked as in the package's docstring.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from typing import Final

from emulator import jsontext
from emulator.types import Call, Json, Page, Stamp

__all__ = ["ANONYMOUS", "PATHS", "expiry", "is_ours", "page", "secret_id"]

_CREDENTIAL: Final = "/auth/v1/token/clientCredential"
ANONYMOUS: Final = "/auth/v1/signin/anonymously"
_ME: Final = "/auth/v1/user/me"

PATHS: Final = {_CREDENTIAL: "POST", ANONYMOUS: "POST", _ME: "GET"}
"""Their methods (package, measured: @cloudbase/node-sdk 3.18.3, @cloudbase/js-sdk 3.7.0)."""

_SECONDS: Final = 7200
"""How long a token lives: "2 h by default" (documented: /http-api/basic/access-token)."""


def page(call: Call, key: str, stamp: Stamp) -> Page:
    """Answer one of the paths for who holds `key`, which is checked; only the anonymous sign-in comes without one."""
    match call.path:
        case path if path == _CREDENTIAL:
            # The same client gets the same token: a key is a session.
            return Page(200, _granted(_user(key, stamp), "client", stamp))
        case path if path == ANONYMOUS:
            sub = _user(f"anonymous/{stamp.serial}", stamp)
            token = f"{stamp.hex('refresh', 40)}"
            return Page(200, {**_granted(sub, "anonymous", stamp), "refresh_token": token, "sub": sub})
        case _:
            return Page(200, {"sub": _claims(key).get("sub") or _user(key, stamp)})


def secret_id(authorization: str) -> str:
    """Who signed a request with TC3-HMAC-SHA256; empty: nobody did. The signature itself is not checked."""
    # "TC3-HMAC-SHA256 Credential=<SecretId>/<date>/…, …" (package: @cloudbase/signature-nodejs)
    found = re.match(r"TC3-HMAC-SHA256\s+Credential=([^/,\s]+)", authorization, re.IGNORECASE)
    return found[1] if found else ""


def is_ours(key: str, stamp: Stamp) -> bool:
    """Whether a key is a token from here."""
    text, _, signature = key.rpartition(".")
    return bool(text) and signature == _signature(text, stamp)


def expiry(key: str) -> float:
    """When a JWT expires, in seconds since 1970; infinity for anything else."""
    match _claims(key):
        case {"exp": int() | float() as expires}:
            return expires
        case _:
            return math.inf


def _claims(key: str) -> dict[str, Json]:
    """What a JWT says; nothing for anything else."""
    pieces = key.split(".")
    if len(pieces) != 3 or not key.startswith("eyJ"):  # noqa: PLR2004 - header, claims, signature
        return {}
    try:
        claims = jsontext.loads(base64.urlsafe_b64decode(pieces[1] + "=="))
    except (ValueError, binascii.Error):
        return {}
    return claims if isinstance(claims, dict) else {}


def _granted(sub: str, scope: str, stamp: Stamp) -> dict[str, Json]:
    token = _token({"sub": sub, "scope": scope, "iat": stamp.created, "exp": stamp.created + _SECONDS}, stamp)
    return {"access_token": token, "token_type": "Bearer", "expires_in": _SECONDS, "scope": scope}


def _token(claims: Json, stamp: Stamp) -> str:
    # "JWT string eyJ…", RS256 (field). The signature is ours.
    header = {"alg": "RS256", "typ": "JWT"}
    text = ".".join(base64.urlsafe_b64encode(jsontext.dumps(piece)).decode().rstrip("=") for piece in (header, claims))
    return f"{text}.{_signature(text, stamp)}"


def _signature(text: str, stamp: Stamp) -> str:
    """The same for every request of a server: a later request must know it again."""
    return Stamp(stamp.seed, 0, 0).hex(f"token/{text}", 43)


def _user(who: str, stamp: Stamp) -> str:
    """A user's id: 19 digits (inferred)."""
    return f"{int(Stamp(stamp.seed, 0, 0).hex(f'user/{who}', 15), 16):019d}"[-19:]
