"""A thread that does one thing again and again, and what wakes one that waits."""

import threading
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue

import structlog

log = structlog.get_logger(__name__)


class Repeating:
    """Calls `work` every so many seconds, at once again while it returns True; errors are logged, not fatal."""

    def __init__(self, name: str, every: float, work: Callable[[], bool]) -> None:
        self._name, self._every, self._work = name, every, work
        self._stopping = threading.Event()

    def start(self) -> None:
        """Begin, in a thread that does not keep the process alive."""
        threading.Thread(target=self._run, name=self._name, daemon=True).start()

    def stop(self) -> None:
        """Do not call `work` again."""
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            if not self._once():
                self._stopping.wait(self._every)

    def _once(self) -> bool:
        try:
            return self._work()
        except Exception:
            log.exception("background work failed", action="background_failed", work=self._name)
            return False


class Wake:
    """Wakes a thread that waits. A signal handler may `set` it whatever its own thread is doing with it just then.

    threading.Event may not be: it holds its lock for an instant of each `wait`, and a handler that comes then waits
    for itself.
    """

    def __init__(self) -> None:
        self._calls: SimpleQueue[None] = SimpleQueue()  # its `put` is reentrant, says Python's library reference

    def set(self) -> None:
        """Wake whoever waits, or will wait next."""
        self._calls.put(None)

    def clear(self) -> None:
        """Forget that it was set."""
        with suppress(Empty):
            while True:
                self._calls.get_nowait()

    def wait(self, seconds: float) -> bool:
        """Return True as soon as it is set, False after so many seconds; either way it is not set any more."""
        try:
            self._calls.get(timeout=seconds)
        except Empty:
            return False
        self.clear()
        return True
