"""Connections to the two databases: how each is opened, and who may use one at a time."""

import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy
import sqlcipher3.dbapi2
from sqlalchemy.engine import URL

from wxbot.errors import SettingsError
from wxbot.store.turns import Turns

BUSY_TIMEOUT = 3.0  # seconds a writer waits for another process; the platform hangs up at 5
IDLE_TIMEOUT = 5.0  # seconds PostgreSQL keeps the locks of a transaction whose process has stopped
LINK_TIMEOUT = 5  # seconds without a sign of life from PostgreSQL's machine until a connection is given up
_TRUSTED = 0.5  # seconds after its last use that a connection is taken to live still
_USED_AT = "used_at"
LOCK_TIMEOUT = 1  # seconds a migration waits for a table, since every push waits behind it meanwhile
_READ_CACHE = 256  # KiB
_CHECKPOINT = 500  # pages of the log that are not in the file yet, when somebody has time to copy them
_LATE_CHECKPOINT = 3_000  # pages in the log, when a commit must do it, and the others wait for that
WAL_LIMIT = 16 * 1024 * 1024  # bytes the write-ahead log is cut back to

_MIGRATOR_BEGINS = [
    "SELECT pg_advisory_xact_lock(7391200)",  # first, as another migrator may take longer than LOCK_TIMEOUT
    f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}s'",
]
_BUSY = {"55P03", "40P01"}  # PostgreSQL's lock_not_available and deadlock_detected
_BACKUP = (
    "database_url names a backup, and what waits in it may have gone out since: set it to where the "
    "store is to be, and `wxbot restore FILE` copies the backup there and parks that"
)


class Connections(Protocol):
    """One process's connections: a DB-API cursor for reading or for writing."""

    begin_write: str
    begin_behind: str  # begins a transaction whose commit need not be on disk when it returns
    about: str
    errors: tuple[type[Exception], ...]

    def reading(self) -> Any:
        """Return a context manager that yields a cursor."""
        ...

    def writing(self) -> Any:
        """Return a context manager that yields a cursor, perhaps after waiting for its turn."""
        ...

    def writing_behind(self) -> Any:
        """Do the same for a transaction that is begun with `begin_behind`."""
        ...

    def others_have_written(self) -> bool:
        """Return whether another process has committed since this was last asked; True where nobody can tell."""
        ...

    def checkpoint(self) -> None:
        """Do now what a commit would have to do later, if the database has such work."""
        ...

    def close(self) -> None:
        """Close them all."""
        ...


def sqlite_is_safe(version: tuple[int, ...]) -> bool:
    """Return whether this SQLite may share a write-ahead log among processes.

    3.7.0 to 3.51.2 can corrupt it when a checkpoint races with a log reset; the fix went into
    3.51.3 and back into 3.50.7 and 3.44.6. Source: SQLite's own account of the WAL-reset bug.
    """
    return version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)


def database_url(url: str) -> URL:
    """Return a store's URL, read; raises SettingsError for one that no store of ours can be at."""
    try:
        parsed = sqlalchemy.make_url(url)
    except sqlalchemy.exc.ArgumentError:
        raise SettingsError("database_url is not a database URL, for example sqlite:///wxbot.db") from None
    backend = parsed.get_backend_name()
    if backend not in ("sqlite", "postgresql"):
        raise SettingsError(f"database_url: {backend!r} is not supported; use sqlite or postgresql")
    if backend == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise SettingsError(
            "database_url names no file, for example sqlite:///wxbot.db: several processes share it"
        )
    return parsed


@contextmanager
def told(url: URL) -> Iterator[None]:
    """Tell an operator in one line why a database cannot be opened."""
    try:
        yield
    except (sqlcipher3.dbapi2.Error, sqlalchemy.exc.SQLAlchemyError, OSError) as exc:
        why = str(getattr(exc, "orig", exc)).splitlines()[0]
        shown = url.render_as_string(hide_password=True)
        raise SettingsError(f"database_url {shown} cannot be opened: {why}") from exc


class SQLiteConnections:
    """One writing connection behind a lock, and one reading connection a thread.

    A second writer in this process would only wait in SQLite's busy loop; a lock wakes at once. Among processes
    writers take turns.
    """

    begin_write = "BEGIN IMMEDIATE"  # a deferred one fails at once when a read turns into a write
    begin_behind = begin_write

    def __init__(self, url: URL) -> None:
        driver = sqlcipher3.dbapi2
        self.errors: tuple[type[Exception], ...] = (driver.Error, sqlalchemy.exc.SQLAlchemyError)
        self.journal = "WAL" if sqlite_is_safe(driver.sqlite_version_info) else "DELETE"
        self.about = f"SQLite {driver.sqlite_version}, journal {self.journal}"
        self._engine = _sqlite_engine(url)
        self._turn = threading.Lock()
        self._local = threading.local()
        self._open: list[Any] = []
        with told(url):
            self._writer = self._connect()
            [(mark,)] = self._writer.cursor().execute("PRAGMA user_version").fetchall()
            self._version = self._data_version()
            self._turns = Turns(Path(str(url.database)), BUSY_TIMEOUT)
            self._open.append(self._turns)
        if mark:
            self.close()
            raise SettingsError(_BACKUP)

    @contextmanager
    def reading(self) -> Iterator[Any]:
        """Yield a cursor of this thread's own connection."""
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._connect()
            # What it keeps is worth nothing after the next commit, and there is one of it for each thread.
            connection.cursor().execute(f"PRAGMA cache_size = {-_READ_CACHE}")
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

    def others_have_written(self) -> bool:
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

    def _connect(self) -> Any:
        connection = self._engine.raw_connection()
        cursor = connection.cursor()
        for pragma in (
            f"journal_mode = {self.journal}",
            "synchronous = FULL",  # a committed push survives a power cut
            f"journal_size_limit = {WAL_LIMIT}",
            f"wal_autocheckpoint = {_LATE_CHECKPOINT}",
            "temp_store = MEMORY",
            "secure_delete = ON",  # who is erased is not left in free pages
        ):
            cursor.execute(f"PRAGMA {pragma}").fetchall()
        cursor.close()
        self._open.append(connection)
        return connection


def _sqlite_engine(url: URL) -> sqlalchemy.Engine:
    return sqlalchemy.create_engine(
        url,
        module=sqlcipher3.dbapi2,  # carries its own SQLite, newer than the one Python was built with
        poolclass=sqlalchemy.pool.NullPool,
        connect_args={"isolation_level": None, "timeout": BUSY_TIMEOUT, "check_same_thread": False},
    )


class PostgreSQLConnections:
    """A small pool, shared by the threads of a process."""

    begin_write = "BEGIN"
    begin_behind = "BEGIN; SET LOCAL synchronous_commit = off"

    def __init__(self, url: URL, pool: int) -> None:
        try:
            import psycopg  # an extra: needed only where the URL asks for it
        except ImportError:
            raise SettingsError("PostgreSQL needs its driver: pip install 'wxbot[postgres]'") from None
        self.errors: tuple[type[Exception], ...] = (psycopg.Error, sqlalchemy.exc.SQLAlchemyError)
        self.about = f"PostgreSQL at {url.host or url.query.get('host', 'its socket')}"
        self._engine = sqlalchemy.create_engine(
            url.set(drivername="postgresql+psycopg"),
            pool_size=pool,
            max_overflow=0,
            pool_recycle=600,
            connect_args={"autocommit": True, "connect_timeout": LINK_TIMEOUT, **_patience()},
        )
        sqlalchemy.event.listen(self._engine, "checkin", _note_use)
        sqlalchemy.event.listen(self._engine, "checkout", partial(_check, self._engine.dialect, self.errors))
        weakref.finalize(self, self._engine.dispose)  # a store that is let go of leaves no open connection

    @contextmanager
    def reading(self) -> Iterator[Any]:
        """Yield a cursor of a pooled connection."""
        connection = self._engine.raw_connection()
        try:
            yield connection.cursor()
        except self.errors:
            connection.invalidate()
            raise
        finally:
            connection.close()

    writing = reading
    writing_behind = reading

    def others_have_written(self) -> bool:
        """Say yes: writers do not wait for each other here, and nobody counts them."""
        return True

    def checkpoint(self) -> None:
        """Leave it to the server, which has processes for it."""

    def close(self) -> None:
        """Close them all."""
        self._engine.dispose()


def _note_use(_: Any, record: Any) -> None:
    record.info[_USED_AT] = time.monotonic()


def _check(dialect: Any, errors: tuple[type[Exception], ...], connection: Any, record: Any, _: Any) -> None:
    """Ask a connection that has rested whether it lives: asking each time would cost a sixth of all calls."""
    if time.monotonic() - record.info.get(_USED_AT, 0.0) < _TRUSTED:
        return
    try:
        dialect.do_ping(connection)
    except errors as exc:
        raise sqlalchemy.exc.DisconnectionError from exc  # so that the pool opens another


def _patience() -> dict[str, object]:
    """Return what bounds every wait: for a lock, for a stopped holder of locks, for a dead link."""
    limits = {"lock_timeout": BUSY_TIMEOUT, "idle_in_transaction_session_timeout": IDLE_TIMEOUT}
    options = " ".join(f"-c {name}={round(seconds * 1000)}" for name, seconds in limits.items())
    keepalives = {"keepalives_idle": 2, "keepalives_interval": 1, "keepalives_count": LINK_TIMEOUT - 2}
    return {"options": options, "tcp_user_timeout": LINK_TIMEOUT * 1000, **keepalives}


@contextmanager
def migrating(url: URL) -> Iterator[sqlalchemy.Connection]:
    """Yield a connection inside one transaction that keeps every other migrator out."""
    if url.get_backend_name() == "sqlite":
        engine, begin = _sqlite_engine(url), ["BEGIN IMMEDIATE"]
    else:
        engine, begin = sqlalchemy.create_engine(url.set(drivername="postgresql+psycopg")), _MIGRATOR_BEGINS
    try:
        with engine.connect() as connection:
            for statement in begin:
                connection.exec_driver_sql(statement)
            if engine.dialect.name == "sqlite" and connection.exec_driver_sql("PRAGMA user_version").scalar():
                raise SettingsError(_BACKUP)
            yield connection
            # SQLite's driver is in autocommit: there the transaction is one of statements only
            connection.exec_driver_sql("COMMIT") if engine.dialect.name == "sqlite" else connection.commit()
    finally:
        engine.dispose()


def is_busy(exc: sqlalchemy.exc.DBAPIError) -> bool:
    """Return whether a migration failed only because others hold the locks it needs."""
    return getattr(exc.orig, "sqlstate", None) in _BUSY or str(exc.orig) == "database is locked"
