"""Bring the schema up to date, and refuse to run on one that is not."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy.engine import make_url

from wxbot.store.connections import migrating


def migrate(url: str) -> None:
    """Run the migrations that are missing, all or none, and only one process at a time."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    with migrating(make_url(url)) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
