"""Wire protocols: one codec a file, one row here."""

from __future__ import annotations

from typing import Final

from emulator.protocols import chat, gemini, messages, responses
from emulator.protocols.media import audio, embeddings, images
from emulator.types import WireProtocol

__all__ = ["PROTOCOLS"]

PROTOCOLS: Final[dict[str, WireProtocol]] = {
    chat.NAME: chat,
    responses.NAME: responses,
    messages.NAME: messages,
    gemini.NAME: gemini,
    embeddings.NAME: embeddings,
    images.NAME: images,
    audio.NAME: audio,
}
