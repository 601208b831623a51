"""The threads that call: one for all while calls are quick, another where one is slow, never more than allowed."""

import threading
import time
from collections.abc import Iterator

import pytest

from wxbot.delivery.crew import Crew

WITHIN = 10.0  # seconds


class Calls:
    """Pieces of work that last until they are let go; `quick` ones not at all."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.begun: list[str] = []
        self.ended: list[str] = []

    def do(self, piece: str) -> None:
        self.begun.append(piece)
        if not piece.startswith("quick"):
            self.go.wait(WITHIN)
        self.ended.append(piece)


@pytest.fixture
def calls() -> Calls:
    return Calls()


@pytest.fixture
def crew(calls: Calls) -> Iterator[Crew[str]]:
    with Crew(4, calls.do) as one:
        yield one
        calls.go.set()


def until_all_begun(crew: Crew[str]) -> None:
    end = time.monotonic() + WITHIN
    while crew.is_behind():
        assert time.monotonic() < end
        time.sleep(0.001)


def test_what_is_given_is_begun_in_its_order_and_ends(crew: Crew[str], calls: Calls) -> None:
    given = [f"quick {number}" for number in range(200)]
    crew.give(given[:100])
    crew.give(given[100:])
    until_all_begun(crew)

    assert sorted(calls.begun) == sorted(given)
    assert calls.begun.index("quick 0") < calls.begun.index("quick 199")


def test_at_first_each_has_a_thread_of_its_own_up_to_the_most(crew: Crew[str], calls: Calls) -> None:
    crew.give([f"slow {number}" for number in range(6)])
    end = time.monotonic() + WITHIN
    while len(calls.begun) < 4:
        assert time.monotonic() < end
        crew.is_behind()
    time.sleep(0.05)
    crew.is_behind()
    assert len(calls.begun) == 4

    calls.go.set()
    until_all_begun(crew)
    assert len(calls.begun) == 6


def test_while_calls_are_quick_few_threads_do_all(crew: Crew[str], calls: Calls) -> None:
    crew.give([f"quick {number}" for number in range(200)])
    until_all_begun(crew)

    crew.give(["slow", *(f"quick {number}" for number in range(200, 203))])
    assert crew._threads < 4  # the second and third only where this machine has slept for long enough between


def test_behind_one_that_is_slow_the_others_are_begun_by_another_thread(crew: Crew[str], calls: Calls) -> None:
    crew.give([f"quick {number}" for number in range(200)])
    until_all_begun(crew)
    crew.give(["slow", "quick behind it"])
    until_all_begun(crew)
    end = time.monotonic() + WITHIN
    while "quick behind it" not in calls.ended:
        assert time.monotonic() < end

    assert "slow" not in calls.ended


def test_a_thread_that_has_nothing_left_asks_for_more_while_calls_are_quick(calls: Calls) -> None:
    to_come = [["quick more 1", "quick more 2"], ["quick more 3"]]
    with Crew(4, calls.do, lambda: to_come.pop(0) if to_come else []) as crew:
        crew.give(["slow"])
        calls.go.set()
        until_all_begun(crew)
        assert len(to_come) == 2  # calls are not known to be quick yet

        crew.give([f"quick {number}" for number in range(200)])
        until_all_begun(crew)

    assert to_come == []
    assert len(calls.ended) == 204
