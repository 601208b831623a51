"""What is over and old: found without the writer, deleted in slices so short that no push waits for one.

A deletion asks again for what made a row old, as an operator may have changed it in between. The newest
row of a table stays: SQLite would give its number to the next one, and numbers are known outside.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from wxbot.store import contacts
from wxbot.store.engine import Row, Transaction

_NOT_NEWEST = "id < (SELECT max(id) FROM {table})"
_OLD_PUSH = f"received_at < :before AND state <> 'handed_off' AND {_NOT_NEWEST.format(table='pushes')}"
_OLD_FOLLOW_UP = f"""state IN ('sent', 'refused', 'doubtful', 'expired', 'cancelled', 'superseded')
  AND changed_at < :before AND {_NOT_NEWEST.format(table="followups")}"""
# The steps and notices of a plan are what keeps it from publishing them again: they go when it goes.
_OLD_PUBLICATION = f"""state IN ('done', 'cancelled') AND due_at < :before
  AND {_NOT_NEWEST.format(table="publications")}
  AND NOT EXISTS (SELECT 1 FROM plans AS q
                  WHERE q.account = publications.account AND q.topic = publications.topic)"""


@dataclass(frozen=True, slots=True)
class _Kind:
    find: str
    delete: str


_KINDS: Mapping[str, _Kind] = {
    "pushes": _Kind(  # numbers grow with time: no index is needed, and none slows the way in
        f"""SELECT id FROM (SELECT id, received_at, state FROM pushes ORDER BY id LIMIT :limit) AS first
            WHERE {_OLD_PUSH}""",
        f"DELETE FROM pushes WHERE id = :id AND {_OLD_PUSH}",
    ),
    "follow_ups": _Kind(
        f"SELECT id, lane_id FROM followups WHERE {_OLD_FOLLOW_UP} ORDER BY changed_at LIMIT :limit",
        f"DELETE FROM followups WHERE id = :id AND {_OLD_FOLLOW_UP}",
    ),
    "publications": _Kind(
        f"SELECT id FROM publications WHERE {_OLD_PUBLICATION} ORDER BY due_at LIMIT :limit",
        f"DELETE FROM publications WHERE id = :id AND {_OLD_PUBLICATION}",
    ),
}
_HOLD_LANE = "SELECT id FROM lanes WHERE id = :id FOR UPDATE SKIP LOCKED"
_IDLE_LANE = f"""
DELETE FROM lanes WHERE id = :id AND {_NOT_NEWEST.format(table="lanes")}
  AND NOT EXISTS (SELECT 1 FROM followups AS f
                  WHERE f.account = lanes.account AND f.openid = lanes.openid AND f.lane_id = lanes.id)"""
_OLD_PLAN = """
SELECT account, topic FROM plans AS q
WHERE changed_at < :before AND (moment IS NULL OR moment < :before) AND NOT EXISTS (
  SELECT 1 FROM publications AS p WHERE p.account = q.account AND p.topic = q.topic
    AND (p.state = 'running' OR p.due_at >= :before OR p.id = (SELECT max(id) FROM publications)))"""
_FIRST_OLD_PLAN = _OLD_PLAN + " ORDER BY changed_at LIMIT 1"
_THIS_OLD_PLAN = _OLD_PLAN + " AND account = :account AND topic = :topic"
_SUBSCRIPTIONS = """
DELETE FROM subscriptions WHERE account = :account AND topic = :topic AND openid IN (
  SELECT openid FROM subscriptions WHERE account = :account AND topic = :topic AND since < :before
  ORDER BY openid LIMIT :limit)"""
_PLAN = "DELETE FROM plans WHERE account = :account AND topic = :topic"
_STEPS = """
DELETE FROM publications
WHERE account = :account AND topic = :topic AND (key LIKE 'step:%' OR key LIKE 'news:%')"""
_TOPIC = """
DELETE FROM topics WHERE account = :account AND topic = :topic AND NOT EXISTS (
  SELECT 1 FROM subscriptions AS s WHERE s.account = topics.account AND s.topic = topics.topic)"""
_LEFT = "SELECT account, openid FROM contacts WHERE subscribed = 0 AND last_at < :before ORDER BY last_at LIMIT 1"


def old(tx: Transaction, kind: str, before: float, limit: int) -> list[Row]:
    """Return up to `limit` rows that were over before a moment: pushes, follow_ups or publications."""
    return tx.rows(_KINDS[kind].find, before=before, limit=limit)


def delete(tx: Transaction, kind: str, found: Sequence[Row], before: float) -> int:
    """Delete those of the rows found that are still old, and lanes left empty; return how many rows went."""
    each = [{"id": row[0], "before": before} for row in sorted(found)]  # one order for all, against deadlocks
    deleted = tx.change_many(_KINDS[kind].delete, each)
    if kind == "follow_ups":
        for lane_id in sorted({row[1] for row in found}):
            _delete_idle_lane(tx, lane_id)
    return deleted


def _delete_idle_lane(tx: Transaction, lane_id: int) -> None:
    """Delete a lane without follow-ups; one that somebody is adding to stays."""
    if not tx.postgresql or tx.rows(_HOLD_LANE, id=lane_id):
        tx.change(_IDLE_LANE, id=lane_id)


def old_plan(tx: Transaction, before: float) -> Row | None:
    """Return account and topic of a plan all of whose steps were over before a moment, None when there is none."""
    return tx.row(_FIRST_OLD_PLAN, before=before)


def delete_plan(tx: Transaction, account: str, topic: str, before: float, limit: int) -> int:
    """Delete up to `limit` of the subscriptions that an old plan has, or when they are gone the plan itself.

    With it go its steps, and the topic once nobody subscribes to it. Return how many rows went, steps and
    topic not counted; 0 when the plan is no longer old.
    """
    of = {"account": account, "topic": topic}
    lock = " FOR UPDATE" if tx.postgresql else ""
    if tx.row(_THIS_OLD_PLAN + lock, **of, before=before) is None:
        return 0
    if ended := tx.change(_SUBSCRIPTIONS, **of, before=before, limit=limit):
        return ended
    tx.change(_STEPS, **of)
    tx.change(_TOPIC, **of)
    return tx.change(_PLAN, **of)


def who_left(tx: Transaction, before: float) -> Row | None:
    """Return account and openid of somebody who unfollowed before a moment, None when there is nobody."""
    return tx.row(_LEFT, before=before)


def is_still_gone(tx: Transaction, account: str, openid: str, before: float) -> bool:
    """Return whether somebody unfollowed before a moment and has not come back; they cannot until this ends."""
    contacts.hold(tx, account, openid)
    one = contacts.show(tx, account, openid)
    return one is not None and not one.subscribed and one.last_at < before
