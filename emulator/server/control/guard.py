"""Who may use the control API."""

from __future__ import annotations

import hmac
import ipaddress
from urllib.parse import urlsplit

from aiohttp import web

from emulator.server.control.question import Refused
from emulator.server.settings import Settings

__all__ = ["guard"]


def guard(http: web.BaseRequest, settings: Settings) -> None:
    """Let in who holds the token; without one, on a loopback bind only, who is on this machine."""
    origin = http.headers.get("origin")
    host = http.headers.get("host", "")
    if origin is not None and urlsplit(origin).netloc != host:
        raise Refused(403, "another origin", f"a page of {origin} may not use the control API of {host}")
    if token := settings.control_token:
        given = http.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(errors="replace"), f"Bearer {token}".encode()):
            raise Refused(401, "no control token", "send the server's --control-token as Authorization: Bearer")
        return
    if not _is_loopback(settings.host):
        raise Refused(
            403,
            "no control token is set",
            f"the server listens on {settings.host}, so the control API needs --control-token",
        )
    # A name that is not loopback's means that somebody else's DNS points here.
    name = urlsplit(f"//{host}").hostname or ""
    if not _is_loopback(name) or not _is_loopback(http.remote or ""):
        raise Refused(403, "not a local caller", f"the Host {host!r} is not this server's own")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
