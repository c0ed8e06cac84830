"""A running server for tests, and a client as plain as can be."""

import asyncio
import http.client
import itertools
import json
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emulator.journal import Exchange
from emulator.protocols import PROTOCOLS
from emulator.providers import PROVIDERS
from emulator.scenario import Library, Names
from emulator.server.app import App, Server
from emulator.server.settings import Settings
from emulator.session import key_id

ROOT = Path(__file__).parents[1]
NAMES = Names(providers=frozenset(PROVIDERS), protocols=frozenset(PROTOCOLS))

_keys = (f"key-{number}" for number in itertools.count(1))


@dataclass
class Reply:
    """What came back over the socket."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def events(self) -> list[Any]:
        """The data of every server-sent event; the end marker as a string."""
        blocks = self.body.decode().split("\n\n")
        assert blocks.pop() == ""
        data = [block.removeprefix("data: ") for block in blocks]
        return [item if item == "[DONE]" else json.loads(item) for item in data]


@dataclass
class Live:
    """A running server, and a session on it that is this test's own."""

    server: Server
    loop: asyncio.AbstractEventLoop
    key: str = field(default_factory=lambda: next(_keys))

    @property
    def origin(self) -> str:
        return self.server.origin

    @property
    def base_url(self) -> str:
        return f"{self.origin}/v1/ai/cloudbase"

    @property
    def journal(self) -> list[Exchange]:
        """The exchanges of this test's key."""
        return list(self.server.app.journal.read(session=key_id(self.key)))

    @property
    def bearer(self) -> str:
        return f"Bearer {self.key}"

    def send(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Reply:
        """Send one request as the standard library does; a body that is no bytes goes as JSON."""
        fields = {"authorization": self.bearer, "content-type": "application/json"} if headers is None else headers
        if headers is None and "/v1/messages" in path:
            fields["anthropic-version"] = "2023-06-01"  # as every client of Anthropic's does
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=10)
        try:
            connection.request(method, path, body=data, headers=fields)
            reply = connection.getresponse()
            return Reply(reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read())
        finally:
            connection.close()

    def ask(self, user: str = "Hello", *, model: str = "hy3-preview", **fields: Any) -> Reply:
        """Send a chat request with one user message."""
        body = {"model": model, "messages": [{"role": "user", "content": user}], **fields}
        return self.send("POST", "/v1/ai/cloudbase/chat/completions", body)

    def run(self, coroutine: Any) -> Any:
        """Run something in the server's loop."""
        future: Future[Any] = asyncio.run_coroutine_threadsafe(coroutine, self.loop)
        return future.result(timeout=10)


class Thread:
    """An event loop in a thread, for servers that blocking clients talk to."""

    def __init__(self, new_loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop) -> None:
        self.loop = new_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def start(self, library: Library, **options: Any) -> Live:
        server = Server(App(Settings(port=0, **{"time_scale": 0.0, **options}), library))
        live = Live(server, self.loop)
        live.run(server.start())
        return live

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(timeout=10)
        self.loop.close()


def library_of(*paths: Path) -> Library:
    library = Library(paths, NAMES)
    assert [] == [str(problem) for problem in library.problems]
    return library
