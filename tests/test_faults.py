"""What becomes of a response as a whole, as data: no test here has a socket."""

import pytest

from emulator.timeline import faulty
from emulator.types import Action, Broken, End, Fault, Hang, Send, Start, Wait

ANSWER: list[Action] = [Wait(1.0), Start(200, {"a": "b"}, 10), Send(b"0123456789")]
STREAMED: list[Action] = [Start(200, {}, None), Wait(1.0), Send(b"0123", 1), Wait(2.0), Send(b"4567", 1), Send(b"89")]
RESET, CLOSE = End(reset=True), End(reset=False)
FAULTS: tuple[tuple[Fault, list[Action], list[Action]], ...] = (
    (Fault("reset"), ANSWER, [Wait(1.0), Broken(), RESET]),
    (Fault("reset"), STREAMED, [Broken(), RESET]),
    (Fault("close"), ANSWER, [Wait(1.0), Broken(), CLOSE]),
    (Fault("close"), STREAMED, [Broken(), CLOSE]),
    (Fault("empty"), ANSWER, [Wait(1.0), Broken(), Start(200, {"a": "b"}, 0), Send(b"")]),
    (Fault("empty"), STREAMED, [Broken(), Start(200, {}, 0), Send(b"")]),
    (Fault("garbage", data=b"<p>"), ANSWER, [Wait(1.0), Broken(), Start(200, {"a": "b"}, 3), Send(b"<p>")]),
    (Fault("garbage", data=b"<p>"), STREAMED, [Broken(), Start(200, {}, 3), Send(b"<p>")]),
    (Fault("truncate", 0.25), ANSWER, [*ANSWER[:2], Broken(), Send(b"01"), CLOSE]),
    (Fault("truncate", 0.0), ANSWER, [*ANSWER[:2], Broken(), Send(b""), CLOSE]),
    (Fault("truncate", 1.0), ANSWER, [*ANSWER, Broken(), CLOSE]),
    (Fault("truncate", 0.5), STREAMED, [*STREAMED[:4], Broken(), Send(b"4"), CLOSE]),
    (Fault("hang"), ANSWER, [Broken(), Hang()]),
    (Fault("hang"), STREAMED, [Broken(), Hang()]),
)


@pytest.mark.parametrize(("fault", "actions", "expected"), FAULTS)
def test_a_fault_of_the_response_as_a_whole(fault: Fault, actions: list[Action], expected: list[Action]) -> None:
    assert expected == list(faulty(iter(actions), fault))
