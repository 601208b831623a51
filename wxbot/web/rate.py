"""How often something may be asked for: a bucket of tokens for each who asks.

In memory, so that asking costs no write: each web process counts for itself.
"""

import threading
from collections.abc import Callable

_MOST = 10_000  # buckets kept; those that are full again need none


class Rate:
    """A token bucket for each key. Thread-safe."""

    def __init__(self, rate: float, monotonic: Callable[[], float], burst: float | None = None) -> None:
        """`rate` is a second; a bucket holds `burst`, or one second's worth but at least one."""
        self._rate, self._monotonic = rate, monotonic
        self._burst = max(rate, 1.0) if burst is None else burst
        self._levels: dict[str, tuple[float, float]] = {}  # key: tokens left, when
        self._lock = threading.Lock()

    def wait(self, key: str) -> float:
        """Take one token; return 0, or the seconds until one may be taken."""
        with self._lock:
            now = self._monotonic()
            level = self._level(key, now)
            taken = level >= 1.0
            self._levels[key] = (level - taken, now)
            if len(self._levels) > _MOST:
                self._forget_full(now)
            return 0.0 if taken else (1.0 - level) / self._rate

    def _level(self, key: str, now: float) -> float:
        level, at = self._levels.get(key, (self._burst, now))
        return min(self._burst, level + (now - at) * self._rate)

    def _forget_full(self, now: float) -> None:
        """Forget who has not asked for long; when they are too many all the same, the oldest half."""
        self._levels = {key: kept for key, kept in self._levels.items() if self._level(key, now) < self._burst}
        if len(self._levels) > _MOST:
            self._levels = dict(list(self._levels.items())[_MOST // 2 :])
