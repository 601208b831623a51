"""How many calls of the fallback ladder may be under way at once: a slow receiver must not hold every thread.

Kept by each process for itself; the lanes' leases are what counts between processes.
"""

import threading
import time

_SHARE = 4  # one thread in so many may be on a rung
_LEAST = 1.0  # seconds to wait for a place
_SMOOTHED = 0.2  # the weight of the newest call in what one usually takes


class Places:
    """An account's places on the ladder. Thread-safe."""

    def __init__(self, threads: int) -> None:
        """Give a quarter of these threads to the ladder, but one at least."""
        self._most = max(1, threads // _SHARE)
        self._taken: dict[int, float] = {}  # by lane, since when
        self._usual = 0.0  # seconds a call takes
        self._next = 0.0  # when whoever waited last has its turn
        self._lock = threading.Lock()

    def has_room(self) -> bool:
        """Return whether a place is free now."""
        with self._lock:
            return len(self._taken) < self._most

    def take(self, lane: int) -> bool:
        """Take a place for a lane; False when none is free. A lane that has one keeps it: work may run twice."""
        with self._lock:
            if lane not in self._taken and len(self._taken) >= self._most:
                return False
            self._taken.setdefault(lane, time.monotonic())
            return True

    def leave(self, lane: int) -> None:
        """Give a lane's place back; nothing happens when it has none."""
        with self._lock:
            since = self._taken.pop(lane, None)
            if since is not None:
                self._usual += _SMOOTHED * (time.monotonic() - since - self._usual)

    def wait(self) -> float:
        """Return in how many seconds to ask again: one after the other, at the pace at which calls end.

        Asking all at once for the same place would cost a claim each time for each.
        """
        with self._lock:
            now = time.monotonic()
            longest = max((now - since for since in self._taken.values()), default=0.0)
            self._next = max(self._next, now) + max(self._usual, longest) / self._most
            return max(_LEAST, self._next - now)
