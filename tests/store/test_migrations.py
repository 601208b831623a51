"""Migrations under traffic: old and new code on one schema, two migrators, one that is killed."""

import multiprocessing
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import make_url

from benchmarks.postgres import Server
from wxbot.errors import SettingsError
from wxbot.store import migrate as migration
from wxbot.store.engine import Store
from wxbot.store.migrate import MIGRATIONS, migrate
from wxbot.store.migrating import migrating
from wxbot.store.revision import REVISION, Revision, works_on
from wxbot.store.schema import metadata

ADDS = 'op.add_column("pushes", sa.Column("later", sa.Text(), nullable=True))'
DIES = "os.kill(os.getpid(), signal.SIGKILL)"
PUSH = """
INSERT INTO pushes (account, push_key, openid, received_at, body, state, reply)
VALUES ('default', :key, 'o', 0, :empty, 'answered', :empty)"""


def following(folder: Path, name: str, *does: str) -> Path:
    """Return the migrations with one more, as the next version of wxbot would bring them."""
    scripts = folder / name
    shutil.copytree(MIGRATIONS, scripts)
    body = "".join(f"    {each}\n" for each in does)
    (scripts / "versions" / "v9001_next.py").write_text(
        "import os\nimport signal\n\nimport sqlalchemy as sa\nfrom alembic import op\n\n"
        f"revision = {name!r}\ndown_revision = {REVISION!r}\n\n\ndef upgrade():\n{body}"
    )
    return scripts


def push(store: Store, key: str) -> None:
    store.write(lambda tx: tx.change(PUSH, key=key, empty=b""))


def revision_of(url: str) -> str:
    with closing(Store(url)) as store:
        [(name,)] = store.read(lambda tx: tx.rows("SELECT version_num FROM alembic_version"))
        return str(name)


def migrators(url: str, scripts: Path, count: int) -> list[int | None]:
    """Let so many processes migrate at once, and return their exit codes."""
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=migrate, args=(url,), kwargs={"scripts": scripts}) for _ in range(count)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    return [process.exitcode for process in processes]


def until(claim: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not claim():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("code", "schema", "works"),
    [
        ("0002", "0002", True),
        ("0002", "0001", False),  # older: migrate first
        ("0002", "0003", True),  # only added
        ("0002", "0004_since_0002", True),
        ("0002", "0004_since_0003", False),  # took away what 0002 uses
        ("0003", "0004_since_0003", True),
        ("0004_since_0003", "0004_since_0003", True),
        ("0004_since_0003", "0003", False),
    ],
)
def test_code_works_on_its_own_schema_and_on_newer_ones_that_still_suit_it(
    code: str, schema: str, works: bool
) -> None:
    assert works_on(code, schema) is works


def test_the_code_is_written_for_the_newest_revision_and_since_is_never_forgotten() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    names = [each.revision for each in reversed(list(ScriptDirectory.from_config(config).walk_revisions()))]
    since = [Revision.read(name).since for name in names]

    assert names[-1] == REVISION
    assert since == sorted(since)
    assert [Revision.read(name).number for name in names] == list(range(1, len(names) + 1))


def test_a_process_of_the_version_before_starts_on_a_schema_that_only_added(url: str, tmp_path: Path) -> None:
    migrate(url, scripts=following(tmp_path, "9001", ADDS))

    with closing(Store(url)) as store:
        store.check_schema()
        push(store, "by the old code")
    migrate(url)  # what its `wxbot serve` does first
    assert revision_of(url) == "9001"


def test_a_schema_that_took_something_away_is_refused_by_older_code(url: str, tmp_path: Path) -> None:
    migrate(url, scripts=following(tmp_path, "9001_since_9001", ADDS))

    with closing(Store(url)) as store, pytest.raises(SettingsError, match="too new"):
        store.check_schema()
    with pytest.raises(SettingsError, match="too new"):
        migrate(url)


def test_without_postgresqls_driver_it_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)

    with pytest.raises(SettingsError, match=r"pip install 'wxbot\[postgres\]'"):
        migrate("postgresql://nobody@127.0.0.1/none")


def test_a_schema_older_than_the_code_is_refused_with_what_to_do(url: str) -> None:
    with closing(Store(url)) as store:
        store.write(lambda tx: tx.change("UPDATE alembic_version SET version_num = '0001'"))

        with pytest.raises(SettingsError, match="wxbot migrate"):
            store.check_schema()


def test_a_migrator_killed_in_the_middle_leaves_the_old_schema_whole(url: str, tmp_path: Path) -> None:
    exits = migrators(url, following(tmp_path, "9001", ADDS, DIES), 1)

    assert exits == [-signal.SIGKILL]
    assert revision_of(url) == REVISION
    with migrating(make_url(url)) as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    shutil.rmtree(tmp_path / "9001")
    migrate(url, scripts=following(tmp_path, "9001", ADDS))
    assert revision_of(url) == "9001"


def test_four_migrators_at_once_migrate_once(url: str, tmp_path: Path) -> None:
    assert migrators(url, following(tmp_path, "9001", ADDS), 4) == [0] * 4
    assert revision_of(url) == "9001"


def test_a_second_migrator_waits_until_the_first_is_done(postgresql: Server, tmp_path: Path) -> None:
    url, scripts = postgresql.fresh(), following(tmp_path, "9001", ADDS)
    waits = "SELECT 1 FROM pg_locks WHERE NOT granted AND locktype = 'advisory'"
    with closing(Store(url)) as store, ThreadPoolExecutor(1) as pool:
        with migrating(make_url(url)):
            second = pool.submit(migrate, url, scripts=scripts)
            until(lambda: second.done() or store.read(lambda tx: tx.row(waits)) is not None)
            assert not second.done()
        second.result(timeout=60)
    assert revision_of(url) == "9001"
    postgresql.drop(url)


@contextmanager
def reading_for_long(server_url: str, table: str = "pushes") -> Iterator[None]:
    """Hold a transaction open that has read a table, as a backup does."""
    engine = sqlalchemy.create_engine(make_url(server_url).set(drivername="postgresql+psycopg"))
    with engine.connect() as connection:
        connection.exec_driver_sql(f"SELECT id FROM {table}").fetchall()
        yield
    engine.dispose()


def test_a_push_is_stored_while_a_migration_waits_for_a_table_that_is_being_read(
    postgresql: Server, tmp_path: Path
) -> None:
    url, scripts = postgresql.fresh(), following(tmp_path, "9001", ADDS)
    waits = "SELECT 1 FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'"
    with closing(Store(url)) as store, ThreadPoolExecutor(2) as pool:
        with reading_for_long(url):
            migrator = pool.submit(migrate, url, scripts=scripts)
            until(lambda: store.read(lambda tx: tx.row(waits)) is not None)
            pool.submit(push, store, "meanwhile").result(timeout=30)
            assert not migrator.done()
        migrator.result(timeout=60)
        assert store.read(lambda tx: tx.rows("SELECT push_key FROM pushes")) == [("meanwhile",)]
    assert revision_of(url) == "9001"
    postgresql.drop(url)


def test_a_migration_takes_no_lock_on_follow_ups_before_the_strongest(postgresql: Server) -> None:
    """Else a sender that has read them and is about to write would wait for it, and it for the sender."""
    url = bare(postgresql)
    migrate(url, to="0007")
    asked = (
        "SELECT granted FROM pg_locks WHERE relation = CAST('followups' AS regclass) AND mode <> 'AccessShareLock'"
    )
    with closing(Store(url)) as store, ThreadPoolExecutor(1) as pool:
        with reading_for_long(url, "followups"):
            migrator = pool.submit(migrate, url)
            looks = iter(lambda: store.read(lambda tx: tx.rows(asked)), None)
            assert next(found for found in looks if found) == [(False,)]
        migrator.result(timeout=60)
    assert revision_of(url) == REVISION
    postgresql.drop(url)


def test_a_database_that_stays_busy_is_told_and_left_as_it_is(
    postgresql: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, scripts = postgresql.fresh(), following(tmp_path, "9001", ADDS)
    monkeypatch.setattr(migration, "_TRIES", 1)
    with reading_for_long(url), pytest.raises(SettingsError, match="busy"):
        migrate(url, scripts=scripts)
    assert revision_of(url) == REVISION
    postgresql.drop(url)


def columns(url: str) -> dict[str, list[str]]:
    with migrating(make_url(url)) as connection:
        found = sqlalchemy.inspect(connection)
        return {table: [one["name"] for one in found.get_columns(table)] for table in found.get_table_names()}


def bare(server: Server) -> str:
    """Return the URL of a database of its own without any schema."""
    name = f"bare_{uuid4().hex}"
    server.administer(f"CREATE DATABASE {name}")
    return server.url.replace("/postgres?", f"/{name}?")


def fresh(request: pytest.FixtureRequest, kind: str, folder: Path) -> str:
    """Return the URL of a database without any schema."""
    if kind == "sqlite":
        return f"sqlite:///{folder / 'fresh.db'}"
    return bare(request.getfixturevalue("postgresql"))


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_rows_that_the_first_version_writes_fit_the_newest_schema(
    request: pytest.FixtureRequest, kind: str, tmp_path: Path
) -> None:
    url = fresh(request, kind, tmp_path)
    migrate(url, to="0001")
    first = {table: names for table, names in columns(url).items() if table != "alembic_version"}
    migrate(url)

    with closing(Store(url)) as store:
        for table, names in first.items():
            kinds = metadata.tables[table].columns
            row = {name: b"" if kinds[name].type.python_type is bytes else "7" for name in names}
            values = ", ".join(f":{name}" for name in names)
            sql = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({values})"
            store.write(lambda tx: tx.change(sql, **row))  # noqa: B023  # called at once
            read = f"SELECT {', '.join(names)} FROM {table}"
            assert len(store.read(lambda tx: tx.rows(read))) == 1  # noqa: B023  # called at once
