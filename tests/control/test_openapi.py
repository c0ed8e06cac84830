"""The description of the control API: well formed, and what the server does, answer by answer."""

import http.client
import json
import re
import socket
from collections.abc import Callable
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from emulator.scenario.closed import Closed
from emulator.server.control import control, listening, table
from emulator.server.control.openapi import document
from emulator.server.control.route import Route
from tests.control.common import connected
from tests.live import Live, Reply

DOCUMENT = document(table.ROUTES)
STEPS = "steps: [{name: it, when: {user: hello}, reply: {text: Hello!}, times: 3}]"
SCENARIO = b"version: 1\nsteps: [{reply: {text: put}}]"
GOOD: dict[str, tuple[str, Any]] = {
    # operation: how it is asked well; SESSION is a session with a manual clock
    "getHealth": ("health", None),
    "getJournal": ("journal?session=SESSION", None),
    "getJournalStream": ("journal/stream", None),
    "getScenarios": ("scenarios?session=SESSION", None),
    "putScenariosName": ("scenarios/new", SCENARIO),
    "deleteScenariosName": ("scenarios/put", None),
    "postSessions": ("sessions", {"clock": "manual"}),
    "getSessionsSession": ("sessions/SESSION", None),
    "deleteSessionsSession": ("sessions/SESSION", None),
    "postSessionsSessionScenarios": (
        "sessions/SESSION/scenarios",
        {"texts": [{"file": "mine.yaml", "text": SCENARIO.decode()}]},
    ),
    "postSessionsSessionReset": ("sessions/SESSION/reset", None),
    "postSessionsSessionClock": ("sessions/SESSION/clock", {"advance": "1s"}),
    "postSessionsSessionGatesGate": ("sessions/SESSION/gates/door", None),
    "postExplain": (
        "explain",
        {"path": "/v1/ai/cloudbase/chat/completions", "body": {"model": "m", "messages": []}, "session": "SESSION"},
    ),
    "postVerify": ("verify?session=SESSION", {"when": {"user": "x"}}),
    "getVerdict": ("verdict?session=SESSION", None),
    "getMetrics": ("metrics", None),
    "getSchemaScenarioJson": ("schema/scenario.json", None),
    "getOpenapiJson": ("openapi.json", None),
}
CONFLICTS = {"postSessionsSessionClock": "sessions/OTHER/clock", "deleteScenariosName": "scenarios/test"}


def operation(route: Route) -> Any:
    return DOCUMENT["paths"][route.path][route.method.lower()]


ROWS = [
    pytest.param(route, int(status), id=f"{operation(route)['operationId']}-{status}")
    for route in table.ROUTES
    for status in operation(route)["responses"]
]


@pytest.fixture
def live(scripted: Callable[..., Live]) -> Live:
    """A server with a session that has something to show."""
    live = scripted(STEPS, time_scale=1.0)
    live.send("PUT", "/_emulator/scenarios/put", SCENARIO, {})
    return live


class Asker:
    """Asks an operation, well or so that it is refused in a certain way."""

    def __init__(self, live: Live, monkeypatch: pytest.MonkeyPatch, scripted: Callable[..., Live]) -> None:
        self.live = live
        self.patch = monkeypatch.setattr
        self.scripted = scripted
        self.made = self._make(clock="manual")
        self.other = self._make()
        for text in ("hello", "nobody"):
            body = {"model": "m", "messages": [{"role": "user", "content": text}], "temperature": 0.5}
            self._send(
                "POST", "/v1/ai/cloudbase/chat/completions", body, authorization=f"Bearer {self.made['api_key']}"
            )

    def _make(self, **body: Any) -> Any:
        return self.live.send("POST", "/_emulator/sessions", body, {}).json

    def ask(self, route: Route, status: int) -> Reply:
        path, body = GOOD[operation(route)["operationId"]]
        if isinstance(body, dict):
            body = json.loads(json.dumps(body).replace("SESSION", self.made["session"]))
        match status:
            case 401:
                self.live = self.scripted(STEPS, control_token="t")
            case 403:
                return self._asked(route, path, body, origin="https://evil.example")
            case 408:
                return self._slow(route, path)
            case 409:
                path = CONFLICTS[operation(route)["operationId"]]
            case 503:
                self.patch("emulator.server.control.records.MOST_LISTENERS", 0)
            case 413 | 422:
                unfit = b"version: 2" if route.body == "scenario" else {"unheard_of": 1}
                body = unfit if status == 422 else b"{}".ljust(2**20 + 1)
            case 400 | 404:
                path, body = self._off(path, body, "x=1" if status == 400 else "session=nobody")
        return self._asked(route, path, body)

    def _off(self, path: str, body: Any, query: str) -> tuple[str, Any]:
        """Ask with a query that is not known, or for a session that is not there."""
        known = isinstance(body, dict) and "session" in body
        if query == "x=1" or ("SESSION" not in path and not known):
            return f"{path}{'&' if '?' in path else '?'}{query}", body
        return path.replace("SESSION", "nobody"), {**body, "session": "nobody"} if known else body

    def _asked(self, route: Route, path: str, body: Any, **headers: str) -> Reply:
        path = path.replace("SESSION", self.made["session"]).replace("OTHER", self.other["session"])
        if path == "journal/stream":
            self.patch(listening.Listener, "serve", _brief)
        return self._send(route.method, f"/_emulator/{path}", body, **headers)

    def _send(self, method: str, path: str, body: Any, **headers: str) -> Reply:
        return self.live.send(method, path, body, headers)

    def _slow(self, route: Route, path: str) -> Reply:
        self.patch(control, "_SECONDS", 0.02)
        with connected(self.live) as client:
            head = f"{route.method} /_emulator/{path} HTTP/1.0\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n{{"
            client.sendall(head.encode())
            return _read(client)


serve = listening.Listener.serve


async def _brief(listener: Any, http: Any) -> Any:
    """Listen to what has happened until now."""
    listener.stop()
    return await serve(listener, http)


def _read(client: socket.socket) -> Reply:
    reply = http.client.HTTPResponse(client)
    reply.begin()
    return Reply(reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read())


@pytest.mark.parametrize(("route", "status"), ROWS)
def test_every_answer_that_is_described_is_given_as_it_is_described(
    live: Live, route: Route, status: int, monkeypatch: pytest.MonkeyPatch, scripted: Callable[..., Live]
) -> None:
    reply = Asker(live, monkeypatch, scripted).ask(route, status)
    assert status == reply.status, reply.body
    [(kind, described)] = operation(route)["responses"][str(status)]["content"].items()
    assert kind == reply.headers["content-type"].partition(";")[0]
    value = reply.json if kind.endswith("json") else reply.body.decode()
    schema = {**described["schema"], "components": DOCUMENT["components"]}
    assert [] == [f"{error.json_path}: {error.message}" for error in Draft202012Validator(schema).iter_errors(value)]
    if status >= 400:
        assert (status, "about:blank") == (reply.json["status"], reply.json["type"])


def test_every_route_of_the_table_is_described_and_asked_here() -> None:
    assert set(GOOD) == {operation(route)["operationId"] for route in table.ROUTES}
    assert len(GOOD) == len(table.ROUTES) == sum(len(methods) for methods in DOCUMENT["paths"].values())


def test_the_description_is_the_one_that_is_served(live: Live) -> None:
    assert DOCUMENT == live.send("GET", "/_emulator/openapi.json", None, {}).json


def test_the_description_is_well_formed() -> None:
    """What the OpenAPI Specification 3.1 asks of what we use of it."""
    assert ({"openapi", "info", "servers", "security", "paths", "components"}, "3.1.0") == (
        set(DOCUMENT),
        DOCUMENT["openapi"],
    )
    assert {"title", "version"} <= set(DOCUMENT["info"])
    for path, methods in DOCUMENT["paths"].items():
        assert set(methods) <= {"get", "put", "post", "delete"}
        for described in methods.values():
            assert {"summary", "operationId", "responses"} <= set(described)
            parameters = described.get("parameters", [])
            assert re.findall(r"\{(\w+)\}", path) == [one["name"] for one in parameters if one["in"] == "path"]
            assert all(one.get("required") for one in parameters if one["in"] == "path")
            assert all(re.fullmatch("[1-5][0-9][0-9]", status) for status in described["responses"])
            assert all(answer["description"] for answer in described["responses"].values())
    for schema in DOCUMENT["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_reference_leads_somewhere_and_every_schema_is_referred_to() -> None:
    found = re.findall(r'"\$ref": "#/components/schemas/(\w+)"', json.dumps(DOCUMENT))
    assert set(DOCUMENT["components"]["schemas"]) == set(found)


WITH_FORM = [route for route in table.ROUTES if isinstance(route.body, type)]


@pytest.mark.parametrize("route", WITH_FORM, ids=[f"{route.method} {route.path}" for route in WITH_FORM])
def test_what_is_asked_well_is_valid_under_its_schema(route: Route) -> None:
    assert isinstance(route.body, type)
    assert issubclass(route.body, Closed)
    schema = {"$ref": f"#/components/schemas/{route.body.__name__}", "components": DOCUMENT["components"]}
    _, body = GOOD[operation(route)["operationId"]]
    assert [] == [error.message for error in Draft202012Validator(schema).iter_errors(body)]
    assert [] != list(Draft202012Validator(schema).iter_errors({"unheard_of": 1}))
