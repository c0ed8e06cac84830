"""What the released Node SDKs make of each fault, all in one process: tests/node/faults.mjs."""

import json
import subprocess
from collections.abc import Callable

from tests.faults.sdks import asked
from tests.faults.table import CASES, WAITING, WATCHED, Case, Observed, Seen
from tests.live import ROOT, Live


def everything(origin: Callable[[Case], Live]) -> Observed:
    """What each client saw of each case."""
    given = [
        {
            "case": case.name,
            "origin": origin(case).origin,
            "key": origin(case).key,
            "timeout": int(1000 * case.timeout),
            "watched": int(1000 * WATCHED) if case.fault in WAITING and case.kind != "retried" else 20_000,
            "waits": case.fault in WAITING or case.kind == "retried",
            "stream": case.kind == "streamed",
            "once": case.kind != "retried",
        }
        for case in CASES
    ]
    command = ["node", str(ROOT / "tests" / "node" / "faults.mjs")]
    done = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, timeout=60, check=False)
    assert 0 == done.returncode, done.stderr
    cases = {case.name: case for case in CASES}
    found = {}
    for line in map(json.loads, done.stdout.splitlines()):
        case = cases[line["case"]]
        count = asked(origin(case), f"{line['client']} {case.name}".replace("@", ""))
        found[line["client"], case] = Seen(line["text"], line["end"], count)
    return found
