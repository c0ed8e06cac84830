"""The CloudBase SDKs without an access key: they sign in by themselves, and the token is a key."""

import pytest

from emulator import Emulator
from emulator.session import key_id
from tests.driving import printed
from tests.live import ROOT

pytestmark = pytest.mark.node

ASKED = ("POST", "/v1/ai/cloudbase/chat/completions", 200)


@pytest.mark.parametrize(
    ("client", "before"),
    [
        ("js-sdk", [("POST", "/auth/v1/signin/anonymously", 200), *[("GET", "/auth/v1/user/me", 200)] * 2]),
        ("node-sdk", [("POST", "/auth/v1/token/clientCredential", 200)]),
    ],
)
def test_a_client_without_a_key_signs_in_first(client: str, before: list[tuple[str, str, int]]) -> None:
    # A server of its own: what a client without a key asks is in the journal of no test's session.
    emulator = Emulator(ROOT / "scenarios" / "hello.yaml", time_scale=0)
    with emulator:
        server = emulator.server
        seen = printed("signin", client, server.url, "hy3-preview")
        entries = server.line.call("GET", "/_emulator/journal")["exchanges"]
    assert "Hello! How can I help you today?" == seen["text"]
    assert [*before, ASKED] == [
        (entry["request"]["method"], entry["request"]["path"], entry["response"]["status"]) for entry in entries
    ]
    token = entries[0]["response"]["body"]["access_token"]
    assert token.startswith("eyJ")
    # A key is a session: what follows the sign-in was asked with the token.
    assert {key_id(token)} == {entry["session"] for entry in entries[1:]}
