import asyncio
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


# ---------------------------------------------------------------- the manual clock


def test_the_manual_clock_stands_still_and_all_it_says_is_its_own_time() -> None:
    clock = Clock("manual", scale=0)
    assert (0.0, EPOCH, EPOCH) == (clock.now(), clock.created(1), clock.created(7))
    assert (True, False) == (clock.is_due(0.0), clock.is_due(0.001))
    clock.advance(90.5)
    assert (90.5, EPOCH + 90, True) == (clock.now(), clock.created(8), clock.is_due(90.5))


async def test_whoever_waits_goes_on_when_the_moment_has_come_the_earliest_first() -> None:
    clock, went_on = Clock("manual"), list[str]()

    async def wait(name: str, moment: float) -> None:
        await clock.until(moment)
        went_on.append(name)

    async with asyncio.TaskGroup() as tasks:
        for name, moment in (("late", 3.0), ("soon", 1.0), ("soon too", 1.0), ("never", 99.0)):
            waiting = tasks.create_task(wait(name, moment))
        await asyncio.sleep(0)
        assert ((1.0, 1.0, 3.0, 99.0), []) == (clock.waiting, went_on)
        clock.advance(0.999)
        await asyncio.sleep(0)
        assert [] == went_on
        clock.advance(5)
        await asyncio.sleep(0)
        assert (["soon", "soon too", "late"], (99.0,)) == (went_on, clock.waiting)
        waiting.cancel()
    assert () == clock.waiting


async def test_whoever_waits_for_a_moment_that_is_over_does_not_wait() -> None:
    clock = Clock("manual")
    clock.advance(2)
    await clock.until(2.0)
    assert () == clock.waiting


async def test_one_who_has_stopped_waiting_keeps_back_nobody() -> None:
    clock = Clock("manual")
    gone, here = (asyncio.ensure_future(clock.until(1.0)) for _ in range(2))
    await asyncio.sleep(0)
    gone.cancel()
    clock.advance(1)
    await asyncio.wait_for(here, 5)
    assert gone.cancelled()


# ---------------------------------------------------------------- what a client feels


@pytest.mark.parametrize(("clock", "seconds"), [(Clock(scale=0.001), 20), (Clock(), 0.02), (Clock(scale=0), 0.02)])
def test_a_client_feels_what_it_sleeps_through_in_the_time_of_its_session(clock: Clock, seconds: float) -> None:
    began = clock.felt()
    time.sleep(0.02)
    assert seconds <= clock.felt() - began < 100 * seconds


def test_a_client_of_a_slow_clock_has_waited_as_long_as_it_slept() -> None:
    slow = Clock(scale=1000)
    began = slow.felt()
    time.sleep(0.02)
    assert 0.02 <= slow.felt() - began < 2


def test_a_client_feels_what_a_manual_clock_is_moved() -> None:
    clock = Clock("manual")
    began = clock.felt()
    clock.advance(30)
    assert 30 <= clock.felt() - began < 32


async def test_one_who_fails_in_his_turn_stops_nobody_who_waits_for_another(caplog: pytest.LogCaptureFixture) -> None:
    clock, turned = Clock("real"), asyncio.Event()

    def fail() -> None:
        raise ValueError

    clock.at(clock.now() + 0.002, fail)
    clock.at(clock.now() + 0.010, turned.set)
    await asyncio.wait_for(turned.wait(), 5)
    assert "ValueError" in caplog.text


def block(seconds: float) -> None:
    """Take the time of everybody else in the event loop."""
    time.sleep(seconds)


async def test_where_many_are_due_others_have_a_turn_in_between() -> None:
    clock, gone_on, turns = Clock(), list[int](), list[int]()
    loop = asyncio.get_running_loop()

    def go_on() -> None:
        block(0.001)
        gone_on.append(1)
        loop.call_soon(lambda: turns.append(len(gone_on)))

    for tick in range(50):
        clock.at(clock.now() + tick / 1000, go_on)
    block(0.06)  # now all are due
    while len(turns) < 50:  # noqa: ASYNC110 - it is the turns that are counted
        await asyncio.sleep(0)
    assert turns[0] < 50
