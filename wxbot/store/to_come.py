"""What else a user is to get: what waits in the outbox, and what publications have not made yet.

Asked before each message that takes from a scarce allowance, so in one statement.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from wxbot.store.engine import Transaction

# A publication that is half made counts for those whose follow-up it has not made yet, a step that is made
# again for those who had none, and a step that waits for a fact counts before its time.
_PUBLISHED = """
SELECT p.priority, p.due_at, p.topic, CAST(NULL AS BIGINT) AS lane_id
FROM subscriptions AS s JOIN publications AS p ON p.account = s.account AND p.topic = s.topic
WHERE s.account = :account AND s.openid = :openid AND p.due_at < :published_until AND p.cursor < s.openid
  AND p.state IN ('running', 'waiting') AND (p.state = 'running' OR p.priority = 'decisive' AND p.due_at > :now)
  AND NOT EXISTS (SELECT 1 FROM followups AS f WHERE f.account = s.account AND f.openid = s.openid
                  AND f.key = 'publication:' || CAST(p.id AS TEXT))
ORDER BY p.due_at LIMIT 40"""
# Held ones are named and taken out again: PostgreSQL would else walk the index of all lanes, which it takes to be
# as short as when it last counted.
_DECISIVE = """
SELECT priority, due_at, NULL AS topic, CASE WHEN state = 'sending' THEN lane_id END AS lane_id FROM followups
WHERE account = :account AND openid = :openid AND state IN ('scheduled', 'queued', 'claimed', 'sending', 'held')
  AND state <> 'held' AND priority = 'decisive' AND due_at < :until
  AND (state <> 'sending' OR on_doubt = 'resend')
ORDER BY due_at LIMIT 20"""
_TO_COME = f"""
SELECT priority, due_at, topic, lane_id FROM ({_PUBLISHED}) AS published
UNION ALL SELECT priority, due_at, topic, lane_id FROM ({_DECISIVE}) AS waiting"""


@dataclass(frozen=True, slots=True)
class ToCome:
    """What a user is to get, by Unix seconds.

    `published` are priority, time and topic of publications that have still to be made for them, at most 40.
    `decisive` is when each decisive follow-up is due that still needs a message, at most 20; where a lane's number
    stands with it, it is being sent: it has its message while that lane's lease runs, and is sent again after it.
    """

    published: Sequence[tuple[str, float, str]]
    decisive: Sequence[tuple[float, int | None]]


def to_come(
    tx: Transaction, account: str, openid: str, now: float, *, until: float, published_until: float
) -> ToCome:
    """Return what is due to a user before `until`, from publications before `published_until`."""
    found = tx.rows(_TO_COME, account=account, openid=openid, now=now, until=until, published_until=published_until)
    return ToCome(
        [(priority, due_at, topic) for priority, due_at, topic, _ in found if topic is not None],
        [(due_at, lane_id) for _, due_at, topic, lane_id in found if topic is None],
    )
