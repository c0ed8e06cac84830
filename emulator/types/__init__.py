"""The vocabulary of the emulator: what every room takes and gives.

Values only, from the standard library only. The flow between them:

    Call ─► Endpoint ─► Request ─► Reply = (Completion | Failure) + Pace ─► Frame… ─► Action…
"""

from emulator.types.conversation import (
    Media,
    Part,
    Reasoning,
    Refusal,
    Role,
    Text,
    ToolCall,
    ToolResult,
    Turn,
    conversation,
    count_tokens,
)
from emulator.types.reply import (
    ERROR_NAMES,
    Break,
    Completion,
    ErrorName,
    Failure,
    Finish,
    Pace,
    Rejected,
    Reply,
    Stamp,
    Tokens,
    UnscriptedErrorName,
    Usage,
)
from emulator.types.request import Call, Endpoint, Memory, Page, PageMaker, Request, Tool
from emulator.types.values import EmulatorError, Headers, Json, kind_of
from emulator.types.wire import Action, Frame, Framing, Provider, Send, Start, Wait, WireProtocol

__all__ = [
    "ERROR_NAMES",
    "Action",
    "Break",
    "Call",
    "Completion",
    "EmulatorError",
    "Endpoint",
    "ErrorName",
    "Failure",
    "Finish",
    "Frame",
    "Framing",
    "Headers",
    "Json",
    "Media",
    "Memory",
    "Pace",
    "Page",
    "PageMaker",
    "Part",
    "Provider",
    "Reasoning",
    "Refusal",
    "Rejected",
    "Reply",
    "Request",
    "Role",
    "Send",
    "Stamp",
    "Start",
    "Text",
    "Tokens",
    "Tool",
    "ToolCall",
    "ToolResult",
    "Turn",
    "UnscriptedErrorName",
    "Usage",
    "Wait",
    "WireProtocol",
    "conversation",
    "count_tokens",
    "kind_of",
]
