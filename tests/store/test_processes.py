"""Processes note that they are alive."""

from wxbot.store import processes
from wxbot.store.engine import Store
from wxbot.store.processes import FORGOTTEN, Process

NOW = 1_800_000_000.0


def test_a_process_is_there_once_with_when_it_began_and_was_seen_last(store: Store) -> None:
    for later in (0.0, 10.0):
        store.write(lambda tx, at=NOW + later: processes.note(tx, "one", "web", "here", 7, at))  # type: ignore[misc]

    assert store.read(processes.listed) == [Process("one", "web", "here", 7, NOW, NOW + 10)]


def test_one_that_was_silent_for_a_day_is_forgotten(store: Store) -> None:
    store.write(lambda tx: processes.note(tx, "gone", "web", "here", 7, NOW))
    store.write(lambda tx: processes.note(tx, "quiet", "sender", "here", 8, NOW + 1))

    store.write(lambda tx: processes.note(tx, "new", "web", "here", 9, NOW + FORGOTTEN + 1))

    assert [one.owner for one in store.read(processes.listed)] == ["quiet", "new"]
