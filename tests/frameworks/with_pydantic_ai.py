# mypy: disable-error-code="import-not-found", no-warn-return-any
"""pydantic-ai: its agent on the models of four protocols."""

import asyncio
from typing import Any

from anthropic import AsyncAnthropic
from drive import HELLO, MODEL, WEATHER, WEATHER_RESULT, Target
from pydantic_ai import Agent
from pydantic_ai.models import Model
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.google import GoogleModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.google import GoogleProvider
from pydantic_ai.providers.openai import OpenAIProvider


def openai_at(path: str, target: Target) -> OpenAIProvider:
    return OpenAIProvider(base_url=target.origin + path, api_key=target.key)


def cloudbase_messages(target: Target) -> AnthropicModel:
    # The gateway takes a bearer token alone.
    client = AsyncAnthropic(base_url=f"{target.origin}/v1/ai/cloudbase", auth_token=target.key)
    return AnthropicModel(MODEL, provider=AnthropicProvider(anthropic_client=client))


def plain_messages(target: Target) -> AnthropicModel:
    return AnthropicModel(MODEL, provider=AnthropicProvider(base_url=f"{target.origin}/plain", api_key=target.key))


def plain_gemini(target: Target) -> GoogleModel:
    return GoogleModel(MODEL, provider=GoogleProvider(base_url=f"{target.origin}/plain", api_key=target.key))


SERVICES = {
    "cloudbase_chat": lambda target: OpenAIChatModel(MODEL, provider=openai_at("/v1/ai/cloudbase", target)),
    "cloudbase_messages": cloudbase_messages,
    "plain_chat": lambda target: OpenAIChatModel(MODEL, provider=openai_at("/plain/v1", target)),
    "plain_responses": lambda target: OpenAIResponsesModel(MODEL, provider=openai_at("/plain/v1", target)),
    "plain_messages": plain_messages,
    "plain_gemini": plain_gemini,
}


def usage_in(usage: Any) -> Any:
    return [usage.input_tokens, usage.output_tokens]


def whole(model: Model) -> Any:
    done = Agent(model).run_sync(HELLO)
    return {"text": done.output, "usage": usage_in(done.usage)}


async def streamed(agent: Agent[None, str], prompt: str) -> Any:
    async with agent.run_stream(prompt) as done:
        texts = [text async for text in done.stream_text(delta=True, debounce_by=None)]
        return {"text": "".join(texts), "usage": usage_in(done.usage), "pieces": len(texts)}


def stream(model: Model) -> Any:
    return asyncio.run(streamed(Agent(model), HELLO))


def agent_of(model: Model) -> tuple[Agent[None, str], list[Any]]:
    runs: list[Any] = []
    agent = Agent(model)

    @agent.tool_plain
    def get_current_weather(location: str) -> dict[str, str]:
        """Obtain the weather forecast for a specified city."""
        runs.append({"location": location})
        return WEATHER_RESULT

    return agent, runs


def tools(model: Model) -> Any:
    agent, runs = agent_of(model)
    return {"text": agent.run_sync(WEATHER).output, "runs": runs}


def tools_stream(model: Model) -> Any:
    agent, runs = agent_of(model)
    seen = asyncio.run(streamed(agent, WEATHER))
    return {"text": seen["text"], "runs": runs, "pieces": seen["pieces"]}


CASES = {"whole": whole, "stream": stream, "tools": tools, "tools_stream": tools_stream}
