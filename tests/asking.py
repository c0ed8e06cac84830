"""One question in every protocol, and where each provider serves it."""

from collections.abc import Callable
from typing import Any

EP = "RkBOAlaWzKcubSji"
MODEL = "hy3-preview"
PARAMETERS = {"type": "object", "properties": {"location": {"type": "string"}}, "required": ["location"]}


def ask_chat(prompt: str, *, stream: bool) -> Any:
    tool = {"type": "function", "function": {"name": "get_current_weather", "parameters": PARAMETERS}}
    options = {"stream": True, "stream_options": {"include_usage": True}} if stream else {}
    return {"model": MODEL, "messages": [{"role": "user", "content": prompt}], "tools": [tool], **options}


def ask_responses(prompt: str, *, stream: bool) -> Any:
    tool = {"type": "function", "name": "get_current_weather", "parameters": PARAMETERS}
    return {"model": MODEL, "input": prompt, "tools": [tool], "stream": stream}


def ask_messages(prompt: str, *, stream: bool) -> Any:
    tool = {"name": "get_current_weather", "input_schema": PARAMETERS}
    messages = [{"role": "user", "content": prompt}]
    return {"model": MODEL, "max_tokens": 1024, "messages": messages, "tools": [tool], "stream": stream}


def ask_gemini(prompt: str, *, stream: bool) -> Any:
    del stream
    declaration = {"name": "get_current_weather", "parameters": PARAMETERS}
    contents = [{"role": "user", "parts": [{"text": prompt}]}]
    return {"contents": contents, "tools": [{"functionDeclarations": [declaration]}]}


ASK: dict[str, Callable[..., Any]] = {
    "chat": ask_chat,
    "responses": ask_responses,
    "messages": ask_messages,
    "gemini": ask_gemini,
}

GEMINI = "/plain/v1beta/models/gemini-2.5-flash"
VERTEX = "/api/vertex-ai/v1/publishers/google/models/gemini-2.5-flash"
# The path of each mode; None: the service has no such route.
CELLS: dict[tuple[str, str], tuple[str, str] | None] = {
    ("cloudbase", "chat"): ("/v1/ai/cloudbase/chat/completions",) * 2,
    ("cloudbase", "responses"): ("/v1/ai/cloudbase/responses",) * 2,
    ("cloudbase", "messages"): ("/v1/ai/cloudbase/v1/messages",) * 2,
    ("cloudbase", "gemini"): None,
    ("cloudsway", "chat"): (f"/v1/ai/{EP}/chat/completions",) * 2,
    ("cloudsway", "responses"): (f"/v1/ai/{EP}/responses",) * 2,
    ("cloudsway", "messages"): (f"/{EP}/v1/messages",) * 2,
    ("cloudsway", "gemini"): (f"/v1/ai/{EP}/generateContent", f"/v1/ai/{EP}/streamGenerateContent?alt=sse"),
    ("enveloped", "chat"): ("/api/v1/chat/completions",) * 2,
    ("enveloped", "responses"): None,
    ("enveloped", "messages"): ("/api/v1/messages",) * 2,
    ("enveloped", "gemini"): (f"{VERTEX}:generateContent", f"{VERTEX}:streamGenerateContent?alt=sse"),
    ("plain", "chat"): ("/plain/v1/chat/completions",) * 2,
    ("plain", "responses"): ("/plain/v1/responses",) * 2,
    ("plain", "messages"): ("/plain/v1/messages",) * 2,
    ("plain", "gemini"): (f"{GEMINI}:generateContent", f"{GEMINI}:streamGenerateContent?alt=sse"),
}
