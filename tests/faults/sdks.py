"""What the released Python SDKs make of each fault: the text that arrived, and how it ended."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from typing import Any, TypeAlias

import anthropic
import openai
from google import genai
from google.genai import types

from tests.faults.table import CASES, ENDS, WAITING, Case, Observed, Seen
from tests.live import Live

MODEL = "hy3-preview"
ASKED: Any = [{"role": "user", "content": "Hello"}]


class Told(Exception):  # noqa: N818 - a happening
    """The stream told of an error, and the client raised nothing."""


@dataclass(frozen=True)
class Way:
    """How a client is to ask."""

    case: Case
    session: str

    @property
    def headers(self) -> dict[str, str]:
        return {"x-case": self.case.name, "x-emulator-session": self.session}

    @property
    def stream(self) -> bool:
        return self.case.kind == "streamed"

    @property
    def options(self) -> dict[str, Any]:
        """Of the clients that OpenAI and Anthropic make."""
        once = {} if self.case.kind == "retried" else {"max_retries": 0}
        return {"timeout": self.case.timeout, "default_headers": self.headers, **once}


Pieces: TypeAlias = Iterator[str | None]
"""Of the text; a whole reply is one."""


def openai_chat(client: openai.OpenAI, way: Way) -> Pieces:
    client = client.with_options(**way.options)
    if not way.stream:
        yield client.chat.completions.create(model=MODEL, messages=ASKED).choices[0].message.content
        return
    for chunk in client.chat.completions.create(model=MODEL, messages=ASKED, stream=True):
        yield chunk.choices[0].delta.content


def openai_responses(client: openai.OpenAI, way: Way) -> Pieces:
    client = client.with_options(**way.options)
    if not way.stream:
        yield client.responses.create(model=MODEL, input="Hello").output_text
        return
    for event in client.responses.create(model=MODEL, input="Hello", stream=True):
        if event.type == "error":
            raise Told
        yield event.delta if event.type == "response.output_text.delta" else None


def anthropic_messages(client: anthropic.Anthropic, way: Way) -> Pieces:
    client = client.with_options(**way.options)
    asked: Any = {"model": MODEL, "max_tokens": 99, "messages": ASKED}
    if not way.stream:
        [block] = client.messages.create(**asked).content
        yield getattr(block, "text", None)
        return
    for event in client.messages.create(**asked, stream=True):
        yield getattr(getattr(event, "delta", None), "text", None)


def google_genai(client: genai.Client, way: Way) -> Pieces:
    options = types.HttpOptions(headers=way.headers, timeout=int(1000 * way.case.timeout))
    asked: Any = {"model": MODEL, "contents": "Hello", "config": {"http_options": options}}
    if not way.stream:
        yield client.models.generate_content(**asked).text
        return
    for chunk in client.models.generate_content_stream(**asked):
        yield chunk.text


def by_openai(live: Live) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{live.origin}/plain/v1", api_key=live.key)


def by_anthropic(live: Live) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=f"{live.origin}/plain", auth_token=live.key, api_key=None)


def by_google(live: Live) -> genai.Client:
    return genai.Client(api_key=live.key, http_options=types.HttpOptions(base_url=f"{live.origin}/plain"))


CLIENTS: dict[str, tuple[Callable[[Live], Any], Callable[[Any, Way], Pieces]]] = {
    # the name of a client: what makes one, what asks with it
    f"openai {version('openai')}, chat": (by_openai, openai_chat),
    f"openai {version('openai')}, responses": (by_openai, openai_responses),
    f"anthropic {version('anthropic')}": (by_anthropic, anthropic_messages),
    f"google-genai {version('google-genai')}": (by_google, google_genai),
}


def short(error: BaseException) -> str:
    """The class of an exception as a user would import it: `openai.APIError`, `genai.errors.ServerError`."""
    kind = type(error)
    package = kind.__module__.partition(".")[0]
    if package == "builtins":
        return kind.__name__
    if getattr(import_module(package), kind.__name__, None) is kind:
        return f"{package}.{kind.__name__}"
    return f"{kind.__module__.removeprefix('google.')}.{kind.__qualname__}"


def see(pieces: Pieces) -> tuple[str, str]:
    text, end = "", ENDS
    try:
        for piece in pieces:
            text += piece or ""
    except Told:
        end = "an event `error`"
    except Exception as error:  # noqa: BLE001 - which one it is, is the question
        end = short(error)
    return text, end


def everything(lives: Sequence[Live], live_of: Callable[[Case], Live]) -> Observed:
    """What each client saw of each case. Those that wait for long begin first."""
    with ExitStack() as stack:
        made = {
            (name, live.origin): stack.enter_context(connect(live))
            for name, (connect, _) in CLIENTS.items()
            for live in lives
        }
        pool = stack.enter_context(ThreadPoolExecutor(16))
        ran = {
            (name, case): pool.submit(see, ask(made[name, live_of(case).origin], Way(case, f"{name} {case.name}")))
            for case in sorted(CASES, key=lambda case: case.kind != "retried" and case.fault not in WAITING)
            for name, (_, ask) in CLIENTS.items()
        }
        seen = {cell: future.result() for cell, future in ran.items()}
    return {
        (name, case): Seen(text, end, asked(live_of(case), f"{name} {case.name}"))
        for (name, case), (text, end) in seen.items()
    }


def asked(live: Live, session: str) -> int:
    """How many requests of a session reached the server."""
    return sum(1 for _ in live.server.app.journal.read(session=session))
