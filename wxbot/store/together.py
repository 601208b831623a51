"""One commit for all who wait: the writers of a process take turns, and whose turn it is takes the others along.

A commit costs a write to the disk, however much is in it, and under load most of what a push costs is that.
Who waits for its turn would wait for its own commit after it; so the one before does the work of all of them in
one transaction. When any of it fails, all is undone and each is done by itself: nobody fails for another. Where no
transaction could be begun, all fail.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from wxbot.errors import NoTurn, StoreError

MOST = 32  # pieces of work in one transaction: others wait for its length
Work = Callable[[Any], Any]


@dataclass(slots=True)
class Wanted:
    """A piece of work, and what came of it."""

    work: Work
    is_done: bool = False
    result: Any = None
    error: BaseException | None = field(default=None, repr=False)

    def be_done(self, transact: Callable[[Work], Any]) -> bool:
        """Do it in a transaction of its own; return whether one was begun."""
        is_begun = False

        def work(tx: Any) -> Any:
            nonlocal is_begun
            is_begun = True
            return self.work(tx)

        try:
            self.result = transact(work)
        except Exception as exc:  # noqa: BLE001  # handed to the thread that wanted it
            self.error = exc
        self.is_done = True
        return is_begun

    def outcome(self) -> Any:
        """Return what the work returned, or raise what it raised."""
        if isinstance(self.error, StoreError):
            raise type(self.error)(str(self.error)) from self.error  # each thread its own, as tracebacks grow
        if self.error is not None:
            raise self.error
        return self.result


class Together:
    """Does work in transactions, those of several threads in one. `transact` runs a function in one transaction."""

    def __init__(self, transact: Callable[[Work], Any]) -> None:
        self._transact = transact
        self._turn = threading.Lock()
        self._waiting: deque[Wanted] = deque()  # its ends are safe without a lock

    def do(self, works: Sequence[Work]) -> list[Wanted]:
        """Return these as they are once each is committed or has failed; in one commit, if all goes well."""
        mine = [Wanted(work) for work in works]
        self._waiting.extend(mine)
        with self._turn:
            while left := [one for one in mine if not one.is_done]:
                self._serve(left)
        return mine

    def _take(self, left: list[Wanted]) -> list[Wanted]:
        """Return those who wait; `left` where an interrupt ended whoever took them."""
        batch: list[Wanted] = []
        while self._waiting and len(batch) < MOST:
            batch.append(self._waiting.popleft())
        return batch or left

    def _serve(self, left: list[Wanted]) -> None:
        # Taken only inside: others come while we wait for our turn among processes.
        _do(lambda: self._take(left), self._transact)


def do_each(works: Sequence[Work], transact: Callable[[Work], Any]) -> list[Wanted]:
    """Return these as they are once each is committed or has failed: in one transaction, if all goes well."""
    wanted = [Wanted(work) for work in works]
    _do(lambda: wanted, transact)
    return wanted


def _do(take: Callable[[], list[Wanted]], transact: Callable[[Work], Any]) -> None:
    """Do a batch in one transaction, and each alone when any of it fails; `take` gives it once one is begun."""
    batch: list[Wanted] = []

    def work(tx: Any) -> list[Any]:
        batch[:] = batch or take()  # after a deadlock it is done again
        return [one.work(tx) for one in batch]

    try:
        results = transact(work)
    except Exception as exc:  # noqa: BLE001  # whose fault it was shows when each is done alone
        if batch and not isinstance(exc, NoTurn):
            _one_by_one(batch, exc, transact)
        else:
            _fail(batch or take(), exc)
    else:
        _keep(batch, results)


def _keep(batch: Sequence[Wanted], results: Sequence[Any]) -> None:
    for one, result in zip(batch, results, strict=True):
        one.result, one.is_done = result, True


def _one_by_one(batch: Sequence[Wanted], why: BaseException, transact: Callable[[Work], Any]) -> None:
    """Do each by itself, until there is no transaction to be had: to find that out for each could take minutes."""
    if len(batch) == 1:
        _fail(batch, why)
        return
    for number, one in enumerate(batch):
        if not one.be_done(transact):
            _fail(batch[number + 1 :], one.error)
            return


def _fail(batch: Sequence[Wanted], why: BaseException | None) -> None:
    for one in batch:
        one.error, one.is_done = why, True
