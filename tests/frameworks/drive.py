"""Runs one framework's cases and prints what it saw: FRAMEWORK ORIGIN KEY, and SERVICE… where not all are wanted.

It runs in .venv/frameworks as a child of test_frameworks.py, and by hand the same way. The one JSON object on standard
output has a key for each service, and in it one for each case; one that raised has the error in place of what it saw.
"""

import contextlib
import faulthandler
import gc
import importlib
import json
import os
import sys
import traceback
from dataclasses import dataclass
from types import ModuleType
from typing import Any

__all__ = ["HELLO", "MODEL", "WEATHER", "WEATHER_RESULT", "Target"]

MODEL = "hy3-preview"
HELLO = "Hello"
WEATHER = "Please check the weather in Beijing for me today."
WEATHER_RESULT = {"temperature": "25℃", "weather": "sunny"}

HANGS_AFTER = 80
"""Seconds, fewer than the test waits: then every thread's stack goes to standard error, and the run ends."""

_LOOPBACK = ("127.0.0.1", b"127.0.0.1")
_OFFLINE = {
    "DO_NOT_TRACK": "1",
    "HF_HUB_OFFLINE": "1",
    "LANGCHAIN_TRACING_V2": "false",
    "LANGSMITH_TRACING": "false",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # else the prices come from the network when it is imported
    "OPENAI_AGENTS_DISABLE_TRACING": "1",
    "OTEL_SDK_DISABLED": "true",
}


@dataclass(frozen=True, slots=True)
class Target:
    """Where the emulator is, and the key that is the test's session."""

    origin: str
    key: str


class AbroadError(OSError):
    """A framework wanted to talk to something other than this machine."""


def stay_at_home() -> list[str]:
    """Refuse every connection and name lookup but to 127.0.0.1; gives the list of those refused."""
    refused: list[str] = []

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        match event, arguments:
            case "socket.getaddrinfo", (host, *_):
                pass
            case "socket.connect" | "socket.sendto", (_, (host, *_)):
                pass
            case _:
                return
        if host not in _LOOPBACK:
            refused.append(f"{event} {host!r}")
            raise AbroadError(refused[-1])

    sys.addaudithook(watch)
    return refused


def run(framework: ModuleType, service: str, target: Target) -> dict[str, Any]:
    """Run every case of a framework, each with a model of its own."""
    seen = {}
    for name, case in framework.CASES.items():
        try:
            seen[name] = case(framework.SERVICES[service](target))
        except Exception as error:  # noqa: BLE001 - whatever a framework raises is what it saw
            traceback.print_exc()
            seen[name] = {"error": type(error).__name__, "message": str(error)}
    return seen


def main() -> None:
    name, origin, key, *services = sys.argv[1:]
    kept = {variable: os.environ[variable] for variable in ("HOME", "PATH", "TMPDIR") if variable in os.environ}
    os.environ.clear()
    os.environ.update(kept, **_OFFLINE)
    refused = stay_at_home()
    faulthandler.dump_traceback_later(HANGS_AFTER, exit=True)
    # LiteLLM leaves streams half read. When one is collected while its pool of connections begins another request,
    # closing it waits for ever for the lock which that request holds (encode/httpcore#1108).
    gc.disable()
    # Frameworks print; standard output is for the answer alone.
    with contextlib.redirect_stdout(sys.stderr):
        framework = importlib.import_module(f"with_{name}")
        target = Target(origin, key)
        seen = {service: run(framework, service, target) for service in services or framework.SERVICES}
    print(json.dumps({"seen": seen, "refused": refused}))  # noqa: T201 - the answer
    # Threads of a framework may wait for a service that is not there.
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
