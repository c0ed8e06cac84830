"""The models that CloudBase lists where nobody says otherwise.

The names are documented (/en/ai/available-models and earlier pages, read 2026-11); that there is a list of them at all
is inferred, and so is which group lists which.
"""

from __future__ import annotations

from typing import Final

__all__ = ["MODELS", "of_group"]

MODELS: Final = (
    # the newest page
    "hy4-preview",
    "hy3",
    "hunyuan-role-latest",
    "hy-role",
    "hy-mt2-lite",
    "hy-mt2-plus",
    "hy-mt2-pro",
    "deepseek-flash",
    "deepseek-v4-pro",
    "deepseek-v4-flash-0731",
    "deepseek-v4-pro-0813",
    "glm-5.3-flash",
    "glm-5.3",
    "glm-5.2",
    "kimi-k3",
    "kimi-k2.8-preview",
    "kimi-k2.7-code",
    "kimi-k2.7-code-highspeed",
    "kimi-k2.6",
    "minimax-m3",
    "minimax-m2.7",
    "mimo-v2.5-pro",
    # earlier pages
    "hy3-preview",
    "deepseek-v4-flash",
    "deepseek-v3.2",
    "deepseek-r1-0528",
    "glm-5",
    "glm-5.1",
    "glm-5v-turbo",
    "glm-5-turbo",
    "kimi-k2.5",
    "hunyuan-2.0-instruct-20251111",
    "hunyuan-2.0-thinking-20251109",
    "qwen3.5-plus",
)

# "hunyuan-v3 (free / growth-plan quota; hy3, hy3-preview)" – the skill ai-model-nodejs (documented); the rest by name.
_BEGINNINGS: Final = {
    "hunyuan-v3": "hy3",
    "hunyuan-exp": "hunyuan-",
    "hunyuan-open": "hunyuan-",
    "hunyuan-beta": "hunyuan-",
    "hunyuan": "hunyuan-",
    "deepseek": "deepseek-",
    "moonshot": "kimi-",
    "zhipu": "glm-",
}


def of_group(group: str) -> list[str]:
    """Those models that a group lists: those of its maker's name, or all."""
    return [model for model in MODELS if model.startswith(_BEGINNINGS.get(group, ""))]
