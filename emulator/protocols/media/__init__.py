"""Embeddings, images and audio: the operations of OpenAI that make something else than a conversation.

Three codecs, which are at home in one service and share how it reads forms and words errors. What is written here is
what the API at its home sends (types of the released openai 3.51, 2026-11); a gateway that sends something else bends
it in its provider. No answer is streamed but a transcription.
"""

from emulator.protocols.media import audio, embeddings, images

__all__ = ["audio", "embeddings", "images"]
