"""What the services at home want in their headers, and that a scenario or a session can have it otherwise."""

from collections.abc import Callable
from typing import Any

import pytest

from emulator.protocols import chat, gemini, messages, responses
from emulator.providers.plain import Plain
from tests.live import Live
from tests.rules.table import ANY, Row, answered, name_of, refused

BODY = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "Hello"}]}
RULES = {rule.name: rule for rule in Plain().rules(messages)}


def row(name: str, rule: str, message: str, version: str) -> Row:
    error = {"type": "error", "error": {"type": "invalid_request_error", "message": message}, "request_id": ANY}
    known = RULES[rule]
    headers = {"anthropic-version": version}
    return Row(name, "/plain/v1/messages", BODY, 400, error, known.origin, known.source, rule, headers)


ROWS = [
    row("no version", "version-header", "anthropic-version: header is required", ""),
    row(
        "a version of tomorrow", "version-known", 'anthropic-version: "2099-01-01" is not a valid version', "2099-01-01"
    ),
    row("a version that is a word", "version-known", 'anthropic-version: "latest" is not a valid version', "latest"),
]


@pytest.mark.parametrize("row", ROWS, ids=name_of)
def test_it_is_refused_in_the_words_of_the_service(live: Live, row: Row) -> None:
    assert refused(row) == answered(live, row)


@pytest.mark.parametrize("version", ["2023-01-01", "2023-06-01", "2026-10-21"])
def test_every_version_that_there_is_passes(live: Live, version: str) -> None:
    headers = {"x-api-key": live.key, "anthropic-version": version}
    assert 200 == live.send("POST", "/plain/v1/messages", BODY, headers).status


def test_each_protocol_has_its_own_rules_at_home() -> None:
    account = Plain()
    assert [*messages.RULES] == [*account.rules(messages)][2:]
    assert [chat.RULES, responses.RULES, gemini.RULES] == [account.rules(one) for one in (chat, responses, gemini)]


def test_a_missing_key_is_reported_before_a_missing_version(live: Live) -> None:
    reply = live.send("POST", "/plain/v1/messages", BODY, {"content-type": "application/json"})
    assert (401, "authentication_error") == (reply.status, reply.json["error"]["type"])


@pytest.mark.parametrize(
    ("mode", "status", "warnings"), [("strict", 400, None), ("warn", 200, "1"), ("off", 200, None)]
)
def test_a_scenario_says_what_becomes_of_its_requests(
    scripted: Callable[..., Live], mode: str, status: int, warnings: str | None
) -> None:
    live = scripted(f"requests: '{mode}'\nsteps:\n  - reply: {{text: Hello!}}\n")
    body: Any = {**BODY, "temperature": 7}
    reply = live.send("POST", "/plain/v1/messages", body)
    assert (status, warnings) == (reply.status, reply.headers.get("x-emulator-warnings"))
