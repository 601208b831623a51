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
from typing import Generic, Self, TypeVar

T = TypeVar("T")

SOON = 0.008  # seconds within which what waits for quick ones is to be begun
_QUICK = 0.001  # seconds: what takes longer keeps nobody waiting
_USUAL = 0.1  # seconds a piece is taken to last before any was seen
_SHORTER, _LONGER = 0.5, 0.1  # the weight of the newest: many threads make each other slow, so the quick ones tell


class Crew(Generic[T]):
    """Does pieces of work in the order they are given. Thread-safe; `work` and `more` must not raise."""

    def __init__(self, most: int, work: Callable[[T], None], more: Callable[[], Sequence[T]] = lambda: ()) -> None:
        """Use at most so many threads; one that has nothing left while pieces are quick asks for `more`."""
        self._most, self._do, self._more = most, work, more
        self._pool = ThreadPoolExecutor(most, thread_name_prefix="send")  # starts none before there is work
        self._waiting: deque[tuple[float, T]] = deque()
        self._threads = 0
        self._usual = _USUAL
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Wait until all that was begun is done."""
        self._pool.shutdown()

    @property
    def is_quick(self) -> bool:
        """Return whether a piece usually takes so short a time that it is not worth a thread of its own."""
        return self._usual <= _QUICK

    @property
    def goes_on(self) -> bool:
        """Return whether a thread is at work that will ask for more by itself."""
        return self.is_quick and self._threads > 0

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
            began, goes_on = time.monotonic(), self.is_quick
            self._do(piece)
            more = time.monotonic() - began - self._usual
            self._usual += more * (_LONGER if more > 0 else _SHORTER)
            if goes_on and not self._waiting:
                self.give(self._more())

    def _next(self) -> T | None:
        with self._lock:
            if self._waiting:
                return self._waiting.popleft()[1]
            self._threads -= 1
            return None
