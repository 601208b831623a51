"""The store itself: atomic, durable, one writer at a time, never shared over a fork."""

import multiprocessing
import os
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Barrier
from uuid import uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.engine import make_url

from benchmarks.postgres import Server
from wxbot.errors import SettingsError, StoreError
from wxbot.store.engine import Store, Transaction
from wxbot.store.migrate import migrate
from wxbot.store.migrating import migrating
from wxbot.store.schema import metadata
from wxbot.store.sqlite import sqlite_is_safe

ADD = "INSERT INTO buckets (account, level, boot, filled_at) VALUES (:account, 1, '', 0)"
RAISE = "UPDATE buckets SET level = level + 1 WHERE account = :account"
COUNT = "SELECT count(*) FROM buckets"


def count(store: Store) -> int:
    return int(store.read(lambda tx: tx.rows(COUNT))[0][0])


def test_a_piece_of_work_that_raises_changes_nothing(store: Store) -> None:
    def work(tx: Transaction) -> None:
        tx.change(ADD, account="a")
        raise KeyError

    with pytest.raises(KeyError):
        store.write(work)
    assert count(store) == 0
    store.write(lambda tx: tx.change(ADD, account="b"))
    assert count(store) == 1


def test_a_failing_statement_is_a_store_error_and_the_store_goes_on(store: Store) -> None:
    with pytest.raises(StoreError, match="no_table"):
        store.write(lambda tx: tx.rows("SELECT * FROM no_table"))
    assert count(store) == 0


def test_many_threads_write_without_losing_one(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: store.write(lambda tx: tx.change(ADD, account=str(n))), range(200)))

    assert count(store) == 200


def _write_many(url: str, name: str, times: int) -> None:
    store = Store(url)
    for number in range(times):
        store.write(partial(Transaction.change, sql=ADD, account=f"{name}-{number}"))
    store.close()


def test_many_processes_write_and_none_finds_the_database_locked(url: str) -> None:
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=_write_many, args=(url, str(number), 100)) for number in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()

    assert [process.exitcode for process in processes] == [0] * 4
    store = Store(url)
    assert count(store) == 400
    store.close()


def test_a_store_opened_before_a_fork_refuses_to_work_after_it(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getpid", lambda: 1)

    with pytest.raises(StoreError, match="before a fork"):
        count(store)


def test_a_committed_write_is_synced_to_disk(database: Path) -> None:
    store = Store(f"sqlite:///{database}")
    assert store.write(lambda tx: tx.rows("PRAGMA synchronous")) == [(2,)]
    assert store.write(lambda tx: tx.rows("PRAGMA journal_mode")) == [("wal",)]
    store.close()


def test_only_a_write_behind_does_not_wait_for_the_disk(store: Store) -> None:
    ask = "SHOW synchronous_commit" if store.postgresql else "PRAGMA synchronous"
    waits, waits_not = ("on", "off") if store.postgresql else (2, 1)

    assert store.write_behind(lambda tx: tx.rows(ask)) == [(waits_not,)]
    with pytest.raises(StoreError, match="no_table"):
        store.write_behind(lambda tx: tx.rows("SELECT * FROM no_table"))
    assert store.write(lambda tx: tx.rows(ask)) == [(waits,)]


def test_others_may_wait_once_another_process_has_written_and_never_on_postgresql(store: Store, url: str) -> None:
    store.write(lambda tx: tx.change(ADD, account="ours"))
    assert not store.others_may_wait()
    other = Store(url)
    other.write(lambda tx: tx.change(ADD, account="theirs"))
    other.close()

    assert store.others_may_wait() is not store.postgresql
    assert not store.others_may_wait()


def test_the_log_is_copied_into_the_file_beside_those_who_write(database: Path) -> None:
    store = Store(f"sqlite:///{database}")
    rest = "PRAGMA wal_checkpoint(NOOP)"
    while (log := store.read_one(lambda tx: tx.rows(rest))[0])[1] - log[2] < 500:
        store.write(lambda tx: tx.change_many(ADD, [{"account": uuid4().hex} for _ in range(100)]))

    store.checkpoint()

    _, logged, copied = store.read_one(lambda tx: tx.rows(rest))[0]
    assert logged == copied
    store.close()


def test_postgresql_bounds_every_wait_for_a_lock_and_for_a_stopped_holder_of_locks(postgresql: Server) -> None:
    store = Store(postgresql.url)

    assert store.read(lambda tx: tx.rows("SHOW lock_timeout")) == [("3s",)]
    assert store.read(lambda tx: tx.rows("SHOW idle_in_transaction_session_timeout")) == [("5s",)]
    store.close()


def test_of_two_that_wait_for_each_others_locks_both_are_done(url: str) -> None:
    store, both_hold_one = Store(url), Barrier(2)
    store.write(lambda tx: tx.change_many(ADD, [{"account": "a"}, {"account": "b"}]))

    def work(tx: Transaction, accounts: str, first_time: list[bool]) -> None:
        tx.change(RAISE, account=accounts[0])
        if tx.postgresql and first_time:  # SQLite has one writer anyway
            first_time.clear()
            both_hold_one.wait(20)
        tx.change(RAISE, account=accounts[1])

    with ThreadPoolExecutor(2) as pool:
        for done in [
            pool.submit(store.write, partial(work, accounts=each, first_time=[True])) for each in ("ab", "ba")
        ]:
            done.result()

    assert store.read(lambda tx: tx.rows("SELECT level FROM buckets")) == [(3,), (3,)]
    store.close()


def test_a_connection_that_ended_while_it_rested_is_replaced_unnoticed(postgresql: Server) -> None:
    url = postgresql.fresh()
    store = Store(url)
    count(store)
    time.sleep(0.6)  # longer than a connection is trusted to live
    postgresql.administer(
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{make_url(url).database}'"
    )

    assert count(store) == 0
    store.close()
    postgresql.drop(url)


def test_a_store_that_is_let_go_of_closes_its_connections(postgresql: Server) -> None:
    url, look = postgresql.fresh(), "SELECT 1 FROM pg_stat_activity WHERE datname = '{}'"
    database = make_url(url).database
    store = Store(url)
    count(store)
    open_before = postgresql.administer(look.format(database))
    del store

    assert open_before == 1
    end = time.monotonic() + 10
    while postgresql.administer(look.format(database)):  # the server ends the session a moment later
        assert time.monotonic() < end
    postgresql.drop(url)


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 45, 0), False),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 53, 0), True),
    ],
)
def test_a_sqlite_that_may_corrupt_its_log_is_known(version: tuple[int, ...], safe: bool) -> None:
    assert sqlite_is_safe(version) is safe


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://localhost/x"])
def test_a_url_that_is_no_store_is_a_settings_error(url: str) -> None:
    with pytest.raises(SettingsError, match="database_url"):
        Store(url)


def test_a_database_without_the_schema_is_refused_with_what_to_do(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'new.db'}")

    with pytest.raises(SettingsError, match="wxbot migrate"):
        store.check_schema()
    store.close()


def test_migrating_step_by_step_gives_the_schema_of_the_code(url: str) -> None:
    migrate(url)  # a second time changes nothing

    with migrating(make_url(url)) as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    store = Store(url)
    store.check_schema()
    store.close()
