"""A clock that can be pushed forward, for a simulator that shares its time with nobody."""

from typing import Protocol

from wxbot.clock import Clock, SystemClock


class MovableClock(Clock, Protocol):
    """A clock that the control page and the tests may move; `wxbot.clock.SharedClock` is one too."""

    def advance(self, seconds: float) -> None:
        """Move the time forward by `seconds`."""
        ...


class OwnClock(SystemClock):
    """The machine's clock plus an offset kept in memory."""

    def __init__(self) -> None:
        self._offset = 0.0  # seconds

    def now(self) -> float:
        """Return Unix seconds as moved so far."""
        return super().now() + self._offset

    def advance(self, seconds: float) -> None:
        """Move the time forward by `seconds`."""
        self._offset += seconds
