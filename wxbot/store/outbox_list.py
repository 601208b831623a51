"""The outbox as an operator looks through it: by state and topic, newest first, each page by an index.

Topics have no index here, since every step of a follow-up on its way out would have to keep it. For one, the
newest `SEARCHED` of these states are looked through, and the next page goes on behind them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from wxbot.store.engine import Row, Transaction
from wxbot.store.outbox import StoredFollowUp, show

MOST_COUNTED = 10_000
SEARCHED = 20_000
NEWEST = 2**62  # above every id

# PostgreSQL plans a prepared statement for every state at once. Asked plainly, it walks all follow-ups from the
# newest on, to find that there is none in a rare state; in this order only the index by state has them.
_OF_STATE = {
    False: "state = :state AND id < :before ORDER BY id DESC",
    True: "(state, id) < (:state, :before) AND state >= :state ORDER BY state DESC, id DESC",
}
_IDS = "SELECT id FROM followups WHERE account = :account AND {of_state} LIMIT :limit"
_OF_TOPIC = """
SELECT id FROM (
  SELECT id, topic FROM followups WHERE account = :account AND {of_state} LIMIT :searched) AS newest
WHERE topic = :topic ORDER BY id DESC LIMIT :limit"""
_COUNT = """
SELECT count(*), min(id) FROM (
  SELECT id FROM followups WHERE account = :account AND {of_state} LIMIT :searched) AS newest"""
_COUNT_TOPIC = """
SELECT count(*), count(CASE WHEN topic = :topic THEN 1 END) FROM (
  SELECT topic FROM followups WHERE account = :account AND {of_state} LIMIT :searched) AS newest"""


@dataclass(frozen=True, slots=True)
class Page:
    """Some follow-ups, newest first; `more` is what the next page is before, None when there is none."""

    rows: Sequence[StoredFollowUp]
    more: int | None


@dataclass(frozen=True, slots=True)
class Count:
    """How many there are, or at least so many."""

    number: int
    is_more: bool = False


def page(
    tx: Transaction,
    account: str,
    states: Sequence[str],
    limit: int,
    *,
    topic: str | None = None,
    before: int = NEWEST,
) -> Page:
    """Return follow-ups in these states, of one topic or of all, with an id below `before`.

    For a topic there may be few or none, and still more behind.
    """
    found: list[int] = []
    looked_to = 0
    for state in states:
        where = {"account": account, "state": state, "before": before}
        if topic is None:
            found += _ids(tx, _IDS, **where, limit=limit + 1)
            continue
        searched = SEARCHED // len(states)
        found += _ids(tx, _OF_TOPIC, **where, topic=topic, searched=searched, limit=limit + 1)
        looked_to = max(looked_to, _looked_to(tx, where, searched))
    newest = sorted((id for id in found if id >= looked_to), reverse=True)
    more = newest[limit - 1] if len(newest) > limit else looked_to or None
    rows = (show(tx, account, id) for id in newest[:limit])
    return Page([one for one in rows if one], more)


def _rows(tx: Transaction, statement: str, **where: object) -> list[Row]:
    return tx.rows(statement.format(of_state=_OF_STATE[tx.postgresql]), **where)


def _ids(tx: Transaction, statement: str, **where: object) -> list[int]:
    return [row[0] for row in _rows(tx, statement, **where)]


def _looked_to(tx: Transaction, where: dict[str, object], searched: int) -> int:
    """Return the oldest id that a search saw, 0 when it saw all."""
    count, oldest = _rows(tx, _COUNT, **where, searched=searched)[0]
    return int(oldest) if count == searched else 0


def count(tx: Transaction, account: str, state: str, topic: str | None = None) -> Count:
    """Return how many follow-ups are in a state; counted to 10,000, of a topic among the newest 20,000."""
    where = {"account": account, "state": state, "before": NEWEST}
    if topic is None:
        number = int(_rows(tx, _COUNT, **where, searched=MOST_COUNTED + 1)[0][0])
        return Count(min(number, MOST_COUNTED), number > MOST_COUNTED)
    looked, number = _rows(tx, _COUNT_TOPIC, **where, topic=topic, searched=SEARCHED)[0]
    return Count(number, looked == SEARCHED)
