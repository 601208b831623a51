"""The threads that call the platform: as few at a time as can begin soon what waits.

Threads that call at once take Python from each other, and each change costs as much as a short call. So one thread
calls for all while the platform answers at once; while it takes its time, each message has a thread of its own.
"""

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

T = TypeVar("T")

SOON = 0.008  # seconds within which what waits for quick ones is to be begun
_QUICK = 0.001  # seconds: what takes longer keeps nobody waiting
_USUAL = 0.1  # seconds a piece is taken to last before any was seen
_SMOOTHED = 0.2  # the weight of the newest in what one usually takes


class Crew(Generic[T]):
    """Does pieces of work in the order they are given. Thread-safe; `work` must not raise."""

    def __init__(self, pool: ThreadPoolExecutor, most: int, work: Callable[[T], None]) -> None:
        """Use at most so many threads of a pool."""
        self._pool, self._most, self._do = pool, most, work
        self._waiting: deque[tuple[float, T]] = deque()
        self._threads = 0
        self._usual = _USUAL
        self._lock = threading.Lock()

    @property
    def is_quick(self) -> bool:
        """Return whether a piece usually takes so short a time that it is not worth a thread of its own."""
        return self._usual <= _QUICK

    def give(self, pieces: Sequence[T]) -> None:
        """Begin these: each at once, or where they are quick, all of them soon."""
        now = time.monotonic()
        with self._lock:
            self._waiting.extend((now, piece) for piece in pieces)
        self.is_behind()

    def is_behind(self) -> bool:
        """Return whether something waits, and let as many threads work as that needs."""
        with self._lock:
            waiting = len(self._waiting)
            if waiting == 0:
                return False
            is_late = time.monotonic() - self._waiting[0][0] >= SOON  # whoever works has met with something slow
            few = max(math.ceil(waiting * self._usual / SOON) - self._threads, int(is_late))
            for _ in range(min(few if self.is_quick else waiting, self._most - self._threads)):
                self._threads += 1
                self._pool.submit(self._work)
            return True

    def _work(self) -> None:
        while (piece := self._next()) is not None:
            began = time.monotonic()
            self._do(piece[1])
            self._usual += _SMOOTHED * (time.monotonic() - began - self._usual)

    def _next(self) -> tuple[float, T] | None:
        with self._lock:
            if self._waiting:
                return self._waiting.popleft()
            self._threads -= 1
            return None
