"""Everything of one person goes, in slices that no push waits for."""

import time
from collections.abc import Callable

import structlog

from wxbot.store import persons
from wxbot.store.engine import Store, Transaction

log = structlog.get_logger(__name__)

SLICE = 50  # rows in one transaction
REST = 10.0  # times what a slice took: it is not urgent, and most of it is the disk, which pushes wait for too


def erase(
    store: Store, account: str, openid: str, now: float, *, still: Callable[[Transaction], bool] = lambda _: True
) -> int:
    """Erase a person from an account; return how many rows went, 0 for a stranger.

    `still` is asked before each slice, in its transaction: once it says no, the rest stays.
    """

    def part(tx: Transaction) -> int:
        return persons.erase(tx, account, openid, now=now, limit=SLICE) if still(tx) else 0

    total = 0
    while done := in_turn(store, part):
        total += done
    found = store.read(lambda tx: persons.traces(tx, account, openid))
    if found.publications or found.answers:
        store.write(lambda tx: persons.erase_traces(tx, account, openid, found))
    log.info("erased", action="person_erased", account=account, rows=total)
    return total


def in_turn(store: Store, part: Callable[[Transaction], int]) -> int:
    """Do one slice, then let others at the database; return how many rows it changed."""
    began = time.monotonic()
    done = store.write(part)
    time.sleep(REST * (time.monotonic() - began))
    return done
