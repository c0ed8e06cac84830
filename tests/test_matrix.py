"""One scenario through every provider, protocol and mode: the same text, calls, finish and usage everywhere.

The matrix is printed into docs/matrix.md (`pytest --golden-update`), and compared with what is there.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.asking import ASK, CELLS
from tests.live import ROOT, Live


@dataclass(frozen=True)
class Seen:
    """What a client reads of an answer, whatever the protocol."""

    text: str
    reasoning: str
    calls: tuple[tuple[str, str], ...]
    finish: str
    usage: tuple[int, int]


# ---------------------------------------------------------------- reading


def canonical(arguments: str) -> str:
    return json.dumps(json.loads(arguments), sort_keys=True)


def read_chat(bodies: list[Any]) -> Seen:
    text, reasoning, finish, usage = "", "", "", (0, 0)
    calls: dict[int, list[str]] = {}
    for body in bodies:
        for choice in body["choices"]:
            delta = choice.get("message") or choice.get("delta") or {}
            text += delta.get("content") or ""
            reasoning += delta.get("reasoning_content") or ""
            finish = choice.get("finish_reason") or finish
            for number, call in enumerate(delta.get("tool_calls") or []):
                name, arguments = call["function"].get("name", ""), call["function"].get("arguments", "")
                known = calls.setdefault(call.get("index", number), ["", ""])
                known[0] += name
                known[1] += arguments
        if body.get("usage"):
            usage = (body["usage"]["prompt_tokens"], body["usage"]["completion_tokens"])
    found = tuple((name, canonical(arguments)) for name, arguments in calls.values())
    return Seen(text, reasoning, found, {"tool_calls": "calls"}.get(finish, finish), usage)


def read_responses(bodies: list[Any]) -> Seen:
    response = bodies[-1].get("response", bodies[-1])
    parts = [part for item in response["output"] if item["type"] == "message" for part in item["content"]]
    thoughts = [part["text"] for item in response["output"] if item["type"] == "reasoning" for part in item["summary"]]
    calls = [item for item in response["output"] if item["type"] == "function_call"]
    streamed = "".join(body["delta"] for body in bodies if body.get("type") == "response.output_text.delta")
    text = "".join(part["text"] for part in parts)
    assert streamed == (text if len(bodies) > 1 else "")
    return Seen(
        text,
        "".join(thoughts),
        tuple((call["name"], canonical(call["arguments"])) for call in calls),
        "calls" if calls else {"completed": "stop"}[response["status"]],
        (response["usage"]["input_tokens"], response["usage"]["output_tokens"]),
    )


def read_messages(bodies: list[Any]) -> Seen:
    blocks: list[dict[str, Any]] = []
    finish, usage = "", {}
    for body in bodies:
        match body["type"]:
            case "message":
                blocks, finish, usage = body["content"], body["stop_reason"], body["usage"]
            case "content_block_start":
                blocks.append({**body["content_block"], "json": ""})
            case "content_block_delta":
                block, delta = blocks[body["index"]], body["delta"]
                for key, name in (("text", "text"), ("thinking", "thinking"), ("json", "partial_json")):
                    block[key] = block.get(key, "") + delta.get(name, "")
            case "message_delta":
                finish, usage = body["delta"]["stop_reason"], {**usage, **body["usage"]}
            case "message_start":
                usage = body["message"]["usage"]
    calls = [block for block in blocks if block["type"] == "tool_use"]
    return Seen(
        "".join(block["text"] for block in blocks if block["type"] == "text"),
        "".join(block["thinking"] for block in blocks if block["type"] == "thinking"),
        tuple((call["name"], canonical(call.get("json") or json.dumps(call["input"]))) for call in calls),
        {"end_turn": "stop", "tool_use": "calls"}[finish],
        (usage["input_tokens"], usage["output_tokens"]),
    )


def read_gemini(bodies: list[Any]) -> Seen:
    candidates = [candidate for body in bodies for candidate in body["candidates"]]
    parts = [part for candidate in candidates for part in candidate.get("content", {}).get("parts", [])]
    calls = [part["functionCall"] for part in parts if "functionCall" in part]
    usage = bodies[-1]["usageMetadata"]
    output = usage.get("candidatesTokenCount", 0) + usage.get("thoughtsTokenCount", 0)
    return Seen(
        "".join(part.get("text", "") for part in parts if not part.get("thought")),
        "".join(part["text"] for part in parts if part.get("thought")),
        tuple((call["name"], canonical(json.dumps(call["args"]))) for call in calls),
        "calls" if calls else {"STOP": "stop"}[candidates[-1]["finishReason"]],
        (usage["promptTokenCount"], output),
    )


def unwrapped(body: Any) -> Any:
    return body["data"] if "success" in body else body


# ---------------------------------------------------------------- the matrix

READ: dict[str, Callable[[list[Any]], Seen]] = {
    "chat": read_chat,
    "responses": read_responses,
    "messages": read_messages,
    "gemini": read_gemini,
}

PROVIDERS = list(dict.fromkeys(provider for provider, _ in CELLS))
ANSWERS = {
    "text": "Tell me about Li Bai",
    "reasoning": "Which is larger, 9.11 or 9.9?",
    "tool call": "Please check the weather in Beijing for me today.",
    "parallel calls": "Compare the weather in Beijing and Shanghai.",
}


def seen(live: Live, provider: str, protocol: str, prompt: str, *, stream: bool) -> Seen:
    cell = CELLS[provider, protocol]
    assert cell is not None
    read = READ[protocol]
    reply = live.send("POST", cell[stream], ASK[protocol](prompt, stream=stream))
    assert 200 == reply.status, reply.body
    if not stream:
        return read([unwrapped(reply.json)])
    lines = [line.removeprefix("data: ") for line in reply.body.decode().splitlines() if line.startswith("data: ")]
    return read([json.loads(line) for line in lines if line != "[DONE]"])


@pytest.mark.parametrize("answer", ANSWERS)
def test_every_provider_protocol_and_mode_says_the_same(examples: Live, answer: str) -> None:
    expected = seen(examples, "plain", "chat", ANSWERS[answer], stream=False)
    found = {
        (*cell, mode): seen(examples, *cell, ANSWERS[answer], stream=mode == "stream")
        for cell, paths in CELLS.items()
        if paths is not None
        for mode in ("whole", "stream")
    }
    assert dict.fromkeys(found, expected) == found


def test_the_matrix_in_the_documentation_is_the_one_that_is_tested(request: pytest.FixtureRequest) -> None:
    lines = ["# One scenario, every provider and protocol", ""]
    lines += [
        "Each cell is asked whole and streamed for a text, reasoning, a tool call and parallel calls, and says the same"
    ]
    lines += [
        "text, calls, finish and usage as every other (`tests/test_matrix.py`). – : the service has no such route.",
        "",
    ]
    lines += [f"| | {' | '.join(READ)} |", f"| --- |{' --- |' * len(READ)}"]
    for provider in PROVIDERS:
        cells = [CELLS[provider, protocol] for protocol in READ]
        lines.append(f"| {provider} | {' | '.join(f'`{cell[0]}`' if cell else '–' for cell in cells)} |")
    file = ROOT / "docs" / "matrix.md"
    if request.config.getoption("--golden-update"):
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert "\n".join(lines) + "\n" == file.read_text(encoding="utf-8")
