"""How a deployment does: what waits too long, what needs a person, how big the store is."""

from dataclasses import dataclass
from pathlib import Path

from wxbot.store.engine import Transaction
from wxbot.store.outbox import RANK

MOST = 10_000  # rows are counted up to one more

_OLDEST = "SELECT min(wake_at) FROM lanes WHERE account = :account AND rank = :rank AND wake_at <= :now"
# The order is of no use to a count, but leads PostgreSQL to the index.
_OF_STATE = """
SELECT count(*) FROM (SELECT 1 FROM followups WHERE account = :account AND state = :state
                      ORDER BY id LIMIT :most) AS counted"""


def oldest_due(tx: Transaction, account: str, now: float) -> float | None:
    """Return since when the first lane of an account has waited for a sender, None when none waits."""
    found = (tx.rows(_OLDEST, account=account, rank=rank, now=now)[0][0] for rank in sorted(set(RANK.values())))
    return min((float(at) for at in found if at is not None), default=None)


def count_state(tx: Transaction, account: str, state: str) -> int:
    """Return how many follow-ups of an account are in a state, at most MOST + 1."""
    return int(tx.rows(_OF_STATE, account=account, state=state, most=MOST + 1)[0][0])


@dataclass(frozen=True, slots=True)
class Size:
    """How big a store is, in bytes; `log` is SQLite's write-ahead log, 0 elsewhere."""

    data: int
    log: int


def size(tx: Transaction) -> Size:
    """Return how big the store is."""
    if tx.postgresql:
        return Size(int(tx.rows("SELECT pg_database_size(current_database())")[0][0]), 0)
    file = str(tx.rows("PRAGMA database_list")[0][2])
    return Size(_bytes_of(file), _bytes_of(f"{file}-wal"))


def _bytes_of(file: str) -> int:
    try:
        return Path(file).stat().st_size
    except OSError:
        return 0


def revision(tx: Transaction) -> str:
    """Return the schema's revision."""
    return str(tx.rows("SELECT version_num FROM alembic_version")[0][0])
