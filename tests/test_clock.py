import time

import pytest

from emulator.clock import EPOCH, Clock


def test_the_deterministic_clock_goes_by_ordinals_and_the_real_one_by_the_wall() -> None:
    assert EPOCH + 7 == Clock().created(7)
    assert abs(Clock("real").created(7) - time.time()) < 5


@pytest.mark.parametrize("scale", [1.0, 0.25])
def test_a_moment_is_due_when_the_clock_has_come_to_it(scale: float) -> None:
    clock = Clock(scale=scale)
    assert clock.is_due(clock.now())
    assert not clock.is_due(clock.now() + 60)


async def test_a_clock_of_scale_0_waits_for_nothing() -> None:
    clock = Clock(scale=0)
    assert clock.is_due(clock.now() + 1e9)
    await clock.until(clock.now() + 1e9)


async def test_waits_last_their_scale() -> None:
    clock = Clock(scale=0.001)
    began = time.monotonic()
    await clock.until(clock.now() + 5)
    assert 0.004 <= time.monotonic() - began < 2
