"""What the released `anthropic` package raises where the service says no: the class and the words of production."""

from typing import Any

import anthropic
import pytest
from anthropic import Anthropic

from emulator import Session

pytestmark = pytest.mark.scenario("hello.yaml")

USER: Any = {"role": "user", "content": "Hello"}
CALL: Any = {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}}
TOOL: Any = {"name": "f", "input_schema": {"type": "object"}}
GOOD: Any = {"model": "claude-haiku-5-5", "max_tokens": 1024, "messages": [USER]}

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"messages": []}, "messages: at least one message is required"),
    ({"max_tokens": -1}, "max_tokens: Input should be greater than or equal to 0"),
    ({"extra_body": {"temperature": 1.0}}, "temperature: Extra inputs are not permitted"),
    ({"extra_body": {"presence_penalty": 1}}, "presence_penalty: Extra inputs are not permitted"),
    (
        {"extra_headers": {"anthropic-version": "2023-06-01"}, "extra_body": {"temperature": 1.5}},
        "temperature: range: 0..1",
    ),
    (
        {"messages": [{"role": "system", "content": "Be brief."}, USER]},
        (
            'messages: Unexpected role "system". The Messages API accepts a top-level `system` parameter, not "system" '
            "as an input message role."
        ),
    ),
    (
        {"messages": [{"role": "developer", "content": "Be brief."}, USER]},
        "messages.0.role: Input should be 'user' or 'assistant'",
    ),
    (
        {"messages": [{"role": "user", "content": [{"type": "text", "text": ""}]}]},
        "messages: text content blocks must be non-empty",
    ),
    (
        {"messages": [USER, {"role": "assistant", "content": [CALL]}, {"role": "user", "content": "And?"}]},
        (
            "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_1. "
            "Each `tool_use` block must have a corresponding `tool_result` block in the next message."
        ),
    ),
    (
        {"messages": [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_9"}]}]},
        (
            "messages.0.content.0: unexpected `tool_use_id` found in `tool_result` blocks: toolu_9. "
            "Each `tool_result` block must have a corresponding `tool_use` block in the previous message."
        ),
    ),
    ({"tools": [TOOL, TOOL]}, "tools: Tool names must be unique."),
    (
        {"tools": [{**TOOL, "name": "shop.find"}]},
        "tools.0.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'",
    ),
    ({"tools": [TOOL], "tool_choice": {"type": "tool", "name": "g"}}, "Tool 'g' not found in provided tools"),
    ({"stop_sequences": ["\n"]}, "stop_sequences: each stop sequence must contain non-whitespace"),
    (
        {"thinking": {"type": "enabled", "budget_tokens": 1024}},
        "`max_tokens` must be greater than `thinking.budget_tokens`.",
    ),
    (
        {"thinking": {"type": "enabled", "budget_tokens": 512}},
        "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024",
    ),
]


@pytest.fixture
def client(emulator: Session, monkeypatch: pytest.MonkeyPatch) -> Anthropic:
    for name in ("API_KEY", "AUTH_TOKEN", "BASE_URL", "CUSTOM_HEADERS", "LOG", "PROFILE", "WORKSPACE_ID"):
        monkeypatch.delenv(f"ANTHROPIC_{name}", raising=False)
    # At home the key goes into a header of its own.
    return Anthropic(base_url=emulator.plain.anthropic["base_url"], api_key=emulator.key)


@pytest.mark.parametrize(("wrong", "message"), REFUSED, ids=[message[:40] for _, message in REFUSED])
def test_it_is_a_bad_request_with_the_services_words_and_is_not_retried(
    client: Anthropic, emulator: Session, wrong: dict[str, Any], message: str
) -> None:
    with pytest.raises(anthropic.BadRequestError) as caught:
        client.messages.create(**{**GOOD, **wrong})
    assert type(caught.value) is anthropic.BadRequestError
    assert (message, "invalid_request_error") == (caught.value.api_message, caught.value.type)
    assert ["rejected"] == [exchange.outcome for exchange in emulator.requests]


def test_a_stream_is_refused_before_it_begins(client: Anthropic) -> None:
    with pytest.raises(anthropic.BadRequestError), client.messages.stream(**{**GOOD, "messages": []}):
        pass


def test_the_request_that_is_mended_is_answered(client: Anthropic) -> None:
    assert "Hello! How can I help you today?" == client.messages.create(**GOOD).content[0].text
