"""Adding a provider takes one module and one row: a toy one proves it."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

import pytest
from msgspec import Struct
from msgspec.structs import replace

from emulator.protocols import chat
from emulator.providers import PROVIDERS
from emulator.types import (
    Call,
    Completion,
    Endpoint,
    Failure,
    Frame,
    Headers,
    Json,
    Page,
    Quota,
    Request,
    Rulebook,
    Stamp,
    WireProtocol,
)
from tests.live import Thread, library_of


class Toy(Struct, frozen=True):
    name: ClassVar[str] = "toy"
    hosts: ClassVar[tuple[str, ...]] = (".toy.example",)

    api_keys: tuple[str, ...] = ()
    shelf: tuple[str, ...] = ()

    def claims(self, path: str) -> bool:
        return path.startswith("/toys/")

    def base_url(self, origin: str) -> str:
        return f"{origin}/toys"

    def base_urls(self, origin: str, target: str) -> Mapping[str, str]:
        return {"chat": self.base_url(origin)}

    def sample(self, model: str, user: str) -> Call:
        return Call("POST", "/toys/talk")

    def resolve(self, call: Call, stamp: Stamp) -> Endpoint | Page:
        return (
            Page(200, {"shelf": list(self.shelf)}) if call.method == "GET" else Endpoint(self.name, chat, model="bear")
        )

    def body(self, body: Json, request: Request, stamp: Stamp) -> Json:
        return {"toy": body["choices"][0]["message"]["content"]}

    def frames(self, frames: Iterator[Frame], done: Completion, request: Request, stamp: Stamp) -> Iterator[Frame]:
        return frames

    def failure(self, failure: Failure, call: Call, stamp: Stamp) -> Page:
        return Page(404, {"toy": failure.name})

    def headers(self, call: Call, stamp: Stamp) -> Headers:
        return {"x-toy": "yes"}

    def rules(self, protocol: WireProtocol) -> Rulebook:
        return protocol.RULES

    def quota(self, quota: Quota, protocol: str, stamp: Stamp) -> Headers:
        return {"x-toys-left": str(quota.remaining_requests)}

    def listing(self, models: tuple[str, ...]) -> "Toy":
        return replace(self, shelf=models)


@pytest.mark.parametrize("path", ["/toys/talk", "/toy/talk"])
def test_a_toy_provider_is_one_module_and_one_row(
    thread: Thread, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setitem(PROVIDERS, "toy", Toy)
    file = tmp_path / "s.yaml"
    head = "version: 1\nmodels: [bear, doll]\nlimits: {requests_per_minute: 9}\n"
    file.write_text(f"{head}steps: [{{when: {{model: bear, user: hi}}, reply: {{text: grr}}}}]\n")
    live = thread.start(library_of(file))
    try:
        body = {"messages": [{"role": "user", "content": "hi"}]}
        reply = live.send("POST", path, body)
        assert ({"toy": "grr"}, "yes", "8") == (reply.json, reply.headers["x-toy"], reply.headers["x-toys-left"])
        assert {"toy": "no_step"} == live.send("POST", path, {"messages": [{"role": "user", "content": "Hi"}]}).json
        assert {"shelf": ["bear", "doll"]} == live.send("GET", path).json
    finally:
        live.run(live.server.stop())
