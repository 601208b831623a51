"""Which messages a sender takes next: the claim on a lane, inside what gates and rate allow."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from wxbot.delivery import ladder
from wxbot.delivery.budget import after_crash
from wxbot.delivery.way import Way
from wxbot.protocol.reaction import probe_seconds
from wxbot.protocol.window import Grant
from wxbot.store import gates, lanes, outbox
from wxbot.store.engine import Store, Transaction
from wxbot.store.gates import Gate
from wxbot.store.lanes import Head, Lane, Lease, Move

MOST_JOINED = 20  # follow-ups that may go out as one message


@dataclass(frozen=True, slots=True)
class Claimed:
    """A lane that is ours, and the message in it whose turn it is, with what is due behind it.

    Until it `is_marked` all of it is as it was read in this transaction, and so is what its user still allows
    where that was read too.
    """

    lane: Lane
    due: Sequence[Head]
    probing: bool  # this message is let through a closed gate to see whether it is open again
    barred: Gate | None = None  # the closed gate that lets nothing through to the window: only the ladder is left
    is_marked: bool = False
    grants: Sequence[Grant] | None = None

    @property
    def head(self) -> Head:
        """The message."""
        return self.due[0]


class Claims:
    """One process's claims; `seconds` is how long each lease runs."""

    def __init__(self, store: Store, seconds: float) -> None:
        self._store, self._seconds = store, seconds

    def due_ranks(self, tx: Transaction, account: str, now: float, *, falls: bool = False) -> list[int]:
        """Return in which ranks of lanes a claim might find something: a look that takes no lock."""
        clock = self._store.lease_clock(tx)
        barred = any(not may_try(gate, now) for gate in gates.closed(tx, account, now))
        if barred and not falls:
            return []
        return lanes.due_ranks(tx, account, now=now, clock=clock, boot=self._store.boot, falling=barred)

    def claim(
        self, tx: Transaction, account: str, free: int, now: float, way: Way, *, ranks: Sequence[int]
    ) -> list[Claimed]:
        """Claim up to `free` lanes of these ranks of an account, as far as its gates and its rate allow.

        A gate of the window that is closed for long does not hold back what has a fallback. With each comes what is
        due behind it, also while it may wait for that. They are still to be begun, or marked.
        """
        falls = way.manners.have_fallback
        probing, barred = False, None
        for gate in gates.closed(tx, account, now):
            if self._lets_one_through(tx, account, gate, now):
                probing, free = True, min(free, 1)
            elif not falls or gate.until - now <= ladder.LONGEST_WAIT:
                return []
            else:
                barred = gate
        bucket = gates.bucket(tx, account)
        lease = self.lease(tx)
        store = self._store
        level = gates.available(bucket, way.rate, boot=store.boot, clock=lease.clock)
        most = min(free, int(level))
        found = lanes.claim(tx, account, lease, now, most, ranks=ranks, falling=barred is not None)
        if not found:
            return []
        gates.pour(tx, account, level - len(found), boot=store.boot, clock=lease.clock)
        through = probing and barred is None
        due = self._due_in(tx, found, now, way.budget.ahead)
        return [Claimed(lane, due[lane.id], through, barred) for lane in found if due.get(lane.id)]

    def mark(self, tx: Transaction, some: Sequence[Claimed], now: float) -> list[Claimed]:
        """Mark what is begun later, in another transaction, and return it so."""
        owner, claimed = self._store.owner, Move(state="claimed")
        lanes.move_each(tx, [(one.head, one.lane.claim) for one in some], claimed, owner=owner, now=now)
        return [
            replace(
                one,
                due=[replace(one.head, state="claimed", spent="", owner=owner, claim=one.lane.claim)],
                is_marked=True,
            )
            for one in some
        ]

    def _lets_one_through(self, tx: Transaction, account: str, gate: Gate, now: float) -> bool:
        """Return whether one message may go to try a gate; a token's probe is counted where it is fetched."""
        if not may_try(gate, now):
            return False
        every = probe_seconds(gate.errcode)
        return gate.interface == "token" or (every is not None and gates.may_probe(tx, account, gate, now, every))

    def lease(self, tx: Transaction) -> Lease:
        """Return a lease that begins now."""
        clock = self._store.lease_clock(tx)
        return Lease(self._store.owner, self._store.boot, clock, clock + self._seconds)

    def _due_in(self, tx: Transaction, found: Sequence[Lane], now: float, ahead: float) -> dict[int, list[Head]]:
        """Return what is due in each lane, by its id; lanes without one that is ready are given back."""
        due = lanes.due_of_each(tx, found, now + ahead, MOST_JOINED)
        for lane in found:
            if lane.id not in due or not _is_ready(due[lane.id][0], now):
                due[lane.id] = self._due_after_all(tx, lane, now, ahead)
        return due

    def _due_after_all(self, tx: Transaction, lane: Lane, now: float, ahead: float) -> list[Head]:
        """Say of what a dead sender had in hand what became of it; return what is ready then.

        The lane is released when nothing is.
        """
        while (head := lanes.head(tx, lane, now)) is not None and head.state in ("claimed", "sending"):
            self.move(tx, lane, head, after_crash(head, keyed=_is_keyed(tx, head, now)), now)
        if head is not None and head.ready_at <= now:
            return lanes.due(tx, lane, now + ahead, MOST_JOINED)
        self.release(tx, lane)
        return []

    def release(self, tx: Transaction, lane: Lane) -> None:
        """Give a lane back, to be looked at again when its first follow-up is ready."""
        lanes.release(tx, lane, self._store.owner)

    def move(self, tx: Transaction, lane: Lane, head: Head, move: Move, now: float, *, by: str = "") -> bool:
        """Change a follow-up of a lane that is ours, `by` a state on the way; False when it is not as it was."""
        return lanes.move(tx, head, move, owner=self._store.owner, claim=lane.claim, now=now, by=by)

    def move_head(self, tx: Transaction, one: Claimed, move: Move, now: float) -> bool:
        """Change the message that was claimed, in the same way; with its claim, where it was not marked yet."""
        return self.move(tx, one.lane, one.head, move, now, by="" if one.is_marked else "claimed")


def _is_ready(head: Head, now: float) -> bool:
    """Return whether it can be claimed as it is: its time has come, and no sender left it as it lies."""
    return head.state in ("scheduled", "queued") and head.due_at <= now and head.ready_at <= now


def may_try(gate: Gate, now: float) -> bool:
    """Return whether it is time for one call to try a closed gate."""
    return gate.probe_at is not None and gate.probe_at <= now


def _is_keyed(tx: Transaction, head: Head, now: float) -> bool:
    """Return whether a call that nobody finished may be made again without doubling."""
    if head.state != "sending" or head.rung == "window":
        return False
    found = outbox.show(tx, head.account, head.id)
    since = ladder.doubt_since(found.history) if found else None
    return since is not None and ladder.is_keyed(head.rung, since, now)
