"""Embeddings, images and audio of each provider: routes, and the last word over what goes out, without a server."""

import json
from typing import Any

import pytest

from emulator.protocols.media import audio, embeddings, images
from emulator.providers.cloudbase import CloudBase
from emulator.providers.cloudsway import Cloudsway
from emulator.providers.enveloped import Enveloped
from emulator.providers.plain import Plain
from emulator.session import Memory
from emulator.types import (
    Call,
    Completion,
    Embedding,
    Endpoint,
    Failure,
    Media,
    Provider,
    Rejected,
    Request,
    Stamp,
    Text,
    WireProtocol,
)

STAMP = Stamp(seed=0, serial=1, created=1_767_225_601)
PLAIN, CLOUDBASE, CLOUDSWAY, ENVELOPED = Plain(), CloudBase(), Cloudsway(), Enveloped()
EP = "/v1/ai/RkBOAlaWzKcubSji"
FORM = {
    "model": "m",
    "prompt": "a cat",
    "input": "hi",
    "file": "hello.wav",
    "content": {"parts": [{"text": "hi"}]},
    "requests": [{"content": {"parts": [{"text": "hi"}]}}],
}
PICTURE = Completion((Media("image", "UkVE", "image/png"),), "stop")


def call(path: str, **headers: str) -> Call:
    fields = {name.replace("_", "-"): value for name, value in headers.items()} or {"authorization": "Bearer k"}
    return Call("POST", path, headers=fields, body=json.dumps(FORM).encode())


ROUTES: list[tuple[Provider, str, WireProtocol]] = [
    (PLAIN, "/v1/embeddings", embeddings),
    (PLAIN, "/v1/images/generations", images),
    (PLAIN, "/v1/images/edits", images),
    (PLAIN, "/v1/audio/speech", audio),
    (PLAIN, "/v1/audio/transcriptions", audio),
    (PLAIN, "/v1beta/models/e:embedContent", embeddings),
    (PLAIN, "/v1/models/e:batchEmbedContents", embeddings),
    (CLOUDBASE, "/v1/ai/cloudbase/images/generations", images),
    (CLOUDBASE, "/v1/ai/hunyuan-image/v1/images/generations", images),
    (CLOUDBASE, "/v1/ai/hunyuan-image/images/ar/generations", images),
    (CLOUDSWAY, f"{EP}/embeddings", embeddings),
    (CLOUDSWAY, f"{EP}/images/generations", images),
    (CLOUDSWAY, f"{EP}/images/edits", images),
    (CLOUDSWAY, f"{EP}/audio/speech", audio),
    (CLOUDSWAY, f"{EP}/audio/transcriptions", audio),
    (ENVELOPED, "/api/v1/embeddings", embeddings),
]
IDS = [f"{provider.name} {path}" for provider, path, _ in ROUTES]


def resolved(provider: Provider, asked: Call) -> Endpoint:
    endpoint = provider.resolve(asked, STAMP)
    assert isinstance(endpoint, Endpoint)
    return endpoint


def decoded(provider: Provider, path: str) -> Request:
    endpoint = resolved(provider, call(path))
    return endpoint.protocol.decode(call(path), endpoint, Memory(most=9))


@pytest.mark.parametrize(("provider", "path", "protocol"), ROUTES, ids=IDS)
def test_a_path_leads_to_its_protocol_and_can_be_read(provider: Provider, path: str, protocol: WireProtocol) -> None:
    request = decoded(provider, path)
    assert (protocol, False) == (request.endpoint.protocol, request.stream)
    assert request.model == ("e" if ":" in path else "m")


@pytest.mark.parametrize(("provider", "path", "protocol"), ROUTES, ids=IDS)
def test_every_path_needs_a_key_and_has_errors(provider: Provider, path: str, protocol: WireProtocol) -> None:
    with pytest.raises(Rejected) as rejected:
        provider.resolve(call(path, accept="*/*"), STAMP)
    assert "missing_api_key" == rejected.value.failure.name
    assert 429 == provider.failure(Failure("rate_limited"), call(path), STAMP).status


@pytest.mark.parametrize(
    ("provider", "path"),
    [
        (CLOUDBASE, "/v1/ai/cloudbase/embeddings"),
        (CLOUDBASE, "/v1/ai/cloudbase/images/ar/generations"),
        (CLOUDBASE, "/v1/ai/cloudbase/audio/speech"),
        (ENVELOPED, "/api/v1/images/generations"),
    ],
)
def test_what_is_not_documented_is_not_there(provider: Provider, path: str) -> None:
    with pytest.raises(Rejected) as rejected:
        provider.resolve(call(path), STAMP)
    assert "route_not_found" == rejected.value.failure.name


def test_googles_paths_take_googles_key_and_have_its_errors() -> None:
    asked = call("/v1beta/models/e:embedContent", x_goog_api_key="k")
    assert (embeddings, "e") == (resolved(PLAIN, asked).protocol, resolved(PLAIN, asked).model)
    error = PLAIN.failure(Failure("rate_limited"), asked, STAMP).body["error"]
    assert (429, "RESOURCE_EXHAUSTED") == (error["code"], error["status"])


def test_an_error_of_cloudsways_models_is_within_the_message_as_in_a_chat() -> None:
    pages = [
        CLOUDSWAY.failure(Failure("context_length_exceeded"), call(f"{EP}/{path}"), STAMP)
        for path in ("chat/completions", "embeddings", "images/generations", "audio/speech")
    ]
    assert pages[:1] * 4 == pages


# ---------------------------------------------------------------- the last word


def bent(provider: Provider, path: str, done: Completion) -> Any:
    request = decoded(provider, path)
    return provider.body(request.endpoint.protocol.body(done, request, STAMP), request, STAMP)


def test_cloudbase_gives_urls_with_the_prompt() -> None:
    assert {
        "id": STAMP.hex("images", 32),
        "created": 1_767_225_601,
        "data": [{"url": "data:image/png;base64,UkVE", "revised_prompt": "a cat"}],
    } == bent(CLOUDBASE, "/v1/ai/hunyuan-image/images/ar/generations", PICTURE)


def test_the_envelope_is_around_embeddings() -> None:
    answer = bent(ENVELOPED, "/api/v1/embeddings", Completion((Embedding(2),), "stop"))
    assert (True, "200", "successful") == (answer["success"], answer["code"], answer["message"])
    assert ["object", "data", "model", "usage"] == list(answer["data"])


def test_a_sound_goes_out_as_it_is() -> None:
    done = Completion((Media("audio", "AAEC", "audio/wav"),), "stop")
    for provider, path in ((PLAIN, "/v1/audio/speech"), (CLOUDSWAY, f"{EP}/audio/speech")):
        assert b"\x00\x01\x02" == bent(provider, path, done)


def test_a_transcription_is_what_is_documented() -> None:
    assert {"text": "hi"} == bent(CLOUDSWAY, f"{EP}/audio/transcriptions", Completion((Text("hi"),), "stop"))
