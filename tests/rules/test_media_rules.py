"""What OpenAI refuses in requests for embeddings, images and audio."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.types import Origin
from tests.live import Live
from tests.rules.mutations import mutated
from tests.rules.table import GONE, Row, answered, changed, name_of, refused

EMBEDDINGS, IMAGES, SPEECH = "/plain/v1/embeddings", "/plain/v1/images/generations", "/plain/v1/audio/speech"
GOOD: dict[str, Any] = {
    EMBEDDINGS: {"model": "text-embedding-3-small", "input": ["Hi"]},
    IMAGES: {"model": "gpt-image-2", "prompt": "a dot"},
    SPEECH: {"model": "tts-1", "input": "Hi", "voice": "alloy"},
}
MEASURED = "api.openai.com, gpt-image-2, measured 2026-08-30 (code index 61530534345)"
SDK = "openai 3.51.0"


def row(
    name: str,
    path: str,
    change: dict[str, Any],
    message: str,
    param: str | None,
    code: str | None,
    source: str = MEASURED,
    origin: Origin = "recorded",
    kind: str = "invalid_request_error",
) -> Row:
    error = {"error": {"message": message, "type": kind, "param": param, "code": code}}
    return Row(name, path, changed(GOOD[path], **change), 400, error, origin, source)


WRONG_INPUT = "'$.input' is invalid. Please check the API reference: https://platform.openai.com/docs/api-reference."
ROWS = [
    row("no input", EMBEDDINGS, {"input": GONE}, "Missing required parameter: 'input'.", "input",
        "missing_required_parameter", SDK, "inferred"),
    row("an empty text to embed", EMBEDDINGS, {"input": ""}, WRONG_INPUT, None, None, "openai-python issue 576"),
    row("an empty text among others", EMBEDDINGS, {"input": ["Hi", ""]}, WRONG_INPUT, None, None,
        "openai-python issue 576"),
    row("no prompt", IMAGES, {"prompt": GONE}, "Missing required parameter: 'prompt'.", "prompt",
        "missing_required_parameter"),
    row("an empty prompt", IMAGES, {"prompt": ""},
        "Invalid 'prompt': empty string. Expected a string with minimum length 1, but got an empty string instead.",
        "prompt", "empty_string"),
    row("a number for a prompt", IMAGES, {"prompt": 123},
        "Invalid type for 'prompt': expected a string, but got an integer instead.", "prompt", "invalid_type"),
    row("no image", IMAGES, {"n": 0},
        "Invalid 'n': integer below minimum value. Expected a value >= 1, but got 0 instead.", "n",
        "integer_below_min_value"),
    row("eleven images", IMAGES, {"n": 11},
        "Invalid 'n': integer above maximum value. Expected a value <= 10, but got 11 instead.", "n",
        "integer_above_max_value"),
    row("a number as a text", IMAGES, {"n": "2"},
        "Invalid type for 'n': expected an integer, but got a string instead.", "n", "invalid_type"),
    row("no size", IMAGES, {"size": "0x0"}, "Invalid size '0x0'. Expected WIDTHxHEIGHT, for example '1824x1024'.",
        "size", "invalid_value", kind="image_generation_user_error"),
    row("an odd size", IMAGES, {"size": "9x9"},
        "Invalid size '9x9'. Width and height must both be divisible by 16.", "size", "invalid_value",
        kind="image_generation_user_error"),
    row("nothing to say", SPEECH, {"input": GONE}, "Missing required parameter: 'input'.", "input",
        "missing_required_parameter", SDK, "inferred"),
    row("too much to say", SPEECH, {"input": "x" * 4097},
        "Invalid 'input': string too long. Expected a string with maximum length 4096, but got a string with length "
        "4097 instead.", "input", "string_above_max_length", SDK, "inferred"),
    row("too fast", SPEECH, {"speed": 5},
        "Invalid 'speed': decimal above maximum value. Expected a value <= 4.0, but got 5 instead.", "speed",
        "decimal_above_max_value", SDK, "inferred"),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=name_of)
def test_what_is_refused(live: Live, row: Row) -> None:
    assert refused(row) == answered(live, row)


@pytest.mark.parametrize("path", GOOD)
@given(data=st.data())
def test_one_field_that_is_something_else_is_never_a_traceback(
    strict_server: Live, path: str, data: st.DataObject
) -> None:
    body = data.draw(mutated([GOOD[path] | {"n": 1, "size": "1024x1024", "dimensions": 8, "speed": 1}]))
    reply = strict_server.send("POST", path, body)
    # The scenario has neither vectors nor pictures nor sounds: what passes the rules is a miss, 404.
    assert reply.status in {400, 404}
    assert set(reply.json["error"]) == {"message", "type", "param", "code"}
