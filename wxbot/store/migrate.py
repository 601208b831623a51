"""Bring the schema up to date, and refuse to run on one that is not."""

from pathlib import Path

from alembic import command
from alembic.config import Config

from wxbot.store.connections import database_url, migrating, told


def migrate(url: str) -> None:
    """Run the migrations that are missing, all or none, and only one process at a time."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    parsed = database_url(url)
    with told(parsed), migrating(parsed) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
