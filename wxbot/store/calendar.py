"""What is planned, by when it is due: publications, and how many follow-ups wait for their time."""

from wxbot.store.engine import Transaction
from wxbot.store.topic_lists import Listed

MOST = 2_000  # follow-ups of one span are counted up to one more

_COLUMNS = "id, topic, step, key, message, due_at, state, total, priority"
_WHERE = "account = :account AND due_at >= :since AND due_at < :until"
# Each part is served by an index of its own: those that run, those that wait for a fact, those that are over.
_DUE = tuple(
    f"SELECT {_COLUMNS} FROM publications WHERE {_WHERE} AND {states} ORDER BY due_at, id LIMIT :limit"
    for states in (
        "state = 'running'",
        "state IN ('running', 'waiting') AND state = 'waiting'",
        "state IN ('done', 'cancelled') AND state = 'done'",
    )
)
# The order is of no use to a count, but leads PostgreSQL to the index.
_SCHEDULED = """
SELECT count(*) FROM (SELECT 1 FROM followups WHERE account = :account AND state = 'scheduled'
                      AND due_at >= :since AND due_at < :until ORDER BY account, due_at LIMIT :most) AS counted"""


def due(tx: Transaction, account: str, since: float, until: float, limit: int) -> list[Listed]:
    """Return publications due from a moment on and before another, by when; cancelled ones are left out."""
    where = {"account": account, "since": since, "until": until, "limit": limit}
    found = [Listed(*row) for part in _DUE for row in tx.rows(part, **where)]
    return sorted(found, key=lambda one: (one.due_at, one.id))[:limit]


def scheduled(tx: Transaction, account: str, since: float, until: float) -> int:
    """Return how many follow-ups wait for a time from a moment on and before another, at most MOST + 1."""
    return int(tx.rows(_SCHEDULED, account=account, since=since, until=until, most=MOST + 1)[0][0])
