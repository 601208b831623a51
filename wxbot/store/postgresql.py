"""Connections to PostgreSQL."""

import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from wxbot.errors import SettingsError
from wxbot.store.connections import BUSY_TIMEOUT, Place

IDLE_TIMEOUT = 5.0  # seconds PostgreSQL keeps the locks of a transaction whose process has stopped
LINK_TIMEOUT = 5  # seconds without a sign of life from PostgreSQL's machine until a connection is given up
NO_DRIVER = "PostgreSQL needs its driver: pip install 'wxbot[postgres]'"
_TRUSTED = 0.5  # seconds after its last use that a connection is taken to live still
_USED_AT = "used_at"


class PostgreSQLConnections:
    """A small pool, shared by the threads of a process."""

    begin_write = "BEGIN"
    begin_behind = "BEGIN; SET LOCAL synchronous_commit = off"

    def __init__(self, place: Place, pool: int) -> None:
        try:
            import psycopg  # an extra: needed only where the URL asks for it, and 14 MB of SQLAlchemy with it
            import sqlalchemy
        except ImportError:
            raise SettingsError(NO_DRIVER) from None
        url = sqlalchemy.make_url(place.url)
        self.errors: tuple[type[Exception], ...] = (psycopg.Error, sqlalchemy.exc.SQLAlchemyError)
        self.about = f"PostgreSQL at {url.host or url.query.get('host', 'its socket')}"
        self._engine = sqlalchemy.create_engine(
            url.set(drivername="postgresql+psycopg"),
            pool_size=pool,
            max_overflow=0,
            pool_recycle=600,
            pool_use_lifo=True,
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

    def others_may_wait(self) -> bool:
        """Say no: here there is more than one writer."""
        return False

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
        import sqlalchemy

        raise sqlalchemy.exc.DisconnectionError from exc  # so that the pool opens another


def _patience() -> dict[str, object]:
    """Return what bounds every wait: for a lock, for a stopped holder of locks, for a dead link."""
    limits = {"lock_timeout": BUSY_TIMEOUT, "idle_in_transaction_session_timeout": IDLE_TIMEOUT}
    options = " ".join(f"-c {name}={round(seconds * 1000)}" for name, seconds in limits.items())
    keepalives = {"keepalives_idle": 2, "keepalives_interval": 1, "keepalives_count": LINK_TIMEOUT - 2}
    return {"options": options, "tcp_user_timeout": LINK_TIMEOUT * 1000, **keepalives}
