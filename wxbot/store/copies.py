"""Copies of a SQLite store: made while it works, and put where one was lost.

A copy is marked (`user_version`: the minutes since 1970 when it was made), and no process works on a marked
file: what waits in it may have gone out since. Restoring parks that, and takes the mark away.
"""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2

from wxbot.errors import SettingsError, StoreError
from wxbot.store.connections import BUSY_TIMEOUT
from wxbot.store.engine import Transaction
from wxbot.store.parking import Parked, park

Tell = Callable[[int, int], None]  # is told how many pages are done, of how many

_PAGES = 256  # copied at once


def backup(store: Path, to: Path, now: float, tell: Tell) -> None:
    """Copy the store as it is at this moment into a new file that only its owner may read.

    Others go on writing meanwhile. Raises SettingsError when the file is there or cannot be made, StoreError
    when the copy failed; then there is no file.
    """
    with _new_file(to) as part, _copied(store, part, tell) as copy:
        copy.execute("PRAGMA secure_delete = ON").fetchall()
        copy.execute("UPDATE tokens SET token = '', expires_at = 0")  # who finds a backup cannot speak for us
        copy.execute(f"PRAGMA user_version = {int(now // 60)}")
        if copy.execute("PRAGMA quick_check").fetchone() != ("ok",):
            raise StoreError("the copy is not sound: look at the store with `wxbot doctor`, and at the disk")


def restore(copy: Path, store: Path, now: float, ahead: float, tell: Tell) -> Parked:
    """Put a backup where the store was, and park what may have gone out since; return what was parked.

    Raises SettingsError when a store is there, or when the file is no backup.
    """
    if not copy.is_file():
        raise SettingsError(f"there is no file {copy}: which one did `wxbot backup` make?")
    if not _is_marked(copy):
        raise SettingsError(
            f"{copy} is no backup that `wxbot backup` made; a store itself is used by setting database_url to it"
        )
    with _new_file(store) as part, _copied(copy, part, tell) as made:
        made.execute("BEGIN")
        parked = park(Transaction(made.cursor(), postgresql=False), now, ahead)
        made.execute("PRAGMA user_version = 0")
        made.execute("COMMIT")
    return parked


def _is_marked(file: Path) -> bool:
    try:
        with closing(_open(file)) as connection:
            return bool(connection.execute("PRAGMA user_version").fetchone()[0])
    except dbapi2.Error:
        return False


def _open(file: Path) -> Any:
    return dbapi2.connect(str(file), isolation_level=None, timeout=BUSY_TIMEOUT)


@contextmanager
def _copied(source: Path, to: Path, tell: Tell) -> Iterator[Any]:
    """Yield a connection to a copy, which is one file without a log beside it."""
    try:
        with closing(_open(source)) as reader, closing(_open(to)) as copy:
            reader.execute("BEGIN")  # one view from the first page to the last: a writer would make it start again
            reader.execute("SELECT count(*) FROM alembic_version").fetchall()
            reader.backup(copy, pages=_PAGES, progress=lambda _, left, total: tell(total - left, total))
            copy.execute("PRAGMA journal_mode = DELETE").fetchall()
            yield copy
    except dbapi2.Error as exc:
        raise StoreError(f"{source} could not be copied: {exc}") from exc


@contextmanager
def _new_file(path: Path) -> Iterator[Path]:
    """Yield a file to fill, which gets its name when all is on disk; a file of that name is never replaced."""
    if path.exists():
        raise SettingsError(f"{path} is there already; nothing was written")
    if not path.parent.is_dir():
        raise SettingsError(f"there is no folder {path.parent}: make it first; nothing was written")
    try:
        number, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)  # mode 0600
        os.close(number)
        part = Path(name)
        try:
            yield part
            _sync(part)
            os.link(part, path)  # unlike a rename it fails when somebody else was quicker
            _sync(path.parent)
        finally:
            part.unlink()
    except OSError as exc:
        raise SettingsError(f"{path} cannot be made: {exc.strerror}") from exc


def _sync(path: Path) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
