"""Rules for thinking: how much, together with what, and how it comes back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from emulator.protocols.messages.walking import blocks
from emulator.protocols.messages.wording import AN_INTEGER, AN_OBJECT, NUMBERS, breach, missing, tagged
from emulator.refusals.checks import about
from emulator.types import Breach, Json, Request

__all__ = ["below_max_tokens", "budget", "first_block", "forced_tool", "kind", "sampling", "signatures"]

_KINDS: Final = ("adaptive", "between_tools", "disabled", "enabled")
_LEAST: Final = 1024
_LEAST_TOP_P: Final = 0.95
_ON: Final = "when thinking is enabled or in adaptive mode."


def _thinking(request: Request) -> Json:
    thinking = request.body.get("thinking")
    return thinking if isinstance(thinking, dict) else {}


@about("thinking")
def kind(request: Request) -> Iterable[Breach]:
    """Thinking of no known kind."""
    thinking = request.body.get("thinking")
    if thinking is None:
        return ()
    if not isinstance(thinking, dict):
        return breach("thinking", AN_OBJECT)
    return () if thinking.get("type") in _KINDS else breach("thinking", tagged(thinking.get("type"), _KINDS))


@about("thinking")
def budget(request: Request) -> Iterable[Breach]:
    """Thinking that is enabled without a budget of at least 1,024 tokens."""
    thinking, where = _thinking(request), "thinking.enabled.budget_tokens"
    if thinking.get("type") != "enabled":
        return ()
    tokens = thinking.get("budget_tokens")
    if tokens is None:
        return missing(where)
    if type(tokens) not in NUMBERS or tokens % 1:
        return breach(where, AN_INTEGER)
    return () if tokens >= _LEAST else breach(where, f"Input should be greater than or equal to {_LEAST}")


@about("thinking")
def below_max_tokens(request: Request) -> Iterable[Breach]:
    """A budget that leaves nothing of max_tokens, unless thinking is interleaved with calls."""
    tokens, most = _thinking(request).get("budget_tokens"), request.body.get("max_tokens")
    if type(tokens) not in NUMBERS or type(most) not in NUMBERS or tokens < most:
        return ()
    if request.tools and "interleaved-thinking" in request.call.headers.get("anthropic-beta", ""):
        return ()
    return (Breach("`max_tokens` must be greater than `thinking.budget_tokens`.", "max_tokens"),)


@about("thinking")
def sampling(request: Request) -> Iterable[Breach]:
    """Thinking with another temperature than 1, with top_p below 0.95, or with top_k."""
    if not request.reasoning:
        return ()
    body = request.body
    found = []
    if body.get("temperature", 1) not in (None, 1):
        found.append(Breach(f"`temperature` may only be set to 1 {_ON}", "temperature"))
    top_p = body.get("top_p")
    if type(top_p) in NUMBERS and top_p < _LEAST_TOP_P:
        sentence = f"`top_p` must be greater than or equal to {_LEAST_TOP_P} or unset {_ON}"
        found.append(Breach(sentence, "top_p"))
    if body.get("top_k") is not None:
        found.append(Breach(f"`top_k` must be unset {_ON}", "top_k"))
    return found


@about("thinking")
def forced_tool(request: Request) -> Iterable[Breach]:
    """Thinking that is enabled, and a forced tool; adaptive thinking gives way (recorded)."""
    asked = request.body.get("tool_choice")
    if not isinstance(asked, dict) or asked.get("type") not in ("any", "tool"):
        return ()
    if _thinking(request).get("type") != "enabled":
        return ()
    return (Breach("Thinking may not be enabled when tool_choice forces tool use.", "tool_choice"),)


@about(said=True)
def signatures(request: Request) -> Iterable[Breach]:
    """Thinking that comes back with an empty signature; whose it is, nobody remembers."""
    for number, place, _, block in blocks(request):
        if block.get("type") == "thinking" and not block.get("signature"):
            return breach(f"messages.{number}.content.{place}", "Invalid `signature` in `thinking` block")
    return ()


@about("thinking")
def first_block(request: Request) -> Iterable[Breach]:
    """Calls of the last turn without the thinking before them, where it is enabled."""
    if _thinking(request).get("type") != "enabled":
        return ()
    for number in range(len(request.body["messages"]) - 1, -1, -1):
        message = request.body["messages"][number]
        if message["role"] == "assistant":
            return _without_thinking(number, message.get("content"))
    return ()


def _without_thinking(number: int, content: Json) -> Iterable[Breach]:
    if not isinstance(content, list) or not any(block.get("type") == "tool_use" for block in content):
        return ()
    if (first := content[0].get("type")) in ("thinking", "redacted_thinking"):
        return ()
    sentence = (
        f"Expected `thinking` or `redacted_thinking`, but found `{first}`. When `thinking` is enabled, a final "
        "`assistant` message must start with a thinking block (preceeding the lastmost set of `tool_use` and "
        "`tool_result` blocks). We recommend you include thinking blocks from previous turns. To avoid this "
        "requirement, disable `thinking`."
    )
    return breach(f"messages.{number}.content.0.type", sentence)
