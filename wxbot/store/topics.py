"""Topics and who subscribes to them.

A topic is known from its first subscription on, also when all its subscribers have left: a
publication to it is then no mistake. Only someone who follows the account can subscribe.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from wxbot.store.engine import Transaction

_SUBSCRIBE = """
INSERT INTO subscriptions (account, topic, openid, since)
SELECT :account, :topic, openid, :now FROM contacts
WHERE account = :account AND openid = :openid AND subscribed = 1
ON CONFLICT (account, topic, openid) DO NOTHING"""
_KNOW = """
INSERT INTO topics (account, topic, first_at) VALUES (:account, :topic, :now)
ON CONFLICT (account, topic) DO NOTHING"""
_UNSUBSCRIBE = "DELETE FROM subscriptions WHERE account = :account AND topic = :topic AND openid = :openid"
_FORGET = "DELETE FROM subscriptions WHERE account = :account AND openid = :openid"
_KNOWN = "SELECT 1 FROM topics WHERE account = :account AND topic = :topic"
_SUBSCRIBERS = """
SELECT openid, since FROM subscriptions
WHERE account = :account AND topic = :topic AND openid > :after AND since <= :until
ORDER BY openid LIMIT :limit"""
_TOPIC = """
SELECT topic, first_at,
  (SELECT count(*) FROM subscriptions AS s WHERE s.account = t.account AND s.topic = t.topic)
FROM topics AS t WHERE account = :account"""
_RECENT = _TOPIC + " ORDER BY first_at DESC, topic LIMIT :limit"
_PAGE = _TOPIC + " AND topic > :after ORDER BY topic LIMIT :limit"
_OF_USER = """
SELECT topic FROM subscriptions WHERE account = :account AND openid = :openid ORDER BY topic LIMIT :limit"""
_ANNOUNCED = """
SELECT count(*), min(p.due_at) FROM subscriptions AS s
JOIN publications AS p ON p.account = s.account AND p.topic = s.topic
WHERE s.account = :account AND s.openid = :openid AND p.state = 'running' AND p.cursor < s.openid
  AND s.since <= p.due_at AND NOT EXISTS (
    SELECT 1 FROM followups AS f WHERE f.account = s.account AND f.openid = s.openid
      AND f.key = 'publication:' || CAST(p.id AS TEXT))"""
_EVER = float("inf")


def subscribe(tx: Transaction, account: str, topic: str, openid: str, now: float) -> bool:
    """Subscribe a user; False, and nothing changed, when they are subscribed already or do not follow us."""
    if not tx.change(_SUBSCRIBE, account=account, topic=topic, openid=openid, now=now):
        return False
    tx.change(_KNOW, account=account, topic=topic, now=now)
    return True


def subscribe_all(tx: Transaction, account: str, topic: str, openids: Collection[str], now: float) -> int:
    """Subscribe these users, those who do not follow us left out; return how many subscriptions are new."""
    each = [
        {"account": account, "topic": topic, "openid": openid, "now": now}
        for openid in sorted(set(openids))  # one order for all, or PostgreSQL may deadlock
    ]
    made = tx.change_many(_SUBSCRIBE, each)
    if made:
        tx.change(_KNOW, account=account, topic=topic, now=now)
    return made


def subscribe_since(tx: Transaction, account: str, subscriptions: Iterable[tuple[str, str, float]]) -> None:
    """Subscribe topic, openid and moment of each; who does not follow us is left out, their topic is known."""
    each = [
        {"account": account, "topic": topic, "openid": openid, "now": since}
        for topic, openid, since in sorted(subscriptions)  # one order for all, or PostgreSQL may deadlock
    ]
    tx.change_many(_KNOW, each)
    tx.change_many(_SUBSCRIBE, each)


def unsubscribe(tx: Transaction, account: str, topic: str, openid: str) -> bool:
    """End a subscription; False when there was none."""
    return tx.change(_UNSUBSCRIBE, account=account, topic=topic, openid=openid) == 1


def forget(tx: Transaction, account: str, openid: str) -> int:
    """End all subscriptions of a user; return how many there were."""
    return tx.change(_FORGET, account=account, openid=openid)


def is_known(tx: Transaction, account: str, topic: str) -> bool:
    """Return whether anybody ever subscribed to a topic."""
    return tx.row(_KNOWN, account=account, topic=topic) is not None


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Who subscribes, and since when."""

    openid: str
    since: float


def subscribers(
    tx: Transaction, account: str, topic: str, *, limit: int, after: str = "", until: float = _EVER
) -> list[Subscriber]:
    """Return a topic's subscribers by openid, those after one openid, and who were there at `until`."""
    found = tx.rows(_SUBSCRIBERS, account=account, topic=topic, after=after, until=until, limit=limit)
    return [Subscriber(*row) for row in found]


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as an operator sees it."""

    topic: str
    first_at: float
    subscribers: int


def recent(tx: Transaction, account: str, limit: int) -> list[Topic]:
    """Return the topics that were new last, newest first, also those without subscribers."""
    return [Topic(*row) for row in tx.rows(_RECENT, account=account, limit=limit)]


def page(tx: Transaction, account: str, after: str, limit: int) -> list[Topic]:
    """Return the topics behind the name `after`, by name; "" for the first ones."""
    return [Topic(*row) for row in tx.rows(_PAGE, account=account, after=after, limit=limit)]


def of_user(tx: Transaction, account: str, openid: str, limit: int) -> list[str]:
    """Return the names of the topics that a user subscribes to."""
    return [str(row[0]) for row in tx.rows(_OF_USER, account=account, openid=openid, limit=limit)]


def announced(tx: Transaction, account: str, openid: str) -> tuple[int, float]:
    """Return how many publications a user is still to get, and when the first is due (0.0 for none)."""
    count, first = tx.rows(_ANNOUNCED, account=account, openid=openid)[0]
    return int(count), float(first or 0)
