"""Publications: one message for all subscribers of a topic, and how far each has come.

A publication is `running` until each subscriber has a follow-up of their own. Whoever makes them
claims it with a lease, so that one process at a time works at it; that none is made twice does not
rest on the lease but on the cursor, which moves in the transaction that stores the follow-ups.
"""

from dataclasses import dataclass
from typing import Literal

from wxbot.protocol.outgoing import FollowUp
from wxbot.store import media
from wxbot.store.engine import Transaction
from wxbot.store.lanes import Lease

State = Literal["running", "waiting", "done", "cancelled"]  # waiting: a step whose facts are not all told

_INSERT = """
INSERT INTO publications (account, topic, key, message, due_at, not_after, on_closed, priority, coalesce, on_doubt,
  facts, step, state, total, created_at)
VALUES (:account, :topic, :key, :message, :due_at, :not_after, :on_closed, :priority, :coalesce, :on_doubt,
  :facts, :step, :state, 0, :now)
ON CONFLICT (account, topic, key) DO NOTHING RETURNING id"""
_BY_KEY = "SELECT id FROM publications WHERE account = :account AND topic = :topic AND key = :key"
_DUE = "SELECT 1 FROM publications WHERE state = 'running' AND due_at <= :now LIMIT 1"
# The one left alone for longest: a small publication need not wait for the end of a big one. But none
# overtakes an earlier one that the same users get in the same lane: its follow-ups would go out before.
_CLAIM = """
UPDATE publications SET owner = :owner, boot = :boot, lease_until = :lease_until
WHERE id = (SELECT id FROM publications AS p WHERE state = 'running' AND due_at <= :now
            AND (owner = :owner OR lease_until <= :clock OR boot <> :boot)
            AND NOT EXISTS (SELECT 1 FROM publications AS e WHERE e.account = p.account AND e.topic = p.topic
              AND e.state = 'running' AND (e.due_at < p.due_at OR e.due_at = p.due_at AND e.id < p.id)
              AND e.priority = p.priority AND (p.priority = 'decisive' OR (e.step IS NULL) = (p.step IS NULL)))
            ORDER BY lease_until, id LIMIT 1)
AND state = 'running' AND (owner = :owner OR lease_until <= :clock OR boot <> :boot)
RETURNING id, account, topic, message, due_at, not_after, on_closed, priority, coalesce, on_doubt, facts, step,
  cursor"""
_ADVANCE = """
UPDATE publications SET cursor = :cursor, total = total + :made, state = :state WHERE id = :id"""
_STEPS = """
SELECT step, id, state, due_at, not_after, message, cursor FROM publications
WHERE account = :account AND topic = :topic AND key LIKE 'step:%' ORDER BY due_at, id"""
_STEP_IS = """
UPDATE publications SET message = :message, due_at = :due_at, not_after = :not_after, on_closed = :on_closed,
  priority = :priority, coalesce = :coalesce, on_doubt = :on_doubt, facts = :facts, state = :state"""
_CHANGE_STEP = _STEP_IS + " WHERE id = :id AND state <> 'done' AND cursor = ''"
_REOPEN = _STEP_IS + ", cursor = '' WHERE id = :id"
_STOP = "UPDATE publications SET state = 'done' WHERE id = :id AND state = 'running'"
_LAST_NEWS = """
SELECT id, state, due_at, facts, cursor FROM publications
WHERE account = :account AND topic = :topic AND step = :name AND key LIKE 'news:%' AND state <> 'cancelled'
ORDER BY id DESC LIMIT 1"""
_OF_PLAN = "SELECT id FROM publications WHERE account = :account AND topic = :topic AND step IS NOT NULL"
_CANCEL = """
UPDATE publications SET state = 'cancelled' WHERE id = :id AND state IN ('running', 'waiting') AND cursor = ''"""
_COUNT = """
SELECT count(*) FROM publications WHERE account = :account AND topic = :topic AND key LIKE :prefix"""


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
    step: str | None
    cursor: str

    def follow_up(self) -> FollowUp:
        """Return what each subscriber gets; its key, which counts for a user, lets nobody have it twice."""
        return FollowUp(
            message=self.message,
            due_at=self.due_at,
            not_after=self.not_after,
            key=follow_up_key(self.id),
            on_closed=self.on_closed,
            priority=self.priority,
            coalesce=self.coalesce,
            on_doubt=self.on_doubt,
            topic=self.topic,
            facts=self.facts,
            lane="decisive" if self.priority == "decisive" else "followup" if self.step else "broadcast",
        )


def follow_up_key(id: int) -> str:
    """Return the key of the follow-up that each subscriber gets of a publication."""
    return f"publication:{id}"


def insert(  # noqa: PLR0913  # a row has so many sides
    tx: Transaction,
    account: str,
    topic: str,
    key: str,
    new: FollowUp,
    *,
    now: float,
    step: str | None = None,
    state: State = "running",
) -> tuple[int, bool]:
    """Store a publication; return its id and whether it is new (False: one of the same key was there).

    `step` names the step of the topic's plan that it is.
    """
    names = ("message", "due_at", "not_after", "on_closed", "priority", "coalesce", "on_doubt", "facts")
    columns = {name: getattr(new, name) for name in names}
    media.want(tx, account, new.message, new.due_at)
    row = tx.row(_INSERT, account=account, topic=topic, key=key, step=step, state=state, now=now, **columns)
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


@dataclass(frozen=True, slots=True)
class StoredStep:
    """A step of a plan as it is to be published, or was."""

    step: str
    id: int
    state: str
    due_at: float
    not_after: float | None
    message: str
    cursor: str

    @property
    def is_begun(self) -> bool:
        """Whether it is published: somebody may have a follow-up of it."""
        return self.state == "done" or self.cursor != ""


def steps(tx: Transaction, account: str, topic: str) -> dict[str, StoredStep]:
    """Return the steps of a topic's plan by their names, in the order in which they are due."""
    found = tx.rows(_STEPS, account=account, topic=topic)
    return {row[0]: StoredStep(*row) for row in found}


def insert_step(
    tx: Transaction, account: str, topic: str, step: str, new: FollowUp, now: float, state: State = "running"
) -> int:
    """Store a step that is to be published, or waits for a fact; return its id."""
    return insert(tx, account, topic, f"step:{step}", new, now=now, step=step, state=state)[0]


def change_step(tx: Transaction, id: int, new: FollowUp, state: State = "running") -> bool:
    """Replace a step of which nobody has a follow-up yet, also a cancelled one; False when it is too late."""
    names = ("message", "due_at", "not_after", "on_closed", "priority", "coalesce", "on_doubt", "facts")
    return tx.change(_CHANGE_STEP, id=id, state=state, **{name: getattr(new, name) for name in names}) == 1


def reopen(tx: Transaction, id: int, new: FollowUp, state: State = "running") -> None:
    """Publish a step once more, for those who have no follow-up of it; `outbox.recall` comes before."""
    names = ("message", "due_at", "not_after", "on_closed", "priority", "coalesce", "on_doubt", "facts")
    tx.change(_REOPEN, id=id, state=state, **{name: getattr(new, name) for name in names})


def stop(tx: Transaction, id: int) -> None:
    """Make no more follow-ups of a publication that is half made."""
    tx.change(_STOP, id=id)


@dataclass(frozen=True, slots=True)
class News:
    """A plan's notice as it is to be published, or was. `facts` is JSON."""

    id: int
    state: str
    due_at: float
    facts: str
    cursor: str

    @property
    def waits(self) -> bool:
        """Whether nobody has a follow-up of it yet."""
        return self.state == "running" and not self.cursor


def last_news(tx: Transaction, account: str, topic: str, name: str) -> News | None:
    """Return the newest notice of this name that was not cancelled, None for none."""
    row = tx.row(_LAST_NEWS, account=account, topic=topic, name=name)
    return News(*row) if row else None


def of_plan(tx: Transaction, account: str, topic: str) -> list[int]:
    """Return the ids of all steps and notices of a topic's plan."""
    return [int(row[0]) for row in tx.rows(_OF_PLAN, account=account, topic=topic)]


def cancel(tx: Transaction, id: int) -> bool:
    """Let a publication be of which nobody has a follow-up yet; False when it is too late."""
    return tx.change(_CANCEL, id=id) == 1


def count(tx: Transaction, account: str, topic: str, prefix: str) -> int:
    """Return how many publications of a topic have a key that begins with `prefix` (no % or _ in it)."""
    return int(tx.rows(_COUNT, account=account, topic=topic, prefix=f"{prefix}%")[0][0])
