"""A client as plain as a socket: the bytes, and how the connection ended."""

import itertools
import json
import socket
from dataclasses import dataclass
from typing import Any

from tests.live import Live

FIN, RST, SILENCE = "FIN", "RST", "silence"

_sessions = (f"raw-{number}" for number in itertools.count(1))
"""One a request: all are the first of their session, so the same question has the same answer, byte for byte."""


@dataclass(frozen=True)
class Heard:
    """A response, as far as it came."""

    head: bytes
    body: bytes
    """As it stood on the wire."""
    end: str
    """How the connection ended: FIN, RST, or not at all."""

    @property
    def chunks(self) -> list[bytes]:
        """The chunks of the transfer encoding; the last one, where the body came to its end, is empty."""
        found, rest = [], self.body
        while rest:
            size, _, rest = rest.partition(b"\r\n")
            count = int(size, 16)
            found.append(rest[:count])
            assert b"\r\n" == rest[count : count + 2]
            rest = rest[count + 2 :]
        return found

    @property
    def length(self) -> int:
        """The content-length."""
        [line] = [line for line in self.head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
        return int(line.partition(b":")[2])


def ask(live: Live, path: str, body: Any, case: str, patience: float = 10) -> Heard:
    """Ask, and hear everything until the connection ends or nothing comes any more."""
    data = json.dumps(body).encode()
    fields = {"host": "localhost", "authorization": live.bearer, "connection": "close", "x-case": case}
    fields |= {"x-emulator-session": next(_sessions)}
    fields |= {"content-type": "application/json", "content-length": str(len(data)), "anthropic-version": "2023-06-01"}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    heard, end = b"", FIN
    with socket.create_connection(("127.0.0.1", live.server.port), timeout=patience) as connection:
        connection.sendall(f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + data)
        try:
            while piece := connection.recv(65536):
                heard += piece
        except ConnectionResetError:
            end = RST
        except TimeoutError:
            end = SILENCE
    start, _, rest = heard.partition(b"\r\n\r\n")
    return Heard(start, rest, end)
