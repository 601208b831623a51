"""Connections to a SQLite file, which several processes share."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlcipher3.dbapi2 as driver  # carries its own SQLite, newer than the one Python was built with

from wxbot.errors import SettingsError
from wxbot.store.connections import BUSY_TIMEOUT, Place, told
from wxbot.store.turns import Turns

_WRITE_CACHE = 2_000  # KiB: what another process writes makes all of it worthless
_READ_CACHE = 256  # KiB
_CHECKPOINT = 500  # pages of the log that are not in the file yet, when somebody has time to copy them
_LATE_CHECKPOINT = 3_000  # pages in the log, when a commit must do it, and the others wait for that
WAL_LIMIT = 16 * 1024 * 1024  # bytes the write-ahead log is cut back to
BACKUP = (
    "database_url names a backup, and what waits in it may have gone out since: set it to where the "
    "store is to be, and `wxbot restore FILE` copies the backup there and parks that"
)


def sqlite_is_safe(version: tuple[int, ...]) -> bool:
    """Return whether this SQLite may share a write-ahead log among processes.

    3.7.0 to 3.51.2 can corrupt it when a checkpoint races with a log reset; the fix went into
    3.51.3 and back into 3.50.7 and 3.44.6. Source: SQLite's own account of the WAL-reset bug.
    """
    return version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)


class SQLiteConnections:
    """One writing connection behind a lock, and one reading connection a thread.

    A second writer in this process would only wait in SQLite's busy loop; a lock wakes at once. Among processes
    writers take turns.
    """

    begin_write = "BEGIN IMMEDIATE"  # a deferred one fails at once when a read turns into a write
    begin_behind = begin_write

    def __init__(self, place: Place, file: Path) -> None:
        self.errors: tuple[type[Exception], ...] = (driver.Error,)
        self.journal = "WAL" if sqlite_is_safe(driver.sqlite_version_info) else "DELETE"
        self.about = f"SQLite {driver.sqlite_version}, journal {self.journal}"
        self._file = file.absolute()
        self._turn = threading.Lock()
        self._local = threading.local()
        self._open: list[Any] = []
        with told(place, (*self.errors, OSError)):
            self._writer = self._connect(_WRITE_CACHE)
            [(mark,)] = self._writer.cursor().execute("PRAGMA user_version").fetchall()
            self._version = self._data_version()
            self._turns = Turns(self._file, BUSY_TIMEOUT)
            self._open.append(self._turns)
        if mark:
            self.close()
            raise SettingsError(BACKUP)

    @contextmanager
    def reading(self) -> Iterator[Any]:
        """Yield a cursor of this thread's own connection."""
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._connect(_READ_CACHE)  # there is one for each thread
        yield connection.cursor()

    @contextmanager
    def writing(self) -> Iterator[Any]:
        """Yield the writer's cursor when it is this thread's turn."""
        with self._turn, self._turns.taken():
            yield self._writer.cursor()

    @contextmanager
    def writing_behind(self) -> Iterator[Any]:
        """Yield it without the sync of each commit: the next one that has it syncs the whole log before it."""
        with self.writing() as cursor:
            if self.journal != "WAL":  # without the log a commit that is not synced could tear the file
                yield cursor
                return
            cursor.execute("PRAGMA synchronous = NORMAL")
            try:
                yield cursor
            finally:
                cursor.execute("PRAGMA synchronous = FULL")

    def others_may_wait(self) -> bool:
        """Return whether the file was changed, but not by our writer, since this was last asked."""
        with self._turn:
            seen, self._version = self._version, self._data_version()
        return self._version != seen

    def checkpoint(self) -> None:
        """Copy the log into the file once it is worth it, beside those who write."""
        with self.reading() as cursor:
            [(_, logged, copied)] = cursor.execute("PRAGMA wal_checkpoint(NOOP)").fetchall()
            if logged - copied >= _CHECKPOINT:
                cursor.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def close(self) -> None:
        """Close them all."""
        for each in self._open:
            each.close()
        self._open.clear()

    def _data_version(self) -> int:
        [(version,)] = self._writer.cursor().execute("PRAGMA data_version").fetchall()
        return int(version)

    def _connect(self, cache: int) -> Any:
        # By the driver itself: SQLAlchemy's engine would be 4 MB of code for this one call.
        connection = driver.connect(
            str(self._file), isolation_level=None, timeout=BUSY_TIMEOUT, check_same_thread=False
        )
        cursor = connection.cursor()
        for pragma in (
            f"journal_mode = {self.journal}",
            "synchronous = FULL",  # a committed push survives a power cut
            f"journal_size_limit = {WAL_LIMIT}",
            f"wal_autocheckpoint = {_LATE_CHECKPOINT}",
            "temp_store = MEMORY",
            f"cache_size = {-cache}",  # SQLCipher's own would be 8 MB
            "secure_delete = ON",  # who is erased is not left in free pages
        ):
            cursor.execute(f"PRAGMA {pragma}").fetchall()
        cursor.close()
        self._open.append(connection)
        return connection
