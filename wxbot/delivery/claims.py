"""Which messages a sender takes next: the claim on a lane, inside what gates and rate allow."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from wxbot.delivery import ladder
from wxbot.delivery.budget import after_crash
from wxbot.protocol.reaction import probe_seconds
from wxbot.store import gates, lanes, outbox
from wxbot.store.engine import Store, Transaction
from wxbot.store.gates import Gate
from wxbot.store.lanes import Head, Lane, Lease, Move


@dataclass(frozen=True, slots=True)
class Claimed:
    """A lane that is ours, and the message in it whose turn it is."""

    lane: Lane
    head: Head
    probing: bool  # this message is let through a closed gate to see whether it is open again
    barred: Gate | None = None  # the closed gate that lets nothing through to the window: only the ladder is left


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

    def claim(  # what is wanted, and what limits it
        self,
        tx: Transaction,
        account: str,
        free: int,
        now: float,
        rate: float,
        *,
        ranks: Sequence[int],
        falls: bool = False,
    ) -> list[Claimed]:
        """Claim up to `free` lanes of these ranks of an account, as far as its gates and its rate (a second) allow.

        `falls`: it has a fallback, which a gate of the window that is closed for long does not hold back.
        """
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
        level = gates.available(bucket, rate, boot=store.boot, clock=lease.clock)
        most = min(free, int(level))
        found = lanes.claim(tx, account, lease, now, most, ranks=ranks, falling=barred is not None)
        if not found:
            return []
        gates.pour(tx, account, level - len(found), boot=store.boot, clock=lease.clock)
        through = probing and barred is None
        return [Claimed(lane, head, through, barred) for lane, head in self._take_heads(tx, found, now)]

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

    def _take_heads(self, tx: Transaction, found: Sequence[Lane], now: float) -> Iterator[tuple[Lane, Head]]:
        """Mark the first due message of each lane as claimed; lanes without one that is ready are given back."""
        ready = {id: head for id, head in lanes.heads(tx, found, now).items() if _is_ready(head, now)}
        plain = [(lane, ready[lane.id]) for lane in found if lane.id in ready]
        claimed = Move(state="claimed")
        lanes.move_each(tx, [(head, lane.claim) for lane, head in plain], claimed, owner=self._store.owner, now=now)
        yield from ((lane, self._as_claimed(lane, head)) for lane, head in plain)
        for lane in found:
            if lane.id not in ready and (head := self._take_head(tx, lane, now)) is not None:
                yield lane, head

    def _as_claimed(self, lane: Lane, head: Head) -> Head:
        return replace(head, state="claimed", spent="", owner=self._store.owner, claim=lane.claim)

    def _take_head(self, tx: Transaction, lane: Lane, now: float) -> Head | None:
        """Mark the lane's first due message as claimed; None, and the lane released, when none is ready."""
        while (head := lanes.head(tx, lane, now)) is not None:
            if head.state in ("claimed", "sending"):  # its sender is gone, or this lane had not come to us
                self.move(tx, lane, head, after_crash(head, keyed=_is_keyed(tx, head, now)), now)
            elif head.ready_at > now:
                break
            else:
                self.move(tx, lane, head, Move(state="claimed"), now)
                return self._as_claimed(lane, head)
        self.release(tx, lane)
        return None

    def release(self, tx: Transaction, lane: Lane) -> None:
        """Give a lane back, to be looked at again when its first follow-up is ready."""
        lanes.release(tx, lane, self._store.owner)

    def move(self, tx: Transaction, lane: Lane, head: Head, move: Move, now: float) -> bool:
        """Change a follow-up of a lane that is ours; False when either is no longer as it was."""
        return lanes.move(tx, head, move, owner=self._store.owner, claim=lane.claim, now=now)


def _is_ready(head: Head, now: float) -> bool:
    """Return whether it can be claimed as it is: its time has come, and no sender left it as it lies."""
    return head.state in ("scheduled", "queued") and head.ready_at <= now


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
