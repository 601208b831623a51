"""When windows close, by the hour."""

from wxbot.protocol.window import MARGIN
from wxbot.store.counts import HOUR, hour_of
from wxbot.store.engine import Transaction

MOST = 100_000  # windows looked at

_CLOSING = """
SELECT (message_until - :first) / 3600, count(*) FROM (
  SELECT message_until FROM contacts
  WHERE account = :account AND message_left > 0 AND message_until > :now AND message_until < :until
  ORDER BY message_until LIMIT :most) AS soonest
GROUP BY 1"""


def by_hour(tx: Transaction, account: str, now: float, hours: int) -> dict[int, int]:
    """Return how many windows close in each of the hours from this one on; the first MOST windows count."""
    first = hour_of(now)
    ends = {"now": int(now) + MARGIN["message"], "until": first + hours * HOUR}
    found = tx.rows(_CLOSING, account=account, first=first, most=MOST, **ends)
    return {first + int(hour) * HOUR: int(count) for hour, count in found}
