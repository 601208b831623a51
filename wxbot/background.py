"""Threads: one that does one thing again and again, what wakes one that waits, and the heaps that all share."""

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue

import structlog

log = structlog.get_logger(__name__)

_M_ARENA_MAX, _HEAPS = -8, 2  # the option's number in glibc's malloc.h


def share_heaps() -> None:
    """Let the threads of this process share two heaps, unless its environment says how many.

    glibc would give each thread one of its own, and what is free in one is of no use to the others: a process of 17
    threads went on growing. Nothing happens with a C library that has no such option.
    """
    import ctypes  # of no use to the many commands that load this module

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None and "MALLOC_ARENA_MAX" not in os.environ:
        mallopt(_M_ARENA_MAX, _HEAPS)


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
