"""Writers who wait are taken along in one commit, and nobody fails for another."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wxbot.errors import NotFound, NoTurn, StoreError
from wxbot.store.engine import Store, Transaction
from wxbot.store.together import MOST, Together, do_each

INSERT = "INSERT INTO signatures (account, signature, push_key, seen_at) VALUES ('default', :signature, 'k', :txid)"
COUNT = "SELECT count(*) FROM signatures"


class Transactions:
    """Counts transactions, and lets a test hold the first one until others wait behind it."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.is_begun, self.go = threading.Event(), threading.Event()

    def run(self, work: Callable[[Any], Any]) -> Any:
        self.sizes.append(0)
        return work(self)

    def hold(self, tx: Any) -> None:
        self.is_begun.set()
        self.go.wait(10)


def wait_behind(together: Together, works: list[Callable[[Any], Any]], transactions: Transactions) -> list[Any]:
    """Do a first piece of work, and while that goes on want all of these; return what came of each."""
    outcomes: list[Any] = [None] * len(works)

    def want(number: int) -> None:
        try:
            [done] = together.do([works[number]])
            outcomes[number] = done.outcome()
        except (NotFound, NoTurn, KeyboardInterrupt) as exc:
            outcomes[number] = exc

    first = threading.Thread(target=together.do, args=([transactions.hold],))
    first.start()
    transactions.is_begun.wait(10)
    others = [threading.Thread(target=want, args=(number,)) for number in range(len(works))]
    for one in others:
        one.start()
    while len(together._waiting) < len(works):
        assert any(one.is_alive() for one in others)
    transactions.go.set()
    for one in [first, *others]:
        one.join(10)
        assert not one.is_alive()
    return outcomes


def counted(transactions: Transactions, result: Any, fails: BaseException | None = None) -> Callable[[Any], Any]:
    def work(tx: Any) -> Any:
        transactions.sizes[-1] += 1
        if fails is not None:
            raise fails
        return result

    return work


def test_those_who_wait_are_committed_in_one_transaction_and_each_gets_its_own_result() -> None:
    transactions = Transactions()
    together = Together(transactions.run)

    outcomes = wait_behind(together, [counted(transactions, number) for number in range(5)], transactions)

    assert outcomes == [0, 1, 2, 3, 4]
    assert transactions.sizes == [0, 5]


def test_when_one_fails_the_others_do_not_and_each_is_done_once_more_by_itself() -> None:
    transactions = Transactions()
    together = Together(transactions.run)
    works = [counted(transactions, number) for number in range(3)]
    works[1] = counted(transactions, None, NotFound("its own fault"))

    outcomes = wait_behind(together, works, transactions)

    assert [outcomes[0], outcomes[2]] == [0, 2]
    assert isinstance(outcomes[1], NotFound)
    assert transactions.sizes[2:] == [1, 1, 1]


def test_several_pieces_of_one_thread_share_a_transaction_and_no_fault() -> None:
    transactions = Transactions()
    together = Together(transactions.run)
    good, bad = counted(transactions, 1), counted(transactions, None, NotFound("its own fault"))

    shared = together.do([good, good])
    assert ([one.outcome() for one in shared], transactions.sizes) == ([1, 1], [2])

    done = together.do([good, bad, good])
    assert [one.result for one in done] == [1, None, 1]
    assert isinstance(done[1].error, NotFound)
    assert transactions.sizes[2:] == [1, 1, 1]


def test_so_many_that_one_transaction_is_too_long_are_done_in_several() -> None:
    transactions = Transactions()
    together = Together(transactions.run)

    wait_behind(together, [counted(transactions, None)] * (MOST + 3), transactions)

    assert sorted(transactions.sizes) == [0, 3, MOST]


def test_when_others_keep_us_from_writing_nobody_waits_for_it_twice() -> None:
    transactions = Transactions()
    together = Together(transactions.run)
    works = [counted(transactions, None, NoTurn("database is locked"))] * 4

    outcomes = wait_behind(together, works, transactions)

    assert [type(one) for one in outcomes] == [NoTurn] * 4
    assert len({id(one) for one in outcomes}) == 4
    assert transactions.sizes == [0, 1]


def test_who_comes_while_another_process_writes_is_taken_along() -> None:
    sizes: list[int] = []
    others: list[threading.Thread] = []

    def run(work: Callable[[Any], Any]) -> Any:
        if not others:  # this process waits for its turn
            others.extend(threading.Thread(target=together.do, args=([lambda tx: None],)) for _ in range(3))
            for one in others:
                one.start()
            while len(together._waiting) < 4:
                assert all(one.is_alive() for one in others)
        result = work(None)
        sizes.append(len(result))
        return result

    together = Together(run)
    together.do([lambda tx: None])
    for one in others:
        one.join(10)

    assert sizes == [4]


def test_when_no_turn_comes_nobody_of_those_who_wait_waits_for_another() -> None:
    tries: list[int] = []

    def run(work: Callable[[Any], Any]) -> Any:
        tries.append(1)
        raise NoTurn("database is locked")

    done = Together(run).do([lambda tx: None] * 4)

    assert [type(one.error) for one in done] == [NoTurn] * 4
    assert len(tries) == 1


@pytest.mark.parametrize("alone", [False, True])
def test_where_no_transaction_can_be_begun_all_fail_at_once(alone: bool) -> None:
    tries: list[int] = []

    def run(work: Callable[[Any], Any]) -> Any:
        tries.append(1)
        raise StoreError("disk I/O error")

    works = [lambda tx: None] * 4
    done = do_each(works, run) if alone else Together(run).do(works)

    assert [type(one.error) for one in done] == [StoreError] * 4
    assert len(tries) == 1
    raised = []
    for one in done:
        with pytest.raises(StoreError, match="disk I/O error") as caught:
            one.outcome()
        raised.append(caught.value)
    assert len({id(one) for one in raised}) == 4


def test_who_was_taken_along_by_somebody_interrupted_does_its_work_itself() -> None:
    transactions = Transactions()
    together = Together(transactions.run)
    works = [counted(transactions, number) for number in range(2)]
    interrupted: list[bool] = []

    def interrupt(tx: Any) -> str:
        if not interrupted:
            interrupted.append(True)
            raise KeyboardInterrupt
        return "done after all"

    outcomes = wait_behind(together, [works[0], interrupt, works[1]], transactions)

    assert sorted(map(str, (one for one in outcomes if not isinstance(one, KeyboardInterrupt)))) in (
        ["0", "1"],
        ["0", "done after all"],
        ["1", "done after all"],
    )


def test_threads_that_write_at_once_lose_nothing_and_no_failure_is_anothers(store: Store) -> None:
    failed: list[int] = []

    def write(number: int) -> None:
        def work(tx: Transaction) -> None:
            tx.change(INSERT, signature=f"{number}", txid=float(number))
            if number % 5 == 0:
                raise NotFound("undone")

        try:
            store.write(work)
        except NotFound:
            failed.append(number)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(60)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)

    assert sorted(failed) == list(range(0, 60, 5))
    assert store.read(lambda tx: tx.rows(COUNT)) == [(48,)]


def test_a_locked_store_is_told_as_one(database: Path) -> None:
    holder, store = Store(f"sqlite:///{database}"), Store(f"sqlite:///{database}")

    def hold(tx: Transaction) -> None:
        with pytest.raises(StoreError, match="locked"):
            store.write(lambda other: other.change(INSERT, signature="x", txid=0.0))

    holder.write(hold)
    holder.close()
    store.close()
