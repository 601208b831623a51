"""Writers of several processes take turns, in the order in which they came, and nobody stopped keeps all out."""

import fcntl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from wxbot.errors import NoTurn
from wxbot.store.turns import Turns


def turns(database: Path, patience: float = 20.0, polite: float = 20.0) -> Turns:
    return Turns(database, patience, polite)


@contextmanager
def queueing(folder: Path) -> Iterator[None]:
    """Stand first in the queue, and take no turn; BlockingIOError when somebody stands there."""
    with (folder / "wxbot.db-queue").open() as queue:
        fcntl.flock(queue, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


def somebody_queues(folder: Path) -> bool:
    try:
        with queueing(folder):
            return False
    except BlockingIOError:
        return True


def test_two_never_have_the_turn_at_once(tmp_path: Path) -> None:
    inside, most = [], []

    def write(mine: Turns, name: int) -> None:
        for _ in range(50):
            with mine.taken():
                inside.append(name)
                most.append(len(inside))
                inside.remove(name)
        mine.close()

    threads = [threading.Thread(target=write, args=(turns(tmp_path / "wxbot.db"), name)) for name in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert len(most) == 200
    assert max(most) == 1


def test_who_comes_again_does_not_overtake_who_waits(tmp_path: Path) -> None:
    first, second = turns(tmp_path / "wxbot.db"), turns(tmp_path / "wxbot.db")
    order = []

    def wait() -> None:
        with second.taken():
            order.append("second")

    waiting = threading.Thread(target=wait)
    with first.taken():
        waiting.start()
        while not somebody_queues(tmp_path):
            pass
    with first.taken():
        order.append("first")
    waiting.join()

    assert order == ["second", "first"]
    first.close()
    second.close()


def test_who_stops_in_the_queue_is_overtaken(tmp_path: Path) -> None:
    turns(tmp_path / "wxbot.db").close()  # makes the files
    other = turns(tmp_path / "wxbot.db", polite=0.02)

    with queueing(tmp_path), other.taken():
        assert somebody_queues(tmp_path)
    other.close()


def test_a_turn_that_never_comes_is_told_as_a_locked_store(tmp_path: Path) -> None:
    holder, other = turns(tmp_path / "wxbot.db"), turns(tmp_path / "wxbot.db", 0.05)

    with holder.taken(), pytest.raises(NoTurn, match="locked"), other.taken():
        pass
    with other.taken():
        pass
    holder.close()
    other.close()
