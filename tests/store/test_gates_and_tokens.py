"""What is shared by all senders of an account: its token, its gates, its rate."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from wxbot.store import gates, tokens
from wxbot.store.engine import Store, Transaction
from wxbot.store.gates import Gate
from wxbot.store.lanes import Lease
from wxbot.store.tokens import StoredToken


def lease(owner: str, clock: float = 0.0) -> Lease:
    return Lease(owner, "boot", clock, clock + 15)


def take(store: Store, who: str) -> bool:
    return store.write(lambda tx: tokens.take_refresh(tx, "a", "", lease(who)))


def test_one_of_many_may_replace_a_token(store: Store) -> None:
    taken = [take(store, who) for who in "xyz"]

    assert taken == [True, False, False]


def test_a_token_that_is_no_longer_the_stored_one_is_not_replaced(store: Store) -> None:
    store.write(lambda tx: tokens.take_refresh(tx, "a", "", lease("x")))
    fresh = StoredToken("new", 100.0, 0.0, 0.0)
    assert store.write(lambda tx: tokens.put(tx, "a", "x", fresh))

    assert not store.write(lambda tx: tokens.take_refresh(tx, "a", "", lease("y")))
    assert store.write(lambda tx: tokens.take_refresh(tx, "a", "new", lease("y")))
    assert store.read(lambda tx: tokens.read(tx, "a")) == fresh


def test_an_answer_that_comes_after_its_claim_was_lost_overwrites_nothing(store: Store) -> None:
    store.write(lambda tx: tokens.take_refresh(tx, "a", "", lease("slow")))
    store.write(lambda tx: tokens.take_refresh(tx, "a", "", lease("quick", 15.0)))
    store.write(lambda tx: tokens.put(tx, "a", "quick", StoredToken("new", 100.0, 0.0, 0.0)))

    assert not store.write(lambda tx: tokens.put(tx, "a", "slow", StoredToken("old", 90.0, 0.0, 0.0)))
    assert store.read(lambda tx: tokens.read(tx, "a")).token == "new"


def test_a_gate_closes_one_account_and_lets_one_probe_through(store: Store) -> None:
    gate = Gate("send", 1000.0, 48001, "not granted", 0.0, 100.0)
    store.write(lambda tx: gates.close(tx, "a", gate))

    assert store.read(lambda tx: gates.closed(tx, "a", 999.0)) == [gate]
    assert store.read(lambda tx: gates.closed(tx, "a", 1000.0)) == []
    assert store.read(lambda tx: gates.closed(tx, "b", 999.0)) == []
    probes = [
        store.write(partial(gates.may_probe, account="a", gate=gate, now=at, every=100.0))
        for at in (99, 100, 150, 200)
    ]
    assert probes == [False, True, False, True]


def test_the_bucket_holds_one_second_and_fills_at_its_rate(store: Store) -> None:
    def available(clock: float, boot: str = "boot") -> float:
        return store.read(lambda tx: gates.available(gates.bucket(tx, "a"), 10.0, boot=boot, clock=clock))

    assert available(0.0) == 10.0
    store.write(lambda tx: gates.pour(tx, "a", 0.0, boot="boot", clock=5.0))
    assert (available(5.0), available(5.5), available(60.0)) == (0.0, 5.0, 10.0)
    assert available(1.0) == available(6.0, boot="another") == 10.0


def test_two_senders_that_look_at_once_do_not_both_take_what_is_there_for_one(store: Store) -> None:
    looked = threading.Event()

    def take(tx: Transaction, count: int) -> float:
        level = gates.available(gates.bucket(tx, "a"), 40.0, boot="boot", clock=1.0)
        if not looked.is_set():
            looked.set()
            time.sleep(0.2)  # the other looks meanwhile, if it can
        gates.pour(tx, "a", level - count, boot="boot", clock=1.0)
        return level

    store.write(lambda tx: gates.pour(tx, "a", 40.0, boot="boot", clock=1.0))
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(store.write, lambda tx: take(tx, 30))
        looked.wait()
        second = pool.submit(store.write, lambda tx: take(tx, 5))

    assert (first.result(), second.result()) == (40.0, 10.0)
