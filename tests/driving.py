"""Runs the drivers of tests/node: each runs one case with a released client and prints what the client saw."""

import json
import subprocess
from collections.abc import Mapping
from typing import Any

from emulator import Session
from tests.live import ROOT


def origin(emulator: Session) -> str:
    """Where the session's server is. A client that knows no more gets to the session by its key alone."""
    return emulator.url.removesuffix(f"/s/{emulator.id}")


def printed(driver: str, *arguments: str, environment: Mapping[str, str] | None = None) -> Any:
    """What a driver prints."""
    command = ["node", str(ROOT / "tests" / "node" / f"{driver}.mjs"), *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert 0 == done.returncode, done.stderr
    return json.loads(done.stdout)
