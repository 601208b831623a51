"""Publications: one message for all subscribers of a topic, and how far each has come.

A publication is `running` until each subscriber has a follow-up of their own. Whoever makes them
claims it with a lease, so that one process at a time works at it; that none is made twice does not
rest on the lease but on the cursor, which moves in the transaction that stores the follow-ups.
"""

from dataclasses import dataclass
from typing import Literal

from wxbot.protocol.outgoing import FollowUp
from wxbot.store.engine import Transaction
from wxbot.store.lanes import Lease

_INSERT = """
INSERT INTO publications (account, topic, key, message, due_at, not_after, on_closed, priority, coalesce, on_doubt,
  facts, step, state, total, created_at)
VALUES (:account, :topic, :key, :message, :due_at, :not_after, :on_closed, :priority, :coalesce, :on_doubt,
  :facts, :step, 'running', 0, :now)
ON CONFLICT (account, topic, key) DO NOTHING RETURNING id"""
_BY_KEY = "SELECT id FROM publications WHERE account = :account AND topic = :topic AND key = :key"
_DUE = "SELECT 1 FROM publications WHERE state = 'running' AND due_at <= :now LIMIT 1"
# The one left alone for longest: a small publication need not wait for the end of a big one.
_CLAIM = """
UPDATE publications SET owner = :owner, boot = :boot, lease_until = :lease_until
WHERE id = (SELECT id FROM publications WHERE state = 'running' AND due_at <= :now
            AND (owner = :owner OR lease_until <= :clock OR boot <> :boot) ORDER BY lease_until, id LIMIT 1)
AND state = 'running' AND (owner = :owner OR lease_until <= :clock OR boot <> :boot)
RETURNING id, account, topic, message, due_at, not_after, on_closed, priority, coalesce, on_doubt, facts, cursor"""
_ADVANCE = """
UPDATE publications SET cursor = :cursor, total = total + :made, state = :state WHERE id = :id"""


@dataclass(frozen=True, slots=True)
class Publication:
    """A claimed publication; `cursor` is the last openid that has its follow-up."""

    id: int
    account: str
    topic: str
    message: str
    due_at: float
    not_after: float | None
    on_closed: Literal["hold", "drop", "template"]
    priority: Literal["normal", "decisive"]
    coalesce: str | None
    on_doubt: Literal["resend", "park"]
    facts: str
    cursor: str

    def follow_up(self) -> FollowUp:
        """Return what each subscriber gets; its key, which counts for a user, lets nobody have it twice."""
        return FollowUp(
            message=self.message,
            due_at=self.due_at,
            not_after=self.not_after,
            key=f"publication:{self.id}",
            on_closed=self.on_closed,
            priority=self.priority,
            coalesce=self.coalesce,
            on_doubt=self.on_doubt,
            topic=self.topic,
            facts=self.facts,
            lane="decisive" if self.priority == "decisive" else "broadcast",
        )


def insert(
    tx: Transaction, account: str, topic: str, key: str, new: FollowUp, *, now: float, step: str | None = None
) -> tuple[int, bool]:
    """Store a publication; return its id and whether it is new (False: one of the same key was there).

    `step` names the step of the topic's plan that it is.
    """
    names = ("message", "due_at", "not_after", "on_closed", "priority", "coalesce", "on_doubt", "facts")
    columns = {name: getattr(new, name) for name in names}
    row = tx.row(_INSERT, account=account, topic=topic, key=key, step=step, now=now, **columns)
    there = row or tx.rows(_BY_KEY, account=account, topic=topic, key=key)[0]
    return int(there[0]), row is not None


def any_due(tx: Transaction, now: float) -> bool:
    """Return whether a publication is due and not done: cheaper than to claim in vain."""
    return tx.row(_DUE, now=now) is not None


def claim(tx: Transaction, lease: Lease, now: float) -> Publication | None:
    """Claim or keep one running publication that is due, of any account; None when others have them all."""
    row = tx.row(
        _CLAIM,
        owner=lease.owner,
        boot=lease.boot,
        clock=lease.clock,
        lease_until=lease.lease_until,
        now=now,
    )
    return Publication(*row) if row else None


def advance(tx: Transaction, one: Publication, *, cursor: str, made: int, done: bool) -> None:
    """Move a publication's cursor, in the transaction that claimed it: nobody else can have moved it."""
    tx.change(_ADVANCE, id=one.id, cursor=cursor, made=made, state="done" if done else "running")
