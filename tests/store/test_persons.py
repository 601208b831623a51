"""One person's data: exported whole, and erased from every column of every table."""

import json
from pathlib import Path
from typing import Any

import pytest

from store.test_lanes import NOW, claim, head, lease, move, put
from store.test_retention import arrive, follow, publish, rows
from wxbot.delivery.erasing import SLICE, erase
from wxbot.protocol.window import Grant
from wxbot.store import audit, contacts, exports, idempotency, lanes, outbox, persons, pushes
from wxbot.store.engine import Store, Transaction
from wxbot.store.idempotency import Slot
from wxbot.store.lanes import Move
from wxbot.store.pushes import Arrival
from wxbot.store.schema import metadata

WHO, OTHER = "oErased_1", "oErasedX1"
BODY = f"<xml><FromUserName>{WHO}</FromUserName></xml>".encode()


def fill(store: Store) -> None:
    """Leave a person in every table that can hold one, with another who differs in one letter beside them."""
    follow(store, WHO, OTHER, topic="news")
    for openid in (OTHER, WHO):
        put(store, openid)
        key = f"m|{openid}|1|1"
        arrival = Arrival("default", key, openid, NOW, BODY.replace(WHO.encode(), openid.encode()))
        store.write(lambda tx: pushes.insert(tx, arrival))  # noqa: B023  # run at once
        store.write(lambda tx: pushes.remember_signature(tx, "default", openid[-2:], key, NOW))  # noqa: B023
        answer(store, openid)
        store.write(lambda tx: audit.note(tx, "ann", "answer", NOW, account="default", openid=openid))  # noqa: B023
    id = publish(store, "flights", "k", "running")
    store.write(lambda tx: tx.change("UPDATE publications SET cursor = :who WHERE id = :id", who=WHO, id=id))
    import_at = "INSERT INTO imports (account, page, cursor, started_at) VALUES (:account, :who, :who, 1)"
    store.write(lambda tx: tx.change(import_at, account="default", who=WHO))


def answer(store: Store, openid: str) -> None:
    slot = Slot("default", "k", openid[-2:], b"digest")

    def work(tx: Transaction) -> None:
        idempotency.take(tx, slot, NOW)
        idempotency.fill(tx, slot, 202, json.dumps({"openid": openid}).encode())

    store.write(work)


def places(store: Store, openid: str) -> set[str]:
    """Return every column of every table in which an openid stands, alone or inside something."""

    def holds(value: Any) -> bool:
        return openid in (value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value))

    found = set()
    for name, table in metadata.tables.items():
        names = table.columns.keys()
        for row in rows(store, f"SELECT {', '.join(names)} FROM {name}"):
            found |= {f"{name}.{column}" for column, value in zip(names, row, strict=True) if holds(value)}
    return found


def test_every_table_with_an_openid_is_filled_by_these_tests(store: Store) -> None:
    fill(store)

    assert {f"{name}.openid" for name in exports.TABLES} <= places(store, WHO)
    assert places(store, WHO) - {f"{name}.openid" for name in exports.TABLES} == {
        "pushes.push_key", "pushes.body", "signatures.push_key", "idempotency.answer", "publications.cursor",
        "imports.page", "imports.cursor",
    }  # fmt: skip


def test_every_table_with_an_openid_is_known_to_the_erasure() -> None:
    known = [*persons._NUMBERED, *persons._OTHERS, "contacts", "audit"]
    assert sorted(known) == sorted(exports.TABLES)


def test_who_is_erased_stands_nowhere_and_everybody_else_where_they_were(store: Store) -> None:
    fill(store)
    before = places(store, OTHER)

    assert erase(store, "default", WHO, NOW) == 6

    assert places(store, WHO) == set()
    assert places(store, OTHER) == before
    assert erase(store, "default", WHO, NOW) == 0


def test_a_person_with_more_rows_than_a_slice_is_erased_whole(store: Store) -> None:
    follow(store, WHO)
    for number in range(2 * SLICE + 3):
        put(store, WHO, NOW + number)
        arrive(store, f"m|{WHO}|{number}|1", openid=WHO)

    erase(store, "default", WHO, NOW)

    assert places(store, WHO) == set()


def test_a_person_is_erased_from_one_account_only(store: Store) -> None:
    fill(store)
    store.write(lambda tx: contacts.seen(tx, "second", WHO, NOW, None))

    erase(store, "default", WHO, NOW)

    assert rows(store, "SELECT account FROM contacts WHERE openid LIKE '%\\_1' ESCAPE '\\'") == [("second",)]


def test_the_number_of_what_was_erased_is_not_given_again(store: Store) -> None:
    fill(store)

    erase(store, "default", WHO, NOW)

    assert put(store, "oNew") == 3
    arrive(store, "new")
    assert rows(store, "SELECT id FROM pushes WHERE push_key = 'new'") == [(3,)]
    assert rows(store, "SELECT id FROM lanes WHERE openid = 'oNew'") == [(3,)]


def test_two_newest_rows_can_be_erased_one_after_the_other(store: Store) -> None:
    for openid in (WHO, OTHER):
        put(store, openid)
        arrive(store, openid, openid=openid)
        erase(store, "default", openid, NOW)

    assert places(store, WHO) == places(store, OTHER) == set()


def test_what_is_being_sent_to_who_is_erased_settles_into_nothing(store: Store) -> None:
    store.write(lambda tx: contacts.seen(tx, "default", WHO, NOW, Grant("message", 5, int(NOW) + 60)))
    put(store, WHO)
    [lane] = claim(store, lease("a"))
    assert move(store, lane, head(store, lane), "sending", "a")
    sending = head(store, lane)

    erase(store, "default", WHO, NOW)

    sent = Move(state="sent")
    assert not store.write(lambda tx: move_as(tx, lane, sending, sent))
    assert places(store, WHO) == set()


def move_as(tx: Transaction, lane: Any, row: Any, to: Move) -> bool:
    lanes.release(tx, lane, "a")
    return lanes.move(tx, row, to, owner="a", claim=lane.claim, now=NOW)


def test_an_erased_follow_up_cannot_be_queued_again(store: Store) -> None:
    id = put(store, WHO)

    erase(store, "default", WHO, NOW)

    assert not store.write(lambda tx: outbox.retry(tx, "default", id, NOW, "again"))


def test_a_fan_out_goes_on_behind_who_was_erased(store: Store) -> None:
    follow(store, "oA", "oB", "oC", topic="news")
    publish(store, "news", "k", "running")
    store.write(lambda tx: tx.change("UPDATE publications SET cursor = 'oC'"))

    erase(store, "default", "oC", NOW)

    assert rows(store, "SELECT cursor FROM publications") == [("oB",)]


def test_an_export_holds_every_row_of_a_person_and_nobody_elses(store: Store) -> None:
    fill(store)

    found = store.read(lambda tx: exports.export(tx, "default", WHO))

    assert {name: len(kept) for name, kept in found.items()} == dict.fromkeys(exports.TABLES, 1)
    assert found["pushes"][0]["body"] == BODY.decode()
    assert OTHER not in json.dumps(found)


@pytest.mark.parametrize("table", [name for name, table in metadata.tables.items() if "openid" in table.columns])
def test_every_table_with_an_openid_also_has_an_account(table: str) -> None:
    assert "account" in metadata.tables[table].columns


def test_nothing_of_who_was_erased_is_left_in_the_file(database: Path) -> None:
    store = Store(f"sqlite:///{database}")
    fill(store)
    for number in range(60):
        put(store, WHO, NOW + number)

    erase(store, "default", WHO, NOW)
    store.close()

    left = [file.name for file in database.parent.iterdir() if WHO.encode() in file.read_bytes()]
    assert left == []
