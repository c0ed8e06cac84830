"""What the enveloped API refuses, in its envelope."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.live import Live
from tests.rules.mutations import mutated
from tests.rules.table import GONE, Row, answered, changed, name_of, noted, refused

CHAT = "/enveloped/api/v1/chat/completions"
EMBEDDINGS = "/enveloped/api/v1/embeddings"
HI = {"role": "user", "content": "Hi"}
GOOD: dict[str, Any] = {
    CHAT: {"model": "gpt-3.5-turbo", "messages": [HI]},
    EMBEDDINGS: {"model": "bge-m3", "input": "Hi"},
}
SOURCE = "no error of this API is published; as the protocol's own service"


def row(name: str, path: str, change: dict[str, Any], message: str, rule: str = "") -> Row:
    error = {"success": False, "code": "400", "message": message, "data": None}
    return Row(name, path, changed(GOOD[path], **change), 400, error, "inferred", SOURCE, rule)


ROWS = [
    row("no model", CHAT, {"model": GONE}, "The parameter 'model' is required."),
    row("no messages", CHAT, {"messages": GONE}, "Missing required parameter: 'messages'."),
    row("an unknown role", CHAT, {"messages": [{"role": "bogus", "content": "Hi"}]},
        "Invalid value: 'bogus'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and "
        "'developer'."),
    row("a temperature of 3", CHAT, {"temperature": 3},
        "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 3 instead.",
        "temperature-range"),
    row("half a token", CHAT, {"max_tokens": 0.5},
        "Invalid type for 'max_tokens': expected an integer, but got a decimal number instead.", "field-types"),
    row("a result of no call", CHAT, {"messages": [HI, {"role": "tool", "tool_call_id": "x", "content": "y"}]},
        "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
        "tool-results"),
    row("nothing to embed", EMBEDDINGS, {"input": [""]},
        "'$.input' is invalid. Please check the API reference: https://platform.openai.com/docs/api-reference.",
        "empty-input"),
    row("another encoding", EMBEDDINGS, {"encoding_format": "hex"},
        "Invalid value: 'hex'. Supported values are: 'float' and 'base64'.", "encoding-format"),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=name_of)
def test_what_is_refused(live: Live, row: Row) -> None:
    assert refused(row) == answered(live, row)


def test_a_parameter_that_the_page_does_not_have_is_only_noted(live: Live) -> None:
    status, warnings = noted(live, Row("", CHAT, GOOD[CHAT] | {"top_k": 5}, 200, None, "inferred", SOURCE))
    assert (200, ["unknown-parameter"]) == (status, [warning.partition(":")[0] for warning in warnings])


@pytest.mark.parametrize("path", GOOD)
@given(data=st.data())
def test_one_field_that_is_something_else_is_never_a_traceback(
    strict_server: Live, path: str, data: st.DataObject
) -> None:
    reply = strict_server.send("POST", path, data.draw(mutated([GOOD[path]])))
    # That the scenario has no embeddings is a miss: 404.
    assert reply.status in {200, 400, 404}
    assert set(reply.json) == {"success", "code", "message", "data"}
