"""The exact bytes of every request and reply shape, both directions.

Each file's first line is its origin; then the request, then the reply, as they went over the socket.
`pytest --golden-update` writes them anew: read the diff.
"""

import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.asking import ASK, CELLS
from tests.live import ROOT, Live, Thread, library_of

CHAT = "/v1/ai/cloudbase/chat/completions"
SEED_000 = "documented docs.cloudbase.net cURL access (seed 000), read 2026-11-20"
SEED_001 = "documented docs.cloudbase.net supported protocols (seed 001), read 2026-11-20"
UPSTREAM = "inferred from the documentation of the service behind the gateway, 2026-11-20"
PACKAGE = "inferred from what @cloudbase/ai 2.30.0 needs, measured, 2026-11-20"
AI_BOT = "documented docs.cloudbase.net /http-api/ai-bot error example, status seen in the field, read 2026-11-20"
QUOTA = "documented docs.cloudbase.net /faq/knowledge/ai-429-error-and-token-quota, read 2026-11-20"
INFERRED = "inferred 2026-11-20"
OURS = "inferred: the emulator's own answer, 2026-11-20"

LI_BAI = {"model": "hy3-preview", "messages": [{"role": "user", "content": "Tell me about Li Bai"}], "stream": False}
INTRODUCE = {"model": "hy3-preview", "messages": [{"role": "user", "content": "Introduce yourself"}], "stream": True}
QUESTION = {"role": "user", "content": "Please check the weather in Beijing for me today."}
TOOL = {
    "type": "function",
    "function": {
        "name": "get_current_weather",
        "description": "Obtain the weather forecast for a specified city",
        "parameters": {
            "type": "object",
            "properties": {"location": {"type": "string", "description": "City name"}},
            "required": ["location"],
        },
    },
}
WEATHER = {"model": "hy3-preview", "messages": [QUESTION], "tools": [TOOL]}
TELL = {
    "model": "hy3-preview",
    "messages": [
        QUESTION,
        {
            "role": "assistant",
            "tool_calls": [
                {
                    "id": "call_123",
                    "type": "function",
                    "function": {"name": "get_current_weather", "arguments": '{"location": "Beijing"}'},
                }
            ],
        },
        {"role": "tool", "tool_call_id": "call_123", "content": '{"temperature": "25℃", "weather": "sunny"}'},
    ],
}
BOTH = {**WEATHER, "messages": [{"role": "user", "content": "Compare the weather in Beijing and Shanghai."}]}
THINK = {"model": "hy3-preview", "messages": [{"role": "user", "content": "Which is larger, 9.11 or 9.9?"}]}
STREAM = {"stream": True}
SDK = {"user-agent": "tcb-node-sdk/3.18.3"}


def error(name: str) -> Any:
    return {"model": f"error/{name}", "messages": [{"role": "user", "content": "Hello"}]}


CASES: dict[str, tuple[str, str, dict[str, str], Any]] = {
    # name: origin, method and path, headers, body
    "text": (SEED_000, f"POST {CHAT}", {}, LI_BAI),
    "text-stream": (SEED_000, f"POST {CHAT}", {"accept": "text/event-stream"}, INTRODUCE),
    "text-stream-usage": (UPSTREAM, f"POST {CHAT}", {}, {**INTRODUCE, "stream_options": {"include_usage": True}}),
    "text-stream-sdk": (PACKAGE, f"POST {CHAT}", SDK, INTRODUCE),
    "reasoning": (UPSTREAM, f"POST {CHAT}", {}, THINK),
    "reasoning-stream": (UPSTREAM, f"POST {CHAT}", {}, {**THINK, **STREAM}),
    "tool-call": (SEED_001, f"POST {CHAT}", {}, WEATHER),
    "tool-call-stream": (UPSTREAM, f"POST {CHAT}", {}, {**WEATHER, **STREAM}),
    "tool-call-stream-sdk": (PACKAGE, f"POST {CHAT}", SDK, {**WEATHER, **STREAM}),
    "tool-result": (SEED_001, f"POST {CHAT}", {}, TELL),
    "tool-result-stream": (UPSTREAM, f"POST {CHAT}", {}, {**TELL, **STREAM}),
    "parallel-tool-calls": (UPSTREAM, f"POST {CHAT}", {}, BOTH),
    "parallel-tool-calls-stream": (UPSTREAM, f"POST {CHAT}", {}, {**BOTH, **STREAM}),
    "older-path": (UPSTREAM, "POST /v1/ai/hunyuan-exp/v1/chat/completions", {}, LI_BAI),
    "error-missing-key": (INFERRED, f"POST {CHAT}", {"authorization": ""}, LI_BAI),
    "error-x-api-key": (INFERRED, f"POST {CHAT}", {"authorization": "", "x-api-key": "golden"}, LI_BAI),
    "error-scheme": (INFERRED, f"POST {CHAT}", {"authorization": "Basic Z29sZGVuOg=="}, LI_BAI),
    "error-invalid-key": (AI_BOT, f"POST {CHAT}", {}, error("invalid_api_key")),
    "error-quota": (QUOTA, f"POST {CHAT}", {}, error("quota_exhausted")),
    "error-concurrency": (QUOTA, f"POST {CHAT}", {}, error("concurrency_limited")),
    "error-rate": (INFERRED, f"POST {CHAT}", {}, error("rate_limited")),
    "error-rate-stream": (INFERRED, f"POST {CHAT}", {}, {**error("rate_limited"), **STREAM}),
    "error-server": (INFERRED, f"POST {CHAT}", {}, error("server_error")),
    "error-growth-plan": (
        "inferred from what others saw in the field, 2026-11-20",
        f"POST {CHAT}",
        {},
        error("growth-plan"),
    ),
    "error-literal": (OURS, f"POST {CHAT}", {}, error("literal")),
    "error-not-json": (INFERRED, f"POST {CHAT}", {}, b'{"model": '),
    "error-no-model": (INFERRED, f"POST {CHAT}", {}, {"messages": []}),
    "error-no-messages": (INFERRED, f"POST {CHAT}", {}, {"model": "hy3-preview"}),
    "error-path": (INFERRED, "POST /v1/ai/cloudbase/chat/completion", {}, LI_BAI),
    "error-method": (INFERRED, f"GET {CHAT}", {}, b""),
    "error-group": (INFERRED, "POST /cloudbase/v1/ai/nobody/chat/completions", {}, LI_BAI),
    "miss": (OURS, f"POST {CHAT}", {}, {**LI_BAI, "messages": [{"role": "user", "content": "Tell me about Du Fu"}]}),
    "preflight": (INFERRED, f"OPTIONS {CHAT}", {"origin": "https://shop.example", "authorization": ""}, b""),
    "nobody": (OURS, "POST /v2/nothing", {}, LI_BAI),
}


# The other providers and protocols: the same question in each protocol's words. What the bytes rest on is said where
# they are written, in the protocol's and the provider's modules.
EVERYWHERE: dict[str, str] = {
    "text": "Tell me about Li Bai",
    "reasoning": "Which is larger, 9.11 or 9.9?",
    "tool-call": "Please check the weather in Beijing for me today.",
    "parallel-tool-calls": "Compare the weather in Beijing and Shanghai.",
    "error": "Fail.",  # by the name of the model; where that is one the service refuses, its refusal
    "miss": "Tell me about Du Fu",
}
ORIGINS = {
    "cloudbase": "inferred from docs.cloudbase.net /en/http-api/ai-model/call-llm and the protocol, 2026-11-20",
    "cloudsway": "inferred from docs.cloudsway.net/maasapi (seed 004) and client code, 2026-11-20",
    "enveloped": "inferred from the chat completions page (seed 002) and its siblings, 2026-11-20",
    "plain": "inferred from the published SDKs and recorded traffic of the service, 2026-11-20",
}


@pytest.fixture(scope="module")
def live(thread: Thread) -> Iterator[Live]:
    """Scenario files go by the place that a user in the project's folder sees."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        live = thread.start(library_of(ROOT / "scenarios"))
    yield live
    live.run(live.server.stop())


@pytest.mark.parametrize("name", CASES)
def test_the_bytes_are_the_golden_ones(live: Live, golden: Callable[[str, bytes, str], None], name: str) -> None:
    origin, line, headers, body = CASES[name]
    request = _request(live, name, line, headers, body)
    golden(f"cloudbase-chat/{name}.http", request + b"\n\n" + _exchange(live, request), origin)


@pytest.mark.parametrize("mode", ["whole", "stream"])
@pytest.mark.parametrize("answer", EVERYWHERE)
@pytest.mark.parametrize("cell", [cell for cell, paths in CELLS.items() if paths and cell != ("cloudbase", "chat")])
def test_the_bytes_are_the_golden_ones_everywhere(
    live: Live, golden: Callable[[str, bytes, str], None], cell: tuple[str, str], answer: str, mode: str
) -> None:
    (provider, protocol), paths = cell, CELLS[cell]
    assert paths is not None
    body = ASK[protocol](EVERYWHERE[answer], stream=mode == "stream")
    path = paths[mode == "stream"]
    if answer == "error":
        body["model"], path = "error/rate_limited", path.replace("gemini-2.5-flash", "error%2Frate_limited")
    name = f"{provider}-{protocol}/{answer}-{mode}.http"
    headers = {"anthropic-version": "2023-06-01"} if cell == ("plain", "messages") else {}
    request = _request(live, name, f"POST {path}", headers, body)
    golden(name, request + b"\n\n" + _exchange(live, request), ORIGINS[provider])


def _request(live: Live, name: str, line: str, headers: dict[str, str], body: Any) -> bytes:
    data = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    fields = {
        "host": "127.0.0.1:8080",
        # Of a miss, how many steps there are is a part: it is told by a session that sees one scenario.
        "authorization": f"Bearer golden-{name}{'@hello' if 'miss' in name else ''}",
        "content-type": "application/json",
        **headers,
        "content-length": str(len(data)),
        "connection": "close",
    }
    if anonymous := live.server.app.sessions.find("anonymous"):
        anonymous.reset()  # requests without a key share a session, and its ordinals
    head = "\r\n".join((f"{line} HTTP/1.1", *(f"{key}: {value}" for key, value in fields.items() if value), "", ""))
    return head.encode() + data


def _exchange(live: Live, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", live.server.port), timeout=10) as connection:
        connection.sendall(request)
        received = b""
        while piece := connection.recv(65536):
            received += piece
    return received


def test_every_golden_belongs_to_a_case_and_has_an_origin() -> None:
    folder = ROOT / "tests" / "golden"
    everywhere = {
        f"{provider}-{protocol}/{answer}-{mode}.http"
        for (provider, protocol), paths in CELLS.items()
        for answer in EVERYWHERE
        for mode in ("whole", "stream")
        if paths and (provider, protocol) != ("cloudbase", "chat")
    }
    chat = {f"cloudbase-chat/{name}.http" for name in CASES}
    assert everywhere | chat == {str(file.relative_to(folder)) for file in folder.rglob("*.http")}
    for file in folder.rglob("*.http"):
        assert file.read_bytes().startswith((b"# origin: documented docs.", b"# origin: inferred")), file.name
