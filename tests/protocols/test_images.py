"""Images, read and written without a server."""

import json
from typing import Any

import pytest

from emulator.protocols.media import images
from emulator.session import Memory
from emulator.types import (
    Call,
    Completion,
    Endpoint,
    Frame,
    Media,
    Rejected,
    Request,
    Stamp,
    Text,
    Turn,
    Usage,
)

STAMP = Stamp(seed=0, serial=1, created=1_767_225_601)
RED, BLUE = Media("image", "UkVE", "image/png"), Media("image", "QkxVRQ==", "image/jpeg")


def decode(body: bytes, kind: str = "application/json") -> Request:
    call = Call("POST", "/v1/images/generations", headers={"content-type": kind}, body=body)
    return images.decode(call, Endpoint("p", images), Memory(most=9))


def asked(**fields: Any) -> Request:
    return decode(json.dumps({"model": "m", "prompt": "a cat", **fields}).encode())


def form(*parts: tuple[str, bytes]) -> bytes:
    """A form as httpx writes it: each part is its head and its content."""
    written = b"".join(
        b"--b0\r\nContent-Disposition: form-data; " + head.encode() + b"\r\n\r\n" + content + b"\r\n"
        for head, content in parts
    )
    return written + b"--b0--\r\n"


def sent(*parts: tuple[str, bytes]) -> Request:
    return decode(form(('name="model"', b"m"), *parts), "Multipart/Form-Data; Boundary=b0")


def test_the_prompt_is_what_the_user_says() -> None:
    assert ((Turn("user", (Text("a cat"),)),), "m", 1) == (asked().turns, asked().model, asked().count)


@pytest.mark.parametrize(
    ("n", "count"), [(1, 1), (10, 10), (11, 1), (0, 1), (None, 1), ("3", 3), ("x", 1), ("9" * 99, 1), (2.5, 1)]
)
def test_as_many_as_are_asked_for(n: Any, count: int) -> None:
    assert count == asked(n=n).count


# types.ImageEditParams (openai 3.51)
EDITS: list[tuple[Request, tuple[Any, ...]]] = [
    (
        sent(('name="prompt"', "猫".encode()), ('name="image"; filename="cat.png"', b"\x89PNG\r\n--b\x00")),
        (Text("猫"), Media("image", "cat.png")),
    ),
    (
        sent(
            ('name="image[]"; filename="a.png"\r\nContent-Type: image/png', b"A"),
            ("name=\"image[]\"; filename*=utf-8''%E7%8C%AB.png", b"B"),
            ('name="mask"; filename="猫.png"', b"C"),
            ('name="prompt"', b"both"),
        ),
        (Text("both"), Media("image", "a.png"), Media("image", "猫.png"), Media("image", "猫.png")),
    ),
    (
        asked(images=[{"image_url": "https://e.org/a.png"}, {"file_id": "file-1"}, {}, 7]),
        (Text("a cat"), Media("image", "https://e.org/a.png"), Media("image", "file-1")),
    ),
]


@pytest.mark.parametrize(("request_", "parts"), EDITS)
def test_what_is_to_be_edited_is_shown_by_the_user(request_: Request, parts: tuple[Any, ...]) -> None:
    assert (Turn("user", parts),) == request_.turns


def test_the_fields_of_a_form_are_a_body_like_any_other() -> None:
    request = sent(('name="prompt"', b"p"), ('name="n"', b"2"), ('name="size"', b"64x64"))
    assert ({"model": "m", "prompt": "p", "n": "2", "size": "64x64"}, 2) == (request.body, request.count)


UNREADABLE: list[tuple[bytes, str, str | None]] = [
    (b"{", "application/json", "the body is not JSON: Expecting property name enclosed in double quotes"),
    (b'{"model": "m"}', "application/json", "Missing required parameter: 'prompt'."),
    (b"", "multipart/form-data", "the body is multipart/form-data, but its content type names no boundary"),
    (b"", "multipart/form-data; boundary=b0", "the form ends before its last boundary"),
    (form()[:-3], "multipart/form-data; boundary=b0", "the form ends before its last boundary"),
    (form(*[('name="a"', b"")] * 300), "multipart/form-data; boundary=b0", "the form has more than 256 parts"),
    (form(("x", b"no name")), "multipart/form-data; boundary=b0", "you must provide a model parameter"),
]


@pytest.mark.parametrize(("body", "kind", "message"), UNREADABLE)
def test_what_cannot_be_read_is_refused_with_a_sentence(body: bytes, kind: str, message: str) -> None:
    with pytest.raises(Rejected) as rejected:
        decode(body, kind)
    assert images.failure(rejected.value.failure, STAMP).body["error"]["message"].startswith(message)


# ---------------------------------------------------------------- what is written


def test_an_answer_has_as_many_images_as_are_asked_for_and_they_start_over() -> None:
    done = Completion((RED, BLUE), "stop", Usage(input=9, output=20))
    assert {
        "created": 1_767_225_601,
        "data": [{"b64_json": "UkVE"}, {"b64_json": "QkxVRQ=="}, {"b64_json": "UkVE"}],
        "output_format": "png",
        "usage": {
            "input_tokens": 9,
            "input_tokens_details": {"image_tokens": 0, "text_tokens": 9},
            "output_tokens": 20,
            "total_tokens": 29,
        },
    } == images.body(done, asked(n=3), STAMP)


def test_a_url_is_a_data_url() -> None:
    answer = images.body(Completion((BLUE,), "stop"), asked(response_format="url"), STAMP)
    assert ([{"url": "data:image/jpeg;base64,QkxVRQ=="}], "jpeg") == (answer["data"], answer["output_format"])


def test_images_that_are_shown_count() -> None:
    answer = images.body(Completion((RED,), "stop"), asked(images=[{"file_id": "f"}]), STAMP)
    assert {"image_tokens": 256, "text_tokens": 2} == answer["usage"]["input_tokens_details"]


def test_the_answer_is_one_beat() -> None:
    done, request = Completion((RED,), "stop"), asked()
    assert [Frame(images.body(done, request, STAMP), beat=True)] == list(images.frames(done, request, STAMP))
