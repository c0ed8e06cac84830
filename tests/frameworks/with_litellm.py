# mypy: disable-error-code="import-not-found"
"""LiteLLM: one function for every protocol. It has no agent, so the tool loop is written out."""

import json
from typing import Any

import litellm
from drive import HELLO, MODEL, WEATHER, WEATHER_RESULT, Target

TOOL = {
    "type": "function",
    "function": {
        "name": "get_current_weather",
        "description": "Obtain the weather forecast for a specified city",
        "parameters": {"type": "object", "properties": {"location": {"type": "string"}}, "required": ["location"]},
    },
}


def at(prefix: str, path: str, model: str = MODEL) -> Any:
    """Where the model is: the prefix chooses the protocol."""
    return lambda target: {
        "model": f"{prefix}/{model}",
        "api_base": target.origin + path,
        "api_key": target.key,
        "num_retries": 0,
    }


def cloudbase_messages(target: Target) -> Any:
    # The gateway takes a bearer token alone.
    return at("anthropic", "/v1/ai/cloudbase")(target) | {"extra_headers": {"authorization": f"Bearer {target.key}"}}


SERVICES = {
    "cloudbase_chat": at("openai", "/v1/ai/cloudbase"),
    "cloudbase_messages": cloudbase_messages,
    "plain_chat": at("openai", "/plain/v1"),
    # Of a model that it does not know, LiteLLM asks no stream here: it cuts a whole answer up, and loses its calls.
    "plain_responses": at("openai/responses", "/plain/v1", model="gpt-4.1"),
    "plain_messages": at("anthropic", "/plain"),
    "plain_gemini": at("gemini", "/plain/v1beta"),
}


def said(text: str) -> Any:
    return [{"role": "user", "content": text}]


def usage_in(usage: Any) -> Any:
    return [usage.prompt_tokens, usage.completion_tokens]


def whole(place: Any) -> Any:
    done = litellm.completion(messages=said(HELLO), **place)
    return {"text": done.choices[0].message.content, "usage": usage_in(done.usage)}


def built(place: Any, messages: Any, **fields: Any) -> Any:
    """One streamed answer, put together by LiteLLM's own builder, and how many pieces of text it came in."""
    options = {"include_usage": True}
    chunks = list(litellm.completion(messages=messages, stream=True, stream_options=options, **fields, **place))
    pieces = [chunk for chunk in chunks if chunk.choices and chunk.choices[0].delta.content]
    return litellm.stream_chunk_builder(chunks, messages=messages), len(pieces)


def stream(place: Any) -> Any:
    done, pieces = built(place, said(HELLO))
    return {"text": done.choices[0].message.content, "usage": usage_in(done.usage), "pieces": pieces}


def loop(ask: Any) -> Any:
    messages = said(WEATHER)
    asked = ask(messages).choices[0].message
    messages.append(asked.model_dump(exclude_none=True))
    runs = []
    for call in asked.tool_calls:
        runs.append(json.loads(call.function.arguments))
        result = json.dumps(WEATHER_RESULT, ensure_ascii=False)
        messages.append({"role": "tool", "tool_call_id": call.id, "content": result})
    return {"text": ask(messages).choices[0].message.content, "runs": runs}


def tools(place: Any) -> Any:
    return loop(lambda messages: litellm.completion(messages=messages, tools=[TOOL], **place))


def tools_stream(place: Any) -> Any:
    pieces = []

    def ask(messages: Any) -> Any:
        done, count = built(place, messages, tools=[TOOL])
        pieces.append(count)
        return done

    return {**loop(ask), "pieces": sum(pieces)}


CASES = {"whole": whole, "stream": stream, "tools": tools, "tools_stream": tools_stream}
