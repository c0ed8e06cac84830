"""How the tests of the control API ask it."""

import socket
from typing import Any

from emulator.session import key_id
from tests.live import Live, Reply

CHAT = "/v1/ai/cloudbase/chat/completions"


def control(live: Live, method: str, path: str, body: Any = None, **headers: str) -> Reply:
    return live.send(method, f"/_emulator/{path}", body, {name.replace("_", "-"): headers[name] for name in headers})


def done(live: Live, method: str, path: str, body: Any = None) -> Any:
    """What comes of a question that is answered."""
    reply = control(live, method, path, body)
    assert 200 == reply.status, reply.body
    return reply.json


def session(live: Live) -> str:
    """The session of the test's own key."""
    return key_id(live.key)


def connected(live: Live) -> socket.socket:
    return socket.create_connection(("127.0.0.1", live.server.port), timeout=10)
