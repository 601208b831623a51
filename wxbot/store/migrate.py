"""Bring the schema up to date, under traffic, and leave alone one that newer code has brought further."""

import time
from pathlib import Path

import sqlalchemy
import structlog
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy.engine import URL

from wxbot.errors import SettingsError
from wxbot.store.connections import place_of, told
from wxbot.store.migrating import is_busy, migrating
from wxbot.store.revision import REVISION, is_newer, too_new, works_on

log = structlog.get_logger(__name__)

MIGRATIONS = Path(__file__).with_name("migrations")
_TRIES = 20
_PAUSE = 0.5  # seconds between two tries, in which the transactions that queued behind us get their turn


def migrate(url: str, *, to: str = "head", scripts: Path = MIGRATIONS) -> None:
    """Run the migrations that are missing, all or none, and only one process at a time.

    A table that stays in use makes it step back and try again, so that pushes never wait long behind it.
    A schema that newer code has brought further, and that this code can work on, is left as it is.
    Raises SettingsError when the database cannot be opened, stays busy, or is too new for this code.
    """
    config = Config()
    config.set_main_option("script_location", str(scripts))
    place = place_of(url)
    with told(place, (sqlalchemy.exc.SQLAlchemyError, OSError)):
        for _ in range(_TRIES):
            if _upgrade(sqlalchemy.make_url(url), config, to):
                return
            log.warning("the database is busy", action="migration_waits")
            time.sleep(_PAUSE)
    raise SettingsError(
        f"the database was busy in {_TRIES} tries, and nothing was changed: run `wxbot migrate` again"
    )


def _upgrade(url: URL, config: Config, to: str) -> bool:
    """Return whether it is done; False, and nothing was changed, when others hold what it needs."""
    try:
        with migrating(url) as connection:
            found = MigrationContext.configure(connection).get_current_revision()
            if found is not None and is_newer(found, REVISION):
                if not works_on(REVISION, found):
                    raise SettingsError(too_new(REVISION, found))
                return True
            config.attributes["connection"] = connection
            command.upgrade(config, to)
    except sqlalchemy.exc.OperationalError as exc:
        if is_busy(exc):
            return False
        raise
    return True
