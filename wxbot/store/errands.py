"""Errands: what an operator wants done to all follow-ups of a state, slice by slice.

An errand goes through the follow-ups of its state by their numbers, from the first to `upto`, the newest when
it was wanted, and never back: none is changed twice, whatever becomes of it meanwhile.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from wxbot.store.engine import Row, Transaction

_COLUMNS = """id, account, name, action, state, topic, cursor, upto, total, seen, changed, status, created_at,
  changed_at"""
_SIZE = "SELECT COALESCE(max(id), 0), count(*) FROM followups WHERE account = :account AND state = :state"
_INSERT = """
INSERT INTO errands (account, name, action, state, topic, upto, total, status, created_at, changed_at)
VALUES (:account, :name, :action, :state, :topic, :upto, :total, 'running', :now, :now) RETURNING id"""
_ANY = "SELECT 1 FROM errands WHERE status = 'running' LIMIT 1"
_TAKE = f"SELECT {_COLUMNS} FROM errands WHERE status = 'running' ORDER BY id LIMIT 1"
# Two ways to say the same, for the reason that `outbox_list` gives.
_BEHIND = {
    False: "state = :state AND id > :cursor AND id <= :upto ORDER BY id",
    True: "(state, id) > (:state, :cursor) AND state <= :state AND id <= :upto ORDER BY state, id",
}
_NEXT = "SELECT id, lane_id, topic FROM followups WHERE account = :account AND {behind} LIMIT :limit"
_HOLD_LANES = "SELECT id FROM lanes WHERE id = ANY(:ids) ORDER BY id FOR UPDATE"
_HOLD = "SELECT id, lane_id FROM followups WHERE id = ANY(:ids) AND state = :state ORDER BY id FOR UPDATE"
_ADVANCE = """
UPDATE errands SET cursor = :cursor, seen = seen + :seen, changed = changed + :changed, status = :status,
  changed_at = :now
WHERE id = :id"""
_STOP = """
UPDATE errands SET status = 'stopped', changed_at = :now
WHERE account = :account AND id = :id AND status = 'running'"""
_LIST = f"SELECT {_COLUMNS} FROM errands WHERE account = :account ORDER BY id DESC LIMIT :limit"


@dataclass(frozen=True, slots=True)
class Errand:
    """One errand; `seen` of the `total` follow-ups in its state were looked at, and `changed` of these changed.

    `cursor` is the last follow-up that was looked at, `status` is running, done or stopped.
    """

    id: int
    account: str
    name: str
    action: str
    state: str
    topic: str | None
    cursor: int
    upto: int
    total: int
    seen: int
    changed: int
    status: str
    created_at: float
    changed_at: float


@dataclass(frozen=True, slots=True)
class Size:
    """The newest follow-up of a state, and how many there are."""

    upto: int
    total: int


def size(tx: Transaction, account: str, state: str) -> Size:
    """Return what an errand about a state would go through; it counts, so better not while writing."""
    return Size(*tx.rows(_SIZE, account=account, state=state)[0])


def add(  # noqa: PLR0913  # who wants what done to which
    tx: Transaction,
    account: str,
    name: str,
    action: str,
    state: str,
    size: Size,
    *,
    now: float,
    topic: str | None = None,
) -> int:
    """Store an errand about the follow-ups of a state, of one topic or of all; return its id."""
    of = {"account": account, "name": name, "action": action, "state": state, "topic": topic}
    return int(tx.rows(_INSERT, **of, upto=size.upto, total=size.total, now=now)[0][0])


def any_running(tx: Transaction) -> bool:
    """Return whether there is anything to do: cheaper than to take in vain."""
    return tx.row(_ANY) is not None


def take(tx: Transaction) -> Errand | None:
    """Return an errand that nobody else works at until the transaction ends, None when there is none."""
    row = tx.row(_TAKE + (" FOR UPDATE SKIP LOCKED" if tx.postgresql else ""))
    return Errand(*row) if row else None


@dataclass(frozen=True, slots=True)
class Slice:
    """The next follow-ups of an errand: those it is about, and how far and at how many it has then looked."""

    found: list[tuple[int, int]]  # number and lane
    cursor: int
    seen: int
    is_last: bool


def next_slice(tx: Transaction, one: Errand, limit: int, looks: int) -> Slice:
    """Return up to `limit` follow-ups of an errand; for a topic up to `looks` of its state are looked at.

    Senders keep away from them until the transaction ends.
    """
    most = limit if one.topic is None else looks
    where = {"account": one.account, "state": one.state, "cursor": one.cursor, "upto": one.upto}
    found = tx.rows(_NEXT.format(behind=_BEHIND[tx.postgresql]), **where, limit=most)
    fitting = [place for place, row in enumerate(found) if one.topic in (None, row[2])]
    looked = found[: fitting[limit] if len(fitting) > limit else len(found)]
    chosen = [found[place] for place in fitting[:limit]]
    cursor = looked[-1][0] if looked else one.upto
    is_last = len(looked) == len(found) < most
    return Slice(_held(tx, chosen, one.state), cursor, len(looked), is_last)


def _held(tx: Transaction, chosen: Sequence[Row], state: str) -> list[tuple[int, int]]:
    """Return those still in this state, once nobody else can change them."""
    if tx.postgresql:  # SQLite has one writer anyway
        tx.rows(_HOLD_LANES, ids=[row[1] for row in chosen])
        chosen = tx.rows(_HOLD, ids=[row[0] for row in chosen], state=state)
    return [(row[0], row[1]) for row in chosen]


def advance(tx: Transaction, one: Errand, to: Slice, changed: int, now: float) -> None:
    """Keep how far an errand has come, in the transaction that took it."""
    status = "done" if to.is_last else "running"
    tx.change(_ADVANCE, id=one.id, cursor=to.cursor, seen=to.seen, changed=changed, status=status, now=now)


def stop(tx: Transaction, account: str, id: int, now: float) -> bool:
    """Let an errand change nothing more; False when it is over, or is none of the account's."""
    return tx.change(_STOP, account=account, id=id, now=now) == 1


def listed(tx: Transaction, account: str, limit: int) -> list[Errand]:
    """Return an account's newest errands."""
    return [Errand(*row) for row in tx.rows(_LIST, account=account, limit=limit)]
