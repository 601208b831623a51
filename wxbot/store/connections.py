"""What a store needs of connections to its database, and where that is."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from wxbot.errors import SettingsError

BUSY_TIMEOUT = 3.0  # seconds a writer waits for another process; the platform hangs up at 5
_SQLITE = re.compile(r"sqlite(?:\+\w+)?://(?:/(?P<file>[^?]*))?(?:\?.*)?")


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

    def others_may_wait(self) -> bool:
        """Return whether another process has committed since this was last asked, and may wait for us to."""
        ...

    def checkpoint(self) -> None:
        """Do now what a commit would have to do later, if the database has such work."""
        ...

    def close(self) -> None:
        """Close them all."""
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """Where a store is: a SQLite file, or PostgreSQL at the URL where there is none."""

    url: str
    file: Path | None = None

    def __str__(self) -> str:
        """Return the URL as the database's own programs take it, its password left out."""
        if self.file is not None:
            return self.url
        from sqlalchemy import make_url

        return make_url(self.url).set(drivername="postgresql").render_as_string(hide_password=True)


def place_of(url: str) -> Place:
    """Return where a URL says that a store is; raises SettingsError where none of ours can be.

    SQLAlchemy, 14 MB, is asked only for what is not SQLite.
    """
    if sqlite := _SQLITE.fullmatch(url):
        if sqlite["file"] in (None, "", ":memory:"):
            raise SettingsError(
                "database_url names no file, for example sqlite:///wxbot.db: several processes share it"
            )
        return Place(url, Path(sqlite["file"]))
    import sqlalchemy

    try:
        backend = sqlalchemy.make_url(url).get_backend_name()
    except sqlalchemy.exc.ArgumentError:
        raise SettingsError("database_url is not a database URL, for example sqlite:///wxbot.db") from None
    if backend != "postgresql":
        raise SettingsError(f"database_url: {backend!r} is not supported; use sqlite or postgresql")
    return Place(url)


@contextmanager
def told(place: Place, errors: tuple[type[Exception], ...]) -> Iterator[None]:
    """Tell an operator in one line why a database cannot be opened, where that ends in one of these errors."""
    try:
        yield
    except errors as exc:
        why = str(getattr(exc, "orig", exc)).splitlines()[0]
        raise SettingsError(f"database_url {place} cannot be opened: {why}") from exc
