"""What is served and what is asked: scenario files, the same for aimock, and requests."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

__all__ = ["BEATS", "CHUNKS", "GAP_MS", "PROTOCOLS", "Ask", "Files", "Kind", "Subject", "ask", "last_of", "write_files"]

Subject: TypeAlias = Literal["bare", "standard", "fast", "aimock"]
"""bare: aiohttp alone. standard, fast: the emulator without and with uvloop and orjson. aimock: a peer."""
Kind: TypeAlias = Literal["chat", "stream", "paced", "template", "tool", "responses", "messages", "gemini"]

PROTOCOLS: Final[tuple[Kind, ...]] = ("responses", "messages", "gemini")
"""The protocols beside Chat Completions."""
CHUNKS: Final = 100
"""Chunks of a streamed reply without delay; as many as the bare server sends."""
BEATS: Final = 100
"""Chunks of a paced one."""
GAP_MS: Final = 50
"""From one paced chunk to the next, and until the first."""
STEPS: Final = 50
"""How many steps are loaded where a row does not say otherwise."""
AIMOCK_CHUNK: Final = 4
"""The letters of a chunk, which `--chunk-size` tells aimock."""


@dataclass(frozen=True)
class Ask:
    """A request."""

    path: str
    body: bytes

    def written(self, key: str = "bench") -> bytes:
        """Give the bytes that go over the wire."""
        head = (
            f"POST {self.path} HTTP/1.1\r\nhost: 127.0.0.1\r\nuser-agent: benchmark\r\naccept: application/json\r\n"
            f"authorization: Bearer {key}\r\ncontent-type: application/json\r\nanthropic-version: 2023-06-01\r\n"
            f"content-length: {len(self.body)}\r\n\r\n"
        )
        return head.encode() + self.body


@dataclass(frozen=True)
class Files:
    """The same replies, for the emulator and for aimock."""

    scenario: Path
    aimock: Path


def _words(length: int) -> str:
    draw = random.Random(length)
    words = "".join(draw.choice("abcdefghij    ") for _ in range(length))
    return f"{words[:-1]}."


_SYSTEM: Final = _words(420)
_USER: Final = _words(300)
_ANSWER: Final = _words(140)
_CHUNKED: Final = "".join(f"{number:03} " for number in range(BEATS))
_TOOL: Final = {"name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}
_CHAT: Final = "/plain/v1/chat/completions"


# ---------------------------------------------------------------- requests


def ask(kind: Kind, subject: Subject, said: str = "", picture_bytes: int = 0) -> Ask:
    """Make the request of a kind, of some 900 bytes and a picture. `said`: what the user says, else the kind's key."""
    body = json.dumps(_body(kind, f"{_USER} {said or f'{kind}-quartz'}", picture_bytes)).encode()
    match subject:
        case "bare":
            return Ask("/streamed" if kind == "stream" else "/parsed" if picture_bytes else "/whole", body)
        case "aimock":
            return Ask(_CHAT.removeprefix("/plain"), body)
        case _:
            return Ask(_PATHS.get(kind, _CHAT), body)


def last_of(steps: int) -> str:
    """What a user says whom the last of so many steps answers."""
    return f"needle-{steps - 1:06}-end"


_PATHS: Final[dict[Kind, str]] = {
    "responses": "/plain/v1/responses",
    "messages": "/plain/v1/messages",
    "gemini": "/plain/v1beta/models/m:generateContent",
}


def _body(kind: Kind, user: str, picture_bytes: int) -> dict[str, Any]:
    match kind:
        case "responses":
            return {"model": "m", "instructions": _SYSTEM, "input": [{"role": "user", "content": user}]}
        case "messages":
            return {
                "model": "m", "max_tokens": 256, "system": _SYSTEM, "messages": [{"role": "user", "content": user}]
            }  # fmt: skip
        case "gemini":
            system = {"parts": [{"text": _SYSTEM}]}
            return {"systemInstruction": system, "contents": [{"role": "user", "parts": [{"text": user}]}]}
        case _:
            tools = {"tools": [{"type": "function", "function": _TOOL}]} if kind == "tool" else {}
            content = [{"type": "text", "text": user}, _picture(picture_bytes)] if picture_bytes else user
            messages = [{"role": "system", "content": _SYSTEM}, {"role": "user", "content": content}]
            return {"model": "m", "messages": messages, "stream": kind in ("stream", "paced"), "temperature": 0.2,
                    **tools}  # fmt: skip


def _picture(size: int) -> dict[str, Any]:
    data = base64.b64encode(random.Random(size).randbytes(size * 3 // 4)).decode()
    return {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}


# ---------------------------------------------------------------- replies


def write_files(folder: Path, needles: int | None = None) -> Files:
    """Write the files: with so many steps and nothing else, or with every kind of reply after some others."""
    name = "all" if needles is None else f"needles-{needles}"
    files = Files(folder / f"{name}.yaml", folder / f"{name}.json")
    if not files.scenario.exists():
        before = STEPS - len(_REPLIES) if needles is None else needles
        steps = list(_needles(before))
        if needles is None:
            steps += [(f"*{key}*", reply) for key, reply in _REPLIES.items()]
        written = (f'  - when: {{user: "{user}"}}\n    reply: {reply}\n' for user, reply in steps)
        files.scenario.write_text(f"version: 1\nname: bench\nsteps:\n{''.join(written)}")
        fixtures = [{"match": {"userMessage": user.strip("*")}, "response": {"content": _ANSWER}}
                    for user, _ in _needles(before)]  # fmt: skip
        files.aimock.write_text(json.dumps({"fixtures": fixtures + (_FIXTURES if needles is None else [])}))
    return files


def _needles(count: int) -> Iterator[tuple[str, str]]:
    for number in range(1, count + 1):
        yield f"*{last_of(number)}*", f'{{text: "{_ANSWER}"}}'


_PACE: Final = f"first_token: {GAP_MS}ms, every: {GAP_MS}ms"
_REPLIES: Final = {
    "stream-quartz": f'{{text: "{_CHUNKED[: 4 * CHUNKS]}", stream: {{chunk: {{chars: 4}}}}}}',
    "paced-quartz": f'{{text: "{_CHUNKED}", stream: {{chunk: {{chars: 4}}, {_PACE}}}}}',
    "template-quartz": f'{{text: "{{{{ request.model }}}} says {{{{ request.user[:40] }}}} {_ANSWER[:90]}"}}',
    "tool-quartz": "{tool_calls: [{name: get_weather, arguments: {city: Beijing, unit: celsius}}]}",
    "quartz": f'{{text: "{_ANSWER}"}}',
}
"""By what the user says; the last one answers every kind that has none of its own."""

# aimock waits for the latency before every chunk, the first one too (its dist/sse-writer.js, 1.43.0).
_FIXTURES: Final[list[dict[str, Any]]] = [
    {"match": {"userMessage": "stream-quartz"}, "response": {"content": _CHUNKED[: 4 * CHUNKS]}},
    {"match": {"userMessage": "paced-quartz"}, "response": {"content": _CHUNKED}, "latency": GAP_MS},
    {"match": {"userMessage": "quartz"}, "response": {"content": _ANSWER}},
]
