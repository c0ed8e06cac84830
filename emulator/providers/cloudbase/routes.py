"""The paths of CloudBase's AI gateway.

Facts are marked as in the package's docstring.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from emulator import jsontext
from emulator.protocols import chat, messages, responses
from emulator.protocols.media import images
from emulator.types import Call, PageMaker, WireProtocol

__all__ = ["GROUPS", "Route", "asked_model", "find", "split", "titled"]

GROUPS: Final = (
    "cloudbase",
    "hunyuan-v3",
    "hunyuan-exp",
    "hunyuan-open",
    "hunyuan-beta",
    "hunyuan",
    "hunyuan-image",
    "deepseek",
    "ark",
    "dashscope",
    "01-ai",
    "moonshot",
    "zhipu",
)

_TITLED: Final = "hunyuan"
"""The group that answers in the manner of Tencent Cloud's API 3.0 (package: src/models/HunYuan/index.ts)."""

# "Only cloudbase and hunyuan-v3": Responses and Messages (documented: /en/http-api/ai-model/call-llm, 2026-11).
_MANAGED: Final = ("cloudbase", "hunyuan-v3")


class Route(Struct, frozen=True):
    """What a path leads to, whatever the group."""

    method: str
    protocol: WireProtocol
    page: PageMaker | None = None
    groups: tuple[str, ...] = ()
    """The only groups that have it; none: all have it."""
    model: str | None = None
    """With a listing: the one model asked for; empty: all of them. None: the path is no listing."""


_CHAT: Final = Route("POST", chat)

# "The general AI route is POST /v1/ai/:provider/:path" – docs.cloudbase.net /en/http-api/ai-model/call-llm (2026-11):
# chat/completions, responses and v1/messages. With and without /v1 for all of them (inferred from the documented bases
# …/v1/ai/cloudbase and …/v1/ai/cloudbase/v1). count_tokens is inferred: the Anthropic SDKs ask for it.
_TAILS: Final = {
    "chat/completions": _CHAT,
    "responses": Route("POST", responses, groups=_MANAGED),
    "messages": Route("POST", messages, groups=_MANAGED),
    "messages/count_tokens": Route("POST", messages, messages.count_tokens, groups=_MANAGED),
    "images/generations": Route("POST", images),  # package: src/models/image-model.ts; documented: pages on images
}

# The tails that the CloudBase SDK builds for one group alone (package: @cloudbase/ai src/models/*/index.ts, subUrl).
_GROUP_TAILS: Final = {
    ("hunyuan-beta", "openapi/v1/chat/completions"): _CHAT,
    ("ark", "api/v3/chat/completions"): _CHAT,
    ("dashscope", "compatible-mode/v1/chat/completions"): _CHAT,
    ("zhipu", "api/paas/v4/chat/completions"): _CHAT,
    ("hunyuan-image", "images/ar/generations"): Route("POST", images),  # package: src/models/image-model.ts
    (_TITLED, ""): _CHAT,
}


def find(call: Call) -> Route | None:
    """What the path of a call leads to; None: to nothing."""
    group, tail = split(call.path)
    if titled(call) and call.headers.get("x-tc-action", "ChatCompletions") != "ChatCompletions":
        return None
    if not group:
        return None
    short = tail.removeprefix("v1/")
    first, _, model = short.partition("/")
    if first == "models":  # inferred: the official SDKs ask for it, the service behind the gateway has it
        return Route("GET", messages if "anthropic-version" in call.headers else chat, model=model)
    return _TAILS.get(short) or _GROUP_TAILS.get((group, tail))


def asked_model(call: Call) -> str:
    """The model that a body names; empty where it can't be read, which is the codec's to say."""
    try:
        content = jsontext.loads(call.body)
    except ValueError:
        return ""
    match content:
        case {"model": str() as model}:
            return model
        case _:
            return ""


def split(path: str) -> tuple[str, str]:
    """Split `/v1/ai/{group}/{tail}`."""
    before, _, rest = path.partition("/v1/ai/")
    if before or not rest:
        return "", ""
    group, _, tail = rest.partition("/")
    return group, tail.rstrip("/")


def titled(call: Call) -> bool:
    """Whether a call is of the old kind, `POST /v1/ai/hunyuan` with `X-Tc-Action: ChatCompletions` (package)."""
    return split(call.path) == (_TITLED, "")
