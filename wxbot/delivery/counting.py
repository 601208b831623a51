"""Counting at work: a sender's process counts what happened, slice by slice, each thing once.

Pushes are counted by their number and follow-ups by the moment they came to an end, from a cursor on. A
transaction of PostgreSQL may become visible after one that began later: what is younger than `SETTLED`
waits. Every wait in a transaction of ours is bounded well below that (wxbot/store/postgresql.py).
"""

from collections import Counter

from wxbot.clock import Clock
from wxbot.store import counts
from wxbot.store.counts import Counted, Push
from wxbot.store.engine import Store, Transaction

SETTLED = 15.0  # seconds
SLICE = 500  # rows
_AHEAD = 60.0  # seconds: a push from later than that is of a clock that was wrong, and is not waited for
TOOK = {0.2: "took:0.2", 1.0: "took:1", 3.5: "took:3.5"}  # below so many seconds
TOOK_LONGER = "took:longer"


class Counting:
    """Counts what has happened. Any number may run, anywhere: who comes second changes nothing."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    def step(self) -> bool:
        """Count a slice of each table; return whether there may be more."""
        now = self._clock.now()
        return any([self._pushes(now), self._follow_ups(now)])

    def _pushes(self, now: float) -> bool:
        def look(tx: Transaction) -> tuple[float, list[Push]]:
            after = counts.position(tx, "pushes")
            return after, counts.pushes(tx, after, SLICE)

        after, found = self._store.read(look)
        old = _before_the_first_young(found, now)
        if not old:
            return False
        counted: Counter[tuple[str, int, str]] = Counter()
        for push in old:
            counted.update((push.account, counts.hour_of(push.received_at), what) for what in _of_push(push))
        self._keep("pushes", after, old[-1].id, counted)
        return len(old) == SLICE

    def _follow_ups(self, now: float) -> bool:
        def look(tx: Transaction) -> tuple[float, float, list[tuple[str, float, str]]]:
            after, upto = counts.position(tx, "follow_ups"), now - SETTLED
            until = counts.settled_until(tx, after, upto, SLICE)
            return after, until, counts.settled(tx, after, until)

        after, until, found = self._store.read(look)
        if not found:
            return False
        counted = Counter((account, counts.hour_of(at), f"follow_up:{state}") for account, at, state in found)
        self._keep("follow_ups", after, until, counted)
        return len(found) >= SLICE

    def _keep(self, name: str, after: float, to: float, counted: Counted) -> None:
        def work(tx: Transaction) -> None:
            if counts.move(tx, name, after, to):
                counts.add_all(tx, counted)

        self._store.write(work)


def _before_the_first_young(found: list[Push], now: float) -> list[Push]:
    young = (n for n, push in enumerate(found) if now - SETTLED < push.received_at <= now + _AHEAD)
    return found[: next(young, len(found))]


def _of_push(push: Push) -> list[str]:
    """Return what a push counts as. One that was handed off and fails is counted when it does."""
    what = ["pushes"]
    if push.handed_off:
        return [*what, "handed_off"]
    if push.replied:
        what.append("replies")
    if push.failed:
        what.append("failed")
    if push.took is not None:
        what.append(next((name for most, name in TOOK.items() if push.took < most), TOOK_LONGER))
    return what
