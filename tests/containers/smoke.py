"""A client in another container: what it is told, and what the control API tells it. Ends with 1 where that is wrong.

With the standard library alone, because it runs in the emulator's own image.
"""

import json
import os
import sys
import urllib.error
import urllib.request
from typing import Any

ORIGIN = os.environ["EMULATOR_URL"]
TOKEN = os.environ["EMULATOR_CONTROL_TOKEN"]


def ask(url: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    """Give the status and the JSON that a request is answered with."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json", **headers})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:  # noqa: S310 - the URL is our own
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def says(base_url: str) -> Any:
    """Give what the model says below a base URL."""
    body = {"model": "hy3-preview", "messages": [{"role": "user", "content": "Hello"}]}
    status, answer = ask(f"{base_url}/chat/completions", body, Authorization="Bearer smoke@hello")
    return answer["choices"][0]["message"]["content"] if status == 200 else answer


def journal(**headers: str) -> int:
    """Give the status of a question to the control API."""
    return ask(f"{ORIGIN}/_emulator/journal", **headers)[0]


def main() -> int:
    """Compare what is got with what is wanted."""
    bearer = f"Bearer {TOKEN}"
    greeting = "Hello! How can I help you today?"
    urls = [os.environ[name] for name in ("CLOUDBASE_URL", "CLOUDSWAY_URL") if name in os.environ]
    rows = [
        ("it is ready", "ok", ask(f"{ORIGIN}/_emulator/health")[1]["status"]),
        *((f"the model greets at {url}", greeting, says(url)) for url in (f"{ORIGIN}/v1/ai/cloudbase", *urls)),
        ("the token opens the control API", 200, journal(Authorization=bearer)),
        ("without it there is no way in", 401, journal()),
        ("with another one neither", 401, journal(Authorization="Bearer guessed")),
        ("nor for a page of another origin", 403, journal(Authorization=bearer, Origin="http://elsewhere.example")),
    ]
    for what, wanted, got in rows:
        print(f"{'ok' if wanted == got else 'WRONG'}: {what}: {got!r}", flush=True)
    return int(any(wanted != got for _, wanted, got in rows))


if __name__ == "__main__":
    sys.exit(main())
