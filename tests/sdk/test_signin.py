"""The CloudBase SDKs without an access key: they sign in by themselves, and the token is a key."""

import json
import subprocess

import pytest

from emulator.session import key_id
from tests.live import ROOT, Live

pytestmark = pytest.mark.node

ASKED = ("POST", "/v1/ai/cloudbase/chat/completions", 200)


@pytest.mark.parametrize(
    ("client", "before"),
    [
        ("js-sdk", [("POST", "/auth/v1/signin/anonymously", 200), *[("GET", "/auth/v1/user/me", 200)] * 2]),
        ("node-sdk", [("POST", "/auth/v1/token/clientCredential", 200)]),
    ],
)
def test_a_client_without_a_key_signs_in_first(examples: Live, client: str, before: list[tuple[str, str, int]]) -> None:
    since = examples.server.app.journal.total
    command = ["node", str(ROOT / "tests" / "node" / "signin.mjs"), client, examples.origin, "hy3-preview"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert 0 == done.returncode, done.stderr
    seen = json.loads(done.stdout)
    assert "Hello! How can I help you today?" == seen["text"]
    entries = list(examples.server.app.journal.read(since=since))
    assert [*before, ASKED] == [(entry.call.method, entry.call.path, entry.status) for entry in entries]
    token = json.loads(entries[0].reply)["access_token"]
    assert token.startswith("eyJ")
    # A key is a session: what follows the sign-in was asked with the token.
    assert {key_id(token)} == {entry.session for entry in entries[1:]}
