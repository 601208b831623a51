"""The outbox: follow-ups, from the moment they are wanted to the end of their history.

States: scheduled → queued → claimed → sending → sent | refused | doubtful | held | expired |
cancelled | superseded. This module stores them and changes what operators and users change;
what a sender does on the way out is in `lanes`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from wxbot.protocol.outgoing import FollowUp
from wxbot.store import media
from wxbot.store.engine import AMONG, Row, Transaction

STATES = (
    "scheduled", "queued", "claimed", "sending",
    "sent", "refused", "doubtful", "held", "expired", "cancelled", "superseded",
)  # fmt: skip
ACTIVE = "('scheduled', 'queued', 'claimed', 'sending')"  # what keeps a lane awake
RANK = {"chat": 0, "decisive": 1, "followup": 2, "broadcast": 3}  # of each lane: when many are due, 0 goes first

_LANE = """
INSERT INTO lanes (account, openid, lane, rank, wake_at) VALUES (:account, :openid, :lane, :rank, :wake_at)
ON CONFLICT (account, openid, lane) DO UPDATE SET
  wake_at = CASE WHEN lanes.wake_at IS NULL OR excluded.wake_at < lanes.wake_at
                 THEN excluded.wake_at ELSE lanes.wake_at END"""
_INSERT = """
INSERT INTO followups (account, openid, lane_id, push_id, origin, message, due_at, ready_at, not_after, key,
  on_closed, priority, coalesce, on_doubt, topic, facts, state, reason, changed_at, history)
VALUES (:account, :openid, :lane_id, :push_id, :origin, :message, :due_at, :due_at, :not_after, :key,
  :on_closed, :priority, :coalesce, :on_doubt, :topic, :facts, :state, :reason, :now, :history)
ON CONFLICT (account, openid, key) DO NOTHING"""
_EACH = {False: "json_each(:among)", True: "unnest(CAST(:among AS TEXT[])) AS each(value)"}
# WHERE true: SQLite would else take ON for a part of the FROM. CAST: PostgreSQL would take NULL for a text.
_LANE_OF_EACH = _LANE.replace(
    "VALUES (:account, :openid, :lane, :rank, :wake_at)",
    "SELECT :account, value, :lane, :rank, CAST(:wake_at AS DOUBLE PRECISION) FROM {each} WHERE true",
)
_INSERT_EACH = """
INSERT INTO followups (account, openid, lane_id, origin, message, due_at, ready_at, not_after, key, on_closed,
  priority, coalesce, on_doubt, topic, facts, state, reason, changed_at, history)
SELECT account, openid, id, :origin, :message, :due_at, :due_at, CAST(:not_after AS DOUBLE PRECISION), :key,
  :on_closed, :priority, :coalesce, :on_doubt, :topic, :facts, :state, :reason, :now, :history
FROM lanes WHERE account = :account AND openid {among} AND lane = :lane ORDER BY openid
ON CONFLICT (account, openid, key) DO NOTHING"""
_HOLD_LANES_OF_EACH = (
    "SELECT id FROM lanes WHERE account = :account AND openid = ANY(:among) ORDER BY openid, id FOR UPDATE"
)
_HOLD_LANES = "SELECT id FROM lanes WHERE account = :account AND openid = :openid ORDER BY id FOR UPDATE"
_BY_KEY = "SELECT id FROM followups WHERE account = :account AND openid = :openid AND key = :key"
_CHANGE = "UPDATE followups SET state = :state, changed_at = :now, reason = :reason, history = history || :history "
_SUPERSEDE = (
    _CHANGE
    + """WHERE account = :account AND openid = :openid AND state IN ('scheduled', 'queued', 'held')
  AND coalesce = :coalesce AND (key IS NULL OR key <> :key)"""
)
# A publication that is made again must not replace anything for those who have had it.
_SUPERSEDE_EACH = (
    _SUPERSEDE.replace("openid = :openid", "openid {among}")
    + """ AND NOT EXISTS (SELECT 1 FROM followups AS f
                  WHERE f.account = :account AND f.openid = followups.openid AND f.key = :key)"""
)
_REPLACED = """
SELECT facts FROM followups WHERE account = :account AND openid = :openid
  AND state IN ('scheduled', 'queued', 'held') AND coalesce = :coalesce ORDER BY id LIMIT 1"""
_CANCEL_ALL = _CHANGE + "WHERE account = :account AND openid = :openid AND state IN ('scheduled', 'queued', 'held')"
_CANCEL_LEFT = _CANCEL_ALL.replace("'queued'", "'queued', 'claimed'")
_CANCEL_TOPIC = _CANCEL_ALL + " AND topic = :topic"
# One probe of the unique key for each subscriber: a topic has no index of its own in the outbox.
_CANCEL_KEY = (
    _CHANGE
    + """WHERE account = :account AND key = :key AND state IN ('scheduled', 'queued', 'held') AND openid IN
  (SELECT openid FROM subscriptions WHERE account = :account AND topic = :topic)"""
)
_FREE_KEY = """
UPDATE followups SET key = NULL
WHERE account = :account AND key = :key AND state IN ('expired', 'cancelled', 'superseded') AND openid IN
  (SELECT openid FROM subscriptions WHERE account = :account AND topic = :topic)"""
_EXPIRE = _CHANGE + "WHERE account = :account AND state = 'held' AND not_after < :now"
_CANCEL = _CHANGE + "WHERE account = :account AND id = :id AND state IN ('scheduled', 'queued', 'held', 'doubtful')"
_WAKE_HELD = """
UPDATE followups SET state = 'queued', ready_at = :ready_at, changed_at = :now, reason = '',
  due_at = CASE WHEN due_at > :ready_at THEN :ready_at ELSE due_at END, history = history || :history
WHERE account = :account AND openid = :openid AND state IN ('held', 'queued')
  AND (state = 'held' OR rung <> 'window') RETURNING lane_id"""
_RETRY = """
UPDATE followups SET state = 'queued', changed_at = :now, ready_at = :now, reason = '', attempts = 0, crashes = 0,
  due_at = CASE WHEN due_at > :now THEN :now ELSE due_at END, not_after = NULL, history = history || :history
WHERE account = :account AND id = :id
  AND state IN ('scheduled', 'queued', 'held', 'doubtful', 'refused', 'expired', 'cancelled')"""
_SEND_NOW = """
UPDATE followups SET state = 'queued', changed_at = :now, due_at = :now, ready_at = :now, reason = '',
  history = history || :history
WHERE account = :account AND id = :id AND state IN ('scheduled', 'queued') AND due_at > :now"""
_WAKE_LANE = """
UPDATE lanes SET wake_at = CASE WHEN wake_at IS NULL OR wake_at > :wake_at THEN :wake_at ELSE wake_at END
WHERE id = :lane_id"""
_LATELY = {
    # Counted apart, so that what went out long ago is never looked at.
    False: """(SELECT count(*) FROM followups WHERE account = :account AND openid = :openid AND state = 'sending'
          AND spent <> '')
  + (SELECT count(*) FROM followups WHERE account = :account AND openid = :openid
          AND state IN ('sent', 'doubtful') AND changed_at > :since AND spent <> '')""",
    # Asked like that, PostgreSQL would walk what everybody had of late, or all that is sent.
    True: """(SELECT count(*) FROM followups WHERE account = :account AND openid = :openid AND spent <> ''
          AND (state = 'sending' OR (state IN ('sent', 'doubtful') AND changed_at > :since)))""",
}
_OWED = """
SELECT {lately},
  EXISTS (SELECT 1 FROM followups WHERE account = :account AND openid = :openid AND state IN ('held', 'queued'))"""
OWED = {postgresql: _OWED.format(lately=lately) for postgresql, lately in _LATELY.items()}
_HELD = """
SELECT id, message, not_after, topic FROM followups
WHERE account = :account AND openid = :openid AND state = 'held'
ORDER BY CASE priority WHEN 'decisive' THEN 0 ELSE 1 END, due_at, id LIMIT 50"""
_SAID = _CHANGE + "WHERE account = :account AND id = :id AND state = 'held'"
_WAITING = """
SELECT state, count(*), min(due_at) FROM followups
WHERE account = :account AND openid = :openid
  AND state IN ('scheduled', 'queued', 'claimed', 'sending', 'held', 'doubtful')
GROUP BY state"""
STORED = """id, openid, push_id, origin, message, due_at, not_after, key, on_closed, priority, coalesce, on_doubt,
  topic, facts, rung, state, reason, errcode, attempts, changed_at, history"""
_LIST = f"SELECT {STORED} FROM followups WHERE account = :account ORDER BY id DESC LIMIT :limit"
_LIST_STATE = f"""
SELECT {STORED} FROM followups WHERE account = :account AND state = :state ORDER BY id DESC LIMIT :limit"""
_SHOW = f"SELECT {STORED} FROM followups WHERE account = :account AND id = :id"

_encode = json.JSONEncoder(ensure_ascii=False).encode  # made once: `json.dumps` makes one for each call


def line(now: float, state: str, why: str = "", **details: object) -> str:
    """Return one line of a follow-up's history: when it became what, and why."""
    entry: dict[str, object] = {"at": round(now, 3), "state": state, "why": why, **details}
    return _encode({name: value for name, value in entry.items() if value != ""}) + "\n"


def insert(
    tx: Transaction,
    account: str,
    openid: str,
    new: FollowUp,
    *,
    origin: str,
    now: float,
    push_id: int | None = None,
) -> tuple[int, bool]:
    """Store a follow-up; return its id and whether it is new (False: this user has one of the same key)."""
    if new.key is not None and (there := tx.row(_BY_KEY, account=account, openid=openid, key=new.key)):
        return int(there[0]), False
    if new.coalesce is not None:
        hold_lanes(tx, account, openid)
        tx.change(_SUPERSEDE, **_superseding(account, openid, new, now))
    columns = {"account": account, "openid": openid, "push_id": push_id, **_columns(new, origin, now)}
    media.want(tx, account, new.message, new.due_at)
    lane = tx.rows(_LANE + " RETURNING id", **columns)
    row = tx.row(_INSERT + " RETURNING id", **columns, lane_id=lane[0][0])
    if row is None:  # another transaction has just stored the same key
        return insert(tx, account, openid, new, origin=origin, now=now, push_id=push_id)
    return int(row[0]), True


def insert_many(
    tx: Transaction, account: str, openids: Sequence[str], new: FollowUp, *, origin: str, now: float
) -> int:
    """Store the same follow-up for each of these users; return how many are new. It needs a key."""
    return _insert_many(tx, account, openids, new, _columns(new, origin, now))


def insert_held(
    tx: Transaction, account: str, openids: Sequence[str], new: FollowUp, *, origin: str, now: float
) -> int:
    """Store it as `insert_many` does, but held: for users to whom nothing may be sent now."""
    columns = _columns(new, origin, now)
    why = "the window is closed until the user writes again"
    history = str(columns["history"]) + line(now, "held", why)
    held = {**columns, "state": "held", "reason": why, "history": history, "wake_at": None}
    return _insert_many(tx, account, openids, new, held)


def _insert_many(
    tx: Transaction, account: str, openids: Sequence[str], new: FollowUp, columns: Mapping[str, object]
) -> int:
    if not openids:
        return 0
    among, each = AMONG[tx.postgresql], _EACH[tx.postgresql]
    who = {"account": account, "among": tx.listed(sorted(openids))}  # one order for all, against deadlocks
    if new.coalesce is not None and tx.postgresql:  # what it replaces may wait in any lane
        tx.rows(_HOLD_LANES_OF_EACH, **who)
    tx.change(_LANE_OF_EACH.format(each=each), **who, **columns)  # lanes before follow-ups
    if new.coalesce is not None:
        superseding = _superseding(account, "", new, cast(float, columns["now"]))
        tx.change(_SUPERSEDE_EACH.format(among=among), **{**superseding, **who})
    return tx.change(_INSERT_EACH.format(among=among), **who, **columns)


def _columns(new: FollowUp, origin: str, now: float) -> dict[str, object]:
    """Return what a follow-up and its lane are stored with, but for whom."""
    state = "queued" if new.due_at <= now else "scheduled"
    history = line(now, state, f"wanted by {origin}")
    of_lane = {"rank": RANK[new.lane], "wake_at": new.due_at}
    wanted = {name: getattr(new, name) for name in new.__slots__}
    return {**wanted, **of_lane, "origin": origin, "state": state, "reason": "", "now": now, "history": history}


def _superseding(account: str, openid: str, new: FollowUp, now: float) -> dict[str, object]:
    change = _change(now, "superseded", f"a newer one with coalesce={new.coalesce} replaces it")
    return {"account": account, "openid": openid, "coalesce": new.coalesce, "key": new.key or "", **change}


def _change(now: float, state: str, why: str) -> dict[str, object]:
    return {"state": state, "now": now, "reason": why, "history": line(now, state, why)}


def hold_lanes(tx: Transaction, account: str, openid: str) -> None:
    """Keep senders away from a user until the transaction ends: always before their follow-ups are changed."""
    if tx.postgresql:  # SQLite has one writer anyway
        tx.rows(_HOLD_LANES, account=account, openid=openid)


def wake_lane(tx: Transaction, lane_id: int, at: float) -> None:
    """Let a lane be looked at no later than at this moment."""
    tx.change(_WAKE_LANE, lane_id=lane_id, wake_at=at)


def wake_held(tx: Transaction, account: str, openid: str, now: float, ready_at: float) -> int:
    """Queue what was held for a user who is back, or waits on a rung, to go at `ready_at`; return how many."""
    hold_lanes(tx, account, openid)
    history = line(now, "queued", "the user is back")
    where = {"account": account, "openid": openid}
    found = tx.rows(_WAKE_HELD, **where, now=now, ready_at=ready_at, history=history)
    for lane_id in {row[0] for row in found}:
        wake_lane(tx, lane_id, ready_at)
    return len(found)


@dataclass(frozen=True, slots=True)
class Owed:
    """What there is for a user: `spent` messages that go out or just have, and whether any is held or queued."""

    spent: int
    waits: bool


def owed(tx: Transaction, account: str, openid: str, since: float) -> Owed:
    """Return how many messages to a user go out or have done so after a moment, and whether others wait."""
    [(spent, waits)] = tx.rows(OWED[tx.postgresql], account=account, openid=openid, since=since)
    return Owed(int(spent), bool(waits))


def held(tx: Transaction, account: str, openid: str) -> list[tuple[int, str, float | None, str | None]]:
    """Return what is held for a user, decisive first: id, message, not_after and topic; at most 50."""
    return [(row[0], row[1], row[2], row[3]) for row in tx.rows(_HELD, account=account, openid=openid)]


def waiting(tx: Transaction, account: str, openid: str) -> dict[str, tuple[int, float]]:
    """Return what has not come to its end for a user: by state how many, and when the first was or is due."""
    found = tx.rows(_WAITING, account=account, openid=openid)
    return {str(row[0]): (int(row[1]), float(row[2])) for row in found}


def release_held(tx: Transaction, account: str, id: int, now: float, state: str, why: str) -> None:
    """End a held follow-up that went out in a passive reply (`sent`) or is too late (`expired`)."""
    tx.change(_SAID, account=account, id=id, **_change(now, state, why))


def cancel_all(tx: Transaction, account: str, openid: str, now: float, why: str) -> int:
    """Cancel all that waits for a user who can no longer be reached; return how many."""
    return tx.change(_CANCEL_ALL, account=account, openid=openid, **_change(now, "cancelled", why))


def cancel_left(tx: Transaction, account: str, openid: str, now: float, why: str) -> int:
    """Cancel all that waits for a user who left, also what a sender has claimed; return how many.

    The transaction holds the user, so that the sender finds it cancelled before it begins.
    """
    return tx.change(_CANCEL_LEFT, account=account, openid=openid, **_change(now, "cancelled", why))


def cancel_topic(tx: Transaction, account: str, openid: str, topic: str, now: float, why: str) -> int:
    """Cancel what waits for a user because of a topic; return how many."""
    change = _change(now, "cancelled", why)
    return tx.change(_CANCEL_TOPIC, account=account, openid=openid, topic=topic, **change)


def recall(tx: Transaction, account: str, topic: str, key: str, now: float, why: str) -> int:
    """Cancel what waits under one key for a topic's subscribers; return how many.

    The key is free again for all of them to whom nothing went out under it.
    """
    where = {"account": account, "topic": topic, "key": key}
    count = tx.change(_CANCEL_KEY, **where, **_change(now, "cancelled", why))
    tx.change(_FREE_KEY, **where)
    return count


def replaced(tx: Transaction, account: str, openid: str, coalesce: str) -> str | None:
    """Return the facts (JSON) of what waits for a user and would be replaced, None for nothing."""
    row = tx.row(_REPLACED, account=account, openid=openid, coalesce=coalesce)
    return str(row[0]) if row else None


def supersede(tx: Transaction, account: str, openid: str, coalesce: str, now: float, why: str) -> None:
    """End what waits for a user with this `coalesce`, with nothing in its place."""
    hold_lanes(tx, account, openid)
    where = {"account": account, "openid": openid, "coalesce": coalesce, "key": ""}
    tx.change(_SUPERSEDE, **where, **_change(now, "superseded", why))


def expire_held(tx: Transaction, account: str, now: float) -> int:
    """Expire the held follow-ups whose time is over; return how many."""
    return tx.change(_EXPIRE, account=account, **_change(now, "expired", "not_after passed while it was held"))


def cancel(tx: Transaction, account: str, id: int, now: float, why: str) -> bool:
    """Cancel a follow-up that has not begun to go out; False when it has, or is none."""
    return tx.change(_CANCEL, account=account, id=id, **_change(now, "cancelled", why)) == 1


def retry(tx: Transaction, account: str, id: int, now: float, why: str) -> bool:
    """Queue a follow-up once more, at once and with no end; False when it was sent, is going out, or is none."""
    return _queue(tx, _RETRY, account, id, now, why)


def send_now(tx: Transaction, account: str, id: int, now: float, why: str) -> bool:
    """Let a follow-up be due that is not yet; False when it is due, not waiting any more, or none."""
    return _queue(tx, _SEND_NOW, account, id, now, why)


def _queue(tx: Transaction, statement: str, account: str, id: int, now: float, why: str) -> bool:
    history = line(now, "queued", why)
    row = tx.row(f"{statement} RETURNING lane_id", account=account, id=id, now=now, history=history)
    if row is None:
        return False
    wake_lane(tx, row[0], now)
    return True


def cancel_many(tx: Transaction, account: str, found: Sequence[tuple[int, int]], now: float, why: str) -> int:
    """Cancel each of these, known by its number and its lane, as `cancel` does; return how many were."""
    change = _change(now, "cancelled", why)
    return tx.change_many(_CANCEL, [{"account": account, "id": id, **change} for id, _ in found])


def retry_many(tx: Transaction, account: str, found: Sequence[tuple[int, int]], now: float, why: str) -> int:
    """Queue each of these once more as `retry` does; return how many were."""
    return _queue_many(tx, _RETRY, account, found, now, why)


def send_now_many(tx: Transaction, account: str, found: Sequence[tuple[int, int]], now: float, why: str) -> int:
    """Let each of these be due as `send_now` does; return how many are now."""
    return _queue_many(tx, _SEND_NOW, account, found, now, why)


def _queue_many(
    tx: Transaction, statement: str, account: str, found: Sequence[tuple[int, int]], now: float, why: str
) -> int:
    change = {"account": account, "now": now, "history": line(now, "queued", why)}
    changed = tx.change_many(statement, [{**change, "id": id} for id, _ in found])
    tx.change_many(
        _WAKE_LANE, [{"lane_id": lane_id, "wake_at": now} for lane_id in sorted({of for _, of in found})]
    )
    return changed


@dataclass(frozen=True, slots=True)
class StoredFollowUp:
    """A follow-up as an operator sees it."""

    id: int
    openid: str
    push_id: int | None
    origin: str
    message: str
    due_at: float
    not_after: float | None
    key: str | None
    on_closed: str
    priority: str
    coalesce: str | None
    on_doubt: str
    topic: str | None
    facts: str
    rung: str
    state: str
    reason: str
    errcode: int
    attempts: int
    changed_at: float
    history: list[dict[str, Any]]


def stored_follow_up(row: Row) -> StoredFollowUp:
    """Return a row of `STORED` as a follow-up."""
    history = [json.loads(entry) for entry in row[-1].splitlines()]
    return StoredFollowUp(*(*row[:-1], history))


def recent(tx: Transaction, account: str, limit: int, state: str | None = None) -> list[StoredFollowUp]:
    """Return the newest follow-ups, of one state or of all."""
    if state is None:
        return [stored_follow_up(row) for row in tx.rows(_LIST, account=account, limit=limit)]
    return [stored_follow_up(row) for row in tx.rows(_LIST_STATE, account=account, state=state, limit=limit)]


def show(tx: Transaction, account: str, id: int) -> StoredFollowUp | None:
    """Return one follow-up, None when there is none of that id in the account."""
    row = tx.row(_SHOW, account=account, id=id)
    return stored_follow_up(row) if row else None
