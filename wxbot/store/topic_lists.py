"""Topics as a person looks through them: by name, with who subscribes, who can be reached, what was published."""

from dataclasses import dataclass

from wxbot.protocol.window import MARGIN
from wxbot.store.engine import Transaction

MOST = 10_000  # subscribers are counted up to one more
SAMPLE = 1_000  # subscribers looked at to tell how many can be reached

# The order is of no use to a count, but leads PostgreSQL to the index.
_SUBSCRIBERS = """
(SELECT count(*) FROM (SELECT 1 FROM subscriptions AS s
                       WHERE s.account = t.account AND s.topic = t.topic
                       ORDER BY s.openid LIMIT :most) AS counted)"""
# A name is never below its own beginning: the index leads to the first one.
_NAMED = f"""
SELECT t.topic, {_SUBSCRIBERS}, p.moment, coalesce(p.plan, '') <> ''
FROM topics AS t LEFT JOIN plans AS p ON p.account = t.account AND p.topic = t.topic
WHERE t.account = :account AND t.topic > :after AND t.topic >= :prefix
  AND substr(t.topic, 1, length(:prefix)) = :prefix
ORDER BY t.topic LIMIT :limit"""
_ABOUT = f"SELECT {_SUBSCRIBERS} FROM (SELECT :account AS account, :topic AS topic) AS t"
# Who left has nothing left.
_REACHED = """
SELECT count(CASE WHEN c.message_left > 0 AND c.message_until > :message
                              OR c.action_left > 0 AND c.action_until > :action THEN 1 END)
FROM (SELECT account, openid FROM subscriptions WHERE account = :account AND topic = :topic
      ORDER BY openid LIMIT :sample) AS s
JOIN contacts AS c ON c.account = s.account AND c.openid = s.openid"""
_PUBLISHED = """
SELECT id, topic, step, key, message, due_at, state, total, priority FROM publications
WHERE account = :account AND topic = :topic AND id < :before ORDER BY id DESC LIMIT :limit"""
_LAST = 2**62  # above every id


@dataclass(frozen=True, slots=True)
class ListedTopic:
    """A topic in a list; `subscribers` is at most MOST + 1, `moment` its plan's, None while none is known."""

    topic: str
    subscribers: int
    moment: float | None
    has_plan: bool


def named(tx: Transaction, account: str, prefix: str, after: str, limit: int) -> list[ListedTopic]:
    """Return the topics whose name begins with `prefix`, by name, those behind the name `after`."""
    found = tx.rows(_NAMED, account=account, prefix=prefix, after=after, limit=limit, most=MOST + 1)
    return [ListedTopic(topic, count, moment, bool(planned)) for topic, count, moment, planned in found]


def count_subscribers(tx: Transaction, account: str, topic: str, most: int = MOST) -> int:
    """Return how many subscribe to a topic, at most `most` + 1."""
    return int(tx.rows(_ABOUT, account=account, topic=topic, most=most + 1)[0][0])


@dataclass(frozen=True, slots=True)
class Reach:
    """How many subscribe, at most MOST + 1, and how many of them can be reached now: of all, or estimated."""

    subscribers: int
    reachable: int
    is_estimated: bool


def reach(tx: Transaction, account: str, topic: str, now: float) -> Reach:
    """Return who a publication would reach now, from the first SAMPLE subscribers by openid."""
    total = count_subscribers(tx, account, topic)
    ends = {"message": now + MARGIN["message"], "action": now + MARGIN["action"]}
    open_ones = int(tx.rows(_REACHED, account=account, topic=topic, sample=SAMPLE, **ends)[0][0])
    if total <= SAMPLE:
        return Reach(total, open_ones, False)
    return Reach(total, round(min(total, MOST) * open_ones / SAMPLE), True)


@dataclass(frozen=True, slots=True)
class Listed:
    """A publication in a list; `step` is the step or notice of a plan that it is, `total` how many were made."""

    id: int
    topic: str
    step: str | None
    key: str
    message: str
    due_at: float
    state: str
    total: int
    priority: str


def published(tx: Transaction, account: str, topic: str, limit: int, before: int = _LAST) -> list[Listed]:
    """Return a topic's publications, newest first, those with an id below `before`."""
    found = tx.rows(_PUBLISHED, account=account, topic=topic, before=before, limit=limit)
    return [Listed(*row) for row in found]
