"""What came in: a call, where it leads, and the conversation it asks about."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from types import NoneType
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from msgspec import Struct, field

from emulator.types.conversation import ToolResult, Turn, count_part
from emulator.types.values import Headers, Json, once

if TYPE_CHECKING:
    from emulator.types.reply import Stamp
    from emulator.types.wire import WireProtocol

__all__ = ["Call", "Endpoint", "Memory", "Page", "PageMaker", "Request", "Tool"]


class Call(Struct, frozen=True):
    """An HTTP request as it arrived, without what the emulator itself put in front of the path."""

    method: str
    path: str
    """Percent-decoded, begins with a slash."""
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Headers = field(default_factory=dict)
    body: bytes = b""
    host: str = ""
    """The Host header in lower case, without the port."""


class Memory(Protocol):
    """What a session remembers of its answers, by id: bounded, and gone with the session."""

    def get(self, key: str) -> Json:
        """What is remembered; None: nothing."""

    def put(self, key: str, value: Json, weight: int = 0) -> None:
        """Remember. `weight`: how many bytes more that takes, roughly."""

    def drop(self, key: str) -> None:
        """Forget, if it is there."""


class Endpoint(Struct, frozen=True):
    """What a call resolved to: who answers, in which words, for which model."""

    provider: str
    protocol: WireProtocol
    target: str = ""
    """The variable segment of the path, such as the provider group of CloudBase."""
    environment: str = ""
    model: str | None = None
    """The model where the path or the account decides it; None: the body must name it."""
    stream: bool | None = None
    """Whether to stream where the path decides it; None: the body does."""
    item: str = ""
    """The id in a path that speaks of one thing, such as a stored response."""
    page: PageMaker | None = None
    """What answers in place of a scenario, such as a count of tokens."""
    restores: bool = True
    """Whether a request that refers to an earlier answer gets its conversation back."""


class Page(Struct, frozen=True):
    """A whole answer that no scenario is asked for: a listing, a sign-in, an error."""

    status: int
    body: Json
    """JSON, but a string goes out as the text it is. None: no body at all."""
    headers: Headers = field(default_factory=dict)


class Tool(Struct, frozen=True):
    """A function that the request offers to the model."""

    name: str
    parameters: Json = None


PageMaker: TypeAlias = "Callable[[Call, Endpoint, Memory, Stamp], Page]"
"""Makes the answer of an operation beside generating. Raises Rejected."""


_HASHABLE: Final = (str, int, float, NoneType)
"""The types of JSON that can be part of a key."""


class Request(Struct, frozen=True, dict=True):
    """The conversation asked about: the same value whatever protocol it came in."""

    call: Call
    endpoint: Endpoint
    body: Json
    """The parsed body, as it came."""
    model: str
    turns: tuple[Turn, ...]
    tools: tuple[Tool, ...] = ()
    tool_choice: str = "auto"
    """auto, none, required, or the forced function's name."""
    stream: bool = False
    reasoning: bool = False
    """Thinking is asked for."""
    schema: Json = None
    """The JSON Schema of the structured output asked for; True where only JSON is asked for."""
    count: int = 1
    """How many answers are asked for."""

    def rest(self, *spoken: str) -> Hashable:
        """The fields of the body, except for these, which hold what is said."""
        fields = self.body.items() if isinstance(self.body, dict) else ()
        return tuple(
            [
                (name, value if isinstance(value, _HASHABLE) else repr(value), type(value))
                for name, value in fields
                if name not in spoken
            ]
        )

    @once
    def user(self) -> str:
        """The text of the last user turn; empty where there is none."""
        for turn in reversed(self.turns):
            if turn.role == "user":
                return turn.text
        return ""

    @once
    def system(self) -> str:
        """System, developer and instruction texts, joined by a line break."""
        return "\n".join([turn.text for turn in self.turns if turn.role == "system"])

    @once
    def turn(self) -> int:
        """1 + how many assistant turns the request carries."""
        return 1 + [turn.role for turn in self.turns].count("assistant")

    @once
    def tool_results(self) -> tuple[ToolResult, ...]:
        """The newest turns' tool results: those since the last assistant turn, if nobody spoke after them."""
        if not self.turns or self.turns[-1].role != "tool":
            return ()
        return tuple(part for part in self.turns[-1].parts if isinstance(part, ToolResult))

    @once
    def input_tokens(self) -> int:
        """The estimate of `usage.input`: every text, reasoning, call and result of the conversation."""
        return max(1, sum([count_part(part) for turn in self.turns for part in turn.parts]))
