"""What OpenAI's APIs refuse alike, in their words: chat and Responses at home, and the gateways that speak as they do.

The words are recorded where nothing else is said: measured on api.openai.com with gpt-5.6-terra on 2026-08-30, as two
public conformance suites have them (openai-chat-validation-parity, openai-responses-validation-parity; code index
61511184616 and 61421724985, read 2026-11-20).
"""

from emulator.refusals.words import MEASURED

__all__ = ["MEASURED"]
