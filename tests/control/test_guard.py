"""Who may use the control API: callers on this machine, holders of the token, and no page of another origin."""

from collections.abc import Callable
from typing import Any

import pytest

from emulator.server.control.table import ROUTES
from tests.control.common import control
from tests.live import Live

EVERYWHERE = "0.0.0.0"  # noqa: S104 - the point of the test
STEPS = "steps: [{reply: {text: Hello!}}]"
ROWS = [
    pytest.param(route.method, route.path, id=f"{route.method} {route.path}") for route in ROUTES if not route.public
]


@pytest.fixture
def live(scripted: Callable[..., Live]) -> Live:
    return scripted(STEPS)


@pytest.mark.parametrize(("method", "path"), ROWS)
@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost:1", "host": "localhost:2"},
        {"host": "evil.example"},  # its name leads here: DNS rebinding
        {"host": "evil.example", "origin": "http://evil.example"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "script"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"},
    ],
    ids=str,
)
def test_a_web_page_of_another_origin_drives_nothing(
    live: Live, method: str, path: str, headers: dict[str, str]
) -> None:
    reply = live.send(method, path, None if method in {"GET", "DELETE"} else {}, headers)
    assert (403, "application/problem+json", 403) == (reply.status, reply.headers["content-type"], reply.json["status"])
    assert [] == [name for name in reply.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://localhost:1", "host": "localhost:1"},
        {"origin": "http://127.0.0.1:1", "host": "127.0.0.1:1", "sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"},
    ],
    ids=str,
)
def test_a_page_of_the_server_itself_and_a_link_to_it_work(live: Live, headers: dict[str, str]) -> None:
    assert 200 == live.send("GET", "/_emulator/journal", None, headers).status


def test_a_link_does_nothing_but_show(live: Live) -> None:
    headers = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    assert 403 == live.send("POST", "/_emulator/sessions", {}, headers).status


@pytest.mark.parametrize("origin", ["https://evil.example", "http://localhost"])
def test_a_browser_that_asks_for_leave_beforehand_gets_none(live: Live, origin: str) -> None:
    asked = {"origin": origin, "host": "localhost", "access-control-request-method": "PUT",
             "access-control-request-headers": "authorization"}  # fmt: skip
    reply = live.send("OPTIONS", "/_emulator/scenarios/x", None, asked)
    assert (403 if "evil" in origin else 405) == reply.status
    assert [] == [name for name in reply.headers if name.startswith("access-control")]


def test_the_token_does_not_let_a_page_of_another_origin_in(scripted: Callable[..., Live]) -> None:
    live = scripted(STEPS, control_token="t")
    assert 200 == control(live, "GET", "journal", authorization="Bearer t", host="emulator:8080").status
    for headers in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}):
        assert 403 == live.send("GET", "/_emulator/journal", None, {"authorization": "Bearer t", **headers}).status


@pytest.mark.parametrize(("method", "path"), ROWS)
def test_off_this_machine_nothing_works_without_the_token(
    scripted: Callable[..., Live], method: str, path: str
) -> None:
    body: Any = None if method in {"GET", "DELETE"} else {}
    without = scripted(STEPS, host=EVERYWHERE).send(method, path, body, {})
    assert (403, "no control token is set") == (without.status, without.json["title"])
    live = scripted(STEPS, host=EVERYWHERE, control_token="t")
    for token in ("", "Bearer", "Bearer tt", "t"):
        reply = live.send(method, path, body, {"authorization": token} if token else {})
        assert (401, "Bearer", "no control token") == (
            reply.status,
            reply.headers["www-authenticate"],
            reply.json["title"],
        )


def test_anybody_may_ask_whether_the_server_is_ready(scripted: Callable[..., Live]) -> None:
    live = scripted(STEPS, host=EVERYWHERE, control_token="t")
    assert 200 == control(live, "GET", "health", origin="https://evil.example", host="evil.example").status
    assert 200 == control(live, "GET", "health?verbose=1").status
    assert 401 == control(live, "POST", "health", {}).status


@pytest.mark.parametrize(
    ("method", "path", "status", "title"),
    [
        ("GET", "nothing", 404, "no such route"),
        ("GET", "", 404, "no such route"),
        ("GET", "sessions//reset", 404, "no such route"),
        ("PATCH", "sessions/x", 405, "wrong method"),
        ("OPTIONS", "sessions/x", 405, "wrong method"),
        ("POST", "health", 405, "wrong method"),
    ],
)
def test_what_is_not_there_is_a_problem_too(live: Live, method: str, path: str, status: int, title: str) -> None:
    reply = control(live, method, path, {} if method == "POST" else None)
    assert (status, "application/problem+json", title) == (
        reply.status,
        reply.headers["content-type"],
        reply.json["title"],
    )
    assert (status == 405) == ("allow" in reply.headers)
