"""A migrator's connection: one at a time, among all that start at once."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy
import sqlcipher3.dbapi2
from sqlalchemy.engine import URL

from wxbot.errors import SettingsError
from wxbot.store.connections import BUSY_TIMEOUT
from wxbot.store.postgresql import NO_DRIVER
from wxbot.store.sqlite import BACKUP

_LOCK_TIMEOUT = 1  # seconds to wait for a table, since every push waits behind it meanwhile
_MIGRATOR_BEGINS = [
    "SELECT pg_advisory_xact_lock(7391200)",  # first, as another migrator may take longer than _LOCK_TIMEOUT
    f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}s'",
]
_BUSY = {"55P03", "40P01"}  # PostgreSQL's lock_not_available and deadlock_detected


@contextmanager
def migrating(url: URL) -> Iterator[sqlalchemy.Connection]:
    """Yield a connection inside one transaction that keeps every other migrator out."""
    if url.get_backend_name() == "sqlite":
        engine, begin = _sqlite_engine(url), ["BEGIN IMMEDIATE"]
    else:
        engine, begin = _postgresql_engine(url), _MIGRATOR_BEGINS
    try:
        with engine.connect() as connection:
            for statement in begin:
                connection.exec_driver_sql(statement)
            if engine.dialect.name == "sqlite" and connection.exec_driver_sql("PRAGMA user_version").scalar():
                raise SettingsError(BACKUP)
            yield connection
            # SQLite's driver is in autocommit: there the transaction is one of statements only
            connection.exec_driver_sql("COMMIT") if engine.dialect.name == "sqlite" else connection.commit()
    finally:
        engine.dispose()


def is_busy(exc: sqlalchemy.exc.DBAPIError) -> bool:
    """Return whether a migration failed only because others hold the locks it needs."""
    return getattr(exc.orig, "sqlstate", None) in _BUSY or str(exc.orig) == "database is locked"


def _postgresql_engine(url: URL) -> sqlalchemy.Engine:
    try:
        return sqlalchemy.create_engine(url.set(drivername="postgresql+psycopg"))
    except ModuleNotFoundError:
        raise SettingsError(NO_DRIVER) from None


def _sqlite_engine(url: URL) -> sqlalchemy.Engine:
    return sqlalchemy.create_engine(
        url,
        module=sqlcipher3.dbapi2,  # the one that the store uses
        poolclass=sqlalchemy.pool.NullPool,
        connect_args={"isolation_level": None, "timeout": BUSY_TIMEOUT, "check_same_thread": False},
    )
