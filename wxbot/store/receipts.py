"""What the platform says later of a template message or a notification: the follow-up that it was."""

from dataclasses import dataclass

from wxbot.store.engine import Transaction
from wxbot.store.outbox import line, wake_lane

_BY_MSGID = """
SELECT id, lane_id, topic, rung FROM followups
WHERE account = :account AND msgid = :msgid AND openid = :openid AND rung = :rung AND state = 'sent'"""
_NOTE = """
UPDATE followups SET reason = :reason, history = history || :history, state = :state, rung = :rung,
  ready_at = :now, attempts = CASE WHEN :state = 'sent' THEN attempts ELSE 0 END, changed_at = :now
WHERE id = :id AND state = 'sent' AND rung = :from_rung"""


@dataclass(frozen=True, slots=True)
class Told:
    """A follow-up whose outcome the platform tells later, and the rung that took it."""

    id: int
    lane_id: int
    topic: str | None
    rung: str


def of_msgid(tx: Transaction, account: str, openid: str, msgid: int, rung: str) -> list[Told]:
    """Return the follow-ups that went to a user by this rung, and that the platform knows by this msgid."""
    return [Told(*row) for row in tx.rows(_BY_MSGID, account=account, openid=openid, msgid=msgid, rung=rung)]


def note(tx: Transaction, one: Told, now: float, state: str, rung: str, why: str, receipt: str) -> None:
    """Keep the platform's word (`receipt`) on one that was sent, and what it becomes."""
    history = line(now, state, why, rung=one.rung, receipt=receipt)
    change = {"state": state, "rung": rung, "reason": why, "history": history}
    if tx.change(_NOTE, id=one.id, from_rung=one.rung, now=now, **change) and state == "queued":
        wake_lane(tx, one.lane_id, now)
