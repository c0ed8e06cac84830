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
    host = http.headers.get("host", "")
    _guard_from_pages(http, host)
    if token := settings.control_token:
        given = http.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(errors="replace"), f"Bearer {token}".encode()):
            detail = "send the server's --control-token as Authorization: Bearer"
            # "The server generating a 401 response MUST send a WWW-Authenticate header field" – RFC 9110, 11.6.1
            raise Refused(401, "no control token", detail, headers={"www-authenticate": "Bearer"})
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


def _guard_from_pages(http: web.BaseRequest, host: str) -> None:
    """Keep out what a browser sends for a page of another origin, whoever holds the token."""
    origin = http.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != host:
        raise Refused(403, "another origin", f"a page of {origin} may not use the control API of {host}")
    # Without Origin come pictures, scripts and frames of such a page. Links do as well, and may lead here.
    site = http.headers.get("sec-fetch-site", "none")
    if site not in {"none", "same-origin"} and not _is_link(http):
        raise Refused(403, "another origin", f"a page of another origin ({site}) may not use the control API of {host}")


def _is_link(http: web.BaseRequest) -> bool:
    """Whether somebody comes here by a link: the whole page they see is then of this server."""
    headers = http.headers
    return http.method == "GET" and (headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest")) == (
        "navigate",
        "document",
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
