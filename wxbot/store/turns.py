"""Whose turn it is to write, among all processes that share a SQLite file: in the order in which they come.

SQLite lets a second writer sleep longer each time it finds the file taken, up to a tenth of a second, and whoever
comes meanwhile goes first: two busy webs kept pushes waiting for half a second. Here a writer queues at one lock
to wait at another, so that nobody who comes later overtakes it. Both are the kernel's, and end with their process.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wxbot.errors import NoTurn

_LOOK_EVERY = 0.0005  # seconds
_POLITE = 0.02  # seconds


class Turns:
    """The queue of one SQLite file. Each instance may wait for one turn at a time."""

    def __init__(self, database: Path, patience: float, polite: float = _POLITE) -> None:
        """Keep the locks beside `database`; `patience` is the seconds to wait for a turn.

        Whoever is before us in the queue for longer than `polite` seconds has been stopped, and is overtaken.
        """
        self._patience, self._polite = patience, polite
        self._queue, self._turn = (
            _opened(database.with_name(f"{database.name}-{end}")) for end in ("queue", "turn")
        )

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Have the turn while the block runs; raises NoTurn when others have it for too long."""
        now = time.monotonic()
        queued = _taken(self._queue, now + self._polite)
        try:
            if not _taken(self._turn, now + self._patience):
                raise NoTurn(f"the database is locked: others have been writing for {self._patience:.0f} s")
        finally:
            if queued:
                fcntl.flock(self._queue, fcntl.LOCK_UN)
        try:
            yield
        finally:
            fcntl.flock(self._turn, fcntl.LOCK_UN)

    def close(self) -> None:
        """Let go of the locks."""
        os.close(self._queue)
        os.close(self._turn)


def _opened(path: Path) -> int:
    return os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)


def _taken(lock: int, end: float) -> bool:
    """Take a lock; return whether we have it before `end`."""
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                return False
            time.sleep(_LOOK_EVERY)
        else:
            return True
