"""A thread that does one thing again and again."""

import threading
from collections.abc import Callable

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
