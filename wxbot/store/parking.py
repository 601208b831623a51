"""What waits in a store that was restored may have gone out since its backup: it is parked for a person.

What is due later than now cannot have gone out, and stays as it was.
"""

from dataclasses import dataclass

from wxbot.store.engine import Transaction
from wxbot.store.outbox import line

_GAP = 1_000_000  # follow-ups that may have been made since the backup: callers know their numbers

_FOLLOW_UPS = """
UPDATE followups SET state = 'doubtful', reason = :why, owner = '', changed_at = :now, history = history || :history
WHERE state IN ('claimed', 'sending', 'held') OR (state IN ('scheduled', 'queued') AND due_at <= :until)"""
_PUBLICATIONS = """
UPDATE publications SET state = 'cancelled' WHERE state = 'running' AND due_at <= :now RETURNING topic, key"""
_PUSHES = "UPDATE pushes SET state = 'failed', error = :why, owner = '' WHERE state = 'handed_off'"
_SKIP_NUMBERS = """
INSERT INTO followups (id, account, openid, lane_id, origin, message, due_at, ready_at, on_closed, priority,
  on_doubt, state, reason, changed_at, history)
SELECT COALESCE(max(id), 0) + :gap, '', '', 0, 'restore', '{"msgtype":"text","text":{"content":""}}', 0, 0, 'drop',
  'normal', 'park', 'superseded', :why, :now, :history FROM followups"""
_SKIP_IN_SEQUENCE = """
SELECT setval(pg_get_serial_sequence('followups', 'id'), (SELECT COALESCE(max(id), 0) + :gap FROM followups))"""


@dataclass(frozen=True, slots=True)
class Parked:
    """What a person has to look at: follow-ups in doubt, failed pushes, cancelled publications (topic and key)."""

    follow_ups: int
    pushes: int
    publications: list[tuple[str, str]]


def park(tx: Transaction, now: float, ahead: float) -> Parked:
    """Park what may have gone out since the backup, in every account; nothing may work on the store meanwhile.

    `ahead` is how many seconds before its time a follow-up may have gone out, joined to an earlier one.
    """
    why = "restored from a backup: it may have gone out since"
    told = {"now": now, "why": why, "history": line(now, "doubtful", why)}
    follow_ups = tx.change(_FOLLOW_UPS, **told, until=now + ahead)
    if tx.postgresql:
        tx.rows(_SKIP_IN_SEQUENCE, gap=_GAP)
    else:
        history = line(now, "superseded", "numbers given since the backup are left out")
        tx.change(_SKIP_NUMBERS, gap=_GAP, **{**told, "history": history})
    cancelled = [(row[0], row[1]) for row in tx.rows(_PUBLICATIONS, now=now)]
    return Parked(follow_ups, tx.change(_PUSHES, why=why), cancelled)
