"""Lanes: who may send to one user now, and every step a follow-up takes on its way out.

A lane is one user's queue. A sender claims the lane, not the row, so that 50,000 rows waiting for
one user cost one index probe; a change names the owner and the claim number it expects, so that a
sender which lost its lease changes nothing. Due times are compared with the clock passed in,
leases with the lease clock (`Store.lease_clock`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from wxbot.store.engine import AMONG, Transaction
from wxbot.store.outbox import ACTIVE, RANK, line

# MATERIALIZED: PostgreSQL may otherwise run the LIMIT again for each row and claim too many. ARRAY: it would rather
# read all lanes once than these by their numbers.
_CLAIM_ON_SQLITE = """
WITH due AS MATERIALIZED (
  SELECT id FROM lanes WHERE account = :account AND rank = :rank AND wake_at <= :now
    AND (lease_until <= :clock OR boot <> :boot) {which}
  ORDER BY wake_at LIMIT :limit)
UPDATE lanes SET owner = :owner, boot = :boot, claim = claim + 1, lease_until = :lease_until
WHERE id IN (SELECT id FROM due) AND (lease_until <= :clock OR boot <> :boot)
RETURNING id, openid, lane, claim"""
_CLAIM = {
    False: _CLAIM_ON_SQLITE,
    True: _CLAIM_ON_SQLITE.replace("LIMIT :limit", "LIMIT :limit FOR UPDATE SKIP LOCKED").replace(
        "IN (SELECT id FROM due)", "= ANY (ARRAY (SELECT id FROM due))"
    ),
}
_READ = """
SELECT id, account, openid, lane_id, message, due_at, ready_at, not_after, on_closed, priority, on_doubt, state,
  attempts, crashes, spent, owner, claim, topic, facts, rung, key
FROM followups"""
_DUE = f"""
{_READ} WHERE lane_id = :lane_id AND state IN {ACTIVE} AND due_at <= :now
ORDER BY due_at, id LIMIT :limit"""
_DUE_OF_EACH = f"""
{_READ} WHERE id IN (
  SELECT f.id FROM lanes JOIN followups AS f ON f.lane_id = lanes.id AND f.id IN (
    SELECT g.id FROM followups AS g WHERE g.lane_id = lanes.id AND g.state IN {ACTIVE} AND g.due_at <= :now
    ORDER BY g.due_at, g.id LIMIT :limit)
  WHERE lanes.id {{among}})
ORDER BY due_at, id"""
# ORDER BY and LIMIT: PostgreSQL may otherwise read all lanes that are due.
_DUE_RANKS = f"""
WITH ranks(rank) AS (VALUES {", ".join(f"({rank})" for rank in RANK.values())})
SELECT rank FROM ranks WHERE (
  SELECT 1 FROM lanes WHERE account = :account AND lanes.rank = ranks.rank AND wake_at <= :now
    AND (lease_until <= :clock OR boot <> :boot) {{which}} ORDER BY wake_at LIMIT 1) = 1"""
# Lanes whose first follow-up may go by the fallback ladder; only asked for while a gate is closed.
_FALLING = f"""AND 'template' = (
  SELECT f.on_closed FROM followups AS f WHERE f.lane_id = lanes.id AND f.state IN {ACTIVE}
  ORDER BY f.due_at, f.id LIMIT 1)"""
_HOLD_FREE = "SELECT id FROM lanes WHERE id = ANY(:ids) FOR UPDATE SKIP LOCKED"
_RELEASE = f"""
UPDATE lanes SET owner = '', lease_until = 0, wake_at = (
  SELECT ready_at FROM followups WHERE lane_id = :lane_id AND state IN {ACTIVE} ORDER BY due_at, id LIMIT 1)
WHERE id = :lane_id AND owner = :owner AND claim = :claim"""
_EXTEND = """
UPDATE lanes SET lease_until = :lease_until
WHERE id = :lane_id AND owner = :owner AND claim = :claim AND lease_until > :clock"""
_LEASED = "SELECT 1 FROM lanes WHERE id = :lane_id AND lease_until > :clock AND boot = :boot"
_MOVE = """
UPDATE followups SET state = :state, owner = :owner, claim = :claim, changed_at = :now, reason = :reason,
  errcode = :errcode, attempts = attempts + :attempts, crashes = crashes + :crashes,
  spent = CASE WHEN :state IN ('sent', 'doubtful') THEN spent ELSE :spent END,
  due_at = :due_at, ready_at = :ready_at, message = :message, rung = :rung,
  msgid = COALESCE(:msgid, msgid), history = history || :history
WHERE id = :id AND state = :from_state AND owner = :from_owner AND claim = :from_claim"""


@dataclass(frozen=True, slots=True)
class Lease:
    """Who claims, and until when on the lease clock (`clock` is its reading now)."""

    owner: str
    boot: str
    clock: float
    lease_until: float


@dataclass(frozen=True, slots=True)
class Lane:
    """A claimed lane: only its owner, under this claim number, may change the rows in it."""

    id: int
    openid: str
    lane: str  # chat | decisive | followup | broadcast
    claim: int


@dataclass(frozen=True, slots=True)
class Head:
    """The first due follow-up of a lane, as it was read."""

    id: int
    account: str
    openid: str
    lane_id: int
    message: str
    due_at: float
    ready_at: float
    not_after: float | None
    on_closed: str
    priority: str
    on_doubt: str
    state: str
    attempts: int
    crashes: int
    spent: str
    owner: str
    claim: int
    topic: str | None
    facts: str
    rung: str
    key: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """What a follow-up becomes. What is None stays as it was.

    `due_at` puts it off, `rung` is the step of the fallback ladder it is at, `msgid` what the platform
    called it; `told` is more for its history.
    """

    state: str
    reason: str = ""
    errcode: int = 0
    attempts: int = 0  # added
    crashes: int = 0  # added
    spent: str = ""
    ready_at: float | None = None
    message: str | None = None
    rid: str = ""
    due_at: float | None = None
    rung: str | None = None
    msgid: int | None = None
    told: Mapping[str, object] = field(default_factory=dict)


def due_ranks(
    tx: Transaction, account: str, *, now: float, clock: float, boot: str, falling: bool = False
) -> list[int]:
    """Return the ranks in which a claim would find something: cheaper than to claim in vain."""
    look = _DUE_RANKS.format(which=_FALLING if falling else "")
    return sorted(row[0] for row in tx.rows(look, account=account, now=now, clock=clock, boot=boot))


def claim(
    tx: Transaction,
    account: str,
    lease: Lease,
    now: float,
    limit: int,
    *,
    ranks: Sequence[int] = tuple(RANK.values()),
    falling: bool = False,
) -> list[Lane]:
    """Claim up to `limit` lanes with something due; none is claimed by two senders.

    Chat before decisive ones before other follow-ups before broadcasts, and in each the longest due first; only
    those of `ranks`. `falling`: only lanes whose first follow-up has on_closed = template.
    """
    found: list[Lane] = []
    for rank in ranks:  # one index probe each; a single ORDER BY rank would walk all lanes that sleep
        if len(found) < limit:
            found += _claim_rank(tx, account, lease, now, limit - len(found), rank, falling=falling)
    return found


def _claim_rank(
    tx: Transaction, account: str, lease: Lease, now: float, limit: int, rank: int, *, falling: bool
) -> list[Lane]:
    found = tx.rows(
        _CLAIM[tx.postgresql].format(which=_FALLING if falling else ""),
        account=account,
        rank=rank,
        owner=lease.owner,
        boot=lease.boot,
        clock=lease.clock,
        lease_until=lease.lease_until,
        now=now,
        limit=limit,
    )
    tx.held_lanes.update(row[0] for row in found)
    return [Lane(*row) for row in found]


def extend(tx: Transaction, lane: Lane, lease: Lease) -> bool:
    """Renew a lane's lease; False when it is over or the lane is no longer ours."""
    changed = tx.change(
        _EXTEND,
        lane_id=lane.id,
        owner=lease.owner,
        claim=lane.claim,
        clock=lease.clock,
        lease_until=lease.lease_until,
    )
    return changed == 1


def is_leased(tx: Transaction, lane_id: int, *, clock: float, boot: str) -> bool:
    """Return whether a sender that lives has a lane."""
    return tx.row(_LEASED, lane_id=lane_id, clock=clock, boot=boot) is not None


def head(tx: Transaction, lane: Lane, now: float) -> Head | None:
    """Return the lane's first follow-up that is due, None when none is."""
    found = due(tx, lane, now, 1)
    return found[0] if found else None


def due_of_each(tx: Transaction, among: Sequence[Lane], now: float, limit: int) -> dict[int, list[Head]]:
    """Return what `due` returns for each of these lanes that has something, by the lane's id, in one statement."""
    each, ids = _DUE_OF_EACH.format(among=AMONG[tx.postgresql]), tx.listed([lane.id for lane in among])
    found: dict[int, list[Head]] = {}
    for row in tx.rows(each, among=ids, now=now, limit=limit):
        head = Head(*row)
        found.setdefault(head.lane_id, []).append(head)
    return found


def due(tx: Transaction, lane: Lane, now: float, limit: int) -> list[Head]:
    """Return the lane's first follow-ups that are due, in the order in which they go out."""
    return [Head(*row) for row in tx.rows(_DUE, lane_id=lane.id, now=now, limit=limit)]


def move(tx: Transaction, row: Head, to: Move, *, owner: str, claim: int, now: float, by: str = "") -> bool:
    """Change a follow-up that is still as it was read; False when it is not, and then nothing changed.

    `by` is a state it passes on the way, for its history.
    """
    told = (line(now, by) if by else "") + _told(to, now)
    return tx.change(_MOVE, **_moving(row, to, owner, claim, now, told)) == 1


def move_each(tx: Transaction, rows: Sequence[tuple[Head, int]], to: Move, *, owner: str, now: float) -> None:
    """Change each of these, with the claim number of its lane, that is still as it was read."""
    told = _told(to, now)
    tx.change_many(_MOVE, [_moving(row, to, owner, claim, now, told) for row, claim in rows])


def _told(to: Move, now: float) -> str:
    """Return the line of its history."""
    return line(now, to.state, to.reason, errcode=to.errcode or "", rid=to.rid, grant=to.spent, **to.told)


def _moving(row: Head, to: Move, owner: str, claim: int, now: float, told: str) -> dict[str, object]:
    return {
        "id": row.id,
        "from_state": row.state,
        "from_owner": row.owner,
        "from_claim": row.claim,
        "state": to.state,
        "owner": owner,
        "claim": claim,
        "now": now,
        "reason": to.reason,
        "errcode": to.errcode,
        "attempts": to.attempts,
        "crashes": to.crashes,
        "spent": to.spent,
        "ready_at": row.ready_at if to.ready_at is None else to.ready_at,
        "message": row.message if to.message is None else to.message,
        "due_at": row.due_at if to.due_at is None else to.due_at,
        "rung": row.rung if to.rung is None else to.rung,
        "msgid": to.msgid,
        "history": told,
    }


def hold_free(tx: Transaction, ids: Sequence[int]) -> None:
    """Keep others from adding to each of these lanes where nobody does now, without waiting; see `is_held`."""
    if tx.postgresql and ids:
        tx.held_lanes |= {row[0] for row in tx.rows(_HOLD_FREE, ids=list(ids))}


def is_held(tx: Transaction, lane: Lane) -> bool:
    """Return whether this transaction holds a lane, as far as it knows."""
    return not tx.postgresql or lane.id in tx.held_lanes


def release(tx: Transaction, lane: Lane, owner: str) -> None:
    """Give a lane back, to be looked at again when its first follow-up is ready. Not ours: nothing happens."""
    if not is_held(tx, lane):  # somebody may be adding to it: wait for them before looking what is next
        tx.rows("SELECT id FROM lanes WHERE id = :lane_id FOR UPDATE", lane_id=lane.id)
    tx.change(_RELEASE, lane_id=lane.id, owner=owner, claim=lane.claim)
