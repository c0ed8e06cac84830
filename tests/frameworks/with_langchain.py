# mypy: disable-error-code="import-not-found", no-warn-return-any
"""LangChain: the chat models of three of its packages, and its agent."""

from typing import Any

from drive import HELLO, MODEL, WEATHER, WEATHER_RESULT, Target
from langchain.agents import create_agent
from langchain.tools import tool
from langchain_anthropic import ChatAnthropic
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_google_genai import ChatGoogleGenerativeAI
from langchain_openai import ChatOpenAI


def openai_at(path: str, **options: Any) -> Any:
    return lambda target: ChatOpenAI(
        model=MODEL, base_url=target.origin + path, api_key=target.key, stream_usage=True, max_retries=0, **options
    )


def cloudbase_messages(target: Target) -> ChatAnthropic:
    # The gateway takes a bearer token alone; the package has no option for one.
    bearer = {"Authorization": f"Bearer {target.key}"}
    return ChatAnthropic(
        model_name=MODEL,
        base_url=f"{target.origin}/v1/ai/cloudbase",
        api_key=target.key,
        default_headers=bearer,
        max_retries=0,
    )


def plain_messages(target: Target) -> ChatAnthropic:
    return ChatAnthropic(model_name=MODEL, base_url=f"{target.origin}/plain", api_key=target.key, max_retries=0)


def plain_gemini(target: Target) -> ChatGoogleGenerativeAI:
    return ChatGoogleGenerativeAI(
        model=MODEL, base_url=f"{target.origin}/plain", google_api_key=target.key, max_retries=1
    )


SERVICES = {
    "cloudbase_chat": openai_at("/v1/ai/cloudbase"),
    "cloudbase_messages": cloudbase_messages,
    "plain_chat": openai_at("/plain/v1"),
    "plain_responses": openai_at("/plain/v1", use_responses_api=True),
    "plain_messages": plain_messages,
    "plain_gemini": plain_gemini,
}


def usage_in(message: AIMessage) -> Any:
    usage = message.usage_metadata
    return usage and [usage["input_tokens"], usage["output_tokens"]]


def whole(model: BaseChatModel) -> Any:
    message = model.invoke(HELLO)
    return {"text": message.text, "usage": usage_in(message)}


def stream(model: BaseChatModel) -> Any:
    total: Any = None
    texts = []
    for chunk in model.stream(HELLO):
        total = chunk if total is None else total + chunk
        texts.append(chunk.text)
    return {"text": total.text, "usage": usage_in(total), "pieces": len([text for text in texts if text])}


def agent_of(model: BaseChatModel) -> tuple[Any, list[Any]]:
    runs: list[Any] = []

    @tool
    def get_current_weather(location: str) -> dict[str, str]:
        """Obtain the weather forecast for a specified city."""
        runs.append({"location": location})
        return WEATHER_RESULT

    return create_agent(model, tools=[get_current_weather]), runs


ASKED = {"messages": [{"role": "user", "content": WEATHER}]}


def tools(model: BaseChatModel) -> Any:
    agent, runs = agent_of(model)
    messages = agent.invoke(ASKED)["messages"]
    return {"text": messages[-1].text, "runs": runs}


def tools_stream(model: BaseChatModel) -> Any:
    agent, runs = agent_of(model)
    chunks = [chunk for chunk, _ in agent.stream(ASKED, stream_mode="messages") if isinstance(chunk, AIMessageChunk)]
    texts = [chunk.text for chunk in chunks if chunk.text]
    return {"text": "".join(texts), "runs": runs, "pieces": len(texts)}


CASES = {"whole": whole, "stream": stream, "tools": tools, "tools_stream": tools_stream}
