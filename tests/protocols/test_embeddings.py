"""Embeddings, read and written without a server."""

import base64
import json
import math
import struct
from itertools import combinations
from typing import Any, get_args

import pytest

from emulator.protocols.media import audio, embeddings, images
from emulator.protocols.media.vectors import vector
from emulator.session import Memory
from emulator.types import (
    ERROR_NAMES,
    Call,
    Completion,
    Embedding,
    Endpoint,
    Failure,
    Frame,
    Media,
    Rejected,
    Request,
    Stamp,
    Text,
    ToolCall,
    Turn,
    UnscriptedErrorName,
    Usage,
    WireProtocol,
)

STAMP = Stamp(seed=0, serial=1, created=1_767_225_601)
DONE = Completion((Embedding(4),), "stop")
ONE, BATCH = "/v1beta/models/e:embedContent", "/v1/models/e:batchEmbedContents"


def asked(body: Any, path: str = "/v1/embeddings", model: str | None = None) -> Request:
    call = Call("POST", path, body=json.dumps(body).encode())
    return embeddings.decode(call, Endpoint("p", embeddings, model=model), Memory(most=9))


def googled(path: str, body: Any) -> Request:
    return asked(body, path, model="models/e")


def written(request: Request, done: Completion = DONE) -> Any:
    return embeddings.body(done, request, STAMP)


def sentence(body: Any, path: str = "/v1/embeddings") -> str | None:
    with pytest.raises(Rejected) as rejected:
        asked(body, path, model="e")
    return rejected.value.failure.message


CONTENT = {"parts": [{"text": "a"}, {"inlineData": {}}, {"text": "b"}]}

# types.EmbeddingCreateParams (openai 3.51); https://ai.google.dev/api/embeddings (2026-11)
INPUTS: list[tuple[str, Any, tuple[Text, ...]]] = [
    ("/v1/embeddings", {"input": "hi"}, (Text("hi"),)),
    ("/v1/embeddings", {"input": ["hi", "there"]}, (Text("hi"), Text("there"))),
    ("/v1/embeddings", {"input": [15339, 1917]}, (Text("15339 1917"),)),
    ("/v1/embeddings", {"input": [[15339], [1917, 0]]}, (Text("15339"), Text("1917 0"))),
    ("/v1/embeddings", {"input": [""]}, (Text(""),)),
    (ONE, {"content": CONTENT}, (Text("a\nb"),)),
    (BATCH, {"requests": [{"content": CONTENT}, {"content": {"parts": []}}]}, (Text("a\nb"), Text(""))),
]


@pytest.mark.parametrize(("path", "body", "texts"), INPUTS)
def test_what_is_to_be_embedded_is_what_the_user_says(path: str, body: Any, texts: tuple[Text, ...]) -> None:
    request = asked(body, path, model="e")
    assert ((Turn("user", texts),), "\n".join(text.text for text in texts)) == (request.turns, request.user)


def test_nothing_to_embed_is_no_turn_and_no_vector() -> None:
    request = asked({"model": "e", "input": []})
    assert ((), []) == (request.turns, written(request)["data"])


UNREADABLE: list[tuple[str, Any, str]] = [
    ("/v1/embeddings", {}, "Missing required parameter: 'input'."),
    (
        "/v1/embeddings",
        {"input": 7},
        "Invalid type for 'input': expected one of a string or array, but got an integer instead.",
    ),
    (
        "/v1/embeddings",
        {"input": ["a", {}]},
        "'$.input' is invalid.",
    ),
    ("/v1/embeddings", {"input": [1, "a"]}, "'$.input' is invalid."),
    (
        "/v1/embeddings",
        {"input": "a", "dimensions": 10**9},
        "dimensions: a number came, a whole number from 1 to 4096 is wanted",
    ),
    (
        "/v1/embeddings",
        {"input": "a", "dimensions": True},
        "dimensions: a boolean came, a whole number from 1 to 4096 is wanted",
    ),
    ("/v1/embeddings", {"input": ["a"] * 2049}, "2049 inputs came, 2048 are the most"),
    (ONE, {}, "content: nothing came, an object with a list of parts is wanted"),
    (BATCH, {"content": CONTENT}, "requests: nothing came, a list is wanted"),
    (BATCH, {"requests": [7]}, "requests[0]: a number came, an object is wanted"),
    (
        BATCH,
        {"requests": [{"content": CONTENT, "outputDimensionality": 0}]},
        "requests[0].outputDimensionality: a number came, a whole number from 1 to 4096 is wanted",
    ),
]


@pytest.mark.parametrize(("path", "body", "expected"), UNREADABLE)
def test_what_cannot_be_read_is_refused_with_a_sentence(path: str, body: Any, expected: str) -> None:
    assert expected == sentence(body, path)


@pytest.mark.parametrize(
    ("body", "name"),
    [({"input": "a"}, "missing_model"), ({"model": 7, "input": "a"}, "invalid_request"), ([], "malformed_body")],
)
def test_a_request_without_a_model_or_an_object_is_refused(body: Any, name: str) -> None:
    with pytest.raises(Rejected) as rejected:
        asked(body)
    assert name == rejected.value.failure.name


# ---------------------------------------------------------------- what is written


def test_an_answer_has_a_vector_for_each_input() -> None:
    request = asked({"model": "e", "input": ["hi", "there"], "encoding_format": "float"})
    done = Completion((Embedding(4),), "stop", Usage(input=7), model="e-1")
    assert {
        "object": "list",
        "data": [
            {"object": "embedding", "index": 0, "embedding": vector("hi", 4).tolist()},
            {"object": "embedding", "index": 1, "embedding": vector("there", 4).tolist()},
        ],
        "model": "e-1",
        "usage": {"prompt_tokens": 7, "total_tokens": 7},
    } == written(request, done)


def test_base64_holds_the_same_numbers() -> None:
    [plain] = written(asked({"model": "e", "input": "hi"}))["data"]
    [packed] = written(asked({"model": "e", "input": "hi", "encoding_format": "base64"}))["data"]
    assert tuple(plain["embedding"]) == struct.unpack("<4f", base64.b64decode(packed["embedding"]))


@pytest.mark.parametrize(("fields", "length"), [({}, 4), ({"dimensions": 9}, 9), ({"dimensions": None}, 4)])
def test_the_request_says_how_long_a_vector_is(fields: Any, length: int) -> None:
    [item] = written(asked({"model": "e", "input": "hi", **fields}))["data"]
    assert length == len(item["embedding"])


def test_gemini_has_one_vector_or_a_batch_of_them() -> None:
    usage = {"promptTokenCount": 1}
    one = {"content": {"parts": [{"text": "hi"}]}}
    values = {"values": vector("hi", 4).tolist()}
    assert {"embedding": values, "usageMetadata": usage} == written(googled(ONE, one))
    assert {"embeddings": [values], "usageMetadata": usage} == written(googled(BATCH, {"requests": [one]}))
    assert "e" == googled(ONE, one).model


@pytest.mark.parametrize(
    "fields",
    [
        {"outputDimensionality": 2},
        {"output_dimensionality": 2},
        {"embedContentConfig": {"outputDimensionality": 2}},
        {"embed_content_config": {"output_dimensionality": 2}, "outputDimensionality": 3},
    ],
)
def test_gemini_says_in_several_places_how_long_a_vector_is(fields: Any) -> None:
    asked = googled(BATCH, {"requests": [{"content": CONTENT, **fields}, {"content": CONTENT}]})
    assert [2, 4] == [len(item["values"]) for item in written(asked)["embeddings"]]


def test_the_answer_is_one_beat() -> None:
    request = asked({"model": "e", "input": "hi"})
    assert [Frame(written(request), beat=True)] == list(embeddings.frames(DONE, request, STAMP))


# ---------------------------------------------------------------- vectors


def test_a_vector_is_of_length_one_and_the_same_for_ever() -> None:
    assert [0.9404550194740295, -0.2774003744125366, -0.1964520663022995] == vector("hi", 3).tolist()
    for dimensions in (1, 2, 1024, 4096):
        assert 1 == pytest.approx(math.hypot(*vector("hi", dimensions)), abs=1e-6)


def test_a_shorter_vector_points_where_a_longer_one_begins() -> None:
    short, long = vector("hi", 3), vector("hi", 1024)
    length = math.hypot(*long[:3])
    assert short.tolist() == pytest.approx([number / length for number in long[:3]], abs=1e-6)


def test_texts_that_differ_have_vectors_that_have_nothing_to_do_with_each_other() -> None:
    vectors = [vector(text, 1024) for text in ("", "hi", "hi!", "Hi", "你好")]
    for one, other in combinations(vectors, 2):
        assert abs(sum(a * b for a, b in zip(one, other, strict=True))) < 0.15


# ---------------------------------------------------------------- what all three codecs say alike

ALL: list[WireProtocol] = [embeddings, images, audio]
UNFIT: list[tuple[Any, str]] = [
    (Text("hi"), "text"),
    (ToolCall("look", "{}"), "a call"),
    (Media("image", "", "image/png"), "images"),
    (Media("audio", "", "audio/wav"), "audio"),
    (Embedding(3), "embeddings"),
]
FORM = {"model": "m", "input": "hi", "prompt": "hi"}


@pytest.mark.parametrize("protocol", ALL, ids=lambda protocol: protocol.NAME)
@pytest.mark.parametrize(("part", "said"), UNFIT, ids=[said for _, said in UNFIT])
def test_a_step_that_says_something_else_is_a_miss_that_says_so(protocol: WireProtocol, part: Any, said: str) -> None:
    request = protocol.decode(
        Call("POST", f"/v1/{protocol.NAME}/speech", body=json.dumps(FORM).encode()),
        Endpoint("p", protocol),
        Memory(most=9),
    )
    done = Completion((part,), "stop")
    if said == protocol.NAME:
        assert protocol.body(done, request, STAMP) is not None
        return
    for write in (protocol.body, lambda *args: list(protocol.frames(*args))):
        with pytest.raises(Rejected) as rejected:
            write(done, request, STAMP)
        verb = "is" if protocol is audio else "are"
        message = f"the step answers with {said}, but {protocol.NAME} {verb} asked for; "
        assert Failure("no_step", f"{message}give its reply '{protocol.NAME}'") == rejected.value.failure


@pytest.mark.parametrize("protocol", ALL, ids=lambda protocol: protocol.NAME)
def test_every_error_has_words(protocol: WireProtocol) -> None:
    for name in (*ERROR_NAMES, *get_args(UnscriptedErrorName)):
        page = protocol.failure(Failure(name), STAMP)
        assert 400 <= page.status < 600
        assert {"message", "type", "param", "code"} == page.body["error"].keys()
    said = Failure("rate_limited", "no", status=418, code="c", type="t", retry_after=1.2, headers={"x": "y"})
    page = protocol.failure(said, STAMP)
    assert {"error": {"message": "no", "type": "t", "param": None, "code": "c"}} == page.body
    assert (418, {"x": "y", "retry-after": "2"}) == (page.status, page.headers)
    assert [1] == protocol.failure(Failure("timeout", body=[1]), STAMP).body
    assert [Frame(protocol.failure(said, STAMP).body)] == list(protocol.broken(said, 3, STAMP))


@pytest.mark.parametrize("protocol", ALL, ids=lambda protocol: protocol.NAME)
def test_a_blocked_prompt_is_the_error_content_filtered(protocol: WireProtocol) -> None:
    assert Failure("content_filtered") == protocol.blocked(Completion((), "stop", blocked="SAFETY"))
