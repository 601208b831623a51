"""When something falls due next, in the whole outbox of an account."""

import math

from wxbot.store.engine import Transaction
from wxbot.store.outbox import RANK

_PUBLICATION = "SELECT min(due_at) FROM publications WHERE account = :account AND state = 'running'"
_LANE = "SELECT min(wake_at) FROM lanes WHERE account = :account AND rank = :rank"


def next_due(tx: Transaction, account: str) -> float:
    """Return when a follow-up or a publication is due next, also one that is being sent; infinity for never."""
    rows = [
        tx.row(_PUBLICATION, account=account),
        *(tx.row(_LANE, account=account, rank=rank) for rank in RANK.values()),
    ]
    return min((row[0] for row in rows if row and row[0] is not None), default=math.inf)
