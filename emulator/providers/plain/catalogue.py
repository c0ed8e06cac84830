"""The models that are listed where nobody says otherwise, as of 2026-11-20."""

from __future__ import annotations

from typing import Final

__all__ = ["MODELS", "home"]

# A few of each: openai 3.51.0 types/shared/chat_model.py, anthropic 2.11.0 types/model.py, google-genai 3.4.
MODELS: Final = (
    "gpt-6.1-sol",
    "gpt-6-sol",
    "gpt-6-luna",
    "gpt-5.5-2026-04-23",
    "gpt-5.4-mini-2026-03-17",
    "gpt-5.2-2025-12-11",
    "gpt-4o-2024-11-20",
    "gpt-4o-mini-2024-07-18",
    "claude-opus-5-5",
    "claude-sonnet-5-5",
    "claude-haiku-5-5",
    "claude-opus-4-5-20251101",
    "claude-haiku-4-5-20251001",
    "claude-sonnet-4-5-20250929",
    "gemini-3.8-flash",
    "gemini-3.5-flash",
    "gemini-3.1-pro-preview",
    "gemini-2.5-pro",
    "gemini-2.5-flash",
)


def home(name: str) -> str:
    """The protocol that a model is at home in: by the first word of its name."""
    match name.partition("-")[0]:
        case "claude":
            return "messages"
        case "gemini" | "gemma":
            return "gemini"
        case _:
            return "chat"
