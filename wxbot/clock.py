"""The time, passed in wherever it is needed so that tests and the demo can move it.

`now()` is Unix seconds and may be moved; `monotonic()` is real waiting time and never is.
"""

import mmap
import struct
import time
from pathlib import Path
from typing import Protocol

_OFFSET = struct.Struct("<d")


class Clock(Protocol):
    """Where the time comes from."""

    def now(self) -> float:
        """Return Unix seconds (UTC)."""
        ...

    def monotonic(self) -> float:
        """Return seconds that only grow, for leases and waits."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> float:
        """Return Unix seconds (UTC)."""
        return time.time()

    def monotonic(self) -> float:
        """Return seconds since some fixed moment; shared by all processes of one boot."""
        return time.monotonic()


class SharedClock(SystemClock):
    """The machine's clock plus an offset kept in a file, so that several processes move together.

    Development only: the simulator moves it, the bot and the sender follow. The file holds
    one little-endian double (seconds) and is made when missing.
    """

    def __init__(self, path: Path) -> None:
        with path.open("ab+") as file:
            file.truncate(
                _OFFSET.size
            )  # makes a new one 0.0; another process may have made it just now, still empty
            self._memory = mmap.mmap(file.fileno(), _OFFSET.size)

    def now(self) -> float:
        """Return Unix seconds as this clock's file shifts them."""
        offset: float = _OFFSET.unpack_from(self._memory)[0]
        return time.time() + offset

    def advance(self, seconds: float) -> None:
        """Move every process that follows this file by `seconds`."""
        offset: float = _OFFSET.unpack_from(self._memory)[0]
        _OFFSET.pack_into(self._memory, 0, offset + seconds)
