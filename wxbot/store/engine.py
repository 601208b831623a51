"""The store of one process: run a piece of work in one transaction, on SQLite or PostgreSQL.

Statements are SQL with `:name` parameters on the driver's own cursor: through SQLAlchemy's
expression layer an accepted push cost eight times the CPU (docs/decisions.md).
"""

import json
import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from wxbot.errors import NoTurn, SettingsError, StoreError
from wxbot.store.connections import Connections, place_of
from wxbot.store.postgresql import PostgreSQLConnections
from wxbot.store.revision import REVISION, is_newer, too_new, works_on
from wxbot.store.sqlite import SQLiteConnections
from wxbot.store.together import Together, Wanted, do_each

T = TypeVar("T")
Row = tuple[Any, ...]
AMONG = {False: "IN (SELECT value FROM json_each(:among))", True: "= ANY(:among)"}  # for a list; by `tx.postgresql`

_DEADLOCK = "40P01"  # PostgreSQL's code: of two that wait for each other it undoes one
_DEADLOCKS = 3  # in a row, before a piece of work is given up
_LOCKED = "database is locked"  # SQLite's words when another process did not let us write for BUSY_TIMEOUT
_PARAMETER = re.compile(r":([a-z_]+)")


@cache
def _for_psycopg(sql: str) -> str:
    return _PARAMETER.sub(r"%(\1)s", sql.replace("%", "%%"))


class _Deadlock(Exception):
    """The transaction was undone so that another could go on."""


class Transaction:
    """What a piece of work may do: run named statements. Valid only inside its `write` or `read`."""

    def __init__(self, cursor: Any, *, postgresql: bool) -> None:
        self._cursor, self.postgresql = cursor, postgresql
        # PostgreSQL: what this transaction holds, as far as it knows.
        self.held_users: set[tuple[str, str]] = set()
        self.held_lanes: set[int] = set()

    def rows(self, sql: str, **parameters: object) -> list[Row]:
        """Run a statement and return all its rows; always drained, since unread rows block a commit."""
        self._run(sql, parameters)
        found: list[Row] = self._cursor.fetchall()
        return found

    def row(self, sql: str, **parameters: object) -> Row | None:
        """Run a statement and return its first row, None when there is none."""
        found = self.rows(sql, **parameters)
        return found[0] if found else None

    def change(self, sql: str, **parameters: object) -> int:
        """Run a statement that returns no rows; return how many it changed."""
        self._run(sql, parameters)
        changed: int = self._cursor.rowcount
        return changed

    def change_many(self, sql: str, each: Sequence[Mapping[str, object]]) -> int:
        """Run a statement once for each of these parameters; return how many rows it changed in all.

        PostgreSQL is sent all of them before it is asked for the first result.
        """
        self._cursor.executemany(_for_psycopg(sql) if self.postgresql else sql, each)
        changed: int = self._cursor.rowcount
        return changed

    def listed(self, values: Sequence[object]) -> object:
        """Return a list as a parameter takes it, for `AMONG`."""
        return list(values) if self.postgresql else json.dumps(values)

    def _run(self, sql: str, parameters: dict[str, object]) -> None:
        self._cursor.execute(_for_psycopg(sql) if self.postgresql else sql, parameters)


class Store:
    """One process's way to the tables. Open it after fork; close it with `close`.

    Every failure of the database is raised as StoreError, and then nothing was changed; only where
    PostgreSQL's link broke during the commit it may have been. All that writes is fit for that: it
    is found done, or as it was left.
    """

    def __init__(self, url: str, *, pool: int = 8) -> None:
        """Raise SettingsError for a URL that is neither SQLite's nor PostgreSQL's."""
        self.postgresql, self._connections = _connections(url, pool)
        self._together = Together(self._write)
        self._pid = os.getpid()
        self.owner = f"{os.getpid()}-{uuid4().hex[:12]}"  # never reused, unlike a pid or a host name
        self.boot = "database" if self.postgresql else _boot_id()

    @property
    def about(self) -> str:
        """Which database runs, for the log and for `doctor`."""
        return self._connections.about

    def write(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` in one write transaction and return its result once it is on disk.

        `work` talks to nothing but the store. It is run again, after all of it was undone, when it and
        another waited for each other's locks, or when work of another thread in its transaction failed.
        """
        if not self.postgresql:  # there each connection commits by itself, and the server groups them
            result: T = self._together.do([work])[0].outcome()
            return result
        return _until_no_deadlock(lambda: self._write(work))

    def write_each(self, works: Sequence[Callable[[Transaction], Any]]) -> list[Wanted]:
        """Run each of these as `write` does, and return what came of each: one that fails takes no other with it.

        They share a transaction, and are done one by one only when something in it fails.
        """
        return do_each(works, self.write) if self.postgresql else self._together.do(works)

    def write_behind(self, work: Callable[[Transaction], T]) -> T:
        """Do the same without waiting for the disk: for work that is done again where a power cut undid it.

        A power cut undoes the last of what was written, so never what a later `write` was built on.
        """
        of = self._connections
        return _until_no_deadlock(lambda: self._run(work, of.writing_behind, of.begin_behind))

    def _write(self, work: Callable[[Transaction], T]) -> T:
        return self._run(work, self._connections.writing, self._connections.begin_write)

    def read(self, work: Callable[[Transaction], T]) -> T:
        """Run `work`, which changes nothing, on one consistent view."""
        return self._run(work, self._connections.reading, "BEGIN")

    def read_one(self, work: Callable[[Transaction], T]) -> T:
        """Do the same for work of one statement, which is consistent by itself: a third of the calls."""
        return self._run(work, self._connections.reading, begin="")

    def lease_clock(self, tx: Transaction) -> float:
        """Return the clock leases are counted on: shared by all owners, and set back by nobody."""
        if not self.postgresql:
            return time.monotonic()
        row = tx.row("SELECT extract(epoch FROM clock_timestamp())")
        return float(row[0]) if row else 0.0

    def check_schema(self) -> None:
        """Raise SettingsError unless this version can work on the schema (`wxbot.store.revision`)."""
        try:
            row = self.read(lambda tx: tx.row("SELECT version_num FROM alembic_version"))
        except StoreError as exc:
            if "alembic_version" not in str(exc):
                raise SettingsError(f"the database cannot be read: {exc}") from exc
            row = None
        found = row[0] if row else "none"
        if row is None or is_newer(REVISION, found):
            raise SettingsError(
                f"the database is at revision {found}, this wxbot needs {REVISION}: run `wxbot migrate`"
            )
        if not works_on(REVISION, found):
            raise SettingsError(too_new(REVISION, found))

    def others_may_wait(self) -> bool:
        """Return whether others may wait for what we write: another process has written since this was last asked.

        Never on PostgreSQL, where there is more than one writer. Raises StoreError when it cannot be asked.
        """
        try:
            return self._connections.others_may_wait()
        except self._connections.errors as exc:
            raise StoreError(f"the store could not do it: {type(exc).__name__}: {exc}") from exc

    def checkpoint(self) -> bool:
        """Do a part of the database's own work that commits would wait for; False: there is no more of it now."""
        self._connections.checkpoint()
        return False

    def close(self) -> None:
        """Close every connection of this process."""
        self._connections.close()

    def _run(self, work: Callable[[Transaction], T], cursors: Callable[[], Any], begin: str) -> T:
        if os.getpid() != self._pid:
            raise StoreError("this store was opened before a fork: open one in each process")
        try:
            with cursors() as cursor:
                return self._transact(work, cursor, begin)
        except self._connections.errors as exc:
            if getattr(exc, "sqlstate", "") == _DEADLOCK:
                raise _Deadlock from exc
            kind = NoTurn if str(exc) == _LOCKED else StoreError
            raise kind(f"the store could not do it: {type(exc).__name__}: {exc}") from exc

    def _transact(self, work: Callable[[Transaction], T], cursor: Any, begin: str) -> T:
        if not begin:
            return work(Transaction(cursor, postgresql=self.postgresql))
        cursor.execute(begin)
        try:
            result = work(Transaction(cursor, postgresql=self.postgresql))
            cursor.execute("COMMIT")
        except BaseException:
            self._roll_back(cursor)
            raise
        return result

    def _roll_back(self, cursor: Any) -> None:
        try:
            cursor.execute("ROLLBACK")
        except self._connections.errors:
            return  # the transaction is gone already, with its connection or by SQLite's own doing


def _until_no_deadlock(transact: Callable[[], T]) -> T:
    for _ in range(_DEADLOCKS):
        with suppress(_Deadlock):
            return transact()
    raise StoreError(f"the store could not do it: {_DEADLOCKS} deadlocks in a row")


def _connections(url: str, pool: int) -> tuple[bool, Connections]:
    place = place_of(url)
    if place.file is not None:
        return False, SQLiteConnections(place, place.file)
    return True, PostgreSQLConnections(place, pool)


def _boot_id() -> str:
    """Return what names this boot of the machine: monotonic time starts anew with each."""
    linux = Path("/proc/sys/kernel/random/boot_id")
    return linux.read_text().strip() if linux.exists() else str(round((time.time() - time.monotonic()) / 60))
