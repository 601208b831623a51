"""Backups: made under traffic, whole or not at all, and never worked on by mistake."""

import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.test_lanes import NOW, claim, head, lease, move, put
from store.test_retention import arrive, publish, rows
from wxbot.errors import SettingsError, StoreError
from wxbot.store import copies, lanes, outbox
from wxbot.store.copies import backup, restore
from wxbot.store.engine import Store
from wxbot.store.migrate import migrate
from wxbot.store.parking import Parked, park

ADD = "INSERT INTO buckets (account, level, boot, filled_at) VALUES (:account, 1, '', 0)"


@pytest.fixture
def file_store(database: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{database}")
    yield store
    store.close()


def silent(done: int, total: int) -> None:
    pass


def copy(database: Path, to: str = "copy.db") -> Path:
    file = database.with_name(to)
    backup(database, file, NOW, silent)
    return file


def put_back(file: Path, *, now: float = NOW, ahead: float = 0.0) -> tuple[Parked, Store]:
    to = file.with_name("restored.db")
    parked = restore(file, to, now, ahead, silent)
    return parked, Store(f"sqlite:///{to}")


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_backup_is_one_file_for_its_owner_and_holds_what_was_committed(file_store: Store, database: Path) -> None:
    arrive(file_store, "m")
    before = names(database.parent)

    file = copy(database)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert names(database.parent) - before == {"copy.db"}
    assert file.read_bytes()[18:20] == b"\1\1"  # a rollback journal: it can be read where nothing can be written
    _, restored = put_back(file)
    assert rows(restored, "SELECT push_key FROM pushes") == [("m",)]
    restored.close()


def test_a_backup_holds_one_moment_while_others_write(
    file_store: Store, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies, "_PAGES", 1)
    written: list[int] = []

    def write_between(done: int, total: int) -> None:
        file_store.write(lambda tx: tx.change(ADD, account=f"{len(written):06}"))
        written.append(total)

    backup(database, database.with_name("copy.db"), NOW, write_between)

    assert len(written) == max(written) > 20  # each page was copied once, although the store changed meanwhile
    _, restored = put_back(database.with_name("copy.db"))
    assert rows(restored, "SELECT count(*) FROM buckets") == [(0,)]
    restored.close()


def test_writers_never_wait_for_a_backup(file_store: Store, database: Path) -> None:
    ended = threading.Event()
    failed: list[BaseException] = []

    def write() -> None:
        number = 0
        while not ended.is_set():
            number += 1
            try:
                file_store.write(lambda tx: tx.change(ADD, account=str(number)))  # noqa: B023  # run at once
            except StoreError as exc:
                failed.append(exc)

    writer = threading.Thread(target=write)
    writer.start()
    for number in range(5):
        copy(database, f"copy{number}.db")
    ended.set()
    writer.join()

    assert failed == []


def test_a_file_that_is_there_is_never_replaced(file_store: Store, database: Path) -> None:
    database.with_name("copy.db").write_text("precious")

    with pytest.raises(SettingsError, match="there already"):
        copy(database)
    assert database.with_name("copy.db").read_text() == "precious"


def test_a_file_that_came_in_while_the_copy_was_made_is_not_replaced(file_store: Store, database: Path) -> None:
    file = database.with_name("copy.db")

    def come_in(done: int, total: int) -> None:
        file.write_text("precious")

    with pytest.raises(SettingsError, match="cannot be made"):
        backup(database, file, NOW, come_in)
    assert file.read_text() == "precious"
    assert [name for name in names(database.parent) if name.endswith(".part")] == []


def test_a_copy_that_fails_leaves_no_file(file_store: Store, database: Path) -> None:
    def fail(done: int, total: int) -> None:
        raise KeyError

    with pytest.raises(KeyError):
        backup(database, database.with_name("copy.db"), NOW, fail)
    assert names(database.parent) == {f"wxbot.db{end}" for end in ("", "-wal", "-shm", "-queue", "-turn")}


def test_a_store_that_is_broken_gives_no_backup(file_store: Store, database: Path) -> None:
    for number in range(300):
        put(file_store, f"o{number}")
    file_store.close()
    whole = bytearray(database.read_bytes())
    page = whole.index(b'"content":"hi"') // 4096 * 4096
    whole[page + 8 : page + 40] = b"\xff" * 32  # where the page says where its rows are
    database.write_bytes(whole)

    with pytest.raises(StoreError, match=r"not sound|malformed"):  # by where the damage is met first
        copy(database)
    assert "copy.db" not in names(database.parent)


def test_a_backup_holds_no_access_token(file_store: Store, database: Path) -> None:
    keep = "INSERT INTO tokens (account, token, expires_at) VALUES ('default', 'a-token-to-steal', 9)"
    file_store.write(lambda tx: tx.change(keep))

    file = copy(database)

    assert b"a-token-to-steal" not in file.read_bytes()


def test_no_process_works_on_a_backup_itself(file_store: Store, database: Path) -> None:
    url = f"sqlite:///{copy(database)}"

    with pytest.raises(SettingsError, match="wxbot restore"):
        Store(url)
    with pytest.raises(SettingsError, match="wxbot restore"):
        migrate(url)


@pytest.mark.parametrize("content", [b"", b"no database", None])
def test_what_is_no_backup_is_not_restored(file_store: Store, database: Path, content: bytes | None) -> None:
    file = database
    if content is not None:
        file = database.with_name("copy.db")
        file.write_bytes(content)

    with pytest.raises(SettingsError, match="no backup"):
        put_back(file)
    assert "restored.db" not in names(database.parent)


def test_a_file_that_is_not_there_and_a_folder_that_is_not_are_told(database: Path, file_store: Store) -> None:
    with pytest.raises(SettingsError, match=r"there is no file .*nope.db"):
        put_back(database.with_name("nope.db"))
    with pytest.raises(SettingsError, match=r"there is no folder .*nowhere: make it first"):
        backup(database, database.with_name("nowhere") / "copy.db", NOW, lambda done, total: None)


def test_a_restore_never_replaces_a_store(file_store: Store, database: Path) -> None:
    file = copy(database)

    with pytest.raises(SettingsError, match="there already"):
        restore(file, database, NOW, 0, silent)


@pytest.mark.parametrize(
    ("state", "due_at", "after"),
    [
        ("scheduled", NOW, "doubtful"),
        ("queued", NOW - 60, "doubtful"),
        ("claimed", NOW, "doubtful"),
        ("sending", NOW, "doubtful"),
        ("held", NOW - 60, "doubtful"),
        ("scheduled", NOW + 30, "doubtful"),  # may have gone out joined to an earlier one
        ("scheduled", NOW + 31, "scheduled"),
        ("sent", NOW, "sent"),
        ("refused", NOW, "refused"),
        ("cancelled", NOW, "cancelled"),
    ],
)
def test_what_may_have_gone_out_since_the_backup_is_parked(
    store: Store, state: str, due_at: float, after: str
) -> None:
    id = put(store, due_at=due_at)
    store.write(lambda tx: tx.change("UPDATE followups SET state = :state, owner = 'gone'", state=state))

    parked = store.write(lambda tx: park(tx, NOW, 30.0))

    one = store.read(lambda tx: outbox.show(tx, "default", id))
    assert one is not None
    assert (one.state, parked.follow_ups) == (after, int(after == "doubtful"))
    assert ("backup" in one.reason) is (after == "doubtful")


def test_publications_that_were_due_are_cancelled_and_pushes_at_work_have_failed(store: Store) -> None:
    publish(store, "flight", "due", "running")
    publish(store, "flight", "done", "done")
    arrive(store, "m", state="handed_off")

    parked = store.write(lambda tx: park(tx, NOW, 0.0))

    assert parked == Parked(0, 1, [("flight", "due")])
    assert rows(store, "SELECT state FROM publications ORDER BY id") == [("cancelled",), ("done",)]
    assert rows(store, "SELECT state FROM pushes") == [("failed",)]


def test_a_publication_for_later_stays(store: Store) -> None:
    publish(store, "flight", "later", "running")

    parked = store.write(lambda tx: park(tx, NOW - 1, 0.0))

    assert parked.publications == []


def test_numbers_given_since_the_backup_are_not_given_again(store: Store) -> None:
    put(store)

    store.write(lambda tx: park(tx, NOW, 0.0))

    assert put(store, "oNew") > 1_000_000
    assert store.read(lambda tx: outbox.recent(tx, "default", 10))[-1].id == 1


def test_an_operator_lets_a_parked_one_go_out(store: Store) -> None:
    id = put(store)
    store.write(lambda tx: park(tx, NOW, 0.0))

    [lane] = claim(store, lease("a"))
    assert store.read(lambda tx: lanes.head(tx, lane, NOW)) is None
    assert store.write(lambda tx: outbox.retry(tx, "default", id, NOW, "it had not arrived"))
    assert move(store, lane, head(store, lane), "sending", "a")
