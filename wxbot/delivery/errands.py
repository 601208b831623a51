"""Errands carried out: a sender's process does what an operator wanted done to all follow-ups of a state.

A slice changes its follow-ups and moves the cursor in one transaction, so that a process killed at any moment
leaves nothing half done: another goes on behind the last slice that was committed.
"""

import time
from typing import cast

import structlog

from wxbot.clock import Clock
from wxbot.delivery import acts
from wxbot.delivery.acts import Act
from wxbot.store import errands
from wxbot.store.engine import Store, Transaction

log = structlog.get_logger(__name__)

SLICE = 100  # follow-ups changed in one transaction
LOOKS = 1000  # follow-ups looked at in one, where only those of a topic are meant
_REST = 3.0  # times what a slice took: pushes find the writer free most of the time


class Errands:
    """Works at the errands that are running, the oldest first. Any number may run, anywhere."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    def step(self) -> bool:
        """Do one slice of one errand; return whether there was anything to do."""
        if not self._store.read(errands.any_running):
            return False
        began = time.monotonic()
        worked = self._store.write(lambda tx: self._slice(tx, self._clock.now()))
        time.sleep(_REST * (time.monotonic() - began))
        return worked

    def _slice(self, tx: Transaction, now: float) -> bool:
        one = errands.take(tx)
        if one is None:
            return False
        to = errands.next_slice(tx, one, SLICE, LOOKS)
        changed = acts.do_to_many(tx, one.account, to.found, cast(Act, one.action), name=one.name, now=now)
        errands.advance(tx, one, to, changed, now)
        if to.is_last:
            log.info("errand done", action="errand_done", account=one.account, errand=one.id)
        return True
