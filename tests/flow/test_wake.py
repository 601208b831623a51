"""What wakes the sender, also from a signal handler that comes while the sender looks at it."""

import signal
import threading
import time
from collections.abc import Iterator

import pytest

from wxbot.background import Wake


@pytest.fixture
def wake() -> Wake:
    return Wake()


@pytest.fixture
def interrupted(wake: Wake) -> Iterator[list[float]]:
    """Let a signal handler set it two thousand times a second; yields when it did."""
    came: list[float] = []

    def come(*_: object) -> None:
        came.append(time.monotonic())
        wake.set()

    before = signal.signal(signal.SIGALRM, come)
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
    try:
        yield came
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_a_signal_handler_may_set_it_at_any_moment(wake: Wake, interrupted: list[float]) -> None:
    end = time.monotonic() + 2
    while time.monotonic() < end:
        wake.clear()
        wake.wait(0.00001)

    assert len(interrupted) > 100


def test_one_that_was_set_before_is_not_waited_for_and_one_that_was_cleared_is(wake: Wake) -> None:
    wake.set()
    wake.set()
    assert wake.wait(5)
    assert not wake.wait(0.001)

    wake.set()
    wake.clear()
    assert not wake.wait(0.001)


def test_another_thread_wakes_who_waits(wake: Wake) -> None:
    threading.Timer(0.05, wake.set).start()

    assert wake.wait(10)
