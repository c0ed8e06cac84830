"""The one test that waits: a paced stream over a real socket is on schedule."""

import http.client
import json
import time
from collections.abc import Callable

from tests.live import Live


def test_a_paced_stream_is_on_schedule_and_its_lateness_never_adds_up(scripted: Callable[..., Live]) -> None:
    live = scripted(
        """
        steps:
          - reply: {text: "0 1 2 3 4 5 6 7 8 9", stream: {first_token: 100ms, every: 50ms, chunk: word}}
        """,
        time_scale=1.0,
    )
    body = json.dumps({"model": "m", "stream": True, "messages": [{"role": "user", "content": "count"}]})
    connection = http.client.HTTPConnection("127.0.0.1", live.server.port, timeout=10)
    began = time.monotonic()
    connection.request("POST", "/v1/ai/cloudbase/chat/completions", body, {"authorization": live.bearer})
    reply = connection.getresponse()
    arrivals = []
    while line := reply.readline():
        if b'"content"' in line:
            arrivals.append(time.monotonic() - began)
    connection.close()
    planned = [round(0.1 + 0.05 * number, 6) for number in range(10)]
    early = [actual - due for actual, due in zip(arrivals, planned, strict=True)]
    assert min(early) > -0.005
    # The machine is shared: single chunks may be late, but lateness that added up would show in the last ones.
    assert min(early[-5:]) < 0.05
    [entry] = live.journal
    assert planned == [round(beat.planned, 6) for beat in entry.beats]
