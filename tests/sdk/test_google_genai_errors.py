"""What the released `google-genai` package raises, over a socket."""

from collections.abc import Iterator
from typing import Any

import pytest
from google import genai
from google.genai import errors, types

from emulator import Session

pytestmark = pytest.mark.scenario("errors.yaml", "hello.yaml")

MODEL = "gemini-2.5-flash"


def connect(emulator: Session, **options: Any) -> genai.Client:
    """A client as the documentation makes it, against the emulator."""
    ready = emulator.plain.gemini
    ready["http_options"] |= options
    return genai.Client(**ready)


@pytest.fixture
def client(emulator: Session) -> Iterator[genai.Client]:
    with connect(emulator) as client:
        yield client


ERRORS: list[tuple[str, int, type[errors.APIError], str]] = [
    ("invalid_api_key", 400, errors.ClientError, "INVALID_ARGUMENT"),
    ("missing_api_key", 403, errors.ClientError, "PERMISSION_DENIED"),
    ("permission_denied", 403, errors.ClientError, "PERMISSION_DENIED"),
    ("model_not_found", 404, errors.ClientError, "NOT_FOUND"),
    ("context_length_exceeded", 400, errors.ClientError, "INVALID_ARGUMENT"),
    ("rate_limited", 429, errors.ClientError, "RESOURCE_EXHAUSTED"),
    ("quota_exhausted", 429, errors.ClientError, "RESOURCE_EXHAUSTED"),
    ("server_error", 500, errors.ServerError, "INTERNAL"),
    ("overloaded", 503, errors.ServerError, "UNAVAILABLE"),
    ("timeout", 504, errors.ServerError, "DEADLINE_EXCEEDED"),
]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("name", "code", "error", "status"), ERRORS)
def test_an_error_raises_its_class(
    emulator: Session,
    client: genai.Client,
    name: str,
    code: int,
    error: type[errors.APIError],
    status: str,
    stream: bool,
) -> None:
    asked: Any = {"model": f"error/{name}", "contents": "Hello"}
    with pytest.raises(error) as caught:
        list(client.models.generate_content_stream(**asked)) if stream else client.models.generate_content(**asked)
    assert (error, code, status) == (type(caught.value), caught.value.code, caught.value.status)
    assert caught.value.message
    # It retries only where it is told to.
    assert 1 == len(emulator.requests)


def test_the_time_to_wait_is_a_detail_of_the_error(client: genai.Client) -> None:
    with pytest.raises(errors.ClientError) as caught:
        client.models.generate_content(model="error/rate_limited", contents="Hello")
    detail = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "1s"}
    assert [detail] == caught.value.details["error"]["details"]


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_retries_gets_through(emulator: Session, stream: bool) -> None:
    retry = types.HttpRetryOptions(attempts=3, initial_delay=0.001, max_delay=0.001, jitter=0)
    asked: Any = {"model": "error/flaky", "contents": "Hello"}
    with connect(emulator, retry_options=retry) as client:
        if stream:
            chunks = client.models.generate_content_stream(**asked)
            assert "Third time lucky." == "".join(chunk.text or "" for chunk in chunks)
        else:
            assert "Third time lucky." == client.models.generate_content(**asked).text
    assert [429, 429, 200] == [entry.status for entry in emulator.requests]


@pytest.mark.emulator(strict=False)
@pytest.mark.parametrize("stream", [False, True])
def test_a_miss_is_one_request_and_explains_itself(emulator: Session, stream: bool) -> None:
    retry = types.HttpRetryOptions(attempts=3, initial_delay=0.001, max_delay=0.001)
    asked: Any = {"model": MODEL, "contents": "Good evening"}
    with connect(emulator, retry_options=retry) as client, pytest.raises(errors.ClientError) as caught:
        list(client.models.generate_content_stream(**asked)) if stream else client.models.generate_content(**asked)
    assert (404, "NOT_FOUND") == (caught.value.code, caught.value.status)
    assert "no scenario step matched" in (caught.value.message or "")
    assert ["miss"] == [entry.outcome for entry in emulator.requests]
