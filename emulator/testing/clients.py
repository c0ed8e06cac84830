"""What SDKs are given so that they talk to a session: ready keyword arguments, and the variables that they read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from emulator.types import EmulatorError, Json

__all__ = ["UNSET", "Clients", "variables"]


@dataclass(frozen=True, slots=True)
class Clients:
    """The clients of one provider, each by the arguments that lead it to the session."""

    provider: str
    urls: Mapping[str, str]
    """Where clients of each protocol begin, by the protocol's name."""
    key: str = field(repr=False)

    @property
    def url(self) -> str:
        """The base URL for a client of OpenAI."""
        return self._url("chat")

    @property
    def openai(self) -> dict[str, Json]:
        """For `OpenAI` and `AsyncOpenAI`."""
        return {"base_url": self.url, "api_key": self.key}

    @property
    def anthropic(self) -> dict[str, Json]:
        """For `Anthropic` and `AsyncAnthropic`."""
        # The token and not the key, which not every provider takes (documented: seed 003, "use authToken instead of
        # apiKey"): clients refuse both at once.
        return {"base_url": self._url("messages"), "auth_token": self.key}

    @property
    def gemini(self) -> dict[str, Json]:
        """For `google.genai.Client`."""
        # A variable of the machine must not lead the client to another service.
        return {"api_key": self.key, "vertexai": False, "http_options": {"base_url": self._url("gemini")}}

    def _url(self, protocol: str) -> str:
        try:
            return self.urls[protocol]
        except KeyError:
            spoken = ", ".join(self.urls)
            message = f"{self.provider} has no base URL for clients of {protocol}; it has those of {spoken}"
            raise EmulatorError(message) from None


UNSET = ("ANTHROPIC_API_KEY", "GOOGLE_API_KEY", "GOOGLE_GENAI_USE_VERTEXAI", "GOOGLE_GENAI_USE_ENTERPRISE")
"""Variables that would win over those that are set."""


def variables(gateway: Clients, home: Clients) -> dict[str, str]:
    """What official SDKs read from the environment: of the gateway, and what that does not speak at home."""
    return {
        # Package: _client.py of openai and of anthropic, _base_url.py and _api_client.py of google-genai – 2026-11-20
        "OPENAI_BASE_URL": gateway.url,
        "OPENAI_API_KEY": gateway.key,
        "ANTHROPIC_BASE_URL": gateway.anthropic["base_url"],
        "ANTHROPIC_AUTH_TOKEN": gateway.key,
        "GOOGLE_GEMINI_BASE_URL": home.gemini["http_options"]["base_url"],
        "GEMINI_API_KEY": home.key,
        "CLOUDBASE_APIKEY": gateway.key,  # package: the server SDK of CloudBase
    }
