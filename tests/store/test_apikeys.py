"""Keys of the push API, and the answers kept under a caller's Idempotency-Key."""

from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import pytest

from wxbot.errors import NotFound
from wxbot.store import apikeys, idempotency
from wxbot.store.engine import Store, Transaction
from wxbot.store.idempotency import FirstAnswer, Slot


def made(store: Store, expires_at: float | None = None) -> str:
    return store.write(lambda tx: apikeys.create(tx, "a", "airline", ["send"], now=0.0, expires_at=expires_at))


def owner(store: Store, key: str, now: float = 1.0) -> str | None:
    found = store.read(lambda tx: apikeys.check(tx, key, now))
    return found.name if found else None


def test_a_key_opens_the_api_and_no_other_string_does(store: Store) -> None:
    key, other = made(store), made(store)
    id, secret = key.split("_", 2)[1:]

    assert owner(store, key) == "airline"
    wrong = ["", "wxk", secret, key[:-1], f"{key}A", f"{key}\n", f"wxk_{id}_{other.split('_', 2)[2]}"]
    wrong += [f"wxk_{'0' * 12}_{secret}", f"wxk_{id}_{'A' * 43}", key.upper()]
    assert [one for one in wrong if owner(store, one)] == []


def test_a_secret_has_256_bits_and_only_its_digest_is_stored(store: Store, database: Path) -> None:
    keys = {made(store) for _ in range(50)}
    secret = max(keys).split("_", 2)[2]
    digests = store.read(lambda tx: [bytes(row[0]) for row in tx.rows("SELECT digest FROM apikeys")])
    store.close()

    assert len({key.split("_", 2)[2] for key in keys}) == 50
    assert len(secret) == 43  # 32 bytes in base64
    assert sha256(secret.encode()).digest() in digests
    assert [file for file in database.parent.glob("wxbot.db*") if secret.encode() in file.read_bytes()] == []


def test_a_key_ends_when_it_expires_and_when_it_is_revoked(store: Store) -> None:
    key = made(store, expires_at=100.0)
    assert (owner(store, key, 99.9), owner(store, key, 100.0)) == ("airline", None)

    id = key.split("_")[1]
    assert store.write(lambda tx: apikeys.revoke(tx, id, 50.0))
    assert not store.write(lambda tx: apikeys.revoke(tx, id, 51.0))
    assert owner(store, key, 52.0) is None
    assert [one.revoked_at for one in store.read(apikeys.listed)] == [50.0]


def test_revoking_a_key_that_is_none_says_so(store: Store) -> None:
    with pytest.raises(NotFound, match="no key"):
        store.write(lambda tx: apikeys.revoke(tx, "000000000000", 1.0))


SLOT = Slot("a", "key", "k", b"digest")


def keep(tx: Transaction, slot: Slot = SLOT, now: float = 0.0) -> bool:
    if not idempotency.take(tx, slot, now):
        return False
    idempotency.fill(tx, slot, 202, b"first")
    return True


def test_an_answer_is_found_by_its_request_and_told_apart_from_another_one(store: Store) -> None:
    store.write(keep)
    other = Slot("a", "key", "k", b"another body")
    elsewhere = [
        Slot("b", "key", "k", b"digest"),
        Slot("a", "key2", "k", b"digest"),
        Slot("a", "key", "l", b"digest"),
    ]

    assert store.read(lambda tx: idempotency.find(tx, SLOT)) == FirstAnswer(202, b"first", True)
    assert store.read(lambda tx: idempotency.find(tx, other)) == FirstAnswer(202, b"first", False)
    assert store.read(lambda tx: [idempotency.find(tx, slot) for slot in elsewhere]) == [None] * 3


def test_a_slot_is_taken_once_however_many_try(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: store.write(keep), range(40)))

    assert sorted(taken) == [False] * 39 + [True]


def test_work_that_fails_leaves_its_slot_free(store: Store) -> None:
    def work(tx: Transaction) -> None:
        keep(tx)
        raise KeyError

    with pytest.raises(KeyError):
        store.write(work)
    assert store.write(keep)


def test_only_old_answers_are_forgotten(store: Store) -> None:
    store.write(keep)
    store.write(lambda tx: keep(tx, Slot("a", "key", "later", b""), now=10.0))

    assert store.write(lambda tx: idempotency.forget(tx, 10.0)) == 1
    assert store.read(lambda tx: idempotency.find(tx, SLOT)) is None
