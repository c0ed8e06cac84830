# mypy: disable-error-code="import-not-found"
"""OpenAI's Agents SDK: its runner on both of its models."""

import asyncio
import json
from typing import Any

from agents import (
    Agent,
    Model,
    ModelSettings,
    OpenAIChatCompletionsModel,
    OpenAIResponsesModel,
    Runner,
    function_tool,
)
from drive import HELLO, MODEL, WEATHER, WEATHER_RESULT, Target
from openai import AsyncOpenAI


def client_at(path: str, target: Target) -> AsyncOpenAI:
    return AsyncOpenAI(base_url=target.origin + path, api_key=target.key, max_retries=0)


SERVICES = {
    "cloudbase_chat": lambda target: OpenAIChatCompletionsModel(MODEL, client_at("/v1/ai/cloudbase", target)),
    "plain_chat": lambda target: OpenAIChatCompletionsModel(MODEL, client_at("/plain/v1", target)),
    "plain_responses": lambda target: OpenAIResponsesModel(MODEL, client_at("/plain/v1", target)),
}


# Without it, the chat model does not ask a stream for its usage.
SETTINGS = ModelSettings(include_usage=True)


def usage_in(done: Any) -> Any:
    usage = done.context_wrapper.usage
    return [usage.input_tokens, usage.output_tokens]


async def streamed(agent: Agent[None], prompt: str) -> Any:
    done = Runner.run_streamed(agent, prompt)
    texts = [
        event.data.delta
        async for event in done.stream_events()
        if event.type == "raw_response_event" and event.data.type == "response.output_text.delta"
    ]
    return {"text": done.final_output, "usage": usage_in(done), "pieces": len([text for text in texts if text])}


def whole(model: Model) -> Any:
    done = Runner.run_sync(Agent(name="greeter", model=model, model_settings=SETTINGS), HELLO)
    return {"text": done.final_output, "usage": usage_in(done)}


def stream(model: Model) -> Any:
    return asyncio.run(streamed(Agent(name="greeter", model=model, model_settings=SETTINGS), HELLO))


def agent_of(model: Model) -> tuple[Agent[None], list[Any]]:
    runs: list[Any] = []

    @function_tool
    def get_current_weather(location: str) -> str:
        """Obtain the weather forecast for a specified city."""
        runs.append({"location": location})
        # What is no text goes out as Python would print it, and that is no JSON.
        return json.dumps(WEATHER_RESULT, ensure_ascii=False)

    return Agent(name="weatherman", model=model, tools=[get_current_weather]), runs


def tools(model: Model) -> Any:
    agent, runs = agent_of(model)
    return {"text": Runner.run_sync(agent, WEATHER).final_output, "runs": runs}


def tools_stream(model: Model) -> Any:
    agent, runs = agent_of(model)
    seen = asyncio.run(streamed(agent, WEATHER))
    return {"text": seen["text"], "runs": runs, "pieces": seen["pieces"]}


CASES = {"whole": whole, "stream": stream, "tools": tools, "tools_stream": tools_stream}
