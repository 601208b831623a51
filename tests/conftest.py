"""What every test may use."""

import shutil
from pathlib import Path

import pytest

from wxbot import log
from wxbot.store.migrate import migrate

log.configure(quiet=True)


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the newest schema and no rows, made once."""
    path = tmp_path_factory.mktemp("schema") / "empty.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def database(empty_database: Path, tmp_path: Path) -> Path:
    """A fresh SQLite file with the newest schema."""
    return Path(shutil.copyfile(empty_database, tmp_path / "wxbot.db"))
